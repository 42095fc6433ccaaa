package io.usernet.ip;

import io.usernet.wire.Cidr;

/**
 * How to reach a network.
 *
 * @param destination the network
 * @param gateway the next hop, or 0: the destination is a neighbour itself
 * @param source the address that we use unless another is bound; 0: we have none there
 * @param link which of the stack's links leads there, from 0 on, or {@link #LOOPBACK}
 * @param mtu most bytes of an IP packet
 */
public record Route(Cidr destination, int gateway, int source, int link, int mtu) {
    /** In the place of a link: it leads back to us. */
    public static final int LOOPBACK = -1;

    /** Whether it leads back to us. */
    public boolean loopback() {
        return link == LOOPBACK;
    }

    /** The neighbour that a packet to {@code address} goes to. */
    public int nextHop(int address) {
        return gateway != 0 ? gateway : address;
    }
}
