package io.usernet;

/**
 * Decides about flows that peers begin and no channel of the stack listens for: what a program needs
 * that carries the flows of others to somewhere else. With {@link Stack.Builder#acceptAnyAddress} it
 * sees flows to all addresses.
 *
 * <p>Called by one thread of the stack's, in the order in which flows begin; while it is busy the others
 * wait. A forwarder that connects somewhere first does so in a thread of its own, or without blocking:
 * the decision may be made later, by any thread. What it throws is logged, and the flow rejected.
 */
public interface FlowForwarder {
    /**
     * A peer sent a SYN, which is not answered before {@code flow} is decided about. At most {@code
     * net.ipv4.tcp_max_syn_backlog} flows wait for that; more SYNs are dropped, and sent again by their
     * peers. A flow that nobody decides about for two minutes is forgotten.
     */
    void tcp(TcpFlow flow);

    /**
     * A peer sent a datagram to where no channel is bound, the first of its kind: it and those that
     * follow wait until {@code flow} is decided about. While 1,024 flows do, further ones are dropped.
     * Unless this is overridden, they are rejected.
     */
    default void udp(UdpFlow flow) {
        flow.reject();
    }
}
