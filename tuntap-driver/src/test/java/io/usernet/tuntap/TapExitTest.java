package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What peers see when the JVM of a server ends; the server has us as its provider. */
class TapExitTest {
    private static final int SIZE = 10 << 20;
    private static final InetSocketAddress SERVER = new InetSocketAddress("10.0.0.2", 6888);

    private static byte pattern(long at) {
        return (byte) (at * 31 + (at >> 8));
    }

    /** Writes, and ends in the way that its argument says. */
    static final class Server {
        public static void main(String[] args) throws Exception {
            ServerSocketChannel server = ServerSocketChannel.open();
            server.bind(SERVER);
            System.out.println("listening");
            SocketChannel channel = server.accept();
            ByteBuffer data = ByteBuffer.allocate(SIZE);
            for (int i = 0; i < SIZE; i++) data.put(i, pattern(i));
            switch (args[0]) {
                case "close" -> {
                    while (data.hasRemaining()) channel.write(data);
                    channel.close();
                }
                case "open" -> {
                    while (data.hasRemaining()) channel.write(data);
                }
                case "hook" -> {
                    Runtime.getRuntime().addShutdownHook(new Thread(() -> writeAll(channel, data)));
                }
                default -> throw new IllegalArgumentException(args[0]);
            }
            System.exit(0);
        }

        private static void writeAll(SocketChannel channel, ByteBuffer data) {
            try {
                while (data.hasRemaining()) channel.write(data);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static Process serve(String how) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add("-D" + SelectorProvider.class.getName() + "=io.usernet.UsernetProvider");
        command.add("-Dusernet.link=tap:usernet0?host=10.0.0.1/24");
        command.add("-Dusernet.address=10.0.0.2/24");
        command.addAll(List.of(Server.class.getName(), how));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static void everyByteAndACleanEnd(String how) throws Exception {
        Process server = serve(how);
        BufferedReader said = server.inputReader();
        String line = said.readLine();
        while (line != null && !line.equals("listening")) line = said.readLine();
        try (SocketChannel client = SocketChannel.open(SERVER)) {
            ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
            long n = 0;
            while (client.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) assertEquals(pattern(n++), buffer.get());
            }
            assertEquals(SIZE, n);
        }
        assertTrue(server.waitFor(20, TimeUnit.SECONDS));
        String rest = String.join("\n", said.lines().toList());
        assertEquals(0, server.exitValue(), rest);
        assertEquals("", rest.replaceAll("(?m)^WARNING: .*$", "").trim(), "nothing odd is said");
    }

    @InNetns
    void closedAndExited() throws Exception {
        everyByteAndACleanEnd("close");
    }

    @InNetns
    void exitedWithoutClosing() throws Exception {
        everyByteAndACleanEnd("open");
    }

    @InNetns
    void aShutdownHookOfTheApplicationStillWrites() throws Exception {
        everyByteAndACleanEnd("hook");
    }

    @InNetns
    void aTerminatedServerSaysGoodBye() throws Exception {
        Process server = serve("open");
        BufferedReader said = server.inputReader();
        while (!"listening".equals(said.readLine())) assertTrue(server.isAlive());
        try (SocketChannel client = SocketChannel.open(SERVER)) {
            server.destroy(); // SIGTERM, while it writes
            ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
            try {
                int n = 0;
                while (n >= 0) n = client.read(buffer.clear());
            } catch (SocketException e) {
                assertEquals("Connection reset", e.getMessage());
            }
        }
        assertTrue(server.waitFor(20, TimeUnit.SECONDS));
    }
}
