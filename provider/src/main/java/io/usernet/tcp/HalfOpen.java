package io.usernet.tcp;

import io.usernet.config.Sysctl;
import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Seq;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * SYN-RECEIVED after a passive open (RFC 9293 section 3.10.7.4): small, because a flood of SYNs makes
 * many of it. It becomes a {@link Connection} when the handshake's last ACK comes; that segment, which
 * may carry data, is then to be given to the connection too.
 */
public final class HalfOpen extends Endpoint {
    /** So long a SYN may wait until it is decided about: the peer gives up by then. */
    private static final long DECISION_NS = TimeUnit.SECONDS.toNanos(120);

    /** First retransmission of the SYN-ACK; doubled each time (RFC 6298 section 2). */
    private static final long INITIAL_RTO_NS = TimeUnit.SECONDS.toNanos(1);

    private final TcpLayer layer;
    private final Listener listener;
    private final int mss;
    private final Handshake handshake;
    private final int maxRetransmits;
    private final Flow flow; // who decides whether the SYN is answered, or null: it is
    private long firstSentNs;

    // Neighbours in the listener's queue, or null; the listener's.
    HalfOpen older;
    HalfOpen newer;

    private Endpoint successor = this;
    private int retransmits; // by timeout
    private long deadlineNs;

    // What pollTransmit has to send; a reset goes before an ACK, an ACK before the SYN-ACK.
    private boolean synAckPending;
    private boolean ackPending;
    private boolean resetPending;
    private int resetSeq;

    private boolean decided;
    private boolean refusalPending;

    HalfOpen(
            TcpLayer layer,
            Listener listener,
            FourTuple tuple,
            int mss,
            Handshake handshake,
            Flow flow,
            long nowNs) {
        super(tuple);
        this.layer = layer;
        this.listener = listener;
        this.mss = mss;
        this.handshake = handshake;
        this.maxRetransmits = layer.sysctls().getInt(Sysctl.TCP_SYNACK_RETRIES);
        this.flow = flow;
        if (flow == null) {
            accept(nowNs);
        } else {
            flow.attach(this);
            deadlineNs = nowNs + DECISION_NS;
        }
        State.transition(State.LISTEN, State.SYN_RECEIVED, tuple, layer.counters());
    }

    public Listener listener() {
        return listener;
    }

    /** The SYN is to be answered. */
    public void accept(long nowNs) {
        if (decided) return;
        decided = true;
        synAckPending = true;
        firstSentNs = nowNs;
        deadlineNs = nowNs + INITIAL_RTO_NS;
    }

    /** The SYN is to be answered with a reset, and this is the end. */
    public void refuse() {
        if (successor != this) return;
        refusalPending = true;
        end();
    }

    /** Whether a SYN-ACK has been without an answer for its retransmission timeout. */
    boolean isUnanswered() {
        return retransmits > 0;
    }

    private int sndNxt() {
        return handshake.iss + 1;
    }

    private int rcvNxt() {
        return handshake.irs + 1;
    }

    // -- inputs

    @Override
    public void onSegment(Frame in, long nowNs) {
        if (successor != this) return;
        Segment segment = layer.segment;
        segment.read(in);
        if (!arrives(segment, nowNs)) {
            layer.counters().increment(Counter.TCP_HALF_OPEN_DISCARDS);
        }
    }

    /** The steps of RFC 9293 section 3.10.7.4 for this state; false if the segment changes nothing. */
    private boolean arrives(Segment in, long nowNs) {
        if (!decided) {
            boolean gone = in.has(Tcp.RST) && in.seq == rcvNxt();
            if (gone) end();
            return gone;
        }
        if (Listener.isSyn(in.flags) && in.seq == handshake.irs) {
            handshake.retransmitted = true;
            synAckPending = true;
            return false;
        }
        if (!isAcceptable(in)) {
            ackPending |= !in.has(Tcp.RST) && layer.mayChallenge(nowNs);
            return false;
        }
        if (in.has(Tcp.RST)) {
            // RFC 5961 section 3.2: only the exact number ends it.
            boolean exact = in.seq == rcvNxt();
            if (exact) end();
            else ackPending |= layer.mayChallenge(nowNs);
            return exact;
        }
        if (in.has(Tcp.SYN)) {
            ackPending |= layer.mayChallenge(nowNs); // RFC 5961 section 4.2
            return false;
        }
        if (!in.has(Tcp.ACK)) return false;
        if (in.ack != sndNxt()) {
            resetPending = true;
            resetSeq = in.ack;
            return false;
        }
        return complete(in, nowNs);
    }

    /** First step: the sequence number, and before it PAWS (RFC 7323 section 5.3). */
    private boolean isAcceptable(Segment in) {
        // A segment without the option passes: there are peers that leave it out of this ACK.
        boolean checked = handshake.timestamps && in.options.timestamps && !in.has(Tcp.RST);
        if (checked && in.options.tsVal - handshake.tsRecent < 0) return false;
        int first = rcvNxt();
        int length = in.length();
        return in.seq == first
                || Seq.inWindow(in.seq, first, handshake.rcvWnd)
                || length > 0 && Seq.inWindow(in.seq + length - 1, first, handshake.rcvWnd);
    }

