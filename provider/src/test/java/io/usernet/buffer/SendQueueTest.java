package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SendQueueTest {
    private final Memory memory = new Memory(8 << 20);
    private final long inUse = memory.inUse();
    private final FramePool pool = new FramePool(memory);
    private final SendQueue queue = new SendQueue(memory, 100_000);

    private static byte byteAt(long position) {
        return (byte) (position * 13 ^ position >> 9);
    }

    private static ByteBuffer bytes(long position, int n) {
        ByteBuffer b = ByteBuffer.allocate(n);
        for (int i = 0; i < n; i++) b.put(i, byteAt(position + i));
        return b;
    }

    /** Gathers, verifies, and answers how many bytes fitted into the frame. */
    private int verify(long position, int n) {
        return verify(queue, position, n, false);
    }

    @Test
    void bytesAreGatheredAndFreed() {
        assertEquals(5000, queue.append(bytes(0, 5000)));
        assertEquals(3000, queue.append(bytes(5000, 3000)));
        assertEquals(8000, queue.written());
        assertEquals(8000, verify(0, 8000));
        assertEquals(1000, verify(4500, 1000));
        queue.acked(6000);
        assertEquals(2000, verify(6000, 2000));
        assertEquals(2000, queue.queued());
        queue.acked(8000);
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void whatAFrameHoldsOutlivesItsAcknowledgement() {
        queue.append(bytes(0, 5000));
        Frame frame = pool.take();
        frame.begin();
        queue.gather(0, 5000, frame);
        queue.acked(5000);
        assertTrue(memory.inUse() > inUse);
        frame.release();
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void frameOfTooManySlicesTakesFewerBytes() {
        SendQueue large = new SendQueue(memory, 1 << 20);
        for (int i = 0; i < 60; i++) large.append(ByteBuffer.allocate(2048)); // small slabs
        Frame frame = pool.take();
        frame.begin();
        int got = large.gather(0, 60 * 2048, frame);
        assertEquals((Frame.MAX_SLICES - 1) * 2048, got);
        frame.release();
        large.close();
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void limitBoundsWhatIsTaken() {
        assertEquals(100_000, queue.append(bytes(0, 150_000)));
        assertEquals(0, queue.append(bytes(0, 1)));
        assertFalse(queue.isWritable());
        assertFalse(queue.acked(33_332)); // a third of the limit is not free yet
        assertTrue(queue.acked(33_333));
        assertFalse(queue.acked(50_000)); // it was writable before
        queue.limit(10_000);
        assertEquals(0, queue.room());
        queue.close();
    }

    @Test
    void exhaustedMemoryTakesLess() {
        SendQueue greedy = new SendQueue(memory, 1 << 30);
        int took = greedy.append(ByteBuffer.allocate(16 << 20));
        assertTrue(took > 0 && took < 16 << 20);
        assertEquals(0, greedy.append(ByteBuffer.allocate(100_000)));
        greedy.close();
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void closedQueueTakesNothing() {
        queue.append(bytes(0, 100));
        queue.close();
        assertTrue(queue.isClosed());
        assertEquals(0, queue.append(bytes(100, 100)));
        queue.close();
        queue.settle();
        assertEquals(inUse, memory.inUse());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @Timeout(60)
    void twoThreadsWithACloseAtAnyTime(long seed) throws InterruptedException {
        Random loopRandom = new Random(seed);
        for (int round = 0; round < 60; round++) {
            SendQueue q = new SendQueue(memory, 1_000 + loopRandom.nextInt(60_000));
            long total = round % 2 == 0 ? 100_000 : Long.MAX_VALUE;
            int closeAfter = loopRandom.nextInt(100);
            AtomicLong taken = new AtomicLong();
            long writerSeed = loopRandom.nextLong();
            Side writing = new Side(), draining = new Side();
            Thread writer =
                    new Thread(
                            () -> {
                                Random random = new Random(writerSeed);
                                taken.set(write(q, random, total, writing, draining));
                            });
            writer.start();
            try {
                drain(q, loopRandom, total, closeAfter, writing, draining);
            } finally {
                q.close();
                writing.tell();
                writer.join();
            }
            q.settle();
            assertTrue(q.written() <= taken.get());
            assertEquals(inUse, memory.inUse(), "slabs of round " + round);
            assertEquals(0, pool.out());
        }
    }

    /** Looks for a while, so that the two overlap, and then sleeps until the other one tells. */
    private static final class Side {
        private static final int LOOKS = 200;

        private final ThreadWaiter waiter = new ThreadWaiter();

        void await(BooleanSupplier ready) {
            for (int i = 0; i < LOOKS; i++) {
                if (ready.getAsBoolean()) return;
                Thread.onSpinWait();
            }
            waiter.own();
            for (waiter.prepare(); !ready.getAsBoolean(); waiter.prepare()) LockSupport.park(this);
            waiter.disown();
        }

        void tell() {
            if (waiter.claim()) waiter.wake();
        }
    }

    /** Answers how many bytes the queue took. */
    private static long write(SendQueue q, Random random, long total, Side writing, Side draining) {
        long at = 0;
        while (at < total && !q.isClosed()) {
            int n = (int) Math.min(1 + random.nextInt(9_000), total - at);
            at += q.append(bytes(at, n));
            draining.tell();
            writing.await(() -> q.room() > 0 || q.isClosed());
        }
        return at;
    }

    private void drain(
            SendQueue q, Random random, long total, int closeAfter, Side writing, Side draining) {
        long acked = 0;
        for (int i = 0; acked < total && (total != Long.MAX_VALUE || i < closeAfter); i++) {
            long before = acked;
            draining.await(() -> q.written() > before);
            int ready = (int) Math.min(q.written() - acked, 20_000);
            acked += verify(q, acked, 1 + random.nextInt(ready), random.nextBoolean());
            q.acked(acked);
            writing.tell();
        }
    }

    /** Gathers and verifies, also where the bytes are acknowledged while a frame holds them. */
    private int verify(SendQueue q, long position, int most, boolean ackBeforeRelease) {
        Frame frame = pool.take();
        frame.begin();
        int n = q.gather(position, most, frame);
        ByteBuffer copy = ByteBuffer.allocate(n);
        frame.copy(0, n, copy, 0);
        if (ackBeforeRelease) q.acked(position + n);
        frame.release();
        for (int k = 0; k < n; k++) {
            if (copy.get(k) != byteAt(position + k)) throw new AssertionError("" + (position + k));
        }
        return n;
    }
}
