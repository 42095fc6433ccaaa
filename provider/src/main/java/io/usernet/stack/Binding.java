package io.usernet.stack;

/** A local address and port that a socket has for itself until it is released. Compared by identity. */
public final class Binding {
    private final int address;
    private final int port;
    private final boolean reuseAddress;

    Binding(int address, int port, boolean reuseAddress) {
        this.address = address;
        this.port = port;
        this.reuseAddress = reuseAddress;
    }

    /** 0 is the wildcard. */
    public int address() {
        return address;
    }

    public int port() {
        return port;
    }

    boolean reuseAddress() {
        return reuseAddress;
    }
}
