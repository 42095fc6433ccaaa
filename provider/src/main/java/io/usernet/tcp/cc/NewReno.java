package io.usernet.tcp.cc;

/**
 * Slow start and congestion avoidance (RFC 5681) with appropriate byte counting (RFC 3465, L = 2
 * segments), the reaction to loss of RFC 5681 and 6582, the initial window of RFC 6928, and no growth
 * while the application, not the window, is the limit (RFC 7661's reason).
 */
public final class NewReno implements CongestionControl {
    public static final String NAME = "reno";

    private final int initialSegments;
    private int mss;
    private int cwnd;
    private int ssthresh = Integer.MAX_VALUE;
    private int priorCwnd, priorSsthresh; // before the last reduction
    private int ackedInAvoidance; // bytes acknowledged since the window grew last
    private boolean afterTimeout; // slow start after a timeout counts at most 1 segment per ACK

    /**
     * @param initialSegments initial window, segments of at most 1460 bytes (RFC 6928: 10)
     */
    public NewReno(int mss, int initialSegments) {
        this.initialSegments = initialSegments;
        this.mss = mss;
        cwnd = initialWindow();
    }

    private int initialWindow() {
        // RFC 6928 section 2: min (10*MSS, max (2*MSS, 14600))
        long most = Math.max(2L * mss, 1460L * initialSegments);
        return (int) Math.max(mss, Math.min((long) initialSegments * mss, most));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int window() {
        return cwnd;
    }

    @Override
    public int threshold() {
        return ssthresh;
    }

    @Override
    public void onSegmentSize(int mss) {
        this.mss = mss;
        cwnd = Math.max(cwnd, mss);
    }

    @Override
    public void onAck(int acked, int outstanding, long srttNs, long nowNs) {
        boolean slowStart = cwnd < ssthresh;
        // In slow start half a window in flight is enough evidence: each ACK may double it.
        int used = slowStart ? 2 * outstanding : outstanding + mss;
        if (used < cwnd) return;
        if (slowStart) {
            int most = afterTimeout ? mss : 2 * mss;
            grow(Math.min(acked, most));
            return;
        }
        afterTimeout = false;
        ackedInAvoidance += acked;
        if (ackedInAvoidance >= cwnd) {
            ackedInAvoidance -= cwnd;
            grow(mss);
        }
    }

    private void grow(int bytes) {
        cwnd = (int) Math.min((long) cwnd + bytes, 1 << 30);
    }

    /** RFC 5681 equation (4). */
    private int half(int outstanding) {
        return Math.max(outstanding / 2, 2 * mss);
    }

    @Override
    public void onLoss(int outstanding, long nowNs) {
        remember();
        ssthresh = half(outstanding);
        cwnd = ssthresh;
        ackedInAvoidance = 0;
    }

    @Override
    public void onRecovered(int outstanding, long nowNs) {
        // RFC 6582 section 3.2 step 3 (1): no burst where little is in flight.
        cwnd = Math.min(ssthresh, Math.max(outstanding, mss) + mss);
    }

    @Override
    public void onTimeout(int outstanding, boolean again, long nowNs) {
        if (!again) {
            // RFC 5681: held constant when it expires again
            remember();
            ssthresh = half(outstanding);
        }
        cwnd = mss;
        ackedInAvoidance = 0;
        afterTimeout = true;
    }

    private void remember() {
        priorCwnd = cwnd;
        priorSsthresh = ssthresh;
    }

    @Override
    public void undo() {
        cwnd = Math.max(cwnd, priorCwnd);
        ssthresh = Math.max(ssthresh, priorSsthresh);
        afterTimeout = false;
    }

    @Override
    public void onIdle(long nowNs) {
        // RFC 5681 section 4.1: RW = min(IW, cwnd)
        cwnd = Math.min(initialWindow(), cwnd);
    }
}
