package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** DatagramChannel: opening, binding, connecting, disconnecting, and the addresses that these give it. */
abstract class DatagramAddressContract extends NioContract {
    DatagramAddressContract(Subject subject) {
        super(subject);
    }

    private static InetSocketAddress unresolved() {
        return InetSocketAddress.createUnresolved("host.invalid", 9);
    }

    private static SocketAddress otherKind() {
        return new SocketAddress() {};
    }

    private static InetSocketAddress ipv6() throws IOException {
        byte[] bytes = new byte[16];
        bytes[0] = 0x20;
        bytes[1] = 0x01;
        return new InetSocketAddress(InetAddress.getByAddress(bytes), 9);
    }

    // -- the loopback of IPv6

    private DatagramChannel openOfBothFamilies() throws IOException {
        return closing(subject.provider().openDatagramChannel());
    }

    private static InetSocketAddress answer(DatagramChannel server) throws IOException {
        InetSocketAddress from = (InetSocketAddress) server.receive(ByteBuffer.allocate(1));
        assertEquals(1, server.send(ascii("y"), from));
        return from;
    }

    @Test
    void answerComesFromTheLoopbackOfIpv6ThatWasAsked() throws IOException {
        DatagramChannel server = openOfBothFamilies().bind(anyPortOfBothFamilies());
        DatagramChannel client = openOfBothFamilies();
        InetSocketAddress to = atIpv6Loopback(addressOf(server).getPort());
        InetSocketAddress ipv4 =
                new InetSocketAddress(
                        InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), to.getPort());
        for (InetSocketAddress asked : List.of(ipv4, to, ipv4, to)) {
            assertEquals(1, client.send(ascii("x"), asked));
            assertEquals(addressOf(client).getPort(), answer(server).getPort());
            assertEquals(asked, client.receive(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void connectedToTheLoopbackOfIpv6() throws IOException {
        DatagramChannel server = openOfBothFamilies().bind(anyPortOfBothFamilies());
        DatagramChannel client = openOfBothFamilies();
        InetSocketAddress to = atIpv6Loopback(addressOf(server).getPort());
        client.connect(to);
        assertEquals(to, client.getRemoteAddress());
        assertEquals(to.getAddress(), addressOf(client).getAddress());
        assertEquals(1, client.write(ascii("x")));
        assertEquals(addressOf(client).getPort(), answer(server).getPort());
        assertEquals(to, client.receive(ByteBuffer.allocate(1)));
        assertEquals(1, client.send(ascii("x"), to));
    }

    // -- opening

    @Test
    void newChannelIsUnboundUnconnectedAndBlocking() throws IOException {
        DatagramChannel channel = openDatagram();
        assertTrue(channel.isOpen());
        assertTrue(channel.isBlocking());
        assertFalse(channel.isConnected());
        assertNull(channel.getLocalAddress());
        assertNull(channel.getRemoteAddress());
        assertSame(subject.provider(), channel.provider());
        assertEquals(SelectionKey.OP_READ | SelectionKey.OP_WRITE, channel.validOps());
    }

    @Test
    void familyCanBeLeftOut() throws IOException {
        DatagramChannel channel = closing(subject.provider().openDatagramChannel());
        channel.bind(null);
        assertTrue(addressOf(channel).getAddress().isAnyLocalAddress());
        assertTrue(addressOf(channel).getPort() > 0);
    }

    @Test
    void familiesThatHaveNoDatagramsAreRefused() {
        assertFails(
                UnsupportedOperationException.class,
                () -> subject.provider().openDatagramChannel(StandardProtocolFamily.UNIX));
        assertFails(NullPointerException.class, () -> subject.provider().openDatagramChannel(null));
    }

    // -- binding

    @Test
    void bindNullTakesTheWildcardAndAFreePort() throws IOException {
        DatagramChannel channel = openDatagram();
        assertSame(channel, channel.bind(null));
        assertTrue(addressOf(channel).getAddress().isAnyLocalAddress());
        assertTrue(addressOf(channel).getPort() > 0);
    }

    @Test
    void bindToPortZeroTakesAFreeOne() throws IOException {
        InetSocketAddress one = addressOf(boundDatagram());
        InetSocketAddress other = addressOf(boundDatagram());
        assertEquals(subject.serverAddress(), one.getAddress());
        assertNotEquals(0, one.getPort());
        assertNotEquals(one.getPort(), other.getPort());
    }

    @Test
    void bindTwiceIsRefused() throws IOException {
        DatagramChannel channel = boundDatagram();
        InetSocketAddress local = addressOf(channel);
        assertFails(AlreadyBoundException.class, () -> channel.bind(null));
        assertEquals(local, channel.getLocalAddress());
    }

    @Test
    void takenPortIsRefusedAndTheChannelStaysUsable() throws IOException {
        InetSocketAddress taken = addressOf(boundDatagram());
        DatagramChannel channel = openDatagram();
        assertFails(BindException.class, "Address already in use", () -> channel.bind(taken));
        InetSocketAddress wildcard = new InetSocketAddress(taken.getPort());
        assertFails(BindException.class, "Address already in use", () -> channel.bind(wildcard));
        assertNull(channel.getLocalAddress());
        channel.bind(anyPort());
        assertTrue(channel.isOpen());
    }

    @Test
    void portIsFreeOnceTheChannelIsClosed() throws IOException {
        DatagramChannel channel = boundDatagram();
        InetSocketAddress local = addressOf(channel);
        channel.close();
        assertEquals(local, openDatagram().bind(local).getLocalAddress());
    }

    @Test
    void portsOfTcpAreOthers() throws IOException {
        InetSocketAddress tcp = addressOf(listen());
        assertEquals(tcp, openDatagram().bind(tcp).getLocalAddress());
    }

    @Test
    void foreignAddressIsRefused() throws IOException {
        DatagramChannel channel = openDatagram();
        InetSocketAddress foreign = new InetSocketAddress(subject.foreignAddress(), 0);
        assertFails(
                BindException.class,
                "Cannot assign requested address",
                () -> channel.bind(foreign));
        assertTrue(channel.isOpen());
    }

    @Test
    void addressesOfTheWrongKindAreRefused() throws IOException {
        DatagramChannel channel = openDatagram();
        assertFails(UnresolvedAddressException.class, () -> channel.bind(unresolved()));
        assertFails(UnsupportedAddressTypeException.class, () -> channel.bind(otherKind()));
        assertFails(UnsupportedAddressTypeException.class, () -> channel.bind(ipv6()));
        assertFails(UnresolvedAddressException.class, () -> channel.connect(unresolved()));
        assertFails(UnsupportedAddressTypeException.class, () -> channel.connect(otherKind()));
        assertFails(UnsupportedAddressTypeException.class, () -> channel.connect(ipv6()));
        assertFails(NullPointerException.class, () -> channel.connect(null));
        ByteBuffer src = ascii("x");
        assertFails(UnresolvedAddressException.class, () -> channel.send(src, unresolved()));
        assertFails(UnsupportedAddressTypeException.class, () -> channel.send(src, otherKind()));
        assertFails(UnsupportedAddressTypeException.class, () -> channel.send(src, ipv6()));
        assertFails(NullPointerException.class, () -> channel.send(src, null));
        assertEquals(1, src.remaining());
        assertTrue(channel.isOpen());
    }

    @Test
    void reusedAddressesAreShared() throws IOException {
        DatagramChannel one = openDatagram();
        one.setOption(StandardSocketOptions.SO_REUSEADDR, true).bind(anyPort());
        DatagramChannel other = openDatagram();
        other.setOption(StandardSocketOptions.SO_REUSEADDR, true).bind(addressOf(one));
        assertEquals(one.getLocalAddress(), other.getLocalAddress());
    }

    @Test
    void reusedPortsAreShared() throws IOException {
        DatagramChannel one = openDatagram();
        one.setOption(StandardSocketOptions.SO_REUSEPORT, true).bind(anyPort());
        DatagramChannel other = openDatagram();
        other.setOption(StandardSocketOptions.SO_REUSEPORT, true).bind(addressOf(one));
        assertEquals(one.getLocalAddress(), other.getLocalAddress());
    }

    @Test
    void bothMustAgreeToShare() throws IOException {
        InetSocketAddress taken = addressOf(boundDatagram());
        DatagramChannel channel = openDatagram();
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
        assertFails(BindException.class, "Address already in use", () -> channel.bind(taken));
    }

    @Test
    void sendBindsToTheWildcard() throws IOException {
        DatagramChannel server = boundDatagram();
        DatagramChannel client = openDatagram();
        assertEquals(1, client.send(ascii("x"), server.getLocalAddress()));
        InetSocketAddress local = addressOf(client);
        assertTrue(local.getAddress().isAnyLocalAddress());
        InetSocketAddress sender = (InetSocketAddress) server.receive(ByteBuffer.allocate(1));
        assertEquals(local.getPort(), sender.getPort());
        assertEquals(subject.serverAddress(), sender.getAddress());
    }

    @Test
    void receiveBindsToTheWildcard() throws IOException {
        DatagramChannel channel = openDatagram();
        channel.configureBlocking(false);
        assertNull(channel.receive(ByteBuffer.allocate(1)));
        assertTrue(addressOf(channel).getAddress().isAnyLocalAddress());
        assertTrue(addressOf(channel).getPort() > 0);
    }

    // -- connecting

    @Test
    void connectBindsToTheAddressOfTheRoute() throws IOException {
        DatagramChannel channel = openDatagram();
        InetSocketAddress remote = deafAddress();
        assertSame(channel, channel.connect(remote));
        assertTrue(channel.isConnected());
        assertEquals(remote, channel.getRemoteAddress());
        assertEquals(subject.serverAddress(), addressOf(channel).getAddress());
        assertTrue(addressOf(channel).getPort() > 0);
    }

    @Test
    void connectNarrowsTheWildcardAndDisconnectWidensIt() throws IOException {
        DatagramChannel channel = openDatagram().bind(null);
        InetSocketAddress wide = addressOf(channel);
        channel.connect(deafAddress());
        assertEquals(
                new InetSocketAddress(subject.serverAddress(), wide.getPort()),
                channel.getLocalAddress());
        assertSame(channel, channel.disconnect());
        assertEquals(wide, channel.getLocalAddress());
    }

    @Test
    void disconnectKeepsThePortThatConnectChose() throws IOException {
        DatagramChannel channel = openDatagram().connect(deafAddress());
        int port = addressOf(channel).getPort();
        channel.disconnect();
        assertFalse(channel.isConnected());
        assertNull(channel.getRemoteAddress());
        assertEquals(port, addressOf(channel).getPort());
        assertTrue(addressOf(channel).getAddress().isAnyLocalAddress());
    }

    @Test
    void disconnectKeepsABoundAddress() throws IOException {
        DatagramChannel channel = boundDatagram();
        InetSocketAddress local = addressOf(channel);
        channel.connect(deafAddress());
        assertEquals(local, channel.getLocalAddress());
        channel.disconnect();
        assertEquals(local, channel.getLocalAddress());
    }

    @Test
    void disconnectOfWhatIsNotConnectedDoesNothing() throws IOException {
        DatagramChannel channel = openDatagram();
        assertSame(channel, channel.disconnect());
        assertNull(channel.getLocalAddress());
        channel.close();
        assertSame(channel, channel.disconnect());
    }

    @Test
    void connectAgainIsRefusedUntilDisconnected() throws IOException {
        InetSocketAddress first = deafAddress();
        DatagramChannel channel = boundDatagram().connect(first);
        assertFails(AlreadyConnectedException.class, () -> channel.connect(first));
        assertEquals(first, channel.getRemoteAddress());
        DatagramChannel second = boundDatagram();
        channel.disconnect();
        channel.connect(second.getLocalAddress());
        assertEquals(second.getLocalAddress(), channel.getRemoteAddress());
        assertEquals(1, channel.write(ascii("x")));
        assertEquals(channel.getLocalAddress(), second.receive(ByteBuffer.allocate(1)));
    }

    @Test
    void connectToPortZeroIsRefused() throws IOException {
        DatagramChannel channel = boundDatagram();
        assertFails(
                SocketException.class, "Can't connect to port 0", () -> channel.connect(anyPort()));
        assertTrue(channel.isOpen());
        assertFalse(channel.isConnected());
    }

    @Test
    void connectToTheWildcardReachesThisHost() throws IOException {
        DatagramChannel server = openDatagram().bind(null);
        DatagramChannel client = openDatagram();
        client.connect(new InetSocketAddress(addressOf(server).getPort()));
        assertEquals(1, client.write(ascii("x")));
        assertEquals(client.getLocalAddress(), server.receive(ByteBuffer.allocate(1)));
    }

    @Test
    void channelCanBeConnectedToItself() throws IOException {
        DatagramChannel channel = boundDatagram();
        channel.connect(channel.getLocalAddress());
        channel.write(ascii("me"));
        ByteBuffer dst = ByteBuffer.allocate(9);
        assertEquals(2, channel.read(dst));
        assertEquals(ascii("me"), dst.flip());
    }

    @Test
    void closedChannelHasNoAddresses() throws IOException {
        DatagramChannel channel = boundDatagram().connect(deafAddress());
        InetSocketAddress other = deafAddress();
        channel.close();
        assertFalse(channel.isConnected());
        assertFails(ClosedChannelException.class, channel::getLocalAddress);
        assertFails(ClosedChannelException.class, channel::getRemoteAddress);
        assertFails(ClosedChannelException.class, () -> channel.bind(null));
        assertFails(ClosedChannelException.class, () -> channel.connect(other));
    }
}
