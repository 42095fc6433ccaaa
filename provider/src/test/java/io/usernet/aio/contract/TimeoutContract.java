package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.InterruptedByTimeoutException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Reads and writes that take too long. */
abstract class TimeoutContract extends AioContract {
    private static final String NO_READING = "Reading not allowed due to timeout or cancellation";
    private static final String NO_WRITING = "Writing not allowed due to timeout or cancellation";

    TimeoutContract(Subject subject) {
        super(subject);
    }

    @Test
    void readTimesOutAndTheChannelReadsNoMore() throws Exception {
        Pair pair = connect();
        ByteBuffer dst = ByteBuffer.allocate(8);
        Recorder<Integer, String> handler = new Recorder<>();
        long start = System.nanoTime();
        pair.client().read(dst, 50, TimeUnit.MILLISECONDS, "attached", handler);
        assertNull(handler.failure(InterruptedByTimeoutException.class).getMessage());
        assertTrue(System.nanoTime() - start >= 50_000_000);
        assertEquals("attached", handler.attachment());
        assertTrue(pair.client().isOpen());
        assertFails(
                IllegalStateException.class,
                NO_READING,
                () -> pair.client().read(ByteBuffer.allocate(1)));
        assertFails(
                IllegalStateException.class,
                NO_READING,
                () -> pair.client().read(dst, null, new Recorder<>()));
        write(pair.client(), "can write");
        assertEquals("can write", read(pair.server(), 9));
        write(pair.server(), "late");
        assertEquals(0, dst.position());
    }

    @Test
    void scatteringReadTimesOut() throws Exception {
        Pair pair = connect();
        Recorder<Long, Void> handler = new Recorder<>();
        ByteBuffer[] dsts = {ByteBuffer.allocate(1)};
        pair.client().read(dsts, 0, 1, 20, TimeUnit.MILLISECONDS, null, handler);
        handler.failure(InterruptedByTimeoutException.class);
    }

    @Test
    void writeTimesOutAndTheChannelWritesNoMore() throws Exception {
        Pair pair = connect();
        fillWithHandlers(pair.client());
        assertFails(
                IllegalStateException.class,
                NO_WRITING,
                () -> pair.client().write(ascii("x"), null, new Recorder<>()));
        assertFails(IllegalStateException.class, NO_WRITING, () -> pair.client().write(ascii("x")));
        write(pair.server(), "can read");
        assertEquals("can read", read(pair.client(), 8));
    }

    /** Until a write, each of which may take 300 ms, times out. */
    private static void fillWithHandlers(AsynchronousSocketChannel channel) throws Exception {
        CountDownLatch timedOut = new CountDownLatch(1);
        ByteBuffer src = ByteBuffer.allocate(64 << 10);
        channel.write(
                src,
                300,
                TimeUnit.MILLISECONDS,
                null,
                new CompletionHandler<Integer, Void>() {
                    @Override
                    public void completed(Integer n, Void attachment) {
                        channel.write(src.clear(), 300, TimeUnit.MILLISECONDS, null, this);
                    }

                    @Override
                    public void failed(Throwable thrown, Void attachment) {
                        if (thrown instanceof InterruptedByTimeoutException) timedOut.countDown();
                    }
                });
        assertTrue(timedOut.await(20, TimeUnit.SECONDS));
    }

    @Test
    void whatIsDoneInTimeIsNotTimedOut() throws Exception {
        Pair pair = connect();
        for (int i = 0; i < 100; i++) {
            Recorder<Integer, Void> handler = new Recorder<>();
            ByteBuffer dst = ByteBuffer.allocate(1);
            pair.client().read(dst, 10, TimeUnit.SECONDS, null, handler);
            write(pair.server(), "x");
            assertEquals(1, handler.value());
        }
    }

    @Test
    void zeroAndLessMeanNoTimeout() throws Exception {
        Pair pair = connect();
        Recorder<Integer, Void> handler = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), 0, TimeUnit.NANOSECONDS, null, handler);
        Pair other = connect();
        Recorder<Integer, Void> second = new Recorder<>();
        other.client().read(ByteBuffer.allocate(1), -1, TimeUnit.SECONDS, null, second);
        // A timeout of the same group that is over by now would have been the first.
        Pair third = connect();
        Recorder<Integer, Void> timed = new Recorder<>();
        third.client().read(ByteBuffer.allocate(1), 20, TimeUnit.MILLISECONDS, null, timed);
        timed.failure(InterruptedByTimeoutException.class);
        assertFalse(handler.isCalled());
        assertFalse(second.isCalled());
        write(pair.server(), "x");
        write(other.server(), "x");
        assertEquals(1, handler.value());
        assertEquals(1, second.value());
    }

    @Test
    void handlerOfATimeoutIsCalledByTheGroup() throws Exception {
        Pair pair = connect(fixed(1));
        Recorder<Integer, Void> handler = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), 20, TimeUnit.MILLISECONDS, null, handler);
        handler.failure(InterruptedByTimeoutException.class);
        assertTrue(isOfGroup(handler.thread()));
    }

    /** Bytes that come when the time is over: one of both, and the buffer says which. */
    @Test
    void timeoutAgainstBytesEndsEachReadOnce() throws Exception {
        AtomicInteger read = new AtomicInteger();
        for (int i = 0; i < 150; i++) {
            Pair pair = connect();
            ByteBuffer dst = ByteBuffer.allocate(1);
            CountDownLatch called = new CountDownLatch(1);
            AtomicInteger calls = new AtomicInteger();
            pair.client()
                    .read(
                            dst,
                            500 + 20 * i,
                            TimeUnit.MICROSECONDS,
                            null,
                            new CompletionHandler<Integer, Void>() {
                                @Override
                                public void completed(Integer n, Void attachment) {
                                    calls.incrementAndGet();
                                    read.incrementAndGet();
                                    assertEquals(1, dst.position());
                                    called.countDown();
                                }

                                @Override
                                public void failed(Throwable thrown, Void attachment) {
                                    calls.incrementAndGet();
                                    assertSame(
                                            InterruptedByTimeoutException.class, thrown.getClass());
                                    called.countDown();
                                }
                            });
            write(pair.server(), "x");
            assertTrue(called.await(LIMIT_S, TimeUnit.SECONDS));
            pair.client().close();
            pair.server().close();
            assertEquals(1, calls.get());
        }
        assertTrue(read.get() > 0);
    }
}
