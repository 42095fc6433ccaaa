package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Stacks joined by a wire, in one JVM and in two. {@code -Dusernet.test.mib=1024} moves as many MiB
 * between JVMs.
 */
@Timeout(180)
class UnixStacksTest {
    private static final int MIB = Integer.getInteger("usernet.test.mib", 64);
    private static final int PORT = 6888;
    private static final InetSocketAddress SERVER = new InetSocketAddress("10.0.0.1", PORT);
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    @TempDir Path directory;

    private static Stack stack(Path wire, String parameters, String address) throws IOException {
        return Stack.builder()
                .link("unix:" + wire + parameters)
                .address(address + "/24")
                .memory(32 << 20)
                .open();
    }

    /** Pseudo-random bytes, the same for everybody. */
    private static final class Pattern {
        private final SplittableRandom random = new SplittableRandom(1);
        private final byte[] bytes = new byte[64 << 10];

        ByteBuffer next() {
            random.nextBytes(bytes);
            return ByteBuffer.wrap(bytes);
        }
    }

    private static MessageDigest sha256() throws Exception {
        return MessageDigest.getInstance("SHA-256");
    }

    private static byte[] digestOf(int mib) throws Exception {
        MessageDigest digest = sha256();
        Pattern pattern = new Pattern();
        for (int i = 0; i < mib << 4; i++) digest.update(pattern.next());
        return digest.digest();
    }

    private static void send(SocketChannel to, int mib) throws IOException {
        Pattern pattern = new Pattern();
        for (int i = 0; i < mib << 4; i++) {
            ByteBuffer chunk = pattern.next();
            while (chunk.hasRemaining()) to.write(chunk);
        }
        to.shutdownOutput();
    }

    /** The digest of all until the end. */
    private static byte[] receive(SocketChannel from) throws Exception {
        MessageDigest digest = sha256();
        ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
        while (from.read(buffer.clear()) >= 0) digest.update(buffer.flip());
        return digest.digest();
    }

    // -- one JVM

    @ParameterizedTest
    @CsvSource({"65520", "1500", "576"})
    void bulkBothWaysAtOnce(int mtu) throws Exception {
        int mib = mtu == 576 ? 4 : 16;
        Path wire = directory.resolve("wire");
        try (Stack left = stack(wire, "?mtu=" + mtu, "10.0.0.1");
                Stack right = stack(wire, "?mtu=" + mtu, "10.0.0.2")) {
            ServerSocketChannel server = left.provider().openServerSocketChannel();
            server.bind(SERVER);
            SocketChannel client = right.provider().openSocketChannel();
            client.connect(SERVER);
            SocketChannel accepted = server.accept();
            List<CompletableFuture<byte[]>> digests = new ArrayList<>();
            for (SocketChannel channel : List.of(client, accepted)) {
                thread(() -> send(channel, mib));
                CompletableFuture<byte[]> digest = new CompletableFuture<>();
                digests.add(digest);
                thread(() -> digest.complete(receive(channel)));
            }
            for (CompletableFuture<byte[]> digest : digests) {
                assertArrayEquals(digestOf(mib), digest.get(60, TimeUnit.SECONDS));
            }
            client.close();
            accepted.close();
        }
        assertFalse(Files.exists(wire));
    }

    private interface Action {
        void run() throws Exception;
    }

