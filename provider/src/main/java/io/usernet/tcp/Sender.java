package io.usernet.tcp;

import io.usernet.buffer.RangeSet;
import io.usernet.buffer.SendQueue;
import io.usernet.frame.Frame;
import io.usernet.tcp.cc.CongestionControl;
import io.usernet.wire.TcpOptions;

/**
 * The sending half of a connection: what is outstanding, what is lost, and what goes out next.
 *
 * <p>Heads up: RFC 9293 sections 3.8.3 and 3.8.6, RFC 5681, 6582, 6675, 3042, 6298.
 *
 * <p>It counts in positions, not in sequence numbers: the SYN is at -1, the first byte of the stream
 * at 0, and the FIN behind the last one; so nothing wraps inside. {@link #seq} and {@link #position}
 * translate at the edge.
 *
 * <pre>
 *      sndUna          highRxt      lossEdge       recover   sndNxt       wndEnd
 *   acked |  retransmitted | to retransmit |  in flight  |      | may be sent |
 *  -------+----------------+---------------+-------------+------+-------------+---
 *         |      (holes between what the scoreboard says was SACKed)
 * </pre>
 *
 * Invariants: {@code sndUna <= sndNxt}; outside of OPEN, {@code sndUna <= recover <= sndNxt}; all of
 * the scoreboard is in {@code [sndUna, sndNxt)}. The window may shrink: {@code wndEnd} may lie before
 * {@code sndNxt}.
 */
final class Sender {
    /** RFC 6675's DupThresh. */
    private static final int DUP_THRESH = 3;

    private static final long NEVER = Long.MAX_VALUE;

    /** What {@link #plan} decides. */
    enum Plan {
        NOTHING,
        SYN,
        /** New text, a FIN, or both. */
        NEW,
        RETRANSMIT,
        /** An old sequence number without text, which the peer must acknowledge. */
        PROBE
    }

    private enum Phase {
        OPEN,
        /** Fast recovery (RFC 6582, 6675). */
        RECOVERY,
        /** After a retransmission timeout: slow start over what was outstanding. */
        LOSS
    }

    private final SendQueue queue;
    private final int iss;
    private CongestionControl cc; // null until connected
    private int mss; // most payload and options of a segment: RFC 9293's Eff.snd.MSS with options
    private int fixedOptions; // bytes of options in every segment
    private boolean sackPermitted;

    private long sndUna = -1;
    private long sndNxt = -1;
    private long fin = NEVER; // where the FIN is, once it was asked for
    private long wndEnd; // the first position that the peer does not allow yet
    private int maxWnd; // the largest window that it ever allowed
    private long smallEnd = -1; // behind the last segment that was not full (Nagle, Minshall)

    private Phase phase = Phase.OPEN;
    private RangeSet scoreboard; // null until the first SACK
    private int dupAcks;
    private int limited; // sent because of duplicate ACKs (RFC 3042), not counted as in flight
    private long recover = -1;
    private long highRxt; // everything before it was retransmitted, or SACKed, in this phase
    private long lossEdge; // the holes before it are lost
    private long rtxMark; // SND.NXT at the last retransmission: what lies behind was sent after it
    private int credit; // without SACK: bytes that duplicate ACKs say have left the network
    private boolean headDue; // retransmit the head whatever the window says
    private boolean rescued; // RFC 6675 NextSeg (4) was used in this recovery

    private boolean synDue, probeDue, forced;
    private long timedEnd = NEVER; // one segment is timed (RFC 6298 (3)); NEVER: none
    private long timedAtNs;
    private long lastSentNs;
    private int backoff; // timeouts since a round trip was measured (Karn)
    private boolean expired; // the timer, since the last progress

    private long retransmits; // segments, SYN and FIN included
    private long bytesRetransmitted; // of text

    private long planAt; // of the last plan
    private int planLength;
    private boolean planFin, planFull;

    Sender(SendQueue queue, int iss) {
        this.queue = queue;
        this.iss = iss;
    }

    // -- getters

    int seq(long position) {
        return iss + 1 + (int) position;
    }

    /** The position near SND.UNA that has this sequence number. */
    long position(int seq) {
        return sndUna + (seq - seq(sndUna));
    }

