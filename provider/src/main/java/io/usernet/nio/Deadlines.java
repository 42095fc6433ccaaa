package io.usernet.nio;

import java.util.concurrent.TimeUnit;

/** Points in time of {@link System#nanoTime}, for waits of application threads. */
final class Deadlines {
    /** Waits as long as it takes. */
    static final long NEVER = Long.MAX_VALUE;

    private static final long LONGEST_NS = TimeUnit.DAYS.toNanos(365 * 100);

    private Deadlines() {}

    /** So many milliseconds from now; a century at most. */
    static long after(long ms) {
        return System.nanoTime() + Math.min(TimeUnit.MILLISECONDS.toNanos(ms), LONGEST_NS);
    }
}
