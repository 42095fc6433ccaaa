package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangeSetTest {
    private final RangeSet set = new RangeSet();

    @Test
    void touchingRangesBecomeOne() {
        assertEquals(10, set.add(10, 20));
        assertEquals(5, set.add(30, 35));
        assertEquals(10, set.add(20, 30));
        assertEquals("10..35", set.toString());
        assertEquals(0, set.add(12, 30));
        assertEquals(0, set.add(12, 12));
    }

    @Test
    void gapsAndMembers() {
        set.add(10, 20);
        set.add(30, 40);
        assertEquals(5, set.nextGap(5));
        assertEquals(20, set.nextGap(10));
        assertEquals(40, set.nextGap(35));
        assertEquals(10, set.nextMember(0));
        assertEquals(15, set.nextMember(15));
        assertEquals(30, set.nextMember(20));
        assertEquals(Long.MAX_VALUE, set.nextMember(40));
        assertEquals(13, set.covered(15, 38));
        assertEquals(-1, set.find(20));
        assertEquals(1, set.find(39));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void agreesWithABitSet(long seed) {
        Random random = new Random(seed);
        BitSet bits = new BitSet();
        for (int i = 0; i < 3_000; i++) {
            int start = random.nextInt(500);
            int end = start + random.nextInt(20);
            int before = bits.cardinality();
            if (random.nextInt(20) == 0) {
                bits.clear(0, start / 4);
                set.removeBefore(start / 4);
            } else {
                bits.set(start, end);
                assertEquals(bits.cardinality() - before, set.add(start, end));
            }
            if (random.nextInt(100) == 0) {
                bits.clear();
                set.clear();
            }
            assertEquals(bits.cardinality(), set.size());
            int at = random.nextInt(520);
            assertEquals(bits.get(at), set.contains(at));
            assertEquals(bits.nextClearBit(at), set.nextGap(at));
            int next = bits.nextSetBit(at);
            assertEquals(next < 0 ? Long.MAX_VALUE : next, set.nextMember(at));
            assertEquals(
                    bits.get(start, at < start ? start : at).cardinality(),
                    set.covered(start, Math.max(start, at)));
        }
    }
}