    long sndUna() {
        return sndUna;
    }

    long sndNxt() {
        return sndNxt;
    }

    int sndUnaSeq() {
        return seq(sndUna);
    }

    int sndNxtSeq() {
        return seq(sndNxt);
    }

    int maxWnd() {
        return maxWnd;
    }

    /** What the peer's window leaves beyond SND.UNA; negative never. */
    int sndWnd() {
        return (int) Math.max(0, wndEnd - sndUna);
    }

    int cwnd() {
        return cc == null ? 0 : cc.window();
    }

    int ssthresh() {
        return cc == null ? 0 : cc.threshold();
    }

    int mss() {
        return mss;
    }

    /** Most payload of a segment; 0 before it is established. */
    int payload() {
        return mss - fixedOptions;
    }

    /** Null before it is established. */
    CongestionControl congestionControl() {
        return cc;
    }

    /** Segments that were sent again. */
    long retransmits() {
        return retransmits;
    }

    /** Bytes of text in them. */
    long bytesRetransmitted() {
        return bytesRetransmitted;
    }

    boolean isOutstanding() {
        return sndNxt != sndUna;
    }

    int outstanding() {
        return (int) (sndNxt - sndUna);
    }

    boolean isFinAcked() {
        return sndUna > fin;
    }

    boolean isFinQueued() {
        return fin != NEVER;
    }

    boolean isRecovering() {
        return phase != Phase.OPEN;
    }

    /** Whether there is something that was never sent. */
    boolean hasUnsent() {
        return sndNxt >= 0 && (isFinQueued() ? sndNxt <= fin : sndNxt < queue.written());
    }

    /** Whether what is unsent waits for the peer's window alone: nothing is outstanding. */
    boolean isStalled() {
        return !isOutstanding() && hasUnsent();
    }

    int backoff() {
        return backoff;
    }

    // -- inputs

    /** SYN is to be sent (again). */
    void sendSyn() {
        synDue = true;
    }

    /**
     * The handshake is over.
     *
     * @param mss most payload and options of one segment
     * @param fixedOptions bytes of options in every segment
     */
    void open(int mss, int fixedOptions, boolean sackPermitted, CongestionControl cc) {
        this.mss = mss;
        this.fixedOptions = fixedOptions;
        this.sackPermitted = sackPermitted;
        this.cc = cc;
        backoff = 0;
        synDue = false;
    }

    /** A connection that a listener made: its SYN was sent and acknowledged. */
    void synWasAcked() {
        sndUna = sndNxt = 0;
    }

    /** SND.WND from a segment that acknowledges {@code ack}; true if it allows more than before. */
    boolean onWindow(long ack, int wnd) {
        boolean grew = ack + wnd > wndEnd;
        // What was sent again into a closed window was refused.
        if (phase == Phase.LOSS && sndWnd() == 0 && wnd > 0 && isOutstanding()) headDue = true;
        wndEnd = ack + wnd;
        maxWnd = Math.max(maxWnd, wnd);
        return grew;
    }

    /** No more will be written: FIN behind what was. */
    void finish() {
        if (!isFinQueued()) fin = queue.written();
    }

    /** The path takes less: everything outstanding is to be sent again in smaller pieces. */
    void shrink(int mss) {
        this.mss = mss;
        cc.onSegmentSize(mss - fixedOptions);
        if (isOutstanding()) beginLoss();
    }

    /** Takes SACK blocks; true if they say something new. D-SACK is left out (RFC 2883). */
    boolean onSack(TcpOptions options) {
        if (!sackPermitted || options.sackBlocks == 0) return false;
        long fresh = 0;
        for (int i = 0; i < options.sackBlocks; i++) {
            long left = position(options.sackLeft[i]);
            long right = position(options.sackRight[i]);
            if (left <= sndUna || right > sndNxt || left >= right) continue;
            if (scoreboard == null) scoreboard = new RangeSet();
            fresh += scoreboard.add(left, right);
        }
        return fresh > 0;
    }

