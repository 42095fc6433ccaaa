package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** SocketChannel.socket(): a java.net.Socket whose every method works on the channel. */
abstract class SocketAdaptorContract extends NioContract {
    SocketAdaptorContract(Subject subject) {
        super(subject);
    }

    @Test
    void adaptorIsTheSameEachTimeAndKnowsItsChannel() throws IOException {
        SocketChannel channel = openSocket();
        Socket socket = channel.socket();
        assertSame(socket, channel.socket());
        assertSame(channel, socket.getChannel());
    }

    @Test
    void stateOfAnUnconnectedSocket() throws IOException {
        Socket socket = openSocket().socket();
        assertFalse(socket.isConnected());
        assertFalse(socket.isBound());
        assertFalse(socket.isClosed());
        assertFalse(socket.isInputShutdown());
        assertFalse(socket.isOutputShutdown());
        assertNull(socket.getInetAddress());
        assertNull(socket.getRemoteSocketAddress());
        assertNull(socket.getLocalSocketAddress());
        assertEquals(0, socket.getPort());
        assertEquals(-1, socket.getLocalPort());
        assertTrue(socket.getLocalAddress().isAnyLocalAddress());
        assertFails(SocketException.class, "Socket is not connected", socket::getInputStream);
        assertFails(SocketException.class, "Socket is not connected", socket::getOutputStream);
        assertFails(SocketException.class, "Socket is not connected", socket::shutdownInput);
        assertFails(SocketException.class, "Socket is not connected", socket::shutdownOutput);
    }

    @Test
    void stateOfAConnectedSocket() throws IOException {
        Pair pair = connect();
        Socket socket = pair.client().socket();
        InetSocketAddress remote = (InetSocketAddress) pair.client().getRemoteAddress();
        InetSocketAddress local = (InetSocketAddress) pair.client().getLocalAddress();
        assertTrue(socket.isConnected());
        assertTrue(socket.isBound());
        assertEquals(remote, socket.getRemoteSocketAddress());
        assertEquals(remote.getAddress(), socket.getInetAddress());
        assertEquals(remote.getPort(), socket.getPort());
        assertEquals(local, socket.getLocalSocketAddress());
        assertEquals(local.getAddress(), socket.getLocalAddress());
        assertEquals(local.getPort(), socket.getLocalPort());
    }

    @Test
    void stateOfAClosedSocket() throws IOException {
        Pair pair = connect();
        Socket socket = pair.client().socket();
        InetSocketAddress remote = (InetSocketAddress) pair.client().getRemoteAddress();
        int localPort = socket.getLocalPort();
        socket.close();
        socket.close();
        assertTrue(socket.isClosed());
        assertFalse(pair.client().isOpen());
        // What it was connected to stays known; that it was connected does not, unlike with a plain
        // Socket.
        assertFalse(socket.isConnected());
        assertTrue(socket.isBound());
        assertEquals(remote, socket.getRemoteSocketAddress());
        assertEquals(localPort, socket.getLocalPort());
        assertTrue(socket.getLocalAddress().isAnyLocalAddress());
        assertFails(SocketException.class, "Socket is closed", socket::getInputStream);
        assertFails(SocketException.class, "Socket is closed", socket::getOutputStream);
        assertFails(SocketException.class, "Socket is closed", socket::getTcpNoDelay);
        assertFails(SocketException.class, "Socket is closed", () -> socket.setTcpNoDelay(true));
        assertFails(SocketException.class, "Socket is closed", socket::getSoTimeout);
        assertFails(SocketException.class, "Socket is closed", () -> socket.setSoTimeout(1));
        assertFails(ClosedChannelException.class, socket::shutdownInput);
        assertFails(ClosedChannelException.class, socket::shutdownOutput);
        assertFails(ClosedChannelException.class, () -> socket.bind(anyPort()));
    }

    @Test
    void connectAndBind() throws IOException {
        ServerSocketChannel server = listen();
        Socket socket = openSocket().socket();
        socket.bind(anyPort());
        assertTrue(socket.isBound());
        int port = socket.getLocalPort();
        assertTrue(port > 0);
        socket.connect(server.getLocalAddress());
        assertEquals(port, socket.getLocalPort());
        assertEquals(port, acceptFrom(server).socket().getPort());
    }

