package io.usernet.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CpuTimeTest {
    private static final String SELF = "7 (a (b) c) S 1 7 7 0 -1 0 0 0 0 0 ";

    @Test
    void what_neither_we_nor_our_children_used() {
        CpuTime then = CpuTime.of("cpu  100 0 50 1000 10 0 0 0 0 0", SELF + "10 5 20 5 20 0 9");
        CpuTime now = CpuTime.of("cpu  140 0 60 1100 10 5 25 20 0 0", SELF + "20 10 50 15 20 0 9");
        // 200 ticks, of which 100 busy, of which 10 + 5 + 30 + 10 ours.
        assertEquals(0.225, now.othersSince(then), 1e-9);
    }
}
