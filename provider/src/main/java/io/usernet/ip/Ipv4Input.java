package io.usernet.ip;

import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.Memory;
import io.usernet.igmp.Reception;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.time.TimerWheel;
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

    /**
     * @param icmp tells senders of fragments that others of them are missing
     * @param seed of what senders must not guess
     */
    public Ipv4Input(
            Addresses addresses,
            Sysctls sysctls,
            Counters counters,
            Memory memory,
            TimerWheel wheel,
            Icmp icmp,
            long seed) {
        this.addresses = addresses;
        this.counters = counters;
        this.fragments = new Fragments(sysctls, counters, memory, wheel, icmp, seed);
    }

    /**
     * Checks a datagram and cuts off what its link padded it with. A fragment is kept, until with the
     * last one {@code in} becomes the whole datagram, of several slices.
     *
     * @param in begins with the IP header, which stays there; all of it is in the first slice
     * @param loopback whether it comes from ourselves
     * @param linkGroup whether it came by broadcast or multicast of the link
     * @param groups what is received where it came in
     * @return the header's length with options, which are ignored, or {@link #DROPPED}
     */
    public int accept(Frame in, boolean loopback, boolean linkGroup, Reception groups, long nowNs) {
        counters.increment(Counter.IP_IN_RECEIVES);
        ByteBuffer b = in.bytes();
        int at = in.start();
        int first = in.length(0);
        int header = first < Ipv4.HEADER ? -1 : Ipv4.check(b, at, at + in.length());
        if (header < 0 || header > first) return drop(Counter.IP_IN_HDR_ERRORS);
        if (!loopback && !Ipv4.checksumOk(b, at)) return drop(Counter.IP_IN_HDR_ERRORS);
        int src = Ipv4.src(b, at);
        int dst = Ipv4.dst(b, at);
        int protocol = Ipv4.protocol(b, at);
        if (!loopback && isMartian(src) && !isAnonymousQuerier(src, dst, protocol)) {
            return drop(Counter.IP_IN_MARTIANS);
        }
        boolean multicast = Ipv4Address.isMulticast(dst);
        boolean ours =
                multicast
                        ? groups.accepts(dst, src, protocol)
                        : addresses.accepts(dst) || loopback && Ipv4Address.isLoopback(dst);
        if (!ours) return drop(Counter.IP_IN_ADDR_ERRORS);
        if (multicast) counters.increment(Counter.IP_IN_MCAST_PKTS);
        in.trim(Ipv4.totalLength(b, at));
        if (!Ipv4.isFragment(b, at)) return header;
        boolean group = linkGroup || multicast || addresses.isBroadcast(dst);
        if (!fragments.accept(in, group, nowNs)) return DROPPED;
        return Ipv4.headerLength(in.bytes(), in.start());
    }

    /** Releases the fragments that wait for others. */
    public void close() {
        fragments.close();
    }

    /** What cannot be the source of a datagram from a link. */
    private boolean isMartian(int src) {
        return !Ipv4Address.isUnicast(src) || addresses.isLocal(src) || addresses.isBroadcast(src);
    }

    /** A switch that has no address may query the hosts behind it (RFC 4541 section 2.1.1). */
    private static boolean isAnonymousQuerier(int src, int dst, int protocol) {
        return src == 0 && protocol == Ipv4.IGMP && Ipv4Address.isMulticast(dst);
    }

    private int drop(Counter counter) {
        counters.increment(counter);
        return DROPPED;
    }
}
