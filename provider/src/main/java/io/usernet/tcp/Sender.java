package io.usernet.tcp;

import io.usernet.buffer.SendQueue;
import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.tcp.cc.CongestionControl;
import io.usernet.wire.TcpOptions;

/**
 * The sending half of a connection: what is outstanding, what is lost, and what goes out next.
 *
 * <p>Heads up: RFC 9293 sections 3.8.3 and 3.8.6, RFC 5681, 6582, 6675, 8985, 9937, 3042, 6298.
 *
 * <p>It counts in positions, not in sequence numbers: the SYN is at -1, the first byte of the stream
 * at 0, and the FIN behind the last one; so nothing wraps inside. {@link #seq} and {@link #position}
 * translate at the edge.
 *
 * <pre>
 *      sndUna                    recover     sndNxt       wndEnd
 *   acked |                         |          |             |
 *  -------+-------------------------+----------+-------------+---
 *         | in flight, SACKed, lost | in flight| may be sent |
 * </pre>
 *
 * Invariants: {@code sndUna <= sndNxt}; outside of OPEN, {@code sndUna <= recover <= sndNxt}; the
 * segments in flight are what lies between {@code sndUna} and {@code sndNxt}. The window may shrink:
 * {@code wndEnd} may lie before {@code sndNxt}.
 *
 * <p>With SACK, {@link Rack} says what is lost, and {@link Prr} paces fast recovery; without, duplicate
 * and partial ACKs do both.
 */
final class Sender {
    private static final long NEVER = InFlight.NEVER;
    private static final int MAX_URGENT = 0xFFFF; // what an urgent pointer can say

    /**
     * So many bytes are no silly segment, also where the MSS is longer, as on the loopback: a receiver of
     * ours that has no memory announces its window in such steps.
     */
    private static final int LEAST_TEXT = Receiver.SCARCE_BUFFER / 2;

    /** What {@link #plan} decides. */
    enum Plan {
        NOTHING,
        SYN,
        /** New text, a FIN, or both. */
        NEW,
        RETRANSMIT,
        /** The last segment again, so that the peer tells what is missing. */
        TAIL,
        /** An old sequence number without text, which the peer must acknowledge. */
        PROBE
    }

    private enum Phase {
        OPEN,
        /** Fast recovery (RFC 6582, 6675, 8985). */
        RECOVERY,
        /** After a retransmission timeout: slow start over what was outstanding. */
        LOSS
    }

    private final SendQueue queue;
    private final int iss;
    private final Counters counters;
    private final int dupThresh;
    private final boolean racks, probes;
    private final InFlight segments = new InFlight();
    private final Rack rack;
    private final Undo undo = new Undo();
    private final Prr prr = new Prr();
    private final LossProbe probe = new LossProbe();
    private CongestionControl cc; // null until connected
    private int mss; // most payload and options of a segment: RFC 9293's Eff.snd.MSS with options
    private int fixedOptions; // bytes of options in every segment
    private boolean sackPermitted;

    private long sndUna = -1;
    private long sndNxt = -1;
    private long fin = NEVER; // where the FIN is, once it was asked for
    private long wndEnd; // the first position that the peer does not allow yet
    private int maxWnd; // the largest window that it ever allowed
    private long urgentEnd; // SND.UP: behind the last urgent byte
    private long smallEnd = -1; // behind the last segment that was not full (Nagle, Minshall)

    private Phase phase = Phase.OPEN;
    private int dupAcks;
    private long recover = -1;
    private int credit; // without SACK: bytes that duplicate ACKs say have left the network
    private boolean due; // retransmit the first that is lost whatever the congestion window says
    private long fack, delivered; // RACK.fack, and what had arrived, before the ACK in process
    private long reorderAtNs = NEVER; // when to look again for what is lost

    private boolean synDue, probeDue, forced;
    private boolean tailDue; // a loss probe
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

