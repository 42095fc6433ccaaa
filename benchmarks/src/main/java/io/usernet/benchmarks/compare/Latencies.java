package io.usernet.benchmarks.compare;

/**
 * A histogram of nanoseconds whose buckets are at most 1/64 wide, so that recording allocates nothing.
 * Not thread-safe.
 */
final class Latencies {
    /** 2^6 buckets between a power of two and the next. */
    private static final int SUB_BITS = 6;

    private static final int SUBS = 1 << SUB_BITS;

    private final long[] counts = new long[(Long.SIZE - SUB_BITS) << SUB_BITS];
    private long total;

    void record(long ns) {
        counts[index(Math.max(0, ns))]++;
        total++;
    }

    long total() {
        return total;
    }

    /**
     * The middle of the bucket up to which that part of the values is, or NaN if there are none.
     *
     * @param part from 0 to 1
     */
    double quantile(double part) {
        long rank = Math.max(1, (long) Math.ceil(part * total));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank) return (lowest(i) + lowest(i + 1) - 1) / 2.0;
        }
        return Double.NaN;
    }

    private static int index(long ns) {
        int shift = Math.max(0, Long.SIZE - SUB_BITS - 1 - Long.numberOfLeadingZeros(ns));
        return (shift << SUB_BITS) + (int) (ns >>> shift);
    }

    private static long lowest(int index) {
        int shift = Math.max(0, (index >> SUB_BITS) - 1);
        return (long) (index - (shift << SUB_BITS)) << shift;
    }
}
