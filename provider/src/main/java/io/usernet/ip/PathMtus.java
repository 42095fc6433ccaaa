package io.usernet.ip;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Path MTUs of datagrams, as routers named them (RFC 1191), by destination; connections keep their own.
 * They only fall, until they expire. At most 1,024: in a set of four, the one that expires first makes
 * way. Confined to the loop.
 */
public final class PathMtus {
    /**
     * Linux's min_pmtu: a smaller one is not believed. What goes by this one is sent without DF, for
     * the path's may be smaller.
     */
    public static final int MIN = 552;

    private static final int SETS = 256, WAYS = 4;

    private final long lifeNs;
    private final int secret;

    private int[] destination, mtu; // null before the first; a set is WAYS entries in a row
    private long[] expiresNs; // 0: no entry

    /**
     * @param seed of a hash that others cannot guess
     */
    public PathMtus(Sysctls sysctls, long seed) {
        lifeNs = TimeUnit.SECONDS.toNanos(sysctls.get(Sysctl.ROUTE_MTU_EXPIRES));
        secret = new SplittableRandom(seed).nextInt();
    }

    /** A router named the MTU of a hop on the way to {@code dst}; 0: it did not say which. */
    void learn(int dst, int hop, long nowNs) {
        if (expiresNs == null) {
            destination = new int[SETS * WAYS];
            mtu = new int[SETS * WAYS];
            expiresNs = new long[SETS * WAYS];
        }
        int i = find(dst, nowNs);
        int first = set(dst);
        for (int j = first; i < 0 && j < first + WAYS; j++) if (expiresNs[j] <= nowNs) i = j;
        if (i < 0) i = firstToExpire(first);
        int believed = Math.max(hop, MIN);
        boolean known = destination[i] == dst && expiresNs[i] > nowNs;
        if (known && mtu[i] < believed) return;
        destination[i] = dst;
        mtu[i] = believed;
        expiresNs[i] = nowNs + lifeNs;
    }

    /**
     * Most bytes of an IP packet on the way to {@code dst}.
     *
     * @param routeMtu of the route, an upper bound
     */
    public int get(int dst, int routeMtu, long nowNs) {
        if (expiresNs == null) return routeMtu;
        int i = find(dst, nowNs);
        return i < 0 ? routeMtu : Math.min(mtu[i], routeMtu);
    }

    private int find(int dst, long nowNs) {
        int first = set(dst);
        for (int i = first; i < first + WAYS; i++) {
            if (destination[i] == dst && expiresNs[i] > nowNs) return i;
        }
        return -1;
    }

    private int firstToExpire(int first) {
        int i = first;
        for (int j = first + 1; j < first + WAYS; j++) if (expiresNs[j] < expiresNs[i]) i = j;
        return i;
    }

    private int set(int dst) {
        int h = (dst ^ secret) * 0x9E37_79B9;
        return ((h ^ h >>> 15) * 0x85EB_CA6B >>> 24) % SETS * WAYS;
    }
}
