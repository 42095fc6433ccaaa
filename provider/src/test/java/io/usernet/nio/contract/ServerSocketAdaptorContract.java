package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** ServerSocketChannel.socket(). */
abstract class ServerSocketAdaptorContract extends NioContract {
    ServerSocketAdaptorContract(Subject subject) {
        super(subject);
    }

    @Test
    void adaptorIsTheSameEachTimeAndKnowsItsChannel() throws IOException {
        ServerSocketChannel channel = openServer();
        assertSame(channel.socket(), channel.socket());
        assertSame(channel, channel.socket().getChannel());
    }

    @Test
    void stateBeforeAndAfterBind() throws IOException {
        ServerSocketChannel channel = openServer();
        ServerSocket socket = channel.socket();
        assertFalse(socket.isBound());
        assertFalse(socket.isClosed());
        assertNull(socket.getInetAddress());
        assertEquals(-1, socket.getLocalPort());
        assertNull(socket.getLocalSocketAddress());
        socket.bind(anyPort(), 10);
        assertTrue(socket.isBound());
        InetSocketAddress local = (InetSocketAddress) channel.getLocalAddress();
        assertEquals(local, socket.getLocalSocketAddress());
        assertEquals(local.getAddress(), socket.getInetAddress());
        assertEquals(local.getPort(), socket.getLocalPort());
    }

    @Test
    void bindNullTakesAnyAddressAndPort() throws IOException {
        ServerSocket socket = openServer().socket();
        socket.bind(null);
        assertTrue(socket.getInetAddress().isAnyLocalAddress());
        assertTrue(socket.getLocalPort() > 0);
    }

    @Test
    void bindErrorsAreSocketExceptions() throws IOException {
        ServerSocket socket = listen().socket();
        assertFails(SocketException.class, "Already bound", () -> socket.bind(anyPort()));
        SocketAddress taken = socket.getLocalSocketAddress();
        ServerSocket second = openServer().socket();
        assertFails(BindException.class, "Address already in use", () -> second.bind(taken));
        assertFails(
                SocketException.class,
                "Unresolved address",
                () -> second.bind(InetSocketAddress.createUnresolved("host.invalid", 1)));
    }

    @Test
    void acceptReturnsTheAdaptorOfAChannel() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = connectTo(server);
        Socket accepted = closing(server.socket().accept());
        assertNotNull(accepted.getChannel());
        assertEquals(client.getLocalAddress(), accepted.getRemoteSocketAddress());
        send(client, "x");
        assertEquals('x', accepted.getInputStream().read());
    }

    @Test
    void acceptTimesOutAndTheSocketStaysUsable() throws IOException {
        ServerSocketChannel server = listen();
        ServerSocket socket = server.socket();
        assertEquals(0, socket.getSoTimeout());
        socket.setSoTimeout(50);
        assertEquals(50, socket.getSoTimeout());
        long start = System.nanoTime();
        assertFails(SocketTimeoutException.class, "Accept timed out", socket::accept);
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(49));
        socket.setSoTimeout(5_000);
        connectTo(server);
        closing(socket.accept());
        assertTrue(server.isBlocking());
    }

    @Test
    void timedAcceptGivesTheSocketTheRestOfItsLife() throws IOException {
        ServerSocketChannel server = listen();
        server.socket().setSoTimeout(5_000);
        SocketChannel client = connectTo(server);
        Socket accepted = closing(server.socket().accept());
        assertTrue(accepted.getChannel().isBlocking());
        assertEquals(0, accepted.getSoTimeout());
        accepted.getOutputStream().write('y');
        assertEquals("y", receive(client, 1));
    }

    @Test
    void negativeTimeoutIsRefused() throws IOException {
        ServerSocket socket = openServer().socket();
        assertFails(IllegalArgumentException.class, () -> socket.setSoTimeout(-1));
    }

    @Test
    void nonBlockingChannelRefusesAccept() throws IOException {
        ServerSocketChannel server = listen();
        server.configureBlocking(false);
        assertFails(IllegalBlockingModeException.class, () -> server.socket().accept());
    }

    @Test
    void unboundSocketRefusesAccept() throws IOException {
        ServerSocket socket = openServer().socket();
        assertFails(SocketException.class, "Socket is not bound yet", socket::accept);
    }

    @Test
    void closeEndsABlockedAccept() throws Exception {
        ServerSocketChannel server = listen();
        ServerSocket socket = server.socket();
        Background<Socket> accepting = Background.call(socket::accept).awaitBlockedIn("accept");
        socket.close();
        accepting.failure(AsynchronousCloseException.class, false);
        assertFalse(server.isOpen());
    }

    @Test
    void stateAfterClose() throws IOException {
        ServerSocketChannel server = listen();
        ServerSocket socket = server.socket();
        InetSocketAddress local = (InetSocketAddress) server.getLocalAddress();
        server.close();
        socket.close();
        assertTrue(socket.isClosed());
        assertTrue(socket.isBound());
        assertEquals(local.getPort(), socket.getLocalPort());
        assertFails(SocketException.class, "Socket is closed", () -> socket.setSoTimeout(1));
        assertFails(SocketException.class, "Socket is closed", socket::getReuseAddress);
    }

    @Test
    void optionsReachTheChannel() throws IOException {
        ServerSocketChannel server = openServer();
        ServerSocket socket = server.socket();
        assertTrue(socket.getReuseAddress());
        socket.setReuseAddress(false);
        assertFalse(socket.getReuseAddress());
        assertEquals(false, server.getOption(StandardSocketOptions.SO_REUSEADDR));
        socket.setReceiveBufferSize(32 << 10);
        assertTrue(socket.getReceiveBufferSize() > 0);
        assertFails(IllegalArgumentException.class, () -> socket.setReceiveBufferSize(0));
        assertTrue(socket.supportedOptions().contains(StandardSocketOptions.SO_RCVBUF));
    }
}
