package io.usernet.ip;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The routing table: immutable, replaced as a whole. The longest prefix wins. */
public final class Routes {
    /** MTU of the loopback. */
    public static final int LOOPBACK_MTU = 65_535;

    private static final Cidr LIMITED_BROADCAST = new Cidr(Ipv4Address.BROADCAST, 32);

    private static final Cidr GROUPS = new Cidr(0xE000_0000, 4);

    private final Route[] longestFirst;
    private final Route[] ofGroups; // by the loopback, and by each link

    private Routes(List<Route> routes, Route[] ofGroups) {
        longestFirst = routes.toArray(new Route[0]);
        this.ofGroups = ofGroups;
    }

    /**
     * A link and our addresses on it.
     *
     * @param mtu most bytes of an IP packet; 0: there is no link, only addresses
     * @param leadsEverywhere whether what no other route leads to can be sent here without a gateway
     */
    public record Attachment(List<Cidr> addresses, int mtu, boolean leadsEverywhere) {}

    /**
     * The routes that follow from our addresses: each of them and 127.0.0.0/8 lead back to us, their
     * networks are on their link, and everything else is behind the gateway. Where no link has an
     * address, the limited broadcast comes back to us, although Linux has "Network is unreachable" in
     * its place: an application that finds its own kind so has always had a machine with a network.
     *
     * @param links in order: a route names them by their place
     * @param gateway 0: none
     */
    public static Routes of(List<Attachment> links, int gateway) {
        List<Route> routes = new ArrayList<>();
        Cidr loopback = new Cidr(Ipv4Address.LOOPBACK, 8);
        routes.add(new Route(loopback, 0, Ipv4Address.LOOPBACK, Route.LOOPBACK, LOOPBACK_MTU));
        for (int link = 0; link < links.size(); link++) add(links.get(link), link, routes);
        Route towards = null;
        for (Route route : routes) {
            boolean closer =
                    towards == null
                            || route.destination().prefixLength()
                                    > towards.destination().prefixLength();
            if (!route.loopback() && closer && route.destination().contains(gateway)) {
                towards = route;
            }
        }
        Cidr everywhere = new Cidr(0, 0);
        if (gateway != 0 && towards != null) {
            int source = towards.source();
            routes.add(new Route(everywhere, gateway, source, towards.link(), towards.mtu()));
        }
        for (int link = 0; link < links.size(); link++) {
            Attachment to = links.get(link);
            if (!to.leadsEverywhere()) continue;
            int source = to.addresses().isEmpty() ? 0 : to.addresses().get(0).address();
            routes.add(new Route(everywhere, 0, source, link, to.mtu()));
        }
        if (routes.stream().noneMatch(r -> r.destination().equals(LIMITED_BROADCAST))) {
            int source = Ipv4Address.LOOPBACK;
            routes.add(new Route(LIMITED_BROADCAST, 0, source, Route.LOOPBACK, LOOPBACK_MTU));
        }
        Comparator<Route> length = Comparator.comparingInt(r -> r.destination().prefixLength());
        routes.sort(length.reversed()); // stable: among equals the first address's
        return new Routes(routes, ofGroups(links));
    }

    private static Route[] ofGroups(List<Attachment> links) {
        List<Route> routes = new ArrayList<>();
        int here = Ipv4Address.LOOPBACK;
        routes.add(new Route(GROUPS, 0, here, Route.LOOPBACK, LOOPBACK_MTU));
        for (int link = 0; link < links.size(); link++) {
            Attachment to = links.get(link);
            if (to.mtu() == 0) continue;
            int source = to.addresses().isEmpty() ? 0 : to.addresses().get(0).address();
            routes.add(new Route(GROUPS, 0, source, link, to.mtu()));
        }
        return routes.toArray(new Route[0]);
    }

    private static void add(Attachment to, int link, List<Route> routes) {
        for (Cidr own : to.addresses()) {
            int address = own.address();
            Cidr host = new Cidr(address, 32);
            routes.add(new Route(host, 0, address, Route.LOOPBACK, LOOPBACK_MTU));
            if (to.mtu() == 0) continue;
            if (own.prefixLength() < 32) routes.add(new Route(own, 0, address, link, to.mtu()));
            // The limited broadcast goes out on the first link (RFC 919).
            routes.add(new Route(LIMITED_BROADCAST, 0, address, link, to.mtu()));
        }
    }

    /** The route to an address, a broadcast one too, or null. */
    public Route lookup(int address) {
        for (Route route : longestFirst) if (route.destination().contains(address)) return route;
        return null;
    }

    /** How to reach multicast groups by a link, or {@link Route#LOOPBACK}; null: there is no such link. */
    public Route toGroups(int link) {
        for (Route route : ofGroups) if (route.link() == link) return route;
        return null;
    }

    /**
     * How to reach a multicast group by default: on the link that a route leads to, or else the first
     * one. The loopback where there is none.
     */
    public Route toGroup(int group) {
        Route route = lookup(group);
        Route known = route == null ? null : toGroups(route.link());
        return known != null ? known : ofGroups[Math.min(1, ofGroups.length - 1)];
    }

    /** Whether a link, rather than the loopback alone, leads to multicast groups. */
    public boolean reachesGroups() {
        return ofGroups.length > 1;
    }

    /** The link with one of our addresses, or {@link Route#LOOPBACK}. */
    public int linkOf(int own) {
        for (Route route : longestFirst) {
            boolean theirs = route.source() == own && !route.loopback();
            if (theirs) return route.link();
        }
        return Route.LOOPBACK;
    }

    /** All routes, longest prefix first. */
    public List<Route> list() {
        return List.of(longestFirst);
    }
}
