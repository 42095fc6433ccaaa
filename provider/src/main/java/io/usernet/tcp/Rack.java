package io.usernet.tcp;

import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;

/**
 * RACK (RFC 8985 section 6): a segment is lost when one that was sent later was delivered, and time
 * for reordering has gone by since it was due.
 *
 * <p>Where it deviates: a reordering window that is not zero is at least {@value #MIN_WINDOW_NS} ns, since
 * on a path of microseconds a quarter of the round trip is less than what the timers and the scheduler
 * of either side disturb. The timestamp's word on whether a retransmission was delivered (section 6.2,
 * step 2) counts for cumulative acknowledgements alone: with a SACK, a peer echoes the timestamp of
 * what it acknowledges cumulatively.
 */
final class Rack {
    /** Granularity of the loop's timers. */
    static final long MIN_WINDOW_NS = 1_000_000;

    private static final long NEVER = InFlight.NEVER;

    /** Recoveries for which the window stays widened (section 6.2, step 4). */
    private static final int PERSIST = 16;

    /** Half of the time for which a round trip counts for the minimum. */
    private static final long MIN_RTT_HALF_NS = 60_000_000_000L;

    private final int dupThresh;
    private final Counters counters;
    private long xmitTs = -1; // RACK.xmit_ts, of the delivered segment that was sent last
    private long endSeq; // RACK.end_seq
    private long rttNs = -1; // RACK.rtt
    private long fack; // RACK.fack: the highest end of what was delivered
    private long minRttNs = NEVER,
            minRttBeforeNs = NEVER; // in this half of the time, the one before
    private long halfBeganNs;
    private boolean reorderingSeen;
    private int reoWndMult = 1, reoWndPersist;
    private long dsackRound = NEVER;

    /**
     * @param dupThresh SACKed segments that show a loss while no reordering was seen: tcp_reordering
     */
    Rack(int dupThresh, Counters counters) {
        this.dupThresh = dupThresh;
        this.counters = counters;
    }

    /** RACK.min_RTT in ns, or {@link Long#MAX_VALUE}. */
    long minRttNs() {
        return Math.min(minRttNs, minRttBeforeNs);
    }

    boolean isReorderingSeen() {
        return reorderingSeen;
    }

    /** Reordering was noticed by other means. */
    void onReordering() {
        reorderingSeen = true;
    }

    /** RACK.fack before an ACK: what is delivered below it, and was sent once, was reordered. */
    long fack() {
        return fack;
    }

    /**
     * Steps 1 to 3, for a segment that an ACK newly reports.
     *
     * @param fack as it was before this ACK
     * @param echoedNs the peer's echo is of something sent no later than this
     */
    void onDelivered(InFlight segments, int i, long fack, long echoedNs, long nowNs) {
        boolean again = segments.isSentAgain(i);
        long sentNs = segments.sentNs(i);
        long rtt = nowNs - sentNs;
        long end = segments.end(i);
        if (!again) sampleMinRtt(rtt, nowNs);
        if (!again && end < fack) {
            reorderingSeen = true;
            counters.increment(Counter.TCP_SACK_REORDER);
        }
        this.fack = Math.max(this.fack, end);
        // It may be the first transmission that was delivered: that says nothing about time.
        if (again && (sentNs > echoedNs || rtt < minRttNs())) return;
        if (xmitTs < 0 || isSentAfter(sentNs, end, xmitTs, endSeq)) {
            xmitTs = sentNs;
            endSeq = end;
            rttNs = rtt;
        }
    }

    private void sampleMinRtt(long rtt, long nowNs) {
        if (nowNs - halfBeganNs > MIN_RTT_HALF_NS) {
            minRttBeforeNs = nowNs - halfBeganNs > 2 * MIN_RTT_HALF_NS ? NEVER : minRttNs;
            minRttNs = NEVER;
            halfBeganNs = nowNs;
        }
        minRttNs = Math.min(minRttNs, rtt);
    }

    private static boolean isSentAfter(long ns1, long end1, long ns2, long end2) {
        return ns1 > ns2 || ns1 == ns2 && end1 > end2;
    }

    /** Step 4: a retransmission was reported as needless; counts once a round trip. */
    void onDsack(long sndUna, long sndNxt) {
        if (dsackRound != NEVER && sndUna < dsackRound) return;
        dsackRound = sndNxt;
        reoWndMult++;
        reoWndPersist = PERSIST;
    }

    /** Step 4: fast or timeout recovery is over. */
    void onRecovered() {
        if (reoWndPersist > 0 && --reoWndPersist == 0) reoWndMult = 1;
    }

    /**
     * RACK.reo_wnd, ns.
     *
     * @param srttNs or -1
     */
    long reorderingWindowNs(int sackedSegments, boolean recovering, long srttNs) {
        if (!reorderingSeen && (recovering || sackedSegments >= dupThresh)) return 0;
        long rtt = minRttNs();
        if (rtt == NEVER) rtt = Math.max(0, srttNs);
        long window = Math.max(MIN_WINDOW_NS, reoWndMult * (rtt / 4));
        return srttNs < 0 ? window : Math.min(window, Math.max(srttNs, MIN_WINDOW_NS));
    }

    /**
     * Step 5: marks what is lost.
     *
     * @param windowNs {@link #reorderingWindowNs}
     * @return when to look again, or {@link Long#MAX_VALUE}
     */
    long detectLosses(InFlight segments, long windowNs, long nowNs) {
        long deadline = -1;
        for (int i = 0; i < segments.count(); i++) {
            long sentNs = segments.sentNs(i);
            if (!isSentAfter(xmitTs, endSeq, sentNs, segments.end(i))) {
                // Behind the last that was sent again, all were sent later still.
                if (segments.start(i) >= segments.sentAgainEnd()) break;
                continue;
            }
            if (segments.isSacked(i) || segments.isLost(i)) continue;
            long due = sentNs + rttNs + windowNs;
            if (due > nowNs) {
                deadline = Math.max(deadline, due);
                continue;
            }
            if (segments.isSentAgain(i)) counters.increment(Counter.TCP_LOST_RETRANSMIT);
            segments.lose(i);
        }
        return deadline < 0 ? NEVER : deadline;
    }

    /** Section 6.3: after a retransmission timeout the first is lost, and what is overdue. */
    void loseOnTimeout(InFlight segments, long windowNs, long nowNs) {
        for (int i = 0; i < segments.count(); i++) {
            if (i == 0 || segments.sentNs(i) + Math.max(0, rttNs) + windowNs <= nowNs) {
                segments.lose(i);
            }
        }
    }
}
