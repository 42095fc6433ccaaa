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
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import java.nio.ByteBuffer;
import java.util.PriorityQueue;
import java.util.Random;

/** Two connections joined by a path that loses, delays, reorders and duplicates, in virtual time. */
final class LossyPipe {
    private final Random random;
    private final double loss, reorder, duplicate;
    private final long delayNs;
    private final PriorityQueue<Flight> flights = new PriorityQueue<>();
    private long flown;
    long nowNs = 1_000_000_000;
    long maxQueued;
    int urgentEvery; // the last of so many bytes is urgent; 0: none is
    private int held; // slices of arrived frames that somebody still holds
    final End a, b;

    private record Flight(long atNs, long order, End to, byte[] bytes)
            implements Comparable<Flight> {
        @Override
        public int compareTo(Flight o) {
            return atNs != o.atNs ? Long.compare(atNs, o.atNs) : Long.compare(order, o.order);
        }
    }

    /** One side: a connection, its application, and what they use. */
    final class End {
        final Memory memory = new Memory(16 << 20);
        final long inUseAtStart = memory.inUse();
        final FramePool pool = new FramePool(memory);
        final Counters counters = new Counters();
        Stream stream;
        Connection connection;
        End peer;
        long toWrite, written, read;
        long leftOut; // urgent bytes that were not read
        boolean closed, ended;
        private final ByteBuffer buffer = ByteBuffer.allocate(32 << 10);

        void open(Sysctls sysctls, FourTuple tuple, Handshake h, int sndBuf, int rcvBuf) {
            TcpLayer layer =
                    new TcpLayer(sysctls, counters, memory, new Wakeups(), TcpScenario.FIXED);
            stream = new Stream(memory, sndBuf, rcvBuf);
            connection =
                    h == null
                            ? new Connection(layer, tuple, stream, 1460, nowNs)
                            : new Connection(layer, tuple, stream, 1460, h, nowNs);
        }

        void arrive(byte[] bytes) {
            if (connection.successor() != connection) return;
            Frame in = pool.take();
            ByteBuffer exact = ByteBuffer.allocateDirect(bytes.length);
            exact.put(0, bytes);
            held++;
            Holder holder =
                    new Holder() {
                        @Override
                        protected void free() {
                            held--;
                        }
                    };
            in.append(new Region(exact), holder, 0, bytes.length);
            holder.release();
            connection.onSegment(in, nowNs);
            in.release();
        }

        void transmit() {
            for (int i = 0; ; i++) {
                assertTrue(i < 100_000, "segments without end");
                Frame out = pool.take();
                out.begin();
                boolean filled = connection.pollTransmit(out, nowNs);
                if (filled) fly(peer, SegmentText.bytes(out));
                out.release();
                if (!filled) break;
            }
        }

        /** The application does what it can. */
        void work() {
            while (written < toWrite) {
                int n = (int) Math.min(buffer.capacity(), toWrite - written);
                boolean urgent = isUrgent(written);
                if (urgentEvery > 0)
                    n = urgent ? 1 : (int) Math.min(n, urgentEvery - 1 - written % urgentEvery);
                buffer.clear().limit(n);
                for (int i = 0; i < n; i++) buffer.put(i, SegmentText.byteAt(written + i));
                int took = urgent ? stream.writeUrgent(buffer) : stream.write(buffer);
                written += took;
                if (took == 0) break;
                connection.onPosted(Stream.WRITTEN, nowNs);
            }
            while (!ended && connection != null) {
                buffer.clear();
                int n = stream.read(buffer);
                if (n == -1) {
                    ended = true;
                    if (isUrgent(read) && read < peer.written) leaveOut();
                }
                if (n <= 0) break;
                for (int i = 0; i < n; i++, read++) {
                    byte got = buffer.get(i);
                    if (got != SegmentText.byteAt(read) && isUrgent(read)) leaveOut();
                    if (got != SegmentText.byteAt(read)) throw new AssertionError("byte " + read);
                }
                if (stream.shouldAnnounce()) connection.onPosted(Stream.CONSUMED, nowNs);
            }
            if (!closed && written == toWrite && stream.isConnected()) {
                closed = true;
                connection.onPosted(Stream.SHUTDOWN_OUTPUT, nowNs);
            }
        }

        private boolean isUrgent(long position) {
            return urgentEvery > 0 && position % urgentEvery == urgentEvery - 1;
        }

        private void leaveOut() {
            leftOut++;
            read++;
        }

        void finish() {
            connection.abort(CloseCause.LOCAL);
            connection.onPosted(Stream.CLOSE, nowNs);
            transmit();
            assertEquals(0, pool.out(), "frames out");
            assertEquals(inUseAtStart, memory.inUse(), "slabs out");
        }
    }

    LossyPipe(long seed, double loss, double reorder, double duplicate, long delayMs) {
        random = new Random(seed);
        this.loss = loss;
        this.reorder = reorder;
        this.duplicate = duplicate;
        this.delayNs = delayMs * 1_000_000;
        a = new End();
        b = new End();
        a.peer = b;
        b.peer = a;
    }

    static FourTuple tuple(boolean first) {
        return first ? new FourTuple(1, 1000, 2, 2000) : new FourTuple(2, 2000, 1, 1000);
    }

    private void fly(End to, byte[] bytes) {
        if (random.nextDouble() < loss) return;
        for (int copies = random.nextDouble() < duplicate ? 2 : 1; copies > 0; copies--) {
            long extra = random.nextDouble() < reorder ? random.nextInt(5_000_000) : 0;
            flights.add(new Flight(nowNs + delayNs + extra, flown++, to, bytes));
        }
        maxQueued = Math.max(maxQueued, flights.size());
    }

    /** Runs until both have read everything and its end, or {@code limitMs} of virtual time are over. */
    void run(long limitMs) {
        long limit = nowNs + limitMs * 1_000_000;
        while (nowNs < limit) {
            step();
            if (a.ended && b.ended && isOver(a) && isOver(b)) return;
            long at = flights.isEmpty() ? Long.MAX_VALUE : flights.peek().atNs;
            at = Math.min(at, a.connection.nextDeadlineNs());
            at = Math.min(at, b.connection.nextDeadlineNs());
            if (at == Long.MAX_VALUE) return;
            nowNs = Math.max(nowNs, at);
        }
    }

    /** In TIME-WAIT or gone, or waiting for a last ACK, which the peer's TIME-WAIT would repeat. */
    private boolean isOver(End end) {
        State state = end.connection.state();
        if (end.connection.successor() != end.connection) return true;
        boolean lastAckLost = flights.isEmpty() && end.peer.connection.state() == State.TIME_WAIT;
        return (state == State.LAST_ACK || state == State.CLOSING) && lastAckLost;
    }

    private void step() {
        while (!flights.isEmpty() && flights.peek().atNs <= nowNs) {
            Flight flight = flights.poll();
            flight.to.arrive(flight.bytes);
        }
        for (End end : new End[] {a, b}) {
            end.connection.onTimeout(nowNs);
            end.work();
            end.transmit();
        }
    }

    void finish() {
        a.finish();
        b.finish();
        assertEquals(0, held, "arrived slices held");
    }

    long count(End end, Counter counter) {
        return end.counters.get(counter);
    }
}
