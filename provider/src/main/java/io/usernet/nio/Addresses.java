package io.usernet.nio;

import io.usernet.tcp.FourTuple;
import io.usernet.wire.Ipv4Address;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;

/** Socket addresses, from the application's form to the stack's and back. */
final class Addresses {
    private Addresses() {}

    /**
     * An IPv4 socket address. IPv6's wildcard and loopback mean IPv4's, because that is what
     * {@code new InetSocketAddress(port)} and {@code localhost} may be where the JVM prefers IPv6.
     *
     * @throws NullPointerException if there is no address
     * @throws UnsupportedAddressTypeException if it is not IPv4
     * @throws UnresolvedAddressException if it is only a name
     */
    static InetSocketAddress check(SocketAddress address) {
        InetSocketAddress inet = checkInet(address);
        InetAddress host = inet.getAddress();
        if (host instanceof Inet4Address) return inet;
        if (host.isAnyLocalAddress()) return of(Ipv4Address.ANY, inet.getPort());
        if (host.isLoopbackAddress()) return of(Ipv4Address.LOOPBACK, inet.getPort());
        throw new UnsupportedAddressTypeException();
    }

    /**
     * A resolved address of IPv4 or IPv6, which some transport may serve.
     *
     * @throws NullPointerException if there is no address
     * @throws UnsupportedAddressTypeException if it is of neither
     * @throws UnresolvedAddressException if it is only a name
     */
    static InetSocketAddress checkInet(SocketAddress address) {
        if (address == null) throw new NullPointerException();
        if (!(address instanceof InetSocketAddress inet))
            throw new UnsupportedAddressTypeException();
        if (inet.isUnresolved()) throw new UnresolvedAddressException();
        return inet;
    }

    /** {@link #check} for a peer: the wildcard means this host. */
    static InetSocketAddress checkRemote(SocketAddress address) {
        InetSocketAddress inet = check(address);
        return ipv4(inet) == Ipv4Address.ANY ? of(Ipv4Address.LOOPBACK, inet.getPort()) : inet;
    }

    /** The IP address of what {@link #check} returned. */
    static int ipv4(InetSocketAddress checked) {
        return Ipv4Address.of((Inet4Address) checked.getAddress());
    }

    static InetSocketAddress of(int address, int port) {
        return new InetSocketAddress(Ipv4Address.toInetAddress(address), port);
    }

    static InetSocketAddress local(FourTuple tuple) {
        return of(tuple.localAddress(), tuple.localPort());
    }

    static InetSocketAddress remote(FourTuple tuple) {
        return of(tuple.remoteAddress(), tuple.remotePort());
    }
}
