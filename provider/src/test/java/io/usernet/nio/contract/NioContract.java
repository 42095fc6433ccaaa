package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Deque;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** What all contracts share: channels of the subject, closed after each test, and a limit on every test. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class NioContract {
    /** Bounds a select that must return because something is ready or woken up. */
    static final long SELECT_MS = 10_000;

    private static final int MAX_FILL_BYTES = 256 << 20;
    private static final int MAX_BACKLOG_FILL = 64;

    final Subject subject;
    private final Deque<AutoCloseable> opened = new ConcurrentLinkedDeque<>();

    NioContract(Subject subject) {
        this.subject = subject;
    }

    /** Both ends of an established connection, in blocking mode. */
    record Pair(SocketChannel client, SocketChannel server) {}

    /** Two channels for datagrams. */
    record Datagrams(DatagramChannel one, DatagramChannel other) {}

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable c; (c = opened.pollLast()) != null; ) {
            c.close();
        }
    }

    final <T extends AutoCloseable> T closing(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    final SocketChannel openSocket() throws IOException {
        return closing(subject.provider().openSocketChannel());
    }

    /** Of IPv4, as all addresses here are. */
    final DatagramChannel openDatagram() throws IOException {
        return closing(subject.provider().openDatagramChannel(StandardProtocolFamily.INET));
    }

    /** Bound where servers are. */
    final DatagramChannel boundDatagram() throws IOException {
        return openDatagram().bind(anyPort());
    }

    /** Two channels that are connected to one another, in blocking mode. */
    final Datagrams connectDatagrams() throws IOException {
        DatagramChannel one = boundDatagram();
        DatagramChannel other = boundDatagram();
        return new Datagrams(one.connect(addressOf(other)), other.connect(addressOf(one)));
    }

    static InetSocketAddress addressOf(NetworkChannel channel) throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    /** At the wildcard of both families. */
    static InetSocketAddress anyPortOfBothFamilies() throws IOException {
        return new InetSocketAddress(InetAddress.getByAddress(new byte[16]), 0);
    }

    /** A port of the loopback of IPv6; where the machine has none, the test is left out. */
    static InetSocketAddress atIpv6Loopback(int port) throws IOException {
        byte[] bytes = new byte[16];
        bytes[15] = 1;
        InetAddress host = InetAddress.getByAddress(bytes);
        Assumptions.assumeTrue(NetworkInterface.getByInetAddress(host) != null, "no ::1 here");
        return new InetSocketAddress(host, port);
    }

    /** A UDP port that no socket has. */
    final InetSocketAddress deafAddress() throws IOException {
        try (DatagramChannel channel = boundDatagram()) {
            return addressOf(channel);
        }
    }

    /** Returns once the non-blocking channel is ready for one of the operations. */
    final void awaitReady(SelectableChannel channel, int ops) throws IOException {
        try (Selector selector = subject.provider().openSelector()) {
            channel.register(selector, ops);
            assertEquals(1, selector.select(SELECT_MS));
        }
    }

    final ServerSocketChannel openServer() throws IOException {
        return closing(subject.provider().openServerSocketChannel());
    }

    final Selector openSelector() throws IOException {
        return closing(subject.provider().openSelector());
    }

    final InetSocketAddress anyPort() {
        return new InetSocketAddress(subject.serverAddress(), 0);
    }

    final ServerSocketChannel listen() throws IOException {
        return openServer().bind(anyPort());
    }

    final SocketChannel connectTo(ServerSocketChannel server) throws IOException {
        SocketChannel client = openSocket();
        assertTrue(client.connect(server.getLocalAddress()));
        return client;
    }

    final SocketChannel acceptFrom(ServerSocketChannel server) throws IOException {
        SocketChannel accepted = server.accept();
        assertNotNull(accepted);
        return closing(accepted);
    }

    final Pair connect() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = connectTo(server);
        return new Pair(client, acceptFrom(server));
    }

    /** A port on which nobody listens. */
    final InetSocketAddress refusingAddress() throws IOException {
        try (ServerSocketChannel server = subject.provider().openServerSocketChannel()) {
            return (InetSocketAddress) server.bind(anyPort()).getLocalAddress();
        }
    }

    /** A listener whose queue is full, so that a further SYN goes unanswered, as Linux has it. */
    final InetSocketAddress unansweringAddress() throws IOException {
        ServerSocketChannel server = openServer().bind(anyPort(), 1);
        for (int i = 0; i < MAX_BACKLOG_FILL; i++) {
            SocketChannel filler = openSocket();
            filler.configureBlocking(false);
            filler.connect(server.getLocalAddress());
            try (Selector selector = subject.provider().openSelector()) {
                filler.register(selector, SelectionKey.OP_CONNECT);
                if (selector.select(100) == 0) {
                    return (InetSocketAddress) server.getLocalAddress();
                }
                assertTrue(filler.finishConnect());
            }
        }
        throw new AssertionError("the backlog of 1 never filled");
    }

    /** Makes the peer of this channel see a reset. */
    static void reset(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    static byte[] randomBytes(int n, long seed) {
        byte[] bytes = new byte[n];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    /** Writes all of it to a channel in blocking mode. */
    static void writeFully(WritableByteChannel channel, ByteBuffer src) throws IOException {
        while (src.hasRemaining()) {
            assertTrue(channel.write(src) > 0);
        }
    }

    static void send(WritableByteChannel channel, String text) throws IOException {
        writeFully(channel, ascii(text));
    }

    /** Reads exactly n bytes from a channel in blocking mode. */
    static byte[] readFully(ReadableByteChannel channel, int n) throws IOException {
        ByteBuffer dst = ByteBuffer.allocate(n);
        while (dst.hasRemaining()) {
            assertTrue(channel.read(dst) > 0, () -> "ended after " + dst.position());
        }
        return dst.array();
    }

    static String receive(ReadableByteChannel channel, int n) throws IOException {
        return new String(readFully(channel, n), StandardCharsets.US_ASCII);
    }

    static void assertEndOfStream(ReadableByteChannel channel) throws IOException {
        assertEquals(-1, channel.read(ByteBuffer.allocate(1)));
    }

    /** Writes to a non-blocking channel until it takes nothing, and returns how much it took. */
    static long fill(WritableByteChannel channel) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
        long total = 0;
        // Where no chunk fits a byte may; the stack may still be moving bytes to the peer's buffer;
        // and a kernel acknowledges 40 ms later, which makes room once more.
        for (int size = chunk.capacity(), refusals = 0; refusals < 4; ) {
            int n = channel.write(chunk.clear().limit(size));
            total += n;
            assertTrue(
                    total < MAX_FILL_BYTES, "the peer does not read, yet write takes everything");
            if (n == 0) {
                size = 1;
                refusals++;
                LockSupport.parkNanos(25_000_000);
            } else {
                refusals = 0;
            }
        }
        return total;
    }

    /** Throws exactly this class, not a subclass. */
    static <X extends Throwable> X assertFails(Class<X> type, Executable executable) {
        return Assertions.assertThrowsExactly(type, executable);
    }

    static <X extends Throwable> void assertFails(
            Class<X> type, String message, Executable executable) {
        assertEquals(message, assertFails(type, executable).getMessage());
    }

    /**
     * Throws ClosedChannelException or, as the JDK does wherever a blocking operation had begun before it looked,
     * AsynchronousCloseException.
     */
    static void assertFailsAsClosed(Executable executable) {
        ClosedChannelException failure =
                Assertions.assertThrows(ClosedChannelException.class, executable);
        assertFalse(failure instanceof ClosedByInterruptException);
    }

    /** The one selected key is this one, and it is ready for exactly these operations. */
    static void assertSelected(Selector selector, SelectionKey key, int readyOps) {
        assertEquals(1, selector.selectedKeys().size());
        assertSame(key, selector.selectedKeys().iterator().next());
        assertEquals(readyOps, key.readyOps());
    }
}
