package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Async;
import io.usernet.config.StackConfig;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Threads use channels of the stack, of the kernel, routed to either, and of UNIX-domain sockets at
 * random, on several selectors: every byte is heard of, and no descriptor is left. {@code
 * -Dusernet.test.random.seconds} for longer, and {@code -Dusernet.test.random.seed} for another course.
 */
class MixedRandomUseTest {
    private static final int SECONDS = Integer.getInteger("usernet.test.random.seconds", 2);
    private static final long SEED = Long.getLong("usernet.test.random.seed", 1);
    private static final int SELECTORS = 3, USERS = 4, STEPS = 12;
    private static final long SOON_NS = TimeUnit.SECONDS.toNanos(10);

    private final Engine engine = Engine.open(StackConfig.defaults(), null, "mixed");
    private final List<Selector> selectors = new ArrayList<>();
    private final List<ServerSocketChannel> listeners = new ArrayList<>();
    private final List<SelectorProvider> clients = new ArrayList<>();
    private volatile boolean ended;

    @Test
    void everyByteIsHeardOf(@TempDir Path directory) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        SplittableRandom seeds = new SplittableRandom(SEED);
        open(directory);
        List<CompletableFuture<Void>> selecting = new ArrayList<>();
        for (Selector selector : selectors) {
            SplittableRandom random = seeds.split();
            selecting.add(Async.run(() -> select(selector, random)));
        }
        converse(seeds.split(), 50, Long.MAX_VALUE); // what this costs the first time isn't counted
        int before = Descriptors.count();
        List<CompletableFuture<Void>> using = new ArrayList<>();
        for (int i = 0; i < USERS; i++) {
            SplittableRandom random = seeds.split();
            using.add(Async.run(() -> converse(random, Integer.MAX_VALUE, endNs)));
        }
        for (CompletableFuture<Void> user : using) user.get(SECONDS + 60, TimeUnit.SECONDS);
        ended = true;
        for (Selector selector : selectors) selector.wakeup();
        for (CompletableFuture<Void> selector : selecting) selector.get(10, TimeUnit.SECONDS);
        for (Selector selector : selectors) {
            selector.selectNow();
            assertEquals(0, selector.keys().size());
        }
        // Besides, selectors and servers on both have two of their own, from the first time that
        // they need them.
        Descriptors.assertNoMoreThan(before + 2 * (selectors.size() + listeners.size()));
        for (Selector selector : selectors) selector.close();
        for (ServerSocketChannel listener : listeners) listener.close();
        engine.close(TimeUnit.SECONDS.toNanos(5));
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    private void open(Path directory) throws IOException {
        StackSelectorProvider stack = new StackSelectorProvider(() -> engine),
                loopback = routed("loopback,unix", "stack"),
                both = routed("loopback", "both");
        InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        InetSocketAddress any = new InetSocketAddress(0);
        listen(stack, stack.openServerSocketChannel().bind(local));
        listen(loopback, Kernel.provider().openServerSocketChannel().bind(local));
        listen(loopback, both.openServerSocketChannel().bind(any)); // on the stack: it is there
        listen(Kernel.provider(), both.openServerSocketChannel().bind(any));
        listen(
                loopback,
                loopback.openServerSocketChannel(StandardProtocolFamily.UNIX)
                        .bind(UnixDomainSocketAddress.of(directory.resolve("socket"))));
        for (int i = 0; i < SELECTORS; i++) selectors.add(loopback.openSelector());
    }

    private StackSelectorProvider routed(String rules, String wildcard) {
        var parsed = Rules.of(rules, wildcard);
        return new StackSelectorProvider(() -> engine, () -> parsed);
    }

    private void listen(SelectorProvider client, ServerSocketChannel listener) {
        clients.add(client);
        listeners.add(listener);
    }

    // -- those who select

