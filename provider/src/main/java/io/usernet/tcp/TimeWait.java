package io.usernet.tcp;

import io.usernet.config.Sysctl;
import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Seq;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;
import java.util.concurrent.TimeUnit;

/**
 * What is left of a connection in TIME-WAIT (RFC 9293 section 3.10.7.4): it acknowledges what comes
 * late, ignores resets (RFC 1337), and gives way to a new connection that begins beyond it (RFC 6191).
 */
public final class TimeWait extends Endpoint {
    /** How long a tuple rests before we connect from it again: so that timestamps have moved on. */
    private static final long REUSE_NS = TimeUnit.SECONDS.toNanos(1);

    private final TcpLayer layer;
    private final int sndNxt, rcvNxt, rcvWnd;
    private final boolean timestamps;
    private final int tsRecent, tsOffset;

    private long deadlineNs;
    private long restartedNs; // when the 2 MSL began last
    private boolean ackPending;
    private boolean ended;

    /**
     * @param rcvWnd as it goes into the header, scaled down; at most 65535 of it are used
     * @param timestamps whether the connection used them (RFC 7323), and TS.Recent and our offset
     */
    public TimeWait(
            TcpLayer layer,
            FourTuple tuple,
            int sndNxt,
            int rcvNxt,
            int rcvWnd,
            boolean timestamps,
            int tsRecent,
            int tsOffset,
            long nowNs) {
        super(tuple);
        this.layer = layer;
        this.sndNxt = sndNxt;
        this.rcvNxt = rcvNxt;
        this.rcvWnd = Math.min(rcvWnd, 65_535);
        this.timestamps = timestamps;
        this.tsRecent = tsRecent;
        this.tsOffset = tsOffset;
        restart(nowNs);
    }

    private void restart(long nowNs) {
        restartedNs = nowNs;
        long seconds = layer.sysctls().get(Sysctl.TCP_TIME_WAIT);
        deadlineNs = nowNs + TimeUnit.SECONDS.toNanos(seconds);
    }

    /** SND.NXT of the connection that was. */
    public int sndNxt() {
        return sndNxt;
    }

    /**
     * Whether a SYN may open a new connection in this one's place (RFC 6191 section 2): it has a later
     * timestamp, or where timestamps do not tell, a sequence number beyond all that was received.
     *
     * @param in begins with the TCP header
     */
    public boolean givesWayTo(Frame in) {
        Segment segment = layer.segment;
        segment.read(in);
        if (ended || !Listener.isSyn(segment.flags)) return false;
        boolean beyond = Seq.after(segment.seq, rcvNxt);
        if (!timestamps || !segment.options.timestamps) return beyond;
        int later = segment.options.tsVal - tsRecent;
        return later > 0 || later == 0 && beyond;
    }

    /** Whether we may connect from this tuple again: timestamps tell the two connections apart. */
    public boolean isReusable(long nowNs) {
        return timestamps && nowNs - restartedNs >= REUSE_NS;
    }

    // -- inputs

    @Override
    public void onSegment(Frame in, long nowNs) {
        if (ended) return;
        Segment segment = layer.segment;
        segment.read(in);
        layer.counters().increment(Counter.TCP_TW_DISCARDS);
        if (segment.has(Tcp.RST)) return; // RFC 1337
        boolean old =
                timestamps && segment.options.timestamps && segment.options.tsVal - tsRecent < 0;
        // The peer has not seen our last ACK: it sends its FIN again.
        if (segment.has(Tcp.FIN) && !old && segment.seq + segment.length() == rcvNxt) {
            restart(nowNs);
            ackPending = true;
        } else if (segment.length() > 0 || segment.seq != rcvNxt) {
            ackPending |= layer.mayChallenge(nowNs);
        }
    }

    @Override
    public void onTimeout(long nowNs) {
        if (nowNs >= deadlineNs) end();
    }

    /** Nobody stands here any more: 2 MSL are over, or a new connection takes the tuple. */
    public void end() {
        if (ended) return;
        ended = true;
        State.transition(State.TIME_WAIT, State.CLOSED, tuple(), layer.counters());
    }

    @Override
    public void onUnreachable(Unreachable what, int seq, long nowNs) {}

    @Override
    public void onPathMtu(int mtu, int seq, long nowNs) {}

    // -- outputs

    @Override
    public boolean pollTransmit(Frame out, long nowNs) {
        if (ended || !ackPending) return false;
        ackPending = false;
        int length = Tcp.HEADER + (timestamps ? TcpOptions.TIMESTAMPS_LENGTH : 0);
        int at = out.prepend(length);
        FourTuple t = tuple();
        Tcp.write(
                out.bytes(),
                at,
                t.localPort(),
                t.remotePort(),
                sndNxt,
                rcvNxt,
                length,
                Tcp.ACK,
                rcvWnd);
        if (timestamps) {
            int tsVal = (int) (nowNs / 1_000_000) + tsOffset;
            TcpOptions.writeTimestamps(out.bytes(), at + Tcp.HEADER, tsVal, tsRecent);
        }
        layer.counters().increment(Counter.TCP_OUT_SEGS);
        return true;
    }

    @Override
    public long nextDeadlineNs() {
        return ended ? TimerWheel.NEVER : deadlineNs;
    }

    @Override
    public Endpoint successor() {
        return ended ? null : this;
    }

    @Override
    public int trafficClass() {
        return 0;
    }
}
