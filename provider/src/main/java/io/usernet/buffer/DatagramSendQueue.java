package io.usernet.buffer;

import io.usernet.frame.Frame;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * Datagrams on their way from an application (one thread at a time) to the loop, which points frames
 * at their bytes. Payloads stand one behind the other in slabs: many small ones share one, a large one
 * spans several. The queue's reference to a slab goes when all in it was sent; frames have their own.
 *
 * <p>What waits is bounded in bytes, {@link DatagramReceiveQueue#OVERHEAD} for each datagram
 * included. As on Linux, a datagram is taken as long as the limit isn't reached, however long it is:
 * so a queue that is called writable takes any.
 */
public final class DatagramSendQueue {
    private static final VarHandle ADDED, REMOVED, CHARGED, RELEASED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Class<?> queue = DatagramSendQueue.class;
            ADDED = lookup.findVarHandle(queue, "added", long.class);
            REMOVED = lookup.findVarHandle(queue, "removed", long.class);
            CHARGED = lookup.findVarHandle(queue, "charged", long.class);
            RELEASED = lookup.findVarHandle(queue, "released", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Memory memory;
    private final Gate gate = new Gate();
    private final SliceRing ring = new SliceRing();
    private volatile int limit;
    private volatile int starved; // by the application: bytes it had room and no memory for, or 0

    private long added; // by the application (setRelease): slots
    private long charged; // by the application (setRelease, before `added`): bytes
    private long removed; // by the loop (setRelease): slots
    private long released; // by the loop (setRelease, after `removed`): bytes

    // -- the application's, inside the gate; the loop's when it has taken the gate
    private Slab tail; // being filled, or null
    private int tailUsed;

    // -- the application's
    private SliceRing.Run offerRun; // with the first slot of the datagram being added
    private final ByteBuffer[] one = new ByteBuffer[1];

    // -- the loop's
    private SliceRing.Run sendRun = ring.first;
    private Slab head; // that of the slot removed last, still referenced, or null

    /**
     * @param limit bytes, above 0
     */
    public DatagramSendQueue(Memory memory, int limit) {
        this.memory = memory;
        this.limit = limit;
    }

    /** Bytes that wait before no more is taken. */
    public int limit() {
        return limit;
    }

    /** Any thread. */
    public void limit(int bytes) {
        limit = bytes;
    }

    /** Bytes that wait, as they are charged; any thread, a snapshot outside of the loop. */
    public int queued() {
        long done = (long) RELEASED.getAcquire(this);
        return (int) Math.max(0, (long) CHARGED.getAcquire(this) - done);
    }

    /** Whether no datagram waits; any thread, a snapshot outside of the loop and the writer. */
    public boolean isEmpty() {
        return (long) REMOVED.getAcquire(this) == (long) ADDED.getAcquire(this);
    }

    /**
     * Whether a selector should call this writable: a third of the limit is free, and there is memory
     * for the last datagram if that was refused for lack of it.
     */
    public boolean isWritable() {
        return isWritable(queued()) && !(isStarved() && memory.bytesForWriting() < starved);
    }

    private boolean isWritable(long queued) {
        return queued <= limit - limit / 3 && queued < limit;
    }

    /** Whether the last {@link #offer} was refused since memory is used up. */
    public boolean isStarved() {
        return starved > 0;
    }

    /** Whether {@link #close} was called; nothing more is taken then. */
    public boolean isClosed() {
        return gate.isClosed();
    }

    // -- the application's side

    /** {@link #offer(ByteBuffer[], int, int, long, long)} from one buffer. */
    public boolean offer(ByteBuffer src, long peer, long how) {
        one[0] = src;
        try {
            return offer(one, 0, 1, peer, how);
        } finally {
            one[0] = null;
        }
    }

    /**
     * Adds a datagram with what remains in {@code count} buffers.
     *
     * @param peer whom it is for
     * @param how it is to be sent; both mean nothing here
     * @return false, with nothing taken, if there is no room or no memory, or the queue is closed
     */
    public boolean offer(ByteBuffer[] srcs, int offset, int count, long peer, long how) {
        int length = 0;
        for (int i = 0; i < count; i++) length += srcs[offset + i].remaining();
        if (!gate.enter()) return false;
        try {
            boolean room = queued() < limit;
            Slab fresh = null;
            int left = length - (tail == null ? 0 : Math.min(length, tail.capacity() - tailUsed));
            if (room && left > 0) fresh = take(left);
            boolean starves = room && left > 0 && fresh == null;
            if (starves || starved > 0) starved = starves ? length : 0;
            if (!room || starves) return false;
            long end = fill(srcs, offset, length, fresh);
            SliceRing.Run run = offerRun;
            int i = run.index(added);
            int charge = length + DatagramReceiveQueue.OVERHEAD;
            run.slices[i] = (int) (end - added);
            run.charge[i] = charge;
            run.peer[i] = peer;
            run.how[i] = how;
            CHARGED.setRelease(this, charged + charge);
            ADDED.setRelease(this, end);
            return true;
        } finally {
            gate.leave();
        }
    }

    /** Slabs for so many bytes, linked; or null and none taken. */
    private Slab take(int bytes) {
        Slab first = null;
        Slab last = null;
        for (int left = bytes; left > 0; left -= last.capacity()) {
            Slab slab = memory.takeForWriting(left);
            if (slab == null) {
                giveBack(first);
                return null;
            }
            if (first == null) first = slab;
            else last.next = slab;
            last = slab;
        }
        return first;
    }

    private static void giveBack(Slab first) {
        for (Slab slab = first; slab != null; ) {
            Slab next = slab.next;
            slab.release();
            slab = next;
        }
    }

    /** Copies the payload to the tail and to fresh slabs; answers the position behind its slots. */
    private long fill(ByteBuffer[] srcs, int offset, int length, Slab fresh) {
        long position = added;
        long freed = (long) REMOVED.getAcquire(this);
        if (length == 0) {
            put(position, freed, null, 0, 0);
            return position + 1;
        }
        int src = offset;
        int left = length;
        while (left > 0) {
            if (tail == null || tailUsed == tail.capacity()) {
                tail = fresh;
                tailUsed = 0;
                fresh = fresh.next;
            }
            int n = Math.min(left, tail.capacity() - tailUsed);
            int at = tail.base() + tailUsed;
            src = copy(srcs, src, tail.region().bytes(), at, n);
            put(position++, freed, tail, at, n);
            tailUsed += n;
            left -= n;
        }
        return position;
    }

    /** Copies n bytes from the buffers from {@code src} on; answers the buffer that comes next. */
    private static int copy(ByteBuffer[] srcs, int src, ByteBuffer dst, int at, int n) {
        while (n > 0) {
            ByteBuffer from = srcs[src];
            int bytes = Math.min(n, from.remaining());
            dst.put(at, from, from.position(), bytes);
            from.position(from.position() + bytes);
            at += bytes;
            n -= bytes;
            if (!from.hasRemaining()) src++;
        }
        return src;
    }

    private void put(long position, long freed, Slab slab, int at, int length) {
        SliceRing.Run run = ring.forWriting(position, freed);
        if (position == added) offerRun = run;
        int i = run.index(position);
        run.region[i] = slab == null ? null : slab.region();
        run.holder[i] = slab;
        run.at[i] = at;
        run.length[i] = length;
    }

    // -- the loop's side; of the oldest datagram, if there is one

    private SliceRing.Run oldest() {
        return sendRun = SliceRing.find(sendRun, removed);
    }

    /** Whom it is for. */
    public long peer() {
        SliceRing.Run run = oldest();
        return run.peer[run.index(removed)];
    }

    /** How it is to be sent. */
    public long how() {
        SliceRing.Run run = oldest();
        return run.how[run.index(removed)];
    }

    /** Bytes of its payload. */
    public int length() {
        SliceRing.Run run = oldest();
        return run.charge[run.index(removed)] - DatagramReceiveQueue.OVERHEAD;
    }

    /** Appends its payload to a frame, which has room for all slices but that of the headers. */
    public void gather(Frame into) {
        SliceRing.Run run = oldest();
        int slices = run.slices[run.index(removed)];
        for (int n = 0; n < slices; n++) {
            run = SliceRing.find(run, removed + n);
            int i = run.index(removed + n);
            if (run.holder[i] != null) {
                into.append(run.region[i], run.holder[i], run.at[i], run.length[i]);
            }
        }
    }

    /**
     * Removes it.
     *
     * @return whether {@link #isWritable} turned true by it: then the writer has to be told
     */
    public boolean remove() {
        long before = released;
        long position = drop();
        if (position == (long) ADDED.getAcquire(this) && gate.tryTake()) {
            // Checked again inside: the application may have added something in between.
            if (position == added) letGo();
            gate.giveBack();
        }
        long after = released;
        // The writer adds, and then looks whether there is room; here, room is made and then what
        // was
        // added is looked at. So either it sees the room, or this sees that there was none.
        VarHandle.fullFence();
        long end = (long) CHARGED.getAcquire(this);
        return !isWritable(end - before) && isWritable(end - after);
    }

    private long drop() {
        SliceRing.Run run = oldest();
        int first = run.index(removed);
        long end = removed + run.slices[first];
        int charge = run.charge[first];
        for (long position = removed; position < end; position++) {
            run = SliceRing.find(run, position);
            int i = run.index(position);
            Slab slab = (Slab) run.holder[i];
            run.holder[i] = null;
            if (slab == null || slab == head) continue;
            if (head != null) head.release();
            head = slab;
        }
        REMOVED.setRelease(this, end);
        RELEASED.setRelease(this, released + charge);
        return end;
    }

    private void letGo() {
        if (head != null) head.release();
        head = tail = null;
    }

    private void freeAll() {
        while (removed < added) drop();
        letGo();
    }

    /** No more is taken, and what is there is freed, at once or when the application has left. */
    public void close() {
        if (gate.close()) freeAll();
    }

    /**
     * In the loop, after {@link #close}: frees what that could not.
     *
     * @return whether nothing is held any more
     */
    public boolean settle() {
        if (gate.settle()) freeAll();
        return gate.isSettled();
    }
}
