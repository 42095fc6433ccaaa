package io.usernet.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.usernet.buffer.Post;
import io.usernet.buffer.ThreadWaiter;
import io.usernet.buffer.Waiter;
import io.usernet.buffer.Wakeups;
import io.usernet.link.LinkFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each failure that a seat without its rules would have, as a test with real threads. */
@Timeout(60)
class SeatTest {
    private static final int DO = 1;
    private static final long LONG_NS = TimeUnit.SECONDS.toNanos(20);

    private final FakeDevice device = new FakeDevice();
    private final FakeCore core = new FakeCore(device);
    private final long start = System.nanoTime();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Throwable> threadFailure = new AtomicReference<>();
    private Loop loop;

    private void open(boolean inline) {
        open(inline, () -> System.nanoTime() - start);
    }

    private void open(boolean inline, LongSupplier clock) {
        loop = new Loop("io", core, device, clock, inline);
        loop.start();
    }

    @AfterEach
    void theLoopEndsAndTheDeviceIsNotUsedAfterClose() throws InterruptedException {
        joinAll();
        if (loop == null) return;
        loop.tryPost(post(() -> loop.stop(new Loop.Closed())), DO); // may be dead, by the test
        loop.join();
        assertEquals(1, device.closes());
        assertNull(device.usedAfterClose());
        assertNull(core.violation.get());
        if (threadFailure.get() != null) throw new AssertionError(threadFailure.get());
    }

