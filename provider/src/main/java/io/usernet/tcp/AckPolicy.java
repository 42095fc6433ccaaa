package io.usernet.tcp;

/**
 * When what came is acknowledged, as RFC 1122 section 4.2.3.2 and RFC 5681 section 4.2 allow and as Linux
 * does it.
 *
 * <ul>
 *   <li>In <i>quick-ACK mode</i>, at the beginning, after idleness and around losses: at once, so that
 *       the peer's congestion window grows.
 *   <li>In an <i>interactive</i> connection ("pingpong" in Linux), where the application answers text
 *       with text within the delay of an ACK: on the answer. A timeout ends that.
 *   <li>Otherwise: with the second full segment; or, after one that isn't full or is pushed, as soon as
 *       the application has read all there is. It has not answered then, and the peer may wait for the
 *       ACK: by Nagle's algorithm, or because its SO_SNDBUF holds no more than that segment.
 * </ul>
 *
 * In every case when DELAYED_ACK expires at the latest. That delay is fixed: Linux may extend it to one
 * round trip, which saves few ACKs and blurs what the peer measures.
 *
 * <p>Knows no positions and sends nothing. Confined to the loop, but for {@link Stream#quickAck}.
 */
final class AckPolicy {
    /** Most segments that quick-ACK mode acknowledges at once. */
    private static final int MAX_QUICK_ACKS = 16;

    /** Most duplicate ACKs of one batch. */
    private static final int MAX_DUE = 64;

    /** RFC 9293 MUST-15: what a peer's segments have at least, unless they show less. */
    private static final int DEFAULT_MSS = 536;

    private static final long NEVER = -1;

    private final Stream stream;
    private final int mss; // that we advertise

    private int due; // segments with an ACK to send now
    private boolean owed; // an ACK is owed, not necessarily at once
    private boolean last; // what is owed includes what may be the peer's last for now
    private int quick; // ACKs left in quick-ACK mode
    private long lastTextNs = NEVER;
    private int segmentSize; // the peer's segments seem to have this much text

    AckPolicy(Stream stream, int mss) {
        this.stream = stream;
        this.mss = mss;
        this.segmentSize = Math.min(mss, DEFAULT_MSS);
    }

    boolean isDue() {
        return due > 0;
    }

    /** Whether something is to be acknowledged, at the latest when DELAYED_ACK expires. */
    boolean isOwed() {
        return owed;
    }

    /** Whether it is to be acknowledged once the application has read all that came. */
    boolean awaitsReader() {
        return owed && last && due == 0 && !isInteractive();
    }

    private boolean isInteractive() {
        return !stream.quickAck;
    }

    private void interactive(boolean now) {
        if (now != isInteractive()) stream.quickAck = !now;
    }

    /** An ACK is to be sent now. */
    void now() {
        due = Math.max(due, 1);
    }

    /** TCP_QUICKACK may have been set: true also asks for what is owed. */
    void onOptions() {
        if (owed && !isInteractive()) now();
    }

    /**
     * A segment with text came, whatever is done with it.
     *
     * @param window RCV.WND before it
     * @param idleNs after this time without text, the peer begins with a small window again
     */
    void onArrival(int window, long idleNs, long nowNs) {
        if (lastTextNs == NEVER || nowNs - lastTextNs > idleNs) quicken(window);
        lastTextNs = nowNs;
    }

    /** As many as the peer needs to fill half of the window. */
    private void quicken(int window) {
        int half = window / (2 * segmentSize);
        quick = Math.max(quick, Math.min(Math.max(half, 2), MAX_QUICK_ACKS));
    }

    /**
     * Text in order.
     *
     * @param length of the segment, bytes
     * @param unacknowledged bytes since the last ACK, these included
     */
    void onInOrder(int length, long unacknowledged) {
        owed = true;
        segmentSize = Math.max(segmentSize, Math.min(length, mss));
        last |= length < segmentSize;
        if (quick > 0 && !isInteractive() || unacknowledged >= 2L * segmentSize) now();
    }

    /** What came is all that the peer could send for now (RFC 9293 section 3.9.1.2). */
    void onPush() {
        last |= owed;
    }

    /** Text behind a gap: one duplicate ACK for each segment. */
    void onOutOfOrder(int window) {
        quicken(window);
        interactive(false);
        due = Math.min(due + 1, MAX_DUE);
        owed = true;
    }

    /** DELAYED_ACK expired: the application does not answer after all. */
    void onTimeout() {
        if (!owed) return;
        interactive(false);
        now();
    }

    /** Text of ours is on its way: soon after the peer's, it is an answer. */
    void onTextSent(long withinNs, long nowNs) {
        if (lastTextNs != NEVER && nowNs - lastTextNs < withinNs) interactive(true);
    }

    /** A segment with ACK is on its way. */
    void onAckSent() {
        if (due > 0) due--;
        if (quick > 0 && owed) quick--;
        owed = last = false;
    }
}
