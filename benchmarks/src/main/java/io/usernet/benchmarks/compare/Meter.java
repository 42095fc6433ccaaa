package io.usernet.benchmarks.compare;

/** Counts the operations that begin after the warm-up and until the time is over. Not thread-safe. */
final class Meter {
    private final Latencies latencies = new Latencies();
    private final long warmUntilNs;
    private final long measureNs;
    private boolean measuring;
    private long fromNs, toNs, amount;

    /**
     * @param nowNs {@link System#nanoTime}
     */
    Meter(long nowNs, long warmupNs, long measureNs) {
        this.warmUntilNs = nowNs + warmupNs;
        this.measureNs = measureNs;
    }

    /**
     * One operation has ended.
     *
     * @return whether to go on
     */
    boolean add(long begunNs, long endedNs, long amount) {
        if (!measuring) {
            if (begunNs - warmUntilNs < 0) return true;
            measuring = true;
            fromNs = begunNs;
        }
        latencies.record(endedNs - begunNs);
        this.amount += amount;
        toNs = endedNs;
        return endedNs - fromNs < measureNs;
    }

    /** The figure; an amount is bytes. */
    double value(Workload.Metric metric) {
        return switch (metric) {
            case P50 -> latencies.quantile(0.50) / 1e3;
            case P99 -> latencies.quantile(0.99) / 1e3;
            case OPS -> latencies.total() * 1e9 / (toNs - fromNs);
            case GBITS -> amount * 8.0 / (toNs - fromNs);
        };
    }
}
