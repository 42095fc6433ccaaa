package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.usernet.buffer.Wakeups;
import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Holder;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.frame.Slab;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.wire.Tcp;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One connection, with the test as its peer and as its application, in virtual time. Segments are
 * written in packetdrill's notation with relative sequence numbers, whose real ones are near the wrap;
 * {@code win} is the field as it stands in the header. After each step the connection is polled, as
 * the stack does at the end of a batch.
 *
 * <p>Every segment that comes in lies in memory of exactly its size. At the end of the test, nothing
 * may be held any more.
 */
final class TcpScenario implements AfterEachCallback {
    static final int ISS = 0xFFFF_FF00, IRS = 0xFFFF_FE00;
    static final int LOCAL_PORT = 8080, REMOTE_PORT = 40_000;
    private static final FourTuple TUPLE =
            new FourTuple(0x0A00_0001, LOCAL_PORT, 0x0A00_0002, REMOTE_PORT);

    static final InitialSequence FIXED =
            new InitialSequence() {
                @Override
                public int iss(FourTuple tuple, long nowNs) {
                    return ISS;
                }

                @Override
                public int timestampOffset(FourTuple tuple) {
                    return 0;
                }
            };

    private final Memory memory = new Memory(8 << 20);
    private final long inUseAtStart = memory.inUse();
    private final FramePool pool = new FramePool(memory);
    private final Counters counters = new Counters();
    private final List<TestHolder> holders = new ArrayList<>();
    private final ArrayDeque<String> sent = new ArrayDeque<>();
    private final TcpLayer layer;
    private long nowNs = 1_000_000_000; // TSval begins at 1000
    private Stream stream;
    private Connection connection;
    private long written, readSoFar; // positions in the two streams of bytes
    private final List<Slab> taken = new ArrayList<>();
    private boolean batching;
    private int arrivals;

    private static final class TestHolder extends Holder {
        private boolean freed;

        @Override
        protected void free() {
            freed = true;
        }
    }

    private TcpScenario(Sysctls sysctls) {
        layer = new TcpLayer(sysctls, counters, memory, new Wakeups(), FIXED);
    }

    // -- beginnings

    /** Before anything: {@link #connects} or {@link #accepted} comes next. */
    static TcpScenario with(Sysctls sysctls) {
        return new TcpScenario(sysctls);
    }

    static TcpScenario fresh() {
        return new TcpScenario(Sysctls.defaults());
    }

    /** Connected to a peer with SACK and a window of 65,535 that is not scaled, no timestamps. */
    static TcpScenario established() {
        return fresh().accepted(1460, true, 65_535);
    }

    /** The same without SACK. */
    static TcpScenario establishedWithoutSack() {
        return fresh().accepted(1460, false, 65_535);
    }

    static TcpScenario establishedWith(Sysctl sysctl, long value) {
        return with(Sysctls.defaults().with(sysctl, value)).accepted(1460, true, 65_535);
    }

    TcpScenario connects() {
        return connects(64 << 10, 64 << 10);
    }

    TcpScenario connects(int sendBuffer, int receiveBuffer) {
        stream = new Stream(memory, sendBuffer, receiveBuffer);
        connection = new Connection(layer, TUPLE, stream, 1460, nowNs);
        poll();
        return this;
    }

    TcpScenario accepted(int mss, boolean sack, int window) {
        return accepted(mss, sack, window, 256 << 10, 64 << 10);
    }

    TcpScenario accepted(int mss, boolean sack, int window, int sendBuffer, int receiveBuffer) {
        Handshake h = new Handshake();
        h.peerMss = mss;
        h.sackPermitted = sack;
        h.sndWnd = window;
        h.rcvWnd = Math.min(receiveBuffer, 65_535);
        return accepted(h, sendBuffer, receiveBuffer);
    }

    TcpScenario accepted(Handshake h, int sendBuffer, int receiveBuffer) {
        h.iss = ISS;
        h.irs = IRS;
        stream = new Stream(memory, sendBuffer, receiveBuffer);
        connection = new Connection(layer, TUPLE, stream, 1460, h, nowNs);
        poll();
        return this;
    }

