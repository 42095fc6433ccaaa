package io.usernet.ip;

/** At most so many events a second, and a burst of so many at once. No clock: time is an argument. */
public final class TokenBucket {
    private static final long SECOND = 1_000_000_000;

    private final long perSecond;
    private final long burst;
    private long tokens; // in units of 1 / SECOND
    private long refilledNs;

    /**
     * @param perSecond 0: none at all
     */
    public TokenBucket(long perSecond, long burst) {
        this.perSecond = perSecond;
        this.burst = perSecond == 0 ? 0 : burst;
        this.tokens = this.burst * SECOND;
    }

    /** Takes a token, if there is one. */
    public boolean take(long nowNs) {
        long passed = Math.min(nowNs - refilledNs, 60 * SECOND);
        tokens = Math.min(burst * SECOND, tokens + passed * perSecond);
        refilledNs = nowNs;
        if (tokens < SECOND) return false;
        tokens -= SECOND;
        return true;
    }
}
