package io.usernet.stack;

import java.util.SplittableRandom;

/** A hash with a secret: who doesn't know it cannot choose addresses and ports that collide. */
final class Hash {
    private final long k0, k1;

    Hash(long secret) {
        SplittableRandom random = new SplittableRandom(secret);
        k0 = random.nextLong();
        k1 = random.nextLong() | 1;
    }

    /** Of 96 bits; all 32 bits of the answer are equally good. */
    int of(long a, int b) {
        long x = a ^ k0;
        long y = (b & 0xFFFF_FFFFL ^ k0 >>> 32) * 0x9E37_79B9_7F4A_7C15L ^ k1;
        long h = Math.multiplyHigh(x, y) ^ x * y;
        h = (h ^ h >>> 32) * k1;
        return (int) (h >>> 32);
    }
}
