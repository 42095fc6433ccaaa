package io.usernet.benchmarks;

import io.usernet.config.StackConfig;
import io.usernet.frame.Memory;
import io.usernet.link.LinkDevice;
import io.usernet.link.Wire;
import io.usernet.stack.NetworkStack;
import io.usernet.stack.Reuse;
import io.usernet.tcp.Rfc6528Sequence;
import io.usernet.udp.UdpSocket;
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
 * Two whole stacks on a wire, both run by one thread and without a lock: what a datagram costs from a
 * send to the receive on the other side, in nanoseconds. {@code -prof gc} shows that nothing is
 * allocated for it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class DatagramBenchmark {
    private static final int CLIENT = 0x0A00_0001, SERVER = 0x0A00_0002, PORT = 6888;
    private static final int BATCH = 32;

    /** Bytes of a datagram. */
    @Param({"64", "1400"})
    public int bytes;

    private final Wire wire = new Wire("wire", 2, 1500, 512);
    private final NetworkStack client = stack("10.0.0.1/24", wire.left());
    private final NetworkStack server = stack("10.0.0.2/24", wire.right());
    private final UdpSocket out = client.newUdpSocket();
    private final UdpSocket in = server.newUdpSocket();
    private ByteBuffer buffer;
    private long nowNs = 1_000_000_000;

    private static NetworkStack stack(String address, LinkDevice link) {
        StackConfig config = StackConfig.defaults().withAddress(address);
        return new NetworkStack(
                config, link, new Memory(config.memory()), new Rfc6528Sequence(1, 2), 42);
    }

    @Setup
    public void bind() throws IOException {
        buffer = ByteBuffer.allocateDirect(bytes);
        client.bind(out, 0, PORT, Reuse.NONE);
        server.bind(in, 0, PORT, Reuse.NONE);
        for (int i = 0; i < 10; i++) turns(); // addresses are announced and asked for
        send(out, client, SERVER);
        for (int i = 0; i < 10; i++) turns();
        if (in.receive(buffer.clear()) == UdpSocket.NONE) throw new IOException("no way through");
    }

    private void turns() {
        client.turn(nowNs);
        server.turn(nowNs);
    }

    private void send(UdpSocket from, NetworkStack stack, int to) {
        boolean sent = from.send(buffer.clear(), to == SERVER ? CLIENT : SERVER, to, PORT, 0);
        if (!sent) throw new AssertionError("no room");
        stack.inbox().post(from, UdpSocket.TRANSMIT);
    }

    private void receive(UdpSocket at) {
        if (at.receive(buffer.clear()) == UdpSocket.NONE) throw new AssertionError("lost");
    }

    /** One there and one back, as a question and its answer. */
    @Benchmark
    public void echo() {
        nowNs += 20_000;
        send(out, client, SERVER);
        turns();
        receive(in);
        send(in, server, CLIENT);
        server.turn(nowNs);
        client.turn(nowNs);
        receive(out);
    }

    /** One way, 32 at a time. */
    @Benchmark
    public void batch() {
        nowNs += 20_000;
        for (int i = 0; i < BATCH; i++) send(out, client, SERVER);
        turns();
        for (int i = 0; i < BATCH; i++) receive(in);
    }
}
