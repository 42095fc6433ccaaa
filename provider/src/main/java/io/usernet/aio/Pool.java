package io.usernet.aio;

import io.usernet.config.DefaultThreadPool;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that call a group's handlers.
 *
 * @param executor taken over: shut down with the group
 * @param loops how many of its threads are the group's for good, and wait for events
 * @param fixed whether these are all; else further handlers are given to the executor
 */
record Pool(ExecutorService executor, int loops, boolean fixed) {
    private static final AtomicInteger DEFAULT_THREADS = new AtomicInteger();

    /**
     * @throws IllegalArgumentException if it has no thread
     */
    static Pool fixed(int threads, ThreadFactory factory) {
        if (threads <= 0) throw new IllegalArgumentException("'nThreads' must be > 0");
        return new Pool(Executors.newFixedThreadPool(threads, factory), threads, true);
    }

    /**
     * An executor of the application's. Threads are taken from it for good only where it has as many
     * as one wants: of others the last one could be among them, and no handler would ever be called.
     *
     * @param initialSize how many to take; negative: one a processor
     */
    static Pool of(ExecutorService executor, int initialSize) {
        if (executor == null) throw new NullPointerException("'executor' is null");
        boolean unbounded =
                executor instanceof ThreadPoolExecutor pool
                        && pool.getMaximumPoolSize() == Integer.MAX_VALUE
                        && pool.getQueue() instanceof SynchronousQueue;
        return new Pool(executor, unbounded ? atLeastZero(initialSize) : 0, false);
    }

    /** Daemon threads, as many as are needed, unless the settings name a factory. */
    static Pool byDefault(DefaultThreadPool settings) {
        ThreadFactory factory = Pool::daemon;
        if (settings.threadFactory() != null) factory = factory(settings.threadFactory());
        return new Pool(
                Executors.newCachedThreadPool(factory), atLeastZero(settings.initialSize()), false);
    }

    private static int atLeastZero(int initialSize) {
        return initialSize < 0 ? Runtime.getRuntime().availableProcessors() : initialSize;
    }

    private static ThreadFactory factory(String name) {
        try {
            return Class.forName(name, true, ClassLoader.getSystemClassLoader())
                    .asSubclass(ThreadFactory.class)
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw new Error(
                    DefaultThreadPool.THREAD_FACTORY
                            + "="
                            + name
                            + ": no ThreadFactory with a public constructor; name one that is on"
                            + " the class path",
                    e);
        }
    }

    private static Thread daemon(Runnable task) {
        return daemon(task, "usernet-aio-default-" + DEFAULT_THREADS.incrementAndGet());
    }

    /** Keeps nothing of the thread that happens to need it first: neither its loader nor its locals. */
    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(null, task, name, 0, false);
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
        thread.setDaemon(true);
        return thread;
    }
}
