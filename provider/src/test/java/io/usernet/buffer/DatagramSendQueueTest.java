package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

class DatagramSendQueueTest {
    private static final int OVERHEAD = DatagramReceiveQueue.OVERHEAD;

    private final Memory memory = new Memory(8 << 20);
    private final long inUse = memory.inUse();
    private final FramePool pool = new FramePool(memory);
    private final DatagramSendQueue queue = new DatagramSendQueue(memory, 100_000);

    /** Datagram number n has this many bytes, and begins with its number. */
    private static int length(long n) {
        int kind = (int) (n * 0x9E37_79B9L >>> 8) & 63;
        if (kind == 0) return 0;
        if (kind == 1) return 65_507;
        return (int) (n * 7919 % (kind < 40 ? 200 : 5_000));
    }

    private static byte byteAt(long n, int i) {
        return (byte) (n * 31 + i * 7L + (i >> 8));
    }

    private static ByteBuffer datagram(long n) {
        ByteBuffer b = ByteBuffer.allocate(length(n));
        for (int i = 0; i < b.capacity(); i++) b.put(i, byteAt(n, i));
        return b;
    }

    /** Takes the oldest one off and verifies it. */
    private void take(DatagramSendQueue q, long n, boolean holdOn, List<Frame> held) {
        assertEquals(n, q.peer());
        assertEquals(~n, q.how());
        assertEquals(length(n), q.length());
        Frame frame = pool.take();
        frame.begin();
        q.gather(frame);
        if (!holdOn) {
            verify(frame, n);
            q.remove();
            frame.release();
        } else {
            q.remove();
            held.add(frame);
        }
    }

    private static void verify(Frame frame, long n) {
        assertEquals(length(n), frame.length());
        ByteBuffer copy = ByteBuffer.allocate(frame.length());
        frame.copy(0, frame.length(), copy, 0);
        for (int i = 0; i < copy.capacity(); i++) {
            if (copy.get(i) != byteAt(n, i)) throw new AssertionError(n + " at " + i);
        }
    }

