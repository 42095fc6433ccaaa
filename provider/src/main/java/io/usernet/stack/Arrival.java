package io.usernet.stack;

import io.usernet.tcp.Flow;
import io.usernet.udp.UdpSocket;

/** A flow that nobody listens for, and that somebody is to decide about. */
public sealed interface Arrival {
    /** A SYN that is not answered yet. */
    record Tcp(Flow flow) implements Arrival {}

    /**
     * A socket that was made for a datagram, which waits in it.
     *
     * @param localAddress where the datagram was sent to
     * @param remoteAddress where it came from
     */
    record Udp(
            UdpSocket socket, Binding binding, int localAddress, int remoteAddress, int remotePort)
            implements Arrival {}
}
