package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.buffer.Wakeups;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Holder;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.metrics.Counters;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Anything in any order: no exception, no broken invariant (each operation ends with that), no leak,
 * and no segment or timer without end.
 */
class RandomOperationsTest {
    private static final int OPERATIONS = 20_000;

    private final Memory memory = new Memory(8 << 20);
    private final FramePool pool = new FramePool(memory);
    private final Counters counters = new Counters();
    private Random random;
    private Connection connection;
    private Stream stream;
    private long nowNs;
    private int held;
    private int lastSeq, lastAck; // of what the connection sent last
    private boolean closing;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void surviveAnything(long seed) {
        random = new Random(seed);
        long inUse = memory.inUse();
        for (int life = 0; life < 20; life++) {
            begin();
            int n = 0;
            while (n++ < OPERATIONS / 20 && connection.successor() == connection) operate();
            connection.abort(CloseCause.LOCAL);
            poll();
            connection.onPosted(Stream.CLOSE, nowNs);
            assertEquals(0, pool.out(), "frames out");
            assertEquals(0, held, "arrived slices held");
            assertEquals(inUse, memory.inUse(), "slabs out");
        }
    }

    private void begin() {
        TcpLayer layer =
                new TcpLayer(
                        Sysctls.defaults(), counters, memory, new Wakeups(), TcpScenario.FIXED);
        int rcvBuf = 1000 << random.nextInt(7);
        stream = new Stream(memory, 1000 << random.nextInt(7), rcvBuf);
        FourTuple tuple = new FourTuple(1, 1000, 2, 2000);
        nowNs = 1_000_000_000;
        closing = false;
        if (random.nextInt(4) == 0) {
            connection = new Connection(layer, tuple, stream, 1460, nowNs);
        } else {
            Handshake h = new Handshake();
            h.iss = TcpScenario.ISS;
            h.irs = TcpScenario.IRS;
            h.peerMss = random.nextInt(2000);
            h.sackPermitted = random.nextBoolean();
            h.timestamps = random.nextBoolean();
            h.windowScaling = random.nextBoolean();
            if (h.windowScaling) h.sndWindShift = random.nextInt(15);
            if (h.windowScaling) h.rcvWindShift = 7;
            h.sndWnd = random.nextInt(65_536);
            h.rcvWnd = Math.min(65_535, rcvBuf);
            connection = new Connection(layer, tuple, stream, 1460, h, nowNs);
        }
        lastSeq = TcpScenario.ISS;
        lastAck = TcpScenario.IRS + 1;
        poll();
    }

    private void operate() {
        switch (random.nextInt(12)) {
            case 0, 1 -> {
                if (!closing) stream.write(ByteBuffer.allocate(random.nextInt(5000)));
                connection.onPosted(Stream.WRITTEN, nowNs);
            }
            case 2 -> {
                stream.read(ByteBuffer.allocate(1 + random.nextInt(20_000)));
                if (stream.shouldAnnounce()) connection.onPosted(Stream.CONSUMED, nowNs);
            }
            case 3 -> {
                nowNs += (long) random.nextInt(2000) * 1_000_000;
                connection.onTimeout(nowNs);
            }
            case 4 -> {
                nowNs = Math.max(nowNs, Math.min(connection.nextDeadlineNs(), nowNs + (1L << 40)));
                connection.onTimeout(nowNs);
            }
            case 5 -> rare();
            default -> arrive();
        }
        if (random.nextInt(4) > 0) poll();
        assertTrue(connection.invariant());
    }

    private void rare() {
        int seq = connection.sndUna() + random.nextInt(2000) - 100;
        switch (random.nextInt(40)) {
            case 0 -> shut(Stream.CLOSE);
            case 1 -> shut(Stream.SHUTDOWN_OUTPUT);
            case 2 -> connection.onPosted(Stream.SHUTDOWN_INPUT, nowNs);
            case 3 -> connection.onPathMtu(random.nextInt(1600), seq, nowNs);
            case 4 -> connection.onUnreachable(Endpoint.Unreachable.HOST, seq, nowNs);
            case 5 -> {
                stream.noDelay = random.nextBoolean();
                stream.keepAlive = random.nextBoolean();
                stream.quickAck = random.nextBoolean();
                stream.receiveBuffer = 1000 << random.nextInt(7);
                connection.onPosted(Stream.OPTIONS, nowNs);
            }
            default -> connection.onPosted(Stream.WRITTEN | Stream.CONSUMED, nowNs);
        }
    }

