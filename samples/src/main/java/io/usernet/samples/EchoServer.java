package io.usernet.samples;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Iterator;

/**
 * Sends back every byte it is sent, on one thread. The end of a client's input, or a line that is exactly
 * {@code exit}, ends the connection once all bytes before it (and the {@code exit}) are back.
 *
 * <p>A connection whose client does not read is not read from either, so a client costs at most one read's worth of
 * memory.
 */
public final class EchoServer {
    static final int PORT = 6888;

    private final Selector selector;
    private final ServerSocketChannel server;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
    private volatile boolean stopping;

    EchoServer(SocketAddress address) throws IOException {
        selector = Selector.open();
        server = ServerSocketChannel.open();
        server.bind(address, 1024);
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Usage: {@code EchoServer [port] [address]}. */
    public static void main(String[] args) throws IOException {
        InetSocketAddress address;
        try {
            int port = args.length > 0 ? Integer.parseInt(args[0]) : PORT;
            address =
                    args.length > 1
                            ? new InetSocketAddress(args[1], port)
                            : new InetSocketAddress(port);
        } catch (IllegalArgumentException e) {
            System.err.println("usage: EchoServer [port] [address]: " + e.getMessage());
            System.exit(2);
            return;
        }
        EchoServer server = new EchoServer(address);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(main), "stop"));
        System.out.println("listening on " + server.server.getLocalAddress());
        server.run();
    }

    /** Has the loop close all connections, and waits until it has. */
    private void stop(Thread loop) {
        stopping = true;
        selector.wakeup();
        try {
            loop.join(2_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void run() throws IOException {
        try {
            while (!stopping) {
                selector.select();
                Iterator<SelectionKey> selected = selector.selectedKeys().iterator();
                while (selected.hasNext()) {
                    SelectionKey key = selected.next();
                    selected.remove();
                    if (key.isAcceptable()) {
                        accept();
                    } else {
                        serve(key);
                    }
                }
            }
        } finally {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        }
    }

    private void accept() throws IOException {
        SocketChannel channel = server.accept();
        if (channel != null) {
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, new Connection(channel));
        }
    }

    private void serve(SelectionKey key) throws IOException {
        Connection connection = (Connection) key.attachment();
        try {
            if (connection.ready(buffer)) {
                key.interestOps(connection.owes() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
            } else {
                key.channel().close();
            }
        } catch (IOException e) {
            System.err.println(connection.peer + ": " + e.getMessage());
            key.channel().close();
        }
    }

    private static final class Connection {
        final SocketAddress peer;
        private final SocketChannel channel;
        private final ExitLine exit = new ExitLine();

        /** Read but not yet sent back, or null. While there is some, nothing is read. */
        private ByteBuffer pending;

        Connection(SocketChannel channel) throws IOException {
            this.channel = channel;
            this.peer = channel.getRemoteAddress();
        }

        boolean owes() {
            return pending != null;
        }

        /** Moves what can be moved without waiting; false once the client has sent its all. */
        boolean ready(ByteBuffer buffer) throws IOException {
            if (pending != null) {
                channel.write(pending);
                if (pending.hasRemaining()) {
                    return true;
                }
                pending = null;
                if (exit.seen()) {
                    channel.shutdownOutput();
                }
                return true;
            }
            if (channel.read(buffer.clear()) < 0) {
                return false;
            }
            buffer.flip();
            if (exit.seen()) {
                // Dropped: closing before the client does would reset what is still on its way to
                // it.
                return true;
            }
            exit.scan(buffer);
            channel.write(buffer);
            if (buffer.hasRemaining()) {
                pending = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
            } else if (exit.seen()) {
                channel.shutdownOutput();
            }
            return true;
        }
    }

    /** Finds a line that is exactly {@code exit} (LF or CR LF) in a stream that comes in pieces. */
    private static final class ExitLine {
        private static final byte[] LINE = {'e', 'x', 'i', 't'};
        private static final int OTHER_LINE = -1;
        private static final int CR = LINE.length + 1;

        /** How much of LINE the current line consists of, CR after all of it and a CR, or OTHER_LINE. */
        private int matched;

        private boolean seen;

        boolean seen() {
            return seen;
        }

        /** Limits the buffer to what ends with the exit line, if it is in there. */
        void scan(ByteBuffer buffer) {
            for (int i = buffer.position(); i < buffer.limit(); i++) {
                byte b = buffer.get(i);
                if (b == '\n') {
                    if (matched >= LINE.length) {
                        seen = true;
                        buffer.limit(i + 1);
                        return;
                    }
                    matched = 0;
                } else if (matched >= 0) {
                    matched = after(b);
                }
            }
        }

        private int after(byte b) {
            if (matched < LINE.length) {
                return b == LINE[matched] ? matched + 1 : OTHER_LINE;
            }
            return matched == LINE.length && b == '\r' ? CR : OTHER_LINE;
        }
    }
}
