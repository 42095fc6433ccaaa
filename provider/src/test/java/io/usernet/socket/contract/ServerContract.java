package io.usernet.socket.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.nio.contract.Background;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** java.net.ServerSocket. */
abstract class ServerContract extends SocketContract {
    ServerContract(Subject subject) {
        super(subject);
    }

    @Test
    void stateOfANewServer() throws IOException {
        ServerSocket server = server();
        assertFalse(server.isBound());
        assertFalse(server.isClosed());
        assertNull(server.getInetAddress());
        assertNull(server.getLocalSocketAddress());
        assertEquals(-1, server.getLocalPort());
        assertEquals(0, server.getSoTimeout());
        assertTrue(server.getReuseAddress());
        assertFails(SocketException.class, "Socket is not bound yet", server::accept);
    }

    @Test
    void stateOfABoundServer() throws IOException {
        ServerSocket server = listen();
        assertTrue(server.isBound());
        assertEquals(subject.serverAddress(), server.getInetAddress());
        assertTrue(server.getLocalPort() > 0);
        assertFails(SocketException.class, "Already bound", () -> server.bind(anyPort()));
    }

    @Test
    void theAddressKeepsTheNameThatItWasBoundBy() throws IOException {
        byte[] address = subject.serverAddress().getAddress();
        ServerSocket server = server();
        server.bind(new InetSocketAddress(InetAddress.getByAddress("of.the.server", address), 0));
        assertEquals("of.the.server", server.getInetAddress().getHostName());
        assertTrue(server.toString().contains("of.the.server/"), server.toString());
    }

    @Test
    void stateOfAClosedServer() throws IOException {
        ServerSocket server = listen();
        int port = server.getLocalPort();
        server.close();
        server.close();
        assertTrue(server.isClosed());
        assertTrue(server.isBound());
        assertEquals(port, server.getLocalPort());
        assertFails(SocketException.class, "Socket is closed", server::accept);
        assertFails(SocketException.class, "Socket is closed", server::getSoTimeout);
        assertFails(SocketException.class, "Socket is closed", () -> server.bind(anyPort()));
    }

    @Test
    void bindingFails() throws IOException {
        ServerSocket taken = listen(), other = server();
        assertThrows(BindException.class, () -> other.bind(taken.getLocalSocketAddress()));
        other.bind(anyPort());
        ServerSocket unresolved = server();
        assertFails(
                SocketException.class,
                "Unresolved address",
                () -> unresolved.bind(InetSocketAddress.createUnresolved("nowhere", 1)));
    }

    @Test
    void aPortIsFreeOnceItsServerIsClosed() throws IOException {
        ServerSocket first = listen();
        first.close();
        ServerSocket second = server();
        second.bind(first.getLocalSocketAddress());
        assertEquals(first.getLocalPort(), second.getLocalPort());
    }

    @Test
    void acceptsInOrder() throws IOException {
        ServerSocket server = listen();
        List<Integer> ports = new ArrayList<>(), accepted = new ArrayList<>();
        for (int i = 0; i < 5; i++) ports.add(connectTo(server).getLocalPort());
        for (int i = 0; i < 5; i++) accepted.add(acceptFrom(server).getPort());
        assertEquals(ports, accepted);
    }

    @Test
    void acceptWaits() throws Exception {
        ServerSocket server = listen();
        Background<Socket> accepting = Background.call(() -> acceptFrom(server));
        accepting.awaitBlockedIn("accept");
        Socket client = connectTo(server);
        assertEquals(client.getLocalPort(), accepting.result().getPort());
    }

    @Test
    void acceptTimesOut() throws IOException {
        ServerSocket server = listen();
        server.setSoTimeout(50);
        long before = System.nanoTime();
        assertFails(SocketTimeoutException.class, "Accept timed out", server::accept);
        assertTrue(System.nanoTime() - before >= TimeUnit.MILLISECONDS.toNanos(50));
        connectTo(server);
        assertEquals(0, acceptFrom(server).getSoTimeout(), "the server's timeout is its own");
    }

