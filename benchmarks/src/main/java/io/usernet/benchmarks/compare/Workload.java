package io.usernet.benchmarks.compare;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What is measured. The first byte of a connection is the ordinal of its workload. */
enum Workload {
    /** A message there and back on one connection, both sides blocking. */
    PINGPONG("pingpong", "blocking ping-pong", Metric.P50, Metric.P99, Metric.OPS),

    /** The same on many connections at once, one thread and one selector a side. */
    SELECTOR("selector", "selector ping-pong", Metric.P50, Metric.P99, Metric.OPS),

    /** Bytes to the server on one connection, as fast as they go. */
    UPLOAD("upload", "bulk to the server", Metric.GBITS),

    /** Bytes from the server on one connection, as fast as they go. */
    DOWNLOAD("download", "bulk from the server", Metric.GBITS),

    /** Connect, send one byte, see the server close, close; one connection after the other. */
    CHURN("churn", "connect, 1 byte, close", Metric.P50, Metric.P99, Metric.OPS);

    /** What comes out of a workload. */
    enum Metric {
        P50("p50", "p50, us"),
        P99("p99", "p99, us"),
        OPS("ops", "ops/s"),
        GBITS("gbits", "Gbit/s");

        final String id;
        final String unit;

        Metric(String id, String unit) {
            this.id = id;
            this.unit = unit;
        }
    }

    final String id;
    final String title;
    final List<Metric> metrics;

    Workload(String id, String title, Metric... metrics) {
        this.id = id;
        this.title = title;
        this.metrics = List.of(metrics);
    }

    static String ids() {
        return Arrays.stream(values()).map(w -> w.id).collect(Collectors.joining(","));
    }

    /** The workloads of a list with commas, in the order in which they are declared. */
    static Set<Workload> parse(String list) throws UsageException {
        Set<Workload> chosen = EnumSet.noneOf(Workload.class);
        for (String id : list.split(",", -1)) {
            chosen.add(
                    Arrays.stream(values())
                            .filter(w -> w.id.equals(id))
                            .findAny()
                            .orElseThrow(
                                    () ->
                                            new UsageException(
                                                    "no workload '"
                                                            + id
                                                            + "': there are "
                                                            + ids())));
        }
        return Collections.unmodifiableSet(chosen);
    }
}
