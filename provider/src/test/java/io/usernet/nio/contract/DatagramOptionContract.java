package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Socket options of a DatagramChannel, and join. */
abstract class DatagramOptionContract extends NioContract {
    DatagramOptionContract(Subject subject) {
        super(subject);
    }

    @Test
    void optionsOfTheStandardAreSupported() throws IOException {
        DatagramChannel channel = openDatagram();
        Set<SocketOption<?>> standard =
                Set.of(
                        StandardSocketOptions.SO_SNDBUF,
                        StandardSocketOptions.SO_RCVBUF,
                        StandardSocketOptions.SO_REUSEADDR,
                        StandardSocketOptions.SO_REUSEPORT,
                        StandardSocketOptions.SO_BROADCAST,
                        StandardSocketOptions.IP_TOS,
                        StandardSocketOptions.IP_MULTICAST_IF,
                        StandardSocketOptions.IP_MULTICAST_TTL,
                        StandardSocketOptions.IP_MULTICAST_LOOP);
        assertTrue(channel.supportedOptions().containsAll(standard));
        for (SocketOption<?> option : channel.supportedOptions()) channel.getOption(option);
        channel.close();
        assertTrue(channel.supportedOptions().containsAll(standard));
    }

    @Test
    void defaults() throws IOException {
        DatagramChannel channel = openDatagram();
        assertFalse(channel.getOption(StandardSocketOptions.SO_BROADCAST));
        assertFalse(channel.getOption(StandardSocketOptions.SO_REUSEADDR));
        assertFalse(channel.getOption(StandardSocketOptions.SO_REUSEPORT));
        assertEquals(0, channel.getOption(StandardSocketOptions.IP_TOS));
        assertNull(channel.getOption(StandardSocketOptions.IP_MULTICAST_IF));
        assertEquals(1, channel.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
        assertTrue(channel.getOption(StandardSocketOptions.IP_MULTICAST_LOOP));
        assertTrue(channel.getOption(StandardSocketOptions.SO_SNDBUF) >= 65_507);
        assertTrue(channel.getOption(StandardSocketOptions.SO_RCVBUF) >= 65_507);
    }

    @Test
    void flagsAreKept() throws IOException {
        DatagramChannel channel = openDatagram();
        for (SocketOption<Boolean> option :
                java.util.List.of(
                        StandardSocketOptions.SO_BROADCAST,
                        StandardSocketOptions.SO_REUSEADDR,
                        StandardSocketOptions.SO_REUSEPORT,
                        StandardSocketOptions.IP_MULTICAST_LOOP)) {
            for (boolean on : new boolean[] {true, false, true}) {
                assertSame(channel, channel.setOption(option, on));
                assertEquals(on, channel.getOption(option), option.name());
            }
        }
    }

    @Test
    void numbersAreKept() throws IOException {
        DatagramChannel channel = openDatagram();
        channel.setOption(StandardSocketOptions.IP_TOS, 0x10);
        assertEquals(0x10, channel.getOption(StandardSocketOptions.IP_TOS));
        channel.setOption(StandardSocketOptions.IP_TOS, 255);
        assertEquals(255, channel.getOption(StandardSocketOptions.IP_TOS));
        channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 5);
        assertEquals(5, channel.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
        NetworkInterface loopback =
                NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, loopback);
        assertEquals(loopback, channel.getOption(StandardSocketOptions.IP_MULTICAST_IF));
    }

