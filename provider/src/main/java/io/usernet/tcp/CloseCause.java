package io.usernet.tcp;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;

/** Why a connection ended other than by FINs, or never came to be; with the exceptions of the JDK. */
public enum CloseCause {
    /** The application aborted it. */
    LOCAL("Socket closed"),
    /** The peer sent RST. */
    RESET("Connection reset"),
    /** The peer answered a SYN with RST, or ICMP said that nobody listens. */
    REFUSED("Connection refused"),
    /** Retransmission or keep-alive gave up. */
    TIMED_OUT("Connection timed out"),
    /** ICMP said so, or there is no route. */
    NET_UNREACHABLE("Network is unreachable"),
    /** ICMP said so, or the neighbour does not answer. */
    HOST_UNREACHABLE("No route to host"),
    /** The stack was closed under it. */
    STACK_CLOSED("The network stack is closed"),
    /** An internal failure in this one connection. */
    FAILED("The connection failed internally");

    private final String message;

    CloseCause(String message) {
        this.message = message;
    }

    public String message() {
        return message;
    }

    /** What {@code connect} throws. */
    public IOException whileConnecting() {
        return switch (this) {
            case HOST_UNREACHABLE -> new NoRouteToHostException(message);
            case REFUSED, TIMED_OUT, RESET -> new ConnectException(message);
            default -> new SocketException(message);
        };
    }

    /** What {@code read} throws. */
    public IOException whileReading() {
        return this == RESET ? new SocketException(message) : new IOException(message);
    }

    /** What {@code write} throws. */
    public IOException whileWriting() {
        return switch (this) {
            case RESET, LOCAL -> new IOException("Broken pipe");
            default -> new IOException(message);
        };
    }
}
