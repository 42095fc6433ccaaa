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

    private final Route[] longestFirst;

    private Routes(List<Route> routes) {
        longestFirst = routes.toArray(new Route[0]);
    }

    /**
     * The routes that follow from our addresses: each of them and 127.0.0.0/8 lead back to us, their
     * networks are on the link, and everything else is behind the gateway.
     *
     * @param gateway 0: none
     * @param linkMtu 0: there is no link
     */
    public static Routes of(List<Cidr> addresses, int gateway, int linkMtu) {
        List<Route> routes = new ArrayList<>();
        Cidr loopback = new Cidr(Ipv4Address.LOOPBACK, 8);
        routes.add(new Route(loopback, 0, Ipv4Address.LOOPBACK, true, LOOPBACK_MTU));
        Cidr towardsGateway = null;
        for (Cidr own : addresses) {
            int address = own.address();
            routes.add(new Route(new Cidr(address, 32), 0, address, true, LOOPBACK_MTU));
            if (linkMtu == 0) continue;
            if (own.prefixLength() < 32) routes.add(new Route(own, 0, address, false, linkMtu));
            boolean closer =
                    towardsGateway == null || own.prefixLength() > towardsGateway.prefixLength();
            if (closer && own.contains(gateway)) towardsGateway = own;
        }
        if (gateway != 0 && towardsGateway != null) {
            int source = towardsGateway.address();
            routes.add(new Route(new Cidr(0, 0), gateway, source, false, linkMtu));
        }
        Comparator<Route> length = Comparator.comparingInt(r -> r.destination().prefixLength());
        routes.sort(length.reversed()); // stable: among equals the first address's
        return new Routes(routes);
    }

    /** The route to a unicast address, or null. */
    public Route lookup(int address) {
        for (Route route : longestFirst) if (route.destination().contains(address)) return route;
        return null;
    }

    /** All routes, longest prefix first. */
    public List<Route> list() {
        return List.of(longestFirst);
    }
}
