package io.usernet.samples;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/**
 * Sends every UDP datagram back to where it came from, on one thread, until it is interrupted. One that cannot be sent
 * at once is kept, and nothing is received meanwhile: what comes then waits in the socket's buffer, or is lost, as
 * datagrams may be.
 */
public final class DatagramEcho implements AutoCloseable {
    private final Selector selector;
    private final DatagramChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);

    /** Whose datagram is in the buffer and has to be sent back, or null. */
    private SocketAddress owed;

    DatagramEcho(SocketAddress address) throws IOException {
        selector = Selector.open();
        channel = DatagramChannel.open();
        channel.bind(address);
        channel.configureBlocking(false);
    }

    /** Usage: {@code DatagramEcho [port] [address]}. */
    public static void main(String[] args) throws IOException {
        InetSocketAddress address;
        try {
            int port = args.length > 0 ? Integer.parseInt(args[0]) : EchoServer.PORT;
            address =
                    args.length > 1
                            ? new InetSocketAddress(args[1], port)
                            : new InetSocketAddress(port);
        } catch (IllegalArgumentException e) {
            System.err.println("usage: DatagramEcho [port] [address]: " + e.getMessage());
            System.exit(2);
            return;
        }
        try (DatagramEcho echo = new DatagramEcho(address)) {
            System.out.println("listening on " + echo.address());
            echo.run();
        }
    }

    SocketAddress address() throws IOException {
        return channel.getLocalAddress();
    }

    void run() throws IOException {
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        while (!Thread.interrupted()) {
            selector.select();
            selector.selectedKeys().clear();
            key.interestOps(serve() ? SelectionKey.OP_READ : SelectionKey.OP_WRITE);
        }
    }

    /** Echoes what is there; false if a datagram has to wait until it can be sent. */
    private boolean serve() throws IOException {
        while (owed != null || receive()) {
            try {
                boolean empty = !buffer.hasRemaining();
                if (channel.send(buffer, owed) == 0 && !empty) return false;
            } catch (IOException e) {
                System.err.println(owed + ": " + e.getMessage()); // no way back, say
            }
            owed = null;
        }
        return true;
    }

    private boolean receive() throws IOException {
        owed = channel.receive(buffer.clear());
        buffer.flip();
        return owed != null;
    }

    @Override
    public void close() throws IOException {
        channel.close();
        selector.close();
    }
}
