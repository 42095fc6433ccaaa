package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NetworkChannel;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Socket options. */
abstract class OptionContract extends AioContract {
    OptionContract(Subject subject) {
        super(subject);
    }

    private static <T> void assertRoundTrip(NetworkChannel channel, SocketOption<T> option, T value)
            throws IOException {
        assertSame(channel, channel.setOption(option, value));
        assertEquals(value, channel.getOption(option), option.name());
    }

    @Test
    void socketChannelHasThoseOfTheJavadoc() throws Exception {
        AsynchronousSocketChannel channel = openSocket();
        assertTrue(
                channel.supportedOptions()
                        .containsAll(
                                Set.of(
                                        StandardSocketOptions.SO_SNDBUF,
                                        StandardSocketOptions.SO_RCVBUF,
                                        StandardSocketOptions.SO_KEEPALIVE,
                                        StandardSocketOptions.SO_REUSEADDR,
                                        StandardSocketOptions.TCP_NODELAY)));
        assertFails(UnsupportedOperationException.class, channel.supportedOptions()::clear);
        assertRoundTrip(channel, StandardSocketOptions.SO_KEEPALIVE, true);
        assertRoundTrip(channel, StandardSocketOptions.SO_REUSEADDR, true);
        assertRoundTrip(channel, StandardSocketOptions.TCP_NODELAY, true);
        assertRoundTrip(channel, StandardSocketOptions.TCP_NODELAY, false);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 64 << 10);
        assertTrue(channel.getOption(StandardSocketOptions.SO_RCVBUF) >= 64 << 10);
    }

    @Test
    void serverHasThoseOfTheJavadoc() throws Exception {
        AsynchronousServerSocketChannel channel = openServer(null);
        Set<SocketOption<?>> options = channel.supportedOptions();
        assertTrue(options.contains(StandardSocketOptions.SO_RCVBUF));
        assertTrue(options.contains(StandardSocketOptions.SO_REUSEADDR));
        assertFalse(options.contains(StandardSocketOptions.TCP_NODELAY));
        assertRoundTrip(channel, StandardSocketOptions.SO_REUSEADDR, true);
        assertFails(
                UnsupportedOperationException.class,
                "'TCP_NODELAY' not supported",
                () -> channel.setOption(StandardSocketOptions.TCP_NODELAY, true));
        assertFails(
                UnsupportedOperationException.class,
                "'TCP_NODELAY' not supported",
                () -> channel.getOption(StandardSocketOptions.TCP_NODELAY));
    }

    @Test
    void optionsWorkOnceConnected() throws Exception {
        Pair pair = connect();
        assertRoundTrip(pair.client(), StandardSocketOptions.TCP_NODELAY, true);
        assertRoundTrip(pair.server(), StandardSocketOptions.TCP_NODELAY, true);
    }

    @Test
    void wrongOptionsAreRefused() throws Exception {
        AsynchronousSocketChannel channel = openSocket();
        assertFails(NullPointerException.class, () -> channel.setOption(null, 1));
        assertFails(NullPointerException.class, () -> channel.getOption(null));
        assertFails(
                UnsupportedOperationException.class,
                "'IP_MULTICAST_TTL' not supported",
                () -> channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 1));
        assertFails(
                IllegalArgumentException.class,
                () -> channel.setOption(StandardSocketOptions.SO_RCVBUF, -1));
    }

    @Test
    void closedChannelHasNone() throws Exception {
        AsynchronousSocketChannel channel = openSocket();
        channel.close();
        assertFails(
                ClosedChannelException.class,
                () -> channel.setOption(StandardSocketOptions.TCP_NODELAY, true));
        assertFails(
                ClosedChannelException.class,
                () -> channel.getOption(StandardSocketOptions.TCP_NODELAY));
        AsynchronousServerSocketChannel server = openServer(null);
        server.close();
        assertFails(
                ClosedChannelException.class,
                () -> server.setOption(StandardSocketOptions.SO_REUSEADDR, true));
    }

    @Test
    void noneIsSetAfterTheOutputIsShut() throws Exception {
        Pair pair = connect();
        pair.client().shutdownOutput();
        assertFails(
                IOException.class,
                "Connection has been shutdown for writing",
                () -> pair.client().setOption(StandardSocketOptions.TCP_NODELAY, true));
    }
}
