package io.usernet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Settings;
import io.usernet.link.Wire;
import io.usernet.metrics.Counter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What tshark, where it is installed, says of captures of a clean path. */
@Timeout(120)
class CaptureOfStacksTest {
    private static final int PORT = 6888;
    private static final int BULK = 8 << 20;

    private static final String MISTAKE =
            "tcp.analysis.ack_lost_segment || frame.drop_count"
                    + " || tcp.checksum.status==0 || ip.checksum.status==0"
                    + " || udp.checksum.status==0 || _ws.malformed || frame.comment";

    /** What a sender does that has waited too long, when the machine is busy. */
    private static final String RECOVERY =
            "tcp.analysis.retransmission || tcp.analysis.duplicate_ack"
                    + " || tcp.analysis.out_of_order || tcp.analysis.lost_segment";

    @TempDir Path directory;

    private static String tshark(Path file, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of("tshark", "-n", "-r", file.toString()));
        command.addAll(List.of("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"));
        command.addAll(List.of("-o", "udp.check_checksum:TRUE"));
        // 6888 is a port of BitTorrent; not every byte string is that
        command.addAll(List.of("--disable-protocol", "bittorrent"));
        command.addAll(List.of(more));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), String.join(" ", command));
        return said;
    }

    private static void requireTshark() throws InterruptedException {
        try {
            Process version =
                    new ProcessBuilder("tshark", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            Assumptions.assumeTrue(version.waitFor() == 0, "tshark does not run here");
        } catch (IOException e) {
            Assumptions.abort("tshark is not installed");
        }
    }

    private Path file(String name) {
        return directory.resolve(name + ".pcapng");
    }

    private Stack.Builder captured(String name) {
        return Stack.builder()
                .capture(file(name).toString())
                .set(Settings.CAPTURE_BUFFER, "128m"); // all of it: nothing is dropped
    }

    /** Sends {@link #BULK} bytes to an echo server and has them back. */
    private static void echo(SelectorProvider from, SelectorProvider to, String host)
            throws Exception {
        try (ServerSocketChannel server = to.openServerSocketChannel()) {
            server.bind(new InetSocketAddress(PORT));
            CompletableFuture<Void> served = Async.run(() -> serve(server));
            byte[] sent = new byte[BULK];
            new SplittableRandom(1).nextBytes(sent);
            byte[] back = new byte[BULK];
            try (SocketChannel channel = from.openSocketChannel()) {
                channel.connect(new InetSocketAddress(host, PORT));
                CompletableFuture<Void> written =
                        Async.run(() -> write(channel, ByteBuffer.wrap(sent)));
                ByteBuffer into = ByteBuffer.wrap(back);
                while (into.hasRemaining()) assertTrue(channel.read(into) > 0);
                written.get();
                assertEquals(-1, channel.read(ByteBuffer.allocate(1)));
            }
            served.get();
            assertArrayEquals(sent, back);
        }
    }

    private static void write(SocketChannel channel, ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) channel.write(bytes);
            channel.shutdownOutput();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void serve(ServerSocketChannel server) {
        try (SocketChannel channel = server.accept()) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(64 << 10);
            while (channel.read(bytes) >= 0) {
                bytes.flip();
                while (bytes.hasRemaining()) channel.write(bytes);
                bytes.clear();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * @param retransmitted whether a stack says so of itself
     */
    private static void assertNoComplaint(Path file, boolean retransmitted) throws Exception {
        String filter = retransmitted ? MISTAKE : MISTAKE + " || " + RECOVERY;
        String complaints = tshark(file, "-Y", filter);
        assertTrue(
                complaints.isEmpty(),
                () -> complaints.lines().limit(20).reduce("", (a, b) -> a + b + "\n"));
        String checked = "tcp.checksum.status==1 && ip.checksum.status==1 && tcp.flags.syn==1";
        assertTrue(tshark(file, "-Y", checked).lines().count() >= 2);
    }

    private static boolean hasRetransmitted(Stack stack) {
        return stack.counters().containsKey(Counter.TCP_RETRANS_SEGS);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void tsharkFindsNothingWrongWithATransferOverAWire(int layer) throws Exception {
        requireTshark();
        Wire wire = new Wire("w", layer, 1500, 256);
        boolean retransmitted;
        try (Stack client = captured("a").link(wire.left()).address("10.0.0.1/24").open();
                Stack server = captured("b").link(wire.right()).address("10.0.0.2/24").open()) {
            echo(client.provider(), server.provider(), "10.0.0.2");
            retransmitted = hasRetransmitted(client) || hasRetransmitted(server);
        }
        assertNoComplaint(file("a"), retransmitted);
        assertNoComplaint(file("b"), retransmitted);
        assertEquals(Set.of("1"), directions(file("a"), "tcp.srcport==6888"));
        assertEquals(Set.of("2"), directions(file("a"), "tcp.dstport==6888"));
        assertEquals(Set.of("2"), directions(file("b"), "tcp.srcport==6888"));
        assertEquals(Set.of("1"), directions(file("b"), "tcp.dstport==6888"));
    }

    /** 1: inbound, 2: outbound. */
    private static Set<String> directions(Path file, String filter) throws Exception {
        String field = "frame.packet_flags_direction";
        return tshark(file, "-Y", filter, "-T", "fields", "-e", field)
                .lines()
                .map(l -> l.replaceAll("0x0*", ""))
                .collect(Collectors.toSet());
    }

    @Test
    void tsharkFindsNothingWrongWithTheLoopback() throws Exception {
        requireTshark();
        boolean retransmitted;
        try (Stack stack = captured("lo").open()) {
            echo(stack.provider(), stack.provider(), "127.0.0.1");
            retransmitted = hasRetransmitted(stack);
        }
        assertNoComplaint(file("lo"), retransmitted);
    }

    @Test
    void theTraceAndTheCaptureSeeTheSame() throws Exception {
        Path trace = directory.resolve("trace.txt");
        Wire wire = new Wire("w", 2, 1500, 256);
        try (Stack peer = Stack.builder().link(wire.right()).address("10.0.0.2/24").open();
                Stack stack =
                        captured("both")
                                .trace(trace.toString())
                                .link(wire.left())
                                .address("10.0.0.1/24")
                                .open()) {
            assertThrows(
                    IOException.class,
                    () ->
                            stack.provider()
                                    .openSocketChannel()
                                    .connect(new InetSocketAddress("10.0.0.2", PORT)));
            assertThrows(
                    IOException.class,
                    () ->
                            stack.provider()
                                    .openSocketChannel()
                                    .connect(new InetSocketAddress("127.0.0.1", PORT)));
            assertTrue(peer.addresses().size() == 1);
        }
        List<String> lines = Files.readAllLines(trace);
        assertTrue(lines.stream().anyMatch(l -> l.contains("10.0.0.1.")), lines.toString());
        assertTrue(lines.stream().anyMatch(l -> l.contains("127.0.0.1.")), lines.toString());
        requireTshark();
        long traced = lines.stream().filter(l -> l.matches("\\d\\d:.*")).count();
        assertEquals(traced, tshark(file("both")).lines().count());
    }

    @Test
    void aCaptureThatCannotBeWrittenOpensNoStack() {
        String none = directory.resolve("no/x.pcapng").toString();
        IOException e = assertThrows(IOException.class, () -> Stack.builder().capture(none).open());
        assertTrue(e.getMessage().startsWith("usernet.capture=" + none + ": "), e.getMessage());
        assertFalse(e.getMessage().contains("\n"));
    }
}
