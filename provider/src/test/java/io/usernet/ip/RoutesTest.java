package io.usernet.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoutesTest {
    private static final List<Cidr> ADDRESSES =
            List.of(Cidr.parse("10.0.0.2/8"), Cidr.parse("10.1.0.2/16"));

    private final Routes routes = routes(ip("10.1.0.1"), 1500);

    private static Routes routes(int gateway, int mtu) {
        return Routes.of(List.of(new Routes.Attachment(ADDRESSES, mtu, false)), gateway);
    }

    private static int ip(String text) {
        return Ipv4Address.parse(text);
    }

    private void assertRoute(String to, String source, String nextHop, boolean loopback) {
        Route route = routes.lookup(ip(to));
        assertEquals(source, Ipv4Address.format(route.source()));
        assertEquals(nextHop, Ipv4Address.format(route.nextHop(ip(to))));
        assertEquals(loopback, route.loopback());
        assertEquals(loopback ? 65_535 : 1500, route.mtu());
    }

    @Test
    void theLongestPrefixWins() {
        assertRoute("10.9.9.9", "10.0.0.2", "10.9.9.9", false);
        assertRoute("10.1.9.9", "10.1.0.2", "10.1.9.9", false);
        assertRoute("192.0.2.1", "10.1.0.2", "10.1.0.1", false);
    }

    @Test
    void ownAddressesLeadBack() {
        assertRoute("10.1.0.2", "10.1.0.2", "10.1.0.2", true);
        assertRoute("10.0.0.2", "10.0.0.2", "10.0.0.2", true);
        assertRoute("127.5.5.5", "127.0.0.1", "127.5.5.5", true);
    }

    @Test
    void withoutGatewayOrLinkThereIsNoWay() {
        assertNull(routes(0, 1500).lookup(ip("192.0.2.1")));
        Routes unlinked = routes(ip("10.1.0.1"), 0);
        assertNull(unlinked.lookup(ip("10.1.0.1")));
        assertTrue(unlinked.lookup(ip("10.1.0.2")).loopback());
    }

    @Test
    void eachLinkHasItsNetworks() {
        Routes two =
                Routes.of(
                        List.of(
                                new Routes.Attachment(
                                        List.of(Cidr.parse("10.0.0.2/24")), 1500, false),
                                new Routes.Attachment(
                                        List.of(Cidr.parse("10.0.1.2/24")), 9000, false)),
                        ip("10.0.1.1"));
        assertEquals(0, two.lookup(ip("10.0.0.9")).link());
        assertEquals(1, two.lookup(ip("10.0.1.9")).link());
        assertEquals(9000, two.lookup(ip("10.0.1.9")).mtu());
        assertEquals(1, two.lookup(ip("192.0.2.1")).link());
        assertEquals(Route.LOOPBACK, two.lookup(ip("10.0.1.2")).link());
        assertEquals(0, two.lookup(ip("255.255.255.255")).link());
    }

    @Test
    void aLinkMayLeadEverywhere() {
        Routes routes = Routes.of(List.of(new Routes.Attachment(List.of(), 1500, true)), 0);
        assertEquals(0, routes.lookup(ip("192.0.2.1")).link());
        assertEquals(0, routes.lookup(ip("192.0.2.1")).source());
        assertTrue(routes.lookup(ip("127.0.0.1")).loopback());
    }

    @Test
    void whatIsOursAndWhatIsBroadcast() {
        Addresses addresses = new Addresses(ADDRESSES);
        assertTrue(addresses.isLocal(ip("127.0.0.9")));
        assertFalse(addresses.isOwn(ip("127.0.0.9")));
        assertTrue(addresses.isOwn(ip("10.1.0.2")));
        assertTrue(addresses.isBroadcast(ip("10.1.255.255")));
        assertTrue(addresses.isBroadcast(ip("255.255.255.255")));
        assertFalse(addresses.isBroadcast(ip("10.1.0.255")));
    }

    @Test
    void aPointToPointNetworkHasNoBroadcast() {
        Addresses addresses = new Addresses(List.of(Cidr.parse("10.0.0.0/31")));
        assertFalse(addresses.isBroadcast(ip("10.0.0.1")));
        assertFalse(addresses.isBroadcast(0));
    }

    @Test
    void tokensComeBackWithTime() {
        TokenBucket bucket = new TokenBucket(10, 2);
        long s = 1_000_000_000;
        assertTrue(bucket.take(s) && bucket.take(s));
        assertFalse(bucket.take(s));
        assertFalse(bucket.take(s + s / 10 - 1));
        assertTrue(bucket.take(s + s / 10));
        assertTrue(bucket.take(1000 * s) && bucket.take(1000 * s));
        assertFalse(bucket.take(1000 * s));
        assertFalse(new TokenBucket(0, 5).take(s));
    }
}
