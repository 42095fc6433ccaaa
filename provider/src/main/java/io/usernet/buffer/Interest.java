package io.usernet.buffer;

/**
 * Someone who wants to hear that a stream's readiness may have changed: a selection key. Spurious
 * calls are harmless, because readiness is computed by whoever asks.
 */
public abstract class Interest {
    /**
     * In the seat, after the change was published. Takes no lock, allocates nothing, and wakes nobody
     * itself: it adds the sleeper to {@code wakeups}, after {@link Waiter#claim} said so.
     */
    protected abstract void changed(Wakeups wakeups);
}
