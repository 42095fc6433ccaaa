package io.usernet.runtime;

import io.usernet.buffer.Post;
import io.usernet.buffer.Wakeups;
import io.usernet.link.LinkEvents;
import io.usernet.stack.Core;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Runs a stack on its link. The <em>seat</em> is held by one thread at a time; only its holder calls
 * the {@link Core}. It is not re-entrant.
 *
 * <pre>
 *   seat  FREE --enter--&gt; HELD --a failed try--&gt; MORE     any --a failure--&gt; DEAD
 *           ^---leave(CAS)--'  ^---another turn--'
 *   io    AWAKE --before the seat is given up--&gt; POLLING (in await)
 *         AWAKE --somebody else has the seat---&gt; PARKED
 * </pre>
 *
 * Work is posted first, then the seat is tried; a failed try turns HELD into MORE, which obliges the
 * holder to run again, and the seat is left by a compare-and-set from HELD: so no post is lost. Before
 * it gives the seat up, the I/O thread publishes by when it will wake: so no deadline is lost. The
 * protocol was checked by an explicit-state model; dropping any of the steps marked (*) loses work.
 */
public final class Loop {

    private static final int FREE = 0, HELD = 1, MORE = 2, DEAD = 3;
    private static final int AWAKE = 0, POLLING = 1, PARKED = 2;

    /** Turns that a thread adds for others before it hands over, or lets those it woke go. */
    private static final int EXTRA_TURNS = 4;

    private static final long WATCH_NS = TimeUnit.SECONDS.toNanos(1);

    private static final VarHandle SEAT, IO;

