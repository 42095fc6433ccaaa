package io.usernet.view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.metrics.Counter;
import io.usernet.view.InterfaceView.Flag;
import io.usernet.view.InterfaceView.Traffic;
import io.usernet.view.SocketView.Protocol;
import io.usernet.view.SocketView.State;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each table as iproute2 6.1 prints one of the same content, blanks at the ends of lines apart. */
class TablesTest {
    private static final TcpInfo INFO =
            new TcpInfo(
                    "reno",
                    10,
                    7,
                    204_000,
                    0,
                    27,
                    15,
                    1448,
                    14_480,
                    Integer.MAX_VALUE,
                    65_536,
                    3,
                    0,
                    0,
                    0);

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(ip(address), port);
    }

    private static InetAddress ip(String address) {
        return Ipv4Address.toInetAddress(Ipv4Address.parse(address));
    }

    private static SocketView tcp(
            State state, int recvQ, int sendQ, InetSocketAddress local, InetSocketAddress peer) {
        return new SocketView(Protocol.TCP, state, recvQ, sendQ, local, peer, null);
    }

    private static final SocketView LISTENER = tcp(State.LISTEN, 1, 5, at("127.0.0.1", 6888), null);
    private static final SocketView DATAGRAMS =
            new SocketView(Protocol.UDP, State.UNCONN, 0, 0, at("0.0.0.0", 53), null, null);

    @Test
    void ss() {
        List<SocketView> sockets = new ArrayList<>();
        sockets.add(tcp(State.TIME_WAIT, 0, 0, at("127.0.0.1", 56458), at("127.0.0.1", 80)));
        sockets.add(tcp(State.ESTAB, 3, 0, at("127.0.0.1", 6888), at("127.0.0.1", 57096)));
        sockets.add(LISTENER);
        sockets.add(tcp(State.LISTEN, 0, 7, at("0.0.0.0", 80), null));
        sockets.sort(SocketView.ORDER);
        assertEquals(
                """
                State     Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
                LISTEN    0      7            0.0.0.0:80         0.0.0.0:*
                LISTEN    1      5          127.0.0.1:6888       0.0.0.0:*
                ESTAB     3      0          127.0.0.1:6888     127.0.0.1:57096
                TIME-WAIT 0      0          127.0.0.1:56458    127.0.0.1:80
                """,
                Tables.ss(sockets));
        assertEquals("LISTEN 0 7 0.0.0.0:80 0.0.0.0:*", sockets.get(0).toString());
        assertEquals("ESTAB 3 0 127.0.0.1:6888 127.0.0.1:57096", sockets.get(2).toString());
    }

    /** The tool leaves no blank before Process where all ports are short. */
    @Test
    void ssOfDatagrams() {
        assertEquals(
                """
                State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
                UNCONN 0      0            0.0.0.0:53        0.0.0.0:*
                """,
                Tables.ss(List.of(DATAGRAMS)));
    }

    @Test
    void ssOfBothSaysWhich() {
        assertEquals(
                """
                Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
                tcp   LISTEN 1      5          127.0.0.1:6888      0.0.0.0:*
                udp   UNCONN 0      0            0.0.0.0:53        0.0.0.0:*
                """,
                Tables.ss(List.of(LISTENER, DATAGRAMS)));
    }

    @Test
    void ssOfNothingIsItsHeader() {
        assertEquals(
                "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n",
                Tables.ss(List.of()));
    }

    @Test
    void wideColumns() {
        SocketView wide =
                tcp(
                        State.FIN_WAIT_1,
                        1_234_567,
                        87_654_321,
                        at("192.168.100.200", 65535),
                        at("203.0.113.250", 443));
        assertEquals(
                """
                State      Recv-Q  Send-Q     Local Address:Port   Peer Address:PortProcess
                FIN-WAIT-1 1234567 87654321 192.168.100.200:65535 203.0.113.250:443
                """,
                Tables.ss(List.of(wide)));
    }

    @Test
    void ssInfo() {
        SocketView connection =
                new SocketView(
                        Protocol.TCP,
                        State.ESTAB,
                        0,
                        0,
                        at("127.0.0.1", 57096),
                        at("127.0.0.1", 6888),
                        INFO);
        assertEquals(
                """
                State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
                LISTEN 1      5          127.0.0.1:6888       0.0.0.0:*
                ESTAB  0      0          127.0.0.1:57096    127.0.0.1:6888
                \t reno wscale:10,7 rto:204 rtt:0.027/0.015 mss:1448 cwnd:10 bytes_acked:3 snd_wnd:65536
                """,
                Tables.ssInfo(List.of(LISTENER, connection)));
    }

    @Test
    void ssInfoAfterLosses() {
        TcpInfo info =
                new TcpInfo(
                        "reno", -1, -1, 1_600_500, 3, 200_000, 50_000, 1460, 1460, 2920, 0, 0, 9, 7,
                        4);
        assertEquals(
                "reno rto:1600.5 backoff:3 rtt:200/50 mss:1460 cwnd:1 ssthresh:2 bytes_retrans:7"
                        + " bytes_received:9",
                info.toString());
        TcpInfo opening =
                new TcpInfo(
                        "reno",
                        -1,
                        -1,
                        1_000_000,
                        0,
                        -1,
                        0,
                        0,
                        0,
                        Integer.MAX_VALUE,
                        0,
                        0,
                        0,
                        0,
                        0);
        assertEquals("reno rto:1000", opening.toString());
    }

    @Test
    void ipNeigh() {
        List<NeighborView> neighbors =
                List.of(
                        new NeighborView(ip("10.1.0.9"), "t0", 0, NeighborView.State.INCOMPLETE),
                        new NeighborView(
                                ip("10.1.0.6"), "t0", 0x0200_0000_0006L, NeighborView.State.STALE));
        assertEquals(
                """
                10.1.0.9 dev t0 INCOMPLETE
                10.1.0.6 dev t0 lladdr 02:00:00:00:00:06 STALE
                """,
                Tables.ipNeigh(neighbors));
    }

    @Test
    void ipRoute() {
        List<RouteView> routes =
                List.of(
                        route(RouteView.Type.LOCAL, "10.1.0.1/32", null, "lo", "10.1.0.1"),
                        route(RouteView.Type.LOCAL, "127.0.0.1/8", null, "lo", "127.0.0.1"),
                        route(
                                RouteView.Type.BROADCAST,
                                "255.255.255.255/32",
                                null,
                                "t0",
                                "10.1.0.1"),
                        route(RouteView.Type.UNICAST, "10.1.0.1/24", null, "t0", "10.1.0.1"),
                        route(RouteView.Type.UNICAST, "0.0.0.0/0", "10.1.0.5", "t0", null));
        assertEquals(
                """
                10.1.0.0/24 dev t0 proto kernel scope link src 10.1.0.1
                default via 10.1.0.5 dev t0
                """,
                Tables.ipRoute(routes));
        assertEquals(
                """
                local 10.1.0.1 dev lo table local proto kernel scope host src 10.1.0.1
                local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
                broadcast 255.255.255.255 dev t0 table local proto kernel scope link src 10.1.0.1
                10.1.0.0/24 dev t0 proto kernel scope link src 10.1.0.1
                default via 10.1.0.5 dev t0
                """,
                Tables.ipRouteAll(routes));
        assertEquals("global", routes.get(4).scope());
    }

    private static RouteView route(
            RouteView.Type type, String destination, String gateway, String dev, String source) {
        return new RouteView(
                type,
                Cidr.parse(destination),
                gateway == null ? null : ip(gateway),
                dev,
                source == null ? null : ip(source),
                1500);
    }

    private static final InterfaceView ETHERNET =
            new InterfaceView(
                    2,
                    "t0",
                    EnumSet.of(Flag.LOWER_UP, Flag.UP, Flag.MULTICAST, Flag.BROADCAST),
                    1500,
                    0x0280_53FA_3DCAL,
                    List.of(Cidr.parse("10.1.0.1/24")),
                    new Traffic(1_234_567, 890),
                    new Traffic(42, 1),
                    7);

    @Test
    void ipAddr() {
        InterfaceView loopback =
                new InterfaceView(
                        1,
                        "lo",
                        EnumSet.of(Flag.LOOPBACK, Flag.UP, Flag.LOWER_UP),
                        65_535,
                        0,
                        List.of(Cidr.parse("127.0.0.1/8")),
                        new Traffic(0, 0),
                        new Traffic(0, 0),
                        0);
        InterfaceView tun =
                new InterfaceView(
                        3,
                        "tun0",
                        EnumSet.of(
                                Flag.POINTOPOINT,
                                Flag.MULTICAST,
                                Flag.NOARP,
                                Flag.UP,
                                Flag.LOWER_UP),
                        1400,
                        0,
                        List.of(Cidr.parse("10.8.0.2/32")),
                        new Traffic(0, 0),
                        new Traffic(0, 0),
                        0);
        assertEquals(
                """
                1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65535 qdisc noqueue state UNKNOWN
                    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
                    inet 127.0.0.1/8 scope host lo
                       valid_lft forever preferred_lft forever
                2: t0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
                    link/ether 02:80:53:fa:3d:ca brd ff:ff:ff:ff:ff:ff
                    inet 10.1.0.1/24 brd 10.1.0.255 scope global t0
                       valid_lft forever preferred_lft forever
                3: tun0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1400 qdisc noqueue state UNKNOWN
                    link/none
                    inet 10.8.0.2/32 scope global tun0
                       valid_lft forever preferred_lft forever
                """,
                Tables.ipAddr(List.of(loopback, ETHERNET, tun)));
    }

    @Test
    void ipAddrStatistics() {
        assertEquals(
                """
                2: t0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
                    link/ether 02:80:53:fa:3d:ca brd ff:ff:ff:ff:ff:ff
                    inet 10.1.0.1/24 brd 10.1.0.255 scope global t0
                       valid_lft forever preferred_lft forever
                    RX:   bytes packets
                        1234567     890
                    TX:  bytes packets dropped
                            42       1       7
                """,
                Tables.ipAddrStatistics(List.of(ETHERNET)));
    }

    @Test
    void nstat() {
        Map<Counter, Long> counters = new EnumMap<>(Counter.class);
        counters.put(Counter.IP_IN_RECEIVES, 14L);
        counters.put(Counter.TCP_TIMEOUTS, 1_234_567_890L);
        assertEquals(
                """
                #usernet
                IpInReceives                    14                 0.0
                TcpExtTCPTimeouts               1234567890         0.0
                """,
                Tables.nstat(counters));
    }
}
