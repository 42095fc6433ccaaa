package io.usernet.benchmarks.compare;

import java.util.ArrayList;
import java.util.List;

/** Rows of text in aligned columns: the first so many to the left, the others to the right. */
final class Table {
    private static final String GAP = "  ";

    private final int leftColumns;
    private final List<List<String>> rows = new ArrayList<>();

    Table(int leftColumns) {
        this.leftColumns = leftColumns;
    }

    void row(List<String> cells) {
        rows.add(List.copyOf(cells));
    }

    @Override
    public String toString() {
        List<Integer> widths = new ArrayList<>();
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                if (i == widths.size()) widths.add(0);
                widths.set(i, Math.max(widths.get(i), row.get(i).length()));
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                String blank = " ".repeat(widths.get(i) - row.get(i).length());
                if (i > 0) line.append(GAP);
                line.append(i < leftColumns ? row.get(i) + blank : blank + row.get(i));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /** A row a workload and metric; the first variant is what the others are divided by. */
    static Table of(Settings settings, List<Variant> variants, List<Samples> samples) {
        Table table = new Table(2);
        List<String> header = new ArrayList<>(List.of("workload", "median (min..max)"));
        for (int i = 0; i < variants.size(); i++) {
            header.add(variants.get(i).name());
            if (i > 0) header.add("ratio");
        }
        table.row(header);
        for (Workload workload : settings.workloads()) {
            String title = workload.title;
            for (Workload.Metric metric : workload.metrics) {
                List<String> row = new ArrayList<>(List.of(title, metric.unit));
                double yardstick = samples.get(0).median(workload, metric);
                for (int i = 0; i < variants.size(); i++) {
                    row.add(samples.get(i).summary(workload, metric));
                    if (i > 0) {
                        row.add(
                                Samples.figure(
                                        samples.get(i).median(workload, metric) / yardstick));
                    }
                }
                table.row(row);
                title = "";
            }
        }
        return table;
    }
}
