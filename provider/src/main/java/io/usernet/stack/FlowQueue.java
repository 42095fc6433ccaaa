package io.usernet.stack;

import io.usernet.buffer.ThreadWaiter;
import io.usernet.buffer.Wakeups;
import io.usernet.tcp.Flow;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Flows that wait for somebody to decide about them, from the loop to the one thread that asks. Bounded
 * by those who add to it.
 */
public final class FlowQueue {
    private final ConcurrentLinkedQueue<Flow> flows = new ConcurrentLinkedQueue<>();
    private final ThreadWaiter waiter = new ThreadWaiter();
    private volatile boolean closed;

    /** In the loop. */
    void offer(Flow flow, Wakeups wakeups) {
        flows.add(flow);
        if (waiter.claim()) wakeups.add(waiter);
    }

    /** In the loop: nothing is added any more. */
    void close(Wakeups wakeups) {
        closed = true;
        if (waiter.claim()) wakeups.add(waiter);
    }

    /** The oldest one, or null. */
    public Flow poll() {
        return flows.poll();
    }

    /** Whether {@link #poll} has one, or {@link #isClosed}. */
    public boolean isReady() {
        return closed || !flows.isEmpty();
    }

    public boolean isClosed() {
        return closed;
    }

    /** The place of the thread that waits for {@link #isReady}. */
    public ThreadWaiter waiter() {
        return waiter;
    }
}
