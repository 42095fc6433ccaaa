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
import java.util.concurrent.CompletableFuture;

/** What tshark says of a capture on a TAP device. */
class TapCaptureTest {
    private static final int BULK = 16 << 20;

    /** But for a TCP checksum of 0, which Linux writes as 0xFFFF: the same number to a receiver. */
    private static final String ANY_COMPLAINT =
            "tcp.analysis.retransmission || tcp.analysis.out_of_order"
                    + " || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment"
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
            assertEquals(2, sh(read + "'tcp.flags.syn==1'").lines().count());
            assertTrue(sh(read + "arp").lines().count() >= 2);
            String rightAndInbound =
                    "tcp.checksum.status==1 && frame.packet_flags_direction==1 && tcp.len>0";
            assertTrue(sh(read + "'" + rightAndInbound + "'").lines().count() >= BULK / 1460);
        } finally {
            Files.delete(file);
        }
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