    Sender(SendQueue queue, int iss, TcpSettings settings, Counters counters) {
        this.queue = queue;
        this.iss = iss;
        this.counters = counters;
        dupThresh = settings.reordering;
        racks = settings.rack;
        probes = settings.lossProbes;
        rack = new Rack(dupThresh, counters);
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

    /** When {@link #onReorderTimeout} is due, or Long.MAX_VALUE. */
    long reorderAtNs() {
        return reorderAtNs;
    }

    /** How long to wait for an ACK before {@link #onLossProbe}; Long.MAX_VALUE: it does not apply. */
    long probeTimeoutNs(long srttNs) {
        boolean quiet = phase == Phase.OPEN && segments.sackedSegments() == 0 && !probe.isOut();
        if (!probes || !sackPermitted || !quiet || srttNs < 0 || !isOutstanding()) return NEVER;
        return LossProbe.timeoutNs(srttNs, outstanding() < 2 * payload());
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
        if (phase == Phase.LOSS && sndWnd() == 0 && wnd > 0 && isOutstanding()) loseHead();
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
        if (!isOutstanding()) return;
        beginLoss();
        segments.loseAll();
        undo.end();
    }

    /**
     * The SACK blocks of an ACK, before {@link #onAck}; true if they say something new.
     *
     * @param echoedNs the segment that the peer echoes was sent no later; Long.MAX_VALUE: not known
     */
    boolean onSack(TcpOptions options, long ack, long echoedNs, long nowNs) {
        fack = rack.fack();
        delivered = segments.delivered();
        if (!sackPermitted || options.sackBlocks == 0) return false;
        int before = segments.sackedSegments();
        boolean dsack = isDsack(options, ack);
        if (dsack) onDsack(position(options.sackLeft[0]), position(options.sackRight[0]));
        for (int i = dsack ? 1 : 0; i < options.sackBlocks; i++) {
            long left = Math.max(sndUna, position(options.sackLeft[i]));
            long right = position(options.sackRight[i]);
            if (left < right && right <= sndNxt) onBlock(left, right, echoedNs, nowNs);
        }
        return segments.sackedSegments() > before;
    }

    private void onBlock(long left, long right, long echoedNs, long nowNs) {
        for (int i = segments.find(left); i < segments.count() && segments.end(i) <= right; i++) {
            if (segments.start(i) < left || segments.isSacked(i)) continue;
            // The echo belongs to what is acknowledged cumulatively.
            rack.onDelivered(segments, i, fack, NEVER, nowNs);
            segments.sack(i);
        }
    }

    /** RFC 2883 section 4: the first block lies before SEG.ACK, or within the second. */
    private boolean isDsack(TcpOptions options, long ack) {
        long left = position(options.sackLeft[0]);
        long right = position(options.sackRight[0]);
        if (left >= right || right > sndNxt) return false;
        if (right <= ack) return true;
        return options.sackBlocks > 1
                && left >= position(options.sackLeft[1])
                && right <= position(options.sackRight[1]);
    }

    private void onDsack(long left, long right) {
        counters.increment(Counter.TCP_DSACK_RECV);
        if (probe.onDsack(right)) return;
        if (left >= segments.sentAgainEnd()) return; // the network made the copy
        rack.onDsack(sndUna, sndNxt);
        if (undo.onDsack(left, right)) undo(Counter.TCP_DSACK_UNDO);
    }

    /**
     * An acceptable ACK; its SACK blocks were taken before.
     *
     * @param duplicate RFC 5681's definition without SACK, RFC 6675's with
     * @param repeated it says nothing new at all
     * @param echoedNs as for {@link #onSack}
     * @return whether fast recovery begins with it
     */
    boolean onAck(
            long ack,
            boolean duplicate,
            boolean repeated,
            long echoedNs,
            RttEstimator rtt,
            long nowNs) {
        int before = outstanding();
        long una = sndUna;
        if (ack > sndUna) {
            int acked = (int) (ack - Math.max(sndUna, 0));
            if (ack >= timedEnd) {
                rtt.sample(nowNs - timedAtNs, 1);
                timedEnd = NEVER;
                onRoundTrip();
            }
            if (phase != Phase.OPEN && isHeadLate(ack, echoedNs)) onHeadLate();
            advance(ack, echoedNs, nowNs);
            if (cc != null) onProgress(acked, before, rtt.srttNs(), nowNs);
        } else if (duplicate) {
            dupAcks++;
            if (phase == Phase.RECOVERY) credit += payload();
        }
        if (probe.onAck(ack, repeated)) onProbeRepaired(before, nowNs);
        long lost = segments.lost();
        boolean begins = detectLosses(before, rtt.srttNs(), nowNs);
        if (phase == Phase.RECOVERY) {
            boolean safe = sndUna > una && segments.lost() <= lost;
            prr.onAck(segments.delivered() - delivered, segments.pipe(), safe, payload());
        }
        assert invariant();
        return begins;
    }

    /** A loss, which has an answer of its own where no recovery is under way. */
    private void onProbeRepaired(int outstanding, long nowNs) {
        counters.increment(Counter.TCP_LOSS_PROBE_RECOVERY);
        if (phase != Phase.OPEN) return;
        cc.onLoss(Math.min(outstanding, cc.window()), nowNs);
        cc.onRecovered(outstanding(), nowNs);
        undo.end();
    }

    /** LOSS_PROBE expired; false if the peer's window lets nothing out. */
    boolean onLossProbe() {
        if (phase != Phase.OPEN || !isOutstanding()) return false;
        tailDue = hasUnsent() && sndNxt < wndEnd || segments.end() <= wndEnd;
        return tailDue;
    }

    /** REORDER expired; true if fast recovery begins with it. */
    boolean onReorderTimeout(long srttNs, long nowNs) {
        delivered = segments.delivered();
        boolean begins = detectLosses(outstanding(), srttNs, nowNs);
        assert invariant();
        return begins;
    }

    private boolean detectLosses(int outstanding, long srttNs, long nowNs) {
        reorderAtNs = NEVER;
        if (!isOutstanding() || cc == null) return false;
        if (!sackPermitted) {
            // RFC 6582 section 3.2 step 2
            if (phase != Phase.OPEN || dupAcks < dupThresh || sndUna <= recover) return false;
            segments.lose(0);
        } else if (racks) {
            reorderAtNs = rack.detectLosses(segments, reorderingWindowNs(srttNs), nowNs);
        } else {
            segments.loseBehind(dupThresh);
        }
        if (phase != Phase.OPEN || segments.lost() == 0) return false;
        beginRecovery(outstanding, nowNs);
        return true;
    }

    private long reorderingWindowNs(long srttNs) {
        return rack.reorderingWindowNs(segments.sackedSegments(), isRecovering(), srttNs);
    }

    /** Whether the ACK is for the first transmission of a segment that was sent again. */
    private boolean isHeadLate(long ack, long echoedNs) {
        if (segments.count() == 0 || ack < segments.end(0)) return false;
        return segments.isSentAgain(0) && undo.isEarlier(echoedNs);
    }

    private void onHeadLate() {
        boolean timeout = phase == Phase.LOSS;
        if (!timeout) rack.onReordering();
        undo(timeout ? Counter.TCP_LOSS_UNDO : Counter.TCP_FULL_UNDO);
    }

    /** The window was reduced by mistake; what is really lost will be found again. */
    private void undo(Counter why) {
        counters.increment(why);
        undo.end();
        cc.undo();
        segments.loseNothing();
        due = false;
        phase = Phase.OPEN;
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

    private void advance(long ack, long echoedNs, long nowNs) {
        for (int i = 0; i < segments.count() && segments.end(i) <= ack; i++) {
            if (!segments.isSacked(i)) rack.onDelivered(segments, i, fack, echoedNs, nowNs);
        }
        segments.removeBefore(ack);
        sndUna = ack;
        tailDue = false;
        expired = false;
        dupAcks = 0;
    }

    private void onProgress(int acked, int before, long srttNs, long nowNs) {
        switch (phase) {
            case OPEN -> cc.onAck(acked, before, srttNs, nowNs);
            case LOSS -> {
                cc.onAck(acked, before, srttNs, nowNs);
                if (sndUna >= recover) onRecovered();
            }
            case RECOVERY -> {
                if (sndUna >= recover) {
                    onRecovered();
                    cc.onRecovered(outstanding(), nowNs);
                } else if (!sackPermitted || !racks && segments.sackedSegments() == 0) {
                    // RFC 6582 section 3.2 step 3, partial: the next hole begins at SND.UNA
                    credit = Math.max(0, credit - acked + payload());
                    loseHead();
                }
            }
        }
    }

    private void onRecovered() {
        phase = Phase.OPEN;
        rack.onRecovered();
    }

    private void loseHead() {
        if (!segments.isSacked(0)) segments.lose(0);
        due = true;
    }

    private void beginRecovery(int outstanding, long nowNs) {
        phase = Phase.RECOVERY;
        recover = sndNxt;
        credit = dupAcks * payload();
        due = true;
        tailDue = false;
        probe.forget();
        undo.begin(sndUna);
        // RFC 5681 section 3.2 step 2: without what limited transmit has sent
        cc.onLoss(Math.min(outstanding, cc.window()), nowNs);
        prr.begin(segments.end() - delivered, cc.threshold());
    }

    /** RETRANSMIT expired. */
    void onTimeout(long srttNs, long nowNs) {
        if (sndUna < 0) {
            synDue = true;
        } else {
            // RFC 2018 section 8: a SACKed head shows that the peer took its word back.
            if (segments.isSacked(0)) segments.forgetSacks();
            cc.onTimeout(outstanding(), expired, nowNs);
            beginLoss();
            if (!expired) undo.begin(sndUna);
            if (sackPermitted && racks) {
                rack.loseOnTimeout(segments, reorderingWindowNs(srttNs), nowNs);
            } else {
                segments.loseAll();
            }
            due = true;
        }
        expired = true;
        backoff = Math.min(backoff + 1, 20);
        assert invariant();
    }

    private void beginLoss() {
        phase = Phase.LOSS;
        recover = sndNxt;
        dupAcks = 0;
        credit = 0;
        timedEnd = NEVER;
        reorderAtNs = NEVER;
        tailDue = false;
        probe.forget();
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
        if (tailDue && planTail(room)) return Plan.TAIL;
        return probeDue ? Plan.PROBE : Plan.NOTHING;
    }

    /** RFC 6675 NextSeg (1): the first that is lost. */
    private boolean planRetransmission(int room) {
        long at = segments.nextLost();
        if (at == NEVER) {
            due = false;
            return false;
        }
        int run = segments.lostRun(at, room);
        if (!due && budget() < Math.min(room, run)) return false;
        long end = at + run;
        // A window that shrank holds everything but the head back, which then is its probe.
        if (at != sndUna && at >= wndEnd) return false;
        if (wndEnd > at) end = Math.min(end, wndEnd);
        plan(at, (int) (Math.min(end, fin) - at), room, end > fin);
        return true;
    }

    /** RFC 8985 section 7.3, where there is nothing new to send. */
    private boolean planTail(int room) {
        tailDue = false;
        int last = segments.count() - 1;
        if (last < 0 || segments.isSacked(last) || segments.end() > wndEnd) return false;
        long text = Math.min(segments.end(), fin);
        long at = Math.max(segments.start(last), text - room);
        plan(at, (int) (text - at), room, segments.end() > fin);
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
        if (!hasUnsent() || segments.isFull()) return false;
        long usable = wndEnd - sndNxt;
        if (usable <= 0) return false;
        long unsent = Math.min(isFinQueued() ? fin : NEVER, queue.written()) - sndNxt;
        int length = (int) Math.min(Math.min(unsent, room), usable);
        boolean last = length == unsent;
        boolean withFin = isFinQueued() && last && usable > length;
        if (budget() < Math.max(length, 1) && !tailDue) return false;
        if (length < room && !withFin && !forced && !tailDue && !isUrgent(sndNxt)) {
            // RFC 9293 section 3.8.6.2.1: the window, not the application, makes it small
            if (!last && length < Math.min(maxWnd / 2, LEAST_TEXT)) return false;
            // RFC 9293 section 3.7.4, Nagle, as Minshall amended it: wait for the last small one
            if (last && !noDelay && smallEnd > sndUna) return false;
            if (last && length == 0) return false;
        }
        plan(sndNxt, length, room, withFin);
        return true;
    }

    /** Whether urgent text lies at this position or behind it. */
    private boolean isUrgent(long at) {
        long written = queue.written();
        long end = queue.urgentEnd();
        if (end <= written) urgentEnd = end;
        return at < urgentEnd;
    }

    /**
     * The urgent pointer of the planned segment: the urgent byte is the one before it, as everybody has
     * it (RFC 6093 section 3.1). 0: no URG; text that is further ahead than a pointer reaches will be
     * announced by a later segment.
     */
    int planUrgent() {
        if (!isUrgent(planAt) || urgentEnd - planAt > MAX_URGENT) return 0;
        return (int) (urgentEnd - planAt);
    }

    /** What congestion control allows now; anything, as long as nothing is in the network. */
    private long budget() {
        int pipe = pipe();
        if (pipe == 0) return NEVER;
        boolean reducing = phase == Phase.RECOVERY && sackPermitted;
        return reducing ? prr.budget() : cc.window() - pipe;
    }

    /** Bytes that are believed to be in the network. */
    int pipe() {
        if (sackPermitted || phase == Phase.LOSS) return segments.pipe();
        if (phase == Phase.RECOVERY) return Math.max(0, outstanding() - credit);
        // RFC 3042: each of the first two duplicate ACKs lets one segment out
        return Math.max(0, segments.pipe() - Math.min(dupAcks, 2) * payload());
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
                segments.sent(end, nowNs);
                prr.onSent(end - planAt);
                sndNxt = end;
                if (tailDue) onTailSent(false);
                forced = probeDue = false;
            }
            case RETRANSMIT -> {
                due = false;
                onSentAgain(end, nowNs);
                prr.onSent(end - planAt);
                undo.onSentAgain(end - planAt, nowNs);
            }
            case TAIL -> {
                onSentAgain(end, nowNs);
                onTailSent(true);
            }
            case PROBE -> forced = probeDue = false;
            case NOTHING -> throw new AssertionError("nothing was planned");
        }
        lastSentNs = nowNs;
        assert invariant();
    }

    private void onSentAgain(long end, long nowNs) {
        segments.sentAgain(planAt, end, nowNs);
        timedEnd = NEVER; // Karn: the ACK of a later segment may wait for this one
        retransmits++;
        bytesRetransmitted += planLength;
    }

    private void onTailSent(boolean again) {
        tailDue = false;
        probe.onSent(sndNxt, again);
        counters.increment(Counter.TCP_LOSS_PROBES);
    }

    boolean invariant() {
        assert sndUna <= sndNxt : sndUna + " > " + sndNxt;
        assert phase == Phase.OPEN || sndUna <= recover && recover <= sndNxt
                : phase + " " + recover;
        assert !isFinQueued() || sndNxt <= fin + 1;
        assert segments.invariant();
        assert segments.start() == Math.max(0, sndUna) : segments.start() + " " + sndUna;
        assert segments.end() == Math.max(0, sndNxt) : segments.end() + " " + sndNxt;
        return true;
    }
}
