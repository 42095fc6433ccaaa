package io.usernet.stack;

/**
 * With whom a socket shares its local port.
 *
 * @param address SO_REUSEADDR: with connections of a listener that is gone, and with sockets that
 *     reuse addresses too, unless they listen
 * @param port SO_REUSEPORT: with sockets that reuse ports too, also listeners: connections are spread
 *     over them
 */
public record Reuse(boolean address, boolean port) {
    /** With nobody. */
    public static final Reuse NONE = new Reuse(false, false);

    public Reuse withAddress(boolean on) {
        return new Reuse(on, port);
    }

    public Reuse withPort(boolean on) {
        return new Reuse(address, on);
    }
}
