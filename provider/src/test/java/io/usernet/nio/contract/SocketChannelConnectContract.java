package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NoConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import org.junit.jupiter.api.Test;

/** Opening, binding and connecting a SocketChannel, and what it answers before it is connected. */
abstract class SocketChannelConnectContract extends NioContract {
    SocketChannelConnectContract(Subject subject) {
        super(subject);
    }

    @Test
    void newChannelIsOpenBlockingAndUnconnected() throws IOException {
        SocketChannel channel = openSocket();
        assertTrue(channel.isOpen());
        assertTrue(channel.isBlocking());
        assertFalse(channel.isConnected());
        assertFalse(channel.isConnectionPending());
        assertFalse(channel.isRegistered());
        assertNull(channel.getLocalAddress());
        assertNull(channel.getRemoteAddress());
        assertSame(subject.provider(), channel.provider());
        assertEquals(
                SelectionKey.OP_CONNECT | SelectionKey.OP_READ | SelectionKey.OP_WRITE,
                channel.validOps());
    }

    /** TLS takes the server's name from there. */
    @Test
    void remoteAddressKeepsTheNameThatWasGiven() throws IOException {
        ServerSocketChannel server = listen();
        InetAddress named =
                InetAddress.getByAddress("server.example", subject.serverAddress().getAddress());
        int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        SocketChannel client = openSocket();
        assertTrue(client.connect(new InetSocketAddress(named, port)));
        InetSocketAddress remote = (InetSocketAddress) client.getRemoteAddress();
        assertEquals("server.example", remote.getHostString());
        assertEquals("server.example", client.socket().getInetAddress().getHostName());
    }

    @Test
    void loopbackOfIpv6LeadsToTheProgramsOwnServer() throws IOException {
        ServerSocketChannel server = openServer().bind(anyPortOfBothFamilies());
        InetSocketAddress to =
                atIpv6Loopback(((InetSocketAddress) server.getLocalAddress()).getPort());
        SocketChannel client = openSocket();
        assertTrue(client.connect(to));
        SocketChannel accepted = acceptFrom(server);
        assertEquals(to, client.getRemoteAddress());
        InetSocketAddress local = (InetSocketAddress) client.getLocalAddress();
        assertEquals(to.getAddress(), local.getAddress());
        assertEquals(local.getPort(), ((InetSocketAddress) accepted.getRemoteAddress()).getPort());
        assertEquals(to.getAddress(), client.socket().getInetAddress());
        assertEquals(to.getAddress(), client.socket().getLocalAddress());
        send(client, "x");
        assertEquals("x", receive(accepted, 1));
    }

    @Test
    void wildcardOfIpv6AsAPeerIsItsLoopback() throws IOException {
        ServerSocketChannel server = openServer().bind(anyPortOfBothFamilies());
        int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        InetSocketAddress loopback = atIpv6Loopback(port);
        InetAddress wildcard = anyPortOfBothFamilies().getAddress();
        SocketChannel client = openSocket();
        assertTrue(client.connect(new InetSocketAddress(wildcard, port)));
        assertEquals(loopback, client.getRemoteAddress());
    }

    @Test
    void serverOfBothFamiliesIsReachedByIpv4() throws IOException {
        ServerSocketChannel server = openServer().bind(anyPortOfBothFamilies());
        int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        InetSocketAddress to =
                new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
        SocketChannel client = openSocket();
        assertTrue(client.connect(to));
        assertEquals(to, client.getRemoteAddress());
        assertEquals(client.getLocalAddress(), acceptFrom(server).getRemoteAddress());
    }

