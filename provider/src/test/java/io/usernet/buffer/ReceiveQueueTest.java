package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReceiveQueueTest {
    private final Memory memory = new Memory(8 << 20);
    private final long inUse = memory.inUse();
    private final FramePool pool = new FramePool(memory);
    private final ReceiveQueue queue = new ReceiveQueue(memory);
    private long sent;

    private static byte byteAt(long position) {
        return (byte) (position * 17 ^ position >> 8);
    }

    @AfterEach
    void nothingIsLeft() {
        queue.close();
        pool.trim();
        assertEquals(0, pool.out());
        assertEquals(inUse, memory.inUse());
    }

    /** A frame of {@code skip} other bytes and the next {@code n} of the stream. */
    private Frame frame(int skip, int n) {
        Frame frame = pool.take();
        frame.reserve(skip + n);
        for (int i = 0; i < n; i++) frame.bytes().put(frame.start() + skip + i, byteAt(sent + i));
        frame.filled(skip + n);
        return frame;
    }

    private void append(ReceiveQueue q, int skip, int n) {
        Frame frame = frame(skip, n);
        assertEquals(n, q.append(frame, skip, n));
        sent += n;
        frame.release();
    }

    private static void verify(ByteBuffer b, long at, int n) {
        for (int i = 0; i < n; i++) {
            if (b.get(i) != byteAt(at + i)) throw new AssertionError("byte " + (at + i));
        }
    }

    @Test
    void nothingIsReadBeforeItIsPublished() {
        append(queue, 20, 1000);
        assertEquals(0, queue.read(ByteBuffer.allocate(10)));
        queue.publish();
        assertEquals(1000, queue.available());
        ByteBuffer dst = ByteBuffer.allocate(2000);
        assertEquals(1000, queue.read(dst));
        verify(dst, 0, 1000);
        queue.reap();
    }

    @Test
    void smallPayloadsAreCopiedAndDoNotPinTheirSlab() {
        for (int i = 0; i < 100; i++) append(queue, 40, 10);
        queue.publish();
        assertEquals(1000, queue.copied());
        pool.trim();
        assertEquals(inUse + Slab.Size.SMALL.bytes(), memory.inUse());
        ByteBuffer dst = ByteBuffer.allocate(1000);
        assertEquals(1000, queue.read(dst));
        verify(dst, 0, 1000);
        queue.reap();
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void largePayloadsAreReferenced() {
        append(queue, 54, 1460);
        queue.publish();
        assertEquals(0, queue.copied());
        assertEquals(100, queue.read(ByteBuffer.allocate(100)));
        queue.reap();
        pool.trim();
        assertEquals(inUse + Slab.Size.LARGE.bytes(), memory.inUse());
        assertEquals(1360, queue.read(ByteBuffer.allocate(5000)));
        queue.reap();
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void aSliceThatWasReapedDoesNotGrow() {
        append(queue, 0, 10);
        queue.publish();
        queue.read(ByteBuffer.allocate(10));
        queue.reap();
        append(queue, 0, 20);
        queue.publish();
        ByteBuffer dst = ByteBuffer.allocate(20);
        assertEquals(20, queue.read(dst));
        verify(dst, 10, 20);
    }

    @Test
    void manyRunsAreReadAndReaped() {
        for (int i = 0; i < 400; i++) append(queue, 0, 300);
        queue.publish();
        ByteBuffer dst = ByteBuffer.allocate(7777);
        long at = 0;
        for (int n; (n = queue.read(dst.clear())) > 0; at += n) {
            verify(dst, at, n);
            queue.reap();
        }
        assertEquals(400 * 300, at);
    }

    @Test
    void closedQueueReadsNothing() {
        append(queue, 0, 1000);
        queue.publish();
        queue.close();
        assertTrue(queue.isClosed());
        assertEquals(0, queue.read(ByteBuffer.allocate(10)));
        queue.close();
        queue.settle();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @Timeout(60)
    void twoThreadsWithACloseAtAnyTime(long seed) throws InterruptedException {
        Random random = new Random(seed);
        for (int round = 0; round < 60; round++) {
            ReceiveQueue q = new ReceiveQueue(memory);
            sent = 0;
            int segments = random.nextInt(400);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            long readerSeed = random.nextLong();
            Thread reader = new Thread(() -> read(q, new Random(readerSeed)));
            reader.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
            reader.start();
            for (int i = 0; i < segments; i++) {
                append(
                        q,
                        random.nextInt(60),
                        1 + random.nextInt(random.nextBoolean() ? 200 : 3000));
                q.publish();
                q.reap();
                while (q.available() > 500_000) {
                    assertFalse(failure.get() != null, () -> "" + failure.get());
                    q.reap();
                    Thread.onSpinWait();
                }
            }
            if (round % 2 == 0) while (q.available() > 0 && failure.get() == null) q.reap();
            q.close();
            reader.join();
            q.settle();
            assertEquals(null, failure.get());
            pool.trim();
            assertEquals(inUse, memory.inUse(), "slabs of round " + round);
        }
    }

    private static void read(ReceiveQueue q, Random random) {
        ByteBuffer dst = ByteBuffer.allocate(9_000);
        long at = 0;
        while (!q.isClosed()) {
            int n = q.read(dst.clear().limit(1 + random.nextInt(9_000)));
            verify(dst, at, n);
            at += n;
            if (n == 0) Thread.onSpinWait();
        }
    }
}
