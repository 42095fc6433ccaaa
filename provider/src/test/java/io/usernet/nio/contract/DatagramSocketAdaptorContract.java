package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** DatagramChannel.socket(). */
abstract class DatagramSocketAdaptorContract extends NioContract {
    DatagramSocketAdaptorContract(Subject subject) {
        super(subject);
    }

    private static DatagramPacket packet(int size) {
        return new DatagramPacket(new byte[size], size);
    }

    private static DatagramPacket packet(String text, SocketAddress to) {
        byte[] bytes = ascii(text).array();
        return new DatagramPacket(bytes, bytes.length, to);
    }

    private static String text(DatagramPacket p) {
        return new String(p.getData(), p.getOffset(), p.getLength());
    }

    private static InetSocketAddress unresolved() {
        return InetSocketAddress.createUnresolved("host.invalid", 9);
    }

    // -- state

    @Test
    void adaptorIsTheSameEachTimeAndKnowsItsChannel() throws IOException {
        DatagramChannel channel = openDatagram();
        assertSame(channel.socket(), channel.socket());
        assertSame(channel, channel.socket().getChannel());
    }

    @Test
    void stateOfANewSocket() throws IOException {
        DatagramSocket socket = openDatagram().socket();
        assertFalse(socket.isBound());
        assertUnconnected(socket);
        assertFalse(socket.isClosed());
        assertTrue(socket.getLocalAddress().isAnyLocalAddress());
        assertEquals(0, socket.getLocalPort());
        assertNull(socket.getLocalSocketAddress());
    }

    private static void assertUnconnected(DatagramSocket socket) {
        assertFalse(socket.isConnected());
        assertNull(socket.getInetAddress());
        assertEquals(-1, socket.getPort());
        assertNull(socket.getRemoteSocketAddress());
    }

    @Test
    void stateOfABoundSocket() throws IOException {
        DatagramSocket socket = openDatagram().socket();
        socket.bind(anyPort());
        InetSocketAddress local = addressOf(socket.getChannel());
        assertTrue(socket.isBound());
        assertUnconnected(socket);
        assertEquals(local.getAddress(), socket.getLocalAddress());
        assertEquals(local.getPort(), socket.getLocalPort());
        assertEquals(local, socket.getLocalSocketAddress());
    }

    @Test
    void bindNullTakesAnyAddressAndPort() throws IOException {
        DatagramSocket socket = openDatagram().socket();
        socket.bind(null);
        assertTrue(socket.getLocalAddress().isAnyLocalAddress());
        assertTrue(socket.getLocalPort() > 0);
    }

    @Test
    void stateOfAConnectedSocketThatIsDisconnected() throws IOException {
        InetSocketAddress peer = deafAddress();
        DatagramSocket socket = openDatagram().socket();
        socket.connect(peer.getAddress(), peer.getPort());
        assertTrue(socket.isBound());
        assertTrue(socket.isConnected());
        assertTrue(socket.getChannel().isConnected());
        assertEquals(peer.getAddress(), socket.getInetAddress());
        assertEquals(peer.getPort(), socket.getPort());
        assertEquals(peer, socket.getRemoteSocketAddress());
        assertEquals(subject.serverAddress(), socket.getLocalAddress());
        int port = socket.getLocalPort();
        socket.disconnect();
        assertUnconnected(socket);
        assertTrue(socket.getLocalAddress().isAnyLocalAddress());
        assertEquals(port, socket.getLocalPort());
        socket.disconnect();
    }

    @Test
    void stateAfterClose() throws IOException {
        InetSocketAddress peer = deafAddress();
        DatagramSocket socket = boundDatagram().connect(peer).socket();
        socket.close();
        assertTrue(socket.isClosed());
        assertFalse(socket.getChannel().isOpen());
        assertTrue(socket.isBound());
        assertTrue(socket.isConnected());
        assertEquals(peer, socket.getRemoteSocketAddress());
        assertEquals(peer.getAddress(), socket.getInetAddress());
        assertEquals(peer.getPort(), socket.getPort());
        assertNull(socket.getLocalAddress());
        assertEquals(-1, socket.getLocalPort());
        assertNull(socket.getLocalSocketAddress());
        socket.close();
    }

    @Test
    void socketOfAClosedChannel() throws IOException {
        DatagramChannel channel = openDatagram();
        channel.close();
        DatagramSocket socket = channel.socket();
        assertTrue(socket.isClosed());
        assertFalse(socket.isBound());
        assertFails(SocketException.class, "Socket is closed", () -> socket.bind(null));
        socket.connect(deafAddress());
        socket.disconnect();
        assertUnconnected(socket);
    }

    // -- binding and connecting