    @Test
    void blockingConnectReturnsConnected() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = openSocket();
        assertTrue(client.connect(server.getLocalAddress()));
        assertTrue(client.isConnected());
        assertFalse(client.isConnectionPending());
        assertTrue(client.finishConnect());
        assertEquals(server.getLocalAddress(), client.getRemoteAddress());
    }

    @Test
    void bothEndsAgreeOnTheAddresses() throws IOException {
        Pair pair = connect();
        assertEquals(pair.client().getLocalAddress(), pair.server().getRemoteAddress());
        assertEquals(pair.client().getRemoteAddress(), pair.server().getLocalAddress());
        InetSocketAddress local = (InetSocketAddress) pair.client().getLocalAddress();
        assertEquals(subject.serverAddress(), local.getAddress());
        assertTrue(local.getPort() > 0);
    }

    @Test
    void acceptedChannelIsBlockingAndConnected() throws IOException {
        SocketChannel accepted = connect().server();
        assertTrue(accepted.isOpen());
        assertTrue(accepted.isBlocking());
        assertTrue(accepted.isConnected());
        assertSame(subject.provider(), accepted.provider());
    }

    @Test
    void nonBlockingConnectIsFinishedOnceSelected() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        if (!client.connect(server.getLocalAddress())) {
            assertTrue(client.isConnectionPending());
            assertFalse(client.isConnected());
            assertEquals(server.getLocalAddress(), client.getRemoteAddress());
            Selector selector = openSelector();
            SelectionKey key = client.register(selector, SelectionKey.OP_CONNECT);
            assertEquals(1, selector.select(SELECT_MS));
            assertTrue(key.isConnectable());
            assertTrue(client.finishConnect());
        }
        assertTrue(client.isConnected());
        assertFalse(client.isConnectionPending());
        assertTrue(client.finishConnect());
    }

    @Test
    void finishConnectAnswersFalseWhilePending() throws IOException {
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        assertFalse(client.connect(unansweringAddress()));
        assertFalse(client.finishConnect());
        assertTrue(client.isConnectionPending());
        assertFalse(client.isConnected());
    }

    @Test
    void connectWhilePendingIsRefused() throws IOException {
        InetSocketAddress address = unansweringAddress();
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        assertFalse(client.connect(address));
        assertFails(ConnectionPendingException.class, () -> client.connect(address));
        assertTrue(client.isConnectionPending());
        assertFails(ConnectionPendingException.class, () -> client.bind(anyPort()));
    }

    @Test
    void readAndWriteWhilePendingAreRefused() throws IOException {
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        assertFalse(client.connect(unansweringAddress()));
        assertFails(NotYetConnectedException.class, () -> client.read(ByteBuffer.allocate(1)));
        assertFails(NotYetConnectedException.class, () -> client.write(ascii("x")));
        assertFails(NotYetConnectedException.class, client::shutdownInput);
        assertFails(NotYetConnectedException.class, client::shutdownOutput);
    }

    @Test
    void blockingFinishConnectWaits() throws Exception {
        ServerSocketChannel server = listen();
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        boolean connected = client.connect(server.getLocalAddress());
        client.configureBlocking(true);
        assertTrue(connected || client.finishConnect());
        assertTrue(client.isConnected());
    }

    @Test
    void closeWhilePendingGivesUp() throws IOException {
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        assertFalse(client.connect(unansweringAddress()));
        client.close();
        assertFails(ClosedChannelException.class, client::finishConnect);
        assertFalse(client.isConnectionPending());
    }

    @Test
    void connectTwiceIsRefused() throws IOException {
        Pair pair = connect();
        assertFails(
                AlreadyConnectedException.class,
                () -> pair.client().connect(pair.client().getRemoteAddress()));
        assertTrue(pair.client().isConnected());
        assertFails(
                AlreadyConnectedException.class,
                () -> pair.server().connect(pair.client().getRemoteAddress()));
    }

    @Test
    void finishConnectWithoutConnectIsRefused() throws IOException {
        SocketChannel channel = openSocket();
        assertFails(NoConnectionPendingException.class, channel::finishConnect);
        assertTrue(channel.isOpen());
    }

    @Test
    void refusedBlockingConnectClosesTheChannel() throws IOException {
        InetSocketAddress nobody = refusingAddress();
        SocketChannel client = openSocket();
        assertFails(ConnectException.class, "Connection refused", () -> client.connect(nobody));
        assertFalse(client.isOpen());
        assertFailsAsClosed(() -> client.connect(nobody));
    }

    @Test
    void refusedNonBlockingConnectFailsInFinishConnect() throws IOException {
        InetSocketAddress nobody = refusingAddress();
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = client.register(selector, SelectionKey.OP_CONNECT);
        assertFails(
                ConnectException.class,
                "Connection refused",
                () -> {
                    // An immediate refusal may come out of connect itself.
                    client.connect(nobody);
                    assertEquals(1, selector.select(SELECT_MS));
                    assertEquals(SelectionKey.OP_CONNECT, key.readyOps());
                    client.finishConnect();
                });
        assertFalse(client.isOpen());
        assertFalse(key.isValid());
    }

    @Test
    void unresolvedAddressIsRefusedAndTheChannelStaysOpen() throws IOException {
        SocketChannel client = openSocket();
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("host.invalid", 80);
        assertFails(UnresolvedAddressException.class, () -> client.connect(unresolved));
        assertTrue(client.isOpen());
        assertFails(UnresolvedAddressException.class, () -> client.bind(unresolved));
    }

    @Test
    void addressOfAnotherKindIsRefused() throws IOException {
        SocketAddress strange =
                new SocketAddress() {
                    private static final long serialVersionUID = 1;
                };
        SocketChannel client = openSocket();
        assertFails(UnsupportedAddressTypeException.class, () -> client.connect(strange));
        assertFails(UnsupportedAddressTypeException.class, () -> client.bind(strange));
        assertTrue(client.isOpen());
    }

    @Test
    void nullAddressIsRefused() throws IOException {
        SocketChannel client = openSocket();
        assertFails(NullPointerException.class, () -> client.connect(null));
        assertTrue(client.isOpen());
    }

    @Test
    void unconnectedChannelNeitherReadsNorWrites() throws IOException {
        SocketChannel client = openSocket();
        ByteBuffer buffer = ByteBuffer.allocate(1);
        ByteBuffer[] buffers = {buffer};
        assertFails(NotYetConnectedException.class, () -> client.read(buffer));
        assertFails(NotYetConnectedException.class, () -> client.read(buffers));
        assertFails(NotYetConnectedException.class, () -> client.write(buffer));
        assertFails(NotYetConnectedException.class, () -> client.write(buffers));
        assertFails(NotYetConnectedException.class, client::shutdownInput);
        assertFails(NotYetConnectedException.class, client::shutdownOutput);
    }

    @Test
    void bindChoosesTheLocalAddress() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = openSocket();
        assertSame(client, client.bind(anyPort()));
        InetSocketAddress local = (InetSocketAddress) client.getLocalAddress();
        assertEquals(subject.serverAddress(), local.getAddress());
        assertTrue(local.getPort() > 0);
        client.connect(server.getLocalAddress());
        assertEquals(local, client.getLocalAddress());
        assertEquals(local, acceptFrom(server).getRemoteAddress());
    }

    @Test
    void bindNullTakesAnyAddress() throws IOException {
        SocketChannel client = openSocket().bind(null);
        InetSocketAddress local = (InetSocketAddress) client.getLocalAddress();
        assertTrue(local.getAddress().isAnyLocalAddress());
        assertTrue(local.getPort() > 0);
    }

    @Test
    void bindTwiceOrAfterConnectIsRefused() throws IOException {
        SocketChannel client = openSocket().bind(anyPort());
        assertFails(AlreadyBoundException.class, () -> client.bind(anyPort()));
        SocketChannel connected = connect().client();
        assertFails(AlreadyBoundException.class, () -> connected.bind(anyPort()));
    }

    @Test
    void bindToAPortInUseIsRefused() throws IOException {
        SocketAddress taken = listen().getLocalAddress();
        SocketChannel client = openSocket();
        assertFails(BindException.class, "Address already in use", () -> client.bind(taken));
        assertTrue(client.isOpen());
    }

    @Test
    void bindToAForeignAddressIsRefused() throws IOException {
        SocketChannel client = openSocket();
        assertFails(
                BindException.class,
                "Cannot assign requested address",
                () -> client.bind(new InetSocketAddress(subject.foreignAddress(), 0)));
        assertTrue(client.isOpen());
    }

    @Test
    void connectToTheWildcardReachesTheHostItself() throws IOException {
        ServerSocketChannel server = openServer().bind(new InetSocketAddress(0));
        int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        SocketChannel client = openSocket();
        assertTrue(client.connect(new InetSocketAddress(port)));
        send(client, "hello");
        assertEquals("hello", receive(acceptFrom(server), 5));
    }

    @Test
    void closedChannelAnswersClosedChannelException() throws IOException {
        SocketChannel channel = connect().client();
        channel.close();
        assertFalse(channel.isOpen());
        assertFalse(channel.isConnected());
        ByteBuffer buffer = ByteBuffer.allocate(1);
        assertFailsAsClosed(() -> channel.read(buffer));
        assertFailsAsClosed(() -> channel.write(buffer));
        assertFailsAsClosed(() -> channel.bind(null));
        assertFailsAsClosed(() -> channel.connect(anyPort()));
        assertFailsAsClosed(channel::finishConnect);
        assertFailsAsClosed(channel::getLocalAddress);
        assertFailsAsClosed(channel::getRemoteAddress);
        assertFailsAsClosed(channel::shutdownInput);
        assertFailsAsClosed(channel::shutdownOutput);
        assertFailsAsClosed(() -> channel.configureBlocking(false));
        assertFailsAsClosed(() -> channel.getOption(StandardSocketOptions.TCP_NODELAY));
        channel.close();
    }

    @Test
    void connectionMadeBeforeAcceptCarriesData() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = connectTo(server);
        send(client, "early");
        client.shutdownOutput();
        SocketChannel accepted = acceptFrom(server);
        assertEquals("early", receive(accepted, 5));
        assertEndOfStream(accepted);
    }

    @Test
    void adaptorConnectsWithinItsTimeout() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = openSocket();
        client.socket().connect(server.getLocalAddress(), 5_000);
        assertTrue(client.isConnected());
        assertTrue(client.isBlocking());
        send(client, "x");
        assertEquals("x", receive(acceptFrom(server), 1));
    }
}
