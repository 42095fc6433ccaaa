package io.usernet.view;

import io.usernet.wire.Cidr;
import java.net.InetAddress;

/**
 * A route, as {@code ip route} sees it.
 *
 * @param type what happens on this way
 * @param destination the network; 0.0.0.0/0 is everything
 * @param gateway the next hop; null if the destination is a neighbour itself
 * @param dev the interface
 * @param source the address that we use unless a socket is bound to another; null if we have none
 * @param mtu most bytes of an IP packet on this way
 */
public record RouteView(
        Type type, Cidr destination, InetAddress gateway, String dev, InetAddress source, int mtu) {
    /** What happens on a way; those that are not UNICAST are in Linux's table {@code local}. */
    public enum Type {
        /** To one host: a neighbour, or by the gateway. */
        UNICAST(""),
        /** It leads back to the stack itself. */
        LOCAL("local "),
        /** To all on the link. */
        BROADCAST("broadcast ");

        private final String label;

        Type(String label) {
            this.label = label;
        }
    }

    /** {@return how far the destination is: {@code host}, {@code link} or {@code global}} */
    public String scope() {
        return type == Type.LOCAL ? "host" : gateway == null ? "link" : "global";
    }

    /** As a line of {@code ip route show table all}; as there, scope global is not said. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder(type.label).append(network());
        if (gateway != null) s.append(" via ").append(gateway.getHostAddress());
        s.append(" dev ").append(dev);
        if (type != Type.UNICAST) s.append(" table local");
        if (gateway == null) s.append(" proto kernel scope ").append(scope());
        if (source != null) s.append(" src ").append(source.getHostAddress());
        return s.toString();
    }

    private String network() {
        if (destination.prefixLength() == 0) return "default";
        String network = new Cidr(destination.network(), destination.prefixLength()).toString();
        return destination.prefixLength() < 32
                ? network
                : network.substring(0, network.indexOf('/'));
    }
}
