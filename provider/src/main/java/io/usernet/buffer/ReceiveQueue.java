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
 * Bytes in order, on their way from a connection to an application. The loop appends slices of
 * received frames; the application (one thread at a time) copies out of them and says how far it
 * came; the loop then lets go of what is consumed.
 *
 * <pre>
 *        reaped        consumed                     appended
 *   freed  | to be freed  |  readable                   |
 *  --------+--------------+-----------------------------+
 *      slice  |   slice   |   slice   |  slice  | slice (small ones grow in place)
 * </pre>
 *
 * Positions count the bytes of the stream from 0. A small payload is copied, so that it doesn't pin
 * the slab it came in ({@link #copied} counts that); a slice made of copies grows in place, which is
 * safe because the reader is bounded by {@code appended}.
 */
public final class ReceiveQueue {
    /** Payloads of up to this many bytes are copied. */
    public static final int COPY_LIMIT = 256;

    /** Slices of the first run, and of all others. */
    private static final int FIRST_RUN = 8, RUN = 128;

    private static final VarHandle APPENDED, CONSUMED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            APPENDED = lookup.findVarHandle(ReceiveQueue.class, "appended", long.class);
            CONSUMED = lookup.findVarHandle(ReceiveQueue.class, "consumed", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** A run of slices; runs are linked, and the last one is not full. */
    private static final class Run {
        final Region[] region;
        final Holder[] holder; // loop only
        final int[] at;
        final int[] end;
        final long[] start; // position of the slice's first byte
        Run next; // by the loop, before the slices in it are published
        int count; // loop only

        Run(int slices) {
            region = new Region[slices];
            holder = new Holder[slices];
            at = new int[slices];
            end = new int[slices];
            start = new long[slices];
        }
    }

    private final Memory memory;
    private final Gate gate = new Gate();

    private long appended; // by the loop (setRelease); the application reads it (getAcquire)
    private long consumed; // by the application (setRelease); the loop reads it (getAcquire)

    // -- the application's: where it reads next
    private Run readRun;
    private int readSlice;

    // -- the loop's
    private long appendedTo; // `appended`, and what is not published yet
    private Run firstRun; // for the reader to begin with; null once it has
    private Run lastRun;
    private Run reapRun;
    private Run spareRun; // neither side looks at it any more, or null
    private int reapSlice;
    private Slab chunk; // where small payloads are copied to
    private int chunkUsed;
    private long copied;

    public ReceiveQueue(Memory memory) {
        this.memory = memory;
    }

    /** Bytes that can be read now; any thread, a snapshot outside of the loop and the reader. */
    public int available() {
        long end = (long) APPENDED.getAcquire(this);
        return (int) Math.max(0, end - (long) CONSUMED.getAcquire(this));
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        return gate.isClosed();
    }

    // -- the application's side

    /**
     * Copies what is there to {@code dst}, as far as it goes, and says so to the loop's side. The
     * caller posts where the window has to open ({@code Stream} decides).
     *
     * @return how many bytes; 0 if there are none, or the queue is closed
     */
    public int read(ByteBuffer dst) {
        if (!gate.enter()) return 0;
        try {
            long end = (long) APPENDED.getAcquire(this);
            long at = consumed;
            int wanted = (int) Math.min(dst.remaining(), end - at);
            if (wanted == 0) return 0;
            if (readRun == null) readRun = firstRun;
            long goal = at + wanted;
            while (at < goal) {
                Run run = readRun;
                int i = readSlice;
                int from = run.at[i] + (int) (at - run.start[i]);
                int n = (int) Math.min(run.end[i] - from, goal - at);
                if (n > 0) {
                    dst.put(dst.position(), run.region[i].bytes(), from, n);
                    dst.position(dst.position() + n);
                    at += n;
                } else if (i + 1 < run.at.length) {
                    readSlice = i + 1;
                } else {
                    readRun = run.next;
                    readSlice = 0;
                }
            }
            CONSUMED.setRelease(this, at);
            return wanted;
        } finally {
            gate.leave();
        }
    }

    // -- the loop's side

    /** Where the bytes end that were appended so far. */
    public long appended() {
        return appended;
    }

    /** How far the application has read. */
    public long consumed() {
        return (long) CONSUMED.getAcquire(this);
    }

    /** Payload bytes that were copied on enqueue rather than referenced. */
    public long copied() {
        return copied;
    }

    /**
     * Appends {@code length} bytes of a frame, beginning {@code from} bytes into it: by reference, or
     * by a copy if they are few or their memory cannot be retained. Publishes nothing yet.
     *
     * @return how many bytes: fewer than {@code length} where memory for a copy ran out
     */
    public int append(Frame in, int from, int length) {
        if (length <= COPY_LIMIT) return copy(in, from, length);
        for (int i = 0; i < in.slices(); i++)
            if (in.holder(i) == null) return copy(in, from, length);
        int left = length;
        for (int i = 0; left > 0; i++) {
            int have = in.length(i);
            if (from >= have) {
                from -= have;
                continue;
            }
            int n = Math.min(have - from, left);
            append(in.region(i), in.holder(i), in.at(i) + from, n);
            left -= n;
            from = 0;
        }
        return length;
    }

    /** Appends one slice by reference and retains its holder. Publishes nothing yet. */
    public void append(Region region, Holder holder, int at, int length) {
        holder.retain();
        add(region, holder, at, length);
    }

    private int copy(Frame in, int from, int length) {
        int done = 0;
        while (done < length) {
            if (chunk == null || chunkUsed == chunk.capacity()) {
                boolean few = length <= COPY_LIMIT;
                Slab slab = memory.take(few ? Slab.Size.SMALL : Slab.Size.MEDIUM);
                if (slab == null) break;
                if (chunk != null) chunk.release();
                chunk = slab;
                chunkUsed = 0;
            }
            int n = Math.min(length - done, chunk.capacity() - chunkUsed);
            int at = chunk.base() + chunkUsed;
            in.copy(from + done, n, chunk.region().bytes(), at);
            chunkUsed += n;
            if (!grow(at, n)) append(chunk.region(), chunk, at, n);
            done += n;
        }
        copied += done;
        return done;
    }

    /** Lengthens the last slice if the bytes at {@code at} of the chunk continue it. */
    private boolean grow(int at, int n) {
        Run run = lastRun;
        if (run == null || run.count == 0) return false;
        int last = run.count - 1;
        if (run.holder[last] != chunk || run.end[last] != at) return false;
        run.end[last] = at + n;
        appendedTo += n;
        return true;
    }

    private void add(Region region, Holder holder, int at, int length) {
        Run run = lastRun;
        if (run == null || run.count == run.at.length) {
            Run more = spareRun;
            spareRun = null;
            if (more == null) more = new Run(run == null ? FIRST_RUN : RUN);
            if (run == null) firstRun = reapRun = more;
            else run.next = more;
            lastRun = run = more;
        }
        int i = run.count++;
        run.region[i] = region;
        run.holder[i] = holder;
        run.at[i] = at;
        run.end[i] = at + length;
        run.start[i] = appendedTo;
        appendedTo += length;
    }

    /** Shows the application what was appended since. */
    public void publish() {
        APPENDED.setRelease(this, appendedTo);
    }

    /** Lets go of what the application has consumed. */
    public void reap() {
        long done = consumed();
        for (Run run = reapRun; run != null; ) {
            if (reapSlice == run.count) {
                if (run.count < run.at.length || run.next == null) break;
                firstRun = null; // else it would keep every run alive
                Run left = run;
                reapRun = run = run.next;
                reapSlice = 0;
                // Beyond its last byte, the reader has left it too.
                if (done > run.start[0] && left.at.length == RUN) recycle(left);
                continue;
            }
            int i = reapSlice;
            if (run.start[i] + (run.end[i] - run.at[i]) > done) break;
            run.holder[i].release();
            run.holder[i] = null; // and so the slice cannot grow any more
            reapSlice++;
        }
        if (done == appendedTo && chunk != null) {
            chunk.release();
            chunk = null;
        }
    }

    private void recycle(Run run) {
        run.next = null;
        run.count = 0;
        spareRun = run;
    }

    private void freeAll() {
        for (Run run = reapRun; run != null; run = run.next) {
            for (int i = reapSlice; i < run.count; i++) run.holder[i].release();
            reapSlice = 0;
        }
        if (chunk != null) chunk.release();
        chunk = null;
        firstRun = lastRun = reapRun = spareRun = null;
    }

    /**
     * Drops what is there, at once or when the application has left. Nothing may be appended
     * afterwards, and nothing can be read.
     */
    public void close() {
        if (gate.close()) freeAll();
    }

    /** In the loop, after a post: frees what {@link #close} could not. */
    public void settle() {
        if (gate.settle()) freeAll();
    }
}
