package io.usernet.nio;

import io.usernet.buffer.ThreadWaiter;
import io.usernet.buffer.Waiter;
import io.usernet.buffer.Wakeups;
import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.IllegalSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Selects channels of this package, of any stack, and pipes; and those of the kernel's, once there is
 * one: see {@link KernelSide}.
 *
 * <pre>
 *   a change (in the seat), new interest       selecting thread
 *   ----push if not queued---> [queued keys] --take all--> [candidates] --look--> ready: stays, is reported
 *                                                                          `----> not ready: dropped
 * </pre>
 *
 * A key whose channel is ready stays a candidate until a look finds that it isn't (level-triggered); one
 * that isn't is pushed by the next change that makes it so. {@code queued} is taken back before the look:
 * a change is seen by the look, or pushes again. Pushing is followed by claiming the waiter, and the
 * sleeper looks at the stack after it has become claimable, so no change is slept through.
 *
 * <p>A change pushes, and wakes, only if it makes something ready that is of interest; new interest only
 * if something of it is ready, or the kernel must be asked. Each is published before its look, with a
 * fence between the two: if they come at the same time, one of the looks finds both.
 *
 * <p>The monitors of this and of the selected keys are held while a thread selects; neither is taken by
 * {@link #wakeup}, registration, a change of interest, or the stack.
 */
final class StackSelector extends ReplaceableSelection {
    private static final VarHandle QUEUED, WOKEN;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            QUEUED = lookup.findVarHandle(StackSelector.class, "queued", StackSelectionKey.class);
            WOKEN = lookup.findVarHandle(StackSelector.class, "woken", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Set<SelectionKey> keys = ConcurrentHashMap.newKeySet();
    private final Set<SelectionKey> publicKeys = Collections.unmodifiableSet(keys);
    private final SelectedKeys selectedKeys = new SelectedKeys(this);
    private final ThreadWaiter waiter = new ThreadWaiter();
    private final BooleanSupplier news = this::hasNews;

    private volatile StackSelectionKey queued; // newest first; any thread pushes
    private volatile boolean woken; // by wakeup(), until a selection has seen it

    private final Object kernelLock = new Object();
    private volatile KernelSide kernel; // made under kernelLock when the first leg is watched

    // -- protected by this object's monitor, and by that of the selected keys
    private boolean selecting;
    private StackSelectionKey[] candidates = new StackSelectionKey[16];
    private int candidateCount;
    private final List<StackSelectionKey> cancelled = new ArrayList<>(); // empty between selections

    // -- end of fields protected by monitors

    StackSelector(SelectorProvider provider) {
        super(provider);
    }

    private void ensureOpen() {
        if (!isOpen()) throw new ClosedSelectorException();
    }

    // -- who tells us that something may be ready

    /** In the seat: the key is to be looked at. */
    void candidate(StackSelectionKey key, Wakeups wakeups) {
        push(key);
        Waiter sleeper = claimSleeper();
        if (sleeper != null) wakeups.add(sleeper);
    }

    /** The same from any other thread. */
    void candidate(StackSelectionKey key) {
        push(key);
        wakeSleeper();
    }

    /** Who must be woken after news was published: the selecting thread, parked or in the kernel. */
    private Waiter claimSleeper() {
        if (waiter.claim()) return waiter;
        KernelSide side = kernel;
        return side != null && side.sleeper().claim() ? side.sleeper() : null;
    }

    private void wakeSleeper() {
        Waiter sleeper = claimSleeper();
        if (sleeper != null) sleeper.wake();
    }

    private void push(StackSelectionKey key) {
        if (!key.beginQueued()) return;
        StackSelectionKey seen;
        do {
            seen = queued;
            key.nextQueued = seen;
        } while (!QUEUED.compareAndSet(this, seen, key));
    }

    @Override
    public Selector wakeup() {
        if (!woken && WOKEN.compareAndSet(this, false, true)) wakeSleeper();
        return this;
    }

    private boolean hasNews() {
        return woken || queued != null || !isOpen();
    }

    // -- registration

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object att) {
        Pollable pollable = pollable(channel);
        ensureOpen();
        StackSelectionKey key = new StackSelectionKey(channel, pollable, this);
        key.attach(att);
        pollable.attach(key);
        keys.add(key);
        // Whoever removes the key from the set has it: implCloseSelector, or this.
        if (!isOpen() && keys.remove(key)) {
            pollable.detach(key);
            key.endLegs();
            throw new ClosedSelectorException();
        }
        key.register(ops);
        return key;
    }

    private static Pollable pollable(SelectableChannel channel) {
        if (channel instanceof Pollable pollable) return pollable;
        if (Kernel.isOwn(channel)) return new KernelChannel(channel);
        throw new IllegalSelectorException();
    }

    @Override
    public Set<SelectionKey> keys() {
        ensureOpen();
        return publicKeys;
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
        ensureOpen();
        Set<SelectionKey> replacement = publicReplacement();
        return replacement == null ? selectedKeys : replacement;
    }

    // -- selection

    @Override
    public int select() throws IOException {
        return select(null, true, Long.MAX_VALUE);
    }

    @Override
    public int select(long timeout) throws IOException {
        return select(null, true, deadline(timeout));
    }

    @Override
    public int selectNow() throws IOException {
        return select(null, false, 0);
    }

    @Override
    public int select(Consumer<SelectionKey> action) throws IOException {
        return select(Objects.requireNonNull(action), true, Long.MAX_VALUE);
    }

    @Override
    public int select(Consumer<SelectionKey> action, long timeout) throws IOException {
        return select(Objects.requireNonNull(action), true, deadline(timeout));
    }

    @Override
    public int selectNow(Consumer<SelectionKey> action) throws IOException {
        return select(Objects.requireNonNull(action), false, 0);
    }

    private static long deadline(long timeoutMs) {
        if (timeoutMs < 0) throw new IllegalArgumentException("Negative timeout");
        return timeoutMs == 0 ? Long.MAX_VALUE : Deadlines.after(timeoutMs);
    }

    private int select(Consumer<SelectionKey> action, boolean blocking, long deadlineNs)
            throws IOException {
        synchronized (this) {
            ensureOpen();
            if (selecting) throw new IllegalStateException("select in progress");
            selecting = true;
            try {
                synchronized (selectedKeys) {
                    return doSelect(action, blocking, deadlineNs);
                }
            } finally {
                selecting = false;
            }
        }
    }

    private int doSelect(Consumer<SelectionKey> action, boolean blocking, long deadlineNs)
            throws IOException {
        flushCancelled();
        if (look() == 0 && blocking) await(deadlineNs);
        else pollKernel();
        if (woken) woken = false; // consumed by this selection, whatever it found
        flushCancelled();
        return action == null ? report() : report(action);
    }

    /** Until something is ready, wakeup() or close() was called, the time is over, or an interrupt. */
    private void await(long deadlineNs) throws IOException {
        do {
            KernelSide side = watchingKernel();
            Waited waited = side == null ? park(deadlineNs) : side.await(news, deadlineNs);
            if (look() != 0 || waited != Waited.READY) return;
        } while (!woken && isOpen());
    }

    private Waited park(long deadlineNs) {
        begin();
        try {
            Waited waited = Engine.await(waiter, news, deadlineNs);
            if (waited == Waited.INTERRUPTED) awaitInterrupter();
            return waited;
        } finally {
            end();
        }
    }

    /**
     * The interrupter has set the status and is about to call wakeup(), by the hook of begin(): if it
     * came after this selection, it would end the next one.
     */
    private void awaitInterrupter() {
        while (!woken && isOpen()) Thread.yield();
    }

    /** Takes in what was queued, looks at every candidate, and keeps those that are ready. */
    private int look() {
        if (queued != null) takeQueued();
        int kept = 0;
        for (int i = 0; i < candidateCount; i++) {
            StackSelectionKey key = candidates[i];
            key.found = key.look() | key.takeKernelFound();
            if (key.found != 0) candidates[kept++] = key;
            else key.candidate = false;
        }
        Arrays.fill(candidates, kept, candidateCount, null);
        candidateCount = kept;
        return kept;
    }

    private void takeQueued() {
        StackSelectionKey key = (StackSelectionKey) QUEUED.getAndSet(this, null);
        while (key != null) {
            StackSelectionKey next = key.nextQueued;
            key.nextQueued = null;
            key.endQueued(); // after the link was read: it may be pushed again at once
            addCandidate(key);
            key = next;
        }
    }

    private void addCandidate(StackSelectionKey key) {
        if (key.candidate) return;
        key.candidate = true;
        if (candidateCount == candidates.length)
            candidates = Arrays.copyOf(candidates, candidateCount * 2);
        candidates[candidateCount++] = key;
    }

    /** Adds to the selected keys, and to the ready sets of those that are there already. */
    private int report() {
        Set<SelectionKey> replacement = replacement();
        int updated = 0;
        for (int i = 0; i < candidateCount; i++) {
            StackSelectionKey key = candidates[i];
            if (!key.isValid()) continue;
            if (!isSelected(key, replacement)) {
                key.ready(key.found);
                select(key, replacement);
                updated++;
            } else if ((key.found & ~key.ready()) != 0) {
                key.ready(key.ready() | key.found);
                updated++;
            }
        }
        return updated;
    }

    private static boolean isSelected(StackSelectionKey key, Set<SelectionKey> replacement) {
        return replacement == null ? key.selectedAt >= 0 : replacement.contains(key);
    }

    private void select(StackSelectionKey key, Set<SelectionKey> replacement) {
        if (replacement == null) selectedKeys.select(key);
        else replacement.add(key);
    }

    private void deselect(StackSelectionKey key) {
        Set<SelectionKey> replacement = replacement();
        if (replacement == null) selectedKeys.deselect(key);
        else replacement.remove(key);
    }

    /** Calls foreign code, which may do anything but select: cancel, close, even this selector. */
    private int report(Consumer<SelectionKey> action) {
        int given = 0;
        for (int i = 0; i < candidateCount; i++) {
            StackSelectionKey key = candidates[i];
            if (!key.isValid()) continue;
            key.ready(key.found);
            given++;
            action.accept(key);
            ensureOpen();
        }
        return given;
    }

    // -- the kernel's side

    /**
     * The kernel's side, made if there is none; null if there is none and this is closed.
     *
     * @throws UncheckedIOException if there are no descriptors left
     */
    KernelSide kernelSide() {
        synchronized (kernelLock) {
            // implCloseSelector takes this lock after it was marked closed
            if (kernel == null && isOpen()) kernel = openKernelSide();
            return kernel;
        }
    }

    private KernelSide openKernelSide() {
        try {
            return new KernelSide(Kernel.provider().openSelector(), this::kernelReady);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Null if nothing of the kernel's is watched. */
    private KernelSide watchingKernel() {
        KernelSide side = kernel;
        return side == null || side.isEmpty() ? null : side;
    }

    private void pollKernel() throws IOException {
        KernelSide side = watchingKernel();
        if (side == null) return;
        side.poll();
        look();
    }

    /** The look that follows sees it. */
    private void kernelReady(StackSelectionKey key, int ops) {
        key.kernelFound |= ops;
        addCandidate(key);
    }

    // -- cancelled keys and closing

    private void flushCancelled() throws IOException {
        Set<SelectionKey> set = cancelledKeys();
        synchronized (set) {
            if (set.isEmpty()) return;
            for (SelectionKey key : set) cancelled.add((StackSelectionKey) key);
            set.clear();
        }
        // Outside of the set's monitor: deregistering takes a lock of the channel, under which keys
        // are
        // cancelled in turn.
        boolean hadLegs = false;
        for (StackSelectionKey key : cancelled) hadLegs |= key.endLegs();
        if (hadLegs) kernel.flushNow();
        for (StackSelectionKey key : cancelled) if (keys.remove(key)) drop(key);
        cancelled.clear();
    }

    /** After its legs, if there are any, were let go of. */
    private void drop(StackSelectionKey key) throws IOException {
        deselect(key);
        key.pollable().detach(key);
        deregister(key);
        key.pollable().deregistered();
    }

    @Override
    protected void implCloseSelector() throws IOException {
        wakeSleeper();
        synchronized (this) {
            synchronized (selectedKeys) {
                closeKernelSide();
                for (SelectionKey key : keys) if (keys.remove(key)) close((StackSelectionKey) key);
                synchronized (cancelledKeys()) {
                    cancelledKeys().clear();
                }
                Arrays.fill(candidates, 0, candidateCount, null);
                candidateCount = 0;
            }
        }
    }

    private void close(StackSelectionKey key) throws IOException {
        key.endLegs();
        drop(key);
    }

    /** With that, all legs are let go of. */
    private void closeKernelSide() throws IOException {
        KernelSide side;
        synchronized (kernelLock) {
            side = kernel;
        }
        if (side != null) side.close();
    }
}
