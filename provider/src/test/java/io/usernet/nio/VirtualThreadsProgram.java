package io.usernet.nio;

import io.usernet.Stack;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Run in a JVM of its own by {@link VirtualThreadsTest}: so many virtual threads blocked on one stack at
 * once, which all end rightly, whether they get what they wait for, are interrupted or lose their
 * channel. Of ten, six read, two accept, one writes and one connects. Prints what that costs.
 */
final class VirtualThreadsProgram {
    private static final int PER_LISTENER = 100;
    private static final int CONNECTIONS_PER_PORT =
            20_000; // ports of clients are fewer than 28,232
    private static final int SMALL = 4 << 10;
    private static final int WRITTEN = 64 << 10;
    private static final ByteBuffer ZEROS = ByteBuffer.allocate(WRITTEN); // not one for each writer
    private static final long LIMIT_NS = 300_000_000_000L;

    /** How a thread that waits is ended. */
    private enum End {
        GIVEN(null),
        INTERRUPTED(ClosedByInterruptException.class),
        CLOSED(AsynchronousCloseException.class);

        final Class<? extends IOException> failure;

        End(Class<? extends IOException> failure) {
            this.failure = failure;
        }

        static End of(int i) {
            return i % 2 == 0 ? GIVEN : i % 4 == 1 ? INTERRUPTED : CLOSED;
        }
    }

    private interface Call {
        void run() throws IOException;
    }

    /**
     * A thread that is to block in a call on a channel.
     *
     * @param given gives it what it waits for
     */
    private record Waiter(Thread thread, NetworkChannel channel, End end, Call given) {
        void release() throws IOException {
            switch (end) {
                case GIVEN -> given.run();
                case INTERRUPTED -> thread.interrupt();
                case CLOSED -> channel.close();
            }
        }
    }

    /** Both ends of a connection. */
    private record Pair(SocketChannel client, SocketChannel server) {}

    private final Stack stack;
    private final List<Waiter> waiters = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>(); // guarded by itself
    private final List<NetworkChannel> others = new ArrayList<>();
    private final List<ServerSocketChannel> listeners = new ArrayList<>(); // for connections to
    private int connections;

    private VirtualThreadsProgram(Stack stack) {
        this.stack = stack;
    }

    /**
     * @param args how many threads
     */
    public static void main(String[] args) throws Exception {
        int threads = Integer.parseInt(args[0]);
        try (Stack stack = Stack.builder().open()) {
            new VirtualThreadsProgram(stack).run(threads);
        }
        System.out.println("ended well");
    }

    private void run(int threads) throws Exception {
        // Before their clients have the ports.
        List<ServerSocketChannel> acceptors = new ArrayList<>();
        for (int i = 0; i < threads * 2 / 10 / PER_LISTENER; i++) acceptors.add(listen());
        for (int i = 0; i < threads; i += CONNECTIONS_PER_PORT) listeners.add(listen());
        SocketAddress silent = silent();
        long empty = heap(), start = System.nanoTime();
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < threads * 6 / 10; i += 2) pairs.add(connect());
        long connected = heap();
        System.out.printf(
                "%d connection ends at rest: %d bytes of heap each, %s%n",
                2 * pairs.size(), (connected - empty) / (2 * pairs.size()), stack.usage());

        for (int i = 0; i < pairs.size(); i++) {
            Pair pair = pairs.get(i);
            End end = End.of(i);
            wait(pair.client(), end, () -> read(pair.client(), 1), () -> write(pair.server(), 1));
            // Whose peer is closed reads the end of the stream.
            int wanted = end == End.GIVEN ? 1 : -1;
            Call give = end == End.GIVEN ? () -> write(pair.client(), 1) : () -> {};
            wait(pair.server(), End.GIVEN, () -> read(pair.server(), wanted), give);
        }
        for (int i = 0; i < acceptors.size(); i++) accept(acceptors.get(i), End.of(i));
        for (int i = 0; i < threads / 10; i++) writer(End.of(i));
        for (int i = 0; i < threads / 10; i++) connecter(silent, End.of(2 * i + 1));
        await("all blocked", () -> waiters.stream().allMatch(w -> isBlocked(w.thread())));
        System.out.printf(
                "%d threads blocked after %d ms: %d bytes of heap each, %s%n",
                waiters.size(),
                (System.nanoTime() - start) / 1_000_000,
                (heap() - empty) / waiters.size(),
                stack.usage());

