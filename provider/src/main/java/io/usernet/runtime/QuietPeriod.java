package io.usernet.runtime;

import java.util.concurrent.TimeUnit;

/**
 * Decides, at the end of the JVM, when applications have finished with their connections. Nobody says
 * so: shutdown hooks run at the same time, and cannot be told from other threads. What can be seen is
 * whether bytes are written and read, whether a writer lacks room, and whether threads run that could be
 * hooks, which on a busy machine may come to their first byte late.
 *
 * <p>Time is an argument, nanoseconds. Not thread-safe.
 */
final class QuietPeriod {
    /** Applications that have done nothing for so long, while no thread of theirs ran, have finished. */
    static final long IDLE_NS = TimeUnit.MILLISECONDS.toNanos(100);

    /** They have finished also if threads run: those do something else, perhaps for ever. */
    static final long BUSY_NS = TimeUnit.SECONDS.toNanos(1);

    private long progress;
    private long progressNs; // when it last changed, or a writer lacked room
    private long idleSinceNs; // since when that, and no thread ran

    /**
     * @param progress a number that changes when an application reads or writes
     */
    QuietPeriod(long progress, long nowNs) {
        this.progress = progress;
        progressNs = idleSinceNs = nowNs;
    }

    /**
     * Whether applications have finished, by what is seen now.
     *
     * @param full whether there is a connection that has no room for a writer
     * @param running whether a thread runs that may be a hook
     */
    boolean isOver(long progress, boolean full, boolean running, long nowNs) {
        if (full || progress != this.progress) progressNs = idleSinceNs = nowNs;
        if (running) idleSinceNs = nowNs;
        this.progress = progress;
        return nowNs - idleSinceNs >= IDLE_NS || nowNs - progressNs >= BUSY_NS;
    }
}
