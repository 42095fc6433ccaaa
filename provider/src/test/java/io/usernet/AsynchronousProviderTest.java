package io.usernet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.Wire;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The two doors to asynchronous channels: of a stack, and of a JVM. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AsynchronousProviderTest {
    /** A program that knows nothing of us; in a JVM of its own. */
    static final class Unmodified {
        public static void main(String[] args) throws Exception {
            AsynchronousServerSocketChannel server = AsynchronousServerSocketChannel.open();
            server.bind(new InetSocketAddress("127.0.0.1", 0));
            Future<AsynchronousSocketChannel> accepting = server.accept();
            AsynchronousSocketChannel client = AsynchronousSocketChannel.open();
            client.connect(server.getLocalAddress()).get();
            client.write(ByteBuffer.wrap(new byte[] {'o', 'k'})).get();
            ByteBuffer dst = ByteBuffer.allocate(2);
            accepting.get().read(dst).get();
            System.out.println(server.provider().getClass().getName());
            System.out.println(new String(dst.array(), 0, dst.position()));
            int sockets = UsernetProvider.stack().orElseThrow().sockets().size();
            System.out.println(sockets + " sockets on the stack");
        }
    }

    private static List<String> linesOf(String... options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.add("-cp");
        command.add(Path.of("target", "classes") + ":" + Path.of("target", "test-classes"));
        command.addAll(List.of(options));
        command.add(Unmodified.class.getName());
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (var out = process.inputReader()) {
            List<String> lines = out.lines().toList();
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "its threads are daemons");
            assertEquals(0, process.exitValue(), lines::toString);
            return lines;
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void propertyInstallsItInAJvm() throws Exception {
        String property = AsynchronousChannelProvider.class.getName();
        String name = UsernetAsynchronousProvider.class.getName();
        assertEquals(
                List.of(name, "ok", "3 sockets on the stack"),
                linesOf("-D" + property + "=" + name));
    }

    private static boolean hasThread(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(t -> t.getName().startsWith(prefix) && t.isAlive());
    }

    @Test
    void stackEndsItsDefaultGroup() throws Exception {
        AsynchronousSocketChannel client;
        try (Stack stack = Stack.builder().open()) {
            AsynchronousChannelProvider provider = stack.asynchronousProvider();
            AsynchronousServerSocketChannel server =
                    provider.openAsynchronousServerSocketChannel(null);
            server.bind(new InetSocketAddress("127.0.0.1", 0));
            client = provider.openAsynchronousSocketChannel(null);
            client.connect(server.getLocalAddress()).get(10, TimeUnit.SECONDS);
            assertEquals(3, stack.sockets().size());
            assertTrue(hasThread("usernet-aio-default"));
        }
        assertFalse(client.isOpen());
        while (hasThread("usernet-aio-default")) Thread.onSpinWait(); // workers of its executor
    }

    /** What was written before the close of the stack is delivered, as it is of other channels. */
    @Test
    void orderlyCloseDeliversWhatWasWritten() throws Exception {
        Wire wire = new Wire();
        Stack stack = Stack.builder().link(wire.left()).address("10.0.0.1/24").open();
        try (Stack peer = Stack.builder().link(wire.right()).address("10.0.0.2/24").open();
                var server = peer.provider().openServerSocketChannel()) {
            server.bind(null);
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            AsynchronousSocketChannel client =
                    stack.asynchronousProvider().openAsynchronousSocketChannel(null);
            client.connect(new InetSocketAddress("10.0.0.2", port)).get(10, TimeUnit.SECONDS);
            var accepted = server.accept();
            int written = client.write(ByteBuffer.allocate(300_000)).get(10, TimeUnit.SECONDS);
            var received = Async.supply(() -> countUntilTheEnd(accepted));
            stack.close(Duration.ofSeconds(10));
            assertEquals(written, received.get(10, TimeUnit.SECONDS));
        }
    }

    private static int countUntilTheEnd(SocketChannel channel) {
        ByteBuffer dst = ByteBuffer.allocate(64 << 10);
        int total = 0;
        try {
            for (int n; (n = channel.read(dst.clear())) >= 0; ) total += n;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return total;
    }
}
