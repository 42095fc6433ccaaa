package io.usernet.stack;

import io.usernet.frame.Frame;
import io.usernet.ip.Addresses;
import io.usernet.ip.Ipv4Output;
import io.usernet.ip.PathMtus;
import io.usernet.ip.Route;
import io.usernet.ip.Routes;
import io.usernet.link.Loopback;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.neighbor.NeighborTable;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;

/**
 * The way of a datagram from its transport to an interface: route, checksum, IP header, fragments.
 * Confined to the loop.
 */
final class Egress {
    /** Frames on the loopback that make datagrams wait, so that segments find room. */
    private static final int LOOPBACK_BUSY = Loopback.CAPACITY / 4;

    private final Interface[] interfaces;
    private final Loopback loopback;
    private final Addresses addresses;
    private final Routes routes;
    private final PathMtus pathMtus;
    private final Ipv4Output ipOutput;
    private final Counters counters;

    Egress(
            Interface[] interfaces,
            Loopback loopback,
            Addresses addresses,
            Routes routes,
            PathMtus pathMtus,
            Ipv4Output ipOutput,
            Counters counters) {
        this.interfaces = interfaces;
        this.loopback = loopback;
        this.addresses = addresses;
        this.routes = routes;
        this.pathMtus = pathMtus;
        this.ipOutput = ipOutput;
        this.counters = counters;
    }

    /** Sends a datagram without its IP header and takes it over. */
    void transmit(Frame out, int src, int dst, int protocol, int trafficClass, long nowNs) {
        transmit(out, src, dst, protocol, trafficClass, protocol == Ipv4.TCP, nowNs);
    }

    /**
     * The same. What is longer than the path's MTU is sent in fragments.
     *
     * @param dontFragment drop it instead: whoever sent it asks {@link #pathMtu} before
     */
    void transmit(
            Frame out,
            int src,
            int dst,
            int protocol,
            int trafficClass,
            boolean dontFragment,
            long nowNs) {
        Route route = routes.lookup(dst);
        if (route == null) {
            counters.increment(Counter.IP_OUT_NO_ROUTES);
            out.release();
            return;
        }
        // A connection minds its path MTU itself; what was on its way when that fell is not cut.
        boolean own = protocol == Ipv4.TCP;
        int mtu = own ? route.mtu() : pathMtus.get(dst, route.mtu(), nowNs);
        int ttl = ipOutput.ttl();
        transmit(out, src, dst, protocol, trafficClass, dontFragment, route, mtu, ttl, nowNs);
    }

    /** Sends a datagram without its IP header to a multicast group, by a route, and takes it over. */
    void transmitToGroup(
            Frame out,
            int src,
            int dst,
            int protocol,
            int trafficClass,
            boolean dontFragment,
            Route route,
            int ttl,
            long nowNs) {
        counters.increment(Counter.IP_OUT_MCAST_PKTS);
        int mtu = route.mtu();
        transmit(out, src, dst, protocol, trafficClass, dontFragment, route, mtu, ttl, nowNs);
    }

    private void transmit(
            Frame out,
            int src,
            int dst,
            int protocol,
            int trafficClass,
            boolean dontFragment,
            Route route,
            int mtu,
            int ttl,
            long nowNs) {
        Interface to = interfaceOf(route);
        boolean own = protocol == Ipv4.TCP;
        boolean whole = own || out.length() + Ipv4.HEADER <= mtu;
        boolean partial = whole && (to == null || to.capabilities().checksum());
        if (protocol == Ipv4.TCP) {
            Ipv4Output.checksum(out, src, dst, protocol, Tcp.CHECKSUM, partial);
        } else if (protocol == Ipv4.UDP) {
            Ipv4Output.checksum(out, src, dst, protocol, Udp.CHECKSUM, partial);
        }
        counters.increment(Counter.IP_OUT_REQUESTS);
        if (!whole) {
            if (dontFragment) failToFragment(out);
            else fragment(out, src, dst, protocol, trafficClass, mtu, ttl, route, nowNs);
            return;
        }
        boolean df = dontFragment || mtu > PathMtus.MIN;
        ipOutput.header(out, src, dst, protocol, trafficClass, df, ttl);
        forward(out, route, dst, nowNs);
    }

