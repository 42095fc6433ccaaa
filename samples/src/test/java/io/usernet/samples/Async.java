package io.usernet.samples;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Tasks of a test that block, each in a thread of its own: the common pool has one thread for each core
 * but one, and a task that waits for another one in its queue would wait for ever.
 */
public final class Async {
    private static final Executor THREADS =
            task -> {
                Thread thread = new Thread(task, "test-task");
                thread.setDaemon(true);
                thread.start();
            };

    private Async() {}

    public static <T> CompletableFuture<T> supply(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, THREADS);
    }

    public static CompletableFuture<Void> run(Runnable task) {
        return CompletableFuture.runAsync(task, THREADS);
    }
}
