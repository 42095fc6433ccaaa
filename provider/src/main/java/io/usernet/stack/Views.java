package io.usernet.stack;

import io.usernet.ip.Route;
import io.usernet.ip.Routes;
import io.usernet.link.Loopback;
import io.usernet.neighbor.Neighbor;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.Connection;
import io.usernet.tcp.Endpoint;
import io.usernet.tcp.FourTuple;
import io.usernet.tcp.HalfOpen;
import io.usernet.tcp.State;
import io.usernet.tcp.Stream;
import io.usernet.udp.UdpEndpoint;
import io.usernet.view.InterfaceView;
import io.usernet.view.InterfaceView.Flag;
import io.usernet.view.InterfaceView.Traffic;
import io.usernet.view.NeighborView;
import io.usernet.view.RouteView;
import io.usernet.view.SocketView;
import io.usernet.view.SocketView.Protocol;
import io.usernet.view.TcpInfo;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.List;

/** Makes views of what the stack has. In the seat; allocates. */
final class Views {
    private Views() {}

    static SocketView listener(Binding binding) {
        Backlog backlog = binding.listener.backlog();
        return new SocketView(
                Protocol.TCP,
                SocketView.State.LISTEN,
                backlog.size(),
                backlog.limit(),
                address(binding.address(), binding.port()),
                null,
                null);
    }

    static SocketView endpoint(Endpoint endpoint) {
        if (endpoint instanceof Connection c) return connection(c);
        boolean opening = endpoint instanceof HalfOpen;
        return tcp(
                endpoint.tuple(),
                opening ? SocketView.State.SYN_RECV : SocketView.State.TIME_WAIT,
                0,
                0,
                null);
    }

    private static SocketView connection(Connection c) {
        Stream stream = c.stream();
        int unread = stream.receiveQueue().isClosed() ? 0 : stream.receiveQueue().available();
        return tcp(c.tuple(), state(c.state()), unread, c.unacknowledged(), c.info());
    }

    private static SocketView tcp(
            FourTuple t, SocketView.State state, int recvQ, int sendQ, TcpInfo info) {
        return new SocketView(
                Protocol.TCP,
                state,
                recvQ,
                sendQ,
                address(t.localAddress(), t.localPort()),
                address(t.remoteAddress(), t.remotePort()),
                info);
    }

    static SocketView datagrams(UdpEndpoint e) {
        boolean connected = e.isConnected();
        return new SocketView(
                Protocol.UDP,
                connected ? SocketView.State.ESTAB : SocketView.State.UNCONN,
                e.receiveQueued(),
                e.sendQueued(),
                address(e.localAddress(), e.localPort()),
                connected ? address(e.remoteAddress(), e.remotePort()) : null,
                null);
    }

    private static SocketView.State state(State state) {
        return switch (state) {
            case CLOSED -> SocketView.State.UNCONN;
            case LISTEN -> SocketView.State.LISTEN;
            case SYN_SENT -> SocketView.State.SYN_SENT;
            case SYN_RECEIVED -> SocketView.State.SYN_RECV;
            case ESTABLISHED -> SocketView.State.ESTAB;
            case FIN_WAIT_1 -> SocketView.State.FIN_WAIT_1;
            case FIN_WAIT_2 -> SocketView.State.FIN_WAIT_2;
            case CLOSE_WAIT -> SocketView.State.CLOSE_WAIT;
            case CLOSING -> SocketView.State.CLOSING;
            case LAST_ACK -> SocketView.State.LAST_ACK;
            case TIME_WAIT -> SocketView.State.TIME_WAIT;
        };
    }

    static InetSocketAddress address(int address, int port) {
        return new InetSocketAddress(Ipv4Address.toInetAddress(address), port);
    }

    static NeighborView neighbor(Neighbor n, String dev, long nowNs) {
        return new NeighborView(
                Ipv4Address.toInetAddress(n.address()), dev, n.mac(), state(n.state(nowNs)));
    }

    private static NeighborView.State state(Neighbor.State state) {
        return switch (state) {
            case INCOMPLETE -> NeighborView.State.INCOMPLETE;
            case REACHABLE -> NeighborView.State.REACHABLE;
            case STALE -> NeighborView.State.STALE;
            case DELAY -> NeighborView.State.DELAY;
            case PROBE -> NeighborView.State.PROBE;
            case FAILED -> NeighborView.State.FAILED;
        };
    }

    static RouteView route(Route route, String dev) {
        RouteView.Type type =
                route.loopback()
                        ? RouteView.Type.LOCAL
                        : route.destination().equals(new Cidr(Ipv4Address.BROADCAST, 32))
                                ? RouteView.Type.BROADCAST
                                : RouteView.Type.UNICAST;
        return new RouteView(
                type,
                route.destination(),
                orNull(route.gateway()),
                dev,
                orNull(route.source()),
                route.mtu());
    }

    private static InetAddress orNull(int address) {
        return address == 0 ? null : Ipv4Address.toInetAddress(address);
    }

    static InterfaceView loopback(Loopback loopback) {
        Traffic traffic = new Traffic(loopback.bytes(), loopback.packets());
        return new InterfaceView(
                1,
                "lo",
                EnumSet.of(Flag.LOOPBACK, Flag.UP, Flag.LOWER_UP),
                Routes.LOOPBACK_MTU,
                0,
                List.of(new Cidr(Ipv4Address.LOOPBACK, 8)),
                traffic,
                traffic,
                loopback.refused());
    }
}
