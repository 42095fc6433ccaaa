package io.usernet.stack;

import static io.usernet.stack.Packets.ip;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.igmp.SourceFilter;
import io.usernet.metrics.Counter;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.Udp;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who receives which multicast, and where it is sent, in virtual time; what routers hear is IgmpTest's. */
class MulticastTest {
    private static final String ME = "10.0.0.2", PEER = "10.0.0.1", OTHER = "10.0.0.9";
    private static final String GROUP = "239.1.2.3";
    private static final int PORT = 7000;
    private static final Reuse SHARED = Reuse.NONE.withAddress(true);

    private final Host host = host(StackConfig.defaults(), 3);

    private static Host host(StackConfig config, int layer) {
        return new Host(config.withAddress(ME + "/24"), layer);
    }

    private static UdpSocket bound(Host on, String address) throws IOException {
        UdpSocket socket = on.stack.newUdpSocket();
        on.stack.bind(socket, ip(address), PORT, SHARED);
        return socket;
    }

    private UdpSocket bound() throws IOException {
        return bound(host, "0.0.0.0");
    }

    private static void listen(Host on, UdpSocket socket, SourceFilter filter) throws IOException {
        on.run(); // as a command does, in a turn
        on.stack.listen(socket, UdpSocket.LINK_OF_ROUTE, ip(GROUP), filter);
        on.run();
        on.link.allSent(); // reports
    }

