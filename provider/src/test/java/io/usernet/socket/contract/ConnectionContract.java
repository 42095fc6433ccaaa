package io.usernet.socket.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.nio.contract.Background;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** java.net.Socket: connecting, streams, half-close, close, resets, timeouts, interrupts. */
abstract class ConnectionContract extends SocketContract {
    ConnectionContract(Subject subject) {
        super(subject);
    }

    // -- state

    @Test
    void stateOfANewSocket() throws IOException {
        Socket socket = socket();
        assertFalse(socket.isConnected());
        assertFalse(socket.isBound());
        assertFalse(socket.isClosed());
        assertNull(socket.getInetAddress());
        assertNull(socket.getRemoteSocketAddress());
        assertNull(socket.getLocalSocketAddress());
        assertNull(socket.getChannel());
        assertEquals(0, socket.getPort());
        assertEquals(-1, socket.getLocalPort());
        assertTrue(socket.getLocalAddress().isAnyLocalAddress());
        assertFails(SocketException.class, "Socket is not connected", socket::getInputStream);
        assertFails(SocketException.class, "Socket is not connected", socket::getOutputStream);
        assertFails(SocketException.class, "Socket is not connected", socket::shutdownInput);
        assertFails(SocketException.class, "Socket is not connected", socket::shutdownOutput);
    }

    @Test
    void stateOfAConnection() throws IOException {
        ServerSocket listener = listen();
        Socket client = connectTo(listener), server = acceptFrom(listener);
        assertTrue(client.isConnected());
        assertTrue(client.isBound());
        assertTrue(server.isConnected());
        assertTrue(server.isBound());
        assertEquals(listener.getLocalSocketAddress(), client.getRemoteSocketAddress());
        assertEquals(subject.serverAddress(), client.getInetAddress());
        assertEquals(listener.getLocalPort(), client.getPort());
        assertEquals(client.getLocalSocketAddress(), server.getRemoteSocketAddress());
        assertEquals(client.getRemoteSocketAddress(), server.getLocalSocketAddress());
        assertEquals(client.getLocalPort(), server.getPort());
    }

    @Test
    void stateOfAClosedConnection() throws IOException {
        Socket socket = connect().client();
        int port = socket.getPort(), localPort = socket.getLocalPort();
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        socket.close();
        socket.close();
        assertTrue(socket.isClosed());
        assertTrue(socket.isConnected());
        assertTrue(socket.isBound());
        assertEquals(port, socket.getPort());
        assertEquals(localPort, socket.getLocalPort());
        assertTrue(socket.getLocalAddress().isAnyLocalAddress());
        assertFails(SocketException.class, "Socket is closed", socket::getInputStream);
        assertFails(SocketException.class, "Socket is closed", socket::getOutputStream);
        assertFails(SocketException.class, "Socket is closed", socket::getTcpNoDelay);
        assertFails(SocketException.class, "Socket is closed", () -> socket.setSoTimeout(1));
        assertFails(SocketException.class, "Socket is closed", socket::shutdownInput);
        assertFails(SocketException.class, "Socket closed", in::read);
        assertFails(SocketException.class, "Socket closed", in::available);
        assertFails(SocketException.class, "Socket closed", () -> out.write(1));
        assertEquals(0, in.read(new byte[0]));
    }

    @Test
    void closingAStreamClosesTheSocket() throws IOException {
        Pair one = connect(), other = connect();
        one.client().getInputStream().close();
        assertTrue(one.client().isClosed());
        other.client().getOutputStream().close();
        assertTrue(other.client().isClosed());
    }

    @Test
    void aSocketThatWasNeverUsedIsClosed() throws IOException {
        Socket socket = socket();
        socket.close();
        assertFails(SocketException.class, "Socket is closed", () -> socket.connect(anyPort()));
        assertFails(SocketException.class, "Socket is closed", () -> socket.bind(anyPort()));
    }

    // -- binding and connecting

    @Test
    void loopbackOfIpv6LeadsToTheProgramsOwnServer() throws IOException {
        byte[] bytes = new byte[16];
        ServerSocket server = server();
        server.bind(new InetSocketAddress(InetAddress.getByAddress(bytes), 0));
        bytes[15] = 1;
        InetAddress loopback = InetAddress.getByAddress(bytes);
        Assumptions.assumeTrue(NetworkInterface.getByInetAddress(loopback) != null, "no ::1 here");
        Socket client = socket();
        client.connect(new InetSocketAddress(loopback, server.getLocalPort()));
        Socket accepted = acceptFrom(server);
        assertEquals(loopback, client.getInetAddress());
        assertEquals(loopback, client.getLocalAddress());
        assertEquals(client.getLocalPort(), accepted.getPort());
        client.getOutputStream().write(1);
        assertEquals(1, accepted.getInputStream().read());
    }