    @Test
    void closeWakesAThreadThatAccepts() throws Exception {
        ServerSocket server = listen();
        Background<Socket> accepting = Background.call(server::accept);
        accepting.awaitBlockedIn("accept");
        server.close();
        assertEquals("Socket closed", accepting.failure(SocketException.class).getMessage());
    }

    @Test
    void anInterruptDoesNotDisturbAThreadThatAccepts() throws Exception {
        ServerSocket server = listen();
        Background<Socket> accepting = Background.call(() -> acceptFrom(server));
        accepting.awaitBlockedIn("accept");
        accepting.interrupt();
        accepting.awaitBlockedIn("accept");
        connectTo(server);
        accepting.result();
        assertTrue(accepting.endedInterrupted());
        assertFalse(server.isClosed());
    }

    @Test
    void closeOfAServerResetsWhoWasNotAccepted() throws Exception {
        ServerSocket server = listen();
        Socket client = connectTo(server);
        server.close();
        assertFails(SocketException.class, "Connection reset", client.getInputStream()::read);
        Socket late = socket();
        assertFails(ConnectException.class, () -> late.connect(server.getLocalSocketAddress()));
    }

    @Test
    void acceptsIntoASocketOfTheApplication() throws IOException {
        ServerSocket server = listen();
        Socket client = connectTo(server), accepted = socket();
        accepted.setSoTimeout(1234);
        subject.acceptInto(server, accepted);
        assertTrue(accepted.isConnected());
        assertEquals(1234, accepted.getSoTimeout());
        assertEquals(client.getLocalPort(), accepted.getPort());
        send(client, "hello");
        assertEquals("hello", receive(accepted, 5));
    }

    @Test
    void optionsAreKept() throws IOException {
        ServerSocket server = server();
        server.setSoTimeout(77);
        server.setReuseAddress(false);
        assertEquals(77, server.getSoTimeout());
        assertFalse(server.getReuseAddress());
        server.setReceiveBufferSize(32 << 10);
        server.bind(anyPort());
        assertEquals(77, server.getSoTimeout());
        assertFalse(server.getReuseAddress());
        assertTrue(server.getReceiveBufferSize() >= 32 << 10);
        assertFails(IllegalArgumentException.class, () -> server.setReceiveBufferSize(0));
        assertFails(IllegalArgumentException.class, () -> server.setSoTimeout(-1));
    }

    @Test
    void supportsTheStandardOptions() throws IOException {
        ServerSocket server = listen();
        var options = server.supportedOptions();
        assertTrue(options.contains(StandardSocketOptions.SO_RCVBUF));
        assertTrue(options.contains(StandardSocketOptions.SO_REUSEADDR));
        assertTrue(options.contains(StandardSocketOptions.SO_REUSEPORT));
        assertTrue(options.contains(StandardSocketOptions.IP_TOS));
        assertFalse(options.contains(StandardSocketOptions.TCP_NODELAY));
        server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        assertTrue(server.getOption(StandardSocketOptions.SO_REUSEADDR));
        assertFails(
                UnsupportedOperationException.class,
                () -> server.setOption(StandardSocketOptions.TCP_NODELAY, true));
    }

    @Test
    void connectionsInheritWhoSharesThePort() throws IOException {
        for (boolean on : new boolean[] {true, false}) {
            ServerSocket server = server();
            server.setReuseAddress(on);
            server.setOption(StandardSocketOptions.SO_REUSEPORT, on);
            server.bind(anyPort());
            connectTo(server);
            Socket accepted = acceptFrom(server);
            assertEquals(on, accepted.getReuseAddress());
            assertEquals(on, accepted.getOption(StandardSocketOptions.SO_REUSEPORT));
        }
    }

    @Test
    void connectionsInheritTheTrafficClass() throws IOException {
        ServerSocket server = server();
        server.setOption(StandardSocketOptions.IP_TOS, 0x10);
        assertEquals(0x10, server.getOption(StandardSocketOptions.IP_TOS));
        server.bind(anyPort());
        connectTo(server);
        assertEquals(0x10, acceptFrom(server).getTrafficClass());
    }
}
