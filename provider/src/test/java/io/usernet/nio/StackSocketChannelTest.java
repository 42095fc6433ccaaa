package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.usernet.Async;
import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is ours and not the JDK's: the rest is in the contract suite. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StackSocketChannelTest {
    private static Engine engine;

    private final StackSelectorProvider provider = new StackSelectorProvider(() -> engine);

    @BeforeAll
    static void open() {
        engine = Engine.open(StackConfig.defaults(), null, "channels");
    }

    @AfterAll
    static void close() {
        engine.close(TimeUnit.SECONDS.toNanos(5));
    }

    private record Pair(SocketChannel client, SocketChannel server) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    private Pair connect() throws IOException {
        try (ServerSocketChannel server = provider.openServerSocketChannel()) {
            server.bind(null);
            SocketChannel client = provider.openSocketChannel();
            client.connect(server.getLocalAddress());
            return new Pair(client, server.accept());
        }
    }

    private static InetAddress ipv6(int last) throws IOException {
        byte[] bytes = new byte[16];
        bytes[15] = (byte) last;
        return InetAddress.getByAddress(bytes);
    }

    @Test
    void wildcardAndLoopbackOfIpv6MeanThoseOfIpv4() throws IOException {
        try (ServerSocketChannel server = provider.openServerSocketChannel();
                SocketChannel client = provider.openSocketChannel()) {
            server.bind(new InetSocketAddress(ipv6(0), 0));
            InetSocketAddress local = (InetSocketAddress) server.getLocalAddress();
            assertEquals("0.0.0.0", local.getAddress().getHostAddress());
            assertTrue(client.connect(new InetSocketAddress(ipv6(1), local.getPort())));
            try (SocketChannel accepted = server.accept()) {
                InetSocketAddress peer = (InetSocketAddress) accepted.getRemoteAddress();
                assertEquals("127.0.0.1", peer.getAddress().getHostAddress());
                assertEquals(ipv6(1), ((InetSocketAddress) client.getLocalAddress()).getAddress());
            }
        }
    }

    @Test
    void otherIpv6AddressesAreRefused() throws IOException {
        try (SocketChannel client = provider.openSocketChannel()) {
            InetSocketAddress address = new InetSocketAddress(ipv6(2), 80);
            assertThrows(UnsupportedAddressTypeException.class, () -> client.connect(address));
            assertThrows(UnsupportedAddressTypeException.class, () -> client.bind(address));
            assertTrue(client.isOpen());
        }
    }

    /** A writer races with the end of output: what write said it took comes before the FIN. */
    @Test
    void allThatWriteTookArrivesBeforeTheEnd() throws Exception {
        for (int round = 0; round < 200; round++) {
            boolean close = round % 2 == 0;
            try (Pair pair = connect()) {
                CompletableFuture<Long> writing =
                        Async.supply(() -> writeUntilClosed(pair.client()));
                CompletableFuture<Long> reading = Async.supply(() -> readToTheEnd(pair.server()));
                for (int i = 0; i < round; i++) Thread.onSpinWait();
                if (close) pair.client().close();
                else pair.client().shutdownOutput();
                assertEquals(writing.get(), reading.get(), "round " + round);
            }
        }
    }

    private static long writeUntilClosed(SocketChannel channel) {
        ByteBuffer src = ByteBuffer.allocate(777);
        long total = 0;
        try {
            while (true) total += channel.write(src.clear());
        } catch (ClosedChannelException e) {
            return total;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long readToTheEnd(SocketChannel channel) {
        ByteBuffer dst = ByteBuffer.allocateDirect(8 << 10);
        long total = 0;
        try {
            for (int n; (n = channel.read(dst.clear())) >= 0; ) total += n;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return total;
    }

    @Test
    void lingeringCloseReturnsOnceAllIsAcknowledged() throws Exception {
        try (Pair pair = connect()) {
            pair.client().setOption(StandardSocketOptions.SO_LINGER, 25);
            int size = 100 << 10; // which the peer's buffer takes without being read
            assertEquals(size, pair.client().write(ByteBuffer.allocate(size)));
            long start = System.nanoTime();
            pair.client().close();
            assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(10));
            pair.server().configureBlocking(false);
            ByteBuffer dst = ByteBuffer.allocate(size + 1);
            while (pair.server().read(dst) > 0) assertTrue(dst.hasRemaining());
            assertEquals(size, dst.position());
            assertEquals(-1, pair.server().read(dst));
        }
    }

    @Test
    void lingeringCloseGivesUpInTime() throws Exception {
        try (Pair pair = connect()) {
            pair.client().setOption(StandardSocketOptions.SO_LINGER, 1);
            pair.client().configureBlocking(false);
            fill(pair.client());
            pair.client().configureBlocking(true);
            long start = System.nanoTime();
            pair.client().close();
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertTrue(tookMs >= 999 && tookMs < 10_000, tookMs + " ms");
        }
    }

    /** Until both buffers are full: nothing was taken for a while. */
    private static void fill(SocketChannel channel) throws IOException {
        ByteBuffer src = ByteBuffer.allocate(64 << 10);
        long quietNs = TimeUnit.MILLISECONDS.toNanos(100);
        long last = System.nanoTime();
        while (System.nanoTime() - last < quietNs) {
            if (channel.write(src.clear()) > 0) last = System.nanoTime();
        }
    }

    @Test
    void bufferSizesStayWithinTheSettings() throws IOException {
        try (SocketChannel channel = provider.openSocketChannel()) {
            long[] rmem = Sysctl.TCP_RMEM.defaults();
            assertEquals((int) rmem[1] / 2, channel.getOption(StandardSocketOptions.SO_RCVBUF));
            channel.setOption(StandardSocketOptions.SO_RCVBUF, 1);
            assertEquals((int) rmem[0] / 2, channel.getOption(StandardSocketOptions.SO_RCVBUF));
            channel.setOption(StandardSocketOptions.SO_RCVBUF, Integer.MAX_VALUE);
            assertEquals((int) rmem[2] / 2, channel.getOption(StandardSocketOptions.SO_RCVBUF));
        }
    }

    @Test
    void buffersHoldTwiceWhatWasSet() throws IOException {
        int sent = 40_000, received = 30_000;
        try (ServerSocketChannel server = provider.openServerSocketChannel();
                SocketChannel client = provider.openSocketChannel()) {
            server.setOption(StandardSocketOptions.SO_RCVBUF, received);
            client.setOption(StandardSocketOptions.SO_SNDBUF, sent);
            assertEquals(received, server.getOption(StandardSocketOptions.SO_RCVBUF));
            assertEquals(sent, client.getOption(StandardSocketOptions.SO_SNDBUF));
            server.bind(new InetSocketAddress("127.0.0.1", 0));
            client.connect(server.getLocalAddress());
            try (SocketChannel accepted = server.accept()) {
                assertEquals(received, accepted.getOption(StandardSocketOptions.SO_RCVBUF));
                client.configureBlocking(false);
                // less what the window leaves that is smaller than a segment
                long most = 2L * sent + 2L * received, least = most - 3_000;
                long total = 0, last = System.nanoTime();
                ByteBuffer src = ByteBuffer.allocate(1_000);
                // once enough was taken, a while longer, to see that it was all
                while (System.nanoTime() - last < (total < least ? 10_000_000_000L : 100_000_000)) {
                    int n = client.write(src.clear());
                    total += n;
                    if (n > 0) last = System.nanoTime();
                }
                assertTrue(total >= least && total <= most + 3_000, total + " of " + most);
            }
        }
    }

    @Test
    @SuppressWarnings("unchecked")
    void keepAliveTimesAreLinuxs() throws IOException {
        try (SocketChannel channel = provider.openSocketChannel()) {
            SocketOption<Integer> idle =
                    (SocketOption<Integer>)
                            channel.supportedOptions().stream()
                                    .filter(o -> o.name().equals("TCP_KEEPIDLE"))
                                    .findFirst()
                                    .orElse(null);
            assumeTrue(idle != null, "no module jdk.net here");
            assertEquals(7_200, channel.getOption(idle));
            channel.setOption(idle, 10);
            assertEquals(10, channel.getOption(idle));
            assertThrows(SocketException.class, () -> channel.setOption(idle, 0));
            assertThrows(SocketException.class, () -> channel.setOption(idle, 32_768));
        }
    }

    @Test
    void readingAndWritingAllocatesNothing() throws Exception {
        try (Pair pair = connect()) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(100);
            CompletableFuture<Void> echoing = Async.run(() -> echo(pair.server()));
            Allocation.assertNone(
                    () -> {
                        pair.client().write(buffer.clear());
                        buffer.clear();
                        while (buffer.hasRemaining()) pair.client().read(buffer);
                    });
            pair.client().shutdownOutput();
            echoing.get(10, TimeUnit.SECONDS);
        }
    }

    private static void echo(SocketChannel channel) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(100);
        try {
            while (channel.read(buffer.clear()) >= 0) channel.write(buffer.flip());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void closedStackFailsCleanly() throws IOException {
        Engine own = Engine.open(StackConfig.defaults(), null, "short-lived");
        StackSelectorProvider provider = new StackSelectorProvider(() -> own);
        ServerSocketChannel server = provider.openServerSocketChannel().bind(null);
        SocketChannel client = provider.openSocketChannel();
        client.connect(server.getLocalAddress());
        SocketChannel accepted = server.accept();
        own.close(0);
        assertThrows(IOException.class, () -> accepted.read(ByteBuffer.allocate(1)));
        assertThrows(IOException.class, () -> client.write(ByteBuffer.allocate(1)));
        assertThrows(IOException.class, server::accept);
        assertThrows(IOException.class, () -> provider.openSocketChannel().bind(null));
        client.close();
        accepted.close();
        server.close();
    }

    @Test
    void selectorsHearThatTheStackIsClosed() throws IOException {
        Engine own = Engine.open(StackConfig.defaults(), null, "short-lived");
        StackSelectorProvider provider = new StackSelectorProvider(() -> own);
        try (Selector selector = provider.openSelector();
                ServerSocketChannel server = provider.openServerSocketChannel();
                SocketChannel client = provider.openSocketChannel()) {
            server.bind(null);
            client.connect(server.getLocalAddress());
            client.configureBlocking(false);
            SocketChannel accepted = server.accept();
            server.configureBlocking(false);
            SelectionKey accepting = server.register(selector, SelectionKey.OP_ACCEPT);
            SelectionKey reading = client.register(selector, SelectionKey.OP_READ);
            assertEquals(0, selector.selectNow());
            own.close(0);
            assertEquals(2, selector.select(5_000));
            assertTrue(accepting.isAcceptable());
            assertTrue(reading.isReadable());
            assertThrows(IOException.class, server::accept);
            assertThrows(IOException.class, () -> client.read(ByteBuffer.allocate(1)));
            accepted.close();
        }
    }
}
