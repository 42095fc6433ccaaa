package io.usernet.aio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.runtime.Engine;
import java.lang.reflect.InvocationTargetException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.ShutdownChannelGroupException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is ours and not the JDK's: the rest is in the contract suite. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelGroupTest {
    private Engine engine;
    private AioProvider provider;

    @BeforeEach
    void open() throws Exception {
        engine = Engine.open(StackConfig.defaults(), null, "groups");
        provider = new AioProvider(new StackSelectorProvider(() -> engine));
        // The default group, before that of the test.
        provider.openAsynchronousSocketChannel(null).close();
    }

    @AfterEach
    void close() {
        provider.close();
        engine.close(TimeUnit.SECONDS.toNanos(5));
    }

    private record Pair(AsynchronousSocketChannel client, AsynchronousSocketChannel server) {}

    /** The client is of the group, the server of the default one. */
    private Pair connect(AsynchronousChannelGroup group) throws Exception {
        try (AsynchronousServerSocketChannel server =
                provider.openAsynchronousServerSocketChannel(null).bind(null)) {
            AsynchronousSocketChannel client = provider.openAsynchronousSocketChannel(group);
            result(client.connect(server.getLocalAddress()));
            AsynchronousSocketChannel accepted = result(server.accept());
            accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
            return new Pair(client, accepted);
        }
    }

    private static <V> V result(Future<V> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    private static CompletionHandler<Integer, Void> to(CompletableFuture<Thread> caller) {
        return new CompletionHandler<>() {
            @Override
            public void completed(Integer n, Void attachment) {
                caller.complete(Thread.currentThread());
            }

            @Override
            public void failed(Throwable thrown, Void attachment) {
                caller.completeExceptionally(thrown);
            }
        };
    }

    private void assertReads(Pair pair) throws Exception {
        CompletableFuture<Thread> caller = new CompletableFuture<>();
        pair.client.read(ByteBuffer.allocate(1), null, to(caller));
        result(pair.server.write(ByteBuffer.allocate(1)));
        result(caller);
    }

    /** Were its only thread taken for good, the handler would wait behind that for ever. */
    @Test
    void boundedExecutorKeepsItsThreads() throws Exception {
        ExecutorService one = Executors.newFixedThreadPool(1);
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(one, 1);
        assertReads(connect(group));
        group.shutdownNow();
    }

    @Test
    void handlerThatAFullExecutorRejectsIsCalledAllTheSame() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        ThreadPoolExecutor full =
                new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>());
        full.execute(() -> assertTrue(await(release)));
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(full, 0);
        assertReads(connect(group));
        release.countDown();
        group.shutdownNow();
        assertTrue(group.awaitTermination(10, TimeUnit.SECONDS));
    }

    @Test
    void groupWhoseThreadFactoryFailsLeavesNoThread() throws Exception {
        String name = "of a factory that fails " + System.nanoTime();
        AtomicInteger threads = new AtomicInteger();
        IllegalStateException failure = new IllegalStateException("enough");
        Throwable thrown =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                provider.openAsynchronousChannelGroup(
                                        3,
                                        task -> {
                                            if (threads.incrementAndGet() == 3) throw failure;
                                            return new Thread(task, name);
                                        }));
        assertSame(failure, thrown);
        while (isAlive(name)) Thread.onSpinWait();
    }

    @Test
    void executorThatItsOwnerShutsDownStopsNoHandler() throws Exception {
        ExecutorService executor = Executors.newCachedThreadPool();
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(executor, 0);
        Pair pair = connect(group);
        executor.shutdown();
        assertReads(pair);
        group.shutdownNow();
        assertTrue(group.awaitTermination(10, TimeUnit.SECONDS));
    }

    @Test
    void endOfTheStackEndsAllOperations() throws Exception {
        AsynchronousChannelGroup group =
                provider.openAsynchronousChannelGroup(Executors.newCachedThreadPool(), 0);
        Pair pair = connect(group);
        CompletableFuture<Thread> read = new CompletableFuture<>();
        pair.client.read(ByteBuffer.allocate(1), null, to(read));
        Future<Integer> reading = pair.server.read(ByteBuffer.allocate(1));
        Future<AsynchronousSocketChannel> accepting =
                provider.openAsynchronousServerSocketChannel(group).bind(null).accept();
        engine.close(0);
        assertThrows(ExecutionException.class, () -> result(read));
        assertThrows(ExecutionException.class, () -> result(reading));
        assertThrows(ExecutionException.class, () -> result(accepting));
        group.shutdownNow();
        assertTrue(group.awaitTermination(10, TimeUnit.SECONDS));
    }

    @Test
    void terminatedGroupLeavesNoThreadOfItsOwn() throws Exception {
        AsynchronousChannelGroup group =
                provider.openAsynchronousChannelGroup(Executors.newCachedThreadPool(), 0);
        Pair pair = connect(group);
        String name = threadThatSelects().getName();
        CompletableFuture<Thread> read = new CompletableFuture<>();
        pair.client.read(ByteBuffer.allocate(1), 1, TimeUnit.HOURS, null, to(read));
        assertTrue(isAlive(name));
        assertTrue(isAlive(name + "-timer"));
        group.shutdownNow();
        assertTrue(group.awaitTermination(10, TimeUnit.SECONDS));
        while (isAlive(name) || isAlive(name + "-timer")) Thread.onSpinWait();
        assertThrows(ExecutionException.class, () -> result(read));
    }

    private static boolean isAlive(String name) {
        return Thread.getAllStackTraces().keySet().stream().anyMatch(t -> name.equals(t.getName()));
    }

    @Test
    void closedProviderHasNoDefaultGroup() throws Exception {
        AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null);
        provider.close();
        assertFalse(channel.isOpen());
        assertThrows(
                ShutdownChannelGroupException.class,
                () -> provider.openAsynchronousSocketChannel(null));
    }

    @Test
    void handlerMayCloseTheProvider() throws Exception {
        Pair pair = connect(null);
        CompletableFuture<Long> tookNs = new CompletableFuture<>();
        pair.client.write(
                ByteBuffer.allocate(1),
                null,
                new CompletionHandler<Integer, Void>() {
                    @Override
                    public void completed(Integer n, Void attachment) {
                        long start = System.nanoTime();
                        provider.close();
                        tookNs.complete(System.nanoTime() - start);
                    }

                    @Override
                    public void failed(Throwable thrown, Void attachment) {
                        tookNs.completeExceptionally(thrown);
                    }
                });
        assertTrue(result(tookNs) < 900_000_000, "it waited for itself");
    }

    /** One to select the channel, one because it is ready; and none for what can be done at once. */
    @Test
    void threadThatWaitsWakesUpTwiceAnOperation() throws Exception {
        AsynchronousChannelGroup group =
                provider.openAsynchronousChannelGroup(Executors.newCachedThreadPool(), 0);
        Pair pair = connect(group);
        Thread waits = threadThatSelects();
        int operations = 200;
        long before = waits(waits);
        for (int i = 0; i < operations; i++) {
            Future<Integer> reading = pair.client.read(ByteBuffer.allocate(1));
            result(pair.server.write(ByteBuffer.allocate(1)));
            result(reading);
        }
        long wakes = waits(waits) - before;
        assertTrue(wakes > 0 && wakes <= 2 * operations + 2, "" + wakes);
        awaitSelecting(waits);
        before = waits(waits);
        for (int i = 0; i < operations; i++) result(pair.client.write(ByteBuffer.allocate(1)));
        assertEquals(0, waits(waits) - before);
        group.shutdownNow();
    }

    @Test
    void nothingWakesUpWhileNothingHappens() throws Exception {
        AsynchronousChannelGroup group =
                provider.openAsynchronousChannelGroup(Executors.newCachedThreadPool(), 0);
        List<Pair> pairs = new ArrayList<>();
        CompletableFuture<Thread> never = new CompletableFuture<>();
        for (int i = 0; i < 20; i++) pairs.add(connect(group));
        for (Pair pair : pairs) {
            pair.client.read(ByteBuffer.allocate(1), 1, TimeUnit.HOURS, null, to(never));
        }
        Thread waits = threadThatSelects();
        awaitSelecting(waits);
        long before = waits(waits);
        assertThrows(TimeoutException.class, () -> never.get(300, TimeUnit.MILLISECONDS));
        assertEquals(0, waits(waits) - before);
        group.shutdownNow();
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    /** That of the group that was opened last. */
    private static Thread threadThatSelects() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().matches("usernet-aio-\\d+"))
                .max((a, b) -> Long.compare(a.getId(), b.getId()))
                .orElseThrow();
    }

    private static void awaitSelecting(Thread thread) {
        for (int samples = 0; samples < 20; Thread.onSpinWait()) {
            samples = thread.getState() == Thread.State.WAITING ? samples + 1 : 0;
        }
    }

    /** How often the thread has begun to wait. By reflection: the module needs java.base alone. */
    private static long waits(Thread thread) throws ReflectiveOperationException {
        try {
            Object threads =
                    Class.forName("java.lang.management.ManagementFactory")
                            .getMethod("getThreadMXBean")
                            .invoke(null);
            Object info =
                    Class.forName("java.lang.management.ThreadMXBean")
                            .getMethod("getThreadInfo", long.class)
                            .invoke(threads, thread.getId());
            return (long) info.getClass().getMethod("getWaitedCount").invoke(info);
        } catch (InvocationTargetException e) {
            throw new AssertionError(e);
        }
    }
}