    private void shut(int what) {
        closing = true;
        connection.onPosted(what, nowNs);
    }

    /** A segment around what would be right. */
    private void arrive() {
        int length = random.nextInt(3) == 0 ? random.nextInt(2000) : 0;
        int seq = lastAck + (random.nextInt(2) == 0 ? 0 : random.nextInt(6000) - 2000);
        int ack = lastSeq + (random.nextInt(8) == 0 ? random.nextInt(10_000) - 5000 : 0);
        int flags = random.nextInt(30) == 0 ? random.nextInt(256) : Tcp.ACK;
        if (random.nextInt(60) == 0) flags |= Tcp.FIN;
        if (connection.state() == State.SYN_SENT && random.nextInt(3) == 0) {
            flags = Tcp.SYN | (random.nextBoolean() ? Tcp.ACK : 0);
            ack = connection.sndNxt();
        }
        int header = Tcp.HEADER + (random.nextInt(3) == 0 ? 40 : 0);
        ByteBuffer b = ByteBuffer.allocateDirect(header + length);
        int window = random.nextInt(4) == 0 ? random.nextInt(3000) : random.nextInt(65_536);
        Tcp.write(b, 0, 2000, 1000, seq, ack, header, flags, window);
        if (header > Tcp.HEADER) options(b, ack);
        Frame in = pool.take();
        held++;
        Holder holder =
                new Holder() {
                    @Override
                    protected void free() {
                        held--;
                    }
                };
        in.append(new Region(b), holder, 0, b.capacity());
        holder.release();
        if (connection.successor() == connection) connection.onSegment(in, nowNs);
        in.release();
    }

    private void options(ByteBuffer b, int ack) {
        int at = Tcp.HEADER;
        switch (random.nextInt(3)) {
            case 0 -> {
                at = TcpOptions.writeTimestamps(b, at, random.nextInt(3000), random.nextInt(3000));
                at = TcpOptions.writeSackHead(b, at, 3);
                for (int i = 0; i < 3; i++) {
                    int left = ack + random.nextInt(8000);
                    at = TcpOptions.writeSackBlock(b, at, left, left + random.nextInt(3000) - 500);
                }
            }
            case 1 -> {
                at = TcpOptions.writeMss(b, at, random.nextInt(3000));
                TcpOptions.writeWindowScale(b, at, random.nextInt(20));
            }
            default -> {
                for (; at < b.capacity() && at < 60; at++) b.put(at, (byte) random.nextInt(12));
            }
        }
    }

    private void poll() {
        for (int i = 0; ; i++) {
            assertTrue(i < 1_000, "segments without end");
            Frame out = pool.take();
            out.begin();
            boolean filled = connection.pollTransmit(out, nowNs);
            if (filled) {
                byte[] bytes = SegmentText.bytes(out);
                ByteBuffer b = ByteBuffer.wrap(bytes);
                assertTrue(Tcp.check(b, 0, bytes.length) > 0, "well-formed");
                int header = Tcp.headerLength(b, 0);
                assertTrue(bytes.length - header <= connection.sndMss(), "no more than the MSS");
                if ((Tcp.flags(b, 0) & Tcp.RST) == 0) {
                    int end = Tcp.seq(b, 0) + bytes.length - header;
                    if (end - lastSeq > 0) lastSeq = end;
                    if ((Tcp.flags(b, 0) & Tcp.ACK) != 0) lastAck = Tcp.ack(b, 0);
                }
            }
            out.release();
            if (!filled) break;
        }
    }
}
