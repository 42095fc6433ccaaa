package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Binding, listening and accepting. */
abstract class ServerSocketChannelContract extends NioContract {
    ServerSocketChannelContract(Subject subject) {
        super(subject);
    }

    @Test
    void newChannelIsOpenBlockingAndUnbound() throws IOException {
        ServerSocketChannel server = openServer();
        assertTrue(server.isOpen());
        assertTrue(server.isBlocking());
        assertNull(server.getLocalAddress());
        assertEquals(SelectionKey.OP_ACCEPT, server.validOps());
        assertSame(subject.provider(), server.provider());
    }

    @Test
    void portZeroChoosesAPort() throws IOException {
        ServerSocketChannel server = openServer();
        assertSame(server, server.bind(anyPort()));
        InetSocketAddress local = (InetSocketAddress) server.getLocalAddress();
        assertEquals(subject.serverAddress(), local.getAddress());
        assertTrue(local.getPort() > 0);
        assertNotEquals(local, listen().getLocalAddress());
    }

    @Test
    void bindNullTakesAnyAddressAndPort() throws IOException {
        InetSocketAddress local = (InetSocketAddress) openServer().bind(null).getLocalAddress();
        assertTrue(local.getAddress().isAnyLocalAddress());
        assertTrue(local.getPort() > 0);
    }

    @Test
    void wildcardListenerIsReachedAtTheHostsAddress() throws IOException {
        ServerSocketChannel server = openServer().bind(new InetSocketAddress(0));
        int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        SocketChannel client = openSocket();
        client.connect(new InetSocketAddress(subject.serverAddress(), port));
        InetSocketAddress accepted = (InetSocketAddress) acceptFrom(server).getLocalAddress();
        assertEquals(new InetSocketAddress(subject.serverAddress(), port), accepted);
    }

    @Test
    void portInUseIsRefused() throws IOException {
        SocketAddress taken = listen().getLocalAddress();
        ServerSocketChannel second = openServer();
        assertFails(BindException.class, "Address already in use", () -> second.bind(taken));
        assertTrue(second.isOpen());
        assertNull(second.getLocalAddress());
        second.bind(anyPort());
    }

    @Test
    void foreignAddressIsRefused() throws IOException {
        ServerSocketChannel server = openServer();
        assertFails(
                BindException.class,
                "Cannot assign requested address",
                () -> server.bind(new InetSocketAddress(subject.foreignAddress(), 0)));
    }

    @Test
    void closeFreesThePort() throws IOException {
        ServerSocketChannel first = listen();
        SocketAddress address = first.getLocalAddress();
        first.close();
        ServerSocketChannel second = openServer().bind(address);
        assertEquals(address, second.getLocalAddress());
        connectTo(second);
    }

    @Test
    void portIsFreeDespiteConnectionsInTimeWait() throws IOException {
        ServerSocketChannel first = listen();
        SocketAddress address = first.getLocalAddress();
        SocketChannel client = connectTo(first);
        SocketChannel accepted = acceptFrom(first);
        accepted.close();
        assertEndOfStream(client);
        client.close();
        first.close();
        // Server channels have SO_REUSEADDR set from the start, as on every Unix.
        openServer().bind(address);
    }

    @Test
    void bindTwiceIsRefused() throws IOException {
        ServerSocketChannel server = listen();
        assertFails(AlreadyBoundException.class, () -> server.bind(anyPort()));
        assertFails(AlreadyBoundException.class, () -> server.bind(null));
    }

    @Test
    void wrongAddressesAreRefused() throws IOException {
        ServerSocketChannel server = openServer();
        assertFails(
                UnresolvedAddressException.class,
                () -> server.bind(InetSocketAddress.createUnresolved("host.invalid", 1)));
        assertFails(
                UnsupportedAddressTypeException.class,
                () ->
                        server.bind(
                                new SocketAddress() {
                                    private static final long serialVersionUID = 1;
                                }));
        assertTrue(server.isOpen());
    }

    @Test
    void acceptBeforeBindIsRefused() throws IOException {
        ServerSocketChannel server = openServer();
        assertFails(NotYetBoundException.class, server::accept);
        server.configureBlocking(false);
        assertFails(NotYetBoundException.class, server::accept);
    }

    @Test
    void nonBlockingAcceptOfNobodyReturnsNull() throws IOException {
        ServerSocketChannel server = listen();
        server.configureBlocking(false);
        assertNull(server.accept());
    }

