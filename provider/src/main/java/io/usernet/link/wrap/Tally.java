package io.usernet.link.wrap;

import io.usernet.metrics.ImpairmentCounts;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** What happened to the frames of one direction: counted in the loop, read by any thread. */
final class Tally {
    static final int FRAMES = 0,
            PASSED = 1,
            LOST = 2,
            OVERFLOWED = 3,
            PARTITIONED = 4,
            DUPLICATED = 5,
            DELAYED = 6,
            REORDERED = 7,
            CORRUPTED = 8,
            KINDS = 9;

    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] counts = new long[KINDS]; // by the loop (opaque)

    void add(int kind) {
        COUNT.setOpaque(counts, kind, counts[kind] + 1);
    }

    private long get(int kind) {
        return (long) COUNT.getOpaque(counts, kind);
    }

    ImpairmentCounts.Direction snapshot() {
        return new ImpairmentCounts.Direction(
                get(FRAMES),
                get(PASSED),
                get(LOST),
                get(OVERFLOWED),
                get(PARTITIONED),
                get(DUPLICATED),
                get(DELAYED),
                get(REORDERED),
                get(CORRUPTED));
    }
}
