package io.usernet.tcp;

import io.usernet.wire.TcpOptions;

/**
 * The timestamps option of one connection (RFC 7323): our clock of 1 ms, what we echo, and protection
 * against wrapped sequence numbers.
 */
final class Timestamps {
    /** Section 5.5: after 24 days of silence TS.Recent says nothing. */
    private static final long OUTDATED_NS = 24L * 86_400 * 1_000_000_000L;

    private static final int NS_PER_MS = 1_000_000;

    private final int offset;
    private boolean on; // Snd.TS.OK; before the peer's SYN: whether we offer it
    private int recent; // TS.Recent
    private long recentAtNs;

    Timestamps(int offset, boolean on) {
        this.offset = offset;
        this.on = on;
    }

    boolean isOn() {
        return on;
    }

    /** Bytes of the option in every segment. */
    int length() {
        return on ? TcpOptions.TIMESTAMPS_LENGTH : 0;
    }

    int offset() {
        return offset;
    }

    /** TS.Recent: what is echoed. */
    int recent() {
        return recent;
    }

    /** TSval. */
    int value(long nowNs) {
        return (int) (nowNs / NS_PER_MS) + offset;
    }

    /** The peer's SYN has the option, or has not. */
    void agree(boolean offered, int tsVal, long nowNs) {
        on &= offered;
        record(tsVal, nowNs);
    }

    private void record(int tsVal, long nowNs) {
        recent = tsVal;
        recentAtNs = nowNs;
    }

    /** Section 5.3, R1. A segment without the option passes, as with Linux (against section 3.2). */
    boolean isOld(Segment s, long nowNs) {
        if (!on || !s.options.timestamps || s.options.tsVal - recent >= 0) return false;
        return nowNs - recentAtNs <= OUTDATED_NS;
    }

    /**
     * Section 4.3 (2), for an acceptable segment.
     *
     * @param next whether {@code SEG.SEQ <= Last.ACK.sent}
     */
    void onSegment(Segment s, boolean next, long nowNs) {
        if (on && next && s.options.timestamps) record(s.options.tsVal, nowNs);
    }

    /** Section 4.1: how long ago we sent what is echoed, in ms; -1 if that is not told. */
    int elapsedMs(Segment s, long nowNs) {
        if (!on || !s.options.timestamps || s.options.tsEcr == 0) return -1;
        return Math.max(-1, value(nowNs) - s.options.tsEcr);
    }

    /** The end of the ms in which we sent what is echoed; Long.MAX_VALUE if that is not told. */
    long echoedNs(Segment s, long nowNs) {
        int ms = elapsedMs(s, nowNs);
        return ms < 0 ? Long.MAX_VALUE : (nowNs / NS_PER_MS - ms + 1) * NS_PER_MS - 1;
    }
}
