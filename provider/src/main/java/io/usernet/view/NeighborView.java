package io.usernet.view;

import io.usernet.wire.MacAddress;
import java.net.InetAddress;

/**
 * What is known of a neighbour on a link of layer 2, as {@code ip neigh} sees it.
 *
 * @param dev the interface
 * @param mac its hardware address; 0 while it is not known
 */
public record NeighborView(InetAddress address, String dev, long mac, State state) {
    /** RFC 4861 section 7.3.2's states, and FAILED. */
    public enum State {
        /** Asked for by broadcast; packets wait. */
        INCOMPLETE,
        /** Confirmed lately. */
        REACHABLE,
        /** Confirmed some time ago, and not used since. */
        STALE,
        /** Used since it was stale: a higher layer may still confirm it. */
        DELAY,
        /** Asked for by unicast. */
        PROBE,
        /** It does not answer. */
        FAILED
    }

    /** As a line of {@code ip neigh}. */
    @Override
    public String toString() {
        return address.getHostAddress()
                + " dev "
                + dev
                + (mac == 0 ? " " : " lladdr " + MacAddress.format(mac) + " ")
                + state;
    }
}
