package io.usernet.benchmarks;

import io.usernet.buffer.Inbox;
import io.usernet.buffer.Wakeups;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.metrics.Counters;
import io.usernet.tcp.Connection;
import io.usernet.tcp.FourTuple;
import io.usernet.tcp.InitialSequence;
import io.usernet.tcp.State;
import io.usernet.tcp.Stream;
import io.usernet.tcp.TcpLayer;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a full-sized segment costs one connection in ESTABLISHED, in nanoseconds, application's side
 * included and IP excluded: received, sent and acknowledged, and both, between two connections.
 */
@org.openjdk.jmh.annotations.State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class SegmentBenchmark {
    private static final int MTU_MSS = 1460;
    private static final int TEXT = MTU_MSS - TcpOptions.TIMESTAMPS_LENGTH;
    private static final int HEADER = Tcp.HEADER + TcpOptions.TIMESTAMPS_LENGTH;
    private static final long STEP_NS = 12_000; // 1 Gbit/s

    /** One connection and its application. */
    private static final class Side {
        final Memory memory = new Memory(64 << 20);
        final FramePool frames = new FramePool(memory);
        final Inbox inbox = new Inbox();
        final Wakeups wakeups = new Wakeups();
        final Stream stream = new Stream(memory, 1 << 20, 1 << 20);
        final Connection connection;
        final ByteBuffer application = ByteBuffer.allocateDirect(TEXT);

        Side(FourTuple tuple, int iss, long nowNs) {
            InitialSequence isn =
                    new InitialSequence() {
                        @Override
                        public int iss(FourTuple tuple, long nowNs) {
                            return iss;
                        }

                        @Override
                        public int timestampOffset(FourTuple tuple) {
                            return 0;
                        }
                    };
            TcpLayer layer = new TcpLayer(Sysctls.defaults(), new Counters(), memory, wakeups, isn);
            connection = new Connection(layer, tuple, stream, MTU_MSS, nowNs);
        }

        void write(long nowNs) {
            application.clear();
            if (stream.write(application) != TEXT) throw new AssertionError("no room");
            inbox.post(stream, Stream.WRITTEN);
            inbox.drain(1, nowNs);
        }

        void read(long nowNs) {
            application.clear();
            if (stream.read(application) != TEXT) throw new AssertionError("not received");
            if (stream.shouldAnnounce()) {
                inbox.post(stream, Stream.CONSUMED);
                inbox.drain(1, nowNs);
            }
        }

        /** Hands everything that is to be sent to the other connection, or to nobody. */
        int sendTo(Connection other, long nowNs) {
            int segments = 0;
            while (true) {
                Frame out = frames.take();
                out.begin();
                boolean more = connection.pollTransmit(out, nowNs);
                if (more && other != null) other.onSegment(out, nowNs);
                out.release();
                if (!more) return segments;
                segments++;
            }
        }
    }

    private long nowNs = 1_000_000_000;

    // -- two connections
    private Side left, right;

    // -- a connection whose peer is this benchmark
    private Side receiver, sender;
    private Slab text;
    private int peerSeq, peerAck;

    @Setup
    public void connect() {
        left = new Side(new FourTuple(1, 1, 2, 2), 0xFFFF_FF00, nowNs);
        right = new Side(new FourTuple(2, 2, 1, 1), 0x7FFF_FF00, nowNs);
        // RFC 9293 figure 7: a simultaneous open.
        for (int i = 0; i < 4; i++) {
            left.sendTo(right.connection, nowNs);
            right.sendTo(left.connection, nowNs);
        }
        require(left.connection);
        require(right.connection);
        receiver = open(0xFFFF_FF00);
        sender = open(0xFFFF_FF00);
        text = receiver.memory.take(Slab.Size.MEDIUM);
        peerSeq = 1001;
        peerAck = sender.connection.sndNxt();
    }

    private Side open(int iss) {
        Side side = new Side(new FourTuple(1, 1, 2, 2), iss, nowNs);
        side.sendTo(null, nowNs);
        Frame synAck = side.frames.take();
        synAck.begin();
        int options = 4 + TcpOptions.TIMESTAMPS_LENGTH + 4;
        int at = synAck.prepend(Tcp.HEADER + options);
        ByteBuffer b = synAck.bytes();
        Tcp.write(b, at, 2, 1, 1000, iss + 1, Tcp.HEADER + options, Tcp.SYN | Tcp.ACK, 65_535);
        int next = TcpOptions.writeMss(b, at + Tcp.HEADER, MTU_MSS);
        next = TcpOptions.writeSackPermittedAndTimestamps(b, next, tsVal(), tsVal());
        TcpOptions.writeWindowScale(b, next, 7);
        side.connection.onSegment(synAck, nowNs);
        synAck.release();
        side.sendTo(null, nowNs);
        require(side.connection);
        return side;
    }

    private static void require(Connection connection) {
        if (connection.state() != State.ESTABLISHED) throw new AssertionError(connection);
    }

    private int tsVal() {
        return (int) (nowNs / 1_000_000);
    }

    private void peerSends(Side to, int seq, int ack, int textLength) {
        Frame in = to.frames.take();
        in.begin();
        if (textLength > 0) in.append(text.region(), text, text.base(), textLength);
        int at = in.prepend(HEADER);
        Tcp.write(in.bytes(), at, 2, 1, seq, ack, HEADER, Tcp.ACK, 65_535);
        TcpOptions.writeTimestamps(in.bytes(), at + Tcp.HEADER, tsVal(), tsVal());
        to.connection.onSegment(in, nowNs);
        in.release();
    }

    /** A segment in order arrives, is read, and is acknowledged (every second one). */
    @Benchmark
    public void receiveInOrder() {
        nowNs += STEP_NS;
        peerSends(receiver, peerSeq, 0xFFFF_FF01, TEXT);
        peerSeq += TEXT;
        receiver.read(nowNs);
        receiver.sendTo(null, nowNs);
    }

    /** A segment is written, sent and acknowledged. */
    @Benchmark
    public void sendAndBeAcknowledged() {
        nowNs += STEP_NS;
        sender.write(nowNs);
        sender.sendTo(null, nowNs);
        peerAck += TEXT;
        peerSends(sender, 1001, peerAck, 0);
        sender.sendTo(null, nowNs);
    }

    /** Written by one application, read by the other, and acknowledged. */
    @Benchmark
    public void exchange() {
        nowNs += STEP_NS;
        left.write(nowNs);
        left.sendTo(right.connection, nowNs);
        right.read(nowNs);
        right.sendTo(left.connection, nowNs);
    }
}