    static {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        try {
            SEAT = lookup.findVarHandle(Loop.class, "seat", int.class);
            IO = lookup.findVarHandle(Loop.class, "io", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Core core;
    private final LinkEvents device;
    private final LongSupplier clock;
    private final boolean inline;
    private final Thread ioThread;
    private final AtomicInteger deviceUsers = new AtomicInteger();

    private volatile int seat = FREE;
    private volatile int io = AWAKE;
    private volatile boolean closing; // the device is about to be closed
    private volatile Throwable failure; // before seat becomes DEAD
    private volatile Thread owner;
    private volatile long turns; // in the seat

    // -- in the seat
    private long nowNs;
    private boolean left; // the last turn left work
    private boolean dying;
    private long ioWakeBy; // by when the I/O thread will look again
    private boolean ioForTransmit; // and whether also when the link has room to transmit
    private final Wakeups spare = new Wakeups();

    /**
     * @param clock nanoseconds, not negative, not decreasing
     * @param inline whether threads that post may run the stack themselves (virtual threads never do)
     */
    public Loop(String name, Core core, LinkEvents device, LongSupplier clock, boolean inline) {
        this.core = core;
        this.device = device;
        this.clock = clock;
        this.inline = inline;
        this.ioThread = new Thread(this::ioThread, name);
        this.ioThread.setDaemon(true);
    }

    /** Of the I/O thread. */
    public String name() {
        return ioThread.getName();
    }

    public void start() {
        ioThread.start();
    }

    /** Whether the calling thread has the seat. */
    public boolean inLoop() {
        return owner == Thread.currentThread();
    }

    /** Why the loop is dead, or null. */
    public Throwable failure() {
        return seat == DEAD ? failure : null;
    }

    /** What it dies of, as soon as it begins to, or null. */
    Throwable cause() {
        return failure;
    }

    /** The loop's time; any thread. */
    public long now() {
        return clock.getAsLong();
    }

    /**
     * Asks the loop to look at something; any thread without the seat. The request acts in this
     * thread, or in another soon.
     *
     * @throws IllegalStateException if the loop is dead; its cause is why
     */
    public void post(Post post, int what) {
        core.inbox().post(post, what);
        run();
    }

    /**
     * The same, where nobody is left to be told that the loop is dead.
     *
     * @return false if it is dead
     */
    public boolean tryPost(Post post, int what) {
        try {
            post(post, what);
            return true;
        } catch (IllegalStateException dead) {
            assert seat == DEAD : dead;
            return false;
        }
    }

    /** Sees to it that a turn begins after this call did. */
    public void run() {
        if (enter(inline && !VirtualThreads.isCurrent())) turnAndLeave();
    }

    private void turnAndLeave() {
        try {
            turn();
        } finally {
            leave();
        }
    }

    /**
     * Tries to take the seat. False means that whatever was posted before will be seen.
     *
     * @param mayRun false: wake the I/O thread rather than take a free seat
     */
    boolean enter(boolean mayRun) {
        assert !inLoop() : "the seat is not re-entrant";
        for (; ; ) {
            switch (seat) {
                case FREE -> {
                    if (!mayRun) {
                        wakeIo();
                        return false;
                    }
                    if (SEAT.compareAndSet(this, FREE, HELD)) {
                        owner = Thread.currentThread();
                        return true;
                    }
                }
                case HELD -> {
                    if (SEAT.compareAndSet(this, HELD, MORE)) return false; // (*) now it must look
                }
                case MORE -> {
                    return false;
                }
                default -> throw new IllegalStateException("the network stack is dead", failure);
            }
        }
    }

    /** Gives the seat up, or runs on if that was asked for meanwhile. Its owner only. */
    void leave() {
        boolean isIo = Thread.currentThread() == ioThread;
        Wakeups wakeups = isIo ? spare : null;
        for (int extra = 0; ; extra++) {
            long due = due();
            boolean blocked = !dying && core.isTransmitBlocked();
            if (wakeups == null && !core.wakeups().isEmpty()) wakeups = new Wakeups();
            if (wakeups != null) core.wakeups().moveTo(wakeups);
            boolean wake = false;
            owner = null;
            if (dying) {
                seat = DEAD;
                if (!isIo) wakeIo();
                afterwards(wakeups);
                return;
            }
            if (isIo) {
                ioWakeBy = due;
                ioForTransmit = blocked;
                io = POLLING; // (*) the intent to sleep is published before the seat is given up
            } else {
                wake = due < ioWakeBy || blocked && !ioForTransmit; // (*)
            }
            if (SEAT.compareAndSet(this, HELD, FREE)) { // (*) fails if somebody asked for more
                if (wake || io == PARKED) wakeIo(); // (*) PARKED is read after the seat is free
                afterwards(wakeups);
                return;
            }
            if (extra == EXTRA_TURNS) {
                // A writer is not captured by the work of others, and those whom we woke may go:
                // the I/O thread runs the turn that was asked for.
                if (isIo) io = AWAKE;
                seat = FREE;
                if (!isIo) wakeIo();
                afterwards(wakeups);
                return;
            }
            if (isIo) io = AWAKE;
            owner = Thread.currentThread();
            seat = HELD;
            turn();
        }
    }

    private void afterwards(Wakeups wakeups) {
        if (wakeups != null) wakeups.run();
        if (!startUsing()) return;
        try {
            device.flush();
        } finally {
            stopUsing();
        }
    }

    /** By when the next turn must begin. Its failure is a turn's: it kills the stack. */
    private long due() {
        try {
            return left || dying ? 0 : core.earliest();
        } catch (Throwable t) {
            if (!dying) die(t);
            return 0;
        }
    }

    /** One turn; its failure kills the stack, and never gets out of here. In the seat. */
    private void turn() {
        try {
            turns++;
            nowNs = Math.max(nowNs, clock.getAsLong());
            left = core.turn(nowNs);
        } catch (Throwable t) {
            die(t);
        }
    }

    private void die(Throwable cause) {
        failure = cause;
        dying = true;
        core.die(cause);
    }

    /** Ends the loop as if it had failed with {@code cause}. In the seat (a command does it). */
    public void stop(Throwable cause) {
        assert inLoop();
        if (!dying) die(cause);
    }

    private void ioThread() {
        try {
            while (true) {
                if (seat == DEAD) break;
                if (enterAsIo()) turnAndLeave();
                else parkUntilFree();
                if (seat == DEAD) break;
                core.prepare();
                if (io == POLLING) {
                    long wakeBy = ioWakeBy;
                    boolean forTransmit = ioForTransmit;
                    long timeout = wakeBy == Long.MAX_VALUE ? wakeBy : Math.max(0, wakeBy - now());
                    Thread.interrupted(); // means nothing here, and would turn waits into spinning
                    device.await(timeout, forTransmit);
                }
                io = AWAKE;
            }
        } catch (Throwable t) {
            // Waiting on the link failed: the stack cannot go on without it.
            seizeAndDie(t);
        }
        closeDevice();
    }

    private boolean enterAsIo() {
        try {
            return enter(true);
        } catch (IllegalStateException dead) {
            return false; // the caller looks at the seat
        }
    }

    /** Somebody else has the seat and will run again for us; the link's events can wait for it. */
    private void parkUntilFree() {
        io = PARKED;
        if (seat == FREE || seat == DEAD) return;
        long watched = turns;
        long since = now();
        while (io == PARKED && seat != DEAD) {
            LockSupport.parkNanos(this, WATCH_NS);
            Thread holder = owner;
            if (holder == null || turns != watched) {
                watched = turns;
                since = now();
                continue;
            }
            if (io != PARKED || now() - since < WATCH_NS) continue; // a wake-up, or a stale one
            since = now();
            if (!holder.isAlive()) {
                if (owner != holder) continue; // it left the seat before it ended
                failure = new IllegalStateException(holder + " died while it ran the stack");
                dying = true;
                core.die(failure);
                seat = DEAD;
                afterwards(core.wakeups());
                return;
            }
            Throwable where = new Throwable("stack of " + holder);
            where.setStackTrace(holder.getStackTrace());
            // A log may itself use the stack: this thread must not wait for it.
            Thread log =
                    new Thread(
                            () ->
                                    System.getLogger("io.usernet")
                                            .log(
                                                    Level.WARNING,
                                                    holder
                                                            + " has been in one turn for over a second",
                                                    where),
                            "usernet-log");
            log.setDaemon(true);
            log.start();
        }
    }

    private void seizeAndDie(Throwable cause) {
        io = AWAKE;
        while (seat != DEAD) {
            if (enterAsIo()) {
                die(cause);
                leave();
            } else {
                LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(1));
            }
        }
    }

    private void wakeIo() {
        switch ((int) IO.getAndSet(this, AWAKE)) {
            case POLLING -> {
                if (!startUsing()) return;
                try {
                    device.wake();
                } finally {
                    stopUsing();
                }
            }
            case PARKED -> LockSupport.unpark(ioThread);
            default -> {} // it looks at the seat before it sleeps
        }
    }

    /** Who uses the device outside of the seat is counted, so that it is not closed under them. */
    private boolean startUsing() {
        deviceUsers.incrementAndGet();
        if (!closing) return true;
        stopUsing();
        return false;
    }

    private void stopUsing() {
        deviceUsers.decrementAndGet();
    }

    private void closeDevice() {
        closing = true;
        while (deviceUsers.get() != 0) Thread.onSpinWait();
        device.close();
        if (failure instanceof Closed) return;
        System.getLogger("io.usernet").log(Level.ERROR, "the network stack died", failure);
    }

    /** Waits until the I/O thread has closed the link and ended. Not in the seat. */
    public void join() throws InterruptedException {
        ioThread.join();
    }

    /** The cause with which a stack is closed in good order. */
    public static final class Closed extends RuntimeException {
        private static final long serialVersionUID = 1;

        public Closed() {
            super("the network stack was closed");
        }
    }
}
