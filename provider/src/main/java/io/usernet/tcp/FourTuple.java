package io.usernet.tcp;

import io.usernet.wire.Ipv4Address;

/** The two ends of a connection: IPv4 addresses as ints, ports 1 to 65535. */
public record FourTuple(int localAddress, int localPort, int remoteAddress, int remotePort) {
    @Override
    public String toString() {
        return Ipv4Address.format(localAddress)
                + ":"
                + localPort
                + " "
                + Ipv4Address.format(remoteAddress)
                + ":"
                + remotePort;
    }
}
