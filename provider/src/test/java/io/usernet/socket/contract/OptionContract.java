package io.usernet.socket.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Options of java.net.Socket: set before it is connected, they hold afterwards. */
abstract class OptionContract extends SocketContract {
    OptionContract(Subject subject) {
        super(subject);
    }

    @Test
    void defaults() throws IOException {
        Socket socket = socket();
        assertFalse(socket.getTcpNoDelay());
        assertFalse(socket.getKeepAlive());
        assertFalse(socket.getReuseAddress());
        assertFalse(socket.getOOBInline());
        assertEquals(-1, socket.getSoLinger());
        assertEquals(0, socket.getSoTimeout());
        assertEquals(0, socket.getTrafficClass());
        assertTrue(socket.getSendBufferSize() > 0);
        assertTrue(socket.getReceiveBufferSize() > 0);
    }

    @Test
    void whatWasSetBeforeHoldsAfterwards() throws IOException {
        ServerSocket server = listen();
        Socket socket = socket();
        set(socket);
        check(socket);
        socket.connect(server.getLocalSocketAddress());
        check(socket);
    }

    @Test
    void whatWasSetBeforeHoldsWhereItWasBound() throws IOException {
        ServerSocket server = listen();
        Socket socket = socket();
        socket.bind(null);
        set(socket);
        socket.connect(server.getLocalSocketAddress());
        check(socket);
    }

    @Test
    void whatIsSetOnAConnection() throws IOException {
        Pair pair = connect();
        for (Socket socket : new Socket[] {pair.client(), pair.server()}) {
            set(socket);
            check(socket);
        }
    }

    private static void set(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setKeepAlive(true);
        socket.setReuseAddress(true);
        socket.setOOBInline(true);
        socket.setSoLinger(true, 7);
        socket.setSoTimeout(1500);
        socket.setSendBufferSize(64 << 10);
        socket.setReceiveBufferSize(48 << 10);
        socket.setTrafficClass(0x10);
        socket.setPerformancePreferences(1, 2, 3);
    }

    private static void check(Socket socket) throws IOException {
        assertTrue(socket.getTcpNoDelay());
        assertTrue(socket.getKeepAlive());
        assertTrue(socket.getReuseAddress());
        assertTrue(socket.getOOBInline());
        assertEquals(7, socket.getSoLinger());
        assertEquals(1500, socket.getSoTimeout());
        assertTrue(socket.getSendBufferSize() >= 64 << 10);
        assertTrue(socket.getReceiveBufferSize() >= 48 << 10);
        assertEquals(0x10, socket.getTrafficClass());
    }

    @Test
    void lingerIsSwitchedOff() throws IOException {
        Socket socket = socket();
        socket.setSoLinger(true, 7);
        socket.setSoLinger(false, 0);
        assertEquals(-1, socket.getSoLinger());
        assertFails(IllegalArgumentException.class, () -> socket.setSoLinger(true, -1));
    }

    @Test
    void wrongValues() throws IOException {
        Socket socket = socket();
        assertFails(IllegalArgumentException.class, () -> socket.setSoTimeout(-1));
        assertFails(IllegalArgumentException.class, () -> socket.setSendBufferSize(0));
        assertFails(IllegalArgumentException.class, () -> socket.setReceiveBufferSize(0));
        assertFails(IllegalArgumentException.class, () -> socket.setTrafficClass(256));
        assertFails(NullPointerException.class, () -> socket.setOption(null, null));
        assertFails(
                UnsupportedOperationException.class,
                () -> socket.setOption(StandardSocketOptions.SO_BROADCAST, true));
        assertFails(
                UnsupportedOperationException.class,
                () -> socket.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
    }

    @Test
    void optionsByName() throws IOException {
        ServerSocket server = listen();
        Socket socket = socket();
        Set<SocketOption<?>> expected =
                Set.of(
                        StandardSocketOptions.SO_SNDBUF,
                        StandardSocketOptions.SO_RCVBUF,
                        StandardSocketOptions.SO_KEEPALIVE,
                        StandardSocketOptions.SO_REUSEADDR,
                        StandardSocketOptions.SO_REUSEPORT,
                        StandardSocketOptions.SO_LINGER,
                        StandardSocketOptions.TCP_NODELAY,
                        StandardSocketOptions.IP_TOS);
        Set<SocketOption<?>> missing = new HashSet<>(expected);
        missing.removeAll(socket.supportedOptions());
        assertEquals(Set.of(), missing);
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        socket.setOption(StandardSocketOptions.SO_LINGER, 3);
        socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
        socket.connect(server.getLocalSocketAddress());
        assertTrue(socket.getTcpNoDelay());
        assertEquals(3, socket.getOption(StandardSocketOptions.SO_LINGER));
        assertTrue(socket.getOption(StandardSocketOptions.SO_REUSEPORT));
    }
}