    @Test
    void bufferSizesAreKeptWithinBounds() throws IOException {
        DatagramChannel channel = openDatagram();
        channel.setOption(StandardSocketOptions.SO_SNDBUF, 20_000);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 30_000);
        assertEquals(20_000, channel.getOption(StandardSocketOptions.SO_SNDBUF));
        assertEquals(30_000, channel.getOption(StandardSocketOptions.SO_RCVBUF));
        channel.setOption(StandardSocketOptions.SO_SNDBUF, 0);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 1);
        assertTrue(channel.getOption(StandardSocketOptions.SO_SNDBUF) > 1);
        assertTrue(channel.getOption(StandardSocketOptions.SO_RCVBUF) > 1);
    }

    @Test
    void valuesOutOfRangeAreRefused() throws IOException {
        DatagramChannel channel = openDatagram();
        String size = "Invalid send/receive buffer size";
        refused(channel, StandardSocketOptions.SO_SNDBUF, -1, size);
        refused(channel, StandardSocketOptions.SO_RCVBUF, -1, size);
        refused(channel, StandardSocketOptions.IP_TOS, -1, "Invalid IP_TOS value");
        refused(channel, StandardSocketOptions.IP_TOS, 256, "Invalid IP_TOS value");
        refused(channel, StandardSocketOptions.IP_MULTICAST_TTL, -1, "Invalid TTL/hop value");
        refused(channel, StandardSocketOptions.IP_MULTICAST_TTL, 256, "Invalid TTL/hop value");
        refused(channel, StandardSocketOptions.IP_MULTICAST_IF, null, "Invalid value 'null'");
        refused(channel, StandardSocketOptions.SO_BROADCAST, null, "Invalid value 'null'");
    }

    private static <T> void refused(
            DatagramChannel channel, SocketOption<T> option, T value, String message) {
        assertFails(
                IllegalArgumentException.class, message, () -> channel.setOption(option, value));
    }

    @Test
    void otherOptionsAreRefused() throws IOException {
        DatagramChannel channel = openDatagram();
        assertFails(
                UnsupportedOperationException.class,
                "'TCP_NODELAY' not supported",
                () -> channel.setOption(StandardSocketOptions.TCP_NODELAY, true));
        assertFails(
                UnsupportedOperationException.class,
                "'SO_KEEPALIVE' not supported",
                () -> channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
        assertFails(NullPointerException.class, () -> channel.setOption(null, 1));
        assertFails(NullPointerException.class, () -> channel.getOption(null));
    }

    @Test
    void closedChannelHasNoOptions() throws IOException {
        DatagramChannel channel = openDatagram();
        channel.close();
        assertFails(
                ClosedChannelException.class,
                () -> channel.getOption(StandardSocketOptions.SO_RCVBUF));
        assertFails(
                ClosedChannelException.class,
                () -> channel.setOption(StandardSocketOptions.SO_RCVBUF, 9));
    }

    /** Of JDK 19 and later. */
    @Test
    @SuppressWarnings("unchecked")
    void fragmentsCanBeForbidden() throws IOException {
        DatagramChannel channel = openDatagram();
        SocketOption<Boolean> dontFragment =
                (SocketOption<Boolean>)
                        channel.supportedOptions().stream()
                                .filter(option -> option.name().equals("IP_DONTFRAGMENT"))
                                .findFirst()
                                .orElse(null);
        assertEquals(Runtime.version().feature() >= 19, dontFragment != null);
        if (dontFragment == null) return;
        assertFalse(channel.getOption(dontFragment));
        channel.setOption(dontFragment, true);
        assertTrue(channel.getOption(dontFragment));
        assertTrue(channel.socket().getOption(dontFragment));
        channel.bind(anyPort());
        assertEquals(1_000, channel.send(ByteBuffer.allocate(1_000), deafAddress()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void optionsCanBeSetOnceBoundAndConnected(boolean connected) throws IOException {
        DatagramChannel channel = boundDatagram();
        if (connected) channel.connect(deafAddress());
        channel.setOption(StandardSocketOptions.IP_TOS, 8);
        channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 20_000);
        assertEquals(8, channel.getOption(StandardSocketOptions.IP_TOS));
        assertTrue(channel.getOption(StandardSocketOptions.SO_BROADCAST));
        assertEquals(20_000, channel.getOption(StandardSocketOptions.SO_RCVBUF));
    }

    @Test
    void groupsMustBeMulticast() throws IOException {
        DatagramChannel channel = openDatagram();
        InetAddress unicast = InetAddress.getLoopbackAddress();
        NetworkInterface through = NetworkInterface.getByInetAddress(unicast);
        assertFails(
                IllegalArgumentException.class,
                "Group not a multicast address",
                () -> channel.join(unicast, through));
        assertFails(NullPointerException.class, () -> channel.join(null, through));
    }
}
