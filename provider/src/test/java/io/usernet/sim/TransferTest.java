package io.usernet.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.metrics.Counter;
import io.usernet.sim.Transfer.Server;
import io.usernet.sim.Transfer.Sink;
import io.usernet.sim.Transfer.Source;
import io.usernet.stack.Binding;
import io.usernet.stack.Reuse;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.Stream;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two stacks and a wire between them. */
class TransferTest {
    private static final String CLIENT = "10.0.0.1/24";
    private static final String SERVER = "10.0.0.2/24";
    private static final int SERVER_ADDRESS = Ipv4Address.parse("10.0.0.2");
    private static final int PORT = 6888;

    private static Stream stream(SimNetwork.Host host) {
        return new Stream(host.stack.memory(), 512 << 10, 512 << 10);
    }

    private static Stream connect(SimNetwork.Host host) throws IOException {
        Stream stream = stream(host);
        Binding binding = host.stack.connect(stream, null, SERVER_ADDRESS, PORT);
        host.stack.inbox().post(binding, Binding.RELEASE); // lives on in the connection
        return stream;
    }

    /** A transfer both ways at once over a bad wire; answers how long it took. */
    private static void bothWays(long seed, Path path, int bytes, boolean exact)
            throws IOException {
        SimNetwork net = new SimNetwork(seed);
        SimNetwork.Host client =
                net.host(StackConfig.defaults().withAddress(CLIENT), 1500, path, exact);
        SimNetwork.Host server =
                net.host(StackConfig.defaults().withAddress(SERVER), 1500, path, exact);
        List<Source> sources = new ArrayList<>();
        List<Sink> sinks = new ArrayList<>();
        new Server(
                server,
                PORT,
                1,
                (s, n) -> {
                    transfers(server, s, bytes, sources, sinks, 2, 1);
                });
        Stream stream = connect(client);
        transfers(client, stream, bytes, sources, sinks, 1, 2);
        net.runUntil(
                () ->
                        sinks.size() == 2
                                && sinks.stream().allMatch(Sink::isEnded)
                                && sources.stream().allMatch(Source::isDelivered),
                Duration.ofMinutes(30));
        for (Sink sink : sinks) {
            assertEquals(bytes, sink.read());
            sink.close();
        }
        net.runFor(Duration.ofMinutes(3)); // TIME-WAIT is over
        for (SimNetwork.Host host : List.of(client, server)) {
            assertEquals(0, host.stack.endpoints());
            assertEquals(0, host.stack.framesOut());
            assertEquals(0, host.regionsHeld());
        }
        assertEquals(0, client.stack.ports());
        assertOnlyReadingSlab(client);
        assertOnlyReadingSlab(server);
    }

    private static void transfers(
            SimNetwork.Host host,
            Stream stream,
            int bytes,
            List<Source> sources,
            List<Sink> sinks,
            int saltOut,
            int saltIn) {
        Source source = new Source(host, stream, bytes, saltOut);
        Sink sink = new Sink(host, stream, saltIn);
        sources.add(source);
        sinks.add(sink);
        host.add(source);
        host.add(sink);
    }

    /** The frame pool may keep the slab that it reads into. */
    private static void assertOnlyReadingSlab(SimNetwork.Host host) {
        long inUse = host.stack.memory().inUse();
        assertTrue(inUse <= 128 << 10, inUse + " bytes in use");
    }

    /** Writes single bytes, each when the one before the last was acknowledged: Nagle's worst case. */
    private record Dribble(SimNetwork.Host host, Stream stream, int length)
            implements SimNetwork.App {
        @Override
        public boolean step(long nowNs) {
            if (!stream.isConnected() || stream.sendQueue().queued() > 1) return false;
            long written = stream.sendQueue().written();
            if (written == length) return false;
            stream.write(ByteBuffer.wrap(new byte[] {Transfer.at(written, 0)}));
            host.stack.inbox().post(stream, Stream.WRITTEN);
            return true;
        }
    }

    @Test
    void smallWritesOneWayWaitForNoTimer() throws IOException {
        SimNetwork net = new SimNetwork(1);
        Path path = Path.clean().withLatencyNs(500_000);
        SimNetwork.Host client = net.host(CLIENT, path);
        SimNetwork.Host server = net.host(SERVER, path);
        List<Sink> sinks = new ArrayList<>();
        new Server(
                server,
                PORT,
                1,
                (s, n) -> {
                    Sink sink = new Sink(server, s, 0);
                    sinks.add(sink);
                    server.add(sink);
                });
        client.add(new Dribble(client, connect(client), 1000));
        net.runUntil(() -> !sinks.isEmpty() && sinks.get(0).read() == 1000, Duration.ofSeconds(10));
        assertEquals(0, server.stack.counters().get(Counter.DELAYED_ACKS));
    }

