package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.config.Settings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What tshark says of a capture on a TAP device. */
class TapCaptureTest {
    private static final int BULK = 16 << 20;

    /**
     * But for a TCP checksum of 0, which Linux writes as 0xFFFF: the same number to a receiver. A segment
     * that is sent again, or lost on the way, is no mistake of a capture; an ACK of one that isn't in the
     * file is.
     */
    private static final String ANY_COMPLAINT =
            "tcp.analysis.ack_lost_segment"
                    + " || (tcp.checksum.status==0 && tcp.checksum!=0xffff)"
                    + " || ip.checksum.status==0"
                    + " || udp.checksum.status==0 || _ws.malformed || frame.comment"
                    + " || frame.drop_count";

    @InNetns
    void tsharkFindsNothingWrongWithATransferBothWays() throws Exception {
        Netns.require("tshark");
        Path file = Files.createTempFile("tap", ".pcapng");
        try {
            echo(file);
            // 6888 is a port of BitTorrent; not every byte string is that
            String read =
                    "tshark -n --disable-protocol bittorrent -r "
                            + file
                            + " -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE"
                            + " -o udp.check_checksum:TRUE 2>/dev/null -Y ";
            assertEquals("", sh(read + "'" + ANY_COMPLAINT + "'"));
            assertEquals(2, distinct(sh(fields(read, "tcp.flags.syn==1", "tcp.srcport"))));
            assertTrue(sh(read + "arp").lines().count() >= 2);
            for (String port : List.of("tcp.srcport", "tcp.dstport")) {
                String text = port + "==6888 && tcp.len>0";
                assertEquals(BULK, contiguous(sh(fields(read, text, "tcp.seq", "tcp.len"))), port);
            }
            String rightAndInbound =
                    "tcp.checksum.status==1 && frame.packet_flags_direction==1 && tcp.len>0";
            assertTrue(sh(read + "'" + rightAndInbound + "'").lines().count() >= BULK / 1460);
        } finally {
            Files.delete(file);
        }
    }

    private static String fields(String read, String filter, String... names) {
        return read + "'" + filter + "' -T fields -e " + String.join(" -e ", names);
    }

    private static long distinct(String lines) {
        return lines.lines().distinct().count();
    }

    /** How many bytes there are without a gap, of the first one on; lines of a position and a length. */
    private static long contiguous(String segments) {
        long[][] ranges =
                segments.lines()
                        .map(line -> line.split("\t"))
                        .map(f -> new long[] {Long.parseLong(f[0]), Long.parseLong(f[1])})
                        .sorted(Comparator.comparingLong(range -> range[0]))
                        .toArray(long[][]::new);
        long end = 1; // after the SYN
        for (long[] range : ranges) {
            if (range[0] > end) break;
            end = Math.max(end, range[0] + range[1]);
        }
        return end - 1;
    }

    /** From the kernel to us and back. */
    private static void echo(Path file) throws Exception {
        try (Stack stack =
                        Stack.builder()
                                .link("tap:usernet0?host=10.0.0.1/24")
                                .address("10.0.0.2/24")
                                .capture(file.toString())
                                .set(Settings.CAPTURE_BUFFER, "64m")
                                .open();
                ServerSocketChannel server = stack.provider().openServerSocketChannel()) {
            server.bind(new InetSocketAddress(6888));
            CompletableFuture<Void> served = Async.run(() -> serve(server));
            try (SocketChannel channel =
                    SocketChannel.open(new InetSocketAddress("10.0.0.2", 6888))) {
                CompletableFuture<Void> written = Async.run(() -> write(channel));
                ByteBuffer back = ByteBuffer.allocate(64 << 10);
                long read = 0;
                for (int n = channel.read(back); n >= 0; n = channel.read(back)) {
                    read += n;
                    back.clear();
                }
                assertEquals(BULK, read);
                written.get();
            }
            served.get();
        }
    }

    private static void write(SocketChannel channel) {
        try {
            ByteBuffer bytes = ByteBuffer.allocate(BULK);
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
}