    private static void thread(Action action) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                action.run();
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            }
                        });
        thread.setDaemon(true);
        thread.start();
    }

    // -- two JVMs

    /** Serves on the wire: sends the pattern to whoever connects, and says what it got. */
    static final class Server {
        private Server() {}

        public static void main(String[] args) throws Exception {
            try (Stack stack = stack(Path.of(args[0]), "", "10.0.0.1")) {
                ServerSocketChannel server = stack.provider().openServerSocketChannel();
                server.bind(SERVER);
                System.out.println("listening");
                while (true) {
                    SocketChannel channel = server.accept();
                    thread(
                            () -> {
                                ByteBuffer mib = ByteBuffer.allocate(4);
                                while (mib.hasRemaining()) channel.read(mib);
                                try (channel) {
                                    send(channel, mib.getInt(0));
                                }
                            });
                }
            }
        }
    }

    private static Process startServer(Path wire) throws IOException {
        return new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-ea",
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Server.class.getName(),
                        wire.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void awaitListening(Process server) throws IOException {
        BufferedReader out = new BufferedReader(new InputStreamReader(server.getInputStream()));
        assertEquals("listening", out.readLine());
    }

    /** Connects as soon as the server can be reached, and asks for so many MiB. */
    private static SocketChannel ask(Stack stack, int mib) throws Exception {
        long end = System.nanoTime() + PATIENCE_NS;
        while (true) {
            SocketChannel channel = stack.provider().openSocketChannel();
            try {
                channel.connect(SERVER);
                channel.write(ByteBuffer.allocate(4).putInt(0, mib));
                return channel;
            } catch (SocketException notYet) {
                channel.close();
                if (System.nanoTime() > end) throw notYet;
                Thread.sleep(20);
            }
        }
    }

    private static void fetch(Stack stack, int mib) throws Exception {
        try (SocketChannel channel = ask(stack, mib)) {
            assertArrayEquals(digestOf(mib), receive(channel));
        }
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void inEitherOrder(boolean serverFirst) throws Exception {
        Path wire = directory.resolve("wire");
        Process server = null;
        try {
            if (serverFirst) {
                server = startServer(wire);
                awaitListening(server);
            }
            try (Stack stack = stack(wire, "", "10.0.0.2")) {
                if (!serverFirst) server = startServer(wire);
                fetch(stack, MIB);
            }
        } finally {
            if (server != null) server.destroy();
        }
        server.waitFor();
        assertEquals(0, directory.toFile().list().length, "the wire's file is left");
    }

    /** As often as the server is killed, whoever listened: the wire comes back, and the stack stays. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aKilledPeerComesBack(boolean serverListens) throws Exception {
        Path wire = directory.resolve("wire");
        Process server = null;
        try {
            if (serverListens) {
                server = startServer(wire);
                awaitListening(server);
            }
            try (Stack stack = stack(wire, "", "10.0.0.2")) {
                for (int round = 0; round < 3; round++) {
                    if (server == null) {
                        server = startServer(wire);
                        awaitListening(server);
                    }
                    try (SocketChannel channel = ask(stack, 1_024)) {
                        ByteBuffer some = ByteBuffer.allocate(20 << 20);
                        while (some.hasRemaining()) assertTrue(channel.read(some) > 0);
                        server.destroyForcibly().waitFor();
                        server = startServer(wire);
                        awaitListening(server);
                        // The new server knows nothing of this connection, and says so when asked.
                        assertFailsWhenAsked(channel);
                    }
                    fetch(stack, 4);
                    server.destroyForcibly().waitFor();
                    server = null;
                }
            }
        } finally {
            if (server != null) server.destroyForcibly().waitFor();
        }
    }

    private static void assertFailsWhenAsked(SocketChannel channel) throws Exception {
        ByteBuffer rest = ByteBuffer.allocate(64 << 10);
        long end = System.nanoTime() + PATIENCE_NS;
        try {
            while (System.nanoTime() < end) {
                channel.write(ByteBuffer.allocate(1));
                channel.configureBlocking(false);
                int n = channel.read(rest.clear());
                channel.configureBlocking(true);
                assertTrue(n >= 0, "an end of what has no end");
                if (n == 0) Thread.sleep(10);
            }
            throw new AssertionError("nothing happened");
        } catch (SocketException e) {
            assertTrue(
                    e.getMessage().matches("Connection reset( by peer)?|Broken pipe"),
                    e.getMessage());
        } catch (IOException e) {
            assertTrue(
                    e.getMessage().matches("Connection reset( by peer)?|Broken pipe"),
                    e.getMessage());
        }
    }

    @Test
    void aStackWithoutAPeerIsIdle() throws Exception {
        File task = new File("/proc/self/task");
        try (Stack stack = stack(directory.resolve("wire"), "?mode=connect", "10.0.0.2")) {
            assertFalse(stack.provider() == null);
            Thread.sleep(2_500); // the pauses between attempts have grown
            long before = cpuTicks(task);
            Thread.sleep(1_000);
            long used = cpuTicks(task) - before;
            assertTrue(used <= 3, used + " ticks in a second");
        }
    }

    /** Of the threads of stacks, in 10 ms. */
    private static long cpuTicks(File task) throws IOException {
        long ticks = 0;
        for (File thread : task.listFiles()) {
            String stat = Files.readString(thread.toPath().resolve("stat"));
            if (!stat.contains("(usernet")) continue;
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        }
        return ticks;
    }
}