    @Test
    void bulkIsAcknowledgedOnceForTwoSegments() throws IOException {
        SimNetwork net = new SimNetwork(1);
        Path path = Path.clean().withLatencyNs(5_000_000);
        SimNetwork.Host client = net.host(CLIENT, path);
        SimNetwork.Host server = net.host(SERVER, path);
        List<Sink> sinks = new ArrayList<>();
        new Server(
                server,
                PORT,
                1,
                (s, n) -> {
                    Sink sink = new Sink(server, s, 0);
                    sinks.add(sink);
                    server.add(sink);
                });
        // As much in flight as the wire and its queue take: losses would be acknowledged one by
        // one.
        Stream stream = new Stream(client.stack.memory(), 128 << 10, 128 << 10);
        client.stack.connect(stream, null, SERVER_ADDRESS, PORT);
        client.add(new Source(client, stream, 4 << 20, 0));
        net.runUntil(() -> !sinks.isEmpty() && sinks.get(0).isEnded(), Duration.ofMinutes(1));
        assertEquals(0, server.stack.counters().get(Counter.TCP_OFO_QUEUE));
        long in = server.stack.counters().get(Counter.TCP_IN_SEGS);
        long out = server.stack.counters().get(Counter.TCP_OUT_SEGS);
        long notFull = in - (4 << 20) / 1448;
        assertTrue(notFull >= 0 && notFull < in / 50, in + " segments");
        // But for those at the beginning, one by one, and those that aren't full, once they are
        // read.
        assertTrue(out <= in / 2 + 20 + notFull, out + " ACKs of " + in + " segments");
    }

    @Test
    void cleanWire() throws IOException {
        bothWays(1, Path.clean(), 1 << 20, false);
    }

    @Test
    void framesInRegionsOfTheirSize() throws IOException {
        bothWays(2, Path.clean().withLoss(0.01), 256 << 10, true);
    }

    @ParameterizedTest
    @ValueSource(longs = {10, 11, 12, 13, 14})
    void lossAndReorderingArriveIntact(long seed) throws IOException {
        Path path = Path.clean().withLoss(0.01).withReorder(0.02, 3).withJitterMs(1);
        bothWays(seed, path, 1 << 20, false);
    }

    @ParameterizedTest
    @ValueSource(longs = {20, 21, 22})
    void everythingThatCanHappenToAFrame(long seed) throws IOException {
        Path path =
                Path.clean()
                        .withLoss(0.03)
                        .withReorder(0.05, 8)
                        .withDuplicate(0.03)
                        .withCorrupt(0.02)
                        .withJitterMs(2);
        bothWays(seed, path, 256 << 10, false);
    }

    @Test
    void manyConnectionsAtOnce() throws IOException {
        int connections = 1_000;
        SimNetwork net = new SimNetwork(30);
        SimNetwork.Host client = net.host(CLIENT, Path.clean().withRate(0));
        SimNetwork.Host server = net.host(SERVER, Path.clean().withRate(0));
        List<Source> sources = new ArrayList<>();
        List<Sink> sinks = new ArrayList<>();
        Server listener =
                new Server(
                        server,
                        PORT,
                        connections,
                        (s, n) -> transfers(server, s, 100, sources, sinks, 0, 0));
        for (int i = 0; i < connections; i++) {
            Stream stream = connect(client);
            transfers(client, stream, 100, sources, sinks, 0, 0);
        }
        net.runUntil(
                () ->
                        sinks.size() == 2 * connections
                                && sinks.stream().allMatch(Sink::isEnded)
                                && sources.stream().allMatch(Source::isDelivered),
                Duration.ofMinutes(5));
        assertEquals(connections, listener.accepted());
        for (Sink sink : sinks) assertEquals(100, sink.read());
    }

    @Test
    void aSmallBacklogOnlyDelays() throws IOException {
        int connections = 8; // two get in each time the SYNs are sent again
        SimNetwork net = new SimNetwork(31);
        SimNetwork.Host client = net.host(CLIENT, Path.clean());
        SimNetwork.Host server = net.host(SERVER, Path.clean());
        Binding binding = server.stack.bind(0, PORT, Reuse.NONE.withAddress(true));
        var backlog = server.stack.listen(binding, 2, 0);
        List<Stream> streams = new ArrayList<>();
        for (int i = 0; i < connections; i++) streams.add(connect(client));
        List<Stream> accepted = new ArrayList<>();
        net.runFor(Duration.ofMillis(500));
        assertEquals(2, backlog.size());
        assertTrue(server.stack.counters().get(Counter.TCP_REQ_Q_FULL_DROPS) > 0);
        net.runFor(Duration.ofSeconds(2)); // the SYNs come again, and nobody has accepted
        assertEquals(2, backlog.size());
        assertTrue(server.stack.counters().get(Counter.TCP_LISTEN_DROPS) > 0);
        server.add(
                nowNs -> {
                    Stream s = backlog.poll();
                    if (s != null) accepted.add(s);
                    return s != null;
                });
        net.runUntil(
                () ->
                        accepted.size() == connections
                                && streams.stream().allMatch(Stream::isConnected),
                Duration.ofMinutes(2));
    }

