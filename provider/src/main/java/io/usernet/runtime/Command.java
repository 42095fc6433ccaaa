package io.usernet.runtime;

import io.usernet.buffer.Post;
import io.usernet.buffer.ThreadWaiter;
import io.usernet.buffer.Wakeups;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * Something done once in the loop for a thread that waits for the result, such as a bind. The wait
 * cannot be interrupted; an interrupt is kept for later.
 *
 * @param <T> what it answers
 */
public abstract class Command<T> extends Post {
    private static final int RUN = 1;

    private final ThreadWaiter waiter = new ThreadWaiter();
    private T result;
    private Throwable failure;
    private volatile boolean done;

    /**
     * In the seat.
     *
     * @throws IOException for the caller; a RuntimeException goes to it too
     */
    protected abstract T run(long nowNs) throws IOException;

    @Override
    protected final void act(int what, long nowNs) {
        try {
            result = run(nowNs);
        } catch (IOException | RuntimeException e) {
            failure = e;
        }
        done = true;
        if (waiter.claim()) wakeups().add(waiter);
    }

    /** Those whom the loop wakes. */
    protected abstract Wakeups wakeups();

    /**
     * Has it done and waits; any thread without the seat.
     *
     * @throws IOException what {@link #run} threw, or that the stack is dead
     */
    public final T call(Loop loop) throws IOException {
        boolean interrupted = false;
        waiter.own();
        try {
            loop.post(this, RUN);
            while (true) {
                waiter.prepare();
                if (done) break;
                if (loop.failure() != null) throw dead(loop.failure());
                LockSupport.parkNanos(this, 1_000_000_000);
                interrupted |= Thread.interrupted();
            }
        } catch (IllegalStateException e) {
            throw dead(e.getCause());
        } finally {
            waiter.disown();
            if (interrupted) Thread.currentThread().interrupt();
        }
        if (failure instanceof IOException e) throw e;
        if (failure instanceof RuntimeException e) throw e;
        return result;
    }

    private static IOException dead(Throwable cause) {
        return new IOException("The network stack is closed", cause);
    }
}