        start = System.nanoTime();
        for (Waiter waiter : waiters) waiter.release();
        await("all ended", () -> waiters.stream().noneMatch(w -> w.thread().isAlive()));
        System.out.printf("released within %d ms%n", (System.nanoTime() - start) / 1_000_000);
        synchronized (wrong) {
            if (!wrong.isEmpty())
                throw new AssertionError(wrong.size() + " ended wrongly, such as " + wrong.get(0));
        }
        for (Waiter waiter : waiters) waiter.channel().close();
        for (NetworkChannel other : others) other.close();
    }

    // -- who waits

    private void accept(ServerSocketChannel server, End end) {
        for (int i = 0; i < PER_LISTENER; i++) {
            // The first one is interrupted, which closes the channel for all.
            End each = end == End.INTERRUPTED && i > 0 ? End.CLOSED : end;
            wait(server, each, () -> others(server.accept()), () -> others(connectTo(server)));
        }
    }

    private void writer(End end) throws IOException {
        Pair pair = connect();
        others(pair.server());
        wait(
                pair.client(),
                end,
                () -> write(pair.client(), WRITTEN),
                () -> read(pair.server(), WRITTEN));
    }

    /** Nothing comes from there: it can only be ended. */
    private void connecter(SocketAddress silent, End end) throws IOException {
        SocketChannel channel = stack.provider().openSocketChannel();
        wait(channel, end, () -> channel.connect(silent), () -> {});
    }

    private void wait(NetworkChannel channel, End end, Call call, Call given) {
        waiters.add(new Waiter(startVirtual(() -> call(call, end)), channel, end, given));
    }

    private void call(Call call, End end) {
        try {
            call.run();
            if (end == End.GIVEN) return;
            wrong("it returned, although " + end, null);
        } catch (ClosedChannelException e) {
            // Who queued up behind the one that was inside finds the channel closed.
            boolean queued = end == End.CLOSED && e.getClass() == ClosedChannelException.class;
            if (end.failure != e.getClass() && !queued) wrong(e + ", although " + end, e);
        } catch (Throwable t) {
            wrong(t + ", although " + end, t);
        }
    }

    private void wrong(String what, Throwable thrown) {
        synchronized (wrong) {
            wrong.add(what);
            if (thrown != null && wrong.size() == 1) thrown.printStackTrace();
        }
    }

    // -- channels

    private ServerSocketChannel listen() throws IOException {
        ServerSocketChannel server = stack.provider().openServerSocketChannel();
        server.setOption(StandardSocketOptions.SO_RCVBUF, SMALL);
        others(server);
        return server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /** With small buffers. */
    private Pair connect() throws IOException {
        ServerSocketChannel listener = listeners.get(connections++ % listeners.size());
        SocketChannel client = connectTo(listener);
        return new Pair(client, listener.accept());
    }

    private SocketChannel connectTo(ServerSocketChannel server) throws IOException {
        SocketChannel client = stack.provider().openSocketChannel();
        client.setOption(StandardSocketOptions.SO_SNDBUF, SMALL);
        client.connect(server.getLocalAddress());
        return client;
    }

    /** A listener with a full queue, which answers nobody. */
    private SocketAddress silent() throws IOException {
        ServerSocketChannel server = stack.provider().openServerSocketChannel();
        others(server);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
        for (int i = 0; i < 4; i++) {
            SocketChannel filler = stack.provider().openSocketChannel();
            others(filler);
            filler.configureBlocking(false);
            filler.connect(server.getLocalAddress());
        }
        return server.getLocalAddress();
    }

    private void others(NetworkChannel channel) {
        synchronized (others) {
            others.add(channel);
        }
    }

    private static void read(SocketChannel channel, int wanted) throws IOException {
        ByteBuffer dst = ByteBuffer.allocate(Math.max(wanted, 1));
        int total = 0;
        for (int n; total < wanted || wanted < 0; total += n)
            if ((n = channel.read(dst)) < 0) break;
        if (total != Math.max(wanted, 0)) throw new IOException("read " + total + " of " + wanted);
    }

    private static void write(SocketChannel channel, int bytes) throws IOException {
        ByteBuffer src = ZEROS.duplicate().limit(bytes);
        while (src.hasRemaining()) channel.write(src);
    }

    // -- threads, memory, time

    private static boolean isBlocked(Thread thread) {
        return thread.getState() == Thread.State.WAITING;
    }

    /** By reflection, since JDK 17 has none. */
    private static Thread startVirtual(Runnable task) {
        try {
            Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
            return (Thread) start.invoke(null, task);
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            throw new AssertionError(e);
        }
    }

    private static long heap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        for (long end = System.nanoTime() + LIMIT_NS; !condition.getAsBoolean(); Thread.sleep(50))
            if (System.nanoTime() - end > 0) throw new AssertionError("never: " + what);
    }
}
