package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.usernet.Stack;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import io.usernet.link.LinkUri;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A stack whose way out is passt; this JVM's own provider is the kernel's. */
@Timeout(60)
class PasstTest {
    private static final int BULK = Integer.getInteger("usernet.test.bulk.mib", 32) << 20;
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @TempDir Path directory;

    private static Stack open(String link) throws IOException {
        requirePasst();
        return Stack.builder().link(link).open();
    }

    /** Where passt cannot work, the test is skipped and says why. */
    private static void requirePasst() throws IOException {
        boolean installed = false;
        for (String d : System.getenv("PATH").split(File.pathSeparator)) {
            installed |= Files.isExecutable(Path.of(d, "passt"));
        }
        assumeTrue(installed, "passt is not installed");
        String routes = Files.readString(Path.of("/proc/net/route"));
        assumeTrue(
                routes.lines().anyMatch(l -> l.split("\\s+")[1].equals("00000000")),
                "passt wants a default route");
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        SplittableRandom random = new SplittableRandom(1);
        ByteBuffer b = ByteBuffer.wrap(bytes);
        while (b.remaining() >= 8) b.putLong(random.nextLong());
        return bytes;
    }

    private static byte[] sha256(byte[] bytes) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(bytes);
    }

    private static ProcessHandle child() {
        return ProcessHandle.current()
                .children()
                .filter(c -> c.info().command().orElse("").contains("passt"))
                .findFirst()
                .orElse(null);
    }

    /** Not by a half-close: passt of 2023 sends no more once its window was 0 when our FIN came. */
    @Test
    void serversOnTheMachinesLoopbackAreAtTheGateway() throws Exception {
        byte[] data = random(BULK);
        try (Stack stack = open("passt");
                ServerSocket server = new ServerSocket(0, 1, LOOPBACK)) {
            assertEquals("[10.0.2.15/24]", stack.addresses().toString());
            InetSocketAddress there = new InetSocketAddress("10.0.2.2", server.getLocalPort());
            CompletableFuture<byte[]> got = Async.supply(() -> readAllAndSendBack(server));
            try (SocketChannel client = stack.provider().openSocketChannel()) {
                client.connect(there);
                ByteBuffer out = ByteBuffer.wrap(data);
                while (out.hasRemaining()) client.write(out);
            }
            ByteBuffer back = ByteBuffer.allocate(data.length + 1);
            try (SocketChannel client = stack.provider().openSocketChannel()) {
                client.connect(there);
                while (client.read(back) >= 0) {}
            }
            assertArrayEquals(sha256(data), sha256(got.get(50, TimeUnit.SECONDS)));
            assertArrayEquals(sha256(data), sha256(Arrays.copyOf(back.array(), back.position())));
        }
    }

    private static byte[] readAllAndSendBack(ServerSocket server) {
        byte[] all;
        try {
            try (Socket socket = server.accept()) {
                all = socket.getInputStream().readAllBytes();
            }
            try (Socket socket = server.accept()) {
                socket.getOutputStream().write(all);
            }
            return all;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aForwardedPortLeadsToTheStack() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
            port = free.getLocalPort();
        }
        try (Stack stack = open("passt:?address=192.168.7.2/24&tcp=127.0.0.1/" + port);
                ServerSocketChannel server = stack.provider().openServerSocketChannel()) {
            assertEquals("[192.168.7.2/24]", stack.addresses().toString());
            server.bind(new InetSocketAddress(port));
            CompletableFuture<SocketChannel> accepting = Async.supply(() -> accept(server));
            // Who comes before passt has heard of the stack is not led there.
            for (int n = 0; n < 10 && !accepting.isDone(); n++) talk(port, accepting);
            assertTrue(accepting.isDone(), "no connection came");
        }
    }

    /** Connects to a forwarded port, and talks to who accepts; or gives up after some time. */
    private static void talk(int port, CompletableFuture<SocketChannel> accepting)
            throws Exception {
        try (Socket kernel = new Socket(LOOPBACK, port)) {
            // Passt of 2023 completes the handshake when the client sends, but may miss that.
            for (int n = 0; n < 40 && !accepting.isDone(); n++) {
                kernel.getOutputStream().write(7);
                TimeUnit.MILLISECONDS.sleep(50);
            }
            if (!accepting.isDone()) return;
            try (SocketChannel accepted = accepting.get()) {
                ByteBuffer bytes = ByteBuffer.allocate(1);
                assertEquals(1, accepted.read(bytes));
                assertEquals(7, bytes.get(0));
                accepted.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
                InputStream in = kernel.getInputStream();
                assertArrayEquals(new byte[] {1, 2, 3}, in.readNBytes(3));
            }
        }
    }

    private static SocketChannel accept(ServerSocketChannel server) {
        try {
            return server.accept();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void nothingIsLeftBehind() throws Exception {
        ProcessHandle passt;
        try (Stack stack = open("passt")) {
            passt = child();
            assertNotNull(passt, "it is a child of ours");
            assertTrue(stack.addresses().size() == 1);
            assertFalse(isDirectoryLeft(), "nobody else shall connect");
        }
        passt.onExit().get(10, TimeUnit.SECONDS);
        assertFalse(isDirectoryLeft());
    }

    private static boolean isDirectoryLeft() {
        String[] names = new File(System.getProperty("java.io.tmpdir")).list();
        for (String name : names) if (name.startsWith("usernet-passt-")) return true;
        return false;
    }

    @Test
    void theEndOfPasstIsTheEndOfTheLinkAndSaysWhy() throws Exception {
        requirePasst();
        try (LinkDevice link = new PasstProvider().open(LinkUri.parse("passt"))) {
            child().destroyForcibly();
            LinkFailure e =
                    assertThrows(
                            LinkFailure.class,
                            () -> {
                                while (true) link.await(Long.MAX_VALUE, false);
                            });
            assertTrue(e.getMessage().contains("passt ended with status 137"), e.getMessage());
        }
    }

    private String failure(String path) {
        return failure(path, directory);
    }

    private static String failure(String path, Path temporary) {
        return failure(path, temporary, Natives.here().get(0).calls());
    }

    private static String failure(String path, Path temporary, NativeCalls calls) {
        PasstProvider.Request request = PasstProvider.Request.of(LinkUri.parse("passt"));
        String message =
                assertThrows(
                                IOException.class,
                                () -> PasstProvider.open(request, calls, path, temporary).close())
                        .getMessage();
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    @Test
    void whereItIsMissingTheErrorSaysHowToInstallIt() {
        assertTrue(failure(directory.toString()).contains("sudo apt-get install passt"));
        assertTrue(failure(null).contains("sudo apt-get install passt"));
    }

    /** Also, more than a pipe holds is said. */
    @Test
    void whatItSaidIsInTheError() throws Exception {
        String path =
                program(
                        "head -c 300000 /dev/zero | tr '\\0' '\\n' >&2",
                        "echo No such luck >&2",
                        "exit 3");
        String message = failure(path);
        assertTrue(message.contains("passt ended with status 3; it said: No such luck"), message);
        assertFalse(isDirectoryLeft());
    }

    /** A passt of these lines of sh; the value of {@code PATH}. */
    private String program(String... lines) throws IOException {
        Path program = directory.resolve("passt");
        Files.writeString(program, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return directory.toString();
    }

    /** One that waits, and says by a file which process it is. */
    private String waiting() throws IOException {
        return program("echo $$ >" + directory.resolve("pid"), "exec sleep 50");
    }

    private void assertHasEnded() throws Exception {
        Path file = directory.resolve("pid");
        if (!Files.exists(file)) return; // it was ended before its first line
        String pid = Files.readString(file).strip();
        if (!pid.isEmpty()) assertTrue(ProcessHandle.of(Long.parseLong(pid)).isEmpty(), pid);
    }

    /** A socket of no kernel, made by {@code connecting}. */
    private static UnixSockets sockets(Callable<UnixSockets.Socket> connecting) {
        return new UnixSockets() {
            @Override
            public Socket connect(String path) throws IOException {
                try {
                    return connecting.call();
                } catch (IOException e) {
                    throw e;
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }

            @Override
            public Listener listen(String path) {
                throw new AssertionError("nobody connects to us");
            }

            @Override
            public Socket bind(String path, int sendBuffer, int receiveBuffer) {
                throw new AssertionError("no datagrams");
            }
        };
    }

    @Test
    void aLinkThatCannotBeMadeClosesItsConnection() throws Exception {
        AtomicInteger open = new AtomicInteger();
        UnixSockets sockets =
                sockets(
                        () -> {
                            open.incrementAndGet();
                            return new UnixSockets.Socket() {
                                @Override
                                public int fd() {
                                    return -1;
                                }

                                @Override
                                public void close() {
                                    open.decrementAndGet();
                                }
                            };
                        });
        NativeCalls calls = new NativeCalls(Natives.failing("eventfd", Errno.EMFILE), sockets);
        String message = failure(waiting(), directory, calls);
        assertTrue(message.contains("eventfd: EMFILE"), message);
        assertEquals(0, open.get());
        assertHasEnded();
    }

    /** And not taken for a passt that is not ready yet. */
    @Test
    void aLackOfDescriptorsIsToldAtOnce() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        UnixSockets sockets =
                sockets(
                        () -> {
                            attempts.incrementAndGet();
                            throw new ErrnoException("socket", -Errno.EMFILE);
                        });
        String path = waiting();
        String message = failure(path, directory, new NativeCalls(Natives.failing("", 0), sockets));
        assertTrue(message.startsWith("socket: EMFILE"), message);
        assertEquals(1, attempts.get());
        assertHasEnded();
    }

    /** By whoever has a directory of temporary files deep down. */
    @Test
    void aDirectoryWhosePathIsTooLongForASocketIsNamed() throws Exception {
        Path deep = Files.createDirectory(directory.resolve("d".repeat(100)));
        for (Natives natives : Natives.here()) {
            String message = failure(waiting(), deep, natives.calls());
            assertTrue(message.contains(deep.toString()), message);
            assertTrue(message.contains("-Djava.io.tmpdir="), message);
        }
        assertEquals(0, deep.toFile().list().length);
        assertHasEnded();
    }

    @Test
    void aDirectoryThatIsMissingIsNamed() throws Exception {
        Path none = directory.resolve("none");
        String message = failure(waiting(), none);
        assertTrue(message.contains(none + " "), message);
        assertTrue(message.contains("-Djava.io.tmpdir="), message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "passt:name|no name",
                "passt:?port=1|port",
                "passt:?address=10.0.2.0/24|host's address",
                "passt:?address=10.0.2.1|host's address",
                "passt:?gateway=10.0.3.2|no other host",
                "passt:?gateway=10.0.2.15|no other host",
                "passt:?mtu=1279|1280..65520",
                "passt:?mtu=65521|1280..65520",
                "passt:?tcp=-d|does not name ports",
                "passt:?udp=|does not name ports",
            })
    void wrongParametersAreNamed(String example) {
        String uri = example.substring(0, example.indexOf('|'));
        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new PasstProvider().open(LinkUri.parse(uri)).close())
                        .getMessage();
        assertTrue(message.startsWith("usernet.link=" + LinkUri.parse(uri) + ": "), message);
        assertTrue(message.contains(example.substring(uri.length() + 1)), message);
    }
}
