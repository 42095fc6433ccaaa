package io.usernet.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.buffer.Interest;
import io.usernet.buffer.Wakeups;
import io.usernet.config.StackConfig;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.stack.Binding;
import io.usernet.stack.Reuse;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.Stream;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Many connections between two stacks over a bad path, with tiny buffers, hardly any memory, and
 * applications that are slow, close early, or reset. Whatever happens, it ends: an application acts
 * only when it was told that something changed, as behind a selector, so that a missing signal, window
 * or timer stops it for ever, which the limit of virtual time finds. {@code -Dsoak.seeds=N} runs more.
 */
class SoakTest {
    private static final int PORT = 6888;
    private static final int SERVER = Ipv4Address.parse("10.0.0.2");
    private static final long MS = 1_000_000;

    /** What an application does when it has written everything, or before. */
    private enum Ending {
        /** Shuts its output, reads to the end, closes. */
        ORDERLY,
        CLOSES_AT_ONCE,
        /** Never reads, and says so. */
        SHUTS_INPUT,
        RESETS
    }

    static LongStream seeds() {
        long first = Long.getLong("soak.first", 1);
        return LongStream.range(first, first + Integer.getInteger("soak.seeds", 12));
    }

    private SplittableRandom random;
    private final List<Talk> talks = new ArrayList<>();
    private final List<Slab> taken = new ArrayList<>();

    @ParameterizedTest
    @MethodSource("seeds")
    void ends(long seed) throws IOException {
        random = new SplittableRandom(seed);
        SimNetwork net = new SimNetwork(seed);
        int mtu = new int[] {576, 1500, 9000}[random.nextInt(3)];
        Path path =
                Path.clean()
                        .withRate(10_000_000L << random.nextInt(5))
                        .withLatencyMs(random.nextInt(20))
                        .withLoss(random.nextInt(3) * 0.03)
                        .withReorder(random.nextInt(3) * 0.05, 1 + random.nextInt(30))
                        .withDuplicate(random.nextInt(2) * 0.05);
        boolean poor = random.nextBoolean();
        SimNetwork.Host client = host(net, "10.0.0.1/24", mtu, path, poor);
        SimNetwork.Host server = host(net, "10.0.0.2/24", mtu, path, poor);
        Binding binding = server.stack.bind(0, PORT, Reuse.NONE.withAddress(true));
        Backlog backlog = server.stack.listen(binding, 4, receiveBuffer());
        server.add(now -> accept(server, backlog));
        int connections = 1 + random.nextInt(poor ? 16 : 4);
        for (int i = 0; i < connections; i++) {
            Stream stream = new Stream(client.stack.memory(), sendBuffer(), receiveBuffer());
            Binding from = client.stack.connect(stream, null, SERVER, PORT);
            client.stack.inbox().post(from, Binding.RELEASE);
            talk(client, stream);
        }
        net.runUntil(
                () ->
                        talks.stream().allMatch(talk -> talk.closed)
                                && client.stack.endpoints() == 0
                                && server.stack.endpoints() == 0,
                Duration.ofHours(4));
        for (Slab slab : taken) slab.release();
        for (SimNetwork.Host host : List.of(client, server)) {
            assertEquals(0, host.stack.framesOut());
            assertTrue(host.stack.memory().inUse() <= 128 << 10, "the slab that is read into");
        }
        assertEquals(0, client.stack.ports());
        for (Talk talk : talks) check(talk);
    }

    private SimNetwork.Host host(SimNetwork net, String cidr, int mtu, Path path, boolean poor) {
        StackConfig config = StackConfig.defaults().withAddress(cidr);
        SimNetwork.Host host =
                net.host(poor ? config.withMemory(4 << 20) : config, mtu, path, false);
        if (poor) exhaust(host.stack.memory());
        return host;
    }

    /** Takes what an application's bytes could go to, but for a few slabs. */
    private void exhaust(Memory memory) {
        int first = taken.size();
        for (Slab.Size size : List.of(Slab.Size.MEDIUM, Slab.Size.SMALL)) {
            while (memory.freeForWriting() > 0 || memory.grow(size)) {
                Slab slab = memory.take(size);
                if (slab == null) break;
                taken.add(slab);
            }
        }
        int left = 2 + random.nextInt(30);
        for (int i = 0; i < left; i++) taken.remove(taken.size() - 1).release();
        assertTrue(taken.size() > first);
    }

    private int receiveBuffer() {
        return (2048 << random.nextInt(5)) + random.nextInt(500);
    }

    private int sendBuffer() {
        return 2048 << random.nextInt(9);
    }

    private boolean accept(SimNetwork.Host host, Backlog backlog) {
        Stream stream = backlog.poll();
        if (stream == null) return false;
        stream.sendQueue().limit(sendBuffer());
        talk(host, stream);
        return true;
    }

