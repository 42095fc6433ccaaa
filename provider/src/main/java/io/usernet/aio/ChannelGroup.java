package io.usernet.aio;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.CompletionHandler;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Channels that share threads. It ends when it is shut down and the last of its channels is closed;
 * then its executor is shut down too.
 *
 * <p>It is an {@link Executor} because the JDK's groups are, and applications cast them to one.
 */
final class ChannelGroup extends AsynchronousChannelGroup implements Executor {
    private static final AtomicInteger OPENED = new AtomicInteger();

    /** Handlers that one thread calls inside one another before it leaves the next one to others. */
    private static final int MAX_NESTED_CALLS = 16;

    /** Set while a thread is one of a group's, if it may call handlers. */
    private static final ThreadLocal<Turn> TURN = new ThreadLocal<>();

    /** A thread's work for a group, from one event to the next. */
    private static final class Turn {
        final ChannelGroup group;
        int nested; // handlers that are being called inside one another

        Turn(ChannelGroup group) {
            this.group = group;
        }
    }

    private final Pool pool;
    private final Poller poller;
    private final ScheduledThreadPoolExecutor timer; // has no thread before the first timeout
    private final CountDownLatch pollerEnded = new CountDownLatch(1);

    private final Set<Member> members = new HashSet<>(); // by itself, as are the two below
    private boolean shutdown;
    private boolean terminating;

    private ChannelGroup(AsynchronousChannelProvider provider, SelectorProvider channels, Pool pool)
            throws IOException {
        super(provider);
        String name = "usernet-aio-" + OPENED.incrementAndGet();
        this.pool = pool;
        this.timer = new ScheduledThreadPoolExecutor(1, task -> Pool.daemon(task, name + "-timer"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.poller = new Poller(this, channels.openSelector(), name);
    }

    /**
     * @param pool taken over; shut down if the group cannot be opened
     */
    static ChannelGroup open(
            AsynchronousChannelProvider provider, SelectorProvider channels, Pool pool)
            throws IOException {
        ChannelGroup group;
        try {
            group = new ChannelGroup(provider, channels, pool);
        } catch (Throwable t) {
            pool.executor().shutdown();
            throw t;
        }
        try {
            group.poller.start(pool);
        } catch (Throwable t) {
            group.terminate();
            throw t;
        }
        return group;
    }

    // -- channels and operations

    /**
     * @throws ShutdownChannelGroupException if no channel may be opened any more
     */
    void add(Member member) {
        synchronized (members) {
            if (shutdown) throw new ShutdownChannelGroupException();
            members.add(member);
        }
    }

    /** The member is closed, and its operations know it. */
    void remove(Member member) {
        poller.flush(member.selectable());
        boolean last;
        synchronized (members) {
            members.remove(member);
            last = shutdown && members.isEmpty();
        }
        if (last) terminate();
    }

    /** Closes a channel of which nobody wants to hear why it could not be closed. */
    void close(Member member) {
        try {
            member.close();
        } catch (IOException e) {
            System.getLogger("io.usernet").log(Level.DEBUG, "closing " + member, e);
        }
    }

    /** The operation is to be run when its channel is ready. */
    void arm(Operation<?, ?> operation) {
        poller.arm(operation);
    }

    /** Null if the group ends, and with it whatever the task would have ended. */
    Future<?> schedule(Runnable task, long delay, TimeUnit unit) {
        try {
            return timer.schedule(task, delay, unit);
        } catch (RejectedExecutionException e) {
            return null;
        }
    }

    // -- calling handlers

    /** Calls it at once if this thread is one of the group's, and not in too many already. */
    <V, A> void call(
            CompletionHandler<V, ? super A> handler, A attachment, V value, Throwable failure) {
        Turn turn = TURN.get();
        if (turn == null || turn.group != this || turn.nested == MAX_NESTED_CALLS) {
            callLater(handler, attachment, value, failure);
            return;
        }
        turn.nested++;
        try {
            callHere(handler, attachment, value, failure);
        } finally {
            turn.nested--;
        }
    }

    /**
     * Lets a thread of the group call it.
     *
     * @throws ShutdownChannelGroupException if the group has none any more
     */
    <V, A> void callLater(
            CompletionHandler<V, ? super A> handler, A attachment, V value, Throwable failure) {
        if (!hand(() -> callHere(handler, attachment, value, failure)))
            throw new ShutdownChannelGroupException();
    }

    private static <V, A> void callHere(
            CompletionHandler<V, ? super A> handler, A attachment, V value, Throwable failure) {
        if (failure == null) handler.completed(value, attachment);
        else handler.failed(failure, attachment);
        Thread.interrupted(); // the handler's affair, and it is over
    }

    /** False if the group has no thread any more. */
    private boolean hand(Runnable task) {
        if (!pool.fixed()) {
            try {
                pool.executor().execute(() -> turn(task));
                return true;
            } catch (RejectedExecutionException e) {
                // It is full, or its owner has shut it down: better our own thread than none.
            }
        }
        return poller.offer(task);
    }

    /**
     * Lets a thread of the group run it.
     *
     * @throws RejectedExecutionException if the group has none any more
     */
    @Override
    public void execute(Runnable task) {
        Objects.requireNonNull(task, "task");
        Runnable own =
                () -> {
                    try {
                        task.run();
                    } finally {
                        Thread.interrupted(); // the task's affair, as a handler's is its own
                    }
                };
        if (!hand(own)) throw new RejectedExecutionException("the group is terminated");
    }

    /** Runs it as the work of a thread of the group. */
    void turn(Runnable task) {
        Turn outer = TURN.get();
        TURN.set(new Turn(this));
        try {
            task.run();
        } finally {
            if (outer == null) TURN.remove();
            else TURN.set(outer);
        }
    }

    /** Whether this thread is in one of the group's handlers. */
    boolean isCallingHere() {
        Turn turn = TURN.get();
        return turn != null && turn.group == this;
    }

    // -- ending

    @Override
    public boolean isShutdown() {
        synchronized (members) {
            return shutdown;
        }
    }

    @Override
    public void shutdown() {
        boolean last;
        synchronized (members) {
            shutdown = true;
            last = members.isEmpty();
        }
        if (last) terminate();
    }

    @Override
    public void shutdownNow() {
        List<Member> open;
        synchronized (members) {
            shutdown = true;
            open = new ArrayList<>(members);
        }
        for (Member member : open) close(member);
        shutdown(); // unless another thread is closing one: then that one does it
    }

    /** What was queued is still done. */
    private void terminate() {
        synchronized (members) {
            if (terminating) return;
            terminating = true;
        }
        timer.shutdown();
        poller.end();
        pool.executor().shutdown();
    }

    /** By the last thread of the poller. */
    void pollerEnded() {
        pollerEnded.countDown();
    }

    /** The selector failed: without it every operation would wait for ever. */
    void pollerFailed(Throwable cause) {
        System.getLogger("io.usernet")
                .log(
                        Level.ERROR,
                        "the selector failed: all channels of the group are closed",
                        cause);
        shutdownNow();
    }

    @Override
    public boolean isTerminated() {
        return pool.executor().isTerminated() && pollerEnded.getCount() == 0;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        long until = System.nanoTime() + unit.toNanos(timeout);
        return pool.executor().awaitTermination(timeout, unit)
                && pollerEnded.await(until - System.nanoTime(), TimeUnit.NANOSECONDS);
    }
}
