package io.usernet.buffer;

import io.usernet.frame.Frame;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * Bytes on their way from an application to a connection. The application appends (one thread at a
 * time); the loop points segments at the bytes, and frees them when they are acknowledged.
 *
 * <pre>
 *         acked                   (sent)                 written        acked + limit
 *   freed   |  unacknowledged, kept  |    not yet sent      |      room      |
 *  ---------+------------------------+----------------------+----------------+---
 *       head slab  |    slab    |    slab    |  tail slab, not full  |
 * </pre>
 *
 * Positions count the bytes of the stream from 0. A slab is filled to its end before the next one is
 * linked. The tail may be freed only while the application is not appending to it: {@link Gate}.
 */
public final class SendQueue {
    private static final VarHandle WRITTEN, ACKED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            WRITTEN = lookup.findVarHandle(SendQueue.class, "written", long.class);
            ACKED = lookup.findVarHandle(SendQueue.class, "acked", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int SMALL = Slab.Size.SMALL.bytes();

    private final Memory memory;
    private final Gate gate = new Gate();
    private volatile int limit;
    private volatile long urgentEnd; // by the application, before it publishes the urgent byte
    private volatile boolean starved; // by the application: there was room, and no memory for us

    private long written; // by the application (setRelease); the loop reads it (getAcquire)
    private long acked; // by the loop (setRelease); the application reads it (getAcquire)

    private Slab first, tail; // ends of the list; whoever is inside the gate
    private Slab head; // loop: where the unacknowledged bytes begin, or null if there are none
    private Slab cursor; // loop: the slab that `gather` used last

    /**
     * @param limit most unacknowledged bytes, above 0
     */
    public SendQueue(Memory memory, int limit) {
        this.memory = memory;
        this.limit = limit;
    }

    /** Most unacknowledged bytes. */
    public int limit() {
        return limit;
    }

    /** Any thread. A smaller limit frees nothing: the queue shrinks as it is acknowledged. */
    public void limit(int bytes) {
        limit = bytes;
    }

    /** Bytes written and not yet acknowledged; any thread, a snapshot outside of the loop. */
    public int queued() {
        long end = (long) WRITTEN.getAcquire(this);
        return (int) Math.max(0, end - (long) ACKED.getAcquire(this));
    }

    /** Bytes that {@link #append} would take now, if there is memory. */
    public int room() {
        return Math.max(0, limit - queued());
    }

    /**
     * Whether a selector should call this writable: a third of the limit is free, so that a writer
     * isn't woken for every acknowledgement; and there is memory, if the last {@link #append} had none.
     */
    public boolean isWritable() {
        return isWritable(room()) && !(starved && isScarce());
    }

    private boolean isScarce() {
        if (memory.freeForWriting() == 0) return true;
        int queued = queued();
        return queued > 0 && memory.share() - queued < Slab.Size.MEDIUM.bytes();
    }

    /**
     * Whether the last {@link #append} took less than there was room for: memory is used up, or what is
     * left is for others.
     */
    public boolean isStarved() {
        return starved;
    }

    /** Whether {@link #close} was called; nothing more is taken then. */
    public boolean isClosed() {
        return gate.isClosed();
    }

    // -- the application's side

    /**
     * Copies as much of {@code src} as there is room and memory for, and publishes it. The caller then
     * posts to the loop if anything was taken, or if the queue turns out to be closed.
     *
     * @return how many bytes; 0 if there is no room, no memory, or the queue is closed
     */
    public int append(ByteBuffer src) {
        if (!gate.enter()) return 0;
        try {
            int wanted = Math.min(src.remaining(), room());
            long end = written;
            long goal = end + wanted;
            while (end < goal) {
                Slab slab = tail;
                int used = slab == null ? 0 : (int) (end - slab.position);
                if (slab == null || used == slab.capacity()) {
                    slab = link(end, (int) (goal - end));
                    if (slab == null) break;
                    used = 0;
                }
                int n = (int) Math.min(goal - end, slab.capacity() - used);
                slab.region().bytes().put(slab.base() + used, src, src.position(), n);
                src.position(src.position() + n);
                end += n;
            }
            int taken = (int) (end - written);
            if (starved != end < goal) starved = end < goal;
            WRITTEN.setRelease(this, end);
            return taken;
        } finally {
            gate.leave();
        }
    }

    /** As {@link #append}, of one byte, which is urgent. */
    public int appendUrgent(ByteBuffer one) {
        assert one.remaining() == 1;
        long before = urgentEnd;
        urgentEnd = written + 1; // does not count before the byte is there
        int n = append(one);
        if (n == 0) urgentEnd = before;
        return n;
    }

    private Slab link(long position, int wanted) {
        int queued = (int) (position - (long) ACKED.getAcquire(this));
        long share = memory.share() - queued;
        if (queued > 0 && share < SMALL) return null; // an empty one may always begin
        // A queue that holds little, or should, is not to pin much.
        int medium = Slab.Size.MEDIUM.bytes();
        boolean little = limit <= medium / 4 || share < medium;
        Slab slab = memory.takeForWriting(little ? Math.min(wanted, SMALL) : wanted);
        if (slab == null) return null;
        slab.position = position;
        if (tail == null) first = slab;
        else tail.next = slab;
        tail = slab;
        return slab;
    }

    // -- the loop's side

    /** Where the bytes end that the application has written so far. */
    public long written() {
        return (long) WRITTEN.getAcquire(this);
    }

    /** Behind the last urgent byte; what lies beyond {@link #written} is none yet. */
    public long urgentEnd() {
        return urgentEnd;
    }

    /** Where the unacknowledged bytes begin. */
    public long acked() {
        return acked;
    }

    /**
     * Appends slices for the bytes from {@code position} on to a frame.
     *
     * @param length at most what {@link #written} leaves
     * @return how many bytes: fewer than {@code length} if the frame has no room for more slices
     */
    public int gather(long position, int length, Frame into) {
        assert position >= acked && position + length <= written();
        if (head == null) head = first;
        Slab slab = cursor != null && cursor.position <= position ? cursor : head;
        int done = 0;
        while (done < length && into.hasRoom()) {
            while (position + done >= slab.position + slab.capacity()) slab = slab.next;
            int used = (int) (position + done - slab.position);
            int n = Math.min(length - done, slab.capacity() - used);
            into.append(slab.region(), slab, slab.base() + used, n);
            done += n;
        }
        cursor = slab;
        return done;
    }

    /**
     * Everything before {@code position} was acknowledged: frees what no frame still holds.
     *
     * @return whether {@link #isWritable} turned true by it: then the writer has to be told
     */
    public boolean acked(long position) {
        assert position >= acked && position <= written();
        if (head == null) head = first;
        if (position == written() && gate.tryTake()) {
            // Checked again inside: the application may have written in between.
            if (position == written) freeAll();
            gate.giveBack();
        }
        // Bytes beyond a slab's end are published, so its link to the next slab is visible.
        while (head != null
                && head.position + head.capacity() <= position
                && position < written()) {
            Slab done = head;
            head = done.next;
            if (cursor == done) cursor = null;
            if (first == done) first = null; // never read again while there is a head
            done.release();
        }
        long before = acked;
        ACKED.setRelease(this, position);
        // The writer appends, and then looks whether there is room; here, room is made and then its
        // bytes are looked at. So either it sees the room, or this sees that there was none.
        VarHandle.fullFence();
        long end = written();
        return !isWritable(limit - (end - before)) && isWritable(limit - (end - position));
    }

    private boolean isWritable(long room) {
        return room >= Math.max(1, limit / 3);
    }

    private void freeAll() {
        Slab slab = head != null ? head : first;
        while (slab != null) {
            Slab next = slab.next;
            slab.release();
            slab = next;
        }
        head = first = tail = cursor = null;
    }

    /** No more is taken, and what is there is freed, at once or when the application has left. */
    public void close() {
        if (gate.close()) freeAll();
    }

    /** In the loop, after a post: frees what {@link #close} could not. */
    public void settle() {
        if (gate.settle()) freeAll();
    }
}