    @Test
    void aBoundSocketConnectsFromItsPort() throws IOException {
        ServerSocket server = listen();
        Socket client = socket();
        client.bind(anyPort());
        int port = client.getLocalPort();
        assertTrue(port > 0);
        assertEquals(subject.serverAddress(), client.getLocalAddress());
        client.connect(server.getLocalSocketAddress());
        assertEquals(port, client.getLocalPort());
        assertEquals(port, acceptFrom(server).getPort());
    }

    @Test
    void aSocketAtTheWildcardConnectsFromItsPort() throws IOException {
        ServerSocket server = listen();
        // Where it moves to the kernel, another program may happen to have the port there.
        for (int tries = 5; !connectsFromItsPort(server); tries--) assertTrue(tries > 0);
    }

    private boolean connectsFromItsPort(ServerSocket server) throws IOException {
        Socket client = socket();
        client.bind(null);
        int port = client.getLocalPort();
        assertTrue(port > 0);
        assertTrue(client.getLocalAddress().isAnyLocalAddress());
        client.connect(server.getLocalSocketAddress());
        assertEquals(subject.serverAddress(), client.getLocalAddress());
        return acceptFrom(server).getPort() == port;
    }

    @Test
    void bindingFails() throws IOException {
        Socket taken = socket();
        taken.bind(anyPort());
        assertFails(SocketException.class, "Already bound", () -> taken.bind(anyPort()));
        Socket other = socket();
        assertThrows(BindException.class, () -> other.bind(taken.getLocalSocketAddress()));
        other.bind(anyPort());
        Socket unresolved = socket();
        assertFails(
                SocketException.class,
                "Unresolved address",
                () -> unresolved.bind(InetSocketAddress.createUnresolved("nowhere", 1)));
    }

    @Test
    void connectingIsRefused() throws IOException {
        Socket client = socket();
        ConnectException refused =
                assertFails(ConnectException.class, () -> client.connect(refusing()));
        assertTrue(refused.getMessage().startsWith("Connection refused"), refused.getMessage());
        assertFalse(client.isConnected());
    }

    @Test
    void connectingIsRefusedWithinTheTime() throws IOException {
        Socket client = socket();
        assertFails(ConnectException.class, () -> client.connect(refusing(), 10_000));
    }

    @Test
    void connectingTimesOut() throws IOException {
        InetSocketAddress unanswering = unanswering();
        Socket client = socket();
        long before = System.nanoTime();
        SocketTimeoutException late =
                assertFails(SocketTimeoutException.class, () -> client.connect(unanswering, 100));
        assertEquals("connect timed out", late.getMessage().toLowerCase(java.util.Locale.ROOT));
        long waited = System.nanoTime() - before;
        assertTrue(waited >= TimeUnit.MILLISECONDS.toNanos(99), "ended after " + waited + " ns");
    }

    @Test
    void connectingTwiceFails() throws IOException {
        Pair pair = connect();
        SocketException failure =
                assertFails(
                        SocketException.class,
                        () -> pair.client().connect(pair.client().getRemoteSocketAddress()));
        assertTrue(failure.getMessage().equalsIgnoreCase("already connected"));
        send(pair.client(), "still");
        assertEquals("still", receive(pair.server(), 5));
    }

    @Test
    void connectingToANameFails() throws IOException {
        Socket client = socket();
        UnknownHostException unknown =
                assertFails(
                        UnknownHostException.class,
                        () -> client.connect(InetSocketAddress.createUnresolved("nowhere", 1)));
        assertTrue(unknown.getMessage().contains("nowhere"), unknown.getMessage());
    }

    @Test
    void aSocketThatFoundNoNameConnectsElsewhereUnlessTheJdkClosesIt() throws IOException {
        Socket client = socket();
        assertFails(
                UnknownHostException.class,
                () -> client.connect(InetSocketAddress.createUnresolved("nowhere", 1)));
        ServerSocket server = listen();
        if (client.isClosed()) { // by Socket itself, in new JDKs
            assertFails(
                    SocketException.class,
                    "Socket is closed",
                    () -> client.connect(server.getLocalSocketAddress()));
        } else {
            client.connect(server.getLocalSocketAddress());
            assertTrue(client.isConnected());
        }
    }

