package io.usernet.udp;

/**
 * What a connected socket has heard about a datagram that it sent. As on Linux without IP_RECVERR,
 * only errors that will not go away by themselves are told.
 */
public enum UdpError {
    /** Nobody listens there; PortUnreachableException in Java. */
    PORT_UNREACHABLE("Connection refused"),
    /** The host there does not speak UDP. */
    PROTOCOL_UNREACHABLE("Protocol not available"),
    /** The network is unknown or closed to us. */
    NET_UNREACHABLE("Network is unreachable"),
    /** The host is unknown or closed to us. */
    HOST_UNREACHABLE("No route to host"),
    /** The host is known to be down. */
    HOST_DOWN("Host is down"),
    /** A link on the way takes only shorter ones, and this one must not be cut. */
    MESSAGE_TOO_LONG("Message too long");

    private final String message;

    UdpError(String message) {
        this.message = message;
    }

    /** As Linux words it. */
    public String message() {
        return message;
    }
}
