package io.usernet.nio;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.MembershipKey;
import java.nio.channels.spi.SelectorProvider;

/** A channel for datagrams of this package, with what its {@link DatagramSocketAdaptor} needs besides. */
abstract class AdaptedDatagramChannel extends DatagramChannel implements Pollable {
    /** About how long binding takes: who waits for another thread to do it looks again after that. */
    static final long BINDING_NS = 50_000;

    AdaptedDatagramChannel(SelectorProvider provider) {
        super(provider);
    }

    /** The local address, also after close; null: unbound. */
    abstract InetSocketAddress local();

    /** Whom it is connected to, as the application said it, also after close; null: nobody. */
    abstract InetSocketAddress remote();

    /**
     * @param again whether it may be connected already
     */
    abstract AdaptedDatagramChannel connect(SocketAddress address, boolean again)
            throws IOException;

    /** Joins a group on the interface that the route says. */
    abstract MembershipKey joinAnywhere(InetAddress group) throws IOException;

    /**
     * The membership of a group, to receive from all; null: there is none.
     *
     * @param through null: {@link #joinAnywhere} made it
     * @throws IllegalStateException if it is source-specific
     */
    abstract MembershipKey membership(InetAddress group, NetworkInterface through);

    /**
     * Receives in blocking mode.
     *
     * @throws java.net.SocketTimeoutException "Receive timed out"
     * @throws IllegalBlockingModeException if the channel is non-blocking
     */
    abstract InetSocketAddress blockingReceive(ByteBuffer dst, long deadlineNs) throws IOException;

    /**
     * Sends in blocking mode.
     *
     * @throws IllegalBlockingModeException if the channel is non-blocking
     */
    abstract void blockingSend(ByteBuffer src, SocketAddress target) throws IOException;
}
