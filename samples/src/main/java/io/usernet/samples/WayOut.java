package io.usernet.samples;

import io.usernet.FlowForwarder;
import io.usernet.Stack;
import io.usernet.TcpFlow;
import io.usernet.UdpFlow;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A way out without privilege: whatever is on the other end of a link (another JVM, a VM) connects to any address, and
 * this program makes the same connection from a socket of the kernel. The stack's own address, which is the gateway for
 * the others, stands for this machine's loopback.
 *
 * <pre>
 *   application --link-- [ stack: takes any address ] -- WayOut -- java.net.Socket -- the kernel
 * </pre>
 *
 * <p>It asks first and answers then: where the kernel's connection is refused, so is the application's. Datagrams go the
 * same way, until none has come for a while.
 */
public final class WayOut implements FlowForwarder {
    private static final int BUFFER = 64 << 10;
    private static final int CONNECT_MS = 30_000;
    private static final int IDLE_MS = 60_000; // then a flow of datagrams has ended
    private static final int MAX_DATAGRAM = 65_507;

    private final ExecutorService threads =
            Executors.newCachedThreadPool(
                    task -> {
                        Thread thread = new Thread(task, "way-out");
                        thread.setDaemon(true);
                        return thread;
                    });
    private final InetAddress gateway;

    private WayOut(InetAddress gateway) {
        this.gateway = gateway;
    }

    /** Usage: {@code WayOut link [address]}, such as {@code WayOut unix:/tmp/wire 10.0.2.2/24}. */
    public static void main(String[] args) throws InterruptedException {
        if (args.length < 1 || args.length > 2) {
            System.err.println(
                    "usage: WayOut link [address], such as WayOut unix:/tmp/wire 10.0.2.2/24");
            System.exit(2);
        }
        String address = args.length > 1 ? args[1] : "10.0.2.2/24";
        try (Stack stack = open(Stack.builder().link(args[0]), address)) {
            System.out.println(
                    stack.addresses() + " is the gateway; connections to it go to 127.0.0.1");
            new CountDownLatch(1).await(); // until the JVM is ended
        } catch (IOException | IllegalArgumentException e) {
            System.err.println("WayOut: " + e.getMessage());
            System.exit(1);
        }
    }

    /** A stack on the builder's link from which all connections go to the kernel. */
    static Stack open(Stack.Builder builder, String address) throws IOException {
        InetAddress gateway = InetAddress.getByName(address.split("/")[0]);
        WayOut wayOut = new WayOut(gateway);
        return builder.address(address).acceptAnyAddress().forwardFlows(wayOut).open();
    }

    @Override
    public void tcp(TcpFlow flow) {
        threads.execute(() -> carry(flow));
    }

    @Override
    public void udp(UdpFlow flow) {
        threads.execute(() -> carry(flow));
    }

    private InetSocketAddress target(InetSocketAddress destination) {
        if (!destination.getAddress().equals(gateway)) return destination;
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), destination.getPort());
    }

    private void carry(TcpFlow flow) {
        InetSocketAddress to = target(flow.destination());
        try (Socket kernel = new Socket()) {
            try {
                kernel.connect(to, CONNECT_MS);
            } catch (IOException e) {
                System.err.println(flow + ": " + e.getMessage());
                flow.reject();
                return;
            }
            kernel.setTcpNoDelay(true);
            try (SocketChannel channel = flow.accept()) {
                Thread back = new Thread(() -> fromKernel(kernel, channel), "way-out");
                back.setDaemon(true);
                back.start();
                toKernel(channel, kernel);
                back.join();
            }
        } catch (IOException e) {
            System.err.println(flow + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Until the application shuts its output down; then so do we, and the other direction goes on. */
    private static void toKernel(SocketChannel from, Socket to) throws IOException {
        byte[] bytes = new byte[BUFFER];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        OutputStream out = to.getOutputStream();
        for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
            out.write(bytes, 0, n);
            buffer.clear();
        }
        to.shutdownOutput();
    }

    private static void fromKernel(Socket from, SocketChannel to) {
        byte[] bytes = new byte[BUFFER];
        try {
            InputStream in = from.getInputStream();
            for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, n);
                while (buffer.hasRemaining()) to.write(buffer);
            }
            to.shutdownOutput();
        } catch (IOException e) {
            // One end has gone. Closing both lets the other direction hear of it.
            closeBoth(from, to);
        }
    }

    private static void closeBoth(Socket kernel, SocketChannel channel) {
        try (kernel;
                channel) {
            kernel.setSoLinger(true, 0); // a reset, for that is what the peer did
        } catch (IOException e) {
            System.err.println("close: " + e.getMessage());
        }
    }

    // -- datagrams

    private void carry(UdpFlow flow) {
        try (DatagramSocket kernel = new DatagramSocket();
                DatagramChannel channel = flow.accept()) {
            kernel.connect(target(flow.destination()));
            kernel.setSoTimeout(IDLE_MS);
            Thread back = new Thread(() -> fromKernel(kernel, channel), "way-out");
            back.setDaemon(true);
            back.start();
            DatagramPacket packet = new DatagramPacket(new byte[MAX_DATAGRAM], MAX_DATAGRAM);
            ByteBuffer buffer = ByteBuffer.wrap(packet.getData());
            while (true) {
                channel.receive(buffer.clear());
                packet.setLength(buffer.position());
                kernel.send(packet);
            }
        } catch (AsynchronousCloseException e) {
            // fromKernel has closed it: the flow has ended
        } catch (IOException e) {
            System.err.println(flow + ": " + e.getMessage());
        }
    }

    private static void fromKernel(DatagramSocket from, DatagramChannel to) {
        DatagramPacket packet = new DatagramPacket(new byte[MAX_DATAGRAM], MAX_DATAGRAM);
        try (to) {
            while (true) {
                packet.setLength(MAX_DATAGRAM);
                from.receive(packet);
                to.send(
                        ByteBuffer.wrap(packet.getData(), 0, packet.getLength()),
                        to.getRemoteAddress());
            }
        } catch (SocketTimeoutException e) {
            // idle: closing the channel ends the other direction
        } catch (IOException e) {
            if (to.isOpen())
                System.err.println(from.getRemoteSocketAddress() + ": " + e.getMessage());
        }
    }
}
