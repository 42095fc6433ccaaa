package io.usernet.tcp;

/**
 * Whether the last reduction of the congestion window was a mistake: nothing was lost, but late. It is
 * one if the acknowledgement that ends the wait echoes a timestamp from before the first
 * retransmission (Eifel, RFC 3522 and 4015), or if every retransmission was reported as a duplicate
 * (D-SACK, RFC 3708).
 */
final class Undo {
    private static final long NEVER = InFlight.NEVER;

    private long marker = NEVER; // SND.UNA at the reduction, or NEVER: nothing to undo
    private long bytes; // sent again since, and not reported as duplicates
    private long firstSentNs = NEVER; // the first retransmission since

    /** The window was reduced. */
    void begin(long sndUna) {
        marker = sndUna;
        bytes = 0;
        firstSentNs = NEVER;
    }

    /** It was right, or it was undone. */
    void end() {
        marker = NEVER;
    }

    void onSentAgain(long length, long nowNs) {
        bytes += length;
        firstSentNs = Math.min(firstSentNs, nowNs);
    }

    /** The peer had {@code [left, right)} already; true if that was the last retransmission of all. */
    boolean onDsack(long left, long right) {
        if (marker == NEVER || left < marker || bytes == 0) return false;
        bytes = Math.max(0, bytes - (right - left));
        return bytes == 0;
    }

    /** Whether what a retransmission was for was delivered by a segment sent before it. */
    boolean isEarlier(long echoedNs) {
        return marker != NEVER && firstSentNs != NEVER && echoedNs < firstSentNs;
    }
}