    @Test
    void bindErrorsAreSocketExceptions() throws IOException {
        Socket bound = openSocket().socket();
        bound.bind(anyPort());
        assertFails(SocketException.class, "Already bound", () -> bound.bind(anyPort()));
    }

    @Test
    void connectErrorsAreSocketExceptions() throws IOException {
        Pair pair = connect();
        InetSocketAddress remote = (InetSocketAddress) pair.client().getRemoteAddress();
        Socket connected = pair.client().socket();
        Exception failure = assertThrows(Exception.class, () -> connected.connect(remote));
        // JDK 17 lets the channel's exception through.
        assertTrue(
                failure.getClass() == AlreadyConnectedException.class
                        || failure.getClass() == SocketException.class
                                && failure.getMessage().equals("Already connected"),
                failure.toString());
        Socket negative = openSocket().socket();
        assertFails(IllegalArgumentException.class, () -> negative.connect(remote, -1));
        assertFails(IllegalArgumentException.class, () -> negative.connect(null));
        assertFalse(negative.isClosed());
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("host.invalid", 1);
        // JDK 25 closes the socket over it, JDK 17 does not.
        assertFails(
                UnknownHostException.class, () -> openSocket().socket().connect(unresolved, 100));
    }

    @Test
    void refusedConnectClosesTheSocket() throws IOException {
        InetSocketAddress nobody = refusingAddress();
        Socket socket = openSocket().socket();
        assertFails(ConnectException.class, "Connection refused", () -> socket.connect(nobody));
        assertTrue(socket.isClosed());
        Socket timed = openSocket().socket();
        assertFails(
                ConnectException.class, "Connection refused", () -> timed.connect(nobody, 5_000));
        assertTrue(timed.isClosed());
    }

