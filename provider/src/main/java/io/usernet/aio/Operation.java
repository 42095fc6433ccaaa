package io.usernet.aio;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.InterruptedByTimeoutException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Something that a channel was asked to do, once:
 *
 * <pre>
 *   TRYING --would block--> WAITING --ready, by a thread of the group--> TRYING
 *      |                       `--------timeout, cancel, close-----------.
 *      `--result, failure, or what came while it was tried---------> ENDED
 * </pre>
 *
 * The buffers belong to the thread that is TRYING; what comes meanwhile is left to that thread. As a
 * Runnable, it is tried again.
 *
 * @param <V> of the result
 * @param <A> of the handler's attachment
 */
abstract class Operation<V, A> implements Runnable {
    private enum State {
        TRYING,
        WAITING,
        ENDED
    }

    /** Where the handler may be called. */
    private enum Where {
        HERE_IF_OF_GROUP,
        LATER
    }

    private final ChannelGroup group;
    private final Member channel;
    private final int interest;
    private final CompletionHandler<V, ? super A> handler; // null: it has a future
    private final A attachment;
    private final OperationFuture<V> future; // null: it has a handler

    // -- protected by this object's monitor
    private State state = State.TRYING;
    private Throwable interruption; // what came while it was tried
    private Future<?> timer; // or null

    // -- end of fields protected by the monitor

    /**
     * @param interest the readiness of the channel without which it would block
     * @param handler gets the result; null: the future that {@link #start} returns does
     */
    Operation(
            ChannelGroup group,
            Member channel,
            int interest,
            CompletionHandler<V, ? super A> handler,
            A attachment) {
        this.group = group;
        this.channel = channel;
        this.interest = interest;
        this.handler = handler;
        this.attachment = attachment;
        this.future = handler == null ? new OperationFuture<>(this) : null;
    }

    // -- what kinds of operation differ in

    /**
     * Does it, if that is possible without blocking.
     *
     * @return the result, in a box of its own since it may be null; null: it would block
     */
    abstract Outcome<V> attempt() throws IOException;

    /** What the caller gets to see of a failure. */
    Throwable failure(Throwable thrown) {
        return thrown instanceof ClosedChannelException ? new AsynchronousCloseException() : thrown;
    }

    /** Before anybody hears that it has failed. */
    void failed(Throwable failure) {}

    /** Nobody wants the result any more. */
    void dropped(V result) {}

    /** Whether a cancelled one is carried on with, since what it began can't be taken back. */
    boolean outlivesCancel() {
        return false;
    }

    /** A result; failures are thrown. */
    record Outcome<V>(V value) {}

    // -- beginning

    /**
     * Tries it in the thread that asks for it, and lets the group do so where it would block.
     *
     * @param timeout from which on it ends by InterruptedByTimeoutException; 0 or less: never
     * @return the future, or null where there is a handler
     */
    final Future<V> start(long timeout, TimeUnit unit) {
        if (hasEnded(Where.HERE_IF_OF_GROUP)) return future;
        if (timeout > 0) schedule(timeout, unit);
        await();
        return future;
    }

    /**
     * The same for one whose handler must not be called by the thread that asks, whichever it is:
     * as the JDK does with accept, whose handlers use to ask for the next one.
     */
    final Future<V> startWithoutCalling() {
        if (!hasEnded(Where.LATER)) await();
        return future;
    }

    private void schedule(long timeout, TimeUnit unit) {
        Future<?> scheduled =
                group.schedule(() -> interrupt(new InterruptedByTimeoutException()), timeout, unit);
        synchronized (this) {
            timer = scheduled;
        }
    }

    /** Ends it without having begun. */
    final Future<V> succeed(V value) {
        end(value, null, Where.HERE_IF_OF_GROUP);
        return future;
    }

    /** Ends it without having begun. */
    final Future<V> fail(Throwable failure) {
        end(null, failure, Where.HERE_IF_OF_GROUP);
        return future;
    }

    // -- trying

    @Override
    public final void run() {
        synchronized (this) {
            if (state != State.WAITING) return;
            state = State.TRYING;
        }
        if (!hasEnded(Where.HERE_IF_OF_GROUP)) await();
    }

    /** Tries it, and says whether that was the end of it. */
    private boolean hasEnded(Where where) {
        Outcome<V> outcome;
        try {
            outcome = attempt();
        } catch (Throwable thrown) { // whatever it is, the caller waits to hear of it
            end(null, failure(thrown), where);
            return true;
        }
        if (outcome == null) return false;
        end(outcome.value(), null, where);
        return true;
    }

    /** Until the channel is ready. */
    private void await() {
        Throwable why;
        synchronized (this) {
            why = interruption;
            if (why == null) state = State.WAITING;
        }
        if (why == null) group.arm(this);
        else end(null, why, Where.LATER);
    }

    // -- ending

    /** Timeout or close: ends it, unless it ends by itself now. Never calls the handler. */
    final void interrupt(Throwable why) {
        synchronized (this) {
            if (state == State.ENDED) return;
            if (state == State.TRYING) {
                if (interruption == null) interruption = why;
                return;
            }
            state = State.TRYING; // by us
        }
        end(null, why, Where.LATER);
    }

    /** Whether it is cancelled by this. */
    final boolean cancel(boolean andClose) {
        synchronized (this) {
            if (state == State.ENDED || future.isDone()) return false;
            channel.abandoned(this);
            if (!outlivesCancel()) {
                if (state == State.WAITING) {
                    state = State.ENDED;
                    over();
                } else if (interruption == null) {
                    interruption = new CancellationException();
                }
            }
            future.cancelled();
        }
        if (andClose) group.close(channel);
        return true;
    }

    /** By the one who made it TRYING, without locks. */
    private void end(V value, Throwable failure, Where where) {
        if (failure != null) failed(failure);
        boolean wanted = true;
        synchronized (this) {
            state = State.ENDED;
            if (failure instanceof InterruptedByTimeoutException) channel.abandoned(this);
            over();
            if (future != null) wanted = complete(value, failure);
        }
        if (handler != null) call(value, failure, where);
        else if (!wanted && failure == null) dropped(value);
    }

    private void over() {
        if (timer != null) timer.cancel(false);
        channel.ended(this);
    }

    private boolean complete(V value, Throwable failure) {
        if (failure == null) return future.complete(value);
        return future.completeExceptionally(
                failure instanceof IOException ? failure : new IOException(failure));
    }

    private void call(V value, Throwable failure, Where where) {
        if (where == Where.HERE_IF_OF_GROUP) group.call(handler, attachment, value, failure);
        else group.callLater(handler, attachment, value, failure);
    }

    // -- for the poller

    final Member channel() {
        return channel;
    }

    final int interest() {
        return interest;
    }
}
