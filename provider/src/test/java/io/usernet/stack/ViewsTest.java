package io.usernet.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.Stream;
import io.usernet.udp.UdpSocket;
import io.usernet.view.InterfaceView;
import io.usernet.view.SocketView;
import io.usernet.view.Tables;
import io.usernet.view.TcpInfo;
import io.usernet.wire.Arp;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a stack at 10.0.0.2 shows of itself. The peer's segments are made by hand; its ISN is 1000. */
class ViewsTest {
    private static final String US = "10.0.0.2", PEER = "10.0.0.1";
    private static final byte[] NONE = {};
    private static final int THEIRS = 1001, OURS = Host.ISS + 1;

    private static StackConfig config() {
        return StackConfig.defaults().withAddress("10.0.0.2/24");
    }

    @Nested
    class Sockets {
        private final Host host = new Host(config(), 3);
        private Backlog backlog;

        @BeforeEach
        void listen() throws IOException {
            backlog = host.stack.listen(host.stack.bind(0, 80, Reuse.NONE), 5, 0);
        }

        private void receives(int seq, int ack, int flags, byte[] data) {
            host.receives(Packets.tcp(PEER, 999, US, 80, seq, ack, flags, 1000, NONE, data));
        }

        private Stream accepted() {
            receives(1000, 0, Tcp.SYN, NONE);
            receives(THEIRS, OURS, Tcp.ACK, NONE);
            return backlog.poll();
        }

        private void write(Stream stream, int bytes) {
            stream.write(ByteBuffer.allocate(bytes));
            post(stream, Stream.WRITTEN);
        }

        private void post(Stream stream, int what) {
            host.stack.inbox().post(stream, what);
            host.run();
        }

        private List<SocketView> sockets() {
            List<SocketView> all = new ArrayList<>(host.stack.socketViews());
            all.sort(SocketView.ORDER);
            return all;
        }

        /** The listener, and then these. */
        private void assertSockets(String... expected) {
            List<String> lines = new ArrayList<>();
            for (SocketView s : sockets()) lines.add(s.toString());
            assertTrue(lines.remove(0).startsWith("LISTEN "));
            assertEquals(List.of(expected), lines);
        }

        @Test
        void aListenersQueues() {
            assertEquals("[LISTEN 0 5 0.0.0.0:80 0.0.0.0:*]", sockets().toString());
            receives(1000, 0, Tcp.SYN, NONE);
            assertEquals(
                    "[LISTEN 0 5 0.0.0.0:80 0.0.0.0:*, SYN-RECV 0 0 10.0.0.2:80 10.0.0.1:999]",
                    sockets().toString());
            receives(THEIRS, OURS, Tcp.ACK, NONE);
            assertEquals(
                    "[LISTEN 1 5 0.0.0.0:80 0.0.0.0:*, ESTAB 0 0 10.0.0.2:80 10.0.0.1:999]",
                    sockets().toString());
            backlog.poll();
            assertEquals("LISTEN 0 5 0.0.0.0:80 0.0.0.0:*", sockets().get(0).toString());
        }

        @Test
        void unreadAndUnacknowledgedBytes() {
            Stream stream = accepted();
            receives(THEIRS, OURS, Tcp.ACK | Tcp.PSH, new byte[300]);
            assertSockets("ESTAB 300 0 10.0.0.2:80 10.0.0.1:999");
            stream.read(ByteBuffer.allocate(100));
            write(stream, 500);
            assertSockets("ESTAB 200 500 10.0.0.2:80 10.0.0.1:999");
            receives(THEIRS + 300, OURS + 400, Tcp.ACK, NONE);
            assertSockets("ESTAB 200 100 10.0.0.2:80 10.0.0.1:999");
        }

        @Test
        void bytesThatTheWindowKeepsBackCount() {
            Stream stream = accepted();
            write(stream, 5_000); // the window is 1000
            assertSockets("ESTAB 0 5000 10.0.0.2:80 10.0.0.1:999");
        }

        @Test
        void statesOfAClose() {
            Stream stream = accepted();
            post(stream, Stream.CLOSE);
            assertSockets("FIN-WAIT-1 0 1 10.0.0.2:80 10.0.0.1:999");
            receives(THEIRS, OURS + 1, Tcp.ACK, NONE);
            assertSockets("FIN-WAIT-2 0 0 10.0.0.2:80 10.0.0.1:999");
            receives(THEIRS, OURS + 1, Tcp.ACK | Tcp.FIN, NONE);
            assertSockets("TIME-WAIT 0 0 10.0.0.2:80 10.0.0.1:999");
            assertNull(sockets().get(1).info());
        }

