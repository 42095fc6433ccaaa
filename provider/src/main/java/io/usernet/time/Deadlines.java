package io.usernet.time;

import java.util.Arrays;

/**
 * A deadline for each constant of an enum: what one endpoint waits for. Its owner puts the {@link
 * #earliest} into the wheel. Confined to the loop.
 *
 * @param <E> what there are deadlines for
 */
public final class Deadlines<E extends Enum<E>> {
    private final long[] at;

    /**
     * @param kinds how many constants the enum has
     */
    public Deadlines(int kinds) {
        at = new long[kinds];
        disarmAll();
    }

    /** Sets or moves a deadline. */
    public void arm(E which, long deadlineNs) {
        assert deadlineNs >= 0;
        at[which.ordinal()] = deadlineNs;
    }

    public void disarm(E which) {
        at[which.ordinal()] = TimerWheel.NEVER;
    }

    public void disarmAll() {
        Arrays.fill(at, TimerWheel.NEVER);
    }

    public boolean isArmed(E which) {
        return at[which.ordinal()] != TimerWheel.NEVER;
    }

    /** When it is due, or {@link TimerWheel#NEVER}. */
    public long get(E which) {
        return at[which.ordinal()];
    }

    /** Whether it is due; if so, it is disarmed. */
    public boolean take(E which, long nowNs) {
        if (at[which.ordinal()] > nowNs) return false;
        disarm(which);
        return true;
    }

    /** The first of them, or {@link TimerWheel#NEVER}. */
    public long earliest() {
        long first = TimerWheel.NEVER;
        for (long deadline : at) first = Math.min(first, deadline);
        return first;
    }
}
