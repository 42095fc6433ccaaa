package io.usernet.runtime;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkEvents;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/**
 * Waits for several links as if they were one. Each has a thread that waits for it alone, and tells the
 * loop's I/O thread; it then rests until the I/O thread, which has run a turn meanwhile, waits again.
 * So each link is waited for by one thread at a time, and a turn never waits.
 *
 * <pre>
 *   watcher   RESTING --armed by await()--&gt; ARMED --its link has news--&gt; RESTING, and wake()
 * </pre>
 */
final class LinkGroup implements LinkEvents {
    private static final VarHandle WOKEN;

    static {
        try {
            WOKEN = MethodHandles.lookup().findVarHandle(LinkGroup.class, "woken", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Watcher[] watchers;
    private final IntPredicate isBlocked;
    private volatile boolean woken;
    private volatile Thread waiter; // the I/O thread, while it waits
    private volatile boolean closing;
    private volatile Throwable failure; // of a watcher

    /**
     * @param name of the threads
     * @param isBlocked says of a link, by its place, whether frames wait for room on it; any thread
     */
    LinkGroup(List<? extends LinkDevice> links, IntPredicate isBlocked, String name) {
        this.isBlocked = isBlocked;
        watchers = new Watcher[links.size()];
        for (int i = 0; i < watchers.length; i++) {
            watchers[i] = new Watcher(i, links.get(i), name + "-" + i);
            watchers[i].thread.start();
        }
    }

    private final class Watcher implements Runnable {
        final int index;
        final LinkDevice link;
        final Thread thread;
        volatile boolean armed; // set by the I/O thread, cleared here
        volatile boolean forTransmit; // what it waits for, or did last; written here

        Watcher(int index, LinkDevice link, String name) {
            this.index = index;
            this.link = link;
            this.thread = new Thread(this, name);
            thread.setDaemon(true);
        }

        @Override
        public void run() {
            try {
                while (!closing) {
                    if (!armed) {
                        LockSupport.park(this);
                        continue;
                    }
                    Thread.interrupted(); // means nothing here, and would turn waits into spinning
                    forTransmit = false; // before the look: flush fills the link, and looks here
                    forTransmit = isBlocked.test(index);
                    link.await(Long.MAX_VALUE, forTransmit);
                    armed = false;
                    wake();
                }
            } catch (Throwable t) {
                failure = t;
                wake();
            }
        }
    }

    @Override
    public void flush() {
        for (Watcher w : watchers) {
            w.link.flush();
            // A link that has become full since its watcher began to wait.
            if (w.armed && !w.forTransmit && isBlocked.test(w.index)) w.link.wake();
        }
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        rethrow();
        for (Watcher w : watchers) {
            if (w.armed || timeoutNs == 0) continue; // the next turn looks at the links anyway
            w.armed = true;
            LockSupport.unpark(w.thread);
        }
        waiter = Thread.currentThread();
        if (!woken && timeoutNs > 0) {
            if (timeoutNs == Long.MAX_VALUE) LockSupport.park(this);
            else LockSupport.parkNanos(this, timeoutNs);
        }
        woken = false; // before the turn that follows
        waiter = null;
        rethrow();
    }

    private void rethrow() {
        Throwable t = failure;
        if (t instanceof RuntimeException e) throw e;
        if (t instanceof Error e) throw e;
    }

    @Override
    public void wake() {
        if ((boolean) WOKEN.getAndSet(this, true)) return;
        Thread thread = waiter; // set before await looks at `woken`
        if (thread != null) LockSupport.unpark(thread);
    }

    /** Ends the watchers, and then closes the links. */
    @Override
    public void close() {
        closing = true;
        for (Watcher w : watchers) {
            LockSupport.unpark(w.thread);
            w.link.wake();
        }
        boolean interrupted = false;
        for (Watcher w : watchers) {
            while (w.thread.isAlive()) {
                try {
                    w.thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
        for (Watcher w : watchers) w.link.close();
    }
}
