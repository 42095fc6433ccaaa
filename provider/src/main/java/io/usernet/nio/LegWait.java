package io.usernet.nio;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Where a thread waits until one of the non-blocking legs of a channel is ready: a selector of ours,
 * which is opened for the first one that has to wait. One thread waits at a time; the rest is for any.
 */
final class LegWait {
    private static final Consumer<SelectionKey> LOOK = key -> {};

    private final SelectorProvider provider;
    private final int ops;

    // -- changed under this object's monitor
    private volatile StackSelector selector; // null: nobody has waited yet
    private SelectableChannel first, second; // second null: there is one leg

    // -- end of fields changed under the monitor

    /**
     * @param ops what is waited for, as of SelectionKey
     */
    LegWait(SelectorProvider provider, int ops) {
        this.provider = provider;
        this.ops = ops;
    }

    /** The legs are these from now on, also for a thread that waits. Others were closed. */
    synchronized void legs(SelectableChannel first, SelectableChannel second) {
        this.first = first;
        this.second = second;
        if (selector != null) register();
    }

    /** Before a wait, and before the look whether the channel is still open that goes ahead of it. */
    synchronized void prepare() {
        if (selector != null) return;
        selector = new StackSelector(provider);
        register();
    }

    private void register() {
        try {
            if (first.keyFor(selector) == null) first.register(selector, ops);
            if (second != null && second.keyFor(selector) == null) second.register(selector, ops);
        } catch (ClosedChannelException | ClosedSelectorException e) {
            assert isClosing(); // whoever waits looks for that
        }
    }

    private boolean isClosing() {
        return !first.isOpen() || second != null && !second.isOpen() || !selector.isOpen();
    }

    /**
     * Waits until a leg is ready, {@link #wake}, the deadline, or an interrupt.
     *
     * @param deadlineNs in System.nanoTime(), or Long.MAX_VALUE
     * @return false if the deadline is over
     */
    boolean await(long deadlineNs) throws IOException {
        if (deadlineNs == Deadlines.NEVER) {
            selector.select(LOOK);
            return true;
        }
        long leftNs = deadlineNs - System.nanoTime();
        if (leftNs <= 0) return false;
        selector.select(LOOK, TimeUnit.NANOSECONDS.toMillis(leftNs) + 1); // 0 were for ever
        return true;
    }

    /** Ends the wait, or the next one. Any thread; never waits. */
    void wake() {
        StackSelector opened = selector;
        if (opened != null) opened.wakeup();
    }

    /** Lets go of legs that were closed; nobody waits. */
    void flush() throws IOException {
        StackSelector opened = selector;
        if (opened != null) opened.selectNow(LOOK);
    }

    /** For good; nobody waits. */
    void close() throws IOException {
        StackSelector opened = selector;
        if (opened != null) opened.close();
    }
}
