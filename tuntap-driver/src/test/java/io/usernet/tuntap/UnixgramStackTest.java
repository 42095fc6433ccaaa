package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.usernet.Stack;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two stacks, joined by datagrams. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class UnixgramStackTest {
    private static final long BULK = Long.getLong("usernet.test.bulk.mib", 64) << 20;

    @TempDir Path directory;

    private Stack open(String own, String parameters, String address) throws Exception {
        String link = "unixgram:" + directory.resolve(own) + "?" + parameters;
        return Stack.builder().link(link).address(address).open();
    }

    /** The bytes of a sender outrun a queue of {@code net.unix.max_dgram_qlen} frames by far. */
    @ParameterizedTest
    @CsvSource({"false, 1500", "true, 1500", "false, 65520"})
    void bulkArrivesWhole(boolean vfkit, int mtu) throws Exception {
        String peer = "mtu=" + mtu + "&peer=" + directory;
        try (Stack a = open("a", vfkit ? "mtu=" + mtu : peer + "/b", "10.0.0.1/24");
                Stack b = open("b", peer + "/a&vfkit=" + vfkit, "10.0.0.2/24");
                ServerSocketChannel server = a.provider().openServerSocketChannel()) {
            server.bind(new InetSocketAddress(6888));
            CompletableFuture<byte[]> sent = Async.supply(() -> send(server));
            MessageDigest received = MessageDigest.getInstance("SHA-256");
            try (SocketChannel client = b.provider().openSocketChannel()) {
                client.connect(new InetSocketAddress("10.0.0.1", 6888));
                ByteBuffer bytes = ByteBuffer.allocate(256 << 10);
                while (client.read(bytes) >= 0) {
                    received.update(bytes.flip());
                    bytes.clear();
                }
            }
            assertArrayEquals(sent.get(50, TimeUnit.SECONDS), received.digest());
        }
    }

    private static byte[] send(ServerSocketChannel server) {
        SplittableRandom random = new SplittableRandom(7);
        try (SocketChannel channel = server.accept()) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer bytes = ByteBuffer.allocate(64 << 10);
            for (long sent = 0; sent < BULK; sent += bytes.capacity()) {
                bytes.clear();
                while (bytes.hasRemaining()) bytes.putLong(random.nextLong());
                digest.update(bytes.flip());
                bytes.flip();
                while (bytes.hasRemaining()) channel.write(bytes);
            }
            return digest.digest();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