        @Test
        void statesOfAPeersClose() {
            Stream stream = accepted();
            receives(THEIRS, OURS, Tcp.ACK | Tcp.FIN, NONE);
            assertSockets("CLOSE-WAIT 0 0 10.0.0.2:80 10.0.0.1:999");
            post(stream, Stream.CLOSE);
            assertSockets("LAST-ACK 0 1 10.0.0.2:80 10.0.0.1:999");
            receives(THEIRS + 1, OURS + 1, Tcp.ACK, NONE);
            assertSockets();
        }

        @Test
        void bothCloseAtOnce() {
            Stream stream = accepted();
            post(stream, Stream.CLOSE);
            receives(THEIRS, OURS, Tcp.ACK | Tcp.FIN, NONE);
            assertSockets("CLOSING 0 1 10.0.0.2:80 10.0.0.1:999");
        }

        @Test
        void aConnectionThatOpensHasItsSynInSendQ() throws IOException {
            Stream stream = new Stream(host.stack.memory(), 1 << 16, 1 << 16);
            Binding binding = host.stack.connect(stream, null, Packets.ip(PEER), 7000);
            host.run();
            assertSockets("SYN-SENT 0 1 10.0.0.2:" + binding.port() + " 10.0.0.1:7000");
            TcpInfo info = sockets().get(1).info();
            assertEquals("reno rto:1000", info.toString());
            host.advance(Duration.ofMillis(1_100));
            info = sockets().get(1).info();
            assertEquals(1, info.retransmits());
            assertEquals(1, info.backoff());
        }

        @Test
        void datagramSockets() throws IOException {
            UdpSocket open = host.stack.newUdpSocket();
            host.stack.bind(open, 0, 53, Reuse.NONE);
            UdpSocket connected = host.stack.newUdpSocket();
            host.stack.bind(connected, Packets.ip(US), 54, Reuse.NONE);
            host.stack.connect(connected, Packets.ip(PEER), 5_000, false);
            host.receives(Packets.udp(PEER, 7, US, 53, new byte[100]));
            assertEquals(
                    """
                    Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
                    tcp   LISTEN 0      5            0.0.0.0:80        0.0.0.0:*
                    udp   UNCONN 356    0            0.0.0.0:53        0.0.0.0:*
                    udp   ESTAB  0      0           10.0.0.2:54       10.0.0.1:5000
                    """,
                    Tables.ss(sockets()));
        }

        @Test
        void detailsOfAConnection() {
            Stream stream = accepted();
            receives(THEIRS, OURS, Tcp.ACK | Tcp.PSH, new byte[300]);
            write(stream, 500);
            host.advance(Duration.ofMillis(30));
            receives(THEIRS + 300, OURS + 500, Tcp.ACK, NONE);
            TcpInfo info = sockets().get(1).info();
            assertEquals(536, info.mss(), "the peer said none (RFC 9293 MUST-15)");
            assertEquals(-1, info.sndWscale());
            assertEquals(1000, info.sndWnd());
            assertEquals(500, info.bytesAcked());
            assertEquals(300, info.bytesReceived());
            assertEquals(0, info.bytesRetransmitted());
            assertTrue(info.rttUs() > 0 && info.rttUs() <= 30_000, info.toString());
            write(stream, 200);
            host.advance(Duration.ofMillis(300));
            info = sockets().get(1).info();
            assertEquals(200, info.bytesRetransmitted());
            assertEquals(1, info.retransmits());
            assertEquals(1, info.backoff());
            assertEquals(536, info.cwnd(), "after a timeout");
        }
    }

    @Nested
    class Everything {
        private static final long PEERS_MAC = 0x02_00_00_00_00_01L;

        private final Host host = new Host(config().withGateway(PEER), 2);

        @BeforeEach
        void start() {
            host.run();
        }

        private void peerAsks() {
            host.receives(Packets.arp(TestLink.MAC, Arp.REQUEST, PEERS_MAC, PEER, 0, US));
        }

        @Test
        void neighbors() throws IOException {
            assertEquals("", Tables.ipNeigh(host.stack.neighborViews()));
            peerAsks();
            Stream stream = new Stream(host.stack.memory(), 1 << 16, 1 << 16);
            host.stack.connect(stream, null, Packets.ip("10.0.0.9"), 7000);
            host.run();
            List<String> lines =
                    new ArrayList<>(Tables.ipNeigh(host.stack.neighborViews()).lines().toList());
            lines.sort(null);
            assertEquals(
                    List.of(
                            "10.0.0.1 dev test0 lladdr 02:00:00:00:00:01 STALE",
                            "10.0.0.9 dev test0 INCOMPLETE"),
                    lines);
            host.advance(Duration.ofSeconds(4));
            String later = Tables.ipNeigh(host.stack.neighborViews());
            assertTrue(later.contains("10.0.0.9 dev test0 FAILED\n"), later);
        }

