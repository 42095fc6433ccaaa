package io.usernet.benchmarks.compare;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The other end of every workload, on one port. Its threads keep the JVM up, and serve until it ends; a failure that no workload
 * explains ends the JVM.
 */
final class WorkloadServer {
    static final int MESSAGE = 64;
    static final int BULK = 64 << 10;

    private final ServerSocketChannel server = ServerSocketChannel.open();
    private final Selector selector = Selector.open();

    /** Accepted, not yet registered: a registration may wait for the selector. */
    private final Queue<SocketChannel> arrivals = new ConcurrentLinkedQueue<>();

    WorkloadServer(InetSocketAddress address) throws IOException {
        server.bind(address, 1024);
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) server.getLocalAddress();
    }

    void start() {
        thread("accept", this::accept);
        thread("selector", this::select);
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void thread(String name, Task task) {
        new Thread(
                        () -> {
                            try {
                                task.run();
                            } catch (Throwable t) {
                                t.printStackTrace();
                                Runtime.getRuntime().halt(1); // a client would wait for ever
                            }
                        },
                        name)
                .start();
    }

    private void accept() throws IOException {
        ByteBuffer tag = ByteBuffer.allocateDirect(1);
        while (true) {
            SocketChannel channel = server.accept();
            if (!fill(channel, tag.clear())) {
                channel.close();
                continue;
            }
            Workload workload = Workload.values()[tag.get(0)];
            if (workload != Workload.CHURN) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            switch (workload) {
                case PINGPONG -> thread(workload.id, () -> echo(channel));
                case SELECTOR -> {
                    channel.configureBlocking(false);
                    arrivals.add(channel);
                    selector.wakeup();
                }
                case UPLOAD -> thread(workload.id, () -> sink(channel));
                case DOWNLOAD -> thread(workload.id, () -> source(channel));
                case CHURN -> channel.close();
            }
        }
    }

    private static void echo(SocketChannel channel) throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE);
        try (channel) {
            while (fill(channel, message.clear())) drain(channel, message.flip());
        }
    }

    /** Reads to the end, and then tells how much it was: the client compares. */
    private static void sink(SocketChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BULK);
        long total = 0;
        try (channel) {
            for (int n; (n = channel.read(buffer.clear())) >= 0; ) total += n;
            drain(channel, buffer.clear().putLong(total).flip());
        }
    }

    private static void source(SocketChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BULK);
        try (channel) {
            while (true) drain(channel, buffer.clear());
        } catch (IOException e) {
            // The client has seen enough and closed; if not, it is the one to complain.
        }
    }

    private void select() throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE);
        while (true) {
            selector.select();
            for (SocketChannel channel; (channel = arrivals.poll()) != null; ) {
                channel.register(selector, SelectionKey.OP_READ);
            }
            Iterator<SelectionKey> selected = selector.selectedKeys().iterator();
            while (selected.hasNext()) {
                SocketChannel channel = (SocketChannel) selected.next().channel();
                selected.remove();
                int n = channel.read(message.clear());
                if (n < 0) channel.close();
                else writeAtOnce(channel, message.flip());
            }
        }
    }

    /** Writes a message of which there is never more than one on its way, so that there is room. */
    static void writeAtOnce(SocketChannel channel, ByteBuffer message) throws IOException {
        channel.write(message);
        if (message.hasRemaining()) {
            throw new IOException("no room to send " + message.remaining() + " bytes");
        }
    }

    /**
     * Reads until the buffer is full.
     *
     * @return false if the stream ended before the first byte
     */
    static boolean fill(SocketChannel channel, ByteBuffer buffer) throws IOException {
        int before = buffer.position();
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                if (buffer.position() == before) return false;
                throw new EOFException("the stream ended in the middle of a message");
            }
        }
        return true;
    }

    static void drain(SocketChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) channel.write(buffer);
    }
}
