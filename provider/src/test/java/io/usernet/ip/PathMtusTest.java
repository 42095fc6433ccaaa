package io.usernet.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PathMtusTest {
    private static final int DST = 0xC000_0207;
    private static final long NOW = 5;

    private final PathMtus mtus =
            new PathMtus(Sysctls.defaults().with(Sysctl.ROUTE_MTU_EXPIRES, 10), 42);

    @Test
    void fallsAndExpires() {
        assertEquals(1_500, mtus.get(DST, 1_500, NOW));
        mtus.learn(DST, 1_400, NOW);
        mtus.learn(DST, 1_450, NOW); // does not rise
        assertEquals(1_400, mtus.get(DST, 1_500, NOW));
        assertEquals(1_300, mtus.get(DST, 1_300, NOW), "the route's is an upper bound");
        assertEquals(1_500, mtus.get(DST + 1, 1_500, NOW));
        long end = NOW + TimeUnit.SECONDS.toNanos(10);
        assertEquals(1_400, mtus.get(DST, 1_500, end - 1));
        assertEquals(1_500, mtus.get(DST, 1_500, end));
        mtus.learn(DST, 1_450, end); // what has expired does not count
        assertEquals(1_450, mtus.get(DST, 1_500, end));
    }

    @Test
    void lessThanTheLeastIsNotBelieved() {
        mtus.learn(DST, 68, NOW);
        assertEquals(PathMtus.MIN, mtus.get(DST, 1_500, NOW));
        mtus.learn(DST + 1, 0, NOW); // a router that does not say which
        assertEquals(PathMtus.MIN, mtus.get(DST + 1, 1_500, NOW));
    }

    @Test
    void aFloodIsBoundedAndTheNewestIsKnown() {
        int kept = 0;
        for (int i = 0; i < 10_000; i++) {
            mtus.learn(i, 1_000, NOW + i);
            assertEquals(1_000, mtus.get(i, 1_500, NOW + i));
        }
        for (int i = 0; i < 10_000; i++) if (mtus.get(i, 1_500, NOW + 10_000) == 1_000) kept++;
        assertTrue(kept > 900 && kept <= 1_024, "kept: " + kept);
    }
}
