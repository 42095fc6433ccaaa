package io.usernet.nio;

import io.usernet.buffer.Signals;
import io.usernet.buffer.Wakeups;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A channel whose readiness the test sets, and which knows how often, and by whom, it was looked at. */
final class SwitchChannel extends AbstractSelectableChannel implements Pollable {
    final AtomicInteger looks = new AtomicInteger();
    final Signals signals = new Signals();
    final Set<Thread> lookers = ConcurrentHashMap.newKeySet();

    /** Done once, when the next look has seen what is ready, and before anybody acts on it. */
    volatile Runnable afterLook;

    /** Done with each key before the selector has it. */
    volatile Consumer<SelectionKey> onAttach = key -> {};

    /** What closing it does, before its keys are cancelled. */
    Runnable onClose = () -> {};

    /** In the modes of the queues: neither store nor load is ordered with what concerns other fields. */
    private final AtomicInteger ready = new AtomicInteger();

    SwitchChannel() {
        super(new StackSelectorProvider(() -> null));
    }

    /** Changes readiness and tells nobody. */
    void set(int ops) {
        ready.setRelease(ops);
    }

    /** As the loop does it: first the change, then the signal, then those that it woke. */
    void signal(int ops) {
        set(ops);
        Wakeups wakeups = new Wakeups();
        signals.all(wakeups);
        wakeups.run();
    }

    @Override
    public int ready(int ops) {
        looks.incrementAndGet();
        lookers.add(Thread.currentThread());
        int now = ready.getAcquire() & ops;
        Runnable action = afterLook;
        afterLook = null;
        if (action != null) action.run();
        return now;
    }

    @Override
    public void attach(StackSelectionKey key) {
        signals.add(key.interest());
        onAttach.accept(key);
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
        onClose.run();
    }

    @Override
    protected void implConfigureBlocking(boolean block) {}
}
