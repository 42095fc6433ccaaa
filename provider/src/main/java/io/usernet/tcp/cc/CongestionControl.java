package io.usernet.tcp.cc;

/**
 * Decides how many bytes one connection may have in the network. Loss detection is the sender's: an
 * implementation is told what happened, and how many bytes were outstanding when it did. All amounts
 * are bytes of payload, times are nanoseconds.
 */
public interface CongestionControl {
    /** Its name, as Linux has it in {@code net.ipv4.tcp_congestion_control}. */
    String name();

    /** cwnd: most bytes in the network, at least one segment. */
    int window();

    /** ssthresh: below it, the window grows by slow start. */
    int threshold();

    /** The segment size is (now) {@code mss} bytes, above 0. */
    void onSegmentSize(int mss);

    /**
     * New data was acknowledged, outside of fast recovery.
     *
     * @param acked how much
     * @param outstanding what was unacknowledged before; tells whether the window was in use at all
     * @param srttNs smoothed round trip, or -1
     */
    void onAck(int acked, int outstanding, long srttNs, long nowNs);

    /** Duplicate ACKs or SACKs show a loss, and fast recovery begins. */
    void onLoss(int outstanding, long nowNs);

    /** All that was outstanding when fast recovery began is acknowledged. */
    void onRecovered(int outstanding, long nowNs);

    /**
     * The retransmission timer expired.
     *
     * @param again whether it did for the same data before
     */
    void onTimeout(int outstanding, boolean again, long nowNs);

    /** The last reduction was a mistake: nothing was lost. */
    void undo();

    /** About to send after more than one RTO of silence with nothing outstanding. */
    void onIdle(long nowNs);
}
