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
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
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
    private volatile RuntimeException failure; // of the forwarder
    private Stack forwarding;
    private Stack client;

    @BeforeEach
    void open() throws IOException {
        Wire wire = new Wire("flows", 3, 1500, 64);
        forwarding =
                Stack.builder()
                        .link(wire.right())
                        .acceptAnyAddress()
                        .forwardFlows(this::forward)
                        .open();
        client =
                Stack.builder().link(wire.left()).address("10.0.0.2/24").gateway("10.0.0.1").open();
    }

    private void forward(TcpFlow flow) {
        if (failure != null) throw failure;
        flows.add(flow);
    }

    @AfterEach
    void close() {
        client.close();
        forwarding.close();
    }

    private CompletableFuture<SocketChannel> connect() {
        return CompletableFuture.supplyAsync(
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
                    CompletableFuture.runAsync(
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
                CompletableFuture.runAsync(
                        () -> {
                            try {
                                TimeUnit.MILLISECONDS.sleep(200);
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
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
}