    /**
     * An acceptable ACK; its SACK blocks were taken before.
     *
     * @param duplicate RFC 5681's definition without SACK, RFC 6675's with
     * @return whether fast recovery begins with it
     */
    boolean onAck(long ack, boolean duplicate, RttEstimator rtt, long nowNs) {
        boolean begins = false;
        int before = outstanding();
        if (ack > sndUna) {
            int acked = (int) (ack - Math.max(sndUna, 0));
            if (ack >= timedEnd) {
                rtt.sample(nowNs - timedAtNs, 1);
                timedEnd = NEVER;
                onRoundTrip();
            }
            advance(ack);
            if (cc != null) onProgress(acked, before, rtt.srttNs(), nowNs);
        } else if (duplicate) {
            dupAcks++;
            if (phase == Phase.RECOVERY) credit += payload();
        }
        if (phase == Phase.OPEN && isOutstanding() && cc != null && isLossShown()) {
            beginRecovery(before, nowNs);
            begins = true;
        }
        if (phase == Phase.RECOVERY && scoreboard != null)
            lossEdge = Math.max(sndUna, sackedEdge());
        if (phase != Phase.OPEN && isRetransmissionLost()) highRxt = sndUna;
        assert invariant();
        return begins;
    }

    /** A round trip was measured: the timeout follows from that again (RFC 6298 section 5). */
    void onRoundTrip() {
        backoff = 0;
    }

    /** Frees what was acknowledged; true if the queue became writable by that. */
    boolean release() {
        long bytes = Math.min(sndUna, fin);
        return bytes > queue.acked() && queue.acked(bytes);
    }

    private void advance(long ack) {
        sndUna = ack;
        expired = false;
        dupAcks = 0;
        limited = 0;
        highRxt = Math.max(highRxt, ack);
        if (scoreboard != null) scoreboard.removeBefore(ack);
    }

    private void onProgress(int acked, int before, long srttNs, long nowNs) {
        switch (phase) {
            case OPEN -> cc.onAck(acked, before, srttNs, nowNs);
            case LOSS -> {
                cc.onAck(acked, before, srttNs, nowNs);
                if (sndUna >= recover) phase = Phase.OPEN;
            }
            case RECOVERY -> {
                if (sndUna >= recover) {
                    phase = Phase.OPEN;
                    cc.onRecovered(outstanding(), nowNs);
                } else if (!hasSacks()) {
                    // RFC 6582 section 3.2 step 3, partial: the next hole begins at SND.UNA
                    credit = Math.max(0, credit - acked + payload());
                    lossEdge = Math.min(sndUna + payload(), sndNxt);
                    highRxt = sndUna;
                    headDue = true;
                }
            }
        }
    }

    private boolean isLossShown() {
        if (hasSacks()) return dupAcks >= DUP_THRESH || sackedEdge() > sndUna;
        return dupAcks >= DUP_THRESH && sndUna > recover; // RFC 6582 section 3.2 step 2
    }

    /**
     * Whether DupThresh segments arrived that were sent after all retransmissions, and holes are left
     * that were retransmitted: then these were lost again. (RFC 6675 would wait for the timer.)
     */
    private boolean isRetransmissionLost() {
        if (!hasSacks() || unsacked(sndUna, Math.min(highRxt, rtxMark)) == 0) return false;
        return scoreboard.covered(rtxMark, sndNxt) > (DUP_THRESH - 1L) * payload();
    }

    private boolean hasSacks() {
        return scoreboard != null && !scoreboard.isEmpty();
    }

    private void beginRecovery(int outstanding, long nowNs) {
        phase = Phase.RECOVERY;
        recover = sndNxt;
        highRxt = sndUna;
        lossEdge = Math.min(sndUna + payload(), sndNxt);
        credit = dupAcks * payload();
        headDue = true;
        rescued = false;
        cc.onLoss(outstanding - limited, nowNs); // RFC 5681 section 3.2 step 2
    }

    /** RFC 6675 IsLost: before this position, all that was not SACKed is lost. */
    private long sackedEdge() {
        long above = 0;
        int runs = 0;
        for (int i = scoreboard.count() - 1; i >= 0; i--) {
            above += scoreboard.end(i) - scoreboard.start(i);
            runs++;
            if (runs >= DUP_THRESH || above > (DUP_THRESH - 1L) * payload()) {
                return scoreboard.start(i);
            }
        }
        return sndUna;
    }

