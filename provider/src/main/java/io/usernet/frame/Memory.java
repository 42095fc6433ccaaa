package io.usernet.frame;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The packet memory of one stack: a budget of direct memory, allocated in steps of 1 MiB and kept.
 * When it is used up, {@link #take} answers null and the caller drops a frame or lets a writer wait;
 * nothing here ever throws OutOfMemoryError into a turn.
 *
 * <p>Thread-safe: {@link #take} and giving back are lock-free; {@link #grow} allocates and must not
 * be called by a thread that runs the stack.
 */
public final class Memory {
    private static final int STEP = 1 << 20;

    /** A queue may hold so much of what is free: with n that are full, n/(n + 4) of that is in use. */
    private static final int SHARE = 4;

    /**
     * So much is left to queues that hold nothing, so that each may begin; as small slabs, for there are
     * many such queues when memory is scarce.
     */
    private static final int RESERVE = 16;

    private volatile long budget; // becomes less where the JVM's limit is
    private final AtomicLong allocated = new AtomicLong();
    private final Pool[] pools = new Pool[Slab.Size.values().length];

    /**
     * Allocates the least that each size of slabs needs.
     *
     * @param budget most bytes of direct memory, at least 4 MiB
     * @throws IllegalArgumentException if the budget is below that
     * @throws OutOfMemoryError if the JVM's limit of direct memory leaves none for a size of slabs
     */
    public Memory(long budget) {
        if (budget < 4 * STEP) {
            throw new IllegalArgumentException("memory budget " + budget + " is below 4 MiB");
        }
        this.budget = budget;
        for (Slab.Size size : Slab.Size.values()) {
            pools[size.ordinal()] = new Pool((int) Math.min(1 << 22, budget / size.bytes));
            if (!grow(size)) throw new OutOfMemoryError("no direct memory for " + size + " slabs");
        }
    }

    /** {@return a slab with one reference, or null if none is free: then {@link #grow} may help} */
    public Slab take(Slab.Size size) {
        Slab slab = pools[size.ordinal()].pop();
        if (slab != null) slab.taken();
        return slab;
    }

    /**
     * {@return the same for what an application writes} The last few are left for what is received.
     * Without that, two stacks that have filled their memory for one another could not take a byte any
     * more.
     */
    public Slab takeForWriting(Slab.Size size) {
        return free(size) > size.forReceiving ? take(size) : null;
    }

    /**
     * {@return a slab for what an application writes: one that suits so many bytes, else another one;
     * null if memory is used up} May allocate: not in a turn.
     */
    public Slab takeForWriting(int bytes) {
        boolean few = bytes <= Slab.Size.SMALL.bytes;
        Slab.Size suits = few ? Slab.Size.SMALL : Slab.Size.MEDIUM;
        Slab slab = takeOrGrow(suits);
        return slab != null ? slab : takeOrGrow(few ? Slab.Size.MEDIUM : Slab.Size.SMALL);
    }

    private Slab takeOrGrow(Slab.Size size) {
        Slab slab = takeForWriting(size);
        return slab == null && grow(size) ? takeForWriting(size) : slab;
    }

    void give(Slab slab) {
        pools[slab.size().ordinal()].push(slab);
    }

    /**
     * Allocates 1 MiB more for slabs of a size, unless the budget or the JVM's limit of direct memory
     * is reached. Not in a turn: allocation may take long.
     *
     * @return whether there is more memory now
     */
    public boolean grow(Slab.Size size) {
        if (allocated.addAndGet(STEP) > mostOf(size)) {
            allocated.addAndGet(-STEP);
            return false;
        }
        ByteBuffer bytes;
        try {
            bytes = ByteBuffer.allocateDirect(STEP);
        } catch (OutOfMemoryError e) {
            // The JVM's own limit (-XX:MaxDirectMemorySize) is less: it is the budget now. To ask
            // again would collect garbage and sleep for half a second each time.
            budget = Math.min(budget, allocated.addAndGet(-STEP));
            return false;
        }
        Pool pool = pools[size.ordinal()];
        int number = pool.reserve(STEP / size.bytes);
        if (number < 0) {
            allocated.addAndGet(-STEP);
            return false;
        }
        Region region = new Region(bytes);
        for (int base = 0; base < STEP; base += size.bytes) {
            Slab slab = new Slab(this, size, region, base, number);
            pool.slabs[number++] = slab;
            slab.release();
        }
        return true;
    }

    /** {@return whether so few slabs of a size are free that it is time to {@link #grow}} */
    public boolean isLow(Slab.Size size) {
        return pools[size.ordinal()].count() < Math.max(4, STEP / size.bytes / 4)
                && allocated.get() + STEP <= mostOf(size);
    }

    /** How far memory for slabs of a size may grow. */
    private long mostOf(Slab.Size size) {
        return size == Slab.Size.SMALL ? budget : budget - budget / RESERVE;
    }

    /** {@return how many slabs {@link #takeForWriting} has now; a snapshot} */
    public int freeForWriting() {
        int free = 0;
        for (Slab.Size size : Slab.Size.values()) {
            if (size != Slab.Size.LARGE) free += Math.max(0, free(size) - size.forReceiving);
        }
        return free;
    }

    /** {@return bytes of the slabs that {@link #takeForWriting} has now; a snapshot} */
    public long bytesForWriting() {
        long free = 0;
        for (Slab.Size size : Slab.Size.values()) {
            if (size == Slab.Size.LARGE) continue;
            free += Math.max(0, free(size) - size.forReceiving) * (long) size.bytes;
        }
        return free;
    }

    /**
     * {@return the most bytes that one queue should hold now, so that another always finds some memory: a
     * part of what is free; a snapshot} So few queues may be long and many are short, without anybody counting them (A. K.
     * Choudhury and E. L. Hahne, Dynamic Queue Length Thresholds for Shared-Memory Packet Switches,
     * 1998). The last sixteenth is nobody's share; a queue that is empty takes a small slab of it. There
     * is no limit before half of the budget was ever needed.
     */
    public long share() {
        return share(0);
    }

    /**
     * {@return the same for what is received, which may use the memory of links too}
     */
    public long shareForReceiving() {
        // Links have theirs from the start, also where there are none.
        return share(Math.max(0, (long) free(Slab.Size.LARGE) * Slab.Size.LARGE.bytes - STEP));
    }

    private long share(long more) {
        long used = allocated.get();
        if (used < budget / 2) return Long.MAX_VALUE;
        long free = Math.max(0, budget - used) + bytesForWriting() + more;
        return Math.max(0, free - budget / RESERVE) / SHARE;
    }

    /** {@return how many slabs of a size are free now; a snapshot} */
    public int free(Slab.Size size) {
        return pools[size.ordinal()].count();
    }

    /** {@return bytes of slabs that are in use now; a snapshot} */
    public long inUse() {
        long free = 0;
        for (Slab.Size size : Slab.Size.values()) free += (long) free(size) * size.bytes;
        return allocated.get() - free;
    }

    /** {@return bytes of direct memory allocated so far} */
    public long allocated() {
        return allocated.get();
    }

    /**
     * {@return the most bytes of direct memory that will be allocated: as was asked for, or what the JVM
     * allows once that was seen to be less}
     */
    public long budget() {
        return budget;
    }

    /**
     * The free slabs of a size: a stack, so that the one given back last, which is still in the cache,
     * is taken first (R. K. Treiber). Slabs are numbered, and the top is a number with a version
     * beside it, so that a slab that went out and came back is not mistaken (ABA).
     */
    private static final class Pool {
        private static final VarHandle TOP;

        static {
            try {
                TOP = MethodHandles.lookup().findVarHandle(Pool.class, "top", long.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final Slab[] slabs; // by number; an entry is set before its number is first pushed
        private final int[] below; // number of the slab below, plus 1; 0: none
        private final AtomicInteger numbers = new AtomicInteger();
        private final AtomicInteger count = new AtomicInteger();
        private volatile long top; // version << 32 | number + 1; low word 0: none

        Pool(int capacity) {
            slabs = new Slab[capacity];
            below = new int[capacity];
        }

        /** Reserves numbers for so many more slabs; the first of them, or -1. */
        int reserve(int more) {
            int first = numbers.getAndAdd(more);
            if (first + more <= slabs.length) return first;
            numbers.getAndAdd(-more);
            return -1;
        }

        void push(Slab slab) {
            long seen;
            long then;
            do {
                seen = top;
                below[slab.number] = (int) seen;
                then = (seen >>> 32) + 1 << 32 | slab.number + 1;
            } while (!TOP.compareAndSet(this, seen, then));
            count.getAndIncrement();
        }

        Slab pop() {
            while (true) {
                long seen = top;
                int number = (int) seen - 1;
                if (number < 0) return null;
                // If another thread takes this slab meanwhile, the entry may change; so does the
                // top.
                long then = (seen >>> 32) + 1 << 32 | below[number];
                if (TOP.compareAndSet(this, seen, then)) {
                    count.getAndDecrement();
                    return slabs[number];
                }
            }
        }

        int count() {
            return Math.max(0, count.get()); // a push is counted a moment after it
        }
    }
}
