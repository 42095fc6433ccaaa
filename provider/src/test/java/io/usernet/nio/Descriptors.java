package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The descriptors of this process, among which are those of whatever else the JVM does. */
final class Descriptors {
    private static final long LONGEST_NS = TimeUnit.SECONDS.toNanos(10);

    private Descriptors() {}

    static int count() {
        String[] all = new File("/proc/self/fd").list();
        assumeTrue(all != null, "no /proc");
        return all.length;
    }

    /**
     * Fewer are fine: the collector closes what other tests have left. So are more for a moment, in
     * which the JVM reads a file of its own.
     */
    static void assertNoMoreThan(int expected) {
        long endNs = System.nanoTime() + LONGEST_NS;
        int now;
        while ((now = count()) > expected && System.nanoTime() < endNs)
            LockSupport.parkNanos(500_000);
        assertTrue(now <= expected, now + " descriptors, of which " + expected + " are expected");
    }
}
