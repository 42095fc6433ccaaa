package io.usernet.socket.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** What all contracts share: sockets of the subject, closed after each test, and a limit on every test. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class SocketContract {
    private static final int MAX_BACKLOG_FILL = 64;

    final Subject subject;
    private final Deque<AutoCloseable> opened = new ConcurrentLinkedDeque<>();

    SocketContract(Subject subject) {
        this.subject = subject;
    }

    /** Both ends of an established connection. */
    record Pair(Socket client, Socket server) {}

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable c; (c = opened.pollLast()) != null; ) c.close();
    }

    final <T extends AutoCloseable> T closing(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    final Socket socket() throws IOException {
        return closing(subject.socket());
    }

    final ServerSocket server() throws IOException {
        return closing(subject.serverSocket());
    }

    final DatagramSocket datagrams() throws IOException {
        return closing(subject.datagramSocket());
    }

    final DatagramSocket boundDatagrams() throws IOException {
        DatagramSocket socket = datagrams();
        socket.bind(anyPort());
        return socket;
    }

    final InetSocketAddress anyPort() {
        return new InetSocketAddress(subject.serverAddress(), 0);
    }

    final ServerSocket listen() throws IOException {
        ServerSocket server = server();
        server.bind(anyPort());
        return server;
    }

    final Socket connectTo(ServerSocket server) throws IOException {
        Socket client = socket();
        client.connect(server.getLocalSocketAddress());
        return client;
    }

    final Socket acceptFrom(ServerSocket server) throws IOException {
        return closing(server.accept());
    }

    final Pair connect() throws IOException {
        ServerSocket server = listen();
        Socket client = connectTo(server);
        return new Pair(client, acceptFrom(server));
    }

    /** A port on which nobody listens. */
    final InetSocketAddress refusing() throws IOException {
        try (ServerSocket server = subject.serverSocket()) {
            server.bind(anyPort());
            return (InetSocketAddress) server.getLocalSocketAddress();
        }
    }

    /** A listener whose queue is full, so that a further SYN goes unanswered. */
    final InetSocketAddress unanswering() throws IOException {
        ServerSocket server = server();
        server.bind(anyPort(), 1);
        for (int i = 0; i < MAX_BACKLOG_FILL; i++) {
            try {
                socket().connect(server.getLocalSocketAddress(), 200);
            } catch (java.net.SocketTimeoutException e) {
                return (InetSocketAddress) server.getLocalSocketAddress();
            }
        }
        throw new AssertionError("the backlog of 1 never filled");
    }

    static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    static String receive(Socket socket, int n) throws IOException {
        byte[] bytes = socket.getInputStream().readNBytes(n);
        assertEquals(n, bytes.length, "ended too early");
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    /** Writes until nothing more is taken, which is when this blocks; ends by an exception. */
    static Void writeForEver(Socket socket) throws IOException {
        byte[] chunk = new byte[64 << 10];
        while (true) socket.getOutputStream().write(chunk);
    }

    /** Makes the peer of this socket see a reset. */
    static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    static void assertEndOfStream(InputStream in) throws IOException {
        assertEquals(-1, in.read());
    }

    /** Throws exactly this class, not a subclass. */
    static <X extends Throwable> X assertFails(Class<X> type, Executable executable) {
        return Assertions.assertThrowsExactly(type, executable);
    }

    static <X extends Throwable> void assertFails(
            Class<X> type, String message, Executable executable) {
        assertEquals(message, assertFails(type, executable).getMessage());
    }
}
