package io.usernet.link.wrap;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** The time of day as it was at the beginning, and what has passed since: it never goes back. */
final class WallClock {
    private final long offsetNs;

    WallClock() {
        Instant now = Instant.now();
        offsetNs =
                TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano() - System.nanoTime();
    }

    /** Nanoseconds since 1970. */
    long nowNs() {
        return offsetNs + System.nanoTime();
    }
}