    private boolean complete(Segment in, long nowNs) {
        if (listener.backlog().isClosed()) return false;
        if (flow == null && listener.backlog().isFull()) {
            layer.counters().increment(Counter.TCP_LISTEN_OVERFLOWS);
            return true; // counted; the SYN-ACK is sent again, and so will this ACK be
        }
        Handshake h = handshake;
        boolean newer = h.timestamps && in.options.timestamps && Seq.atMost(in.seq, rcvNxt());
        if (newer) h.tsRecent = in.options.tsVal;
        h.sndWnd = in.window << h.sndWindShift;
        if (!h.retransmitted) h.rttNs = nowNs - firstSentNs;
        Stream stream = listener.newStream();
        State.transition(State.SYN_RECEIVED, State.ESTABLISHED, tuple(), layer.counters());
        successor = new Connection(layer, tuple(), stream, mss, h, nowNs);
        listener.halfOpenEnded(this);
        if (flow != null) flow.established(stream, layer.wakeups());
        else listener.established(stream);
        return true;
    }

    @Override
    public void onTimeout(long nowNs) {
        if (successor != this || nowNs < deadlineNs) return;
        if (retransmits == maxRetransmits || !decided) {
            end();
            return;
        }
        retransmits++;
        deadlineNs = nowNs + (INITIAL_RTO_NS << Math.min(retransmits, 6));
        handshake.retransmitted = true;
        synAckPending = true;
        layer.counters().increment(Counter.TCP_SYNACK_RETRANS);
        layer.counters().increment(Counter.TCP_RETRANS_SEGS);
    }

    /** Soft errors: the SYN-ACK is sent again in any case (RFC 5461 section 4). */
    @Override
    public void onUnreachable(Unreachable what, int seq, long nowNs) {}

    /** Nothing that is sent here is as long as the shortest path's MTU. */
    @Override
    public void onPathMtu(int mtu, int seq, long nowNs) {}

    /** The listener is closed, or the handshake failed: nobody stands here any more. */
    public void end() {
        if (successor != this) return;
        successor = null;
        State.transition(State.SYN_RECEIVED, State.CLOSED, tuple(), layer.counters());
        listener.halfOpenEnded(this);
        if (flow != null) flow.end(layer.wakeups());
    }

    // -- outputs

    @Override
    public boolean pollTransmit(Frame out, long nowNs) {
        FourTuple t = tuple();
        if (refusalPending) {
            refusalPending = false;
            int flags = Tcp.RST | Tcp.ACK;
            Reset.write(out, t.localPort(), t.remotePort(), 0, rcvNxt(), flags, layer.counters());
            return true;
        }
        if (successor != this) return false;
        if (resetPending) {
            resetPending = false;
            Reset.write(out, t.localPort(), t.remotePort(), resetSeq, 0, Tcp.RST, layer.counters());
        } else if (ackPending) {
            ackPending = false;
            writeAck(out, nowNs);
        } else if (synAckPending) {
            synAckPending = false;
            writeSynAck(out, nowNs);
        } else {
            return false;
        }
        return true;
    }

    private void writeSynAck(Frame out, long nowNs) {
        Handshake h = handshake;
        int length = Tcp.HEADER + TcpOptions.MSS_LENGTH;
        if (h.timestamps) length += TcpOptions.TIMESTAMPS_LENGTH;
        else if (h.sackPermitted) length += TcpOptions.SACK_PERMITTED_LENGTH;
        if (h.windowScaling) length += TcpOptions.WINDOW_SCALE_LENGTH;
        int at = write(out, h.iss, length, Tcp.SYN | Tcp.ACK, h.rcvWnd);
        ByteBuffer b = out.bytes();
        at = TcpOptions.writeMss(b, at, mss);
        if (h.timestamps) {
            int tsVal = timestamp(nowNs);
            at =
                    h.sackPermitted
                            ? TcpOptions.writeSackPermittedAndTimestamps(b, at, tsVal, h.tsRecent)
                            : TcpOptions.writeTimestamps(b, at, tsVal, h.tsRecent);
        } else if (h.sackPermitted) {
            at = TcpOptions.writeSackPermitted(b, at);
        }
        if (h.windowScaling) TcpOptions.writeWindowScale(b, at, h.rcvWindShift);
        layer.counters().increment(Counter.TCP_OUT_SEGS);
    }

    private void writeAck(Frame out, long nowNs) {
        Handshake h = handshake;
        int length = Tcp.HEADER + (h.timestamps ? TcpOptions.TIMESTAMPS_LENGTH : 0);
        int at = write(out, sndNxt(), length, Tcp.ACK, h.rcvWnd >> h.rcvWindShift);
        if (h.timestamps) {
            TcpOptions.writeTimestamps(out.bytes(), at, timestamp(nowNs), h.tsRecent);
        }
        layer.counters().increment(Counter.TCP_OUT_SEGS);
    }

    /** Writes the fixed part; returns where the options go. */
    private int write(Frame out, int seq, int length, int flags, int window) {
        int at = out.prepend(length);
        FourTuple t = tuple();
        Tcp.write(
                out.bytes(),
                at,
                t.localPort(),
                t.remotePort(),
                seq,
                rcvNxt(),
                length,
                flags,
                window);
        return at + Tcp.HEADER;
    }

    private int timestamp(long nowNs) {
        return (int) (nowNs / 1_000_000) + handshake.tsOffset;
    }

    @Override
    public long nextDeadlineNs() {
        return successor == this ? deadlineNs : TimerWheel.NEVER;
    }

    @Override
    public Endpoint successor() {
        return successor;
    }

    @Override
    public int trafficClass() {
        return 0;
    }
}
