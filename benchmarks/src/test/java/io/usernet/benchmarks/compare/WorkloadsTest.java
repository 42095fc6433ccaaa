package io.usernet.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One short run of everything on each provider: every workload gives all its figures. */
class WorkloadsTest {
    @Test
    void every_figure_on_every_provider() throws Exception {
        Settings settings = Settings.parse("--seconds=1", "--warmup=0", "--connections=3");
        List<String> expected = new ArrayList<>();
        for (Workload workload : Workload.values()) {
            for (Workload.Metric metric : workload.metrics) {
                expected.add(workload.id + " " + metric.id);
            }
        }
        for (Variant variant : Variant.of(settings)) {
            List<String> command = variant.command(List.of(), settings.workloadArguments());
            List<String> found = new ArrayList<>();
            try (Child child = Child.start(variant.name(), command)) {
                for (String result : child.readToEnd(Workloads.RESULT, settings.bound())) {
                    int value = result.lastIndexOf(' ');
                    found.add(result.substring(0, value));
                    assertTrue(Double.parseDouble(result.substring(value)) > 0, result);
                }
            }
            assertEquals(expected, found);
        }
    }
}
