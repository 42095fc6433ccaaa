package io.usernet.runtime;

import io.usernet.buffer.Inbox;
import io.usernet.buffer.Waiter;
import io.usernet.buffer.Wakeups;
import io.usernet.stack.Core;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** A core that counts, and that notices when the seat does not do its job. */
final class FakeCore implements Core {
    static final int BUDGET = 64;

    private final FakeDevice device;
    private final Inbox inbox = new Inbox();
    private final Wakeups wakeups = new Wakeups();
    private final AtomicInteger inside = new AtomicInteger();

    // -- in the seat
    private long lastNs;
    private long deadlineNs = Long.MAX_VALUE;
    private boolean blocked;
    int frames; // taken so far
    int turns;
    private RuntimeException failure;
    final List<Waiter> waiters = new ArrayList<>();

    /** Deadlines. */
    final AtomicInteger fired = new AtomicInteger();

    /** Turns that began while another ran, or with a clock that had gone back. */
    final AtomicReference<String> violation = new AtomicReference<>();

    private volatile Throwable diedOf;

    FakeCore(FakeDevice device) {
        this.device = device;
    }

    @Override
    public Inbox inbox() {
        return inbox;
    }

    @Override
    public Wakeups wakeups() {
        return wakeups;
    }

    @Override
    public boolean turn(long nowNs) {
        if (inside.getAndIncrement() != 0) violation.set("two threads in the seat");
        try {
            if (nowNs < lastNs) violation.set("the clock went back");
            lastNs = nowNs;
            turns++;
            frames += device.take(BUDGET);
            boolean left = inbox.drain(BUDGET, nowNs);
            if (deadlineNs <= nowNs) {
                deadlineNs = Long.MAX_VALUE;
                fired.incrementAndGet();
                wakeAll();
            }
            if (failure != null) throw failure;
            return left;
        } finally {
            inside.getAndDecrement();
        }
    }

    /** In the seat: a deadline, unless there is an earlier one. */
    void arm(long ns) {
        deadlineNs = Math.min(deadlineNs, ns);
    }

    /** In the seat. */
    void blocked(boolean now) {
        blocked = now;
    }

    /** In the seat: this turn, or the next, fails. */
    void fail(RuntimeException with) {
        failure = with;
    }

    /** In the seat. */
    void wakeAll() {
        for (Waiter waiter : waiters) if (waiter.claim()) wakeups.add(waiter);
    }

    @Override
    public long earliest() {
        return deadlineNs;
    }

    @Override
    public boolean isTransmitBlocked() {
        return blocked;
    }

    @Override
    public void prepare() {}

    @Override
    public void die(Throwable cause) {
        diedOf = cause;
        wakeAll();
    }

    Throwable diedOf() {
        return diedOf;
    }
}
