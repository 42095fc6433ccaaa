package io.usernet;

import io.usernet.nio.Flows;
import io.usernet.runtime.Engine;
import io.usernet.stack.Arrival;
import io.usernet.stack.FlowQueue;
import io.usernet.udp.UdpSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Datagrams of one peer to one address and port, the first of which waits for a decision of a {@link
 * FlowForwarder}. The first decision counts, later ones do nothing. Thread-safe.
 */
public final class UdpFlow {
    private final SelectorProvider provider;
    private final Engine engine;
    private final FlowQueue queue;
    private final Arrival.Udp flow;
    private final AtomicBoolean decided = new AtomicBoolean();

    UdpFlow(SelectorProvider provider, Engine engine, FlowQueue queue, Arrival.Udp flow) {
        this.provider = provider;
        this.engine = engine;
        this.queue = queue;
        this.flow = flow;
    }

    /** {@return who sent the datagram} */
    public InetSocketAddress source() {
        return Flows.source(flow);
    }

    /** {@return where to: an address and port of ours, or of anybody's where any address is accepted} */
    public InetSocketAddress destination() {
        return Flows.destination(flow);
    }

    /**
     * Takes the flow.
     *
     * @return a channel in blocking mode, connected to {@link #source}, with {@link #destination} as
     *     its local address and the datagrams so far in it; UDP has no end, so the caller decides when
     *     to close it
     * @throws IOException if another decision came first
     */
    public DatagramChannel accept() throws IOException {
        if (!decide()) throw new IOException("this flow was decided about already");
        return Flows.accept(provider, engine, flow);
    }

    /** Answers with ICMP's port unreachable. A further datagram is another flow. */
    public void reject() {
        if (decide()) engine.post(flow.socket(), UdpSocket.REJECT);
    }

    /** Answers with nothing. A further datagram is another flow. */
    public void ignore() {
        if (decide()) engine.post(flow.socket(), UdpSocket.CLOSE);
    }

    private boolean decide() {
        if (!decided.compareAndSet(false, true)) return false;
        queue.decidedUdp();
        return true;
    }

    @Override
    public String toString() {
        return source() + " > " + destination();
    }
}