    /** Sends a datagram in fragments: all of them, or none where that can be seen before. */
    private void fragment(
            Frame out,
            int src,
            int dst,
            int protocol,
            int trafficClass,
            int mtu,
            int ttl,
            Route route,
            long nowNs) {
        int n = Ipv4Output.fragments(out.length(), mtu);
        if (n == 0 || !hasRoom(route, dst, n, nowNs)) {
            failToFragment(out);
            return;
        }
        counters.increment(Counter.IP_FRAG_OKS);
        counters.add(Counter.IP_FRAG_CREATES, n);
        Frame fragment = ipOutput.cut(out, src, dst, protocol, trafficClass, mtu, ttl);
        while (fragment != null) {
            Frame next = fragment.next;
            fragment.next = null;
            forward(fragment, route, dst, nowNs);
            fragment = next;
        }
    }

    private void failToFragment(Frame out) {
        counters.increment(Counter.IP_FRAG_FAILS);
        out.release();
    }

    private boolean hasRoom(Route route, int dst, int datagrams, long nowNs) {
        Interface to = interfaceOf(route);
        boolean group = addresses.isGroup(dst);
        return to != null && to.hasRoom(datagrams, route.nextHop(dst), group, nowNs);
    }

    /** Sends a datagram or fragment with its IP header by a route. */
    private void forward(Frame out, Route route, int dst, long nowNs) {
        Interface to = interfaceOf(route);
        if (to != null) to.transmit(out, route.nextHop(dst), addresses.isGroup(dst), nowNs);
        else if (!loopback.transmit(out)) discard(out);
    }

    /** Most bytes of an IP datagram that goes to a destination whole; 0 if no route leads there. */
    int pathMtu(int dst, long nowNs) {
        Route route = routes.lookup(dst);
        return route == null ? 0 : pathMtus.get(dst, route.mtu(), nowNs);
    }

    /** Sends a broadcast to ourselves. */
    void loop(Frame out, int src, int dst, int protocol, int trafficClass) {
        Ipv4Output.checksum(out, src, dst, protocol, Udp.CHECKSUM, true);
        ipOutput.header(out, src, dst, protocol, trafficClass, true);
        if (!loopback.transmit(out)) discard(out);
    }

    /**
     * Sends a copy of a multicast, which goes out by a link too, to ourselves: for sockets that listen on
     * that link.
     */
    void loop(Frame out, int src, int dst, int protocol, int trafficClass, int ttl, int link) {
        Ipv4Output.checksum(out, src, dst, protocol, Udp.CHECKSUM, true);
        ipOutput.header(out, src, dst, protocol, trafficClass, true, ttl);
        out.copyForLink = link + 1;
        if (!loopback.transmit(out)) discard(out);
    }

    /** Null: the loopback. */
    private Interface interfaceOf(Route route) {
        return route.loopback() ? null : interfaces[route.link()];
    }

    /** The neighbour through which an address is reached sends what is for us. */
    void confirm(int remoteAddress, long nowNs) {
        Route route = routes.lookup(remoteAddress);
        if (route == null || route.loopback()) return;
        NeighborTable neighbors = interfaces[route.link()].neighbors();
        if (neighbors != null) neighbors.confirm(route.nextHop(remoteAddress), nowNs);
    }

    /** Whether datagrams to a link, or to {@link Route#LOOPBACK}, have to wait. */
    boolean isBlocked(int link) {
        return link == Route.LOOPBACK
                ? loopback.queued() >= LOOPBACK_BUSY
                : interfaces[link].isBlocked();
    }

    private void discard(Frame out) {
        counters.increment(Counter.IP_OUT_DISCARDS);
        out.release();
    }
}
