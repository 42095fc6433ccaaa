package io.usernet.tcp;

/** What a connection has tried in vain, and when that is too much (RFC 9293 section 3.8.3). */
final class Patience {
    private int retries; // timeouts since the peer acknowledged something new
    private int probes; // of a closed window, since the peer was heard
    private int persists; // of a closed window, since it closed
    private boolean heard; // since the last timeout
    private CloseCause reason = CloseCause.TIMED_OUT;

    /** An acceptable segment came. */
    void onHeard() {
        heard = true;
    }

    /** An acceptable ACK came; {@code progress}: of something new. */
    void onAck(boolean progress) {
        probes = 0;
        if (!progress) return;
        retries = 0;
        reason = CloseCause.TIMED_OUT;
    }

    void onWindowOpen() {
        persists = 0;
    }

    /** ICMP says why it may be in vain (RFC 5927 section 5.2: that alone ends nothing). */
    void onSoftError(CloseCause cause) {
        reason = cause;
    }

    /**
     * RETRANSMIT expired.
     *
     * @param windowClosed then a peer that is heard is alive, and it is not counted (section 3.8.6.1)
     * @param most timeouts that are borne
     * @return whether to give up
     */
    boolean onTimeout(boolean windowClosed, int most) {
        if (!windowClosed || !heard) retries++;
        heard = false;
        return retries > most;
    }

    /**
     * PERSIST expired; whether to give up.
     *
     * @param hopeless the wait between probes is the longest, and nobody is there who could end it:
     *     then the peer's answers do not count (RFC 6429 section 3)
     */
    boolean onPersist(int most, boolean hopeless) {
        persists++;
        return probes++ >= most || hopeless && persists > most;
    }

    /** Probes of this closed window so far: the exponent of their back-off. */
    int persists() {
        return persists;
    }

    /** Why it was in vain. */
    CloseCause reason() {
        return reason;
    }
}
