package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** What all contracts share: channels and groups of the subject, ended after each test. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class AioContract {
    static final long LIMIT_S = 10;
    private static final int MAX_FILL_BYTES = 256 << 20;
    private static final int MAX_BACKLOG_FILL = 64;

    final Subject subject;
    private final Deque<AutoCloseable> opened = new ConcurrentLinkedDeque<>();

    AioContract(Subject subject) {
        this.subject = subject;
    }

    /** Both ends of an established connection. */
    record Pair(AsynchronousSocketChannel client, AsynchronousSocketChannel server) {}

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable c; (c = opened.pollLast()) != null; ) c.close();
    }

    final <T extends AutoCloseable> T closing(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    // -- groups

    private <T extends AsynchronousChannelGroup> T ending(T group) {
        closing(group::shutdownNow);
        return group;
    }

    /** A group of so many threads, which are named after the test's "group". */
    final AsynchronousChannelGroup fixed(int threads) throws IOException {
        return ending(subject.provider().openAsynchronousChannelGroup(threads, named("group")));
    }

    /** A group on an executor of the application's. */
    final AsynchronousChannelGroup on(ExecutorService executor, int initialSize)
            throws IOException {
        return ending(subject.provider().openAsynchronousChannelGroup(executor, initialSize));
    }

    final AsynchronousChannelGroup cached(int initialSize) throws IOException {
        return on(Executors.newCachedThreadPool(named("group")), initialSize);
    }

    static ThreadFactory named(String prefix) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    static boolean isOfGroup(Thread thread) {
        return thread.getName().startsWith("group-");
    }

    // -- channels

    final AsynchronousSocketChannel openSocket(AsynchronousChannelGroup group) throws IOException {
        return closing(subject.provider().openAsynchronousSocketChannel(group));
    }

    final AsynchronousSocketChannel openSocket() throws IOException {
        return openSocket(null);
    }

    final AsynchronousServerSocketChannel openServer(AsynchronousChannelGroup group)
            throws IOException {
        return closing(subject.provider().openAsynchronousServerSocketChannel(group));
    }

    final InetSocketAddress anyPort() {
        return new InetSocketAddress(subject.serverAddress(), 0);
    }

    final AsynchronousServerSocketChannel listen(AsynchronousChannelGroup group)
            throws IOException {
        return openServer(group).bind(anyPort());
    }

    final AsynchronousServerSocketChannel listen() throws IOException {
        return listen(null);
    }

    final Pair connect(AsynchronousChannelGroup group) throws Exception {
        return connect(group, group);
    }

    final Pair connect(AsynchronousChannelGroup ofClient, AsynchronousChannelGroup ofServer)
            throws Exception {
        AsynchronousServerSocketChannel server = listen(ofServer);
        Future<AsynchronousSocketChannel> accepting = server.accept();
        AsynchronousSocketChannel client = openSocket(ofClient);
        result(client.connect(server.getLocalAddress()));
        AsynchronousSocketChannel accepted = closing(result(accepting));
        // Tests send single bytes, which would wait for the acknowledgement of those before.
        client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return new Pair(client, accepted);
    }

    final Pair connect() throws Exception {
        return connect(null);
    }

    /** A port on which nobody listens. */
    final InetSocketAddress refusingAddress() throws IOException {
        try (AsynchronousServerSocketChannel server =
                subject.provider().openAsynchronousServerSocketChannel(null)) {
            return (InetSocketAddress) server.bind(anyPort()).getLocalAddress();
        }
    }

    /** A listener whose queue is full, so that a further SYN goes unanswered, as Linux has it. */
    final InetSocketAddress unansweringAddress() throws Exception {
        AsynchronousServerSocketChannel server = openServer(null).bind(anyPort(), 1);
        for (int i = 0; i < MAX_BACKLOG_FILL; i++) {
            try {
                openSocket().connect(server.getLocalAddress()).get(100, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                return (InetSocketAddress) server.getLocalAddress();
            }
        }
        throw new AssertionError("the backlog of 1 never filled");
    }

    /** Makes the peer of this channel see a reset, by closing while there is something to read. */
    static void reset(AsynchronousSocketChannel channel, AsynchronousSocketChannel peer)
            throws Exception {
        write(peer, "unread");
        // What it may read has arrived once a part of it was read.
        assertEquals("u", read(channel, 1));
        channel.close();
    }

    // -- reading and writing

    static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    static void write(AsynchronousSocketChannel channel, String text) throws Exception {
        ByteBuffer src = ascii(text);
        while (src.hasRemaining()) result(channel.write(src));
    }

    static String read(AsynchronousSocketChannel channel, int n) throws Exception {
        ByteBuffer dst = ByteBuffer.allocate(n);
        while (dst.hasRemaining()) assertTrue(result(channel.read(dst)) > 0);
        return new String(dst.array(), StandardCharsets.US_ASCII);
    }

    static void assertEndOfStream(AsynchronousSocketChannel channel) throws Exception {
        assertEquals(-1, result(channel.read(ByteBuffer.allocate(1))));
    }

    /** Writes until a write is not done for long, and returns that one. */
    static Future<Integer> fill(AsynchronousSocketChannel channel) throws Exception {
        channel.setOption(StandardSocketOptions.SO_SNDBUF, 16 << 10);
        for (long total = 0; total < MAX_FILL_BYTES; ) {
            Future<Integer> writing = channel.write(ByteBuffer.allocate(64 << 10));
            try {
                total += writing.get(300, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                return writing;
            }
        }
        throw new AssertionError("the peer does not read, yet write takes everything");
    }

    // -- results

    static <V> V result(Future<V> future) throws Exception {
        return future.get(LIMIT_S, TimeUnit.SECONDS);
    }

    /** The failure of an operation, whose class must be exactly this one. */
    static <X extends Throwable> X failure(Class<X> type, Future<?> future) {
        Throwable thrown = assertThrows(ExecutionException.class, () -> result(future)).getCause();
        if (thrown.getClass() != type) fail("no " + type.getName() + " but " + thrown, thrown);
        return type.cast(thrown);
    }

    /** Throws exactly this class, not a subclass. */
    static <X extends Throwable> X assertFails(Class<X> type, Executable executable) {
        return Assertions.assertThrowsExactly(type, executable);
    }

    static <X extends Throwable> void assertFails(
            Class<X> type, String message, Executable executable) {
        assertEquals(message, assertFails(type, executable).getMessage());
    }

    /** Polls a condition that another thread or the network brings about. */
    static void await(String what, BooleanSupplier condition) {
        for (long end = System.nanoTime() + LIMIT_S * 1_000_000_000; !condition.getAsBoolean(); ) {
            if (System.nanoTime() - end > 0) fail("never: " + what);
            LockSupport.parkNanos(200_000);
        }
    }
}
