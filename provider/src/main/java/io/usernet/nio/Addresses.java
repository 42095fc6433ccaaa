package io.usernet.nio;

import io.usernet.tcp.FourTuple;
import io.usernet.wire.Ipv4Address;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;

/** Socket addresses, from the application's form to the stack's and back. */
final class Addresses {
    private Addresses() {}

    private static final InetAddress LOOPBACK6 = ipv6Loopback();

    private static InetAddress ipv6Loopback() {
        byte[] bytes = new byte[16];
        bytes[15] = 1;
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("16 bytes are an address", e);
        }
    }

    /**
     * A socket address that the stack can serve, as it was given. IPv6's wildcard and loopback mean
     * IPv4's, because that is what {@code new InetSocketAddress(port)} and {@code localhost} may be where
     * the JVM prefers IPv6: {@link #ipv4} says which.
     *
     * @throws NullPointerException if there is no address
     * @throws UnsupportedAddressTypeException if it is another one of IPv6
     * @throws UnresolvedAddressException if it is only a name
     */
    static InetSocketAddress check(SocketAddress address) {
        InetSocketAddress inet = checkInet(address);
        InetAddress host = inet.getAddress();
        boolean served =
                host instanceof Inet4Address
                        || host.isAnyLocalAddress()
                        || host.isLoopbackAddress();
        if (!served) throw new UnsupportedAddressTypeException();
        return inet;
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

    /** {@link #check} for a peer: the wildcard means this host's loopback, of the same family. */
    static InetSocketAddress checkRemote(SocketAddress address) {
        InetSocketAddress inet = check(address);
        if (!inet.getAddress().isAnyLocalAddress()) return inet;
        return isIpv6(inet)
                ? new InetSocketAddress(LOOPBACK6, inet.getPort())
                : of(Ipv4Address.LOOPBACK, inet.getPort());
    }

    /** The stack's address for what {@link #check} returned. */
    static int ipv4(InetSocketAddress checked) {
        InetAddress host = checked.getAddress();
        if (host instanceof Inet4Address v4) return Ipv4Address.of(v4);
        return host.isAnyLocalAddress() ? Ipv4Address.ANY : Ipv4Address.LOOPBACK;
    }

    /** Whether it was given in IPv6's form. */
    static boolean isIpv6(InetSocketAddress address) {
        return !(address.getAddress() instanceof Inet4Address);
    }

    /**
     * An address of this host's, for one who knows the other end by a given one: of IPv6's loopback is
     * whoever talks to that.
     */
    static InetSocketAddress likewise(InetSocketAddress given, int address, int port) {
        boolean six = address == Ipv4Address.LOOPBACK && isIpv6(given);
        return six ? new InetSocketAddress(LOOPBACK6, port) : of(address, port);
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
