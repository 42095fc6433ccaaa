package io.usernet.buffer;

import java.util.Arrays;

/**
 * Those whom a turn made ready, to be woken once the seat is left: a wake-up costs a system call, and
 * runs into foreign schedulers. Filled in the seat, run outside of it by the thread that left.
 */
public final class Wakeups {
    private Waiter[] waiters = new Waiter[16];
    private int count;

    public void add(Waiter waiter) {
        if (count == waiters.length) waiters = Arrays.copyOf(waiters, count * 2);
        waiters[count++] = waiter;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /** Moves everything to {@code other}. */
    public void moveTo(Wakeups other) {
        for (int i = 0; i < count; i++) {
            other.add(waiters[i]);
            waiters[i] = null;
        }
        count = 0;
    }

    /** Wakes them all; outside of the seat. */
    public void run() {
        for (int i = 0; i < count; i++) {
            Waiter waiter = waiters[i];
            waiters[i] = null;
            waiter.wake();
        }
        count = 0;
    }
}
