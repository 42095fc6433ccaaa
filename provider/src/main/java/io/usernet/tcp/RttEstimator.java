package io.usernet.tcp;

/**
 * Smoothed round trip time and the retransmission timeout (RFC 6298; RFC 7323 appendix G where there
 * are many samples per round trip). Nanoseconds.
 */
final class RttEstimator {
    static final long INITIAL_RTO_NS = 1_000_000_000L;

    /** RFC 6298 (5.7): where the SYN was retransmitted and no sample is there. */
    static final long FALLBACK_RTO_NS = 3_000_000_000L;

    /** As Linux's; RFC 6298 (2.5) asks for at least 60 s. */
    static final long MAX_RTO_NS = 120_000_000_000L;

    /** G of RFC 6298: what the loop's timer wheel can tell apart. */
    private static final long GRANULARITY_NS = 1_000_000;

    private final long minRtoNs;
    private long srttNs = -1;
    private long rttvarNs;
    private long rtoNs = INITIAL_RTO_NS;

    RttEstimator(long minRtoNs) {
        this.minRtoNs = minRtoNs;
    }

    /** -1 if there was no sample yet. */
    long srttNs() {
        return srttNs;
    }

    long rttvarNs() {
        return rttvarNs;
    }

    /** Without back-off. */
    long rtoNs() {
        return rtoNs;
    }

    /** The SYN was retransmitted, so that nothing is known of the path (RFC 6298 section 5.7). */
    void assumeSlow() {
        if (srttNs < 0) rtoNs = FALLBACK_RTO_NS;
    }

    /**
     * @param expected how many samples this round trip will bring, at least 1: each counts for less
     */
    void sample(long rttNs, int expected) {
        long r = Math.max(rttNs, 1);
        if (srttNs < 0) {
            // (2.2)
            srttNs = r;
            rttvarNs = r / 2;
        } else {
            // (2.3), alpha = 1/8 and beta = 1/4, spread over the samples
            rttvarNs += (Math.abs(srttNs - r) - rttvarNs) / (4L * expected);
            srttNs += (r - srttNs) / (8L * expected);
        }
        // Linux's lower bound applies to the variation, RFC 6298's (2.4) to the sum: the bound on
        // the sum is kept, and is far above the delay of an acknowledgement.
        long rto = srttNs + Math.max(GRANULARITY_NS, 4 * rttvarNs);
        rtoNs = Math.min(MAX_RTO_NS, Math.max(minRtoNs, rto));
    }
}