    /** RETRANSMIT expired: all that was not SACKed counts as lost. */
    void onTimeout(long nowNs) {
        if (sndUna < 0) {
            synDue = true;
        } else {
            // RFC 2018 section 8: a SACKed head shows that the peer took its word back.
            if (hasSacks() && scoreboard.start(0) == sndUna) scoreboard.clear();
            cc.onTimeout(outstanding(), expired, nowNs);
            beginLoss();
            headDue = true;
        }
        expired = true;
        backoff = Math.min(backoff + 1, 20);
        assert invariant();
    }

    private void beginLoss() {
        phase = Phase.LOSS;
        recover = sndNxt;
        highRxt = sndUna;
        lossEdge = sndNxt;
        dupAcks = 0;
        credit = 0;
        timedEnd = NEVER;
    }

    /** PERSIST expired: as much as the window takes goes out, or a probe. */
    void onPersist() {
        forced = true;
        probeDue = true;
    }

    /** KEEP_ALIVE expired. */
    void sendProbe() {
        probeDue = true;
    }

    // -- output: one place decides

    /**
     * What goes out now.
     *
     * @param room most payload of this segment
     */
    Plan plan(int room, boolean noDelay, long rtoNs, long nowNs) {
        if (sndUna < 0) return synDue ? Plan.SYN : Plan.NOTHING;
        if (cc == null) return Plan.NOTHING;
        if (!isOutstanding() && hasUnsent() && nowNs - lastSentNs > rtoNs) cc.onIdle(nowNs);
        if (phase != Phase.OPEN && planRetransmission(room)) return Plan.RETRANSMIT;
        if (planNew(room, noDelay)) return Plan.NEW;
        if (phase == Phase.RECOVERY && planRescue(room)) return Plan.RETRANSMIT;
        return probeDue ? Plan.PROBE : Plan.NOTHING;
    }

    /** RFC 6675 NextSeg (1): the first hole that is lost and was not retransmitted. */
    private boolean planRetransmission(int room) {
        long hole = scoreboard == null ? highRxt : scoreboard.nextGap(highRxt);
        if (hole >= lossEdge && !headDue) return false;
        if (headDue) hole = sndUna;
        if (!headDue && cc.window() - pipe() < Math.min(room, lossEdge - hole)) return false;
        return planHole(hole, headDue ? sndNxt : lossEdge, room);
    }

    /** RFC 6675 NextSeg (4): once, the last hole, so that its SACKs or ACK tell what is missing. */
    private boolean planRescue(int room) {
        if (rescued || sndNxt > recover || !hasSacks() || highRxt <= sndUna) return false;
        if (scoreboard.nextGap(highRxt) >= sndNxt || cc.window() - pipe() < payload()) return false;
        long hole = Math.max(scoreboard.nextGap(highRxt), scoreboard.end());
        if (hole >= sndNxt) return false;
        hole = Math.max(hole, sndNxt - payload());
        rescued = true;
        return planHole(hole, sndNxt, room);
    }

    private boolean planHole(long hole, long edge, int room) {
        long end = Math.min(edge, sndNxt);
        if (scoreboard != null) end = Math.min(end, scoreboard.nextMember(hole));
        // A window that shrank holds everything but the head back, which then is its probe.
        if (hole != sndUna && hole >= wndEnd) return false;
        if (wndEnd > hole) end = Math.min(end, wndEnd);
        if (hole >= end) return false;
        plan(hole, (int) (Math.min(end, fin) - hole), room, end > fin);
        return true;
    }

    private void plan(long at, int length, int room, boolean withFin) {
        planAt = at;
        planLength = Math.min(length, room);
        planFin = withFin && planLength == length;
        planFull = planLength == room;
    }