    @Test
    void bindErrorsAreSocketExceptions() throws IOException {
        DatagramSocket socket = boundDatagram().socket();
        assertFails(SocketException.class, "Already bound", () -> socket.bind(anyPort()));
        SocketAddress taken = socket.getLocalSocketAddress();
        DatagramSocket second = openDatagram().socket();
        assertFails(BindException.class, "Address already in use", () -> second.bind(taken));
        assertFails(SocketException.class, "Unresolved address", () -> second.bind(unresolved()));
        assertFails(
                UnsupportedAddressTypeException.class, () -> second.bind(new SocketAddress() {}));
    }

    @Test
    void connectErrorsAreSocketExceptions() throws IOException {
        DatagramSocket socket = boundDatagram().socket();
        InetAddress host = subject.serverAddress();
        String noAddress = "Address can't be null", noPort = "Can't connect to port 0";
        assertFails(IllegalArgumentException.class, noAddress, () -> socket.connect(null));
        assertFails(IllegalArgumentException.class, noAddress, () -> socket.connect(null, 9));
        assertFails(IllegalArgumentException.class, () -> socket.connect(host, -1));
        assertFails(SocketException.class, noPort, () -> socket.connect(anyPort()));
        UncheckedIOException failure =
                assertFails(UncheckedIOException.class, () -> socket.connect(host, 0));
        assertEquals(noPort, failure.getCause().getMessage());
        assertFails(
                SocketException.class, "Unresolved address", () -> socket.connect(unresolved()));
        assertFails(
                UnsupportedAddressTypeException.class,
                () -> socket.connect(new SocketAddress() {}));
        assertUnconnected(socket);
    }

    @Test
    void connectAgainIsToAnotherPeer() throws IOException {
        DatagramSocket socket = boundDatagram().socket();
        DatagramChannel first = boundDatagram(), second = boundDatagram();
        socket.connect(first.getLocalAddress());
        socket.connect(second.getLocalAddress());
        assertEquals(second.getLocalAddress(), socket.getRemoteSocketAddress());
        first.send(ascii("first"), socket.getLocalSocketAddress());
        second.send(ascii("second"), socket.getLocalSocketAddress());
        DatagramPacket p = packet(9);
        socket.receive(p);
        assertEquals("second", text(p));
    }

    // -- datagrams

    @Test
    void packetsAreExchanged() throws IOException {
        DatagramSocket server = boundDatagram().socket(), client = openDatagram().socket();
        client.send(packet("ping", server.getLocalSocketAddress()));
        DatagramPacket p = packet(100);
        server.receive(p);
        assertEquals("ping", text(p));
        assertEquals(client.getLocalPort(), p.getPort());
        assertEquals(subject.serverAddress(), p.getAddress());
        p.setData(ascii("pong").array());
        server.send(p);
        DatagramPacket answer = packet(100);
        client.receive(answer);
        assertEquals("pong", text(answer));
        assertEquals(server.getLocalSocketAddress(), answer.getSocketAddress());
    }

    @Test
    void partOfAPacketIsSent() throws IOException {
        DatagramSocket server = boundDatagram().socket(), client = boundDatagram().socket();
        byte[] bytes = ascii("..part..").array();
        client.send(new DatagramPacket(bytes, 2, 4, server.getLocalSocketAddress()));
        DatagramPacket p = packet(100);
        server.receive(p);
        assertEquals("part", text(p));
    }

    @Test
    void whatDoesNotFitIntoThePacketIsDropped() throws IOException {
        DatagramSocket server = boundDatagram().socket(), client = boundDatagram().socket();
        client.send(packet("abcde", server.getLocalSocketAddress()));
        client.send(packet("next", server.getLocalSocketAddress()));
        DatagramPacket p = new DatagramPacket(new byte[8], 2, 3);
        server.receive(p);
        assertEquals(2, p.getOffset());
        assertEquals(3, p.getLength());
        assertArrayEquals(new byte[] {0, 0, 'a', 'b', 'c', 0, 0, 0}, p.getData());
        server.receive(p);
        assertEquals("nex", text(p));
    }

    @Test
    void packetThatIsReceivedIntoAgainHasAllItsRoom() throws IOException {
        DatagramSocket server = boundDatagram().socket(), other = boundDatagram().socket();
        DatagramSocket client = boundDatagram().socket();
        DatagramPacket p = new DatagramPacket(new byte[20], 3, 15);
        for (String text : new String[] {"ab", "", "abcdef", "a", "abcdefghijklmnopqrs", "abc"}) {
            client.send(packet(text, server.getLocalSocketAddress()));
            server.receive(p);
            assertEquals(text.substring(0, Math.min(15, text.length())), text(p));
            client.send(packet(text + "!", other.getLocalSocketAddress()));
            other.receive(p);
            assertEquals((text + "!").substring(0, Math.min(15, text.length() + 1)), text(p));
        }
    }

