package io.usernet.frame;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * The frames of one loop, and the slab that its link reads into. Confined to the loop. Frames are
 * made on demand in batches and reused; how many are out is known, so that a test can see a leak.
 */
public final class FramePool {
    private static final int BATCH = 64;

    private final Memory memory;
    private final ArrayDeque<Frame> free = new ArrayDeque<>();
    private final Region scratch = new Region(ByteBuffer.allocateDirect(Slab.Size.LARGE.bytes));
    private int made;
    private Slab reading; // the pool holds one reference; bump-allocated up to `cursor`
    private int cursor;

    public FramePool(Memory memory) {
        this.memory = memory;
        make();
    }

    public Memory memory() {
        return memory;
    }

    /** An empty frame; its taker calls {@link Frame#release} exactly once. */
    public Frame take() {
        Frame frame = free.pollLast();
        if (frame == null) {
            make();
            frame = free.pollLast();
        }
        frame.taken();
        return frame;
    }

    void give(Frame frame) {
        free.addLast(frame);
    }

    /** Frames that were taken and not yet released. */
    public int out() {
        return made - free.size();
    }

    private void make() {
        Region headers = new Region(ByteBuffer.allocateDirect(BATCH * Frame.HEADER_SPACE));
        for (int i = 0; i < BATCH; i++) {
            free.addLast(new Frame(this, headers, i * Frame.HEADER_SPACE));
        }
        made += BATCH;
    }

    /** Points the frame's only slice at room for {@code length} bytes. */
    void reserve(Frame frame, int length) {
        if (reading != null && reading.isSole()) cursor = reading.base(); // all read so far is gone
        if (reading == null || cursor + length > reading.base() + reading.capacity()) {
            if (reading != null) reading.release();
            reading = memory.take(Slab.Size.LARGE);
            if (reading == null) {
                frame.set(scratch, null, 0, length);
                return;
            }
            cursor = reading.base();
        }
        reading.retain();
        frame.set(reading.region(), reading, cursor, cursor + length);
    }

    /** What was reserved last turned out to be used up to {@code end}. */
    void filled(Frame frame, int end) {
        if (frame.holder(0) == reading && reading != null) cursor = end + 7 & ~7;
    }

    /** Gives the slab that was read into back; the pool remains usable. */
    public void trim() {
        if (reading != null) reading.release();
        reading = null;
    }
}
