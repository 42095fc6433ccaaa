package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Async;
import io.usernet.config.PassThrough;
import io.usernet.config.StackConfig;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One selector with channels of the stack and of the kernel. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MixedSelectorTest {
    private static final int READ = SelectionKey.OP_READ, WRITE = SelectionKey.OP_WRITE;
    private static final long LONG_MS = 30_000;
    private static final PassThrough UNIX =
            new PassThrough(false, false, true, List.of(), PassThrough.Wildcard.STACK);

    private static Engine engine;

    @TempDir static Path directory;

    private final SelectorProvider provider = new StackSelectorProvider(() -> engine, () -> UNIX);
    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void open() {
        engine = Engine.open(StackConfig.defaults(), null, "mixed");
    }

    @AfterAll
    static void close() {
        engine.close(TimeUnit.SECONDS.toNanos(5));
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : opened) one.close();
    }

    /** Two ends of a connection; the reader is non-blocking. */
    private record Pair(SocketChannel writer, SocketChannel reader) {
        void send() throws IOException {
            assertEquals(1, writer.write(ByteBuffer.allocate(1)));
        }

        void drain() throws IOException {
            ByteBuffer room = ByteBuffer.allocate(64);
            while (reader.read(room.clear()) > 0) {}
        }

        /** The reader first, so that its selector doesn't see the end. */
        void close() throws IOException {
            reader.close();
            writer.close();
        }
    }

    private <T extends AutoCloseable> T closing(T one) {
        opened.add(one);
        return one;
    }

    private Selector openSelector() throws IOException {
        return closing(provider.openSelector());
    }

    private Pair pair(SocketChannel client, ServerSocketChannel server) throws IOException {
        // Else a byte waits until the one before it is acknowledged.
        if (client.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY))
            client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        client.connect(server.getLocalAddress());
        SocketChannel accepted = server.accept();
        accepted.configureBlocking(false);
        return new Pair(closing(client), closing(accepted));
    }

    private Pair stackPair() throws IOException {
        try (ServerSocketChannel server = provider.openServerSocketChannel()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return pair(provider.openSocketChannel(), server);
        }
    }

    private Pair kernelPair() throws IOException {
        try (ServerSocketChannel server = Kernel.provider().openServerSocketChannel()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return pair(Kernel.provider().openSocketChannel(), server);
        }
    }

    private Pair unixPair() throws IOException {
        Path path = directory.resolve("wire");
        try (ServerSocketChannel server =
                provider.openServerSocketChannel(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            return pair(provider.openSocketChannel(StandardProtocolFamily.UNIX), server);
        } finally {
            path.toFile().delete();
        }
    }

    private static CompletableFuture<Integer> selectElsewhere(Selector selector) {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                result.complete(selector.select(LONG_MS));
                            } catch (Throwable t) {
                                result.completeExceptionally(t);
                            }
                        });
        thread.start();
        awaitAsleep(thread);
        return result;
    }

    /** Until it sleeps, in the kernel or parked: then several looks on end find it in native code. */
    private static void awaitAsleep(Thread thread) {
        for (int samples = 0; samples < 5 && thread.isAlive(); ) {
            StackTraceElement[] stack = thread.getStackTrace();
            samples = stack.length > 0 && stack[0].isNativeMethod() ? samples + 1 : 0;
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static void await(String what, java.util.function.BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "never: " + what);
            LockSupport.parkNanos(200_000);
        }
    }

    // -- what is reported

    @Test
    void allKindsOfChannelsInOneSelector() throws Exception {
        Selector selector = openSelector();
        List<Pair> pairs = List.of(stackPair(), kernelPair(), unixPair());
        Set<SelectionKey> all = new HashSet<>();
        for (Pair pair : pairs) all.add(pair.reader().register(selector, READ));
        Pipe pipe = provider.openPipe();
        pipe.source().configureBlocking(false);
        all.add(pipe.source().register(selector, READ));
        assertEquals(all, selector.keys());
        assertEquals(0, selector.selectNow());

        for (Pair pair : pairs) pair.send();
        pipe.sink().write(ByteBuffer.allocate(1));
        int selected = 0;
        while (selected < 4) selected += selector.select(LONG_MS);
        assertEquals(4, selected);
        assertEquals(all, selector.selectedKeys());
        assertEquals(0, selector.selectNow(), "nothing new");

        selector.selectedKeys().clear();
        assertEquals(4, selector.select(LONG_MS), "level-triggered");
        selector.selectedKeys().clear();
        for (Pair pair : pairs) pair.drain();
        AtomicInteger given = new AtomicInteger();
        assertEquals(1, selector.select(key -> given.incrementAndGet(), LONG_MS));
        assertEquals(1, given.get());
        pipe.sink().close();
        pipe.source().close();
    }

    @Test
    void readyOpsAreTheUnionOfStackAndLegs() throws Exception {
        Selector selector = openSelector();
        SwitchChannel channel = new SwitchChannel();
        channel.configureBlocking(false);
        StackSelectionKey key = (StackSelectionKey) channel.register(selector, READ);
        Pair leg = kernelPair(), other = unixPair();
        key.watch(leg.reader());
        key.watch(other.reader());
        assertEquals(0, selector.selectNow());
        key.interestOps(READ | WRITE);
        assertEquals(1, selector.select(LONG_MS));
        assertEquals(WRITE, key.readyOps());
        channel.signal(READ);
        assertEquals(1, selector.select(LONG_MS));
        assertEquals(READ | WRITE, key.readyOps());
        selector.selectedKeys().clear();
        channel.set(0);
        key.interestOps(READ);
        assertEquals(0, selector.selectNow());
        other.send();
        assertEquals(1, selector.select(LONG_MS));
        assertEquals(READ, key.readyOps());
    }

    @Test
    void timeoutIsNotTooShort() throws Exception {
        Selector selector = openSelector();
        kernelPair().reader().register(selector, READ);
        for (int ms = 1; ms < 20; ms++) {
            long before = System.nanoTime();
            assertEquals(0, selector.select(ms));
            assertTrue(System.nanoTime() - before >= TimeUnit.MILLISECONDS.toNanos(ms));
        }
    }

    // -- wakeups

    @Test
    void newsOfTheStackEndsASleepInTheKernel() throws Exception {
        Selector selector = openSelector();
        kernelPair().reader().register(selector, READ);
        Pair pair = stackPair();
        pair.reader().register(selector, READ);
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        pair.send();
        assertEquals(1, selecting.get());
    }

    @Test
    void wakeupEndsASleepInTheKernelOnce() throws Exception {
        Selector selector = openSelector();
        kernelPair().reader().register(selector, READ);
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        selector.wakeup();
        assertEquals(0, selecting.get());
        selecting = selectElsewhere(selector);
        assertFalse(selecting.isDone());
        selector.wakeup();
        selector.wakeup();
        assertEquals(0, selecting.get());
    }

    @Test
    void wakeupBeforeSelectHidesNothingOfTheKernels() throws Exception {
        Selector selector = openSelector();
        Pair pair = unixPair();
        pair.reader().register(selector, READ);
        pair.send();
        selector.wakeup();
        assertEquals(1, selector.select(LONG_MS));
    }

    @Test
    void signalWhoseCauseIsGoneEndsNoSleepInTheKernel() throws Exception {
        Selector selector = openSelector();
        kernelPair().reader().register(selector, READ);
        SwitchChannel channel = new SwitchChannel();
        channel.configureBlocking(false);
        StackSelectionKey key = (StackSelectionKey) channel.register(selector, READ);
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        for (int i = 0; i < 1000; i++) ((StackSelector) selector).candidate(key);
        assertFalse(selecting.isDone());
        channel.signal(READ);
        assertEquals(1, selecting.get());
    }

    @Test
    void interruptEndsASleepInTheKernel() throws Exception {
        Selector selector = openSelector();
        kernelPair().reader().register(selector, READ);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                selector.select(LONG_MS);
                                interrupted.complete(Thread.currentThread().isInterrupted());
                            } catch (Throwable t) {
                                interrupted.completeExceptionally(t);
                            }
                        });
        thread.start();
        awaitAsleep(thread);
        thread.interrupt();
        assertTrue(interrupted.get());
    }

    /** One at a time, from the stack, the kernel and wakeup(), in random order: none is slept through. */
    @Test
    void everyWakeUpOfEveryKindReachesTheSelector() throws Exception {
        Selector selector = openSelector();
        Pair stack = stackPair(), unix = unixPair(), kernel = kernelPair();
        SwitchChannel channel = new SwitchChannel();
        channel.configureBlocking(false);
        for (Pair pair : List.of(stack, unix, kernel)) pair.reader().register(selector, READ);
        channel.register(selector, READ);
        int rounds = 10_000;
        int[] kinds = new SplittableRandom(11).ints(rounds, 0, 5).toArray();
        Semaphore turn = new Semaphore(1);
        CompletableFuture<Void> waking =
                Async.run(
                        () -> {
                            try {
                                for (int kind : kinds) {
                                    turn.acquireUninterruptibly();
                                    switch (kind) {
                                        case 0 -> stack.send();
                                        case 1 -> unix.send();
                                        case 2 -> kernel.send();
                                        case 3 -> channel.signal(READ);
                                        default -> selector.wakeup();
                                    }
                                }
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
        for (int round = 0; round < rounds; round++) {
            int selected = selector.select(LONG_MS / 2);
            if (waking.isCompletedExceptionally()) waking.get();
            assertEquals(kinds[round] == 4 ? 0 : 1, selected, round + " of kind " + kinds[round]);
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.channel() == channel) channel.set(0);
                else assertEquals(1, ((SocketChannel) key.channel()).read(ByteBuffer.allocate(1)));
            }
            selector.selectedKeys().clear();
            turn.release();
        }
        waking.get();
        assertEquals(0, selector.selectNow());
    }

    /** Where something burns CPU while it waits, that is seen in the time that the thread has used. */
    @Test
    void waitingUsesNoCpu() throws Exception {
        Selector selector = openSelector();
        for (Pair pair : List.of(stackPair(), kernelPair(), unixPair())) {
            pair.reader().register(selector, READ);
        }
        assertEquals(0, selector.select(1));
        long before = cpuNs();
        assertEquals(0, selector.select(1000));
        assertTrue(cpuNs() - before < TimeUnit.MILLISECONDS.toNanos(200));
    }

    /** By reflection: the module under test reads java.base alone. */
    private static long cpuNs() throws ReflectiveOperationException {
        Object threads =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        return (long)
                Class.forName("java.lang.management.ThreadMXBean")
                        .getMethod("getCurrentThreadCpuTime")
                        .invoke(threads);
    }

    // -- changes while a thread sleeps in the kernel

    @Test
    void newInterestReachesTheKernelDuringSelect() throws Exception {
        Selector selector = openSelector();
        SelectionKey key = unixPair().reader().register(selector, READ);
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        key.interestOpsOr(WRITE);
        assertEquals(1, selecting.get());
        assertEquals(WRITE, key.readyOps());
    }

    @Test
    void registrationReachesTheKernelDuringSelect() throws Exception {
        Selector selector = openSelector();
        CompletableFuture<Integer> parked = selectElsewhere(selector);
        Pair pair = unixPair();
        pair.send();
        pair.reader().register(selector, READ);
        assertEquals(1, parked.get());
        pair.drain();
        selector.selectedKeys().clear();
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        SelectionKey other = kernelPair().reader().register(selector, WRITE);
        assertEquals(1, selecting.get());
        assertEquals(Set.of(other), selector.selectedKeys());
    }

    @Test
    void interestThatIsGoneIsNotReported() throws Exception {
        Selector selector = openSelector();
        Pair pair = kernelPair();
        SelectionKey key = pair.reader().register(selector, READ);
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        key.interestOpsAnd(0);
        pair.send();
        selector.wakeup();
        assertEquals(0, selecting.get());
        assertEquals(0, selector.selectNow());
        key.interestOps(READ);
        assertEquals(1, selector.select(LONG_MS));
    }

    @Test
    void unwatchLetsGoOfTheLegWhileAThreadSelects() throws Exception {
        Selector selector = openSelector();
        SwitchChannel channel = new SwitchChannel();
        channel.configureBlocking(false);
        StackSelectionKey key = (StackSelectionKey) channel.register(selector, READ);
        Pair leg = kernelPair(), other = unixPair();
        key.watch(leg.reader());
        key.watch(other.reader());
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        key.unwatch(leg.reader());
        leg.reader().configureBlocking(true);
        await("let go", () -> !leg.reader().isRegistered());
        leg.send();
        assertFalse(selecting.isDone());
        leg.reader().configureBlocking(false);
        key.watch(leg.reader());
        assertEquals(1, selecting.get());
    }

    @Test
    void unwatchAndWatchAgainWhileAThreadSelects() throws Exception {
        Selector selector = openSelector();
        SwitchChannel channel = new SwitchChannel();
        channel.configureBlocking(false);
        StackSelectionKey key = (StackSelectionKey) channel.register(selector, READ);
        Pair leg = kernelPair(), other = unixPair();
        key.watch(leg.reader());
        key.watch(other.reader());
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        for (int i = 0; i < 1000; i++) {
            key.unwatch(leg.reader());
            key.watch(leg.reader());
        }
        assertFalse(selecting.isDone());
        leg.send();
        assertEquals(1, selecting.get());
    }

    @Test
    void nothingIsWatchedForAKeyThatIsGone() throws Exception {
        Selector selector = openSelector();
        SwitchChannel channel = new SwitchChannel();
        channel.configureBlocking(false);
        StackSelectionKey key = (StackSelectionKey) channel.register(selector, READ);
        key.cancel();
        selector.selectNow();
        Pair leg = kernelPair();
        key.watch(leg.reader());
        assertFalse(leg.reader().isRegistered());
        StackSelectionKey other = (StackSelectionKey) channel.register(selector, READ);
        selector.close();
        other.watch(leg.reader());
        assertFalse(leg.reader().isRegistered());
    }

    // -- cancel and close

    @Test
    void cancelledChannelIsGivenBackForBlocking() throws Exception {
        Selector selector = openSelector();
        Pair pair = unixPair();
        SelectionKey key = pair.reader().register(selector, READ);
        assertThrows(
                IllegalBlockingModeException.class, () -> pair.reader().configureBlocking(true));
        key.cancel();
        assertEquals(0, selector.selectNow());
        assertFalse(pair.reader().isRegistered());
        pair.reader().configureBlocking(true);
        pair.send();
        assertEquals(1, pair.reader().read(ByteBuffer.allocate(1)));
        pair.reader().configureBlocking(false);
        assertTrue(pair.reader().register(selector, WRITE).isValid());
        assertEquals(1, selector.select(LONG_MS));
    }

    @Test
    void cancelledKeyWhoseChannelIsReadyBurnsNoCpu() throws Exception {
        Selector selector = openSelector();
        Pair pair = unixPair();
        SelectionKey key = pair.reader().register(selector, READ);
        kernelPair().reader().register(selector, READ);
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        key.cancel();
        pair.send();
        await("let go by the kernel", () -> isLetGo(selector, 1));
        assertFalse(selecting.isDone());
        selector.wakeup();
        assertEquals(0, selecting.get());
    }

    private static boolean isLetGo(Selector selector, int left) {
        return ((StackSelector) selector).kernelSide().selector().keys().size() == left;
    }

    @Test
    void descriptorsOfClosedChannelsAreFreed() throws Exception {
        Selector selector = openSelector();
        kernelPair().reader().register(selector, READ);
        assertEquals(0, selector.selectNow());
        int before = Descriptors.count();
        for (int round = 0; round < 3; round++) {
            List<Pair> pairs = new ArrayList<>();
            for (int i = 0; i < 20; i++) pairs.add(i % 2 == 0 ? unixPair() : kernelPair());
            for (Pair pair : pairs) pair.reader().register(selector, READ);
            assertEquals(0, selector.selectNow());
            for (Pair pair : pairs) pair.close();
            assertEquals(0, selector.selectNow());
            Descriptors.assertNoMoreThan(before);
        }
        assertEquals(1, selector.keys().size());
    }

    @Test
    void closingTheSelectorLetsGoOfAll() throws Exception {
        Pair open = unixPair(), closed = kernelPair();
        int before = Descriptors.count();
        Selector selector = openSelector();
        SelectionKey key = open.reader().register(selector, READ);
        closed.reader().register(selector, READ);
        assertEquals(0, selector.selectNow());
        CompletableFuture<Integer> selecting = selectElsewhere(selector);
        closed.close();
        selector.close();
        assertEquals(0, selecting.get());
        assertFalse(key.isValid());
        assertFalse(open.reader().isRegistered());
        Descriptors.assertNoMoreThan(before - 2); // less the closed pair's
        open.reader().configureBlocking(true);
        open.send();
        assertEquals(1, open.reader().read(ByteBuffer.allocate(1)));
    }

    // -- many

    @Test
    void aThousandChannels() throws Exception {
        Selector selector = openSelector();
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Pair pair = i % 3 == 0 ? stackPair() : i % 3 == 1 ? kernelPair() : unixPair();
            pairs.add(pair);
            pair.reader().register(selector, READ, pair);
        }
        assertEquals(0, selector.selectNow());
        for (Pair pair : pairs) pair.send();
        int selected = 0;
        while (selected < 1000) selected += selector.select(LONG_MS);
        assertEquals(1000, selector.selectedKeys().size());
        for (SelectionKey key : selector.selectedKeys()) ((Pair) key.attachment()).drain();
        selector.selectedKeys().clear();
        assertEquals(0, selector.selectNow());
        for (SelectionKey key : selector.keys()) key.cancel();
        assertEquals(0, selector.selectNow());
        for (Pair pair : pairs) pair.reader().configureBlocking(true);
    }

    /** Threads that register, change, cancel and close, while another one selects. */
    @Test
    void changesFromEveryThreadAtOnce() throws Exception {
        Selector selector = openSelector();
        Pair last = unixPair();
        last.reader().register(selector, READ);
        assertEquals(0, selector.selectNow());
        int before = Descriptors.count();
        List<CompletableFuture<Void>> changing = new ArrayList<>();
        List<SocketChannel> all = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            List<Pair> pairs = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                pairs.add(i % 3 == 0 ? stackPair() : i % 3 == 1 ? kernelPair() : unixPair());
            }
            for (Pair pair : pairs) all.add(pair.reader());
            SplittableRandom random = new SplittableRandom(t);
            changing.add(Async.run(() -> change(selector, pairs, random)));
        }
        CompletableFuture<Void> done =
                CompletableFuture.allOf(changing.toArray(CompletableFuture<?>[]::new))
                        .whenComplete((none, failure) -> selector.wakeup());
        while (!done.isDone()) {
            selector.select(LONG_MS);
            selector.selectedKeys().clear();
        }
        done.get();
        assertEquals(0, selector.selectNow());
        for (SelectableChannel channel : all) assertFalse(channel.isRegistered());
        assertEquals(Set.of(last.reader().keyFor(selector)), selector.keys());
        Descriptors.assertNoMoreThan(before);
    }

    private static void change(Selector selector, List<Pair> pairs, SplittableRandom random) {
        try {
            for (Pair pair : pairs) {
                SelectionKey key = pair.reader().register(selector, READ);
                for (int i = 0; i < 20; i++) {
                    if (random.nextBoolean()) pair.send();
                    if (random.nextBoolean()) key.interestOps(random.nextInt(2) * READ | WRITE);
                    if (random.nextBoolean()) key.interestOpsAnd(READ);
                    if (random.nextInt(20) == 0) selector.wakeup();
                }
                if (random.nextBoolean()) key.cancel();
                pair.close();
                assertThrows(
                        ClosedChannelException.class, () -> pair.reader().register(selector, READ));
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
