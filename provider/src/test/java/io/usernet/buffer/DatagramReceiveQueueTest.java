package io.usernet.buffer;

import static io.usernet.buffer.DatagramReceiveQueue.NONE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.buffer.DatagramReceiveQueue.Offer;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatagramReceiveQueueTest {
    private static final int HEADER = 8;

    private final Memory memory = new Memory(8 << 20);
    private final long inUse = memory.inUse();
    private final FramePool pool = new FramePool(memory);
    private final DatagramReceiveQueue queue = new DatagramReceiveQueue(memory, 200_000);

    private static byte byteAt(long n, int i) {
        return (byte) (n * 31 + i * 7L + (i >> 8));
    }

    private static int length(long n) {
        int kind = (int) (n * 0x9E37_79B9L >>> 8) & 63;
        if (kind == 0) return 0;
        if (kind == 1) return 65_507;
        return (int) (n * 7919 % (kind < 40 ? 200 : 5_000));
    }

    /** A frame that came in, with a header, in {@code slices} slices. */
    private Frame frame(long n, int length, int slices) {
        Frame in = pool.take();
        in.reserve(HEADER + length);
        for (int i = 0; i < length; i++) in.bytes().put(in.start() + HEADER + i, byteAt(n, i));
        in.filled(HEADER + length);
        if (slices == 1 || length < slices) return in;
        Frame cut = pool.take();
        int step = length / slices;
        int from = 0;
        for (int s = 0; s < slices; s++) {
            int to = s == slices - 1 ? HEADER + length : HEADER + (s + 1) * step;
            cut.append(in.region(0), in.holder(0), in.start() + from, to - from);
            from = to;
        }
        in.release();
        return cut;
    }

    private Offer offer(DatagramReceiveQueue q, long n, int length, int slices) {
        Frame in = frame(n, length, slices);
        Offer became = q.offer(in, HEADER, length, n);
        in.release();
        return became;
    }

    private static void verify(ByteBuffer dst, long n, int length) {
        assertEquals(length, dst.position());
        for (int i = 0; i < length; i++) {
            if (dst.get(i) != byteAt(n, i)) throw new AssertionError(n + " at " + i);
        }
    }

    private void assertEmpty() {
        assertTrue(queue.reap());
        assertEquals(0, queue.queued());
        pool.trim();
        assertEquals(inUse, memory.inUse());
        assertEquals(0, pool.out());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 33})
    void datagramsOfAnyNumberOfSlicesComeOutWhole(int slices) {
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        for (int length : new int[] {0, 1, 256, 257, 1_472, 9_000, 65_507}) {
            assertEquals(Offer.TAKEN, offer(queue, length, length, slices));
            assertEquals(length + DatagramReceiveQueue.OVERHEAD, queue.queued());
            assertEquals(length, queue.receive(dst.clear()));
            verify(dst, length, length);
            assertEquals(0, queue.queued());
        }
        assertEquals(NONE, queue.receive(dst));
        assertEmpty();
    }

    @Test
    void largeOnesAreReferencedAndSmallOnesCopied() {
        offer(queue, 1, 1_000, 1);
        assertEquals(0, queue.copied());
        offer(queue, 2, 256, 1);
        assertEquals(256, queue.copied());
        queue.close();
        assertEmpty();
    }

    @Test
    void whileMemoryIsScarceAllAreCopied() {
        List<Slab> taken = new ArrayList<>();
        while (memory.inUse() <= memory.budget() / 2) {
            Slab slab = memory.take(Slab.Size.MEDIUM);
            if (slab != null) taken.add(slab);
            else assertTrue(memory.grow(Slab.Size.MEDIUM));
        }
        offer(queue, 1, 1_000, 1);
        assertEquals(1_000, queue.copied());
        ByteBuffer dst = ByteBuffer.allocate(1_000);
        queue.receive(dst);
        verify(dst, 1, 1_000);
        taken.forEach(Slab::release);
        assertEmpty();
    }

    @Test
    void withoutMemoryForACopyItIsDropped() {
        List<Slab> taken = new ArrayList<>();
        Frame small = frame(1, 100, 1);
        for (Slab.Size size : Slab.Size.values()) {
            for (Slab s; (s = memory.take(size)) != null || memory.grow(size); ) {
                if (s != null) taken.add(s);
            }
        }
        assertEquals(Offer.NO_MEMORY, queue.offer(small, HEADER, 100, 1));
        assertTrue(queue.isEmpty());
        small.release();
        taken.forEach(Slab::release);
        assertEmpty();
    }

    @Test
    void theLimitBoundsWhatWaits() {
        int each = 1_000 + DatagramReceiveQueue.OVERHEAD;
        queue.limit(3 * each);
        for (int i = 0; i < 3; i++) assertEquals(Offer.TAKEN, offer(queue, i, 1_000, 1));
        assertEquals(Offer.FULL, offer(queue, 3, 1_000, 1));
        assertEquals(Offer.FULL, offer(queue, 3, 0, 1));
        queue.receive(ByteBuffer.allocate(0));
        assertEquals(Offer.TAKEN, offer(queue, 3, 1_000, 1));
        queue.limit(1);
        queue.skipTo(queue.added());
        assertEquals(Offer.TAKEN, offer(queue, 4, 9_000, 1), "one always fits");
        assertEquals(Offer.FULL, offer(queue, 4, 0, 1));
        queue.close();
        assertEmpty();
    }

    @Test
    void skippingStopsAtThePosition() {
        for (int i = 0; i < 20; i++) offer(queue, i, i * 100, 1);
        long position = queue.added();
        offer(queue, 20, 5, 1);
        queue.receive(ByteBuffer.allocate(1));
        queue.skipTo(position);
        assertEquals(20, queue.receive(ByteBuffer.allocate(5)));
        queue.skipTo(position); // is behind already
        assertTrue(queue.isEmpty());
        assertEmpty();
    }

    @Test
    void memoryGoesWhenTheLoopReapsNotBefore() {
        offer(queue, 1, 5_000, 1);
        offer(queue, 2, 5_000, 1);
        pool.trim();
        long both = memory.inUse();
        queue.receive(ByteBuffer.allocate(10));
        queue.receive(ByteBuffer.allocate(10));
        assertEquals(both, memory.inUse());
        assertEmpty();
    }

    @Test
    void scatteringFillsBuffersInTurn() {
        offer(queue, 1, 300, 3);
        byte[] all = new byte[300];
        for (int i = 0; i < 300; i++) all[i] = byteAt(1, i);
        ByteBuffer a = ByteBuffer.allocate(7);
        ByteBuffer b = ByteBuffer.allocateDirect(290);
        ByteBuffer c = ByteBuffer.allocate(50);
        queue.receive(new ByteBuffer[] {a, b, c}, 0, 3);
        byte[] got = new byte[300];
        a.flip().get(got, 0, 7);
        b.flip().get(got, 7, 290);
        c.flip().get(got, 297, 3);
        assertArrayEquals(all, got);
        assertFalse(c.hasRemaining());
        assertEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @Timeout(60)
    void twoThreadsWithACloseAtAnyTime(long seed) throws InterruptedException {
        Random random = new Random(seed);
        for (int round = 0; round < 24; round++) {
            DatagramReceiveQueue q = new DatagramReceiveQueue(memory, 1 + random.nextInt(400_000));
            long total = 1 + random.nextInt(600);
            boolean readAll = round % 2 == 0;
            AtomicLong failure = new AtomicLong(-1);
            AtomicLong received = new AtomicLong();
            Thread reader =
                    new Thread(
                            () -> {
                                ByteBuffer dst = ByteBuffer.allocate(70_000);
                                long expected = 0;
                                while (expected < total && !q.isClosed()) {
                                    long n = q.receive(dst.clear());
                                    if (n == NONE) {
                                        Thread.onSpinWait();
                                        continue;
                                    }
                                    if (n != expected) failure.set(n);
                                    verify(dst, n, length(n));
                                    expected++;
                                }
                                received.set(expected);
                            });
            reader.setUncaughtExceptionHandler((t, e) -> failure.set(Long.MAX_VALUE));
            reader.start();
            for (long n = 0; n < total; ) {
                switch (offer(q, n, length(n), 1 + (int) (n % 5))) {
                    case TAKEN -> n++;
                    case FULL, NO_MEMORY -> Thread.onSpinWait();
                }
                if (failure.get() >= 0) break;
            }
            if (readAll) reader.join();
            q.close();
            reader.join();
            assertTrue(q.settle());
            assertEquals(-1, failure.get());
            if (readAll) assertEquals(total, received.get());
            pool.trim();
            assertEquals(inUse, memory.inUse(), "slabs of round " + round);
            assertEquals(0, pool.out());
        }
    }
}
