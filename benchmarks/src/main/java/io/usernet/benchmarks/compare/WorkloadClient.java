package io.usernet.benchmarks.compare;

import static io.usernet.benchmarks.compare.WorkloadServer.BULK;
import static io.usernet.benchmarks.compare.WorkloadServer.MESSAGE;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Iterator;

/** Runs workloads against a {@link WorkloadServer}, and measures. */
final class WorkloadClient {
    private final InetSocketAddress server;
    private final int connections;
    private final long warmupNs;
    private final long measureNs;

    WorkloadClient(InetSocketAddress server, int connections, long warmupNs, long measureNs) {
        this.server = server;
        this.connections = connections;
        this.warmupNs = warmupNs;
        this.measureNs = measureNs;
    }

    /**
     * Runs one workload.
     *
     * @throws IOException also if what came back is not what was sent
     */
    Meter run(Workload workload) throws IOException {
        return switch (workload) {
            case PINGPONG -> pingPong();
            case SELECTOR -> selectorPingPong();
            case UPLOAD -> upload();
            case DOWNLOAD -> download();
            case CHURN -> churn();
        };
    }

    private Meter meter() {
        return new Meter(System.nanoTime(), warmupNs, measureNs);
    }

    private SocketChannel connect(Workload workload) throws IOException {
        SocketChannel channel = SocketChannel.open(server);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        WorkloadServer.drain(channel, tag(workload));
        return channel;
    }

    private static ByteBuffer tag(Workload workload) {
        return ByteBuffer.allocateDirect(1).put((byte) workload.ordinal()).flip();
    }

    private Meter pingPong() throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE);
        try (SocketChannel channel = connect(Workload.PINGPONG)) {
            Meter meter = meter();
            long begun, ended = System.nanoTime(), number = 0;
            do {
                begun = ended;
                WorkloadServer.drain(channel, message.clear().putLong(0, ++number));
                receive(channel, message.clear(), number);
                ended = System.nanoTime();
            } while (meter.add(begun, ended, MESSAGE));
            return meter;
        }
    }

    private static void receive(SocketChannel channel, ByteBuffer message, long number)
            throws IOException {
        if (!WorkloadServer.fill(channel, message)) throw closed();
        check(message, number);
    }

    private static void check(ByteBuffer message, long number) throws IOException {
        long got = message.getLong(0);
        if (got != number) throw new IOException("sent message " + number + ", got " + got);
    }

    private static EOFException closed() {
        return new EOFException("the server closed the connection");
    }

    /** A connection of many, with one message on its way. */
    private static final class Pending {
        final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE);
        long number;
        long begunNs;

        void send(SocketChannel channel, long nowNs) throws IOException {
            begunNs = nowNs;
            WorkloadServer.writeAtOnce(channel, message.clear().putLong(0, ++number));
            message.clear();
        }
    }

    private Meter selectorPingPong() throws IOException {
        try (Selector selector = Selector.open()) {
            try {
                for (int i = 0; i < connections; i++) {
                    SocketChannel channel = connect(Workload.SELECTOR);
                    channel.configureBlocking(false);
                    channel.register(selector, SelectionKey.OP_READ, new Pending());
                }
                return selectorPingPong(selector);
            } finally {
                for (SelectionKey key : selector.keys()) key.channel().close();
            }
        }
    }

    private Meter selectorPingPong(Selector selector) throws IOException {
        Meter meter = meter();
        for (SelectionKey key : selector.keys()) {
            Pending pending = (Pending) key.attachment();
            pending.send((SocketChannel) key.channel(), System.nanoTime());
        }
        // In the end every answer is received: to close before that would reset the connection.
        int awaited = connections;
        while (awaited > 0) {
            selector.select();
            Iterator<SelectionKey> selected = selector.selectedKeys().iterator();
            while (selected.hasNext()) {
                SelectionKey key = selected.next();
                selected.remove();
                SocketChannel channel = (SocketChannel) key.channel();
                Pending pending = (Pending) key.attachment();
                if (channel.read(pending.message) < 0) throw closed();
                if (pending.message.hasRemaining()) continue;
                check(pending.message, pending.number);
                long now = System.nanoTime();
                if (awaited == connections && meter.add(pending.begunNs, now, MESSAGE)) {
                    pending.send(channel, now);
                } else {
                    awaited--;
                }
            }
        }
        return meter;
    }

    private Meter upload() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BULK);
        try (SocketChannel channel = connect(Workload.UPLOAD)) {
            Meter meter = meter();
            long begun, ended = System.nanoTime(), total = 0;
            int n;
            do {
                begun = ended;
                n = channel.write(buffer.clear());
                total += n;
                ended = System.nanoTime();
            } while (meter.add(begun, ended, n));
            channel.shutdownOutput();
            buffer.clear().limit(Long.BYTES);
            if (!WorkloadServer.fill(channel, buffer)) throw closed();
            if (buffer.getLong(0) != total) {
                throw new IOException(
                        "sent " + total + " bytes, the server got " + buffer.getLong(0));
            }
            return meter;
        }
    }

    private Meter download() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BULK);
        try (SocketChannel channel = connect(Workload.DOWNLOAD)) {
            Meter meter = meter();
            long begun, ended = System.nanoTime();
            int n;
            do {
                begun = ended;
                n = channel.read(buffer.clear());
                if (n < 0) throw closed();
                ended = System.nanoTime();
            } while (meter.add(begun, ended, n));
            return meter;
        }
    }

    /** The server closes first, so that TIME-WAIT does not use up this side's ports. */
    private Meter churn() throws IOException {
        ByteBuffer tag = tag(Workload.CHURN);
        ByteBuffer answer = ByteBuffer.allocateDirect(1);
        Meter meter = meter();
        long begun, ended = System.nanoTime();
        do {
            begun = ended;
            try (SocketChannel channel = SocketChannel.open(server)) {
                WorkloadServer.drain(channel, tag.rewind());
                if (channel.read(answer.clear()) >= 0) throw new IOException("it did not close");
            }
            ended = System.nanoTime();
        } while (meter.add(begun, ended, 1));
        return meter;
    }
}
