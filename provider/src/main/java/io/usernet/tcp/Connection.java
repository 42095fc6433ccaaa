package io.usernet.tcp;

import io.usernet.frame.Frame;

/** Shell: replaced by the implementation. */
public final class Connection extends Endpoint {
    /** Active open: begins in SYN-SENT. mss: what the link to the peer takes (MTU - 40). */
    public Connection(TcpLayer layer, FourTuple tuple, Stream stream, int mss, long nowNs) {
        super(tuple);
    }

    /** Passive open: begins in ESTABLISHED with what a listener's handshake agreed on. */
    public Connection(
            TcpLayer layer,
            FourTuple tuple,
            Stream stream,
            int mss,
            Handshake handshake,
            long nowNs) {
        super(tuple);
    }

    public Stream stream() {
        throw new UnsupportedOperationException();
    }

    public State state() {
        throw new UnsupportedOperationException();
    }

    /** Ends it at once: RST to the peer if synchronized, cause to the application. */
    public void abort(CloseCause cause) {
        throw new UnsupportedOperationException();
    }

    /** From the stream: bits of Stream.WRITTEN and so on. */
    void onPosted(int what, long nowNs) {
        throw new UnsupportedOperationException();
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
        return 0;
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