    @Test
    void datagramsComeOutAsTheyWentIn() {
        long in = 0;
        long out = 0;
        Random random = new Random(1);
        while (out < 1_000) {
            for (int k = random.nextInt(60); k > 0; k--) {
                if (queue.offer(datagram(in), in, ~in)) in++;
            }
            for (int k = random.nextInt(60); k > 0 && out < in; k--)
                take(queue, out++, false, null);
        }
        while (out < in) take(queue, out++, false, null);
        assertTrue(queue.isEmpty());
        assertEquals(0, queue.queued());
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void smallOnesShareASlab() {
        for (int i = 0; i < 20; i++) queue.offer(ByteBuffer.allocate(100), i, i);
        assertEquals(Slab.Size.SMALL.bytes(), memory.inUse() - inUse);
        queue.close();
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void theLargestFitsIntoAFrameEvenOfSmallSlabs() {
        List<Slab> mediums = new ArrayList<>();
        for (Slab s; (s = memory.take(Slab.Size.MEDIUM)) != null; ) mediums.add(s);
        while (memory.grow(Slab.Size.SMALL)) {}
        DatagramSendQueue large = new DatagramSendQueue(memory, 1 << 20);
        assertTrue(large.offer(ByteBuffer.allocate(100), 0, 0)); // the next one begins inside
        assertTrue(large.offer(ByteBuffer.allocate(65_507), 0, 0));
        Frame frame = pool.take();
        frame.begin();
        large.remove();
        large.gather(frame);
        assertEquals(65_507, frame.length());
        assertEquals(Frame.MAX_SLICES, frame.slices());
        frame.release();
        large.close();
        mediums.forEach(Slab::release);
        assertEquals(0, memory.inUse() - inUse);
    }

    @Test
    void severalBuffersAreGathered() {
        ByteBuffer[] srcs = {
            ByteBuffer.wrap(new byte[] {9}),
            ByteBuffer.wrap(new byte[] {1, 2}),
            ByteBuffer.allocate(0),
            ByteBuffer.allocateDirect(3_000).put(0, (byte) 3),
            ByteBuffer.wrap(new byte[] {8})
        };
        assertTrue(queue.offer(srcs, 1, 3, 5, 6));
        assertEquals(3_002, queue.length());
        assertEquals(0, srcs[0].position());
        assertEquals(2, srcs[1].position());
        assertEquals(3_000, srcs[3].position());
        Frame frame = pool.take();
        frame.begin();
        queue.gather(frame);
        ByteBuffer copy = ByteBuffer.allocate(3_002);
        frame.copy(0, 3_002, copy, 0);
        assertEquals(3, copy.get(2));
        frame.release();
        queue.close();
    }

    @Test
    void whatIsCalledWritableTakesAnyDatagram() {
        DatagramSendQueue small = new DatagramSendQueue(memory, 3_000);
        assertTrue(small.isWritable());
        assertTrue(small.offer(ByteBuffer.allocate(60_000), 1, 1));
        assertFalse(small.isWritable());
        ByteBuffer refused = ByteBuffer.allocate(1);
        assertFalse(small.offer(refused, 1, 1));
        assertEquals(0, refused.position());
        assertTrue(small.remove(), "it turned writable");
        assertTrue(small.isWritable());
        assertTrue(small.offer(ByteBuffer.allocate(500), 1, 1));
        assertFalse(small.remove(), "it was writable before");
        small.close();
    }

    @Test
    void emptyOnesAreBounded() {
        int n = 0;
        while (queue.offer(ByteBuffer.allocate(0), 1, 1)) n++;
        assertEquals((100_000 + OVERHEAD - 1) / OVERHEAD, n);
        queue.close();
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void memoryUsedUpTakesNothingAtAll() {
        DatagramSendQueue greedy = new DatagramSendQueue(memory, 1 << 30);
        int n = 0;
        while (greedy.offer(ByteBuffer.allocate(65_507), n, 0)) n++;
        assertTrue(n > 50, "" + n);
        assertTrue(greedy.isStarved());
        assertFalse(greedy.isWritable());
        long before = memory.inUse();
        ByteBuffer refused = ByteBuffer.allocate(65_507);
        assertFalse(greedy.offer(refused, n, 0));
        assertEquals(65_507, refused.remaining());
        assertEquals(before, memory.inUse(), "slabs taken in vain are given back");
        greedy.remove();
        greedy.remove();
        greedy.remove(); // its slabs overlap with its neighbours'
        assertTrue(greedy.isWritable());
        assertTrue(greedy.offer(refused, n, 0));
        assertFalse(greedy.isStarved());
        greedy.close();
        assertEquals(inUse, memory.inUse());
    }

    @Test
    void closedQueueTakesNothing() {
        queue.offer(ByteBuffer.allocate(100), 1, 1);
        queue.close();
        assertTrue(queue.isClosed());
        assertFalse(queue.offer(ByteBuffer.allocate(100), 1, 1));
        assertTrue(queue.settle());
        assertEquals(inUse, memory.inUse());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @Timeout(60)
    void twoThreadsWithACloseAtAnyTime(long seed) throws InterruptedException {
        Random random = new Random(seed);
        for (int round = 0; round < 24; round++) {
            DatagramSendQueue q = new DatagramSendQueue(memory, 1 + random.nextInt(150_000));
            long total = round % 2 == 0 ? 300 : Long.MAX_VALUE;
            AtomicLong offered = new AtomicLong();
            Thread writer =
                    new Thread(
                            () -> {
                                long n = 0;
                                while (n < total && !q.isClosed()) {
                                    if (q.offer(datagram(n), n, ~n)) n++;
                                    else Thread.onSpinWait();
                                }
                                offered.set(n);
                            });
            writer.start();
            long end = Math.min(total, 1 + random.nextInt(200));
            if (total != Long.MAX_VALUE) end = total;
            List<Frame> held = new ArrayList<>();
            long firstHeld = 0;
            for (long n = 0; n < end; ) {
                if (q.isEmpty()) {
                    Thread.onSpinWait();
                    continue;
                }
                take(q, n++, true, held);
                if (held.size() < 4) continue;
                for (Frame frame : held) {
                    verify(frame, firstHeld++);
                    frame.release();
                }
                held.clear();
            }
            for (Frame frame : held) {
                verify(frame, firstHeld++);
                frame.release();
            }
            q.close();
            writer.join();
            assertTrue(q.settle());
            assertTrue(offered.get() >= end);
            assertEquals(inUse, memory.inUse(), "slabs of round " + round);
            assertEquals(0, pool.out());
        }
    }
}
