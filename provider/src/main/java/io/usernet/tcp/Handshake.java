package io.usernet.tcp;

/**
 * What a three-way handshake agreed on; a connection that a listener accepted begins with it.
 * Sequence numbers as in RFC 9293 section 3.3.1, options as in RFC 7323 and RFC 2018.
 */
public final class Handshake {
    /** Initial sequence numbers: ours and the peer's. */
    public int iss, irs;

    /** What the peer's MSS option said, or 536 (RFC 9293 MUST-15). */
    public int peerMss = 536;

    /** Whether both sides sent window scale options, and the shifts: the peer's and ours, 0 to 14. */
    public boolean windowScaling;

    public int sndWindShift, rcvWindShift;

    /** Whether both sides sent timestamps options; TS.Recent; and what is added to our clock. */
    public boolean timestamps;

    public int tsRecent, tsOffset;

    /** Whether both sides permit SACK. */
    public boolean sackPermitted;

    /** SND.WND as the ACK of our SYN (or the SYN, unscaled) said. */
    public int sndWnd;

    /** RCV.WND as we last advertised it, in bytes. */
    public int rcvWnd;

    /** Smoothed round trip sample of the handshake in ns, or -1 if none is valid (Karn). */
    public long rttNs = -1;

    /** Whether our SYN was sent more than once (RFC 6298 section 5.7, RFC 5681 section 3.1). */
    public boolean retransmitted;
}
