package io.usernet.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import org.junit.jupiter.api.Test;

class LoopbackTest {
    private final Memory memory = new Memory(4 << 20);
    private final FramePool frames = new FramePool(memory);
    private final Loopback loopback = new Loopback(null);

    private Frame frame(int number) {
        Frame frame = frames.take();
        frame.begin();
        frame.bytes().putInt(frame.prepend(4), number);
        return frame;
    }

    @Test
    void theSameMemoryComesBack() {
        Slab slab = memory.take(Slab.Size.MEDIUM);
        Frame out = frame(7);
        out.append(slab.region(), slab, slab.base(), 1000);
        slab.release(); // the application's bytes are acknowledged: the frame alone keeps them
        long inUse = memory.inUse();
        assertTrue(loopback.transmit(out));
        Frame in = frames.take();
        assertTrue(loopback.receive(in));
        assertEquals(2, in.slices());
        assertSame(slab.region(), in.region(1));
        assertEquals(slab.base(), in.at(1));
        assertEquals(1004, in.length());
        assertSame(Frame.Checksum.VALID, in.checksum);
        in.holder(1).retain(); // as a receive queue does
        var kept = in.holder(1);
        in.release();
        assertEquals(1, frames.out(), "what was sent, as long as its bytes are looked at");
        assertEquals(inUse, memory.inUse());
        kept.release();
        assertEquals(0, frames.out());
        assertEquals(inUse - Slab.Size.MEDIUM.bytes(), memory.inUse());
    }

    @Test
    void inOrderAndBounded() {
        for (int i = 0; i < Loopback.CAPACITY; i++) assertTrue(loopback.transmit(frame(i)));
        Frame tooMuch = frame(-1);
        assertFalse(loopback.transmit(tooMuch));
        tooMuch.release();
        for (int i = 0; i < Loopback.CAPACITY; i++) {
            Frame in = frames.take();
            assertTrue(loopback.receive(in));
            assertEquals(i, in.bytes().getInt(in.start()));
            in.release();
        }
        Frame none = frames.take();
        assertFalse(loopback.receive(none));
        none.release();
        assertEquals(0, frames.out());
    }

    @Test
    void closingReleasesWhatIsOnItsWay() {
        loopback.transmit(frame(1));
        loopback.transmit(frame(2));
        loopback.close();
        assertEquals(0, frames.out());
        assertEquals(0, loopback.queued());
    }
}
