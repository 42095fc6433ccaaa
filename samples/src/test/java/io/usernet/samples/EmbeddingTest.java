package io.usernet.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.link.Wire;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The samples that embed a stack; the kernel's sockets are on its loopback. */
@Timeout(60)
class EmbeddingTest {
    @Test
    void aTunnelCarriesAGreeting() throws Exception {
        int near = freePort();
        int far = freePort();
        try (UdpTunnel server = new UdpTunnel("10.9.0.1/24", near, local(far));
                UdpTunnel client = new UdpTunnel("10.9.0.2/24", far, local(near))) {
            Async.run(() -> assertThrows(IOException.class, server::greet)); // when it is closed
            String said = greeting(client);
            assertTrue(said.matches("Hello, /10\\.9\\.0\\.2:\\d+, through the tunnel!"), said);
        }
    }

    /** The server may not listen yet. */
    private static String greeting(UdpTunnel client) throws IOException {
        while (true) {
            try {
                return client.greetingOf("10.9.0.1");
            } catch (ConnectException e) {
                Thread.onSpinWait();
            }
        }
    }

    private static int freePort() throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static InetSocketAddress local(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    @Test
    void theWayOutLeadsToTheKernel() throws Exception {
        Wire wire = new Wire();
        byte[] sent = new byte[4 << 20];
        new SplittableRandom(5).nextBytes(sent);
        try (Stack out = WayOut.open(Stack.builder().link(wire.right()), "10.0.2.2/24");
                Stack inside =
                        Stack.builder()
                                .link(wire.left())
                                .address("10.0.2.15/24")
                                .gateway("10.0.2.2")
                                .open();
                ServerSocket kernel = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                SocketChannel channel = inside.provider().openSocketChannel()) {
            CompletableFuture<byte[]> received = Async.supply(() -> receiveAndAnswer(kernel));
            channel.connect(new InetSocketAddress("10.0.2.2", kernel.getLocalPort()));
            ByteBuffer all = ByteBuffer.wrap(sent);
            while (all.hasRemaining()) channel.write(all);
            channel.shutdownOutput(); // the other direction goes on
            assertArrayEquals(sent, received.get());
            ByteBuffer answer = ByteBuffer.allocate(10);
            while (channel.read(answer) >= 0) {}
            assertEquals("thanks", new String(answer.array(), 0, answer.position()));
            assertEquals(0, out.usage().halfOpen());
        }
    }

    private static byte[] receiveAndAnswer(ServerSocket server) {
        try (Socket socket = server.accept()) {
            byte[] all = socket.getInputStream().readAllBytes();
            socket.getOutputStream().write("thanks".getBytes());
            return all;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatTheKernelRefusesIsRefused() throws Exception {
        Wire wire = new Wire();
        int nobody;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = closed.getLocalPort();
        }
        try (Stack out = WayOut.open(Stack.builder().link(wire.right()), "10.0.2.2/24");
                Stack inside = Stack.builder().link(wire.left()).address("10.0.2.15/24").open();
                SocketChannel channel = inside.provider().openSocketChannel()) {
            assertEquals(1, out.addresses().size());
            assertThrows(
                    ConnectException.class,
                    () -> channel.connect(new InetSocketAddress("10.0.2.2", nobody)));
        }
    }

    @Test
    void datagramsFindTheWayOutToo() throws Exception {
        Wire wire = new Wire();
        try (Stack out = WayOut.open(Stack.builder().link(wire.right()), "10.0.2.2/24");
                Stack inside = Stack.builder().link(wire.left()).address("10.0.2.15/24").open();
                DatagramSocket kernel = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                DatagramChannel channel = inside.provider().openDatagramChannel()) {
            channel.connect(new InetSocketAddress("10.0.2.2", kernel.getLocalPort()));
            byte[] question = new byte[30_000];
            new SplittableRandom(6).nextBytes(question);
            for (int n = 0; n < 10; n++) {
                channel.write(ByteBuffer.wrap(question));
                DatagramPacket packet = new DatagramPacket(new byte[60_000], 60_000);
                kernel.receive(packet);
                kernel.send(packet);
                ByteBuffer answer = ByteBuffer.allocate(60_000);
                channel.read(answer);
                assertEquals(ByteBuffer.wrap(question), answer.flip());
            }
            assertEquals(1, out.usage().udpSockets());
        }
    }
}
