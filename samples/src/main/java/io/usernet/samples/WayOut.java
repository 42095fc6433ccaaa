package io.usernet.samples;

import io.usernet.Stack;
import io.usernet.TcpFlow;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
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
 * <p>It asks first and answers then: where the kernel's connection is refused, so is the application's.
 */
public final class WayOut {
    private static final int BUFFER = 64 << 10;
    private static final int CONNECT_MS = 30_000;

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
    public static void main(String[] args) throws IOException, InterruptedException {
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
        }
    }

    /** A stack on the builder's link from which all connections go to the kernel. */
    static Stack open(Stack.Builder builder, String address) throws IOException {
        InetAddress gateway = InetAddress.getByName(address.split("/")[0]);
        WayOut wayOut = new WayOut(gateway);
        return builder.address(address).acceptAnyAddress().forwardFlows(wayOut::connect).open();
    }

    private void connect(TcpFlow flow) {
        threads.execute(() -> carry(flow));
    }

    private void carry(TcpFlow flow) {
        InetSocketAddress to = flow.destination();
        if (to.getAddress().equals(gateway)) {
            to = new InetSocketAddress(InetAddress.getLoopbackAddress(), to.getPort());
        }
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
}
