package io.usernet.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * Records of bytes in a ring of direct memory, each in one piece: one producer, one consumer, no lock,
 * no allocation. What finds no room is refused.
 *
 * <pre>
 *   0        4        8
 *  +--------+--------+----------------+-----+
 *  |occupied| length | the bytes      | pad |   occupied &lt; 0: nothing here, skip to the ring's start
 *  +--------+--------+----------------+-----+
 * </pre>
 */
public final class RecordRing {
    private static final int LENGTH = 4, BYTES = 8, ALIGN = 8;
    private static final VarHandle HEAD, TAIL;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(RecordRing.class, "head", long.class);
            TAIL = lookup.findVarHandle(RecordRing.class, "tail", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ByteBuffer bytes;
    private final int mask;
    private long head; // by the consumer (setRelease); the producer reads it (getAcquire)
    private long tail; // by the producer (setRelease); the consumer reads it (getAcquire)
    private long headSeen; // the producer's
    private long claimed; // the producer's: where `tail` will be
    private long tailSeen; // the consumer's

    /**
     * @param capacity in bytes, a power of two of at least 64; a record may have half of it
     */
    public RecordRing(int capacity) {
        if (Integer.bitCount(capacity) != 1 || capacity < 64) {
            throw new IllegalArgumentException("capacity " + capacity);
        }
        bytes = ByteBuffer.allocateDirect(capacity);
        mask = capacity - 1;
    }

    /** Where the records are; big-endian, and nobody moves its position and limit. */
    public ByteBuffer bytes() {
        return bytes;
    }

    // -- the producer's side

    /**
     * Room for a record, to be filled and then {@link #publish}ed.
     *
     * @param length at most half of the capacity, less 8
     * @return where in {@link #bytes} it begins, or -1: no room now
     */
    public int claim(int length) {
        int occupied = BYTES + length + ALIGN - 1 & -ALIGN;
        assert 2 * occupied <= mask + 1 : "a record of " + length + " bytes";
        int at = (int) tail & mask;
        int toEdge = mask + 1 - at;
        int needed = occupied <= toEdge ? occupied : toEdge + occupied;
        if (tail + needed - headSeen > mask + 1) {
            headSeen = (long) HEAD.getAcquire(this);
            if (tail + needed - headSeen > mask + 1) return -1;
        }
        if (occupied > toEdge) {
            bytes.putInt(at, -toEdge);
            at = 0;
        }
        bytes.putInt(at, occupied);
        bytes.putInt(at + LENGTH, length);
        claimed = tail + needed;
        return at + BYTES;
    }

    /** Hands the record that was claimed last to the consumer. */
    public void publish() {
        TAIL.setRelease(this, claimed);
    }

    // -- the consumer's side

    /** Whether there is no record; the consumer's answer is exact. */
    public boolean isEmpty() {
        return (long) HEAD.getAcquire(this) == (long) TAIL.getAcquire(this);
    }

    /** Where in {@link #bytes} the oldest record begins, or -1: there is none. */
    public int peek() {
        if (head == tailSeen) tailSeen = (long) TAIL.getAcquire(this);
        if (head == tailSeen) return -1;
        int at = (int) head & mask;
        int occupied = bytes.getInt(at);
        if (occupied > 0) return at + BYTES;
        HEAD.setRelease(this, head - occupied); // what is skipped is followed by a record
        return BYTES;
    }

    /** How many bytes the record that {@link #peek} found has. */
    public int length(int record) {
        return bytes.getInt(record - BYTES + LENGTH);
    }

    /** Gives the room of the record that {@link #peek} found back. */
    public void remove() {
        HEAD.setRelease(this, head + bytes.getInt((int) head & mask));
    }
}
