package io.usernet.stack;

import io.usernet.buffer.Inbox;
import io.usernet.buffer.Wakeups;

/**
 * What a loop runs. All methods are called by the one thread that has the seat, except {@link #inbox}
 * (any thread) and {@link #prepare}.
 */
public interface Core {
    /** Where other threads ask for things. */
    Inbox inbox();

    /** Whoever the turns made ready; taken by the loop when it leaves the seat. */
    Wakeups wakeups();

    /**
     * One bounded turn: frames in, posts, timers, segments out.
     *
     * @return whether it left work for another one
     */
    boolean turn(long nowNs);

    /** A time not after the next deadline, or Long.MAX_VALUE. */
    long earliest();

    /** Whether frames wait because the link was full. */
    boolean isTransmitBlocked();

    /** Outside of the seat, by the I/O thread between turns: what may take long, such as allocating and logging. */
    void prepare();

    /** The last call: ends everything, and adds every waiter to {@link #wakeups}. Must not throw. */
    void die(Throwable cause);
}
