package io.usernet.stack;

import io.usernet.buffer.ThreadWaiter;
import io.usernet.buffer.Wakeups;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Flows that wait for somebody to decide about them, from the loop to the one thread that asks. Of
 * TCP's, those that nobody has polled are bounded here: the handshakes are bounded elsewhere, but a peer
 * who resets his own leaves its flow behind.
 */
public final class FlowQueue {
    /** Most flows of UDP that nobody has decided about. */
    private static final int MAX_UDP = 1_024;

    private final ConcurrentLinkedQueue<Arrival> arrivals = new ConcurrentLinkedQueue<>();
    private final AtomicInteger undecidedUdp = new AtomicInteger();
    private final AtomicInteger waitingTcp = new AtomicInteger();
    private final int maxTcp;
    private final ThreadWaiter waiter = new ThreadWaiter();
    private volatile boolean closed;

    /**
     * @param maxTcp most flows of TCP that nobody has polled
     */
    FlowQueue(int maxTcp) {
        this.maxTcp = maxTcp;
    }

    /** In the loop. */
    void offer(Arrival arrival, Wakeups wakeups) {
        (arrival instanceof Arrival.Udp ? undecidedUdp : waitingTcp).incrementAndGet();
        arrivals.add(arrival);
        if (waiter.claim()) wakeups.add(waiter);
    }

    /** In the loop: whether there is room for one more flow of UDP. */
    boolean hasRoomForUdp() {
        return undecidedUdp.get() < MAX_UDP;
    }

    /** In the loop: the same of TCP. */
    boolean hasRoomForTcp() {
        return waitingTcp.get() < maxTcp;
    }

    /** In the loop: nothing is added any more. */
    void close(Wakeups wakeups) {
        closed = true;
        if (waiter.claim()) wakeups.add(waiter);
    }

    /** The oldest one, or null. */
    public Arrival poll() {
        Arrival oldest = arrivals.poll();
        if (oldest instanceof Arrival.Tcp) waitingTcp.decrementAndGet();
        return oldest;
    }

    /** A flow of UDP was decided about; any thread. */
    public void decidedUdp() {
        undecidedUdp.decrementAndGet();
    }

    /** Whether {@link #poll} has one, or {@link #isClosed}. */
    public boolean isReady() {
        return closed || !arrivals.isEmpty();
    }

    public boolean isClosed() {
        return closed;
    }

    /** The place of the thread that waits for {@link #isReady}. */
    public ThreadWaiter waiter() {
        return waiter;
    }
}