    // -- the peer

    /** A segment from the peer arrives. */
    TcpScenario receives(String segment) {
        SegmentText text = SegmentText.parse(segment);
        Frame in = frame(text.toBytes(IRS, ISS, REMOTE_PORT, LOCAL_PORT));
        if (connection.successor() == connection) connection.onSegment(in, nowNs);
        in.release();
        poll();
        return this;
    }

    /** Bytes as a frame in one or two slices, each in memory of its own size. */
    private Frame frame(byte[] bytes) {
        int header = (bytes[12] & 0xF0) >>> 2;
        int cut = arrivals++ % 2 == 0 ? bytes.length : header + (bytes.length - header) / 2;
        Frame frame = pool.take();
        slice(frame, bytes, 0, cut);
        if (cut < bytes.length) slice(frame, bytes, cut, bytes.length);
        return frame;
    }

    private void slice(Frame frame, byte[] bytes, int from, int to) {
        ByteBuffer exact = ByteBuffer.allocateDirect(to - from);
        exact.put(0, bytes, from, to - from);
        TestHolder holder = new TestHolder();
        holders.add(holder);
        frame.append(new Region(exact), holder, 0, to - from);
        holder.release();
    }

    /** Several segments arrive before the connection is polled. */
    TcpScenario receivesAtOnce(String... segments) {
        batching = true;
        for (String segment : segments) receives(segment);
        batching = false;
        poll();
        return this;
    }

    /** The next segment that was sent is this one; ack, window and options count if they are given. */
    TcpScenario sends(String expected) {
        String actual = sent.poll();
        if (actual == null) fail("sends nothing instead of " + expected);
        SegmentText want = SegmentText.parse(expected);
        assertEquals(want.render(), SegmentText.parse(actual).like(want).render());
        return this;
    }

    TcpScenario receives(String... segments) {
        for (String segment : segments) receives(segment);
        return this;
    }

    TcpScenario sends(String... expected) {
        for (String one : expected) sends(one);
        return this;
    }

    TcpScenario sendsNothing() {
        assertNull(sent.peek(), "sends");
        return this;
    }

    /** Whatever was sent so far is not looked at. */
    TcpScenario skip() {
        sent.clear();
        return this;
    }

    /** How many segments were sent and not yet looked at. */
    int pending() {
        return sent.size();
    }

    // -- the application

    TcpScenario write(int n) {
        ByteBuffer src = ByteBuffer.allocate(n);
        for (int i = 0; i < n; i++) src.put(i, SegmentText.byteAt(written + i));
        int took = stream.write(src);
        assertEquals(n, took, "written");
        written += took;
        return posts(Stream.WRITTEN);
    }

    TcpScenario writeUrgent() {
        byte[] one = {SegmentText.byteAt(written)};
        assertEquals(1, stream.writeUrgent(ByteBuffer.wrap(one)), "written");
        written++;
        return posts(Stream.WRITTEN);
    }

    /** The peer's next byte is not to be read. */
    TcpScenario misses() {
        readSoFar++;
        return this;
    }

    /** Reads exactly {@code n} bytes, and looks whether they are the peer's. */
    TcpScenario read(int n) {
        ByteBuffer dst = ByteBuffer.allocate(n);
        assertEquals(n, stream.read(dst), "read");
        for (int i = 0; i < n; i++) {
            assertEquals(SegmentText.byteAt(readSoFar + i), dst.get(i), "byte " + (readSoFar + i));
        }
        readSoFar += n;
        return stream.shouldAnnounce() ? posts(Stream.CONSUMED) : this;
    }

    TcpScenario readsEnd() {
        assertEquals(-1, stream.read(ByteBuffer.allocate(1)));
        return this;
    }

    TcpScenario posts(int what) {
        connection.onPosted(what, nowNs);
        poll();
        return this;
    }

    TcpScenario close() {
        return posts(Stream.CLOSE);
    }

