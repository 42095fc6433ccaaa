package io.usernet.buffer;

import io.usernet.frame.Frame;
import io.usernet.frame.Holder;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.frame.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * Datagrams on their way from the loop to an application: slices of the frames they came in, each with
 * the peer it is from. The application (one thread at a time) copies the oldest out; the loop then
 * lets go of its memory.
 *
 * <pre>
 *        reaped        removed                     added
 *   freed  | to be freed  |  can be received         |
 * </pre>
 *
 * What waits is bounded in bytes, {@link #OVERHEAD} for each datagram included. Small payloads, and
 * all while memory is scarce, are copied so that they don't pin the slab they came in. The last slabs of
 * each size are left alone: whoever floods us with datagrams that nobody reads must not starve
 * connections.
 */
public final class DatagramReceiveQueue {
    /** What a datagram costs besides its payload, bytes: many empty ones are bounded too. */
    public static final int OVERHEAD = 256;

    /** What {@link #receive} answers if there is no datagram. */
    public static final long NONE = -1;

    /** What became of a datagram that was offered. */
    public enum Offer {
        TAKEN,
        /** Too many bytes wait already. */
        FULL,
        /** No memory for a copy. */
        NO_MEMORY
    }

    /** Large slabs that are left for links to read into. */
    private static final int LARGE_LEFT = 4;

    private static final VarHandle ADDED, REMOVED, RELEASED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Class<?> queue = DatagramReceiveQueue.class;
            ADDED = lookup.findVarHandle(queue, "added", long.class);
            REMOVED = lookup.findVarHandle(queue, "removed", long.class);
            RELEASED = lookup.findVarHandle(queue, "released", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Memory memory;
    private final Gate gate = new Gate();
    private final SliceRing ring = new SliceRing();
    private volatile int limit;

    private long added; // by the loop (setRelease): slots
    private long removed; // by the application (setRelease): slots
    private long released; // by the application (setRelease, before `removed`): bytes charged

    // -- the application's
    private SliceRing.Run readRun = ring.first;
    private final ByteBuffer[] one = new ByteBuffer[1];

    // -- the loop's
    private SliceRing.Run offerRun; // with the first slot of the datagram being added
    private SliceRing.Run reapRun = ring.first;
    private long reaped;
    private long charged; // bytes, of all datagrams ever added
    private Slab chunk; // where payloads are copied to
    private int chunkUsed;
    private long copied;

    /**
     * @param limit most bytes that wait, above 0
     */
    public DatagramReceiveQueue(Memory memory, int limit) {
        this.memory = memory;
        this.limit = limit;
    }

    /** Most bytes that wait. */
    public int limit() {
        return limit;
    }

    /** Any thread. A smaller limit drops nothing that is there. */
    public void limit(int bytes) {
        limit = bytes;
    }

    /** Whether no datagram waits; any thread, a snapshot outside of the loop and the reader. */
    public boolean isEmpty() {
        return (long) REMOVED.getAcquire(this) == (long) ADDED.getAcquire(this);
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        return gate.isClosed();
    }

    // -- the application's side

    /** {@link #receive(ByteBuffer[], int, int)} to one buffer. */
    public long receive(ByteBuffer dst) {
        one[0] = dst;
        try {
            return receive(one, 0, 1);
        } finally {
            one[0] = null;
        }
    }

    /**
     * Copies the oldest datagram to {@code count} buffers in turn, as far as it fits, and removes it.
     *
     * @return its peer, or {@link #NONE}
     */
    public long receive(ByteBuffer[] dsts, int offset, int count) {
        if (!gate.enter()) return NONE;
        try {
            long at = removed;
            if (at == (long) ADDED.getAcquire(this)) return NONE;
            SliceRing.Run run = readRun = SliceRing.find(readRun, at);
            int i = run.index(at);
            long peer = run.peer[i];
            copy(at, run.slices[i], dsts, offset, offset + count);
            remove(at + run.slices[i], run.charge[i]);
            return peer;
        } finally {
            gate.leave();
        }
    }

    private void copy(long position, int slices, ByteBuffer[] dsts, int to, int end) {
        SliceRing.Run run = readRun;
        for (int n = 0; n < slices; n++) {
            run = SliceRing.find(run, position + n);
            int i = run.index(position + n);
            int from = run.at[i];
            int left = run.length[i];
            while (left > 0) {
                while (to < end && !dsts[to].hasRemaining()) to++;
                if (to == end) return;
                ByteBuffer dst = dsts[to];
                int bytes = Math.min(left, dst.remaining());
                dst.put(dst.position(), run.region[i].bytes(), from, bytes);
                dst.position(dst.position() + bytes);
                from += bytes;
                left -= bytes;
            }
        }
    }

    private void remove(long position, int charge) {
        RELEASED.setRelease(this, released + charge);
        REMOVED.setRelease(this, position);
    }

    /** Removes all datagrams before a position; for whoever may receive now. */
    public void skipTo(long position) {
        if (!gate.enter()) return;
        try {
            while (removed < position) {
                SliceRing.Run run = readRun = SliceRing.find(readRun, removed);
                int i = run.index(removed);
                remove(removed + run.slices[i], run.charge[i]);
            }
        } finally {
            gate.leave();
        }
    }

    // -- the loop's side

    /** The position behind what was added so far. */
    public long added() {
        return added;
    }

    /** Bytes that wait, as they are charged. */
    public int queued() {
        return (int) (charged - (long) RELEASED.getAcquire(this));
    }

    /** Payload bytes that were copied rather than referenced. */
    public long copied() {
        return copied;
    }

    /**
     * Adds the {@code length} bytes of a frame from {@code from} on, and shows them to the application.
     * One datagram always fits into an empty queue.
     *
     * @param peer whom it is from; at least 0
     */
    public Offer offer(Frame in, int from, int length, long peer) {
        int waiting = queued();
        int charge = length + OVERHEAD;
        if (waiting > 0 && waiting + charge > limit) return Offer.FULL;
        reap();
        long end = mustCopy(in, length) ? copy(in, from, length) : reference(in, from, length);
        if (end < 0) return Offer.NO_MEMORY;
        SliceRing.Run run = offerRun;
        int i = run.index(added);
        run.slices[i] = (int) (end - added);
        run.charge[i] = charge;
        run.peer[i] = peer;
        charged += charge;
        ADDED.setRelease(this, end);
        return Offer.TAKEN;
    }

    private boolean mustCopy(Frame in, int length) {
        if (length <= ReceiveQueue.COPY_LIMIT) return true;
        for (int i = 0; i < in.slices(); i++) if (in.holder(i) == null) return true;
        return memory.inUse() > memory.budget() / 2 || memory.free(Slab.Size.LARGE) < LARGE_LEFT;
    }

    private long reference(Frame in, int from, int length) {
        long position = added;
        int skip = from;
        int left = length;
        for (int slice = 0; left > 0; slice++) {
            int have = in.length(slice);
            if (skip >= have) {
                skip -= have;
                continue;
            }
            int n = Math.min(have - skip, left);
            put(position++, in.region(slice), in.holder(slice), in.at(slice) + skip, n);
            left -= n;
            skip = 0;
        }
        return position;
    }

    /** Copies to one piece of the chunk; answers the position behind it, or -1 without memory. */
    private long copy(Frame in, int from, int length) {
        if (length == 0) {
            put(added, null, null, 0, 0);
            return added + 1;
        }
        if (chunk == null || chunk.capacity() - chunkUsed < length) {
            Slab slab = take(length);
            if (slab == null) return -1;
            if (chunk != null) chunk.release();
            chunk = slab;
            chunkUsed = 0;
        }
        int at = chunk.base() + chunkUsed;
        in.copy(from, length, chunk.region().bytes(), at);
        chunkUsed += length;
        copied += length;
        put(added, chunk.region(), chunk, at, length);
        return added + 1;
    }

    private Slab take(int length) {
        for (Slab.Size size : Slab.Size.values()) {
            if (length > size.bytes()) continue;
            if (size == Slab.Size.LARGE && memory.free(size) <= LARGE_LEFT) continue;
            Slab slab = memory.takeForWriting(size);
            if (slab != null) return slab;
        }
        return null;
    }

    private void put(long position, Region region, Holder holder, int at, int length) {
        SliceRing.Run run = ring.forWriting(position, reaped);
        if (position == added) offerRun = run;
        int i = run.index(position);
        if (holder != null) holder.retain();
        run.region[i] = region;
        run.holder[i] = holder;
        run.at[i] = at;
        run.length[i] = length;
    }

    /**
     * Lets go of what the application has removed.
     *
     * @return whether nothing is held any more
     */
    public boolean reap() {
        long done = (long) REMOVED.getAcquire(this);
        for (; reaped < done; reaped++) {
            SliceRing.Run run = reapRun = SliceRing.find(reapRun, reaped);
            int i = run.index(reaped);
            Holder holder = run.holder[i];
            run.holder[i] = null;
            if (holder != null) holder.release();
        }
        if (reaped < added) return false;
        if (chunk != null) chunk.release();
        chunk = null;
        return true;
    }

    private void freeAll() {
        REMOVED.setRelease(this, added); // nobody reads any more
        RELEASED.setRelease(this, charged);
        reap();
    }

    /** Drops what is there, at once or when the application has left. Nothing is offered afterwards. */
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
