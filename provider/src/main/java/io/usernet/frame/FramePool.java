package io.usernet.frame;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * The frames of one loop, and the slab that its link reads into. Confined to the loop. Frames are
 * made on demand in batches and reused; how many are out is known, so that a test can see a leak.
 */
public final class FramePool {
    /** Frames made at once: more than one turn takes. */
    private static final int BATCH = 512;

    private final Memory memory;
    private final ArrayDeque<Frame> free = new ArrayDeque<>();
    private final Region scratch = new Region(ByteBuffer.allocateDirect(Slab.Size.LARGE.bytes));
    private volatile Region
            spare; // headers of the next batch: set outside of the seat, taken in it
    private int made;
    private Slab reading; // the pool holds one reference; bump-allocated up to `cursor`
    private int cursor;

    /** A pool without frames in use, whose packets are in {@code memory}; it allocates its first headers here. */
    public FramePool(Memory memory) {
        this.memory = memory;
        make();
    }

    /**
     * Allocates ahead what {@link #take} may need, so that it doesn't have to in a turn. Outside of
     * the seat, by one thread at a time.
     */
    public void prepare() {
        if (spare == null) spare = headers();
    }

    private static Region headers() {
        return new Region(ByteBuffer.allocateDirect(BATCH * Frame.HEADER_SPACE));
    }

    /** {@return where the frames' packets are} */
    public Memory memory() {
        return memory;
    }

    /** {@return an empty frame; its taker calls {@link Frame#release} exactly once} */
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

    /** {@return frames that were taken and not yet released} */
    public int out() {
        return made - free.size();
    }

    private void make() {
        Region headers = spare;
        if (headers == null) headers = headers(); // two batches between two calls of prepare
        spare = null;
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