    /** New text as window, congestion window, Nagle and silly-window avoidance allow. */
    private boolean planNew(int room, boolean noDelay) {
        if (!hasUnsent()) return false;
        long usable = wndEnd - sndNxt;
        if (usable <= 0) return false;
        long unsent = Math.min(isFinQueued() ? fin : NEVER, queue.written()) - sndNxt;
        int length = (int) Math.min(Math.min(unsent, room), usable);
        boolean last = length == unsent;
        boolean withFin = isFinQueued() && last && usable > length;
        int pipe = pipe();
        if (pipe > 0 && cc.window() - pipe < Math.max(length, 1)) return false;
        if (length < room && !withFin && !forced) {
            // RFC 9293 section 3.8.6.2.1: the window, not the application, makes it small
            if (!last && length < maxWnd / 2) return false;
            // RFC 9293 section 3.7.4, Nagle, as Minshall amended it: wait for the last small one
            if (last && !noDelay && smallEnd > sndUna) return false;
            if (last && length == 0) return false;
        }
        plan(sndNxt, length, room, withFin);
        return true;
    }

    /** Bytes that are believed to be in the network. */
    int pipe() {
        long sacked = scoreboard == null ? 0 : scoreboard.size();
        return (int)
                switch (phase) {
                    case OPEN -> {
                        // RFC 3042: each of the first two duplicate ACKs lets one segment out
                        long left = hasSacks() ? sacked : Math.min(dupAcks, 2L) * payload();
                        yield Math.max(0, outstanding() - left);
                    }
                    case RECOVERY ->
                            hasSacks()
                                    ? unsacked(Math.max(lossEdge, sndUna), sndNxt)
                                            + unsacked(sndUna, highRxt)
                                    : Math.max(0, outstanding() - credit);
                    case LOSS -> unsacked(sndUna, highRxt) + unsacked(recover, sndNxt);
                };
    }

    private long unsacked(long start, long end) {
        if (start >= end) return 0;
        return end - start - (scoreboard == null ? 0 : scoreboard.covered(start, end));
    }

    int planSeq() {
        return seq(planAt);
    }

    int planLength() {
        return planLength;
    }

    boolean planFin() {
        return planFin;
    }

    /** The planned payload becomes slices of the frame; fewer bytes where it has too few slices. */
    void gather(Frame out) {
        if (planLength == 0) return;
        int got = queue.gather(planAt, planLength, out);
        if (got < planLength) planFin = false;
        planLength = got;
    }

    /** Whether the planned segment ends what was written so far. */
    boolean isPush() {
        return planLength > 0 && planAt + planLength >= Math.min(queue.written(), fin);
    }

    /** The planned segment is on its way. */
    void onSent(Plan plan, long nowNs) {
        long end = planAt + planLength + (planFin ? 1 : 0);
        switch (plan) {
            case SYN -> {
                synDue = false;
                boolean first = sndNxt < 0;
                if (!first) retransmits++;
                sndNxt = 0;
                timedEnd = first ? 0 : NEVER; // Karn
                timedAtNs = nowNs;
            }
            case NEW -> {
                if (timedEnd == NEVER) {
                    timedEnd = end;
                    timedAtNs = nowNs;
                }
                if (!planFull) smallEnd = end;
                if (dupAcks > 0 && phase == Phase.OPEN) limited += planLength;
                sndNxt = end;
                forced = probeDue = false;
            }
            case RETRANSMIT -> {
                retransmits++;
                bytesRetransmitted += planLength;
                headDue = false;
                highRxt = Math.max(highRxt, end);
                rtxMark = sndNxt;
                timedEnd = NEVER; // Karn: the ACK of a later segment may wait for this one
            }
            case PROBE -> forced = probeDue = false;
            case NOTHING -> throw new AssertionError("nothing was planned");
        }
        lastSentNs = nowNs;
        assert invariant();
    }

    boolean invariant() {
        assert sndUna <= sndNxt : sndUna + " > " + sndNxt;
        assert phase == Phase.OPEN || sndUna <= recover && recover <= sndNxt
                : phase + " " + recover;
        assert !isFinQueued() || sndNxt <= fin + 1;
        assert pipe() >= 0 || cc == null;
        if (hasSacks()) {
            assert scoreboard.start(0) >= sndUna && scoreboard.end() <= sndNxt
                    : sndUna + " " + scoreboard + " " + sndNxt;
        }
        return true;
    }
}
