package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.tuntap.UnixSockets.Listener;
import io.usernet.tuntap.UnixSockets.Socket;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each implementation, and each against each: they may be in two JVMs. */
@EnabledOnOs(OS.LINUX)
@Timeout(30)
class UnixSocketsTest {
    @TempDir Path directory;

    private static int errno(IOException e) {
        return ((ErrnoException) e).errno;
    }

    private static void assertNonBlocking(int fd) throws IOException {
        String flags =
                Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream()
                        .filter(line -> line.startsWith("flags:"))
                        .findFirst()
                        .orElseThrow();
        int octal = Integer.parseInt(flags.replaceAll("\\D", ""), 8);
        assertTrue((octal & 0x800) != 0, flags);
    }

    /** A byte from one to the other. */
    private static void assertJoined(Syscalls sys, Socket from, Socket to) throws IOException {
        NativeBuffer b = new NativeBuffer(sys, 2).text(0, "x");
        assertEquals(1, sys.write(from.fd(), b.address, 1));
        assertEquals(1, sys.read(to.fd(), b.address + 1, 1));
        assertEquals('x', b.bytes.get(1));
        assertEquals(-Errno.EAGAIN, sys.read(to.fd(), b.address, 1));
        b.keep();
        assertNonBlocking(from.fd());
        assertNonBlocking(to.fd());
    }

    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#pairs")
    void join(Natives listens, Natives connects) throws Exception {
        UnixSockets here = listens.calls().sockets(), there = connects.calls().sockets();
        Syscalls sys = listens.calls().sys();
        String longest = "l".repeat(Rendezvous.MAX_PATH - 1 - directory.toString().length());
        for (String path :
                List.of(
                        directory.resolve("wire").toString(),
                        directory.resolve("dráha→").toString(),
                        directory.resolve(longest).toString(),
                        "\0usernet-" + directory.getFileName(),
                        "\0dráha-" + directory.getFileName())) {
            Listener listener = here.listen(path);
            assertNonBlocking(listener.fd());
            assertNull(listener.accept());
            Socket client = there.connect(path);
            Socket server = listener.accept();
            assertNotNull(server, path);
            assertNull(listener.accept());
            assertJoined(sys, client, server);
            assertJoined(sys, server, client);
            client.close();
            NativeBuffer b = new NativeBuffer(sys, 1);
            assertEquals(0, sys.read(server.fd(), b.address, 1), "its end");
            b.keep();
            server.close();
            listener.close();
        }
        assertEquals(3, directory.toFile().list().length);
        assertTrue(Files.exists(directory.resolve("dráha→")));
    }

    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void failWithTheErrorNumber(Natives natives) throws Exception {
        UnixSockets sockets = natives.calls().sockets();
        String path = directory.resolve("wire").toString();
        assertEquals(
                Errno.ENOENT,
                errno(assertThrows(ErrnoException.class, () -> sockets.connect(path))));
        String lost = directory.resolve("no/wire").toString();
        assertEquals(
                Errno.ENOENT,
                errno(assertThrows(ErrnoException.class, () -> sockets.listen(lost))));
        sockets.listen(path).close();
        assertEquals(
                Errno.ECONNREFUSED,
                errno(assertThrows(ErrnoException.class, () -> sockets.connect(path))));
        assertEquals(
                Errno.EADDRINUSE,
                errno(assertThrows(ErrnoException.class, () -> sockets.listen(path))));
        assertThrows(IOException.class, () -> sockets.bind(path, 1 << 20, 1 << 20));
    }

    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void neverWaitToConnect(Natives natives) throws Exception {
        UnixSockets sockets = natives.calls().sockets();
        String path = directory.resolve("wire").toString();
        Listener listener = sockets.listen(path);
        List<Socket> waiting = new ArrayList<>();
        try {
            ErrnoException full =
                    assertThrows(
                            ErrnoException.class,
                            () -> {
                                while (waiting.size() < 100) waiting.add(sockets.connect(path));
                            });
            assertEquals(Errno.EAGAIN, full.errno);
            assertTrue(waiting.size() >= 16, waiting.size() + " in the backlog");
        } finally {
            for (Socket socket : waiting) socket.close();
            listener.close();
        }
    }

    /** A datagram that the system's default buffer has no room for. */
    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#pairs")
    void sendLargeDatagrams(Natives sends, Natives receives) throws Exception {
        Syscalls sys = sends.calls().sys();
        String to = directory.resolve("to").toString();
        Socket from = sends.calls().sockets().bind(directory + "/from", 1 << 20, 4 << 20);
        Socket other = receives.calls().sockets().bind(to, 1 << 20, 4 << 20);
        NativeBuffer address = new NativeBuffer(sys, SocketAddress.ROOM);
        int length = new SocketAddress(to).put(address.bytes, 0);
        assertEquals(0, sys.connect(from.fd(), address.address, length));
        NativeBuffer data = new NativeBuffer(sys, 300_000);
        assertEquals(300_000, sys.write(from.fd(), data.address, 300_000));
        assertEquals(300_000, sys.read(other.fd(), data.address, 300_000));
        assertEquals(-Errno.EAGAIN, sys.read(other.fd(), data.address, 300_000));
        assertNonBlocking(from.fd());
        address.keep();
        data.keep();
        from.close();
        other.close();
    }

    /** Closing twice doesn't close what has the number by then. */
    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void areClosedOnce(Natives natives) throws Exception {
        UnixSockets sockets = natives.calls().sockets();
        Syscalls sys = natives.calls().sys();
        Socket socket = sockets.listen(directory.resolve("wire").toString());
        socket.close();
        int event = sys.eventfd(0, 0);
        assertEquals(socket.fd(), event, "the lowest number that is free");
        socket.close();
        assertEquals(0, sys.close(event));
    }

    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void failuresLeaveNoDescriptor(Natives natives) throws Exception {
        UnixSockets sockets = natives.calls().sockets();
        String lost = directory.resolve("no/wire").toString();
        assertThrows(IOException.class, () -> sockets.connect(lost));
        int before = new File("/proc/self/fd").list().length;
        for (int i = 0; i < 10; i++) {
            assertThrows(IOException.class, () -> sockets.connect(lost));
            assertThrows(IOException.class, () -> sockets.listen(lost));
            assertThrows(IOException.class, () -> sockets.bind(lost, 1 << 20, 1 << 20));
        }
        assertEquals(before, new File("/proc/self/fd").list().length);
    }
}
