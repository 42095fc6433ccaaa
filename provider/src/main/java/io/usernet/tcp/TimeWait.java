package io.usernet.tcp;

import io.usernet.frame.Frame;
import io.usernet.time.TimerWheel;

/** Shell: replaced by the implementation. */
public final class TimeWait extends Endpoint {
    TimeWait(
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
    }

    @Override
    public void onSegment(Frame in, long nowNs) {}

    @Override
    public void onTimeout(long nowNs) {}

    @Override
    public void onUnreachable(Unreachable what, int seq, long nowNs) {}

    @Override
    public void onPathMtu(int mtu, int seq, long nowNs) {}

    @Override
    public boolean pollTransmit(Frame out, long nowNs) {
        return false;
    }

    @Override
    public long nextDeadlineNs() {
        return TimerWheel.NEVER;
    }

    @Override
    public Endpoint successor() {
        return this;
    }

    @Override
    public int trafficClass() {
        return 0;
    }
}
