package io.usernet.socket;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.SocketOptions;
import java.net.StandardSocketOptions;

/** The options that java.net's datagram sockets know by number, on a leg. */
final class DatagramIds {
    private DatagramIds() {}

    static void set(DatagramSocket leg, int id, Object value) throws SocketException {
        try {
            switch (id) {
                case SocketOptions.SO_TIMEOUT -> leg.setSoTimeout((Integer) value);
                case SocketOptions.SO_SNDBUF -> leg.setSendBufferSize((Integer) value);
                case SocketOptions.SO_RCVBUF -> leg.setReceiveBufferSize((Integer) value);
                case SocketOptions.SO_REUSEADDR -> leg.setReuseAddress((Boolean) value);
                case SocketOptions.SO_BROADCAST -> leg.setBroadcast((Boolean) value);
                case SocketOptions.IP_TOS -> leg.setTrafficClass((Integer) value);
                case SocketOptions.SO_REUSEPORT ->
                        leg.setOption(StandardSocketOptions.SO_REUSEPORT, (Boolean) value);
                case SocketOptions.IP_MULTICAST_IF ->
                        leg.setOption(
                                StandardSocketOptions.IP_MULTICAST_IF, of((InetAddress) value));
                case SocketOptions.IP_MULTICAST_IF2 ->
                        leg.setOption(
                                StandardSocketOptions.IP_MULTICAST_IF, (NetworkInterface) value);
                // The number asks whether it is off, the name whether it is on.
                case SocketOptions.IP_MULTICAST_LOOP ->
                        leg.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, !(Boolean) value);
                default -> throw SocketIds.unknown(id);
            }
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
    }

    private static NetworkInterface of(InetAddress address) throws SocketException {
        NetworkInterface owner = NetworkInterface.getByInetAddress(address);
        if (owner == null) throw new SocketException("no interface has the address " + address);
        return owner;
    }

    static Object get(DatagramSocket leg, int id) throws SocketException {
        try {
            return switch (id) {
                case SocketOptions.SO_TIMEOUT -> leg.getSoTimeout();
                case SocketOptions.SO_SNDBUF -> leg.getSendBufferSize();
                case SocketOptions.SO_RCVBUF -> leg.getReceiveBufferSize();
                case SocketOptions.SO_REUSEADDR -> leg.getReuseAddress();
                case SocketOptions.SO_BROADCAST -> leg.getBroadcast();
                case SocketOptions.IP_TOS -> leg.getTrafficClass();
                case SocketOptions.SO_BINDADDR -> leg.getLocalAddress();
                case SocketOptions.SO_REUSEPORT ->
                        leg.getOption(StandardSocketOptions.SO_REUSEPORT);
                case SocketOptions.IP_MULTICAST_IF ->
                        address(leg.getOption(StandardSocketOptions.IP_MULTICAST_IF));
                case SocketOptions.IP_MULTICAST_IF2 ->
                        leg.getOption(StandardSocketOptions.IP_MULTICAST_IF);
                case SocketOptions.IP_MULTICAST_LOOP ->
                        !leg.getOption(StandardSocketOptions.IP_MULTICAST_LOOP);
                default -> throw SocketIds.unknown(id);
            };
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
    }

    private static InetAddress address(NetworkInterface owner) {
        return owner == null
                ? new InetSocketAddress(0).getAddress()
                : owner.inetAddresses().findFirst().orElse(new InetSocketAddress(0).getAddress());
    }
}
