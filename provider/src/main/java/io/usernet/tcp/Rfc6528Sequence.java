package io.usernet.tcp;

/**
 * Initial sequence numbers as RFC 6528 section 3 wants them: {@code ISN = M + F(tuple, secret)}, where
 * M is a clock of 4 microseconds and F is SipHash-2-4 (Aumasson and Bernstein, 2012). So numbers of one
 * tuple rise, and those of another tell nothing about them. Timestamps begin at another such hash.
 *
 * <p>Immutable; any thread.
 */
public final class Rfc6528Sequence implements InitialSequence {
    private static final int NS_PER_TICK_SHIFT = 12; // 4.1 us

    private final long key0, key1;

    /**
     * @param key0 and key1: 128 bits from a SecureRandom, kept secret as long as the stack runs
     */
    public Rfc6528Sequence(long key0, long key1) {
        this.key0 = key0;
        this.key1 = key1;
    }

    @Override
    public int iss(FourTuple tuple, long nowNs) {
        return (int) (nowNs >>> NS_PER_TICK_SHIFT) + (int) hash(tuple, 0);
    }

    @Override
    public int timestampOffset(FourTuple tuple) {
        return (int) hash(tuple, 1);
    }

    private long hash(FourTuple t, int purpose) {
        long addresses = (long) t.localAddress() << 32 | t.remoteAddress() & 0xFFFF_FFFFL;
        long ports = (long) t.localPort() << 16 | t.remotePort();
        return sipHash(key0, key1, addresses, ports | (long) purpose << 32);
    }

    /** SipHash-2-4 of the 16 bytes of two little-endian words. */
    static long sipHash(long key0, long key1, long m0, long m1) {
        long v0 = key0 ^ 0x736f6d6570736575L;
        long v1 = key1 ^ 0x646f72616e646f6dL;
        long v2 = key0 ^ 0x6c7967656e657261L;
        long v3 = key1 ^ 0x7465646279746573L;
        // Two message words, the word with the length, and the finalization: 2, 2, 2 and 4 rounds.
        for (int word = 0; word < 4; word++) {
            long m = word == 0 ? m0 : word == 1 ? m1 : word == 2 ? 16L << 56 : 0;
            if (word < 3) v3 ^= m;
            else v2 ^= 0xFF;
            for (int round = word < 3 ? 2 : 4; round > 0; round--) {
                v0 += v1;
                v1 = Long.rotateLeft(v1, 13) ^ v0;
                v0 = Long.rotateLeft(v0, 32);
                v2 += v3;
                v3 = Long.rotateLeft(v3, 16) ^ v2;
                v0 += v3;
                v3 = Long.rotateLeft(v3, 21) ^ v0;
                v2 += v1;
                v1 = Long.rotateLeft(v1, 17) ^ v2;
                v2 = Long.rotateLeft(v2, 32);
            }
            if (word < 3) v0 ^= m;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}