    @Test
    void connectingWithWrongArgumentsFails() throws IOException {
        Socket client = socket();
        assertFails(IllegalArgumentException.class, () -> client.connect(null));
        assertFails(IllegalArgumentException.class, () -> client.connect(anyPort(), -1));
    }

    @Test
    void closeWakesAThreadThatConnects() throws Exception {
        InetSocketAddress unanswering = unanswering();
        Socket client = socket();
        Background<Void> connecting = Background.run(() -> client.connect(unanswering));
        connecting.awaitBlockedIn("connect");
        client.close();
        assertEquals("Socket closed", connecting.failure(SocketException.class).getMessage());
    }

    // -- streams

    @Test
    void bytesGoBothWays() throws Exception {
        Pair pair = connect();
        byte[] bytes = new byte[3 << 20];
        new SplittableRandom(1).nextBytes(bytes);
        for (Socket from : new Socket[] {pair.client(), pair.server()}) {
            Socket to = from == pair.client() ? pair.server() : pair.client();
            Background<Void> writing = Background.run(() -> from.getOutputStream().write(bytes));
            assertArrayEquals(bytes, to.getInputStream().readNBytes(bytes.length));
            writing.result();
        }
    }

    @Test
    void singleBytes() throws IOException {
        Pair pair = connect();
        for (int b : new int[] {0, 1, 127, 128, 255}) {
            pair.client().getOutputStream().write(b);
            assertEquals(b, pair.server().getInputStream().read());
        }
    }

    @Test
    void streamsCheckTheirArguments() throws IOException {
        Socket socket = connect().client();
        byte[] bytes = new byte[4];
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        assertFails(IndexOutOfBoundsException.class, () -> in.read(bytes, 2, 3));
        assertFails(IndexOutOfBoundsException.class, () -> out.write(bytes, -1, 1));
        assertFails(NullPointerException.class, () -> in.read(null, 0, 1));
        assertEquals(0, in.read(bytes, 4, 0));
        out.write(bytes, 4, 0);
    }

    @Test
    void urgentDataIsLeftOutOfTheStream() throws IOException {
        Pair pair = connect();
        pair.client().getOutputStream().write("ab".getBytes(StandardCharsets.US_ASCII));
        pair.client().sendUrgentData('!');
        pair.client().getOutputStream().write("cd".getBytes(StandardCharsets.US_ASCII));
        assertEquals("abcd", text(pair.server().getInputStream().readNBytes(4)));
    }

    @Test
    void urgentDataIsInTheStreamIfOneWantsThat() throws IOException {
        Pair pair = connect();
        pair.server().setOOBInline(true);
        pair.client().getOutputStream().write('a');
        pair.client().sendUrgentData('!' + 256);
        pair.client().getOutputStream().write('b');
        assertEquals("a!b", text(pair.server().getInputStream().readNBytes(3)));
    }

    /** Programs ask by that whether a peer is still there. */
    @Test
    void urgentDataByItselfIsNotNoticed() throws IOException {
        Pair pair = connect();
        pair.server().setSoTimeout(50);
        InputStream in = pair.server().getInputStream();
        for (int i = 0; i < 5; i++) {
            pair.client().sendUrgentData(0xFF);
            assertFails(SocketTimeoutException.class, "Read timed out", in::read);
        }
        assertEquals(0, in.available());
        pair.server().setSoTimeout(0);
        pair.client().getOutputStream().write('a');
        assertEquals('a', in.read());
    }

    @Test
    void urgentDataNeedsAnOutput() throws IOException {
        Socket unconnected = socket();
        assertFails(SocketException.class, "Not connected", () -> unconnected.sendUrgentData(1));
        Pair pair = connect();
        pair.client().shutdownOutput();
        IOException failure =
                assertThrows(IOException.class, () -> pair.client().sendUrgentData(1));
        assertEquals("Broken pipe", failure.getMessage());
    }

