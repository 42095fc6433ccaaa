package io.usernet.nio;

import io.usernet.buffer.Signals;
import io.usernet.buffer.Wakeups;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.util.concurrent.atomic.AtomicInteger;

/** A channel whose readiness the test sets, and which counts how often a selector looks. */
final class SwitchChannel extends AbstractSelectableChannel implements Pollable {
    final AtomicInteger looks = new AtomicInteger();
    final Signals signals = new Signals();
    private volatile int ready;

    SwitchChannel() {
        super(new StackSelectorProvider(() -> null));
    }

    /** Changes readiness and tells nobody. */
    void set(int ops) {
        ready = ops;
    }

    /** As the loop does it: first the change, then the signal, then those that it woke. */
    void signal(int ops) {
        ready = ops;
        Wakeups wakeups = new Wakeups();
        signals.all(wakeups);
        wakeups.run();
    }

    @Override
    public int ready(int ops) {
        looks.incrementAndGet();
        return ready & ops;
    }

    @Override
    public void attach(StackSelectionKey key) {
        signals.add(key.interest());
    }

    @Override
    public void detach(StackSelectionKey key) {
        signals.remove(key.interest());
    }

    @Override
    public int validOps() {
        return SelectionKey.OP_READ | SelectionKey.OP_WRITE;
    }

    @Override
    protected void implCloseSelectableChannel() {
        set(0);
    }

    @Override
    protected void implConfigureBlocking(boolean block) {}
}
