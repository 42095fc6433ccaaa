package io.usernet.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void medians_and_ratios_in_columns() throws UsageException, IOException {
        Settings settings = Settings.parse("--only=pingpong,upload");
        Samples jdk = new Samples();
        jdk.add(List.of("pingpong p50 50", "pingpong p50 40", "pingpong p50 90"));
        jdk.add(List.of("pingpong p99 100", "pingpong ops 20000", "upload gbits 8"));
        Samples ours = new Samples();
        ours.add(List.of("pingpong p50 25", "pingpong p99 1234", "pingpong ops 40000"));
        ours.add(List.of("upload gbits 1", "upload gbits 3"));
        assertEquals(
                """
                workload            median (min..max)                       JDK               usernet  ratio
                blocking ping-pong  p50, us                  50.0 (40.0..90.0)     25.0 (25.0..25.0)   0.50
                                    p99, us                     100 (100..100)   1,234 (1,234..1,234)  12.3
                                    ops/s              20,000 (20,000..20,000)  40,000 (40,000..40,000)   2.00
                bulk to the server  Gbit/s                    8.00 (8.00..8.00)      2.00 (1.00..3.00)   0.25
                """
                        .replaceAll(" +", " "),
                Table.of(settings, Variant.of(settings), List.of(jdk, ours))
                        .toString()
                        .replaceAll(" +", " "));
    }

    @Test
    void columns_are_aligned_and_lines_do_not_end_in_blanks() {
        Table table = new Table(1);
        table.row(List.of("name", "n", ""));
        table.row(List.of("a", "1,000", "x"));
        assertEquals("name      n\na     1,000  x\n", table.toString());
    }

    @Test
    void not_a_result() {
        assertThrows(IOException.class, () -> new Samples().add(List.of("pingpong p50")));
    }
}
