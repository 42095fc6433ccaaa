package io.usernet.time;

import java.util.Arrays;

/**
 * A hierarchical timer wheel (Varghese and Lauck, scheme 7). Scheduling and cancelling cost O(1) and
 * allocate nothing: a {@link Timer} is its own list entry. A timer fires at its deadline or up to one
 * tick later, never before; timers of one tick fire in no particular order.
 *
 * <pre>
 *   level 0   64 slots of  1 tick     (a tick is 2^17 ns, 131 us)
 *   level 1   64 slots of 64 ticks    (8.4 ms)
 *   ...
 *   level 7   64 slots of 64^7 ticks  (18 years)
 * </pre>
 *
 * A timer goes to the lowest level on which its tick and the present one differ in that level's digit
 * alone; when the present tick reaches the slot, its timers move down. Each level has a word of bits
 * that says which slots are occupied, so that {@link #earliest} looks at no empty slot.
 *
 * <p>Confined to the loop. The levels reach as far as a {@code long} of nanoseconds, so no deadline is
 * too far away, and no boundary is ever crossed.
 */
public final class TimerWheel {
    /** What {@link #earliest} answers when nothing is scheduled. */
    public static final long NEVER = Long.MAX_VALUE;

    private static final int TICK_SHIFT = 17;
    private static final int DIGIT = 6;
    private static final int SLOTS = 1 << DIGIT;
    private static final int LEVELS = 8;
    private static final long LAST_TICK = Long.MAX_VALUE >>> TICK_SHIFT;

    /** Something with at most one deadline at a time. */
    public abstract static class Timer {
        private long deadlineNs;
        private int slot = -1; // level * SLOTS + digit, or -1: not scheduled
        private Timer previous, next;

        /** When it is due; meaningful while {@link #isScheduled}. */
        public final long deadlineNs() {
            return deadlineNs;
        }

        public final boolean isScheduled() {
            return slot >= 0;
        }
    }

    /** A timer that knows itself what is due. */
    public abstract static class Alarm extends Timer {
        /** It is due, and no longer scheduled. */
        public abstract void expire(long nowNs);
    }

    private final Timer[] slots = new Timer[LEVELS * SLOTS];
    private final long[] occupied = new long[LEVELS];
    private long tick; // all timers of earlier ticks have fired
    private int scheduled;

    /** Schedules a timer, or moves it if it is scheduled already. */
    public void schedule(Timer timer, long deadlineNs) {
        if (timer.slot >= 0) unlink(timer);
        timer.deadlineNs = deadlineNs;
        link(timer, tickOf(deadlineNs));
        scheduled++;
    }

    /** Takes a timer off the wheel, if it is on it. */
    public void cancel(Timer timer) {
        if (timer.slot < 0) return;
        unlink(timer);
    }

    /** How many timers are scheduled. */
    public int size() {
        return scheduled;
    }

    /**
     * A time not after any deadline's tick, and after the present unless something is due: sleeping
     * until then is right, although on the higher levels there may be nothing to fire yet.
     */
    public long earliest() {
        for (int level = 0; level < LEVELS; level++) {
            if (occupied[level] == 0) continue;
            int shift = level * DIGIT;
            int digit = (int) (tick >>> shift) & SLOTS - 1;
            int ahead = Long.numberOfTrailingZeros(Long.rotateRight(occupied[level], digit));
            long at = (tick >>> shift) + ahead << shift;
            return Math.max(at, tick) << TICK_SHIFT;
        }
        return NEVER;
    }

    /**
     * Takes the next timer that is due off the wheel.
     *
     * @return null when all that is due at {@code nowNs} has been taken
     */
    public Timer poll(long nowNs) {
        long nowTick = nowNs >>> TICK_SHIFT;
        while (true) {
            int digit = (int) tick & SLOTS - 1;
            Timer due = slots[digit];
            if (due != null) {
                if (tick > nowTick) return null;
                unlink(due);
                return due;
            }
            if (tick >= nowTick) return null;
            advance(nowTick);
        }
    }

    /** Moves on to the next tick with something to do, at most {@code nowTick}. */
    private void advance(long nowTick) {
        long next = scheduled == 0 ? nowTick : Math.min(nowTick, nextOccupied());
        long passed = tick ^ next;
        tick = next;
        // Where a higher digit changed, the timers of its new slot belong further down now.
        for (int level = LEVELS - 1; level > 0; level--) {
            if (passed >>> level * DIGIT == 0) continue;
            cascade(level, (int) (tick >>> level * DIGIT) & SLOTS - 1);
        }
    }

    private long nextOccupied() {
        for (int level = 0; level < LEVELS; level++) {
            int shift = level * DIGIT;
            int digit = (int) (tick >>> shift) & SLOTS - 1;
            long later = occupied[level] & -1L << digit & ~(1L << digit);
            if (later != 0) {
                long base = tick >>> shift + DIGIT << shift + DIGIT;
                return base + ((long) Long.numberOfTrailingZeros(later) << shift);
            }
        }
        return Long.MAX_VALUE;
    }

    private void cascade(int level, int digit) {
        int slot = level * SLOTS + digit;
        Timer timer = slots[slot];
        slots[slot] = null;
        occupied[level] &= ~(1L << digit);
        while (timer != null) {
            Timer following = timer.next;
            link(timer, tickOf(timer.deadlineNs));
            timer = following;
        }
    }

    private static long tickOf(long deadlineNs) {
        long roundedUp = deadlineNs + (1 << TICK_SHIFT) - 1 >>> TICK_SHIFT; // never early
        return Math.min(roundedUp, LAST_TICK);
    }

    private void link(Timer timer, long at) {
        long when = Math.max(at, tick);
        long differs = when ^ tick;
        int level = differs == 0 ? 0 : (63 - Long.numberOfLeadingZeros(differs)) / DIGIT;
        int digit = (int) (when >>> level * DIGIT) & SLOTS - 1;
        int slot = level * SLOTS + digit;
        timer.slot = slot;
        timer.previous = null;
        timer.next = slots[slot];
        if (timer.next != null) timer.next.previous = timer;
        slots[slot] = timer;
        occupied[level] |= 1L << digit;
    }

    private void unlink(Timer timer) {
        int slot = timer.slot;
        if (timer.previous != null) timer.previous.next = timer.next;
        else slots[slot] = timer.next;
        if (timer.next != null) timer.next.previous = timer.previous;
        if (slots[slot] == null) occupied[slot / SLOTS] &= ~(1L << slot % SLOTS);
        timer.slot = -1;
        timer.previous = timer.next = null;
        scheduled--;
    }

    @Override
    public String toString() {
        return scheduled + " timers at tick " + tick + ", occupied " + Arrays.toString(occupied);
    }
}
