package io.usernet.aio;

import java.util.concurrent.CompletableFuture;

/** The result of an operation that was begun without a handler. */
final class OperationFuture<V> extends CompletableFuture<V> {
    private final Operation<V, ?> operation;

    OperationFuture(Operation<V, ?> operation) {
        this.operation = operation;
    }

    /**
     * Gives the operation up; no other of its kind may follow on the channel.
     *
     * @param mayInterruptIfRunning whether to close the channel as well
     */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return operation.cancel(mayInterruptIfRunning);
    }

    /** Once the operation is told. */
    boolean cancelled() {
        return super.cancel(false);
    }
}