    @Test
    void nonBlockingAcceptTakesOneEach() throws IOException {
        ServerSocketChannel server = listen();
        server.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = server.register(selector, SelectionKey.OP_ACCEPT);
        Set<SocketAddress> clients = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            clients.add(connectTo(server).getLocalAddress());
        }
        Set<SocketAddress> accepted = new HashSet<>();
        while (accepted.size() < 3) {
            assertTrue(selector.select(SELECT_MS) > 0 || key.isAcceptable());
            for (SocketChannel channel; (channel = server.accept()) != null; ) {
                closing(channel);
                assertTrue(channel.isBlocking());
                accepted.add(channel.getRemoteAddress());
            }
            selector.selectedKeys().clear();
        }
        assertEquals(clients, accepted);
        assertNull(server.accept());
    }

    @Test
    void blockedAcceptReturnsTheNewConnection() throws Exception {
        ServerSocketChannel server = listen();
        Background<SocketChannel> accepting =
                Background.call(server::accept).awaitBlockedIn("accept");
        SocketChannel client = connectTo(server);
        SocketChannel accepted = closing(accepting.result());
        assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
    }

    @Test
    void twoBlockedAcceptsTakeOneEach() throws Exception {
        ServerSocketChannel server = listen();
        Background<SocketChannel> first = Background.call(server::accept);
        Background<SocketChannel> second = Background.call(server::accept);
        first.awaitBlockedIn("accept");
        second.awaitBlockedIn("accept");
        connectTo(server);
        connectTo(server);
        SocketAddress one = closing(first.result()).getRemoteAddress();
        SocketAddress two = closing(second.result()).getRemoteAddress();
        assertNotEquals(one, two);
    }

    @Test
    void connectionsAreAcceptedInTheOrderTheyCame() throws Exception {
        ServerSocketChannel server = openServer().bind(anyPort(), 16);
        List<SocketAddress> clients = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            clients.add(connectTo(server).getLocalAddress());
        }
        List<SocketAddress> accepted = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            accepted.add(acceptFrom(server).getRemoteAddress());
        }
        assertEquals(clients, accepted);
    }

    @Test
    void backlogHoldsAsManyAsAsked() throws Exception {
        ServerSocketChannel server = openServer().bind(anyPort(), 20);
        for (int i = 0; i < 20; i++) {
            connectTo(server);
        }
        for (int i = 0; i < 20; i++) {
            acceptFrom(server);
        }
    }

    @Test
    void backlogOfZeroMeansTheDefault() throws Exception {
        ServerSocketChannel server = openServer().bind(anyPort(), 0);
        for (int i = 0; i < 10; i++) {
            connectTo(server);
        }
        acceptFrom(server);
    }

    @Test
    void acceptedConnectionThatWasResetIsStillAccepted() throws Exception {
        ServerSocketChannel server = listen();
        reset(connectTo(server));
        SocketChannel second = connectTo(server);
        // Linux keeps the dead one in its queue; a stack may as well drop it there.
        SocketChannel accepted = acceptFrom(server);
        if (!second.getLocalAddress().equals(accepted.getRemoteAddress())) {
            accepted = acceptFrom(server);
        }
        assertEquals(second.getLocalAddress(), accepted.getRemoteAddress());
    }

    @Test
    void closedChannelAnswersClosedChannelException() throws IOException {
        ServerSocketChannel server = listen();
        server.close();
        assertFailsAsClosed(server::accept);
        assertFailsAsClosed(() -> server.bind(anyPort()));
        assertFailsAsClosed(server::getLocalAddress);
        assertFailsAsClosed(() -> server.configureBlocking(false));
        server.close();
    }

    @Test
    void connectToAClosedListenerIsRefused() throws IOException {
        ServerSocketChannel server = listen();
        SocketAddress address = server.getLocalAddress();
        server.close();
        SocketChannel client = openSocket();
        assertFails(ConnectException.class, "Connection refused", () -> client.connect(address));
    }

    @Test
    void thousandConnectionsOneAfterAnother() throws IOException {
        ServerSocketChannel server = listen();
        for (int i = 0; i < 1000; i++) {
            try (SocketChannel client = subject.provider().openSocketChannel()) {
                client.connect(server.getLocalAddress());
                try (SocketChannel accepted = server.accept()) {
                    send(client, "x");
                    assertEquals("x", receive(accepted, 1));
                    client.shutdownOutput();
                    assertEndOfStream(accepted);
                }
                assertEndOfStream(client);
            }
        }
    }

    @Test
    void queriesAndOptionsDoNotWaitForABlockedAccept() throws Exception {
        ServerSocketChannel server = listen();
        Background<SocketChannel> acceptor =
                Background.call(server::accept).awaitBlockedIn("accept");
        SocketAddress local = server.getLocalAddress();
        assertEquals(local, server.socket().getLocalSocketAddress());
        server.setOption(StandardSocketOptions.SO_RCVBUF, 20_000);
        assertTrue(server.getOption(StandardSocketOptions.SO_RCVBUF) > 0);
        assertFails(AlreadyBoundException.class, () -> server.bind(anyPort()));
        Background<?> changer =
                Background.call(() -> server.configureBlocking(false))
                        .awaitBlockedIn("configureBlocking");
        connectTo(server);
        closing(acceptor.result());
        changer.result();
        assertNull(server.accept());
    }
}
