package io.usernet.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.wire.Checksum;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrameTest {
    private final Memory memory = new Memory(4 << 20);
    private final FramePool pool = new FramePool(memory);

    @AfterEach
    void nothingIsLeft() {
        assertEquals(0, pool.out());
        pool.trim();
        assertEquals(0, memory.inUse());
    }

    @Test
    void headersGrowToTheFront() {
        Frame frame = pool.take();
        frame.begin();
        assertEquals(0, frame.length());
        int tcp = frame.prepend(20);
        assertEquals(frame.end() - 20, tcp);
        int ip = frame.prepend(20);
        assertEquals(ip, frame.start());
        assertEquals(40, frame.length());
        frame.consume(20);
        assertEquals(tcp, frame.start());
        frame.prepend(Frame.HEADER_SPACE - 20);
        assertThrows(AssertionError.class, () -> frame.prepend(1));
        frame.release();
    }

    @Test
    void slicesAreHeldUntilTheFrameIsReleased() {
        Slab slab = memory.take(Slab.Size.MEDIUM);
        Frame frame = pool.take();
        frame.begin();
        frame.append(slab.region(), slab, slab.base(), 100);
        frame.append(slab.region(), slab, slab.base() + 500, 50);
        slab.release();
        assertEquals(150, frame.length());
        assertEquals(3, frame.slices());
        assertTrue(memory.inUse() > 0);
        frame.release();
        assertEquals(0, memory.inUse());
        assertThrows(AssertionError.class, frame::release);
    }

    @Test
    void framesOfOnePoolDoNotShareHeaders() {
        List<Frame> frames = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Frame frame = pool.take();
            frame.begin();
            for (int n = 0; n < Frame.HEADER_SPACE / 4; n++) {
                frame.bytes().putInt(frame.prepend(4), i);
            }
            frames.add(frame);
        }
        for (int i = 0; i < 200; i++) {
            Frame frame = frames.get(i);
            for (int at = frame.start(); at < frame.end(); at += 4) {
                assertEquals(i, frame.bytes().getInt(at));
            }
            frame.release();
        }
    }

    @Test
    void readingAdvancesByWhatCame() {
        Frame first = pool.take();
        first.reserve(65_536);
        first.filled(60);
        assertEquals(60, first.length());
        assertNotNull(first.holder(0));
        Frame second = pool.take();
        second.reserve(65_536);
        assertSame(first.region(0), second.region(0));
        assertEquals(64, second.start() - first.start(), "aligned, right after what came");
        second.filled(65_536);
        Frame third = pool.take();
        third.reserve(65_536);
        assertTrue(third.holder(0) != second.holder(0), "the slab was full");
        first.release();
        second.release();
        third.release();
    }

    @Test
    void aSlabIsReadIntoFromItsBeginningOnceAllReadIsGone() {
        Frame frame = pool.take();
        frame.reserve(1514);
        int at = frame.start();
        frame.filled(1514);
        frame.release();
        frame = pool.take();
        frame.reserve(1514);
        assertEquals(at, frame.start());
        frame.release();
    }

    @Test
    void withoutMemoryThereIsScratchThatCannotBeRetained() {
        List<Slab> all = new ArrayList<>();
        for (Slab s = memory.take(Slab.Size.LARGE); s != null; s = memory.take(Slab.Size.LARGE)) {
            all.add(s);
        }
        Frame frame = pool.take();
        frame.reserve(65_536);
        assertNull(frame.holder(0));
        frame.filled(60);
        assertEquals(60, frame.length());
        frame.release();
        all.forEach(Slab::release);
    }

    @Test
    void reuseForgetsWhatWasThere() {
        Frame frame = pool.take();
        frame.begin();
        frame.checksum = Frame.Checksum.PARTIAL;
        frame.segmentSize = 1460;
        frame.release();
        Frame again = pool.take();
        assertSame(frame, again);
        assertEquals(Frame.Checksum.UNKNOWN, again.checksum);
        assertEquals(0, again.segmentSize);
        assertEquals(0, again.slices());
        assertNull(again.next);
        again.release();
    }

    /** Copy, sum and trim against the same bytes in one array. */
    @Test
    void aGatherListBehavesAsOneArray() {
        Random random = new Random(1);
        Slab slab = memory.take(Slab.Size.MEDIUM);
        ByteBuffer bytes = slab.region().bytes();
        for (int i = 0; i < slab.capacity(); i++)
            bytes.put(slab.base() + i, (byte) random.nextInt());
        for (int round = 0; round < 2000; round++) {
            Frame frame = pool.take();
            frame.begin();
            int header = frame.prepend(random.nextInt(60));
            for (int at = header; at < frame.end(); at++) frame.bytes().put(at, (byte) at);
            int slices = random.nextInt(Frame.MAX_SLICES);
            for (int i = 0; i < slices; i++) {
                int length = random.nextInt(4) == 0 ? 0 : random.nextInt(200);
                frame.append(slab.region(), slab, slab.base() + random.nextInt(5000), length);
            }
            assertEquals(frame.slices() < Frame.MAX_SLICES, frame.hasRoom());
            byte[] whole = bytes(frame, 0, frame.length());
            int from = random.nextInt(whole.length + 1);
            ByteBuffer naive = ByteBuffer.allocateDirect(whole.length).put(0, whole);
            assertEquals(Checksum.sum(naive, from, whole.length - from), frame.sum(from));
            int length = random.nextInt(whole.length - from + 1);
            assertEquals(
                    ByteBuffer.wrap(whole, from, length),
                    ByteBuffer.wrap(bytes(frame, from, length)));
            int kept = random.nextInt(whole.length + 10);
            frame.trim(kept);
            int left = Math.min(kept, whole.length);
            assertEquals(
                    ByteBuffer.wrap(whole, 0, left),
                    ByteBuffer.wrap(bytes(frame, 0, frame.length())));
            frame.release();
        }
        assertTrue(slab.isSole());
        slab.release();
    }

    private static byte[] bytes(Frame frame, int from, int length) {
        ByteBuffer copy = ByteBuffer.allocateDirect(length);
        frame.copy(from, length, copy, 0);
        byte[] bytes = new byte[length];
        copy.get(0, bytes);
        return bytes;
    }

    /** A duplicate is a frame of its own: it outlives the first, whose payload is not copied. */
    @Test
    void aShareHasTheSameBytesAndItsOwnHeaders() {
        Memory memory = new Memory(4 << 20);
        FramePool pool = new FramePool(memory);
        Slab slab = memory.take(Slab.Size.MEDIUM);
        slab.region().bytes().putInt(slab.base(), 42);
        Frame first = pool.take();
        first.begin();
        int at = first.prepend(20);
        first.bytes().putLong(at, 0x0123_4567_89AB_CDEFL);
        first.append(slab.region(), slab, slab.base(), 4);
        first.checksum = Frame.Checksum.PARTIAL;
        first.checksumStart = at + 2;
        first.segmentSize = 7;
        slab.release();
        assertTrue(first.canBeKept());
        byte[] bytes = bytes(first, 0, 24);
        Frame second = pool.take();
        assertTrue(second.shareOf(first));
        assertEquals(first.holder(1), second.holder(1));
        first.bytes().putLong(at, 0); // as its next user will
        first.release();
        assertEquals(ByteBuffer.wrap(bytes), ByteBuffer.wrap(bytes(second, 0, 24)));
        assertEquals(Frame.Checksum.PARTIAL, second.checksum);
        assertEquals(second.start() + 2, second.checksumStart);
        assertEquals(7, second.segmentSize);
        second.release();
        assertEquals(0, memory.inUse());
        assertEquals(0, pool.out());
    }

    @Test
    void aFrameThatCameInMovesWithItsMemory() {
        Memory memory = new Memory(4 << 20);
        FramePool pool = new FramePool(memory);
        Frame first = pool.take();
        first.reserve(100);
        first.bytes().putInt(first.start(), 42);
        first.filled(4);
        first.checksum = Frame.Checksum.VALID;
        Frame second = pool.take();
        second.moveFrom(first);
        assertEquals(0, first.slices());
        first.release();
        assertEquals(4, second.length());
        assertEquals(42, second.bytes().getInt(second.start()));
        assertEquals(Frame.Checksum.VALID, second.checksum);
        second.release();
        pool.trim();
        assertEquals(0, memory.inUse());
    }

    @Test
    void scratchCannotBeKeptOrShared() {
        Memory memory = new Memory(4 << 20);
        FramePool pool = new FramePool(memory);
        while (memory.take(Slab.Size.LARGE) != null) continue;
        Frame scratch = pool.take();
        scratch.reserve(100);
        scratch.filled(4);
        assertFalse(scratch.canBeKept());
        Frame second = pool.take();
        assertFalse(second.shareOf(scratch));
        assertEquals(0, second.slices());
    }

    @Test
    void aRegionMustBeDirectAndWritable() {
        ByteBuffer heap = ByteBuffer.allocate(10);
        assertThrows(IllegalArgumentException.class, () -> new Region(heap));
        ByteBuffer readOnly = ByteBuffer.allocateDirect(10).asReadOnlyBuffer();
        assertThrows(IllegalArgumentException.class, () -> new Region(readOnly));
        assertFalse(new Region(ByteBuffer.allocateDirect(10)).address() != 0);
    }
}