    private void select(Selector selector, SplittableRandom random) {
        try {
            while (!ended) {
                switch (random.nextInt(4)) {
                    case 0 -> selector.select();
                    case 1 -> selector.select(1 + random.nextInt(5));
                    case 2 -> selector.selectNow();
                    default -> selector.select(MixedRandomUseTest::hear);
                }
                for (SelectionKey key : selector.selectedKeys()) hear(key);
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The key may have been cancelled, or its channel closed, meanwhile. */
    private static void hear(SelectionKey key) {
        try {
            int n = ((SocketChannel) key.channel()).read(ByteBuffer.allocate(8));
            if (n > 0) ((AtomicInteger) key.attachment()).addAndGet(n);
            else if (n < 0) key.cancel();
        } catch (ClosedChannelException e) {
            assertTrue(!key.channel().isOpen());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // -- those who use

    private void converse(SplittableRandom random, int times, long endNs) {
        try {
            for (int i = 0; i < times && System.nanoTime() < endNs; i++) converse(random);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void converse(SplittableRandom random) throws IOException {
        int kind = random.nextInt(listeners.size());
        SocketChannel one, other;
        ServerSocketChannel listener = listeners.get(kind);
        synchronized (listener) { // so that they belong together
            one = connected(clients.get(kind), listener);
            other = listener.accept();
        }
        boolean acceptedHears = random.nextBoolean();
        SocketChannel speaker = acceptedHears ? one : other, hearer = acceptedHears ? other : one;
        try (speaker;
                hearer) {
            converse(random, speaker, hearer);
        }
        for (Selector selector : selectors) selector.wakeup();
    }

    private static SocketChannel connected(SelectorProvider by, ServerSocketChannel to)
            throws IOException {
        if (to.getLocalAddress() instanceof InetSocketAddress inet) {
            SocketChannel client = by.openSocketChannel();
            InetAddress host = InetAddress.getLoopbackAddress();
            assertTrue(client.connect(new InetSocketAddress(host, inet.getPort())));
            return client;
        }
        SocketChannel client = by.openSocketChannel(StandardProtocolFamily.UNIX);
        assertTrue(client.connect(to.getLocalAddress()));
        return client;
    }

    private void converse(SplittableRandom random, SocketChannel speaker, SocketChannel hearer)
            throws IOException {
        AtomicInteger heard = new AtomicInteger();
        int said = 0, at = random.nextInt(SELECTORS);
        hearer.configureBlocking(false);
        SelectionKey key = hearer.register(selectors.get(at), SelectionKey.OP_READ, heard);
        for (int step = 0; step < STEPS; step++) {
            switch (random.nextInt(6)) {
                case 0, 1 -> said += speaker.write(ByteBuffer.allocate(1 + random.nextInt(3)));
                case 2 -> key.interestOps(0);
                case 3 -> key.interestOps(SelectionKey.OP_READ);
                case 4 -> selectors.get(random.nextInt(SELECTORS)).wakeup();
                default -> {
                    key.cancel();
                    selectors.get(at).wakeup();
                    at = (at + 1 + random.nextInt(SELECTORS - 1)) % SELECTORS;
                    key = register(hearer, selectors.get(at), heard);
                }
            }
        }
        key.interestOps(SelectionKey.OP_READ);
        await(heard, said, hearer);
        if (random.nextBoolean()) key.cancel();
    }

    /** Again, as soon as the selector has let go of a key that was cancelled. */
    private static SelectionKey register(
            SocketChannel hearer, Selector selector, AtomicInteger heard) throws IOException {
        while (true) {
            try {
                return hearer.register(selector, SelectionKey.OP_READ, heard);
            } catch (CancelledKeyException e) {
                selector.wakeup();
                if (Thread.interrupted()) throw e;
                LockSupport.parkNanos(20_000);
            }
        }
    }

    private static void await(AtomicInteger heard, int said, SocketChannel hearer) {
        long endNs = System.nanoTime() + SOON_NS;
        while (heard.get() < said && System.nanoTime() < endNs) LockSupport.parkNanos(20_000);
        assertEquals(said, heard.get(), "bytes heard by " + hearer);
    }
}