    @Test
    void urgentDataCannotBeSentOnceClosed() throws IOException {
        Socket socket = connect().client();
        socket.close();
        IOException failure = assertThrows(IOException.class, () -> socket.sendUrgentData(1));
        assertTrue(failure.getMessage().matches("Socket (is )?closed"), failure.getMessage());
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    @Test
    void availableBytes() throws Exception {
        Pair pair = connect();
        InputStream in = pair.server().getInputStream();
        assertEquals(0, in.available());
        send(pair.client(), "seven..");
        Background.await("seven bytes", () -> available(in) == 7);
        receive(pair.server(), 3);
        assertEquals(4, in.available());
        pair.server().shutdownInput();
        assertEquals(0, in.available());
    }

    private static int available(InputStream in) {
        try {
            return in.available();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aBlockedReadDoesNotBlockAWrite() throws Exception {
        Pair pair = connect();
        Background<String> reading = Background.call(() -> receive(pair.client(), 2));
        reading.awaitBlockedIn("read");
        send(pair.client(), "out");
        assertEquals("out", receive(pair.server(), 3));
        send(pair.server(), "in");
        assertEquals("in", reading.result());
    }

    // -- timeouts

    @Test
    void readingTimesOut() throws IOException {
        Pair pair = connect();
        pair.client().setSoTimeout(50);
        InputStream in = pair.client().getInputStream();
        long before = System.nanoTime();
        assertFails(SocketTimeoutException.class, "Read timed out", in::read);
        assertTrue(System.nanoTime() - before >= TimeUnit.MILLISECONDS.toNanos(50));
        send(pair.server(), "x");
        assertEquals('x', in.read());
    }

    // -- shutting down

    @Test
    void theEndOfOutputIsTheEndOfInput() throws IOException {
        Pair pair = connect();
        send(pair.client(), "last");
        pair.client().shutdownOutput();
        assertTrue(pair.client().isOutputShutdown());
        assertEquals("last", receive(pair.server(), 4));
        assertEndOfStream(pair.server().getInputStream());
        assertEndOfStream(pair.server().getInputStream());
        send(pair.server(), "back");
        assertEquals("back", receive(pair.client(), 4));
        assertFails(
                SocketException.class,
                "Socket output is shutdown",
                () -> pair.client().getOutputStream());
    }

    @Test
    void writingAfterTheEndOfOutputFails() throws IOException {
        Socket socket = connect().client();
        OutputStream out = socket.getOutputStream();
        socket.shutdownOutput();
        assertFails(SocketException.class, "Broken pipe", () -> out.write(1));
        assertFails(
                SocketException.class, "Socket output is already shutdown", socket::shutdownOutput);
    }

    @Test
    void readingAfterTheEndOfInputIsTheEnd() throws IOException {
        Pair pair = connect();
        InputStream in = pair.client().getInputStream();
        pair.client().shutdownInput();
        assertTrue(pair.client().isInputShutdown());
        assertEndOfStream(in);
        assertFails(
                SocketException.class,
                "Socket input is already shutdown",
                () -> pair.client().shutdownInput());
        send(pair.client(), "out");
        assertEquals("out", receive(pair.server(), 3));
    }

    @Test
    void shutdownInputWakesAReader() throws Exception {
        Socket socket = connect().client();
        InputStream in = socket.getInputStream();
        Background<Integer> reading = Background.call(in::read);
        reading.awaitBlockedIn("read");
        socket.shutdownInput();
        assertEquals(-1, reading.result());
    }

    // -- closing and resets

    @Test
    void closeIsTheEndOfThePeersInput() throws IOException {
        Pair pair = connect();
        send(pair.client(), "bye");
        pair.client().close();
        assertEquals("bye", receive(pair.server(), 3));
        assertEndOfStream(pair.server().getInputStream());
    }

    @Test
    void closeWakesAReader() throws Exception {
        Socket socket = connect().client();
        InputStream in = socket.getInputStream();
        Background<Integer> reading = Background.call(in::read);
        reading.awaitBlockedIn("read");
        socket.close();
        assertEquals("Socket closed", reading.failure(SocketException.class).getMessage());
    }

    @Test
    void closeWakesAReaderThatHasATimeout() throws Exception {
        Socket socket = connect().client();
        socket.setSoTimeout(60_000);
        InputStream in = socket.getInputStream();
        Background<Integer> reading = Background.call(in::read);
        reading.awaitBlockedIn("read");
        socket.close();
        assertEquals("Socket closed", reading.failure(SocketException.class).getMessage());
    }

    @Test
    void closeWakesAWriter() throws Exception {
        Socket socket = connect().client();
        Background<Void> writing = writing(socket);
        writing.awaitBlockedIn("write");
        socket.close();
        assertEquals("Socket closed", writing.failure(SocketException.class).getMessage());
    }

    @Test
    void aResetIsReported() throws Exception {
        Pair pair = connect();
        reset(pair.server());
        InputStream in = pair.client().getInputStream();
        assertFails(SocketException.class, "Connection reset", in::read);
        assertFails(SocketException.class, "Connection reset", in::read);
        SocketException failure =
                assertFails(SocketException.class, () -> writeForEver(pair.client()));
        assertEquals("Broken pipe", failure.getMessage());
    }

    @Test
    void aResetWakesAReader() throws Exception {
        Pair pair = connect();
        InputStream in = pair.client().getInputStream();
        Background<Integer> reading = Background.call(in::read);
        reading.awaitBlockedIn("read");
        reset(pair.server());
        assertEquals("Connection reset", reading.failure(SocketException.class).getMessage());
    }

    @Test
    void aResetWakesAWriter() throws Exception {
        Pair pair = connect();
        Background<Void> writing = writing(pair.client());
        writing.awaitBlockedIn("write");
        reset(pair.server());
        writing.failure(SocketException.class);
    }

    @Test
    void closeWithUnreadBytesResets() throws Exception {
        Pair pair = connect();
        send(pair.client(), "unread");
        InputStream in = pair.server().getInputStream();
        Background.await("the bytes", () -> available(in) == 6);
        pair.server().close();
        // The JDK sends a FIN before the reset, which a reader may see first.
        writing(pair.client()).failure(SocketException.class);
    }

    @Test
    void anAnswerIsReadAlthoughItsServerHasNotReadAll() throws Exception {
        for (int i = 0; i < 50; i++) {
            Pair pair = connect();
            send(pair.client(), "a request that nobody reads");
            pair.server().getInputStream().read();
            send(pair.server(), "answer");
            pair.server().close();
            assertEquals("answer", new String(pair.client().getInputStream().readAllBytes()));
            pair.client().close();
        }
    }

    private static Background<Void> writing(Socket socket) {
        return Background.call(() -> writeForEver(socket));
    }

    // -- interrupts

    @Test
    void anInterruptDoesNotDisturbAReader() throws Exception {
        Pair pair = connect();
        InputStream in = pair.client().getInputStream();
        Background<Integer> reading = Background.call(in::read);
        reading.awaitBlockedIn("read");
        reading.interrupt();
        reading.awaitBlockedIn("read");
        send(pair.server(), "x");
        assertEquals('x', reading.result());
        assertTrue(reading.endedInterrupted());
        assertFalse(pair.client().isClosed());
    }

    @Test
    void anInterruptDoesNotDisturbAReaderThatHasATimeout() throws Exception {
        Pair pair = connect();
        pair.client().setSoTimeout(100);
        InputStream in = pair.client().getInputStream();
        Background<Integer> reading = Background.call(in::read);
        reading.interrupt();
        assertEquals("Read timed out", reading.failure(SocketTimeoutException.class).getMessage());
        assertTrue(reading.endedInterrupted());
        assertFalse(pair.client().isClosed());
    }

    @Test
    void anInterruptDoesNotDisturbAWriter() throws Exception {
        Pair pair = connect();
        byte[] bytes = new byte[32 << 20];
        Background<Void> writing =
                Background.run(() -> pair.client().getOutputStream().write(bytes));
        writing.awaitBlockedIn("write");
        writing.interrupt();
        writing.awaitBlockedIn("write");
        pair.server().getInputStream().skipNBytes(bytes.length);
        writing.result();
        assertTrue(writing.endedInterrupted());
    }

    @Test
    void aThreadThatIsInterruptedConnectsReadsAndWrites() throws Exception {
        ServerSocket server = listen();
        Background<Void> all =
                Background.run(
                        () -> {
                            Thread.currentThread().interrupt();
                            Socket client = connectTo(server);
                            Socket accepted = acceptFrom(server);
                            send(client, "hello");
                            assertEquals("hello", receive(accepted, 5));
                        });
        all.result();
        assertTrue(all.endedInterrupted());
    }

    @Test
    void anInterruptDoesNotDisturbAThreadThatConnects() throws Exception {
        InetSocketAddress unanswering = unanswering();
        Socket client = socket();
        Background<Void> connecting = Background.run(() -> client.connect(unanswering));
        connecting.awaitBlockedIn("connect");
        connecting.interrupt();
        connecting.awaitBlockedIn("connect");
        client.close();
        connecting.failure(SocketException.class);
        assertTrue(connecting.endedInterrupted());
    }
}
