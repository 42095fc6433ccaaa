package io.usernet.benchmarks;

import io.usernet.buffer.Post;
import io.usernet.config.StackConfig;
import io.usernet.frame.Memory;
import io.usernet.link.Wire;
import io.usernet.stack.Binding;
import io.usernet.stack.NetworkStack;
import io.usernet.stack.Reuse;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.FourTuple;
import io.usernet.tcp.InitialSequence;
import io.usernet.tcp.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Two whole stacks on a wire, both run by one thread and without a lock: what a write on one side and
 * the read on the other cost from application to application, in nanoseconds.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class StackBenchmark {
    private static final int PORT = 6888;
    private static final int SERVER = 0x0A00_0002;
    private static final int MAX_TURNS = 1000;

    /** Bytes a write. */
    @Param({"64", "8192"})
    public int bytes;

    private final Wire wire = new Wire("wire", 2, 1500, 512);
    private final NetworkStack client = stack("10.0.0.1/24", wire.left());
    private final NetworkStack server = stack("10.0.0.2/24", wire.right());
    private Stream clientStream, serverStream;
    private ByteBuffer buffer;
    private long nowNs = 1_000_000_000;

    private static NetworkStack stack(String address, io.usernet.link.LinkDevice link) {
        StackConfig config = StackConfig.defaults().withAddress(address);
        InitialSequence isn =
                new InitialSequence() {
                    @Override
                    public int iss(FourTuple tuple, long nowNs) {
                        return 0xFFFF_FF00;
                    }

                    @Override
                    public int timestampOffset(FourTuple tuple) {
                        return 0;
                    }
                };
        return new NetworkStack(config, link, new Memory(config.memory()), isn, 42);
    }

    @Setup
    public void connect() throws IOException {
        buffer = ByteBuffer.allocateDirect(bytes);
        turns();
        Backlog[] backlog = new Backlog[1];
        in(
                server,
                () -> {
                    Binding binding = server.bind(SERVER, PORT, Reuse.NONE);
                    backlog[0] = server.listen(binding, 50, 0);
                });
        clientStream = new Stream(client.memory(), 1 << 20, 1 << 20);
        in(client, () -> client.connect(clientStream, null, SERVER, PORT));
        for (int i = 0; i < MAX_TURNS && serverStream == null; i++) {
            turns();
            nowNs += 1_000_000;
            serverStream = backlog[0].poll();
        }
        if (serverStream == null || !clientStream.isConnected())
            throw new IOException("no connection");
        noDelay(client, clientStream);
        noDelay(server, serverStream);
    }

    private void noDelay(NetworkStack stack, Stream stream) {
        stream.noDelay = true;
        stack.inbox().post(stream, Stream.OPTIONS);
        turns();
    }

    private interface Action {
        void run() throws IOException;
    }

    private void in(NetworkStack stack, Action action) throws IOException {
        IOException[] failure = new IOException[1];
        Post post =
                new Post() {
                    @Override
                    protected void act(int what, long nowNs) {
                        try {
                            action.run();
                        } catch (IOException e) {
                            failure[0] = e;
                        }
                    }
                };
        stack.inbox().post(post, 1);
        turns();
        if (failure[0] != null) throw failure[0];
    }

    private void turns() {
        client.turn(nowNs);
        server.turn(nowNs);
    }

    private void send(NetworkStack from, Stream out, NetworkStack to, Stream in) {
        buffer.clear();
        for (int turns = 0; buffer.hasRemaining(); turns++) {
            if (turns == MAX_TURNS) throw new AssertionError("stuck while writing");
            out.write(buffer);
            from.inbox().post(out, Stream.WRITTEN);
            turns();
        }
        buffer.clear();
        for (int turns = 0; buffer.hasRemaining(); turns++) {
            if (turns == MAX_TURNS) throw new AssertionError("stuck while reading");
            if (in.read(buffer) > 0 && in.shouldAnnounce()) to.inbox().post(in, Stream.CONSUMED);
            if (buffer.hasRemaining()) turns();
        }
    }

    /** There and back: what an echo costs without threads, system calls and wake-ups. */
    @Benchmark
    public void echo() {
        nowNs += 20_000;
        send(client, clientStream, server, serverStream);
        send(server, serverStream, client, clientStream);
    }

    /** One way, with the acknowledgements that come back. */
    @Benchmark
    public void bulk() {
        nowNs += 20_000;
        send(client, clientStream, server, serverStream);
    }
}