    @Test
    void lengthThatIsSetBoundsWhatIsReceived() throws IOException {
        DatagramSocket server = boundDatagram().socket(), client = boundDatagram().socket();
        DatagramPacket p = packet(10);
        for (int i = 0; i < 3; i++) client.send(packet("abcdef", server.getLocalSocketAddress()));
        server.receive(p);
        p.setLength(2);
        server.receive(p);
        assertEquals("ab", text(p));
        p.setData(new byte[4]);
        server.receive(p);
        assertEquals("abcd", text(p));
    }

    @Test
    void connectedSocketFillsInThePeer() throws IOException {
        DatagramSocket server = boundDatagram().socket(), client = boundDatagram().socket();
        client.connect(server.getLocalSocketAddress());
        DatagramPacket p = packet("x", server.getLocalSocketAddress());
        client.send(p);
        DatagramPacket bare = packet(1);
        client.send(bare);
        assertEquals(server.getLocalSocketAddress(), bare.getSocketAddress());
        server.receive(packet(1));
        server.receive(packet(1));
    }

    @Test
    void sendErrors() throws IOException {
        DatagramSocket socket = boundDatagram().socket();
        SocketAddress deaf = deafAddress();
        assertFails(NullPointerException.class, () -> socket.send(null));
        assertFails(NullPointerException.class, () -> socket.receive(null));
        assertFails(
                IllegalArgumentException.class, "Address not set", () -> socket.send(packet(1)));
        assertFails(
                SocketException.class,
                "Can't send to port 0",
                () -> socket.send(packet("x", anyPort())));
        assertFails(
                SocketException.class,
                "Message too long",
                () -> socket.send(new DatagramPacket(new byte[65_508], 65_508, deaf)));
        socket.connect(deafAddress());
        assertFails(
                IllegalArgumentException.class,
                "Connected and packet address differ",
                () -> socket.send(packet("x", deaf)));
    }

    @Test
    void unreachablePortIsTold() throws IOException {
        DatagramSocket socket = boundDatagram().socket();
        socket.connect(deafAddress());
        socket.send(packet(1));
        assertFails(PortUnreachableException.class, () -> socket.receive(packet(1)));
    }

    @Test
    void nonBlockingChannelRefusesPackets() throws IOException {
        DatagramChannel channel = boundDatagram();
        DatagramPacket p = packet("x", deafAddress());
        channel.configureBlocking(false);
        assertFails(IllegalBlockingModeException.class, () -> channel.socket().send(p));
        assertFails(IllegalBlockingModeException.class, () -> channel.socket().receive(p));
    }

    // -- waiting and closing

