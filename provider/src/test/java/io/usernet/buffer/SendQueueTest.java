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
        Frame frame = pool.take();
        frame.begin();
        int got = queue.gather(position, n, frame);
        ByteBuffer copy = ByteBuffer.allocate(got);
        frame.copy(0, got, copy, 0);
        frame.release();
        for (int i = 0; i < got; i++) {
            if (copy.get(i) != byteAt(position + i)) throw new AssertionError("" + (position + i));
        }
        return got;
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
            SendQueue q = new SendQueue(memory, 1 + loopRandom.nextInt(60_000));
            long total = round % 2 == 0 ? 300_000 : Long.MAX_VALUE;
            int closeAfter = loopRandom.nextInt(300);
            AtomicLong taken = new AtomicLong();
            long writerSeed = loopRandom.nextLong();
            Thread writer = new Thread(() -> write(q, new Random(writerSeed), total, taken));
            writer.start();
            drain(q, loopRandom, total, closeAfter);
            q.close();
            writer.join();
            q.settle();
            assertTrue(q.written() <= taken.get());
            assertEquals(inUse, memory.inUse(), "slabs of round " + round);
            assertEquals(0, pool.out());
        }
    }

    private static void write(SendQueue q, Random random, long total, AtomicLong taken) {
        long at = 0;
        while (at < total && !q.isClosed()) {
            int n = (int) Math.min(1 + random.nextInt(9_000), total - at);
            at += q.append(bytes(at, n));
            if (q.room() == 0) Thread.onSpinWait();
        }
        taken.set(at);
    }

    private void drain(SendQueue q, Random random, long total, int closeAfter) {
        long acked = 0;
        for (int i = 0; acked < total && (total != Long.MAX_VALUE || i < closeAfter); ) {
            int ready = (int) Math.min(q.written() - acked, 20_000);
            if (ready == 0) {
                Thread.onSpinWait();
                continue;
            }
            i++;
            Frame frame = pool.take();
            frame.begin();
            int n = q.gather(acked, 1 + random.nextInt(ready), frame);
            ByteBuffer copy = ByteBuffer.allocate(n);
            frame.copy(0, n, copy, 0);
            for (int k = 0; k < n; k++) {
                if (copy.get(k) != byteAt(acked + k)) throw new AssertionError("" + (acked + k));
            }
            acked += n;
            if (random.nextBoolean()) q.acked(acked);
            frame.release();
            if (q.acked() < acked) q.acked(acked);
        }
    }
}