    private UdpSocket member() throws IOException {
        UdpSocket socket = bound();
        listen(host, socket, SourceFilter.ALL);
        return socket;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private void arrives(String src, String dst, String text) {
        host.receives(Packets.udp(src, 5000, dst, PORT, bytes(text)));
    }

    private static void send(Host on, UdpSocket socket, byte[] payload) throws IOException {
        int group = ip(GROUP), link = socket.multicastLink;
        int bound = socket.endpoint().boundAddress();
        int source = on.stack.sourceToGroup(bound, group, link, payload.length, false);
        assertTrue(socket.send(ByteBuffer.wrap(payload), source, group, PORT, 0));
        on.stack.inbox().post(socket, UdpSocket.TRANSMIT);
        on.run();
    }

    private void send(UdpSocket socket, String text) throws IOException {
        send(host, socket, bytes(text));
    }

    private static void close(Host on, UdpSocket... sockets) {
        for (UdpSocket s : sockets) on.stack.inbox().post(s, UdpSocket.CLOSE);
        on.run();
    }

    /** Sender and text, such as "10.0.0.1 hello", or null. */
    private static String received(UdpSocket socket) {
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        long from = socket.receive(dst);
        if (from == UdpSocket.NONE) return null;
        String text = new String(dst.array(), 0, dst.position(), StandardCharsets.US_ASCII);
        return Ipv4Address.format((int) (from >>> 16)) + " " + text;
    }

    private void assertNothingLeft(Host on) {
        assertEquals(0, on.stack.usage().udpSockets());
        assertEquals(0, on.stack.ports());
        on.assertNoFramesOut();
        assertEquals(0, on.stack.memory().inUse(), "memory");
    }

    // -- in

    @Test
    void aSocketReceivesTheGroupsThatItHasJoined() throws IOException {
        UdpSocket member = member(), stranger = bound();
        arrives(PEER, GROUP, "hello");
        assertEquals("10.0.0.1 hello", received(member));
        assertNull(received(stranger), "as with IP_MULTICAST_ALL off");
        host.assertCount(1, Counter.IP_IN_MCAST_PKTS);
        host.assertCount(1, Counter.UDP_IN_DATAGRAMS);
        listen(host, member, SourceFilter.NONE);
        arrives(PEER, GROUP, "again");
        assertNull(received(member));
        host.assertCount(1, Counter.IP_IN_ADDR_ERRORS);
        close(host, member, stranger);
        assertNothingLeft(host);
    }

    @Test
    void everyMemberGetsACopy() throws IOException {
        UdpSocket one = member(), other = member();
        UdpSocket atGroup = bound(host, GROUP);
        listen(host, atGroup, SourceFilter.ALL);
        UdpSocket atAddress = bound(host, ME);
        listen(host, atAddress, SourceFilter.ALL);
        for (String text : List.of("short", "x".repeat(1_400))) {
            arrives(PEER, GROUP, text);
            for (UdpSocket s : List.of(one, other, atGroup)) {
                assertEquals("10.0.0.1 " + text, received(s));
                assertNull(received(s));
            }
            assertNull(received(atAddress), "it is bound to another address");
        }
        host.assertCount(6, Counter.UDP_IN_DATAGRAMS);
        arrives(PEER, ME, "unicast");
        assertNull(received(atGroup));
        close(host, one, other, atGroup, atAddress);
        assertNothingLeft(host);
    }

    @Test
    void filtersPassSources() throws IOException {
        UdpSocket all = member(), some = bound(), others = bound(), both = bound();
        listen(host, some, SourceFilter.include(ip(PEER)));
        listen(host, others, SourceFilter.exclude(ip(PEER)));
        listen(host, both, SourceFilter.include(ip(PEER), ip(OTHER)));
        arrives(PEER, GROUP, "a");
        arrives(OTHER, GROUP, "b");
        assertEquals("10.0.0.1 a", received(all));
        assertEquals("10.0.0.9 b", received(all));
        assertEquals("10.0.0.1 a", received(some));
        assertNull(received(some));
        assertEquals("10.0.0.9 b", received(others));
        assertNull(received(others));
        assertEquals("10.0.0.1 a", received(both));
        assertEquals("10.0.0.9 b", received(both));
        close(host, all, others, both);
        arrives(OTHER, GROUP, "to nobody");
        host.assertCount(1, Counter.IP_IN_ADDR_ERRORS); // the interface itself lets none in
        arrives(PEER, GROUP, "c");
        assertEquals("10.0.0.1 c", received(some));
        close(host, some);
        assertNothingLeft(host);
    }

    @Test
    void nobodyAtThePortIsNoError() throws IOException {
        UdpSocket member = member();
        host.receives(Packets.udp(PEER, 5000, GROUP, PORT + 1, bytes("x")));
        host.assertCount(1, Counter.UDP_IGNORED_MULTI);
        host.assertSent(); // no ICMP
        arrives(PEER, "224.0.0.1", "all systems are here, though nobody has asked");
        host.assertCount(2, Counter.UDP_IGNORED_MULTI);
        host.assertSent();
        close(host, member);
    }

    @Test
    void allSystemsCanBeJoinedToo() throws IOException {
        UdpSocket socket = bound();
        host.stack.listen(socket, 0, ip("224.0.0.1"), SourceFilter.ALL);
        arrives(PEER, "224.0.0.1", "all");
        assertEquals("10.0.0.1 all", received(socket));
        close(host, socket);
        host.assertSent(); // never reported
    }

    @Test
    void aGroupIsNoSource() throws IOException {
        UdpSocket member = member();
        arrives(GROUP, GROUP, "from a group");
        arrives(GROUP, ME, "from a group");
        arrives("255.255.255.255", GROUP, "from everybody");
        arrives("0.0.0.0", GROUP, "from nobody");
        arrives(ME, GROUP, "from me");
        host.assertCount(5, Counter.IP_IN_MARTIANS);
        assertNull(received(member));
        close(host, member);
    }

    @Test
    void tcpToAGroupIsDropped() throws IOException {
        UdpSocket member = member();
        byte[] udp = Packets.udp(PEER, 5000, GROUP, PORT, new byte[12]);
        udp[9] = Ipv4.TCP;
        ByteBuffer b = Packets.direct(udp);
        Ipv4.putWhole(b, 0, 0, udp.length);
        byte[] tcp = new byte[udp.length];
        b.get(0, tcp);
        host.receives(tcp);
        host.assertCount(1, Counter.IP_IN_ADDR_ERRORS);
        host.assertSent();
        close(host, member);
    }

    @Test
    void aConnectedSocketHearsNoGroup() throws IOException {
        UdpSocket socket = member();
        host.stack.connect(socket, ip(PEER), 5000, false);
        arrives(PEER, GROUP, "as on Linux: it has an address of its own now");
        assertNull(received(socket));
        host.stack.disconnect(socket);
        arrives(PEER, GROUP, "again");
        assertEquals("10.0.0.1 again", received(socket));
        close(host, socket);
    }

    @Test
    void fragmentsArePutTogether() throws IOException {
        Host sender = host(StackConfig.defaults(), 3);
        UdpSocket from = bound(sender, "0.0.0.0");
        byte[] payload = new byte[5_000];
        Arrays.fill(payload, (byte) 'f');
        send(sender, from, payload);
        List<byte[]> fragments = sender.link.allSent();
        assertEquals(4, fragments.size());
        Host receiver = new Host(StackConfig.defaults().withAddress("10.0.0.7/24"), 3);
        UdpSocket member = bound(receiver, "0.0.0.0");
        for (byte[] f : fragments) receiver.receives(f);
        receiver.assertCount(4, Counter.IP_IN_ADDR_ERRORS);
        listen(receiver, member, SourceFilter.ALL);
        for (byte[] f : fragments) receiver.receives(f);
        assertEquals("10.0.0.2 " + "f".repeat(5_000), received(member));
        close(sender, from);
        close(receiver, member);
        assertNothingLeft(sender);
        assertNothingLeft(receiver);
    }

    // -- out

    @Test
    void itLeavesWithItsTtlAndComesBackToMembers() throws IOException {
        UdpSocket member = member(), sender = bound();
        host.assertCount(1, Counter.IP_OUT_MCAST_PKTS); // the report
        send(sender, "one");
        byte[] sent = host.link.sent();
        ByteBuffer b = Packets.direct(sent);
        assertEquals(1, Ipv4.ttl(b, 0));
        assertEquals(ip(ME), Ipv4.src(b, 0));
        assertEquals(ip(GROUP), Ipv4.dst(b, 0));
        assertEquals(PORT, Udp.dstPort(b, Ipv4.HEADER));
        assertEquals("10.0.0.2 one", received(member));
        assertNull(received(sender));
        sender.multicastTtl = 255;
        send(sender, "far");
        assertEquals(255, Ipv4.ttl(Packets.direct(host.link.sent()), 0));
        sender.multicastTtl = 0;
        send(sender, "at home");
        assertNull(host.link.sent());
        assertEquals("10.0.0.2 far", received(member));
        assertEquals("10.0.0.2 at home", received(member));
        host.assertCount(3, Counter.IP_OUT_MCAST_PKTS);
        close(host, member, sender);
    }

    @Test
    void itDoesNotComeBackUnlessWanted() throws IOException {
        UdpSocket member = member();
        member.multicastLoop = false;
        send(member, "out");
        assertNotNull(host.link.sent());
        assertNull(received(member));
        member.multicastTtl = 0;
        send(member, "nowhere");
        assertNull(host.link.sent());
        assertNull(received(member));
        member.multicastLoop = true;
        member.multicastTtl = 1;
        listen(host, member, SourceFilter.exclude(ip(ME)));
        send(member, "blocked");
        assertNotNull(host.link.sent());
        assertNull(received(member));
        close(host, member);
        assertNothingLeft(host);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255, 256, 1_472, 1_473, 9_000, 65_507})
    void everySizeComesBackAndGoesOut(int length) throws IOException {
        UdpSocket member = member();
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) payload[i] = (byte) (i * 31 ^ i >> 8);
        send(host, member, payload);
        int fragments = Math.max(1, (length + Udp.HEADER + 1_479) / 1_480);
        assertEquals(fragments, host.link.allSent().size());
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        assertEquals((long) ip(ME) << 16 | PORT, member.receive(dst));
        assertArrayEquals(payload, Arrays.copyOf(dst.array(), dst.position()));
        close(host, member);
        assertNothingLeft(host);
    }

    @Test
    void theLoopbackHasMembersOfItsOwn() throws IOException {
        UdpSocket onLink = member(), onLoopback = bound(), sender = bound();
        host.stack.listen(onLoopback, -1, ip(GROUP), SourceFilter.ALL);
        send(sender, "by the link");
        assertEquals("10.0.0.2 by the link", received(onLink));
        assertNull(received(onLoopback));
        host.link.allSent();
        sender.multicastLink = -1;
        for (boolean loop : new boolean[] {true, false}) {
            sender.multicastLoop = loop; // which means nothing there, as on Linux
            send(sender, "by the loopback");
            assertEquals("127.0.0.1 by the loopback", received(onLoopback));
            assertNull(received(onLink));
        }
        close(host, onLink, onLoopback, sender);
        host.advance(Duration.ofSeconds(20));
        for (byte[] sent : host.link.allSent()) {
            assertEquals(Ipv4.IGMP, Ipv4.protocol(Packets.direct(sent), 0));
        }
        assertNothingLeft(host);
    }

    @Test
    void aSocketBoundToTheLoopbackSendsThere() throws IOException {
        UdpSocket member = bound();
        host.stack.listen(member, -1, ip(GROUP), SourceFilter.ALL);
        UdpSocket sender = bound(host, "127.0.0.1");
        send(sender, "here");
        assertEquals("127.0.0.1 here", received(member));
        assertNull(host.link.sent());
        sender.multicastLink = UdpSocket.LINK_OF_ROUTE;
        SocketException e = assertThrows(SocketException.class, () -> send(sender, "x"));
        assertEquals("Invalid argument", e.getMessage());
        close(host, member, sender);
    }

    @Test
    void withoutALinkAStackHearsItself() throws IOException {
        Host alone = new Host(StackConfig.defaults(), 0);
        UdpSocket member = alone.stack.newUdpSocket();
        alone.stack.bind(member, 0, PORT, SHARED);
        alone.stack.listen(member, UdpSocket.LINK_OF_ROUTE, ip(GROUP), SourceFilter.ALL);
        send(alone, member, bytes("hello"));
        assertEquals("127.0.0.1 hello", received(member));
        assertNull(received(member));
        member.multicastLoop = false;
        send(alone, member, bytes("hush"));
        assertNull(received(member));
        close(alone, member);
        UdpSocket sender = alone.stack.newUdpSocket();
        alone.stack.bind(sender, 0, PORT, SHARED);
        send(alone, sender, bytes("anybody?"));
        alone.assertCount(1, Counter.IP_IN_ADDR_ERRORS);
        close(alone, sender);
        assertNothingLeft(alone);
    }

    @Test
    void aConnectedSocketSendsToItsGroup() throws IOException {
        UdpSocket member = member();
        UdpSocket sender = host.stack.newUdpSocket();
        UdpBinding ends = host.stack.connect(sender, ip(GROUP), PORT, false);
        assertEquals(ip(ME), ends.localAddress());
        int source = host.stack.sourceToGroup(ip(ME), ip(GROUP), sender.multicastLink, 2, false);
        sender.send(ByteBuffer.wrap(bytes("hi")), source, ip(GROUP), PORT, 0);
        host.stack.inbox().post(sender, UdpSocket.TRANSMIT);
        host.run();
        assertEquals("10.0.0.2 hi", received(member));
        close(host, member, sender);
    }

    @Test
    void whatMustNotBeCutIsRefused() throws IOException {
        assertEquals(ip(ME), host.stack.sourceToGroup(0, ip(GROUP), -2, 1_472, true));
        SocketException e =
                assertThrows(
                        SocketException.class,
                        () -> host.stack.sourceToGroup(0, ip(GROUP), -2, 1_473, true));
        assertEquals("Message too long", e.getMessage());
    }

    // -- Ethernet

    @Test
    void groupsHaveTheirHardwareAddresses() throws IOException {
        Host lan = host(StackConfig.defaults(), 2);
        UdpSocket socket = bound(lan, "0.0.0.0");
        send(lan, socket, bytes("x"));
        byte[] sent = null;
        for (byte[] frame : lan.link.allSent()) sent = frame; // behind the ARP announcement
        assertEquals(0x0100_5E01_0203L, Ethernet.dst(Packets.direct(sent), 0));
        byte[] datagram = Packets.udp(PEER, 5000, GROUP, PORT, bytes("in"));
        byte[] frame =
                Packets.ethernet(
                        Ethernet.ofGroup(ip(GROUP)), 0x02_00_00_00_00_01L, 0x800, datagram);
        lan.receives(frame);
        lan.assertCount(1, Counter.LINK_IN_DISCARDS);
        listen(lan, socket, SourceFilter.ALL);
        lan.receives(frame);
        assertEquals("10.0.0.1 in", received(socket));
        byte[] sibling = Packets.udp(PEER, 5000, "238.129.2.3", PORT, bytes("in"));
        lan.receives(
                Packets.ethernet(
                        Ethernet.ofGroup(ip(GROUP)), 0x02_00_00_00_00_01L, 0x800, sibling));
        assertNull(received(socket));
        lan.assertCount(1, Counter.IP_IN_ADDR_ERRORS);
        close(lan, socket);
        assertNothingLeft(lan);
    }

    // -- limits, and the end

    @Test
    void membershipsAreLimited() throws IOException {
        Host small =
                host(
                        StackConfig.defaults()
                                .with(Sysctl.IGMP_MAX_MEMBERSHIPS, 2)
                                .with(Sysctl.IGMP_MAX_MSF, 1),
                        3);
        UdpSocket socket = bound(small, "0.0.0.0");
        listen(small, socket, SourceFilter.ALL);
        small.stack.listen(socket, -1, ip(GROUP), SourceFilter.ALL);
        SocketException e =
                assertThrows(
                        SocketException.class,
                        () -> small.stack.listen(socket, 0, ip("239.9.9.9"), SourceFilter.ALL));
        assertEquals("No buffer space available (setsockopt failed)", e.getMessage());
        small.stack.listen(socket, 0, ip(GROUP), SourceFilter.exclude(1)); // no further one
        assertThrows(
                SocketException.class,
                () -> small.stack.listen(socket, 0, ip(GROUP), SourceFilter.exclude(1, 2)));
        small.stack.listen(socket, -1, ip(GROUP), SourceFilter.NONE);
        small.stack.listen(socket, 0, ip("239.9.9.9"), SourceFilter.ALL);
        close(small, socket);
    }

    @Test
    void aSocketThatIsNotBoundMayJoinAndClose() throws IOException {
        UdpSocket socket = host.stack.newUdpSocket();
        listen(host, socket, SourceFilter.ALL);
        host.stack.bind(socket, 0, PORT, SHARED);
        arrives(PEER, GROUP, "now");
        assertEquals("10.0.0.1 now", received(socket));
        close(host, socket);
        UdpSocket never = host.stack.newUdpSocket();
        listen(host, never, SourceFilter.ALL);
        close(host, never);
        arrives(PEER, GROUP, "nobody");
        host.assertCount(1, Counter.IP_IN_ADDR_ERRORS);
        assertThrows(
                ClosedChannelException.class,
                () -> host.stack.listen(never, 0, ip(GROUP), SourceFilter.ALL));
        assertFalse(never.isReadable() && received(never) != null);
        assertNothingLeft(host);
    }

    @Test
    void hundredsOfGroupsAreTold() throws IOException {
        Host many = host(StackConfig.defaults().with(Sysctl.IGMP_MAX_MEMBERSHIPS, 1_000), 3);
        UdpSocket socket = bound(many, "0.0.0.0");
        for (int i = 0; i < 500; i++) {
            many.stack.listen(socket, 0, ip("239.7.0.0") + i * 3, SourceFilter.ALL);
        }
        many.run();
        for (int i = 0; i < 1_500; i++) {
            byte[] dst = bytes("" + i);
            String group = Ipv4Address.format(ip("239.7.0.0") + i);
            many.receives(Packets.udp(PEER, 5000, group, PORT, dst));
            assertEquals(i % 3 == 0 ? "10.0.0.1 " + i : null, received(socket));
        }
        close(many, socket);
        many.advance(Duration.ofSeconds(20));
        many.link.allSent();
        assertNothingLeft(many);
    }
}
