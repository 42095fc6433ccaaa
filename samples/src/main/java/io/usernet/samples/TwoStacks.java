package io.usernet.samples;

import io.usernet.Stack;
import io.usernet.link.Wire;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * Two hosts in one JVM, joined by a wire: each has its own addresses, ports and connections. No
 * privilege is needed, and the kernel's network is not touched. Set {@code -Dtrace=stderr} to see the
 * packets.
 */
public final class TwoStacks {
    private static final int PORT = 6888;

    private TwoStacks() {}

    public static void main(String[] args) throws IOException {
        Wire wire = new Wire();
        try (Stack alice = open("10.0.0.1/24", wire, true);
                Stack bob = open("10.0.0.2/24", wire, false)) {
            ServerSocketChannel server = bob.provider().openServerSocketChannel();
            server.bind(new InetSocketAddress(PORT));
            CompletableFuture<Void> greeted = CompletableFuture.runAsync(() -> greet(server));
            try (SocketChannel channel = alice.provider().openSocketChannel()) {
                channel.connect(new InetSocketAddress("10.0.0.2", PORT));
                channel.write(ByteBuffer.wrap("Alice".getBytes(StandardCharsets.US_ASCII)));
                channel.shutdownOutput();
                System.out.println(readAll(channel));
            }
            greeted.join();
            System.out.println("bob counted " + bob.counters());
        }
    }

    private static Stack open(String address, Wire wire, boolean left) throws IOException {
        Stack.Builder builder =
                Stack.builder().link(left ? wire.left() : wire.right()).address(address);
        String trace = System.getProperty("trace");
        if (trace != null && left) builder.trace(trace);
        return builder.open();
    }

    private static void greet(ServerSocketChannel server) {
        try (server;
                SocketChannel channel = server.accept()) {
            String greeting = "Hello, " + readAll(channel) + "!";
            channel.write(ByteBuffer.wrap(greeting.getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String readAll(SocketChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(100);
        int n = 0;
        while (n >= 0 && buffer.hasRemaining()) n = channel.read(buffer);
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
    }
}
