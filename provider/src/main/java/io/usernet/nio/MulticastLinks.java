package io.usernet.nio;

import io.usernet.config.StackConfig;
import io.usernet.ip.Route;
import io.usernet.runtime.Engine;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.List;

/**
 * Which of the stack's links an application means that names one of the kernel's interfaces, since those
 * are all it can name: the link of that name, or with one of its addresses; by the kernel's loopback the
 * stack's; and by any other the link that a multicast would take anyway. An application that picks its
 * network card has the stack for a network.
 */
final class MulticastLinks {
    private MulticastLinks() {}

    /** As {@link UdpSocket#multicastLink} has it. */
    static int of(NetworkInterface named, Engine engine) {
        int link = ownLink(named, engine);
        if (link >= 0) return link;
        return isLoopback(named) ? Route.LOOPBACK : UdpSocket.LINK_OF_ROUTE;
    }

    /** Whether the stack has a link of that name, or with one of its addresses. */
    static boolean isOwn(NetworkInterface named, Engine engine) {
        return ownLink(named, engine) >= 0;
    }

    private static int ownLink(NetworkInterface named, Engine engine) {
        List<String> links = engine.linkNames();
        int link = links.indexOf(named.getName());
        return link >= 0 ? link : withAddressOf(named, links.size(), engine.config());
    }

    private static int withAddressOf(NetworkInterface named, int links, StackConfig config) {
        List<InetAddress> theirs = named.inetAddresses().toList();
        // There may be addresses of links that there are none of.
        for (int link = 0; link < Math.min(links, config.links().size()); link++) {
            for (Cidr own : config.links().get(link)) {
                if (theirs.contains(Ipv4Address.toInetAddress(own.address()))) return link;
            }
        }
        return -1;
    }

    /** Whether it is the kernel's loopback: it has an address of it. */
    static boolean isLoopback(NetworkInterface named) {
        return named.inetAddresses()
                .anyMatch(a -> a instanceof Inet4Address && a.isLoopbackAddress());
    }
}
