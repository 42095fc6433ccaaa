package io.usernet.nio;

import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import io.usernet.stack.Arrival;
import io.usernet.tcp.Flow;
import io.usernet.tcp.Stream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;

/** Channels of flows that are forwarded. */
public final class Flows {
    private Flows() {}

    /** The end that is not ours. */
    public static InetSocketAddress source(Flow flow) {
        return Addresses.of(flow.tuple().remoteAddress(), flow.tuple().remotePort());
    }

    /** The end that is taken for ours. */
    public static InetSocketAddress destination(Flow flow) {
        return Addresses.of(flow.tuple().localAddress(), flow.tuple().localPort());
    }

    /** The end that is not ours. */
    public static InetSocketAddress source(Arrival.Udp flow) {
        return Addresses.of(flow.remoteAddress(), flow.remotePort());
    }

    /** The end that is taken for ours. */
    public static InetSocketAddress destination(Arrival.Udp flow) {
        return Addresses.of(flow.localAddress(), flow.binding().port());
    }

    /** The channel of a flow of UDP. */
    public static DatagramChannel accept(
            SelectorProvider provider, Engine engine, Arrival.Udp flow) {
        return new StackDatagramChannel(provider, engine, flow);
    }

    /**
     * Accepts a flow, and waits for the end of the handshake.
     *
     * @throws ClosedByInterruptException if the thread is interrupted
     * @throws IOException if the handshake fails, or the flow was decided about already
     */
    public static SocketChannel accept(SelectorProvider provider, Engine engine, Flow flow)
            throws IOException {
        if (!flow.claim()) throw new IOException("this flow was decided about already");
        engine.post(flow, Flow.ACCEPT);
        Waited waited = Engine.await(flow.waiter(), flow::isOver, Deadlines.NEVER);
        Stream stream = flow.stream();
        if (waited == Waited.INTERRUPTED && stream == null) {
            engine.post(flow, Flow.FORGET);
            throw new ClosedByInterruptException();
        }
        if (stream == null) throw new SocketException("Connection reset");
        return new StackSocketChannel(provider, engine, stream);
    }
}
