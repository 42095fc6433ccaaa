package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class Rfc6528SequenceTest {
    private static final FourTuple TUPLE = new FourTuple(1, 2, 3, 4);

    @Test
    void sipHashOfThePublishedTestVector() {
        // The authors' table: key 00 01 .. 0f, message 00 01 .. 0f
        long hash =
                Rfc6528Sequence.sipHash(
                        0x0706050403020100L,
                        0x0f0e0d0c0b0a0908L,
                        0x0706050403020100L,
                        0x0f0e0d0c0b0a0908L);
        assertEquals(0x3f2acc7f57c29bdbL, hash);
    }

    @Test
    void numbersOfATupleRiseByFourMicrosecondTicks() {
        Rfc6528Sequence isn = new Rfc6528Sequence(1, 2);
        int first = isn.iss(TUPLE, 0);
        assertEquals(first + 244_140, isn.iss(TUPLE, 1_000_000_000));
    }

    @Test
    void everyFieldAndTheSecretMatter() {
        Rfc6528Sequence isn = new Rfc6528Sequence(1, 2);
        int iss = isn.iss(TUPLE, 0);
        assertNotEquals(iss, isn.iss(new FourTuple(9, 2, 3, 4), 0));
        assertNotEquals(iss, isn.iss(new FourTuple(1, 9, 3, 4), 0));
        assertNotEquals(iss, isn.iss(new FourTuple(1, 2, 9, 4), 0));
        assertNotEquals(iss, isn.iss(new FourTuple(1, 2, 3, 9), 0));
        assertNotEquals(iss, new Rfc6528Sequence(1, 3).iss(TUPLE, 0));
        assertNotEquals(iss, isn.timestampOffset(TUPLE));
    }
}