        @Test
        void routes() {
            assertEquals(
                    """
                    10.0.0.0/24 dev test0 proto kernel scope link src 10.0.0.2
                    default via 10.0.0.1 dev test0 src 10.0.0.2
                    """,
                    Tables.ipRoute(host.stack.routeViews()));
            List<String> all = Tables.ipRouteAll(host.stack.routeViews()).lines().toList();
            assertTrue(
                    all.containsAll(
                            List.of(
                                    "local 10.0.0.2 dev lo table local proto kernel scope host"
                                            + " src 10.0.0.2",
                                    "broadcast 255.255.255.255 dev test0 table local proto kernel"
                                            + " scope link src 10.0.0.2",
                                    "local 127.0.0.0/8 dev lo table local proto kernel scope host"
                                            + " src 127.0.0.1")),
                    all.toString());
            assertEquals(5, all.size());
        }

        @Test
        void interfaces() {
            peerAsks();
            byte[] ping = Packets.icmp(Icmp4.ECHO_REQUEST, 0, 1, new byte[100]);
            byte[] datagram = Packets.ipv4(Ipv4.ICMP, PEER, US, ping);
            host.receives(Packets.ethernet(TestLink.MAC, PEERS_MAC, Ethernet.IPV4, datagram));
            List<InterfaceView> interfaces = host.stack.interfaceViews();
            assertEquals(
                    """
                    1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65535 qdisc noqueue state UNKNOWN
                        link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
                        inet 127.0.0.1/8 scope host lo
                           valid_lft forever preferred_lft forever
                    2: test0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
                        link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
                        inet 10.0.0.2/24 brd 10.0.0.255 scope global test0
                           valid_lft forever preferred_lft forever
                    """,
                    Tables.ipAddr(interfaces));
            InterfaceView test0 = interfaces.get(1);
            assertEquals(2, test0.received().packets());
            assertEquals(42 + 14 + 20 + 8 + 100, test0.received().bytes());
            assertEquals(3, test0.sent().packets(), "an announcement, and two answers");
            assertEquals(42 + 42 + 14 + 20 + 8 + 100, test0.sent().bytes());
            assertEquals(0, test0.dropped());
        }

        @Test
        void whatFindsNoRoomIsDropped() {
            peerAsks();
            host.link.full = true;
            byte[] ping = Packets.icmp(Icmp4.ECHO_REQUEST, 0, 1, NONE);
            byte[] datagram = Packets.ipv4(Ipv4.ICMP, PEER, US, ping);
            byte[] frame = Packets.ethernet(TestLink.MAC, PEERS_MAC, Ethernet.IPV4, datagram);
            for (int i = 0; i < 300; i++) host.receives(frame);
            assertEquals(300 - 256, host.stack.interfaceViews().get(1).dropped());
        }

        @Test
        void theLoopbackCountsBothWays() throws IOException {
            Backlog backlog = host.stack.listen(host.stack.bind(0, 80, Reuse.NONE), 5, 0);
            Stream stream = new Stream(host.stack.memory(), 1 << 16, 1 << 16);
            host.stack.connect(stream, null, 0, 80);
            host.run();
            assertTrue(backlog.poll().isConnected());
            InterfaceView lo = host.stack.interfaceViews().get(0);
            assertEquals(3, lo.sent().packets(), "SYN, SYN-ACK, ACK");
            assertEquals(lo.sent(), lo.received());
        }

        @Test
        void aLinkOfPackets() {
            Host packets = new Host(config(), 3);
            InterfaceView link = packets.stack.interfaceViews().get(1);
            assertEquals(
                    "2: test0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state"
                            + " UNKNOWN\n    link/none",
                    link.toString().lines().limit(2).reduce((a, b) -> a + "\n" + b).get());
            assertEquals(List.of(), packets.stack.neighborViews());
        }
    }

    @Test
    void withoutLinksThereIsTheLoopback() {
        Host host = new Host(config(), 0);
        assertEquals(1, host.stack.interfaceViews().size());
        assertEquals("", Tables.ipRoute(host.stack.routeViews()));
        assertEquals(
                "local 10.0.0.2 dev lo table local proto kernel scope host src 10.0.0.2",
                host.stack.routeViews().get(0).toString());
    }
}
