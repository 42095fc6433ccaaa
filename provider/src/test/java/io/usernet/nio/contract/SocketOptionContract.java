package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Socket options on channels: which there are, what they take and what they give back. */
abstract class SocketOptionContract extends NioContract {
    SocketOptionContract(Subject subject) {
        super(subject);
    }

    private static <T> void assertRoundTrip(NetworkChannel channel, SocketOption<T> option, T value)
            throws IOException {
        assertSame(channel, channel.setOption(option, value));
        assertEquals(value, channel.getOption(option), option.name());
    }

    @Test
    void socketChannelSupportsTheStandardOptions() throws IOException {
        Set<SocketOption<?>> options = openSocket().supportedOptions();
        assertTrue(
                options.containsAll(
                        Set.of(
                                StandardSocketOptions.SO_SNDBUF,
                                StandardSocketOptions.SO_RCVBUF,
                                StandardSocketOptions.SO_KEEPALIVE,
                                StandardSocketOptions.SO_REUSEADDR,
                                StandardSocketOptions.SO_LINGER,
                                StandardSocketOptions.TCP_NODELAY,
                                StandardSocketOptions.IP_TOS)),
                options.toString());
        assertFails(UnsupportedOperationException.class, options::clear);
    }

    /** As on every Unix but AIX: whether a platform has it, its JDK says. */
    @Test
    void serversThatReusePortsShareOne() throws IOException {
        ServerSocketChannel first = openServer();
        assumeTrue(first.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT));
        assertRoundTrip(first, StandardSocketOptions.SO_REUSEPORT, true);
        first.bind(anyPort());
        ServerSocketChannel second = openServer();
        assertThrows(BindException.class, () -> second.bind(first.getLocalAddress()));
        ServerSocketChannel third = openServer();
        third.setOption(StandardSocketOptions.SO_REUSEPORT, true);
        third.bind(first.getLocalAddress());
        assertEquals(first.getLocalAddress(), third.getLocalAddress());
        assertRoundTrip(openSocket(), StandardSocketOptions.SO_REUSEPORT, true);
    }

    @Test
    void serverSocketChannelSupportsTheStandardOptions() throws IOException {
        Set<SocketOption<?>> options = openServer().supportedOptions();
        assertTrue(
                options.containsAll(
                        Set.of(
                                StandardSocketOptions.SO_RCVBUF,
                                StandardSocketOptions.SO_REUSEADDR)),
                options.toString());
        assertFalse(options.contains(StandardSocketOptions.TCP_NODELAY));
    }

    @Test
    void everySupportedStandardOptionCanBeRead() throws IOException {
        SocketChannel channel = connect().client();
        for (SocketOption<?> option : channel.supportedOptions()) {
            if (option.name().startsWith("SO_INCOMING_NAPI")) {
                // Read-only, and only with a NIC behind it.
                continue;
            }
            Object value = channel.getOption(option);
            assertTrue(option.type().isInstance(value), option.name() + " = " + value);
        }
    }

    @Test
    void defaults() throws IOException {
        SocketChannel channel = openSocket();
        assertEquals(false, channel.getOption(StandardSocketOptions.TCP_NODELAY));
        assertEquals(false, channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
        assertEquals(false, channel.getOption(StandardSocketOptions.SO_REUSEADDR));
        assertEquals(-1, channel.getOption(StandardSocketOptions.SO_LINGER));
        assertEquals(0, channel.getOption(StandardSocketOptions.IP_TOS));
        assertTrue(channel.getOption(StandardSocketOptions.SO_SNDBUF) > 0);
        assertTrue(channel.getOption(StandardSocketOptions.SO_RCVBUF) > 0);
        assertEquals(true, openServer().getOption(StandardSocketOptions.SO_REUSEADDR));
    }

    @Test
    void booleansRoundTrip() throws IOException {
        SocketChannel channel = openSocket();
        for (boolean value : new boolean[] {true, false, true}) {
            assertRoundTrip(channel, StandardSocketOptions.TCP_NODELAY, value);
            assertRoundTrip(channel, StandardSocketOptions.SO_KEEPALIVE, value);
            assertRoundTrip(channel, StandardSocketOptions.SO_REUSEADDR, value);
        }
    }

    @Test
    void optionsSetBeforeConnectHoldAfterwards() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel channel = openSocket();
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        channel.setOption(StandardSocketOptions.SO_LINGER, 3);
        channel.connect(server.getLocalAddress());
        assertEquals(true, channel.getOption(StandardSocketOptions.TCP_NODELAY));
        assertEquals(true, channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
        assertEquals(3, channel.getOption(StandardSocketOptions.SO_LINGER));
    }

    @Test
    void lingerIsBoundedAndSwitchedOffByMinusOne() throws IOException {
        SocketChannel channel = openSocket();
        assertRoundTrip(channel, StandardSocketOptions.SO_LINGER, 0);
        assertRoundTrip(channel, StandardSocketOptions.SO_LINGER, 5);
        assertRoundTrip(channel, StandardSocketOptions.SO_LINGER, -1);
        // Every negative value means off.
        channel.setOption(StandardSocketOptions.SO_LINGER, -5);
        assertEquals(-1, channel.getOption(StandardSocketOptions.SO_LINGER));
        channel.setOption(StandardSocketOptions.SO_LINGER, 100_000);
        assertEquals(65_535, channel.getOption(StandardSocketOptions.SO_LINGER));
    }

    @Test
    void bufferSizesAreHintsButPositive() throws IOException {
        SocketChannel channel = openSocket();
        for (int size : new int[] {8 << 10, 64 << 10, 1 << 20}) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, size);
            channel.setOption(StandardSocketOptions.SO_RCVBUF, size);
            assertTrue(channel.getOption(StandardSocketOptions.SO_SNDBUF) > 0);
            assertTrue(channel.getOption(StandardSocketOptions.SO_RCVBUF) > 0);
        }
        channel.setOption(StandardSocketOptions.SO_SNDBUF, 0);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 0);
    }

    @Test
    void wrongValuesAreRefused() throws IOException {
        SocketChannel channel = openSocket();
        assertFails(
                IllegalArgumentException.class,
                "Invalid send/receive buffer size",
                () -> channel.setOption(StandardSocketOptions.SO_SNDBUF, -1));
        assertFails(
                IllegalArgumentException.class,
                "Invalid send/receive buffer size",
                () -> channel.setOption(StandardSocketOptions.SO_RCVBUF, -1));
        assertFails(
                IllegalArgumentException.class,
                "Invalid IP_TOS value",
                () -> channel.setOption(StandardSocketOptions.IP_TOS, 256));
        assertFails(
                IllegalArgumentException.class,
                "Invalid value 'null'",
                () -> channel.setOption(StandardSocketOptions.TCP_NODELAY, null));
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void valuesOfAnotherTypeAreRefused() throws IOException {
        SocketChannel channel = openSocket();
        SocketOption raw = StandardSocketOptions.TCP_NODELAY;
        Throwable failure =
                assertThrows(RuntimeException.class, () -> channel.setOption(raw, "yes"));
        assertTrue(
                failure instanceof ClassCastException
                        || failure instanceof IllegalArgumentException,
                failure.toString());
    }

    @Test
    void optionsTheChannelHasNotAreRefused() throws IOException {
        SocketChannel channel = openSocket();
        assertFails(
                UnsupportedOperationException.class,
                "'IP_MULTICAST_TTL' not supported",
                () -> channel.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
        assertFails(
                UnsupportedOperationException.class,
                "'SO_BROADCAST' not supported",
                () -> channel.setOption(StandardSocketOptions.SO_BROADCAST, true));
        ServerSocketChannel server = openServer();
        assertFails(
                UnsupportedOperationException.class,
                "'TCP_NODELAY' not supported",
                () -> server.setOption(StandardSocketOptions.TCP_NODELAY, true));
        assertFails(NullPointerException.class, () -> channel.getOption(null));
        assertFails(NullPointerException.class, () -> channel.setOption(null, 1));
    }

    @Test
    void closedChannelsRefuse() throws IOException {
        SocketChannel channel = openSocket();
        channel.close();
        assertFailsAsClosed(() -> channel.getOption(StandardSocketOptions.TCP_NODELAY));
        assertFailsAsClosed(() -> channel.setOption(StandardSocketOptions.TCP_NODELAY, true));
        ServerSocketChannel server = openServer();
        server.close();
        assertFailsAsClosed(() -> server.getOption(StandardSocketOptions.SO_RCVBUF));
        assertFalse(server.supportedOptions().isEmpty());
    }

    @Test
    void reusePortWhereSupportedSharesAPort() throws IOException {
        ServerSocketChannel first = openServer();
        if (!first.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
            assertFails(
                    UnsupportedOperationException.class,
                    () -> first.setOption(StandardSocketOptions.SO_REUSEPORT, true));
            return;
        }
        first.setOption(StandardSocketOptions.SO_REUSEPORT, true).bind(anyPort());
        ServerSocketChannel second = openServer();
        second.setOption(StandardSocketOptions.SO_REUSEPORT, true).bind(first.getLocalAddress());
        assertEquals(first.getLocalAddress(), second.getLocalAddress());
    }

    @Test
    void lingerZeroTurnsCloseIntoAReset() throws IOException {
        Pair pair = connect();
        reset(pair.client());
        assertFails(
                SocketException.class,
                "Connection reset",
                () -> pair.server().read(ByteBuffer.allocate(1)));
    }

    @Test
    void lingerZeroWithAnOpenSelectorResetsOnceTheKeyIsFlushed() throws IOException {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        pair.client().register(selector, SelectionKey.OP_READ);
        reset(pair.client());
        selector.selectNow();
        assertFails(
                SocketException.class,
                "Connection reset",
                () -> pair.server().read(ByteBuffer.allocate(1)));
    }

    @Test
    void whatWasWrittenBeforeTheResetArrivesFirst() throws IOException {
        Pair pair = connect();
        assertEquals(100, pair.client().write(ByteBuffer.allocate(100)));
        reset(pair.client());
        ByteBuffer bytes = ByteBuffer.allocate(101);
        while (bytes.position() < 100) assertTrue(pair.server().read(bytes) > 0);
        assertFails(SocketException.class, "Connection reset", () -> pair.server().read(bytes));
    }

    /** Such as a server's that refuses an upload. */
    @Test
    void answerToWhatIsNotReadArrivesBeforeTheReset() throws IOException {
        Pair pair = connect();
        pair.client().write(ByteBuffer.allocate(100));
        while (pair.server().read(ByteBuffer.allocate(1)) == 0) {}
        assertEquals(100, pair.server().write(ByteBuffer.allocate(100)));
        pair.server().close();
        ByteBuffer bytes = ByteBuffer.allocate(101);
        while (bytes.position() < 100) assertTrue(pair.client().read(bytes) > 0);
        assertFails(SocketException.class, "Connection reset", () -> pair.client().read(bytes));
    }

    /** Of the receiver's, kernels before Linux 6.6 keep a half for what the data costs besides. */
    @Test
    void buffersHoldTwiceWhatWasSet() throws IOException {
        int size = 64 << 10;
        ServerSocketChannel server = openServer();
        server.setOption(StandardSocketOptions.SO_RCVBUF, size);
        server.bind(anyPort());
        SocketChannel client = openSocket();
        client.setOption(StandardSocketOptions.SO_SNDBUF, size);
        assertEquals(size, client.getOption(StandardSocketOptions.SO_SNDBUF));
        assertEquals(size, server.getOption(StandardSocketOptions.SO_RCVBUF));
        client.connect(server.getLocalAddress());
        SocketChannel accepted = acceptFrom(server);
        assertEquals(size, accepted.getOption(StandardSocketOptions.SO_RCVBUF));
        client.configureBlocking(false);
        long total = fill(client);
        // a busy machine may take longer than that to move what the receiver has room for
        for (long end = System.nanoTime() + 10_000_000_000L; total < 2.7 * size; ) {
            assertTrue(System.nanoTime() - end < 0, total + " bytes");
            total += fill(client);
        }
        assertTrue(total < 5 * size, total + " bytes");
    }
}