    private void talk(SimNetwork.Host host, Stream stream) {
        Talk talk = new Talk(host, stream, random.split());
        talks.add(talk);
        host.add(talk);
        stream.signals().add(talk);
    }

    /** The other end of a connection, or null if it was never accepted. */
    private Talk peer(Talk talk) {
        if (talk.stream.tuple() == null) return null;
        for (Talk other : talks) {
            if (other.stream.tuple() == null || other.host == talk.host) continue;
            boolean here = other.stream.tuple().remotePort() == talk.stream.tuple().localPort();
            if (here && other.stream.tuple().localPort() == talk.stream.tuple().remotePort()) {
                return other;
            }
        }
        return null;
    }

    /** Between two that end in order, everything arrives. */
    private void check(Talk talk) {
        Talk peer = peer(talk);
        if (peer == null || talk.ending != Ending.ORDERLY || peer.ending != Ending.ORDERLY) return;
        assertEquals(null, talk.stream.cause());
        assertTrue(talk.ended, "end of input");
        assertEquals(peer.toWrite, talk.read);
    }

    private static final class Talk extends Interest implements SimNetwork.App {
        private static final int IDLE_WRITES = 100;

        final SimNetwork.Host host;
        final Stream stream;
        private final SplittableRandom random;
        private final Ending ending;
        private final long toWrite;
        private final int maxPauseMs;
        private boolean told = true;
        private long pausedUntilNs;
        private long written, read;
        private boolean shut, ended;
        boolean closed;

        Talk(SimNetwork.Host host, Stream stream, SplittableRandom random) {
            this.host = host;
            this.stream = stream;
            this.random = random;
            int kind = random.nextInt(10);
            ending = kind < 7 ? Ending.ORDERLY : Ending.values()[kind - 6];
            toWrite = random.nextInt(4) == 0 ? random.nextInt(3) : random.nextInt(200_000);
            maxPauseMs = new int[] {0, 1, 50, 4000}[random.nextInt(4)];
            stream.noDelay = random.nextBoolean();
            stream.keepAlive = true; // a lost RST is found out by nothing else
            post(Stream.OPTIONS);
            if (ending == Ending.SHUTS_INPUT) post(Stream.SHUTDOWN_INPUT);
        }

        @Override
        protected void changed(Wakeups wakeups) {
            told = true;
        }

        @Override
        public long dueNs() {
            return told && !closed ? pausedUntilNs : Long.MAX_VALUE;
        }

        private void post(int what) {
            host.stack.inbox().post(stream, what);
        }

        @Override
        public boolean step(long nowNs) {
            if (closed || !told || nowNs < pausedUntilNs) return false;
            told = false;
            if (stream.cause() != null) return close();
            if (!stream.isConnected()) return false;
            boolean did = write();
            if (closed) return true;
            if (ending == Ending.SHUTS_INPUT) {
                if (stream.isTerminated()) return close();
            } else {
                did |= read(nowNs);
            }
            if (ended && shut) return close();
            return did;
        }

        private boolean write() {
            boolean did = false;
            for (int idle = 0; written < toWrite && stream.isWritable(); idle++) {
                if (idle == IDLE_WRITES) throw new AssertionError("writable, and takes nothing");
                int n = (int) Math.min(1 + random.nextInt(20_000), toWrite - written);
                ByteBuffer piece = ByteBuffer.allocate(n);
                for (int i = 0; i < n; i++) piece.put(i, Transfer.at(written + i, 7));
                int took = stream.write(piece);
                if (took > 0) idle = 0;
                written += took;
                int what = took > 0 || stream.sendQueue().isClosed() ? Stream.WRITTEN : 0;
                if (stream.sendQueue().isStarved()) what |= Stream.STARVED;
                if (what != 0) post(what);
                did = true;
                if (ending == Ending.RESETS && written > toWrite / 2) {
                    stream.linger = 0;
                    return close();
                }
            }
            if (written == toWrite && !shut) {
                shut = true;
                if (ending == Ending.CLOSES_AT_ONCE || ending == Ending.RESETS) return close();
                post(Stream.SHUTDOWN_OUTPUT);
                return true;
            }
            return did;
        }

        private boolean read(long nowNs) {
            ByteBuffer piece = ByteBuffer.allocate(1 + random.nextInt(5000));
            int n = stream.read(piece);
            if (n < 0) ended = true;
            for (int i = 0; i < n; i++) {
                if (piece.get(i) != Transfer.at(read + i, 7)) {
                    throw new AssertionError("wrong byte at " + (read + i));
                }
            }
            read += Math.max(n, 0);
            if (stream.shouldAnnounce()) post(Stream.CONSUMED);
            if (n <= 0) return false;
            told = true; // there may be more
            if (random.nextInt(8) == 0) pausedUntilNs = nowNs + random.nextInt(maxPauseMs + 1) * MS;
            return true;
        }

        private boolean close() {
            closed = true;
            stream.signals().remove(this);
            post(Stream.CLOSE);
            return true;
        }
    }
}
