package io.usernet.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.sim.Transfer.Server;
import io.usernet.sim.Transfer.Sink;
import io.usernet.sim.Transfer.Source;
import io.usernet.tcp.Stream;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * Throughput by round trip time and loss, in virtual time: the same on every machine, so that a change
 * of behaviour shows as a change of the table. {@code -Dnetsim.update=true} writes it anew.
 */
class NetsimTest {
    private static final Path TABLE = Path.of("src", "test", "resources", "netsim.txt");
    private static final int BYTES = 4 << 20;
    private static final long[] ROUND_TRIPS_MS = {1, 10, 50};
    private static final double[] LOSSES = {0, 0.001, 0.01, 0.05};
    private static final double[] REORDERED = {0, 0.001, 0.01, 0.05};
    private static final String HEAD =
            """
            Mbit/s of a transfer of 4 MiB over 100 Mbit/s with a queue of 200 frames,
            by round trip time and loss of frames (the same both ways).

            """;
    private static final String REORDERED_HEAD =
            """

            The same with a loss of 0.1 %, by round trip time and the share of frames
            that come 1 ms late, behind others.

            """;

    @Test
    void throughputIsThatOfTheTable() throws IOException {
        String table = table();
        if (Boolean.getBoolean("netsim.update")) {
            Files.createDirectories(TABLE.getParent());
            Files.writeString(TABLE, table);
        }
        String committed = Files.readString(TABLE, StandardCharsets.UTF_8).replace("\r\n", "\n");
        assertEquals(committed, table, "run with -Dnetsim.update=true if this is intended");
    }

    private static String table() throws IOException {
        StringBuilder s = new StringBuilder(HEAD);
        columns(s, LOSSES);
        for (long rttMs : ROUND_TRIPS_MS) {
            row(s, rttMs);
            for (double loss : LOSSES) cell(s, path(rttMs).withLoss(loss));
            s.append('\n');
        }
        s.append(REORDERED_HEAD);
        columns(s, REORDERED);
        for (long rttMs : ROUND_TRIPS_MS) {
            row(s, rttMs);
            for (double share : REORDERED) {
                cell(s, path(rttMs).withLoss(0.001).withReorder(share, 1));
            }
            s.append('\n');
        }
        return s.toString();
    }

    private static void columns(StringBuilder s, double[] shares) {
        s.append("    rtt");
        for (double share : shares) s.append(String.format(Locale.ROOT, "%9.1f%%", share * 100));
        s.append('\n');
    }

    private static void row(StringBuilder s, long rttMs) {
        s.append(String.format(Locale.ROOT, "%4d ms", rttMs));
    }

    private static void cell(StringBuilder s, io.usernet.sim.Path path) throws IOException {
        s.append(String.format(Locale.ROOT, "%10.2f", megabits(path)));
    }

    private static io.usernet.sim.Path path(long rttMs) {
        return io.usernet.sim.Path.clean().withLatencyNs(rttMs * 500_000);
    }

    private static double megabits(io.usernet.sim.Path path) throws IOException {
        SimNetwork net = new SimNetwork(1);
        SimNetwork.Host client = net.host("10.0.0.1/24", path);
        SimNetwork.Host server = net.host("10.0.0.2/24", path);
        Sink[] sink = new Sink[1];
        new Server(
                server,
                6888,
                1,
                (stream, n) -> {
                    sink[0] = new Sink(server, stream, 0);
                    server.add(sink[0]);
                });
        Stream stream = new Stream(client.stack.memory(), 1 << 20, 1 << 20);
        client.stack.connect(stream, null, Ipv4Address.parse("10.0.0.2"), 6888);
        client.add(new Source(client, stream, BYTES, 0));
        long start = net.now();
        net.runUntil(() -> sink[0] != null && sink[0].isEnded(), Duration.ofHours(1));
        assertEquals(BYTES, sink[0].read());
        return BYTES * 8 * 1e3 / (net.now() - start);
    }
}
