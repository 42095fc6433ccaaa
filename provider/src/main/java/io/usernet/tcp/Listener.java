package io.usernet.tcp;

import io.usernet.config.Sysctl;
import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.wire.Seq;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;

/**
 * LISTEN (RFC 9293 section 3.10.7.2): makes a {@link HalfOpen} of each SYN. Not an {@link Endpoint}:
 * it never sends, has no deadline, and may stand for many local addresses.
 *
 * <p>Two queues as on Linux: half-open connections, at most tcp_max_syn_backlog and at most the
 * backlog; and established ones that wait to be accepted, the {@link Backlog}. While either is full,
 * SYNs are ignored, and while the second is, the ACKs that would complete a handshake: both are sent
 * again. But the oldest half-open connection gives way to a SYN once its peer has left a SYN-ACK
 * unanswered for a second: so a flood of SYNs keeps peers out for a second more than it lasts, and
 * not until all retransmissions are over.
 *
 * <p>Confined to the loop.
 */
public final class Listener {
    /** What the loop's owner does when the application closes the listener. */
    public interface Owner {
        /** The half-open connections of {@code listener}, and those not accepted, end now. */
        void closed(Listener listener, long nowNs);
    }

    private final TcpLayer layer;
    private final Backlog backlog;
    private final int receiveBuffer;
    private final int maxHalfOpen;
    private final Owner owner;
    private int halfOpen;

    // The half-open connections in the order of their SYNs, or null.
    private HalfOpen oldest;
    private HalfOpen newest;

    /**
     * @param receiveBuffer what accepted connections hold, bytes: twice SO_RCVBUF
     */
    public Listener(TcpLayer layer, Backlog backlog, int receiveBuffer, Owner owner) {
        this.layer = layer;
        this.backlog = backlog;
        this.receiveBuffer = receiveBuffer;
        this.maxHalfOpen =
                Math.min(layer.sysctls().getInt(Sysctl.TCP_MAX_SYN_BACKLOG), backlog.limit());
        this.owner = owner;
        backlog.attach(this);
    }

    public Backlog backlog() {
        return backlog;
    }

    /** How many half-open connections there are. */
    public int halfOpen() {
        return halfOpen;
    }

    /** Whether control bits are those of a SYN that opens a connection, whatever ECN bits it has. */
    public static boolean isSyn(int flags) {
        return (flags & (Tcp.SYN | Tcp.ACK | Tcp.RST | Tcp.FIN)) == Tcp.SYN;
    }

    /**
     * Before {@link #onSyn}: where there is no room for one more half-open connection, the oldest one
     * ends if its peer seems not to be there.
     *
     * @return the one that ended, for the loop's owner to forget, or null
     */
    public HalfOpen makeRoom() {
        if (halfOpen < maxHalfOpen || backlog.isFull() || !oldest.isUnanswered()) return null;
        HalfOpen crowdedOut = oldest;
        crowdedOut.end();
        return crowdedOut;
    }

    /**
     * A SYN came in for which there is no endpoint. Data on it is ignored, as RFC 9293 allows: the
     * peer sends it again.
     *
     * @param in begins with the TCP header; {@link #isSyn}
     * @param mss what the link to the peer takes (MTU - 40)
     * @param previous what was in TIME-WAIT with the same tuple until now, or null
     * @param flow decides whether it is answered; null: it is
     * @return the half-open connection, or null if the SYN is dropped
     */
    public HalfOpen onSyn(
            FourTuple tuple, Frame in, int mss, TimeWait previous, Flow flow, long nowNs) {
        if (backlog.isFull()) {
            layer.counters().increment(Counter.TCP_LISTEN_DROPS);
            return null;
        }
        if (halfOpen >= maxHalfOpen) {
            layer.counters().increment(Counter.TCP_REQ_Q_FULL_DROPS);
            return null;
        }
        int iss = layer.isn().iss(tuple, nowNs);
        // RFC 9293 section 3.6.1: beyond what the earlier connection has used.
        if (previous != null && !Seq.after(iss, previous.sndNxt())) {
            iss = previous.sndNxt() + 65_535 + 2;
        }
        Handshake handshake = new Handshake();
        Segment segment = layer.segment;
        segment.read(in);
        handshake.iss = iss;
        handshake.irs = segment.seq;
        handshake.sndWnd = segment.window;
        negotiate(handshake, segment.options, tuple);
        HalfOpen added = new HalfOpen(layer, this, tuple, mss, handshake, flow, nowNs);
        append(added);
        return added;
    }

    /** Agrees to what the SYN offers and the settings allow. */
    private void negotiate(Handshake h, TcpOptions options, FourTuple tuple) {
        if (options.mss >= 0) h.peerMss = Math.max(options.mss, MIN_MSS);
        h.windowScaling =
                options.windowScale >= 0 && layer.sysctls().isOn(Sysctl.TCP_WINDOW_SCALING);
        if (h.windowScaling) {
            h.sndWindShift = Math.min(options.windowScale, MAX_WINDOW_SHIFT);
            h.rcvWindShift = windowShift();
        }
        h.timestamps = options.timestamps && layer.sysctls().isOn(Sysctl.TCP_TIMESTAMPS);
        if (h.timestamps) {
            h.tsRecent = options.tsVal;
            h.tsOffset = layer.isn().timestampOffset(tuple);
        }
        h.sackPermitted = options.sackPermitted && layer.sysctls().isOn(Sysctl.TCP_SACK);
        int most = Receiver.most(receiveBuffer, layer.memory());
        h.rcvWnd = Math.min(most, 65_535);
    }

    /** Less would make a segment's headers dearer than any peer needs. */
    private static final int MIN_MSS = 48;

    /** RFC 7323 section 2.3. */
    private static final int MAX_WINDOW_SHIFT = 14;

    private int windowShift() {
        long most = Math.max(layer.sysctls().get(Sysctl.TCP_RMEM, 2), receiveBuffer);
        int shift = 0;
        while (shift < MAX_WINDOW_SHIFT && 65_535L << shift < most) shift++;
        return shift;
    }

    // -- for its half-open connections

    Stream newStream() {
        int sendBuffer = (int) layer.sysctls().get(Sysctl.TCP_WMEM, 1);
        return new Stream(layer.memory(), sendBuffer, receiveBuffer);
    }

    void established(Stream stream) {
        backlog.offer(stream);
        backlog.signals().readable(layer.wakeups());
    }

    void halfOpenEnded(HalfOpen ended) {
        if (ended.older == null) oldest = ended.newer;
        else ended.older.newer = ended.newer;
        if (ended.newer == null) newest = ended.older;
        else ended.newer.older = ended.older;
        ended.older = null;
        ended.newer = null;
        halfOpen--;
    }

    private void append(HalfOpen added) {
        added.older = newest;
        if (newest == null) oldest = added;
        else newest.newer = added;
        newest = added;
        halfOpen++;
    }

    // -- from the application

    void onPosted(int what, long nowNs) {
        if ((what & Backlog.CLOSE) != 0) close(nowNs);
    }

    /** Stops listening; once is enough. */
    public void close(long nowNs) {
        if (backlog.isClosed()) return;
        backlog.publishClosed();
        owner.closed(this, nowNs);
        backlog.signals().all(layer.wakeups());
    }
}