    private Thread thread(Task task) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                task.run();
                            } catch (Throwable t) {
                                threadFailure.compareAndSet(null, t);
                            }
                        });
        threads.add(thread);
        thread.start();
        return thread;
    }

    private interface Task {
        void run() throws Exception;
    }

    private void joinAll() throws InterruptedException {
        for (Thread thread : threads) thread.join();
        threads.clear();
    }

    private static Post post(Runnable action) {
        return new Post() {
            @Override
            protected void act(int what, long nowNs) {
                action.run();
            }
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Someone who waits for a number to grow. */
    private static final class Counter extends Post {
        final ThreadWaiter waiter = new ThreadWaiter();
        final AtomicInteger acted = new AtomicInteger();
        final Wakeups wakeups;

        Counter(Wakeups wakeups) {
            this.wakeups = wakeups;
        }

        @Override
        protected void act(int what, long nowNs) {
            acted.setRelease(acted.getPlain() + 1); // the weakest store that publishes
            if (waiter.claim()) wakeups.add(waiter);
        }

        /** Waits until this acted {@code n} times; fails if a wake-up was lost. */
        void await(int n, int spins) {
            for (int i = 0; i < spins; i++) {
                if (acted.getAcquire() >= n) return;
                Thread.onSpinWait();
            }
            waiter.own();
            long deadline = System.nanoTime() + LONG_NS;
            for (waiter.prepare(); acted.getAcquire() < n; waiter.prepare()) {
                LockSupport.parkNanos(this, LONG_NS);
                assertTrue(System.nanoTime() < deadline, "a wake-up was lost");
            }
            waiter.disown();
        }
    }

    // -- lost posts, lost wake-ups

    /** Two threads; each posts to the loop, which wakes the other one. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMillionPingsLoseNoWakeUp(boolean inline) throws InterruptedException {
        open(inline);
        int pings = inline ? 1_000_000 : 200_000;
        int spins = 200;
        Counter toB = new Counter(core.wakeups()), toA = new Counter(core.wakeups());
        thread(
                () -> {
                    for (int i = 1; i <= pings / 2; i++) {
                        toB.await(i, spins);
                        loop.post(toA, DO);
                    }
                });
        thread(
                () -> {
                    for (int i = 1; i <= pings / 2; i++) {
                        loop.post(toB, DO);
                        toA.await(i, spins);
                    }
                });
        joinAll();
        assertEquals(pings / 2, toA.acted.get());
        assertEquals(pings / 2, toB.acted.get());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void manyWritersAndFramesLoseNoPost(boolean inline) throws InterruptedException {
        open(inline);
        int rounds = inline ? 20_000 : 4_000;
        for (int t = 0; t < 3; t++) {
            long seed = t;
            thread(
                    () -> {
                        Random random = new Random(seed);
                        Counter counter = new Counter(core.wakeups());
                        for (int i = 1; i <= rounds; i++) {
                            loop.post(counter, DO);
                            if (random.nextInt(4) == 0) device.arrive();
                            counter.await(i, random.nextInt(50));
                        }
                    });
        }
        joinAll();
    }

    /** The holder looks again although the post came after it had looked. */
    @Test
    void aFailedTryObligesTheHolder() {
        open(true);
        CountDownLatch inTurn = new CountDownLatch(1), go = new CountDownLatch(1);
        Thread holder =
                thread(
                        () ->
                                loop.post(
                                        post(
                                                () -> {
                                                    inTurn.countDown();
                                                    SeatTest.await(go);
                                                }),
                                        DO));
        await(inTurn);
        AtomicReference<Thread> by = new AtomicReference<>();
        CountDownLatch acted = new CountDownLatch(1);
        loop.post(
                post(
                        () -> {
                            by.set(Thread.currentThread());
                            acted.countDown();
                        }),
                DO);
        assertEquals(1, acted.getCount(), "this thread did not get the seat");
        go.countDown();
        await(acted);
        assertSame(holder, by.get());
    }

    @Test
    void aWriterIsNotCapturedByTheWorkOfOthers() throws InterruptedException {
        open(true);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger asked = new AtomicInteger();
        // Every turn, another thread asks for one more.
        CountDownLatch inTurn = new CountDownLatch(1);
        AtomicReference<Thread> writerThread = new AtomicReference<>();
        Set<Integer> writerTurns = new HashSet<>(); // in the seat
        Post more =
                post(
                        () -> {
                            if (Thread.currentThread() == writerThread.get()) {
                                writerTurns.add(core.turns);
                            }
                            inTurn.countDown();
                            int seen = asked.get();
                            while (asked.get() == seen && !stop.get()) Thread.onSpinWait();
                        });
        AtomicBoolean returned = new AtomicBoolean();
        thread(
                () -> {
                    writerThread.set(Thread.currentThread());
                    loop.post(more, DO);
                    returned.set(true);
                });
        await(inTurn);
        thread(
                () -> {
                    while (!stop.get()) {
                        loop.post(more, DO);
                        asked.incrementAndGet();
                        Thread.onSpinWait();
                    }
                });
        long deadline = System.nanoTime() + LONG_NS;
        while (!returned.get() && System.nanoTime() < deadline) Thread.onSpinWait();
        boolean wasReturned = returned.get();
        stop.set(true);
        joinAll();
        assertTrue(wasReturned, "the writer ran turn after turn for another thread");
        CountDownLatch done = new CountDownLatch(1);
        loop.post(post(done::countDown), DO);
        await(done);
        assertEquals(5, writerTurns.size(), "its own turn, and four for others");
    }

    // -- deadlines

    @Test
    void aNearerDeadlineThatAWriterArmsIsKept() {
        open(true);
        Random random = new Random(1);
        Counter fired = new Counter(core.wakeups());
        loop.post(post(() -> core.waiters.add(fired.waiter)), DO);
        for (int i = 1; i <= 300; i++) {
            boolean polling = random.nextBoolean();
            if (polling) untilIoSleeps();
            int before = core(() -> core.fired.get());
            loop.post(post(() -> core.arm(loop.now() + random.nextInt(300_000))), DO);
            long deadline = System.nanoTime() + LONG_NS;
            fired.waiter.own();
            while (true) {
                fired.waiter.prepare();
                if (firedSince(before)) break;
                LockSupport.parkNanos(LONG_NS);
                assertTrue(System.nanoTime() < deadline, "deadline " + i + " was lost");
            }
            fired.waiter.disown();
        }
    }

    /** Not by a post: a post would make a turn, which would find the deadline. */
    private boolean firedSince(int before) {
        return core.fired.get() > before;
    }

    private int core(java.util.function.IntSupplier get) {
        AtomicInteger got = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(1);
        loop.post(
                post(
                        () -> {
                            got.set(get.getAsInt());
                            done.countDown();
                        }),
                DO);
        await(done);
        return got.get();
    }

    private void untilIoSleeps() {
        try {
            device.untilAwaited();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aLinkThatBecameFullInAWritersTurnIsAwaited() throws InterruptedException {
        open(true);
        device.writable(false);
        untilIoSleeps();
        loop.post(post(() -> core.blocked(true)), DO);
        device.untilAwaitedForRoom();
        loop.post(post(() -> core.blocked(false)), DO);
        device.writable(true);
    }

    // -- the seat itself

    @Test
    void theSeatIsNotReentrant() throws InterruptedException {
        open(true);
        loop.post(post(() -> loop.run()), DO);
        loop.join();
        assertInstanceOf(AssertionError.class, loop.failure());
    }

    @Test
    void theClockDoesNotGoBackInTheSeat() throws InterruptedException {
        Random random = new Random(1);
        open(
                true,
                () -> {
                    synchronized (random) {
                        return random.nextInt(1_000_000);
                    }
                });
        for (int t = 0; t < 2; t++) {
            thread(
                    () -> {
                        Counter counter = new Counter(core.wakeups());
                        for (int i = 1; i <= 5_000; i++) {
                            loop.post(counter, DO);
                            counter.await(i, 100);
                        }
                    });
        }
        joinAll(); // the core notices
    }

    @Test
    void theIoThreadParksWhileAWriterHoldsTheSeat() {
        open(true);
        untilIoSleeps();
        CountDownLatch inTurn = new CountDownLatch(1), go = new CountDownLatch(1);
        thread(
                () ->
                        loop.post(
                                post(
                                        () -> {
                                            inTurn.countDown();
                                            SeatTest.await(go);
                                        }),
                                DO));
        await(inTurn);
        int before = device.awaits();
        for (int i = 0; i < 100; i++) device.arrive(); // level-triggered: polling would spin
        Thread io = ioThread();
        long deadline = System.nanoTime() + LONG_NS;
        while (LockSupport.getBlocker(io) != loop) {
            assertTrue(System.nanoTime() < deadline, "the I/O thread does not park");
            Thread.onSpinWait();
        }
        assertTrue(device.awaits() <= before + 1, "it went back to the device");
        go.countDown();
        int turns = core(() -> core.turns);
        // Frames are taken at a turn's beginning: at the latest, the one after that one did.
        while (core(() -> core.turns) < turns + 2) Thread.onSpinWait();
        assertEquals(100, core(() -> core.frames));
        untilIoSleeps();
    }

    private static Thread ioThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().equals("io"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void withoutInlineOnlyTheIoThreadRunsTheStack() {
        open(false);
        for (int i = 0; i < 100; i++) {
            CountDownLatch acted = new CountDownLatch(1);
            AtomicReference<String> by = new AtomicReference<>();
            loop.post(
                    post(
                            () -> {
                                by.set(Thread.currentThread().getName());
                                acted.countDown();
                            }),
                    DO);
            await(acted);
            assertEquals("io", by.get());
        }
    }

    @Test
    void virtualThreadsOnlyPost() throws Exception {
        assumeTrue(Runtime.version().feature() >= 21, "this JDK has no virtual threads");
        open(true);
        CountDownLatch acted = new CountDownLatch(1);
        AtomicReference<String> by = new AtomicReference<>();
        Runnable poster =
                () ->
                        loop.post(
                                post(
                                        () -> {
                                            by.set(Thread.currentThread().getName());
                                            acted.countDown();
                                        }),
                                DO);
        Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, poster);
        await(acted);
        assertEquals("io", by.get());
    }

    @Test
    void anIdleLoopDoesNothing() throws InterruptedException {
        open(true);
        core(() -> 0);
        untilIoSleeps();
        int awaits = device.awaits();
        int turns = core.turns;
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
        assertEquals(awaits, device.awaits());
        assertEquals(turns, core.turns);
    }

    @Test
    void wakeUpsRunAfterTheSeatIsLeft() {
        open(true);
        CountDownLatch woken = new CountDownLatch(1), ranFromThere = new CountDownLatch(1);
        AtomicBoolean inLoop = new AtomicBoolean();
        Waiter waiter =
                new Waiter() {
                    @Override
                    public void wake() {
                        inLoop.set(loop.inLoop());
                        loop.post(post(ranFromThere::countDown), DO); // as another loop's does
                        woken.countDown();
                    }
                };
        waiter.prepare();
        loop.post(
                post(
                        () -> {
                            core.waiters.add(waiter);
                            core.wakeAll();
                        }),
                DO);
        await(woken);
        await(ranFromThere);
        assertFalse(inLoop.get());
    }

    @Test
    void afterEveryTurnTheDeviceIsFlushed() {
        open(true);
        untilIoSleeps();
        int before = device.flushes.get();
        core(() -> 0);
        assertTrue(device.flushes.get() > before);
    }

    // -- failure

    private static final class Boom extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFailingTurnKillsTheStackAndTellsAllWaiters(boolean inline) throws InterruptedException {
        open(inline);
        ThreadWaiter[] waiters = new ThreadWaiter[5];
        CountDownLatch waiting = new CountDownLatch(waiters.length);
        AtomicInteger told = new AtomicInteger();
        for (int i = 0; i < waiters.length; i++) {
            ThreadWaiter waiter = waiters[i] = new ThreadWaiter();
            core(() -> core.waiters.add(waiter) ? 1 : 0);
            thread(
                    () -> {
                        waiter.own();
                        waiting.countDown();
                        for (waiter.prepare(); core.diedOf() == null; waiter.prepare()) {
                            LockSupport.park();
                        }
                        waiter.disown();
                        told.incrementAndGet();
                    });
        }
        await(waiting);
        Boom boom = new Boom();
        loop.post(post(() -> core.fail(boom)), DO);
        joinAll();
        loop.join();
        assertEquals(waiters.length, told.get());
        assertSame(boom, core.diedOf());
        assertSame(boom, loop.failure());
        Post never = post(() -> {});
        assertSame(
                boom,
                assertThrows(IllegalStateException.class, () -> loop.post(never, DO)).getCause());
    }

    @Test
    void aFailingLinkKillsTheStack() throws InterruptedException {
        open(true);
        LinkFailure gone = new LinkFailure("the interface was deleted");
        device.fail(gone);
        loop.join();
        assertSame(gone, loop.failure());
    }

    @Test
    void aCommandAnswersOrThrows() throws IOException {
        open(true);
        assertEquals(
                "answer",
                new TestCommand() {
                    @Override
                    protected String run(long nowNs) {
                        return "answer";
                    }
                }.call(loop));
        IOException mine = new IOException("no");
        TestCommand failing =
                new TestCommand() {
                    @Override
                    protected String run(long nowNs) throws IOException {
                        throw mine;
                    }
                };
        assertSame(mine, assertThrows(IOException.class, () -> failing.call(loop)));
        assertNull(loop.failure(), "a command's exception is its caller's");
        Thread.currentThread().interrupt();
        TestCommand uninterrupted =
                new TestCommand() {
                    @Override
                    protected String run(long nowNs) {
                        return "done";
                    }
                };
        assertEquals("done", uninterrupted.call(loop));
        assertTrue(Thread.interrupted(), "the interrupt is kept");
    }

    private abstract class TestCommand extends Command<String> {
        @Override
        protected Wakeups wakeups() {
            return core.wakeups();
        }
    }

    @Test
    void aCommandThatTheDeadStackDidNotRunThrows() throws InterruptedException {
        open(true);
        Boom boom = new Boom();
        loop.post(post(() -> core.fail(boom)), DO);
        loop.join();
        TestCommand late =
                new TestCommand() {
                    @Override
                    protected String run(long nowNs) {
                        return "too late";
                    }
                };
        IOException e = assertThrows(IOException.class, () -> late.call(loop));
        assertSame(boom, e.getCause());
    }

    /** Stops while writers post, wake and run turns: see {@link FakeDevice#usedAfterClose}. */
    @Test
    void theDeviceIsClosedWhenNobodyUsesIt() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            FakeDevice device = new FakeDevice();
            FakeCore core = new FakeCore(device);
            AtomicLong clock = new AtomicLong();
            boolean inline = round % 2 == 0;
            Loop stopped = new Loop("round", core, device, clock::incrementAndGet, inline);
            stopped.start();
            for (int t = 0; t < 2; t++) {
                thread(
                        () -> {
                            Counter counter = new Counter(core.wakeups());
                            try {
                                for (int i = 0; i < 100_000; i++) stopped.post(counter, DO);
                                throw new AssertionError("it was never stopped");
                            } catch (IllegalStateException e) {
                                assertInstanceOf(Loop.Closed.class, e.getCause());
                            }
                        });
            }
            device.arrive();
            Post stop = post(() -> stopped.stop(new Loop.Closed()));
            stopped.tryPost(stop, DO); // another thread may have done it before this one looks
            stopped.join();
            joinAll();
            assertEquals(1, device.closes());
            assertNull(device.usedAfterClose());
            assertNull(core.violation.get());
        }
    }
}
