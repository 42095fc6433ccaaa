package io.usernet.ip;

import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import java.nio.ByteBuffer;

/** Decides which datagrams are sound and for us (RFC 791, RFC 1122 section 3.2.1). */
public final class Ipv4Input {
    /** What {@link #accept} answers for a datagram that was dropped, and counted. */
    public static final int DROPPED = -1;

    private final Addresses addresses;
    private final Counters counters;
    private final Fragments fragments;

    public Ipv4Input(Addresses addresses, Counters counters) {
        this.addresses = addresses;
        this.counters = counters;
        this.fragments = new Fragments(counters);
    }

    /**
     * Checks a datagram and cuts off what its link padded it with.
     *
     * @param in begins with the IP header, which stays there; all of it is in the first slice
     * @param loopback whether it comes from ourselves
     * @return the header's length with options, which are ignored, or {@link #DROPPED}
     */
    public int accept(Frame in, boolean loopback) {
        counters.increment(Counter.IP_IN_RECEIVES);
        ByteBuffer b = in.bytes();
        int at = in.start();
        int first = in.length(0);
        int header = first < Ipv4.HEADER ? -1 : Ipv4.check(b, at, at + in.length());
        if (header < 0 || header > first) return drop(Counter.IP_IN_HDR_ERRORS);
        if (!loopback && !Ipv4.checksumOk(b, at)) return drop(Counter.IP_IN_HDR_ERRORS);
        int src = Ipv4.src(b, at);
        int dst = Ipv4.dst(b, at);
        if (!loopback && isMartian(src)) return drop(Counter.IP_IN_MARTIANS);
        boolean ours = addresses.accepts(dst) || loopback && Ipv4Address.isLoopback(dst);
        if (!ours) return drop(Counter.IP_IN_ADDR_ERRORS);
        in.trim(Ipv4.totalLength(b, at));
        if (Ipv4.isFragment(b, at) && !fragments.accept(in)) return DROPPED;
        return header;
    }

    /** What cannot be the source of a datagram from a link. */
    private boolean isMartian(int src) {
        return !Ipv4Address.isUnicast(src) || addresses.isLocal(src) || addresses.isBroadcast(src);
    }

    private int drop(Counter counter) {
        counters.increment(counter);
        return DROPPED;
    }
}
