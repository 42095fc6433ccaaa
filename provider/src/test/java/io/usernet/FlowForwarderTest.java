package io.usernet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.Wire;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FlowForwarderTest {
    private static final InetSocketAddress SOMEWHERE = new InetSocketAddress("198.51.100.7", 443);

    private final BlockingQueue<TcpFlow> flows = new LinkedBlockingQueue<>();
    private final BlockingQueue<UdpFlow> udpFlows = new LinkedBlockingQueue<>();
    private volatile Throwable failure; // of the forwarder
    private Stack forwarding;
    private Stack client;

    @BeforeEach
    void open() throws IOException {
        Wire wire = new Wire("flows", 3, 1500, 64);
        forwarding =
                Stack.builder()
                        .link(wire.right())
                        .acceptAnyAddress()
                        .forwardFlows(new Forwarder())
                        .open();
        client =
                Stack.builder().link(wire.left()).address("10.0.0.2/24").gateway("10.0.0.1").open();
    }

    private void fail() {
        if (failure instanceof Error e) throw e;
        throw (RuntimeException) failure;
    }

    private final class Forwarder implements FlowForwarder {
        @Override
        public void tcp(TcpFlow flow) {
            if (failure != null) fail();
            flows.add(flow);
        }

        @Override
        public void udp(UdpFlow flow) {
            if (failure != null) fail();
            udpFlows.add(flow);
        }
    }

    @AfterEach
    void close() {
        client.close();
        forwarding.close();
    }

    private CompletableFuture<SocketChannel> connect() {
        return Async.supply(
                () -> {
                    SocketChannel channel = null;
                    try {
                        channel = client.provider().openSocketChannel();
                        channel.connect(SOMEWHERE);
                        return channel;
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    private TcpFlow next() throws InterruptedException {
        TcpFlow flow = flows.poll(10, TimeUnit.SECONDS);
        assertNotNull(flow, "no flow came");
        return flow;
    }

    private static Throwable failure(CompletableFuture<?> of) {
        return assertThrows(Exception.class, () -> of.get(20, TimeUnit.SECONDS))
                .getCause()
                .getCause();
    }

    @Test
    void anAcceptedFlowIsAConnection() throws Exception {
        CompletableFuture<SocketChannel> connected = connect();
        TcpFlow flow = next();
        assertEquals(SOMEWHERE, flow.destination());
        assertEquals("10.0.0.2", flow.source().getAddress().getHostAddress());
        try (SocketChannel accepted = flow.accept();
                SocketChannel channel = connected.get()) {
            assertEquals(SOMEWHERE, accepted.getLocalAddress());
            assertEquals(channel.getLocalAddress(), accepted.getRemoteAddress());
            channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            ByteBuffer b = ByteBuffer.allocate(8);
            while (b.position() < 3) accepted.read(b);
            accepted.write(b.flip());
            b = ByteBuffer.allocate(8);
            while (b.position() < 3) channel.read(b);
            channel.shutdownOutput();
            assertEquals(-1, accepted.read(b));
        }
    }

    @Test
    void theHandshakeWaitsForTheDecision() throws Exception {
        CompletableFuture<SocketChannel> connected = connect();
        TcpFlow flow = next();
        assertEquals(1, forwarding.usage().halfOpen());
        // The peer's second SYN, after a second, is no second flow.
        assertNull(flows.poll(1500, TimeUnit.MILLISECONDS));
        assertTrue(!connected.isDone());
        flow.accept().close();
        connected.get().close();
    }

    @Test
    void aRejectedFlowIsRefused() throws Exception {
        CompletableFuture<SocketChannel> connected = connect();
        next().reject();
        Throwable refused = failure(connected);
        assertEquals(ConnectException.class, refused.getClass());
        assertEquals("Connection refused", refused.getMessage());
        assertEquals(0, forwarding.usage().halfOpen());
        assertEquals(0, forwarding.usage().ports());
    }

    @Test
    void anIgnoredFlowIsNotAnswered() throws Exception {
        try (SocketChannel channel = client.provider().openSocketChannel()) {
            CompletableFuture<Void> ignored =
                    Async.run(
                            () -> {
                                try {
                                    next().ignore();
                                } catch (InterruptedException e) {
                                    throw new IllegalStateException(e);
                                }
                            });
            assertThrows(
                    SocketTimeoutException.class, () -> channel.socket().connect(SOMEWHERE, 300));
            ignored.get();
        }
    }

    @Test
    void onlyTheFirstDecisionCounts() throws Exception {
        CompletableFuture<SocketChannel> connected = connect();
        TcpFlow flow = next();
        try (SocketChannel accepted = flow.accept()) {
            flow.reject();
            flow.ignore();
            assertThrows(IOException.class, flow::accept);
            connected.get().write(ByteBuffer.wrap(new byte[] {1}));
            assertEquals(1, accepted.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void aForwarderThatFailsRejects() throws Exception {
        failure = new IllegalStateException("the test says so");
        assertEquals("Connection refused", failure(connect()).getMessage());
        failure = null;
        CompletableFuture<SocketChannel> connected = connect();
        next().accept().close();
        connected.get().close();
    }

    @Test
    void whoListensComesFirst() throws Exception {
        try (ServerSocketChannel server = forwarding.provider().openServerSocketChannel()) {
            server.bind(new InetSocketAddress(SOMEWHERE.getPort()));
            CompletableFuture<SocketChannel> connected = connect();
            server.accept().close();
            connected.get().close();
            assertTrue(flows.isEmpty());
        }
    }

    @Test
    void acceptOfAPeerThatHasGoneFails() throws Exception {
        SocketChannel channel = client.provider().openSocketChannel();
        channel.configureBlocking(false);
        channel.connect(SOMEWHERE);
        TcpFlow flow = next();
        channel.close();
        client.close();
        Thread accepting = Thread.currentThread();
        CompletableFuture<Void> interrupt =
                Async.run(
                        () -> {
                            while (accepting.getState() != Thread.State.WAITING) {
                                Thread.onSpinWait(); // until it waits for the handshake
                            }
                            accepting.interrupt();
                        });
        assertThrows(ClosedByInterruptException.class, flow::accept);
        assertTrue(Thread.interrupted());
        interrupt.get();
        assertEquals(0, forwarding.usage().halfOpen());
    }

    @Test
    void theEndOfTheStackEndsWaiting() throws Exception {
        connect();
        TcpFlow flow = next();
        forwarding.close();
        assertThrows(IOException.class, flow::accept);
    }

    // -- UDP

    private DatagramChannel connected() throws IOException {
        DatagramChannel channel = client.provider().openDatagramChannel();
        channel.connect(SOMEWHERE);
        return channel;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String read(DatagramChannel from) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(100);
        from.read(b);
        return new String(b.array(), 0, b.position(), StandardCharsets.US_ASCII);
    }

    private UdpFlow nextUdp() throws InterruptedException {
        UdpFlow flow = udpFlows.poll(10, TimeUnit.SECONDS);
        assertNotNull(flow, "no flow came");
        return flow;
    }

    @Test
    void datagramsWaitForTheDecision() throws Exception {
        try (DatagramChannel channel = connected();
                DatagramChannel other = connected()) {
            channel.write(bytes("one"));
            UdpFlow flow = nextUdp();
            assertEquals(SOMEWHERE, flow.destination());
            assertEquals(channel.getLocalAddress(), flow.source());
            channel.write(bytes("two"));
            other.write(bytes("other"));
            try (DatagramChannel accepted = flow.accept();
                    DatagramChannel second = nextUdp().accept()) {
                assertEquals(SOMEWHERE, accepted.getLocalAddress());
                assertEquals(channel.getLocalAddress(), accepted.getRemoteAddress());
                assertEquals("one", read(accepted));
                assertEquals("two", read(accepted));
                assertEquals("other", read(second));
                accepted.write(bytes("three"));
                assertEquals("three", read(channel));
                second.write(bytes("four"));
                assertEquals("four", read(other));
                assertThrows(IOException.class, flow::accept);
                flow.reject();
                channel.write(bytes("five"));
                assertEquals("five", read(accepted));
            }
        }
        assertTrue(udpFlows.isEmpty());
        assertEquals(0, forwarding.usage().udpSockets());
        assertEquals(0, forwarding.usage().ports());
    }

    @Test
    void aRejectedFlowIsAnUnreachablePort() throws Exception {
        try (DatagramChannel channel = connected()) {
            channel.write(bytes("one"));
            nextUdp().reject();
            assertThrows(PortUnreachableException.class, () -> read(channel));
            channel.write(bytes("two"));
            nextUdp().ignore();
            UdpFlow flow = null;
            for (int n = 0; flow == null && n < 1_000; n++) {
                channel.write(bytes("three")); // is ignored until the stack has heard of that
                flow = udpFlows.poll(10, TimeUnit.MILLISECONDS);
            }
            assertNotNull(flow, "no flow came");
            assertEquals("three", read(flow.accept()));
        }
    }

    @Test
    void undecidedFlowsAreBounded() throws Exception {
        try (DatagramChannel channel = client.provider().openDatagramChannel()) {
            for (int port = 1; port <= 1_100; port++) {
                channel.send(bytes("x"), new InetSocketAddress("198.51.100.8", port));
            }
            for (int n = 0; n < 1_024; n++) nextUdp();
            assertNull(udpFlows.poll(100, TimeUnit.MILLISECONDS));
        }
    }

    @Test
    void whoForwardsOnlyTcpRejectsDatagrams() throws Exception {
        Wire wire = new Wire("tcp", 3, 1500, 64);
        try (Stack onlyTcp =
                        Stack.builder()
                                .link(wire.right())
                                .acceptAnyAddress()
                                .forwardFlows(flows::add)
                                .open();
                Stack other = Stack.builder().link(wire.left()).address("10.1.0.2/24").open();
                DatagramChannel channel = other.provider().openDatagramChannel()) {
            channel.connect(new InetSocketAddress("10.1.0.9", 53));
            channel.write(bytes("who"));
            assertThrows(PortUnreachableException.class, () -> read(channel));
            assertEquals(0, onlyTcp.usage().udpSockets());
        }
    }

    /** Such as an assertion of the embedder's. */
    @Test
    void aForwarderThatFailsBadlyIsAskedAgain() throws Exception {
        failure = new AssertionError("test: the forwarder fails");
        assertEquals("Connection refused", failure(connect()).getMessage());
        failure = null;
        CompletableFuture<SocketChannel> connected = connect();
        next().accept().close();
        connected.get().close();
    }
}
