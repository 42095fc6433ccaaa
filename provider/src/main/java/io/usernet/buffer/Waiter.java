package io.usernet.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Someone who sleeps until the loop has news. The sleeper sets WAITING and only then looks whether it
 * is ready; the loop publishes the news and only then swaps NOTIFIED in: so one of the two sees the
 * other, and nobody sleeps through news.
 */
public abstract class Waiter {
    private static final int IDLE = 0, WAITING = 1, NOTIFIED = 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Waiter.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // by STATE
    private volatile int state;

    /** The sleeper is about to look and then to sleep; before every look. */
    public final void prepare() {
        STATE.setVolatile(this, WAITING);
    }

    /** The sleeper is up. */
    public final void finish() {
        STATE.setVolatile(this, IDLE);
    }

    /** In the loop, after the news was published: queues the wake-up if one is needed. */
    final void signal(Wakeups wakeups) {
        if (claim()) wakeups.add(this);
    }

    /**
     * True for the one caller that must now {@link #wake} the sleeper. Any thread, after it published
     * the news, in whatever mode.
     */
    public final boolean claim() {
        // The news may have been stored in release mode: without a fence the look at the state
        // could
        // overtake it, the sleeper would miss the one and we the other.
        VarHandle.fullFence();
        return (int) STATE.getVolatile(this) == WAITING
                && (int) STATE.getAndSet(this, NOTIFIED) == WAITING;
    }

    /** Wakes the sleeper; never called in the seat. */
    public abstract void wake();
}
