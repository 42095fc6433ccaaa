package io.usernet.samples;

import io.usernet.Stack;
import io.usernet.link.PacketLink;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * A tunnel as VPNs have it, without the secrets: IP packets of a stack travel in UDP datagrams of the kernel's. Two of
 * these, in two JVMs, are two hosts on a network of their own; one of them greets whoever connects.
 *
 * <pre>
 *   stack -- PacketLink -- UdpTunnel -- kernel's UDP -- UdpTunnel -- PacketLink -- stack
 * </pre>
 */
public final class UdpTunnel implements AutoCloseable {
    private static final int MTU = 1400; // with UDP's and IP's headers, it fits in Ethernet's 1500
    private static final int PORT = 6888;
    private static final int BATCH = 64;

    private final PacketLink link = PacketLink.layer3("tunnel", MTU);
    private final DatagramSocket socket;
    private final InetSocketAddress peer;
    private final Stack stack;

    UdpTunnel(String address, int localPort, InetSocketAddress peer) throws IOException {
        this.socket = new DatagramSocket(localPort, InetAddress.getLoopbackAddress());
        this.peer = peer;
        this.stack = Stack.builder().link(link).address(address).open();
        start(this::inwards);
        start(this::outwards);
    }

    /**
     * Usage: {@code UdpTunnel address localPort peerPort [connectTo]}, both ports on this machine's loopback: first {@code
     * UdpTunnel 10.9.0.1/24 5001 5002}, and then {@code UdpTunnel 10.9.0.2/24 5002 5001 10.9.0.1}.
     */
    public static void main(String[] args) {
        if (args.length < 3 || args.length > 4) {
            System.err.println("usage: UdpTunnel address localPort peerPort [connectTo]");
            System.exit(2);
        }
        try {
            run(args);
        } catch (IOException | IllegalArgumentException e) {
            System.err.println("UdpTunnel: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void run(String[] args) throws IOException {
        InetSocketAddress peer =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[2]));
        try (UdpTunnel tunnel = new UdpTunnel(args[0], Integer.parseInt(args[1]), peer)) {
            if (args.length == 4) System.out.println(tunnel.greetingOf(args[3]));
            else tunnel.greet();
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "tunnel");
        thread.setDaemon(true);
        thread.start();
    }

    /** Datagrams become packets. What the stack has no room for is dropped, as on any IP network. */
    private void inwards() {
        DatagramPacket datagram = new DatagramPacket(new byte[MTU], MTU);
        try {
            while (true) {
                datagram.setLength(MTU);
                socket.receive(datagram);
                link.inject(ByteBuffer.wrap(datagram.getData(), 0, datagram.getLength()));
            }
        } catch (IOException e) {
            end(e);
        }
    }

    /** Packets become datagrams. */
    private void outwards() {
        byte[] bytes = new byte[MTU];
        DatagramPacket datagram = new DatagramPacket(bytes, 0, peer);
        try {
            while (link.awaitPacket(1, TimeUnit.DAYS)) {
                link.drain(
                        packet -> {
                            int length = packet.remaining();
                            packet.get(bytes, 0, length);
                            datagram.setLength(length);
                            send(datagram);
                        },
                        BATCH);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(DatagramPacket datagram) {
        try {
            socket.send(datagram);
        } catch (IOException e) {
            end(e); // that packet is lost; TCP sends it again
        }
    }

    private void end(IOException e) {
        if (!socket.isClosed()) System.err.println("tunnel: " + e.getMessage());
    }

    /** Greets whoever connects, until the JVM is ended. */
    void greet() throws IOException {
        try (ServerSocketChannel server = stack.provider().openServerSocketChannel()) {
            server.bind(new InetSocketAddress(PORT));
            System.out.println("greeting on port " + PORT + " of " + stack.addresses());
            while (true) {
                try (SocketChannel channel = server.accept()) {
                    String greeting =
                            "Hello, " + channel.getRemoteAddress() + ", through the tunnel!";
                    channel.write(ByteBuffer.wrap(greeting.getBytes(StandardCharsets.US_ASCII)));
                }
            }
        }
    }

    String greetingOf(String host) throws IOException {
        try (SocketChannel channel = stack.provider().openSocketChannel()) {
            channel.connect(new InetSocketAddress(host, PORT));
            ByteBuffer buffer = ByteBuffer.allocate(200);
            int n = 0;
            while (n >= 0 && buffer.hasRemaining()) n = channel.read(buffer);
            return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
        }
    }

    @Override
    public void close() {
        stack.close();
        socket.close();
    }
}
