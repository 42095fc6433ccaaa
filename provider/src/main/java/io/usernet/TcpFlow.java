package io.usernet;

import io.usernet.nio.Flows;
import io.usernet.runtime.Engine;
import io.usernet.tcp.Flow;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;

/**
 * A connection that a peer wants, and that waits for a decision of a {@link FlowForwarder}. The first
 * decision counts, later ones do nothing. Thread-safe.
 */
public final class TcpFlow {
    private final SelectorProvider provider;
    private final Engine engine;
    private final Flow flow;

    TcpFlow(SelectorProvider provider, Engine engine, Flow flow) {
        this.provider = provider;
        this.engine = engine;
        this.flow = flow;
    }

    /** {@return who wants to connect} */
    public InetSocketAddress source() {
        return Flows.source(flow);
    }

    /** {@return where to: an address and port of ours, or of anybody's where any address is accepted} */
    public InetSocketAddress destination() {
        return Flows.destination(flow);
    }

    /**
     * Completes the handshake, and waits until it is: one round trip, and where the peer has gone, as
     * long as {@code net.ipv4.tcp_synack_retries} says.
     *
     * @return a connected channel in blocking mode, whose local address is {@link #destination}
     * @throws java.nio.channels.ClosedByInterruptException if the thread is interrupted; the flow is
     *     forgotten then
     * @throws IOException if the peer has gone, another decision came first, or the stack is closed
     */
    public SocketChannel accept() throws IOException {
        return Flows.accept(provider, engine, flow);
    }

    /** Answers with a reset: the peer sees "Connection refused". */
    public void reject() {
        decide(Flow.REJECT);
    }

    /** Answers with nothing, as if there were nobody: the peer's connect times out. */
    public void ignore() {
        decide(Flow.FORGET);
    }

    private void decide(int request) {
        if (flow.claim()) engine.post(flow, request);
    }

    @Override
    public String toString() {
        return source() + " > " + destination();
    }
}
