package io.usernet.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatenciesTest {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 63, 64, 127, 128, 129, 255, 256, 54_321, 3_000_000_000L, 1L << 60})
    void a_value_is_known_to_a_64th(long ns) {
        Latencies latencies = new Latencies();
        latencies.record(ns);
        assertEquals(ns, latencies.quantile(0.5), ns / 128.0);
    }

    @Test
    void quantiles() {
        Latencies latencies = new Latencies();
        for (int ns = 1; ns <= 100; ns++) latencies.record(ns);
        assertEquals(50, latencies.quantile(0.5));
        assertEquals(99, latencies.quantile(0.99));
        assertEquals(100, latencies.quantile(1));
        assertEquals(100, latencies.total());
        assertEquals(Double.NaN, new Latencies().quantile(0.5));
    }
}