    @Test
    void receiveTimesOutAndTheSocketStaysUsable() throws IOException {
        DatagramSocket socket = openDatagram().socket();
        assertEquals(0, socket.getSoTimeout());
        socket.setSoTimeout(50);
        assertEquals(50, socket.getSoTimeout());
        long start = System.nanoTime();
        DatagramPacket p = packet(7);
        assertFails(SocketTimeoutException.class, "Receive timed out", () -> socket.receive(p));
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(49));
        assertEquals(7, p.getLength());
        assertTrue(socket.isBound());
        socket.setSoTimeout(5_000);
        InetSocketAddress to =
                new InetSocketAddress(subject.serverAddress(), socket.getLocalPort());
        boundDatagram().send(ascii("x"), to);
        socket.receive(p);
        assertEquals("x", text(p));
        assertTrue(socket.getChannel().isBlocking());
    }

    @Test
    void negativeTimeoutIsRefused() throws IOException {
        DatagramSocket socket = openDatagram().socket();
        assertFails(IllegalArgumentException.class, "timeout < 0", () -> socket.setSoTimeout(-1));
    }

    @Test
    void closeEndsABlockedReceive() throws Exception {
        DatagramSocket forEver = boundDatagram().socket(), timed = boundDatagram().socket();
        timed.setSoTimeout(15_000);
        for (DatagramSocket socket : new DatagramSocket[] {forEver, timed}) {
            Background<Void> receiving =
                    Background.run(() -> socket.receive(packet(1))).awaitBlockedIn("receive");
            socket.close();
            SocketException failure = receiving.failure(SocketException.class, false);
            assertEquals("Socket closed", failure.getMessage());
        }
    }

    @Test
    void interruptEndsABlockedReceiveAndClosesTheSocket() throws Exception {
        DatagramSocket socket = boundDatagram().socket();
        Background<Void> receiving =
                Background.run(() -> socket.receive(packet(1))).awaitBlockedIn("receive");
        receiving.interrupt();
        endedByInterrupt(receiving, Runtime.version().feature() >= 19);
        assertTrue(socket.isClosed());
    }

    @Test
    void interruptBeforeReceiveClosesTheSocketAtOnce() throws Exception {
        DatagramSocket socket = boundDatagram().socket();
        socket.setSoTimeout(10_000);
        Background<Void> receiving =
                Background.run(
                        () -> {
                            Thread.currentThread().interrupt();
                            socket.receive(packet(1));
                        });
        endedByInterrupt(receiving, Runtime.version().feature() >= 19);
        assertTrue(socket.isClosed());
    }

    @Test
    void interruptBeforeSendClosesTheSocket() throws Exception {
        DatagramChannel channel = boundDatagram();
        DatagramPacket packet = packet("x", channel.getLocalAddress());
        Background<Void> sending =
                Background.run(
                        () -> {
                            Thread.currentThread().interrupt();
                            channel.socket().send(packet);
                        });
        endedByInterrupt(sending, false);
        assertFalse(channel.isOpen());
    }

    /** Receiving says so itself, if the JDK is of that kind; otherwise it is the cause. */
    private static void endedByInterrupt(Background<Void> call, boolean saysSo) throws Exception {
        Throwable failure = call.anyFailure();
        if (!saysSo) {
            assertSame(SocketException.class, failure.getClass());
            assertEquals("Socket closed", failure.getMessage());
            failure = failure.getCause();
        }
        assertSame(ClosedByInterruptException.class, failure.getClass());
        assertTrue(call.endedInterrupted());
    }

    @Test
    void closedSocketRefusesEverything() throws IOException {
        DatagramSocket socket = boundDatagram().socket();
        DatagramPacket p = packet("x", deafAddress());
        socket.close();
        assertFails(SocketException.class, "Socket closed", () -> socket.send(p));
        assertFails(SocketException.class, "Socket closed", () -> socket.receive(p));
        String closed = "Socket is closed";
        assertFails(SocketException.class, closed, () -> socket.setSoTimeout(1));
        assertFails(SocketException.class, closed, socket::getSoTimeout);
        assertFails(SocketException.class, closed, () -> socket.setSendBufferSize(9));
        assertFails(SocketException.class, closed, socket::getReceiveBufferSize);
        assertFails(SocketException.class, closed, socket::getTrafficClass);
        assertFails(SocketException.class, closed, () -> socket.setBroadcast(true));
        assertFails(SocketException.class, closed, () -> socket.setReuseAddress(true));
        assertFails(
                ClosedChannelException.class,
                () -> socket.getOption(StandardSocketOptions.SO_RCVBUF));
    }

    // -- options

    @Test
    void optionsAreTheChannels() throws IOException {
        DatagramChannel channel = openDatagram();
        DatagramSocket socket = channel.socket();
        assertFalse(socket.getBroadcast());
        socket.setBroadcast(true);
        assertTrue(channel.getOption(StandardSocketOptions.SO_BROADCAST));
        assertFalse(socket.getReuseAddress());
        socket.setReuseAddress(true);
        assertTrue(channel.getOption(StandardSocketOptions.SO_REUSEADDR));
        socket.setTrafficClass(8);
        assertEquals(8, channel.getOption(StandardSocketOptions.IP_TOS));
        socket.setSendBufferSize(20_001);
        assertEquals(20_001, channel.getOption(StandardSocketOptions.SO_SNDBUF));
        assertEquals(20_001, socket.getSendBufferSize());
        socket.setReceiveBufferSize(20_000);
        assertEquals(20_000, channel.getOption(StandardSocketOptions.SO_RCVBUF));
        assertEquals(20_000, socket.getReceiveBufferSize());
        assertSame(socket, socket.setOption(StandardSocketOptions.IP_TOS, 16));
        assertEquals(16, socket.getOption(StandardSocketOptions.IP_TOS));
        assertEquals(16, socket.getTrafficClass());
        assertEquals(channel.supportedOptions(), socket.supportedOptions());
    }

    @Test
    void valuesOutOfRangeAreRefused() throws IOException {
        DatagramSocket socket = openDatagram().socket();
        Class<IllegalArgumentException> wrong = IllegalArgumentException.class;
        assertFails(wrong, "Invalid send size", () -> socket.setSendBufferSize(0));
        assertFails(wrong, "Invalid receive size", () -> socket.setReceiveBufferSize(0));
        assertFails(wrong, "Invalid IP_TOS value", () -> socket.setTrafficClass(256));
        assertThrows(
                UnsupportedOperationException.class,
                () -> socket.setOption(StandardSocketOptions.TCP_NODELAY, true));
        assertNotEquals(0, socket.getSendBufferSize());
    }

    @Test
    void groupsMustBeMulticast() throws IOException {
        DatagramSocket socket = openDatagram().socket();
        assertFails(
                SocketException.class,
                "Not a multicast address",
                () -> socket.joinGroup(anyPort(), null));
        assertFails(
                IllegalArgumentException.class,
                "Unsupported address type",
                () -> socket.joinGroup(null, null));
    }
}
