package io.usernet.frame;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
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

    private final long budget;
    private final AtomicLong allocated = new AtomicLong();
    private final Pool[] pools = new Pool[Slab.Size.values().length];

    /**
     * @param budget most bytes of direct memory, at least 4 MiB
     */
    public Memory(long budget) {
        if (budget < 4 * STEP) {
            throw new IllegalArgumentException("memory budget " + budget + " is below 4 MiB");
        }
        this.budget = budget;
        for (Slab.Size size : Slab.Size.values()) {
            pools[size.ordinal()] = new Pool((int) Math.min(1 << 22, budget / size.bytes + 1));
            grow(size);
        }
    }

    /** A slab with one reference, or null if none is free: then {@link #grow} may help. */
    public Slab take(Slab.Size size) {
        Slab slab = pools[size.ordinal()].poll();
        if (slab != null) slab.taken();
        return slab;
    }

    void give(Slab slab) {
        boolean kept = pools[slab.size().ordinal()].offer(slab);
        assert kept : "more slabs given back than the budget has";
    }

    /**
     * Allocates 1 MiB more for slabs of a size, unless the budget or the JVM's limit of direct memory
     * is reached. Not in a turn: allocation may take long.
     *
     * @return whether there is more memory now
     */
    public boolean grow(Slab.Size size) {
        if (allocated.addAndGet(STEP) > budget) {
            allocated.addAndGet(-STEP);
            return false;
        }
        ByteBuffer bytes;
        try {
            bytes = ByteBuffer.allocateDirect(STEP);
        } catch (OutOfMemoryError e) {
            // The JVM's own limit (-XX:MaxDirectMemorySize) is below our budget: it is the budget
            // then.
            allocated.addAndGet(-STEP);
            return false;
        }
        Region region = new Region(bytes);
        for (int base = 0; base < STEP; base += size.bytes) new Slab(this, size, region, base);
        return true;
    }

    /** Whether so few slabs of a size are free that it is time to {@link #grow}. */
    public boolean isLow(Slab.Size size) {
        return pools[size.ordinal()].count() < Math.max(4, STEP / size.bytes / 4)
                && allocated.get() + STEP <= budget;
    }

    /** Slabs of a size that are free now; a snapshot. */
    public int free(Slab.Size size) {
        return pools[size.ordinal()].count();
    }

    /** Bytes of slabs that are in use now; a snapshot. */
    public long inUse() {
        long free = 0;
        for (Slab.Size size : Slab.Size.values()) free += (long) free(size) * size.bytes;
        return allocated.get() - free;
    }

    /** Bytes of direct memory allocated so far. */
    public long allocated() {
        return allocated.get();
    }

    public long budget() {
        return budget;
    }

    /** A bounded queue for many producers and consumers (Dmitry Vyukov's): no allocation, no ABA. */
    private static final class Pool {
        private static final VarHandle SEQUENCE = MethodHandles.arrayElementVarHandle(long[].class);
        private static final VarHandle HEAD, TAIL;

        static {
            try {
                MethodHandles.Lookup lookup = MethodHandles.lookup();
                HEAD = lookup.findVarHandle(Pool.class, "head", long.class);
                TAIL = lookup.findVarHandle(Pool.class, "tail", long.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final Slab[] slabs;
        private final long[]
                sequence; // of the slot: i = free for the producer at i, i + 1 = filled
        private final int mask;
        private volatile long head; // next to take
        private volatile long tail; // next to fill

        Pool(int capacity) {
            int size = Integer.highestOneBit(Math.max(2, capacity) - 1) << 1;
            slabs = new Slab[size];
            sequence = new long[size];
            mask = size - 1;
            for (int i = 0; i < size; i++) sequence[i] = i;
        }

        boolean offer(Slab slab) {
            for (; ; ) {
                long at = tail;
                int slot = (int) at & mask;
                long ahead = (long) SEQUENCE.getAcquire(sequence, slot) - at;
                if (ahead < 0) return false;
                if (ahead == 0 && TAIL.compareAndSet(this, at, at + 1)) {
                    slabs[slot] = slab;
                    SEQUENCE.setRelease(sequence, slot, at + 1);
                    return true;
                }
            }
        }

        Slab poll() {
            for (; ; ) {
                long at = head;
                int slot = (int) at & mask;
                long ahead = (long) SEQUENCE.getAcquire(sequence, slot) - (at + 1);
                if (ahead < 0) return null;
                if (ahead == 0 && HEAD.compareAndSet(this, at, at + 1)) {
                    Slab slab = slabs[slot];
                    slabs[slot] = null;
                    SEQUENCE.setRelease(sequence, slot, at + mask + 1);
                    return slab;
                }
            }
        }

        int count() {
            return (int) Math.max(0, tail - head);
        }
    }
}
