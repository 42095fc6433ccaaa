package io.usernet.nio;

import io.usernet.buffer.Interest;
import io.usernet.buffer.Wakeups;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectionKey;

/** A channel's registration with a selector. */
final class StackSelectionKey extends AbstractSelectionKey {
    private static final VarHandle INTEREST_OPS, QUEUED, LEGS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            INTEREST_OPS = lookup.findVarHandle(StackSelectionKey.class, "interestOps", int.class);
            QUEUED = lookup.findVarHandle(StackSelectionKey.class, "queued", boolean.class);
            LEGS = lookup.findVarHandle(StackSelectionKey.class, "legs", KernelLegs.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SelectableChannel channel;
    private final Pollable pollable;
    private final StackSelector selector;
    private final Interest interest = new Change();

    private volatile int interestOps;
    private volatile int readyOps; // by the selecting thread
    private volatile KernelLegs legs; // null: none was watched yet

    // -- the selector's: under its monitor, and the selected set's

    /** Place in the set of selected keys, or -1. */
    int selectedAt = -1;

    /** Whether it is among the candidates that are looked at each time. */
    boolean candidate;

    /** What the last look found, not 0. */
    int found;

    /** What the kernel said since. */
    int kernelFound;

    // -- the stack of those that may have become ready: see StackSelector

    @SuppressWarnings("unused") // by QUEUED
    private volatile boolean queued;

    /** The next below; written before the key is pushed. */
    StackSelectionKey nextQueued;

    StackSelectionKey(SelectableChannel channel, Pollable pollable, StackSelector selector) {
        this.channel = channel;
        this.pollable = pollable;
        this.selector = selector;
    }

    /** In the seat: a change that doesn't matter to what the application wants wakes nobody. */
    private final class Change extends Interest {
        @Override
        protected void changed(Wakeups wakeups) {
            if (look() != 0) selector.candidate(StackSelectionKey.this, wakeups);
        }
    }

    /** How the stack's signals reach this key. */
    Interest interest() {
        return interest;
    }

    Pollable pollable() {
        return pollable;
    }

    /**
     * Which of the interesting operations are ready now. Any thread, no lock. None of a channel that is
     * being closed, which makes ready what waits for it, and cancels its keys in the end.
     */
    int look() {
        int ops = interestOps;
        return ops == 0 || !isValid() || !channel.isOpen() ? 0 : pollable.ready(ops) & ops;
    }

    // -- legs in the kernel

    /**
     * From now on this key is also ready when the kernel says that {@code leg} is; it may have several.
     * The key's interest reaches the kernel, now and when it changes, also while a thread selects.
     * Does nothing if the key is gone, or the leg is closed. Any thread; no lock is taken that is held
     * while a thread selects.
     *
     * @param leg a channel of the JDK's, non-blocking until it is unwatched
     * @throws java.io.UncheckedIOException if it is the selector's first leg, and there are no
     *     descriptors left
     */
    void watch(SelectableChannel leg) {
        legs().watch(leg);
        selector.candidate(this); // a thread that selects now hears of the leg too
    }

    /**
     * The opposite; does nothing if it isn't watched. When this returns, the leg may be made blocking,
     * or closed; the kernel stops watching it at once, but perhaps by a thread that is just selecting.
     * The key's end unwatches all of its legs. Any thread, as before.
     */
    void unwatch(SelectableChannel leg) {
        KernelLegs known = legs;
        if (known != null) known.unwatch(leg);
    }

    private KernelLegs legs() {
        KernelLegs known = legs;
        if (known != null) return known;
        KernelLegs made = new KernelLegs(this, selector.kernelSide());
        return LEGS.compareAndSet(this, null, made) ? made : legs;
    }

    /**
     * The key is gone: unwatches its legs, and no further one is watched.
     *
     * @return whether there were any: then the caller flushes
     */
    boolean endLegs() {
        KernelLegs known = (KernelLegs) LEGS.getAndSet(this, KernelLegs.ENDED);
        return known != null && known.end();
    }

    /** Of what the kernel said, what is interesting; once. */
    int takeKernelFound() {
        if (kernelFound == 0) return 0;
        int ops = isValid() ? kernelFound & interestOps : 0;
        kernelFound = 0;
        return ops;
    }

    /** What the application is interested in, also of a cancelled key. */
    int wantedOps() {
        return interestOps;
    }

    // -- candidates

    /** True for the one who must push it. */
    boolean beginQueued() {
        return !(boolean) QUEUED.getVolatile(this) && !(boolean) QUEUED.getAndSet(this, true);
    }

    /** Before the look that follows: a later change queues it again. */
    void endQueued() {
        QUEUED.setVolatile(this, false);
    }

    /** The selector looks at this key once; any thread. */
    void lookAgain() {
        selector.candidate(this);
    }

    private void ensureValid() {
        if (!isValid()) throw new CancelledKeyException();
    }

    @Override
    public SelectableChannel channel() {
        return channel;
    }

    @Override
    public Selector selector() {
        return selector;
    }

    @Override
    public int interestOps() {
        ensureValid();
        return interestOps;
    }

    @Override
    public SelectionKey interestOps(int ops) {
        ensureValid();
        check(ops);
        changedFrom((int) INTEREST_OPS.getAndSet(this, ops), ops);
        return this;
    }

    /**
     * The first interest; registering has checked it. Who looks at the selector's keys may have cancelled
     * this one already, or closed the selector: whoever registers gets the key all the same.
     */
    void register(int ops) {
        changedFrom((int) INTEREST_OPS.getAndSet(this, ops), ops);
    }

    @Override
    public int interestOpsOr(int ops) {
        ensureValid();
        check(ops);
        int before = (int) INTEREST_OPS.getAndBitwiseOr(this, ops);
        changedFrom(before, before | ops);
        return before;
    }

    @Override
    public int interestOpsAnd(int ops) {
        ensureValid();
        int before = (int) INTEREST_OPS.getAndBitwiseAnd(this, ops);
        changedFrom(before, before & ops);
        return before;
    }

    private void check(int ops) {
        if ((ops & ~channel.validOps()) != 0) throw new IllegalArgumentException();
    }

    /**
     * A thread that selects meanwhile takes what is new into account, and is left alone if nothing of it
     * is ready; what is gone it finds itself.
     */
    private void changedFrom(int before, int now) {
        if (now == before) return;
        KernelLegs watched = legs;
        boolean asksKernel = watched != null && watched.followInterest();
        if ((now & ~before) == 0) return;
        VarHandle.fullFence(); // as in Signals: this look sees a change, or the change the interest
        if (asksKernel || look() != 0) selector.candidate(this);
    }

    @Override
    public int readyOps() {
        ensureValid();
        return readyOps;
    }

    /** As of the last selection, also of a cancelled key. */
    int ready() {
        return readyOps;
    }

    void ready(int ops) {
        readyOps = ops;
    }

    @Override
    public String toString() {
        return "channel="
                + channel
                + ", selector="
                + selector
                + (isValid()
                        ? ", interestOps=" + interestOps + ", readyOps=" + readyOps
                        : ", invalid");
    }
}