    TcpScenario shutdownOutput() {
        return posts(Stream.SHUTDOWN_OUTPUT);
    }

    Stream stream() {
        return stream;
    }

    Connection connection() {
        return connection;
    }

    // -- time

    TcpScenario advance(Duration d) {
        long target = nowNs + d.toNanos();
        for (int i = 0; connection.nextDeadlineNs() <= target; i++) {
            assertTrue(i < 100_000, "timers without end");
            nowNs = Math.max(nowNs, connection.nextDeadlineNs());
            connection.onTimeout(nowNs);
            poll();
        }
        nowNs = target;
        return this;
    }

    TcpScenario advanceMillis(long ms) {
        return advance(Duration.ofMillis(ms));
    }

    /** Takes all memory that {@link #memoryIsBack} gives back. */
    TcpScenario exhaustMemory() {
        for (Slab.Size size : Slab.Size.values()) {
            while (true) {
                Slab slab = memory.take(size);
                if (slab == null && memory.grow(size)) slab = memory.take(size);
                if (slab == null) break;
                taken.add(slab);
            }
        }
        return this;
    }

    TcpScenario memoryIsBack() {
        for (Slab slab : taken) slab.release();
        taken.clear();
        return this;
    }

    /** What the stack does at the end of a turn. */
    TcpScenario feedsStarved() {
        layer.feedStarved();
        return this;
    }

    TcpScenario pathMtu(int mtu, int relativeSeq) {
        connection.onPathMtu(mtu, ISS + relativeSeq, nowNs);
        poll();
        return this;
    }

    TcpScenario unreachable(Endpoint.Unreachable what, int relativeSeq) {
        connection.onUnreachable(what, ISS + relativeSeq, nowNs);
        poll();
        return this;
    }

    TcpScenario aborts() {
        connection.abort(CloseCause.LOCAL);
        poll();
        return this;
    }

    private void poll() {
        if (batching) return;
        for (int i = 0; ; i++) {
            assertTrue(i < 10_000, "segments without end");
            Frame out = pool.take();
            out.begin();
            boolean filled = connection.pollTransmit(out, nowNs);
            if (filled) sent.add(describe(out));
            else assertEquals(0, out.length(), "unchanged when there is nothing to send");
            out.release();
            if (!filled) break;
        }
        assertTrue(connection.invariant());
    }

    private String describe(Frame out) {
        byte[] bytes = SegmentText.bytes(out);
        assertTrue(Tcp.check(ByteBuffer.wrap(bytes), 0, bytes.length) > 0, "a well-formed segment");
        SegmentText text = SegmentText.read(bytes, ISS, IRS);
        text.verifyPayload();
        return text.render();
    }

    // -- what there is to see

    TcpScenario is(State state) {
        assertEquals(state, connection.state());
        return this;
    }

    /** These events and drops were counted since the last call, and no others. */
    TcpScenario assertEvents(Map<Counter, Long> expected) {
        Map<Counter, Long> actual = new EnumMap<>(Counter.class);
        for (Map.Entry<Counter, Long> e : counters.snapshot().entrySet()) {
            if (e.getKey().kind() != Counter.Kind.TRAFFIC) actual.put(e.getKey(), e.getValue());
        }
        assertEquals(expected, actual);
        return this;
    }

    /** Slices of arrived segments that are still held. */
    long slicesHeld() {
        return holders.stream().filter(holder -> !holder.freed).count();
    }

    long count(Counter counter) {
        return counters.get(counter);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isEmpty() && connection != null) afterEach();
    }

    /** Ends the connection and looks for leaks. */
    void afterEach() {
        connection.abort(CloseCause.LOCAL);
        connection.onPosted(Stream.CLOSE, nowNs);
        poll();
        assertEquals(0, pool.out(), "frames out");
        for (TestHolder holder : holders) assertTrue(holder.freed, "an arrived slice is held");
        assertEquals(inUseAtStart, memory.inUse(), "slabs out");
    }
}
