package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Many threads use channels and one selector at random: every byte comes back, no key and no thread is
 * left, and the stack holds nothing in the end. {@code -Dusernet.test.random.seconds} for longer, and
 * {@code -Dusernet.test.random.seed} for another course.
 */
class RandomUseTest {
    private static final int SECONDS = Integer.getInteger("usernet.test.random.seconds", 2);
    private static final long SEED = Long.getLong("usernet.test.random.seed", 4);
    private static final int CLIENTS = 4;
    private static final int MOST_BYTES = 200_000;
    private static final long SELECT_MS = 10_000;

    private interface Course {
        void run(SplittableRandom random) throws Exception;
    }

    private final List<Throwable> failures = new ArrayList<>(); // guarded by itself
    private final AtomicInteger exchanges = new AtomicInteger();
    private volatile boolean stopping;

    @Test
    void everythingComesBackAndNothingIsLeft() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        try (Stack stack = Stack.builder().open()) {
            Selector selector = stack.provider().openSelector();
            ServerSocketChannel server = stack.provider().openServerSocketChannel();
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_000);
            server.configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            SocketAddress address = server.getLocalAddress();
            Thread echo = start("echo", random.split(), r -> echo(selector));
            List<Thread> users = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++)
                users.add(start("client", random.split(), r -> exchange(stack, address, r)));
            users.add(start("disturber", random.split(), r -> disturb(stack, selector, r)));
            TimeUnit.SECONDS.sleep(SECONDS);
            stopping = true;
            join(users);
            await("only the listener's key is left", () -> selector.wakeup().keys().size() == 1);
            selector.close();
            join(List.of(echo));
            server.close();
            synchronized (failures) {
                assertEquals(List.of(), failures);
            }
            assertTrue(exchanges.get() > 0, "nothing was exchanged");
            assertFalse(server.isRegistered());
            await("no connection is left", () -> stack.usage().connections() == 0);
            await("no memory is left in use", () -> stack.usage().memoryInUse() == 0);
            assertEquals(0, stack.usage().listeners());
        }
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void await(String what, Condition condition) throws Exception {
        for (int i = 0; !condition.holds(); i++) {
            assertTrue(i < 3_000, "never: " + what);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private Thread start(String name, SplittableRandom random, Course course) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                course.run(random);
                            } catch (Throwable t) {
                                synchronized (failures) {
                                    failures.add(t);
                                }
                            }
                        },
                        name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void join(List<Thread> these) throws Exception {
        for (Thread thread : these) {
            thread.join(60_000);
            if (!thread.isAlive()) continue;
            AssertionError stuck = new AssertionError(thread.getName() + " is stuck");
            stuck.setStackTrace(thread.getStackTrace());
            synchronized (failures) {
                failures.forEach(stuck::addSuppressed); // why, perhaps
            }
            throw stuck;
        }
    }

    // -- the server: one selector, which gives every byte back

    private void echo(Selector selector) throws IOException {
        while (selector.isOpen()) {
            try {
                selector.select();
                for (var keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
                    SelectionKey key = keys.next();
                    keys.remove();
                    serve(selector, key);
                }
            } catch (ClosedSelectorException e) {
                assert !selector.isOpen();
            }
        }
    }

    private void serve(Selector selector, SelectionKey key) throws IOException {
        try {
            if (key.channel() instanceof Pipe.SourceChannel source) {
                drain(source);
            } else if (key.isAcceptable()) {
                SocketChannel accepted = ((ServerSocketChannel) key.channel()).accept();
                if (accepted == null) return;
                accepted.configureBlocking(false);
                accepted.register(selector, SelectionKey.OP_READ, ByteBuffer.allocate(20_000));
            } else {
                giveBack(key, (SocketChannel) key.channel(), (ByteBuffer) key.attachment());
            }
        } catch (CancelledKeyException e) {
            assert !key.isValid(); // by the disturber
        }
    }

    private void drain(Pipe.SourceChannel source) throws IOException {
        try {
            source.read(ByteBuffer.allocate(100));
        } catch (ClosedChannelException e) {
            assert !source.isOpen(); // by the disturber
        }
    }

    private void giveBack(SelectionKey key, SocketChannel channel, ByteBuffer held) {
        try {
            boolean ended = channel.read(held) < 0;
            held.flip();
            channel.write(held);
            held.compact();
            if (ended && held.position() == 0) channel.close();
            else if (ended || !held.hasRemaining()) key.interestOps(SelectionKey.OP_WRITE);
            else if (held.position() > 0)
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            else key.interestOps(SelectionKey.OP_READ);
        } catch (IOException e) {
            close(channel); // the client has reset it
        }
    }

    private void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new AssertionError("close fails", e);
        }
    }

    // -- clients

    private void exchange(Stack stack, SocketAddress address, SplittableRandom random)
            throws Exception {
        while (!stopping) {
            try (SocketChannel channel = stack.provider().openSocketChannel()) {
                channel.connect(address);
                byte[] sent = new byte[random.nextInt(1, MOST_BYTES)];
                random.nextBytes(sent);
                byte[] got =
                        random.nextBoolean()
                                ? blocking(channel, sent, random.nextInt(1, sent.length + 1))
                                : nonBlocking(stack, channel, sent, random);
                assertArrayEquals(sent, got);
                if (random.nextInt(3) == 0)
                    channel.setOption(StandardSocketOptions.SO_LINGER, 0); // closes by a reset
                else if (random.nextBoolean()) finish(channel);
            }
            exchanges.incrementAndGet();
        }
    }

    /** Writes in a thread of its own, since what comes back must be read meanwhile. */
    private byte[] blocking(SocketChannel channel, byte[] sent, int chunk) throws Exception {
        Thread writer =
                start(
                        "writer",
                        new SplittableRandom(),
                        r -> {
                            for (int at = 0; at < sent.length; at += chunk) {
                                int n = Math.min(chunk, sent.length - at);
                                channel.write(ByteBuffer.wrap(sent, at, n));
                            }
                        });
        ByteBuffer got = ByteBuffer.allocate(sent.length);
        while (got.hasRemaining() && channel.read(got) >= 0)
            ;
        join(List.of(writer));
        return got.array();
    }

    private byte[] nonBlocking(
            Stack stack, SocketChannel channel, byte[] sent, SplittableRandom random)
            throws IOException {
        channel.configureBlocking(false);
        ByteBuffer src = ByteBuffer.wrap(sent), got = ByteBuffer.allocate(sent.length);
        try (Selector selector = stack.provider().openSelector()) {
            SelectionKey key =
                    channel.register(selector, SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            while (got.hasRemaining()) {
                int n = selector.select(SELECT_MS);
                assertEquals(1, n, "select returned for nothing");
                selector.selectedKeys().clear();
                if (key.isReadable() && channel.read(got) < 0) break;
                if (key.isWritable()) {
                    src.limit(Math.min(sent.length, src.position() + random.nextInt(1, 50_000)));
                    channel.write(src);
                }
                if (src.position() == sent.length) key.interestOps(SelectionKey.OP_READ);
            }
        }
        channel.configureBlocking(true);
        return got.array();
    }

    /** The orderly end: the server closes too once it has read ours. */
    private void finish(SocketChannel channel) throws IOException {
        channel.shutdownOutput();
        assertEquals(-1, channel.read(ByteBuffer.allocate(1)));
    }

    // -- who disturbs the server's selector

    private void disturb(Stack stack, Selector selector, SplittableRandom random) throws Exception {
        while (!stopping) {
            Pipe pipe = stack.provider().openPipe();
            try (Pipe.SourceChannel source = pipe.source();
                    Pipe.SinkChannel sink = pipe.sink()) {
                source.configureBlocking(false);
                SelectionKey key = source.register(selector, SelectionKey.OP_READ);
                for (int i = random.nextInt(50); i > 0; i--) {
                    switch (random.nextInt(5)) {
                        case 0 -> selector.wakeup();
                        case 1 -> sink.write(ByteBuffer.allocate(random.nextInt(100)));
                        case 2 -> key.interestOps(random.nextInt(2));
                        case 3 -> key.interestOpsOr(SelectionKey.OP_READ);
                        default -> assertTrue(selector.keys().contains(key));
                    }
                }
                if (random.nextBoolean()) key.cancel();
            }
        }
    }
}
