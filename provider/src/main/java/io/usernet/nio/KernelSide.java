package io.usernet.nio;

import io.usernet.buffer.Waiter;
import io.usernet.runtime.Engine.Waited;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The kernel's side of a selector: one of the JDK's, with which the legs of keys are registered, and in
 * which the selecting thread sleeps while there are any. Whoever would unpark that thread wakes this
 * selector up instead, which is remembered if it doesn't sleep yet: so news that comes between the
 * sleeper's look and its sleep ends the sleep at once. Nothing else uses up such a wake-up, because
 * {@code lock} is held from before the look until after the sleep. One that comes late, when nobody
 * sleeps any more, ends the next sleep early, and the sleeper goes back to it.
 *
 * <p>Cancelled legs are let go of by {@link #flush}, in whatever thread has the lock, or gets it: one
 * that finds it taken leaves the work to its holder, which looks again after it has given the lock up.
 * So nobody waits for a sleeper, and no lock but those of the JDK's channels is taken under this one.
 */
final class KernelSide {
    /** Who gets a leg's events. */
    interface Listener {
        /** By the selecting thread: the kernel says that these operations of a leg are ready. */
        void ready(StackSelectionKey key, int ops);
    }

    private static final Consumer<SelectionKey> NOBODY = key -> {};

    private final Selector selector;
    private final Consumer<SelectionKey> events;

    /** Held while the JDK's selector selects. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Waiter sleeper =
            new Waiter() {
                @Override
                public void wake() {
                    selector.wakeup();
                }
            };

    private volatile boolean flushWanted;

    /**
     * @param selector one of the JDK's, which is ours from now on
     */
    KernelSide(Selector selector, Listener listener) {
        this.selector = selector;
        this.events = legKey -> pass(legKey, listener);
    }

    private static void pass(SelectionKey legKey, Listener listener) {
        StackSelectionKey key = (StackSelectionKey) legKey.attachment();
        try {
            // One that was cancelled stays in the set until the selection is over; its legs would
            // keep
            // the kernel busy until then.
            if (key.isValid()) listener.ready(key, legKey.readyOps());
            else legKey.cancel();
        } catch (CancelledKeyException e) {
            assert !legKey.isValid(); // unwatched, or closed, meanwhile
        }
    }

    /** The JDK's selector, to register legs with, the key attached. */
    Selector selector() {
        return selector;
    }

    /** Who is to be claimed and woken when there is news for a thread that sleeps here. */
    Waiter sleeper() {
        return sleeper;
    }

    /** Whether there is no leg, not even one that has to be let go of. Any thread. */
    boolean isEmpty() {
        return selector.keys().isEmpty();
    }

    // -- selecting: one thread at a time, by the lock of the selector whose side this is

    /** Hears what the kernel has now. */
    void poll() throws IOException {
        selectNow(events);
    }

    /**
     * Sleeps until the kernel has something, there is news, the deadline, or an interrupt; perhaps for
     * less. Hears what the kernel has, in any case.
     *
     * @param deadlineNs in System.nanoTime(), or Long.MAX_VALUE
     */
    Waited await(BooleanSupplier news, long deadlineNs) throws IOException {
        lock.lock();
        try {
            flushWanted = false; // what was cancelled so far is flushed by what follows
            sleeper.prepare();
            select(news.getAsBoolean() ? 0 : leftMs(deadlineNs));
        } finally {
            sleeper.finish();
            unlock();
        }
        if (Thread.currentThread().isInterrupted()) return Waited.INTERRUPTED;
        return leftMs(deadlineNs) == 0 ? Waited.TIMED_OUT : Waited.READY;
    }

    /** Rounded up, because a wait may not be too short. */
    private static long leftMs(long deadlineNs) {
        if (deadlineNs == Deadlines.NEVER) return Long.MAX_VALUE;
        long leftNs = Math.max(0, deadlineNs - System.nanoTime());
        long ms = TimeUnit.NANOSECONDS.toMillis(leftNs);
        return TimeUnit.MILLISECONDS.toNanos(ms) == leftNs ? ms : ms + 1;
    }

    private void select(long ms) throws IOException {
        if (ms == 0) selector.selectNow(events);
        else selector.select(events, ms);
    }

    // -- letting go of legs

    /**
     * Sees to it that legs whose keys were cancelled are let go of at once, by this thread or the one
     * that selects. Never waits. Any thread.
     */
    void flush() throws IOException {
        flushWanted = true;
        flushIfWanted();
        if (flushWanted) selector.wakeup();
    }

    private void flushIfWanted() throws IOException {
        while (flushWanted && lock.tryLock()) {
            try {
                flushWanted = false;
                if (selector.isOpen()) selector.selectNow(NOBODY);
            } finally {
                lock.unlock();
            }
        }
    }

    private void unlock() throws IOException {
        lock.unlock();
        flushIfWanted();
    }

    /** The same for the thread that selects: when it returns, it is done. */
    void flushNow() throws IOException {
        selectNow(NOBODY);
    }

    private void selectNow(Consumer<SelectionKey> action) throws IOException {
        lock.lock();
        try {
            flushWanted = false;
            selector.selectNow(action);
        } finally {
            unlock();
        }
    }

    /** Lets go of all legs, while nobody selects. */
    void close() throws IOException {
        lock.lock();
        try {
            selector.close();
        } finally {
            lock.unlock();
        }
    }
}
