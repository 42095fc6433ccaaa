package io.usernet.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SeqTest {
    private final Random random = new Random(1);

    /** Positions on a line that the sequence numbers wind around: comparisons must agree. */
    @Test
    void agreesWithPositionsLessThanHalfTheSpaceApart() {
        for (int i = 0; i < 100_000; i++) {
            long a = random.nextLong() >>> 4;
            long b = a + random.nextInt() / 2; // less than 2^31 apart
            int sa = (int) a, sb = (int) b;
            assertEquals(a < b, Seq.before(sa, sb));
            assertEquals(a > b, Seq.after(sa, sb));
            assertEquals(a <= b, Seq.atMost(sa, sb));
            assertEquals(a >= b, Seq.atLeast(sa, sb));
            assertEquals((int) Math.max(a, b), Seq.latest(sa, sb));
            assertEquals((int) Math.min(a, b), Seq.earliest(sa, sb));
            if (a <= b) assertEquals(b - a, Seq.distance(sa, sb));
            else assertThrows(AssertionError.class, () -> Seq.distance(sa, sb));
        }
    }

    @Test
    void windowsMayCrossTheWrap() {
        int first = 0xFFFF_FF00;
        assertTrue(Seq.inWindow(first, first, 1));
        assertFalse(Seq.inWindow(first, first, 0));
        assertTrue(Seq.inWindow(0, first, 0x101));
        assertFalse(Seq.inWindow(0, first, 0x100));
        assertFalse(Seq.inWindow(first - 1, first, 0x4000_0000));
        assertFalse(Seq.inWindow(first + 0x4000_0000, first, 0x4000_0000));
    }
}
