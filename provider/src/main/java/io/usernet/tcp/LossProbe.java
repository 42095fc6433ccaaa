package io.usernet.tcp;

/**
 * Tail loss probes (RFC 8985 section 7): when nothing was heard for two round trips, the last segment,
 * or a new one, goes out, so that the peer's answer shows what is lost before the timeout does.
 */
final class LossProbe {
    /** WCDelAckT: how long a peer may wait with the acknowledgement of less than two full segments. */
    private static final long DELAYED_ACK_NS = 200_000_000;

    /** By how long a thread that is preempted, on either side, may be late. */
    private static final long SLACK_NS = 10_000_000;

    private static final long NEVER = InFlight.NEVER;

    private long endSeq = NEVER; // TLP.end_seq: SND.NXT after the probe, or NEVER: none is out
    private boolean again; // TLP.is_retrans

    /**
     * Section 7.2: PTO. There, only a single segment may be acknowledged late; but a receiver counts
     * bytes, and waits for two full segments (RFC 5681 section 4.2).
     */
    static long timeoutNs(long srttNs, boolean little) {
        return 2 * srttNs + (little ? DELAYED_ACK_NS : SLACK_NS);
    }

    boolean isOut() {
        return endSeq != NEVER;
    }

    void onSent(long sndNxt, boolean again) {
        endSeq = sndNxt;
        this.again = again;
    }

    /** Others care for what is lost now. */
    void forget() {
        endSeq = NEVER;
    }

    /** Section 7.4.2 for a D-SACK up to {@code right}; true if it is about the probe. */
    boolean onDsack(long right) {
        if (!again || right != endSeq) return false;
        forget();
        return true;
    }

    /**
     * Section 7.4.2 for an ACK.
     *
     * @param repeated it says again what the last one said: original and probe both arrived
     * @return whether the probe has repaired a loss, of which nothing else tells
     */
    boolean onAck(long ack, boolean repeated) {
        if (!isOut() || ack < endSeq) return false;
        boolean repaired = again && ack > endSeq;
        if (!again || repaired || repeated) forget();
        return repaired;
    }
}
