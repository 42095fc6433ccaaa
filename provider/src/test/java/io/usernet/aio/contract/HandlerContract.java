package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Which thread calls a handler, how deep, and what becomes of one that blocks or throws. */
abstract class HandlerContract extends AioContract {
    HandlerContract(Subject subject) {
        super(subject);
    }

    /** A handler that does the same for a result and a failure. */
    static <V> CompletionHandler<V, Void> then(Runnable action) {
        return new CompletionHandler<>() {
            @Override
            public void completed(V result, Void attachment) {
                action.run();
            }

            @Override
            public void failed(Throwable thrown, Void attachment) {
                action.run();
            }
        };
    }

    /** Runs it in a thread of the channel's group, as a handler. */
    static void inGroup(AsynchronousSocketChannel connected, Runnable action) {
        connected.write(ByteBuffer.allocate(0), null, then(action));
    }

    @Test
    void outsiderDoesNotCallTheHandler() throws Exception {
        Pair pair = connect(fixed(2));
        write(pair.server(), "x");
        Recorder<Integer, Void> reader = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), null, reader);
        assertTrue(isOfGroup(reader.thread()));
        Recorder<Integer, Void> writer = new Recorder<>();
        pair.client().write(ascii("x"), null, writer);
        assertTrue(isOfGroup(writer.thread()));
        Recorder<Integer, Void> empty = new Recorder<>();
        pair.client().write(ascii(""), null, empty);
        assertTrue(isOfGroup(empty.thread()));
    }

    @Test
    void executorOfTheApplicationCallsTheHandler() throws Exception {
        for (int initialSize = 0; initialSize < 2; initialSize++) {
            Pair pair = connect(cached(initialSize));
            Recorder<Integer, Void> reader = new Recorder<>();
            pair.client().read(ByteBuffer.allocate(1), null, reader);
            write(pair.server(), "x");
            assertEquals(1, reader.value());
            assertTrue(isOfGroup(reader.thread()));
        }
    }

    @Test
    void threadOfTheGroupCallsTheHandlerItself() throws Exception {
        Pair pair = connect(fixed(2));
        write(pair.server(), "x");
        CompletableFuture<Boolean> inside = new CompletableFuture<>();
        inGroup(
                pair.client(),
                () -> {
                    AtomicReference<Thread> called = new AtomicReference<>();
                    pair.client()
                            .write(
                                    ascii("y"),
                                    null,
                                    then(() -> called.set(Thread.currentThread())));
                    inside.complete(called.get() == Thread.currentThread());
                });
        assertTrue(result(inside));
    }

    @Test
    void threadOfAnotherGroupDoesNot() throws Exception {
        Pair pair = connect(fixed(1));
        Pair other = connect(fixed(1));
        CompletableFuture<Thread> asking = new CompletableFuture<>();
        Recorder<Integer, Void> handler = new Recorder<>();
        inGroup(
                other.client(),
                () -> {
                    pair.client().write(ascii("y"), null, handler);
                    asking.complete(Thread.currentThread());
                });
        assertTrue(isOfGroup(handler.thread()));
        assertNotSame(result(asking), handler.thread());
    }

    /** Each handler writes again: without a bound, the stack would overflow. */
    @Test
    void handlersDoNotNestWithoutBound() throws Exception {
        int writes = 20_000;
        Pair pair = connect(fixed(1));
        CountDownLatch done = new CountDownLatch(1);
        AtomicInteger depth = new AtomicInteger();
        AtomicInteger deepest = new AtomicInteger();
        ByteBuffer empty = ByteBuffer.allocate(0);
        pair.client()
                .write(
                        empty,
                        writes,
                        new CompletionHandler<Integer, Integer>() {
                            @Override
                            public void completed(Integer n, Integer left) {
                                deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
                                if (left > 0) pair.client().write(empty, left - 1, this);
                                else done.countDown();
                                depth.decrementAndGet();
                            }

                            @Override
                            public void failed(Throwable thrown, Integer left) {}
                        });
        assertTrue(done.await(LIMIT_S, TimeUnit.SECONDS));
        assertTrue(deepest.get() > 1 && deepest.get() < 100, "deepest: " + deepest);
    }

    @Test
    void handlersOfDifferentChannelsRunAtTheSameTime() throws Exception {
        AsynchronousChannelGroup group = fixed(3);
        CyclicBarrier together = new CyclicBarrier(4);
        for (int i = 0; i < 3; i++) {
            Pair pair = connect(group);
            pair.client().read(ByteBuffer.allocate(1), null, then(() -> arrive(together)));
            write(pair.server(), "x");
        }
        together.await(LIMIT_S, TimeUnit.SECONDS);
    }

    private static void arrive(CyclicBarrier barrier) {
        try {
            barrier.await(LIMIT_S, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** A cached pool has a thread for each; the futures of the group are completed by another one. */
    @Test
    void blockedHandlersOfACachedPoolHoldNobodyUp() throws Exception {
        for (int initialSize = 0; initialSize < 3; initialSize++) {
            AsynchronousChannelGroup group = cached(initialSize);
            CountDownLatch release = new CountDownLatch(1);
            CountDownLatch blocked = new CountDownLatch(5);
            Pair last = connect(group);
            for (int i = 0; i < 5; i++) {
                Pair pair = connect(group);
                pair.client()
                        .read(
                                ByteBuffer.allocate(1),
                                null,
                                then(
                                        () -> {
                                            blocked.countDown();
                                            awaitUnchecked(release);
                                        }));
                write(pair.server(), "x");
            }
            assertTrue(blocked.await(LIMIT_S, TimeUnit.SECONDS));
            Future<Integer> reading = last.client().read(ByteBuffer.allocate(1));
            write(last.server(), "x");
            assertEquals(1, result(reading));
            release.countDown();
        }
    }

    /** While all of its threads are in handlers a fixed pool does nothing else, and then all of it. */
    @Test
    void blockedHandlersOfAFixedPoolAreFollowedByTheOthers() throws Exception {
        AsynchronousChannelGroup group = fixed(1);
        Pair pair = connect(group);
        Pair other = connect(group);
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch blocked = new CountDownLatch(1);
        inGroup(
                pair.client(),
                () -> {
                    blocked.countDown();
                    awaitUnchecked(release);
                });
        assertTrue(blocked.await(LIMIT_S, TimeUnit.SECONDS));
        Recorder<Integer, Void> reader = new Recorder<>();
        other.client().read(ByteBuffer.allocate(1), null, reader);
        Recorder<Integer, Void> writer = new Recorder<>();
        other.server().write(ascii("x"), null, writer);
        assertFalse(reader.isCalled());
        assertFalse(writer.isCalled());
        release.countDown();
        assertEquals(1, writer.value());
        assertEquals(1, reader.value());
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            assertTrue(latch.await(LIMIT_S, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void threadOfAHandlerThatThrowsIsReplaced() throws Exception {
        CompletableFuture<Throwable> uncaught = new CompletableFuture<>();
        ThreadFactory named = named("group");
        AsynchronousChannelGroup group =
                closingNow(
                        subject.provider()
                                .openAsynchronousChannelGroup(
                                        1,
                                        task -> {
                                            Thread thread = named.newThread(task);
                                            thread.setUncaughtExceptionHandler(
                                                    (t, e) -> uncaught.complete(e));
                                            return thread;
                                        }));
        Pair pair = connect(group);
        RuntimeException thrown = new RuntimeException("of the handler");
        CompletableFuture<Thread> threw = new CompletableFuture<>();
        inGroup(
                pair.client(),
                () -> {
                    threw.complete(Thread.currentThread());
                    throw thrown;
                });
        assertSame(thrown, result(uncaught));
        Recorder<Integer, Void> reader = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), null, reader);
        write(pair.server(), "x");
        assertEquals(1, reader.value());
        assertNotSame(result(threw), reader.thread());
    }

    private AsynchronousChannelGroup closingNow(AsynchronousChannelGroup group) {
        closing(group::shutdownNow);
        return group;
    }

    @Test
    void handlersOnManyThreadsThatThrowDoNotStopTheGroup() throws Exception {
        AsynchronousChannelGroup group =
                closingNow(
                        subject.provider()
                                .openAsynchronousChannelGroup(
                                        2,
                                        task -> {
                                            Thread thread = named("group").newThread(task);
                                            thread.setUncaughtExceptionHandler((t, e) -> {});
                                            return thread;
                                        }));
        Pair pair = connect(group);
        CountDownLatch thrown = new CountDownLatch(50);
        for (int i = 0; i < 50; i++) {
            inGroup(
                    pair.client(),
                    () -> {
                        thrown.countDown();
                        throw new IllegalStateException("of the handler");
                    });
        }
        assertTrue(thrown.await(LIMIT_S, TimeUnit.SECONDS));
        write(pair.client(), "x");
        assertEquals("x", read(pair.server(), 1));
    }

    @Test
    void interruptOfAHandlerIsOver() throws Exception {
        AsynchronousChannelGroup group = fixed(1);
        Pair pair = connect(group);
        inGroup(pair.client(), () -> Thread.currentThread().interrupt());
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        inGroup(pair.client(), () -> interrupted.complete(Thread.currentThread().isInterrupted()));
        assertFalse(result(interrupted));
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        write(pair.server(), "x");
        assertEquals(1, result(reading));
    }

    @Test
    void interruptedOutsiderMayBeginOperations() throws Exception {
        Pair pair = connect();
        Thread.currentThread().interrupt();
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        Future<Integer> writing = pair.server().write(ascii("x"));
        assertTrue(Thread.interrupted());
        assertEquals(1, result(writing));
        assertEquals(1, result(reading));
    }
}
