package io.usernet.benchmarks.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The figures of a variant's rounds. */
final class Samples {
    private record Key(String workload, String metric) {}

    private final Map<Key, List<Double>> values = new HashMap<>();

    /**
     * Adds what a client printed.
     *
     * @param results {@code WORKLOAD METRIC VALUE}
     */
    void add(List<String> results) throws IOException {
        for (String result : results) {
            String[] words = result.split(" ");
            if (words.length != 3) throw new IOException("not a result: '" + result + "'");
            add(words[0], words[1], Double.parseDouble(words[2]));
        }
    }

    void add(String workload, String metric, double value) {
        values.computeIfAbsent(new Key(workload, metric), k -> new ArrayList<>()).add(value);
    }

    /** NaN if there are none. */
    double median(Workload workload, Workload.Metric metric) {
        List<Double> sorted = sorted(workload, metric);
        int n = sorted.size();
        return n == 0 ? Double.NaN : (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    }

    /** Such as {@code 63.1 (61.0..64.9)}: median, least and most. */
    String summary(Workload workload, Workload.Metric metric) {
        List<Double> sorted = sorted(workload, metric);
        if (sorted.isEmpty()) return "none";
        return figure(median(workload, metric))
                + " ("
                + figure(sorted.get(0))
                + ".."
                + figure(sorted.get(sorted.size() - 1))
                + ")";
    }

    private List<Double> sorted(Workload workload, Workload.Metric metric) {
        List<Double> sorted =
                new ArrayList<>(values.getOrDefault(new Key(workload.id, metric.id), List.of()));
        Collections.sort(sorted);
        return sorted;
    }

    /** About three digits, and no exponent. */
    static String figure(double value) {
        String format = value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }
}
