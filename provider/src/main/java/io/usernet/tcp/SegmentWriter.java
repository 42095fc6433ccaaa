package io.usernet.tcp;

import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;

/** Writes the headers of one connection's segments into frames going out, and counts them. */
final class SegmentWriter {
    private final FourTuple tuple;
    private final Counters counters;

    SegmentWriter(FourTuple tuple, Counters counters) {
        this.tuple = tuple;
        this.counters = counters;
    }

    /** A SYN with what we offer, or a SYN-ACK with what was agreed on. */
    void syn(Frame out, int iss, int ack, int flags, int window, Offer offer, boolean again) {
        boolean sack = offer.sackPermitted;
        boolean timestamps = offer.timestamps;
        int length = Tcp.HEADER + TcpOptions.MSS_LENGTH;
        if (timestamps) length += TcpOptions.TIMESTAMPS_LENGTH;
        else if (sack) length += TcpOptions.SACK_PERMITTED_LENGTH;
        if (offer.windowScaling) length += TcpOptions.WINDOW_SCALE_LENGTH;
        int at = header(out, iss, ack, length, flags, window);
        at = TcpOptions.writeMss(out.bytes(), at, offer.mss);
        if (timestamps && sack) {
            at =
                    TcpOptions.writeSackPermittedAndTimestamps(
                            out.bytes(), at, offer.tsVal, offer.tsEcr);
        } else if (timestamps) {
            at = TcpOptions.writeTimestamps(out.bytes(), at, offer.tsVal, offer.tsEcr);
        } else if (sack) {
            at = TcpOptions.writeSackPermitted(out.bytes(), at);
        }
        if (offer.windowScaling) TcpOptions.writeWindowScale(out.bytes(), at, offer.windowShift);
        count(again);
    }

    /** What a SYN says beyond its header. */
    record Offer(
            int mss,
            boolean sackPermitted,
            boolean timestamps,
            int tsVal,
            int tsEcr,
            boolean windowScaling,
            int windowShift) {}

    void reset(Frame out, int seq, int ack, int flags) {
        header(out, seq, ack, Tcp.HEADER, flags, 0);
        counters.increment(Counter.TCP_OUT_RSTS);
        count(false);
    }

    /** Writes the fixed part before what is in the frame; returns where its options begin. */
    int header(Frame out, int seq, int ack, int length, int flags, int window) {
        int at = out.prepend(length);
        int source = tuple.localPort();
        Tcp.write(out.bytes(), at, source, tuple.remotePort(), seq, ack, length, flags, window);
        return at + Tcp.HEADER;
    }

    void count(boolean again) {
        counters.increment(again ? Counter.TCP_RETRANS_SEGS : Counter.TCP_OUT_SEGS);
    }
}