    @Test
    void connectTimesOut() throws IOException {
        InetSocketAddress address = unansweringAddress();
        Socket socket = openSocket().socket();
        long start = System.nanoTime();
        assertFails(
                SocketTimeoutException.class,
                "Connect timed out",
                () -> socket.connect(address, 50));
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(49));
        assertTrue(socket.isClosed());
    }

    @Test
    void readTimesOutAndTheSocketStaysUsable() throws IOException {
        Pair pair = connect();
        Socket socket = pair.client().socket();
        socket.setSoTimeout(50);
        assertEquals(50, socket.getSoTimeout());
        InputStream in = socket.getInputStream();
        long start = System.nanoTime();
        assertFails(SocketTimeoutException.class, "Read timed out", in::read);
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(49));
        send(pair.server(), "x");
        socket.setSoTimeout(5_000);
        assertEquals('x', in.read());
        assertTrue(pair.client().isBlocking());
    }

    @Test
    void timeoutDoesNotApplyToTheChannel() throws Exception {
        Pair pair = connect();
        pair.client().socket().setSoTimeout(1);
        Background<String> reader =
                Background.call(() -> receive(pair.client(), 1)).awaitBlockedIn("read");
        send(pair.server(), "x");
        assertEquals("x", reader.result());
    }

    @Test
    void negativeTimeoutIsRefused() throws IOException {
        Socket socket = openSocket().socket();
        assertEquals(0, socket.getSoTimeout());
        assertFails(IllegalArgumentException.class, () -> socket.setSoTimeout(-1));
    }

    @Test
    void streamsCarryBytesBothWays() throws Exception {
        Pair pair = connect();
        byte[] up = randomBytes(3 << 20, 1);
        byte[] down = randomBytes(3 << 20, 2);
        InputStream clientIn = pair.client().socket().getInputStream();
        OutputStream clientOut = pair.client().socket().getOutputStream();
        InputStream serverIn = pair.server().socket().getInputStream();
        OutputStream serverOut = pair.server().socket().getOutputStream();
        Background<byte[]> server = Background.call(() -> serverIn.readNBytes(up.length));
        Background<byte[]> client = Background.call(() -> clientIn.readNBytes(down.length));
        Background<Void> upward = Background.run(() -> clientOut.write(up));
        serverOut.write(down);
        upward.result();
        assertArrayEquals(up, server.result());
        assertArrayEquals(down, client.result());
    }

    @Test
    void singleBytesAndRanges() throws IOException {
        Pair pair = connect();
        OutputStream out = pair.client().socket().getOutputStream();
        InputStream in = pair.server().socket().getInputStream();
        out.write(200);
        assertEquals(200, in.read());
        out.write(new byte[] {1, 2, 3, 4}, 1, 2);
        out.flush();
        byte[] bytes = new byte[4];
        assertEquals(2, in.readNBytes(bytes, 1, 2));
        assertArrayEquals(new byte[] {0, 2, 3, 0}, bytes);
        assertEquals(0, in.read(bytes, 0, 0));
        assertFails(IndexOutOfBoundsException.class, () -> in.read(bytes, 0, 5));
        assertFails(IndexOutOfBoundsException.class, () -> out.write(bytes, 3, 2));
        assertFails(NullPointerException.class, () -> in.read(null, 0, 1));
        out.close();
        assertFalse(pair.client().isOpen());
        assertEquals(-1, in.read());
    }

    @Test
    void availableCountsWhatIsThere() throws Exception {
        Pair pair = connect();
        InputStream in = pair.client().socket().getInputStream();
        assertEquals(0, in.available());
        send(pair.server(), "abc");
        Background.await(
                "3 bytes",
                () -> {
                    try {
                        return in.available() == 3;
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
    }

    @Test
    void blockedReadDoesNotBlockAWrite() throws Exception {
        Pair pair = connect();
        InputStream in = pair.client().socket().getInputStream();
        OutputStream out = pair.client().socket().getOutputStream();
        Background<Integer> reader = Background.call(() -> in.read()).awaitBlockedIn("read");
        out.write('x');
        assertEquals("x", receive(pair.server(), 1));
        assertFalse(reader.isDone());
        send(pair.server(), "y");
        assertEquals('y', reader.result());
    }

    @Test
    void timedReadDoesNotBlockAWrite() throws Exception {
        Pair pair = connect();
        pair.client().socket().setSoTimeout(10_000);
        InputStream in = pair.client().socket().getInputStream();
        Background<Integer> reader = Background.call(() -> in.read()).awaitBlockedIn("read");
        pair.client().socket().getOutputStream().write('x');
        assertEquals("x", receive(pair.server(), 1));
        send(pair.server(), "y");
        assertEquals('y', reader.result());
    }

    @Test
    void closeEndsABlockedStreamRead() throws Exception {
        Socket socket = connect().client().socket();
        InputStream in = socket.getInputStream();
        Background<Integer> reader = Background.call(() -> in.read()).awaitBlockedIn("read");
        socket.close();
        reader.failure(AsynchronousCloseException.class, false);
        assertFails(ClosedChannelException.class, in::read);
    }

    @Test
    void nonBlockingChannelRefusesTheStreams() throws IOException {
        Pair pair = connect();
        Socket socket = pair.client().socket();
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        pair.client().configureBlocking(false);
        assertFails(IllegalBlockingModeException.class, in::read);
        assertFails(IllegalBlockingModeException.class, () -> out.write(1));
        SocketChannel unconnected = openSocket();
        unconnected.configureBlocking(false);
        assertFails(
                IllegalBlockingModeException.class,
                () -> unconnected.socket().connect(anyPort(), 1));
    }

    @Test
    void halfClose() throws IOException {
        Pair pair = connect();
        Socket socket = pair.client().socket();
        socket.shutdownOutput();
        assertTrue(socket.isOutputShutdown());
        assertFalse(socket.isInputShutdown());
        assertEndOfStream(pair.server());
        send(pair.server(), "x");
        assertEquals('x', socket.getInputStream().read());
        socket.shutdownInput();
        assertTrue(socket.isInputShutdown());
        assertFails(SocketException.class, "Socket input is shutdown", socket::getInputStream);
        assertFails(SocketException.class, "Socket output is shutdown", socket::getOutputStream);
        assertFalse(socket.isClosed());
    }

    @Test
    void shutdownThroughTheChannelShowsInTheAdaptor() throws IOException {
        SocketChannel channel = connect().client();
        channel.shutdownInput();
        channel.shutdownOutput();
        assertTrue(channel.socket().isInputShutdown());
        assertTrue(channel.socket().isOutputShutdown());
    }

    @Test
    void optionsReachTheChannel() throws IOException {
        SocketChannel channel = connect().client();
        Socket socket = channel.socket();
        socket.setTcpNoDelay(true);
        assertTrue(socket.getTcpNoDelay());
        assertEquals(true, channel.getOption(StandardSocketOptions.TCP_NODELAY));
        socket.setKeepAlive(true);
        assertTrue(socket.getKeepAlive());
        assertEquals(true, channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
        socket.setReuseAddress(true);
        assertTrue(socket.getReuseAddress());
        assertEquals(-1, socket.getSoLinger());
        socket.setSoLinger(true, 7);
        assertEquals(7, socket.getSoLinger());
        assertEquals(7, channel.getOption(StandardSocketOptions.SO_LINGER));
        socket.setSoLinger(false, 0);
        assertEquals(-1, socket.getSoLinger());
        socket.setOOBInline(true);
        assertTrue(socket.getOOBInline());
        socket.setTrafficClass(0x10);
        socket.setSendBufferSize(32 << 10);
        socket.setReceiveBufferSize(32 << 10);
        assertTrue(socket.getSendBufferSize() > 0);
        assertTrue(socket.getReceiveBufferSize() > 0);
        assertTrue(socket.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY));
        assertSame(socket, socket.setOption(StandardSocketOptions.TCP_NODELAY, false));
        assertFalse(socket.getOption(StandardSocketOptions.TCP_NODELAY));
    }

    @Test
    void wrongOptionValuesAreRefused() throws IOException {
        Socket socket = openSocket().socket();
        assertFails(IllegalArgumentException.class, () -> socket.setSendBufferSize(0));
        assertFails(IllegalArgumentException.class, () -> socket.setReceiveBufferSize(-1));
        // The JDK's adaptor takes a negative linger for "off" where a plain Socket throws.
        socket.setSoLinger(true, -1);
        assertEquals(-1, socket.getSoLinger());
        assertFails(IllegalArgumentException.class, () -> socket.setTrafficClass(256));
    }

    @Test
    void urgentDataInLineIsRead() throws IOException {
        Pair pair = connect();
        pair.server().socket().setOOBInline(true);
        pair.client().socket().sendUrgentData('!');
        assertEquals("!", receive(pair.server(), 1));
    }

    @Test
    void urgentDataIsLeftOutOfTheStream() throws IOException {
        Pair pair = connect();
        send(pair.client(), "ab");
        pair.client().socket().sendUrgentData('!');
        send(pair.client(), "cd");
        assertEquals("abcd", receive(pair.server(), 4));
    }

    @Test
    void urgentDataCannotBeSentOnceOutputIsShut() throws IOException {
        Socket socket = connect().client().socket();
        socket.shutdownOutput();
        assertFails(AsynchronousCloseException.class, () -> socket.sendUrgentData(1));
    }

    @Test
    void closedChannelClosesTheAdaptor() throws IOException {
        SocketChannel channel = connect().client();
        Socket socket = channel.socket();
        channel.close();
        assertTrue(socket.isClosed());
        assertFails(SocketException.class, "Socket is closed", socket::getInputStream);
    }

    @Test
    void readOfTheChannelAndOfTheStreamShareOnePosition() throws IOException {
        Pair pair = connect();
        send(pair.server(), "ab");
        assertEquals('a', pair.client().socket().getInputStream().read());
        ByteBuffer dst = ByteBuffer.allocate(1);
        assertEquals(1, pair.client().read(dst));
        assertEquals('b', dst.get(0));
    }
}
