package io.usernet.ip;

import io.usernet.wire.Cidr;

/**
 * How to reach a network.
 *
 * @param destination the network
 * @param gateway the next hop, or 0: the destination is a neighbour itself
 * @param source the address that we use unless another is bound; 0 on the loopback: the destination's
 *     own
 * @param loopback whether it leads back to us
 * @param mtu most bytes of an IP packet
 */
public record Route(Cidr destination, int gateway, int source, boolean loopback, int mtu) {
    /** The neighbour that a packet to {@code address} goes to. */
    public int nextHop(int address) {
        return gateway != 0 ? gateway : address;
    }
}
