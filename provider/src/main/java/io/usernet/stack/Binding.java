package io.usernet.stack;

import io.usernet.buffer.Post;
import io.usernet.tcp.Listener;
import io.usernet.udp.UdpEndpoint;

/**
 * A local address and port that a socket has for itself until it is released, and after that for as
 * long as connections on it remain. Compared by identity.
 *
 * <p>Any thread may read address and port, and post {@link #RELEASE}; the rest belongs to the loop.
 */
public final class Binding extends Post {
    /** Request: the socket gives it up. */
    public static final int RELEASE = 1;

    private final Ports ports;
    private final int address;
    private final int port;
    private final Reuse reuse;

    /** Whether the socket chose the port, or the stack did so that a connect has one. */
    final boolean explicit;

    boolean held; // by a socket
    int endpoints; // that use it
    Listener listener; // of TCP
    UdpEndpoint receiver; // of UDP: whoever gets what comes here
    Binding next; // of the same port

    Binding(Ports ports, int address, int port, Reuse reuse, boolean explicit) {
        this.ports = ports;
        this.address = address;
        this.port = port;
        this.reuse = reuse;
        this.explicit = explicit;
    }

    /** 0 is the wildcard. */
    public int address() {
        return address;
    }

    public int port() {
        return port;
    }

    Reuse reuse() {
        return reuse;
    }

    boolean overlaps(int other) {
        return address == 0 || other == 0 || address == other;
    }

    boolean isUnused() {
        return !held && endpoints == 0 && listener == null && receiver == null;
    }

    @Override
    protected void act(int what, long nowNs) {
        ports.release(this);
    }
}
