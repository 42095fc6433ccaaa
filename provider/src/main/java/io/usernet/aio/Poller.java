package io.usernet.aio;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Waits for a group's channels, and deals out what there is to do. One of its threads at a time is the
 * leader, which selects; the others follow, without waking up, until there is a task or nobody leads. A
 * leader that takes a task calls the next one first, so a handler that blocks holds nobody up as long as
 * there is another thread.
 *
 * <p>Where the executor is not the group's own, there is the reserve as well: a thread that leads and
 * moves bytes but calls no handler, and so is never held up. It leaves tasks to followers, if any wait.
 *
 * <p>Only the leader registers channels and changes what they are selected for. So another thread wakes
 * it once for an operation, and not at all while it isn't asleep.
 */
final class Poller {
    private final ChannelGroup group;
    private final Selector selector;
    private final String name;

    /** Operations that wait for the leader to select their channels. */
    private final Queue<Operation<?, ?>> armed = new ConcurrentLinkedQueue<>();

    /** True from before the leader looks what there is until it is woken, or wakes. */
    private final AtomicBoolean asleep = new AtomicBoolean();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition follow = lock.newCondition(), inReserve = lock.newCondition();

    // -- protected by lock
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private boolean led;
    private int followers; // that wait
    private boolean reserveWaits;
    private int threads; // that run this, or are going to
    private boolean ending;
    // -- end of fields protected by lock

    private final Queue<Runnable> ready = new ArrayDeque<>(); // by the leader

    Poller(ChannelGroup group, Selector selector, String name) {
        this.group = group;
        this.selector = selector;
        this.name = name;
    }

    /**
     * @throws RejectedExecutionException if a fixed pool, whose executor is new, takes no task
     */
    void start(Pool pool) {
        if (!pool.fixed()) startReserve();
        for (int i = 0; i < pool.loops(); i++) {
            if (!startFollower(pool) && pool.fixed()) throw new RejectedExecutionException(name);
        }
    }

    private void startReserve() {
        add(1);
        Pool.daemon(this::runReserve, name).start();
    }

    /** Whether the pool has a thread for it. */
    private boolean startFollower(Pool pool) {
        add(1);
        try {
            pool.executor().execute(() -> runFollower(pool));
            return true;
        } catch (RejectedExecutionException e) {
            add(-1);
            return false;
        }
    }

    private void add(int count) {
        boolean last;
        lock.lock();
        try {
            threads += count;
            last = threads == 0;
        } finally {
            lock.unlock();
        }
        if (last) closeSelector();
    }

    private void closeSelector() {
        try {
            selector.close();
        } catch (IOException e) {
            group.pollerFailed(e);
        }
        group.pollerEnded();
    }

    // -- threads

    /** Until the end, or a handler throws: then the executor replaces the thread. */
    private void runFollower(Pool pool) {
        try {
            for (Runnable task; (task = next(true)) != null; ) group.turn(task);
        } catch (Throwable thrown) {
            if (!startFollower(pool)) goOn(pool);
            throw thrown; // for the thread's handler of uncaught exceptions
        } finally {
            add(-1);
        }
    }

    /** The executor is shut down, and this may be the last thread that can do what is queued. */
    private void goOn(Pool pool) {
        add(1);
        runFollower(pool);
    }

    private void runReserve() {
        try {
            for (Runnable task; (task = next(false)) != null; ) task.run();
        } catch (Throwable thrown) {
            startReserve();
            throw thrown;
        } finally {
            add(-1);
        }
    }

    /** What to do next; null: nothing ever. */
    private Runnable next(boolean follower) {
        lock.lock();
        try {
            for (; ; ) {
                Runnable task = follower || followers == 0 ? tasks.poll() : null;
                if (task != null) {
                    if (!tasks.isEmpty() || !led) callAnother();
                    return task;
                }
                if (!tasks.isEmpty()) callAnother(); // this is the reserve, and there are followers
                else if (ending) return null;
                if (!led) lead();
                else if (follower) follow();
                else waitInReserve();
            }
        } finally {
            lock.unlock();
        }
    }

    private void follow() {
        followers++;
        try {
            follow.awaitUninterruptibly();
        } finally {
            followers--;
        }
    }

    private void waitInReserve() {
        reserveWaits = true;
        try {
            inReserve.awaitUninterruptibly();
        } finally {
            reserveWaits = false;
        }
    }

    /** There is a task, or nobody leads: whoever is free is to see that. */
    private void callAnother() {
        if (followers > 0) follow.signal();
        else if (reserveWaits) inReserve.signal();
        else if (led) wake();
    }

    /** A task for a thread of the group; false: there is none any more. */
    boolean offer(Runnable task) {
        lock.lock();
        try {
            if (threads == 0) return false;
            tasks.add(task);
            callAnother();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** What is queued is done, and then no thread is left. */
    void end() {
        lock.lock();
        try {
            ending = true;
            follow.signalAll();
            inReserve.signalAll();
            if (led) wake();
        } finally {
            lock.unlock();
        }
    }

    // -- leading

    /** Gives the lock up while it selects. */
    private void lead() {
        led = true;
        asleep.set(true); // who adds a task or an operation from now on wakes the selector
        lock.unlock();
        try {
            select();
        } catch (IOException | RuntimeException e) {
            group.pollerFailed(e);
        } finally {
            asleep.set(false);
            lock.lock();
            led = false;
            tasks.addAll(ready);
            ready.clear();
        }
    }

    private void select() throws IOException {
        for (Operation<?, ?> o; (o = armed.poll()) != null; ) register(o);
        Thread.interrupted(); // or it would not wait
        selector.select(this::found);
    }

    private void register(Operation<?, ?> operation) {
        Member member = operation.channel();
        SelectableChannel channel = member.selectable();
        try {
            SelectionKey key = channel.keyFor(selector);
            if (key != null) key.interestOpsOr(operation.interest());
            else channel.register(selector, operation.interest(), member);
        } catch (ClosedChannelException | CancelledKeyException e) {
            operation.interrupt(operation.failure(new ClosedChannelException()));
        }
    }

    private void found(SelectionKey key) {
        int found;
        try {
            found = key.readyOps();
            key.interestOpsAnd(~found); // until an operation waits for it again
        } catch (CancelledKeyException e) {
            return; // whoever closed the channel ends its operations
        }
        ((Member) key.attachment()).waitingFor(found, ready);
    }

    /** See {@link ChannelGroup#arm}. */
    void arm(Operation<?, ?> operation) {
        armed.add(operation);
        wake();
    }

    /** Lets the selector forget a closed channel, which may not be gone before. */
    void flush(SelectableChannel closed) {
        if (closed.isRegistered()) wake();
    }

    private void wake() {
        if (asleep.get() && asleep.compareAndSet(true, false)) selector.wakeup();
    }
}