    @Test
    void refusedAndUnreachable() throws IOException {
        SimNetwork net = new SimNetwork(32);
        SimNetwork.Host client = net.host(CLIENT, Path.clean());
        net.host(SERVER, Path.clean());
        Stream refused = connect(client);
        Stream nobody = stream(client);
        client.stack.connect(nobody, null, Ipv4Address.parse("10.0.0.77"), PORT);
        net.runUntil(refused::isDecided, Duration.ofSeconds(1));
        assertSame(CloseCause.REFUSED, refused.cause());
        net.runUntil(nobody::isDecided, Duration.ofSeconds(10));
        assertSame(CloseCause.HOST_UNREACHABLE, nobody.cause());
        assertEquals(0, client.stack.endpoints());
        assertEquals(0, client.stack.framesOut());
    }

    @Test
    void synRetransmissionGivesUp() throws IOException {
        SimNetwork net = new SimNetwork(33);
        SimNetwork.Host client =
                net.host(
                        StackConfig.defaults().withAddress(CLIENT).with(Sysctl.TCP_SYN_RETRIES, 2),
                        1500,
                        Path.clean(),
                        false);
        SimNetwork.Host server = net.host(SERVER, Path.clean());
        new Server(server, PORT, 1, (s, n) -> {});
        server.path(Path.clean().withLoss(1));
        // ARP has to work, or the answer would be another.
        client.receives(
                io.usernet.stack.Packets.arp(
                        client.mac(), 1, server.mac(), "10.0.0.2", 0, "10.0.0.1"));
        net.runFor(Duration.ofMillis(1));
        Stream stream = connect(client);
        net.runUntil(stream::isDecided, Duration.ofMinutes(3));
        // Its neighbour stops answering before the SYNs are used up, and so either is right.
        assertTrue(
                stream.cause() == CloseCause.TIMED_OUT
                        || stream.cause() == CloseCause.HOST_UNREACHABLE);
        net.runFor(Duration.ofMinutes(5));
        assertEquals(0, server.stack.endpoints(), "half-open connections end too");
    }

    @Test
    void aDeadPeerIsNoticedByRetransmission() throws IOException {
        SimNetwork net = new SimNetwork(34);
        SimNetwork.Host client = net.host(CLIENT, Path.clean());
        SimNetwork.Host server = net.host(SERVER, Path.clean());
        new Server(server, PORT, 1, (s, n) -> {});
        Stream stream = connect(client);
        net.runUntil(stream::isConnected, Duration.ofSeconds(1));
        assertNull(stream.cause());
        server.path(Path.clean().withLoss(1));
        Source source = new Source(client, stream, 1000, 0);
        client.add(source);
        net.runUntil(() -> stream.cause() != null, Duration.ofHours(1));
        assertTrue(!source.isDelivered());
        assertEquals(0, client.stack.endpoints());
        assertEquals(0, client.stack.framesOut());
    }

    @Test
    void tenThousandConnectionsOneAfterAnother() throws IOException {
        int connections = 10_000;
        SimNetwork net = new SimNetwork(35);
        Path fast = Path.clean().withRate(0).withLatencyMs(0);
        SimNetwork.Host client = net.host(CLIENT, fast);
        SimNetwork.Host server = net.host(SERVER, fast);
        Server listener =
                new Server(server, PORT, 16, (s, n) -> server.stack.inbox().post(s, Stream.CLOSE));
        for (int i = 0; i < connections; i++) {
            Stream stream = connect(client);
            net.runUntil(stream::isInputEnded, Duration.ofSeconds(10));
            client.stack.inbox().post(stream, Stream.CLOSE);
            net.runUntil(stream::isTerminated, Duration.ofSeconds(10));
            assertNull(stream.cause());
        }
        assertEquals(connections, listener.accepted());
        assertEquals(0, client.stack.framesOut());
        assertEquals(0, client.stack.endpoints(), "the server closed first");
        net.runFor(Duration.ofMinutes(2));
        assertEquals(0, server.stack.endpoints());
        assertOnlyReadingSlab(server);
    }
}
