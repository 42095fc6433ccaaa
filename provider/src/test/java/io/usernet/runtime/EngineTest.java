package io.usernet.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.runtime.Engine.Waited;
import io.usernet.stack.Binding;
import io.usernet.stack.NetworkStack;
import io.usernet.stack.Reuse;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.Stream;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A running stack with nothing but its loopback: real threads, real time. */
@Timeout(60)
class EngineTest {
    private static final int LOCALHOST = Ipv4Address.LOOPBACK;
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(20);

    private final Engine engine = Engine.open(config(), null, "engine-test");

    StackConfig config() {
        return StackConfig.defaults();
    }

    @AfterEach
    void close() {
        engine.close(0);
        assertFalse(engine.isOpen());
    }

    private static void awaitReadable(Stream stream) {
        await(stream.signals().reader(), stream::isReadable);
    }

    private static void await(io.usernet.buffer.ThreadWaiter waiter, BooleanSupplier ready) {
        assertEquals(Waited.READY, Engine.await(waiter, ready, System.nanoTime() + LIMIT_NS));
    }

    private Stream accept(Backlog backlog) {
        await(backlog.signals().reader(), () -> backlog.size() > 0);
        return backlog.poll();
    }

    private Stream connect(int port) throws IOException {
        Stream stream = engine.newStream();
        engine.connect(stream, null, LOCALHOST, port);
        await(stream.signals().writer(), stream::isDecided);
        return stream;
    }

    private void writeAll(Stream stream, ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            await(
                    stream.signals().writer(),
                    () -> stream.cause() != null || stream.sendQueue().room() > 0);
            assertNull(stream.cause());
            stream.write(bytes);
            engine.post(stream, Stream.WRITTEN);
        }
    }

    private int read(Stream stream, ByteBuffer into) {
        awaitReadable(stream);
        int n = stream.read(into);
        if (stream.shouldAnnounce()) engine.post(stream, Stream.CONSUMED);
        return n;
    }

    private void readFully(Stream stream, ByteBuffer into) {
        while (into.hasRemaining()) assertTrue(read(stream, into) >= 0, "end of input");
    }

    private <T> T ask(java.util.function.Function<NetworkStack, T> question) throws IOException {
        return engine.ask(question);
    }

    @Test
    void echoesAndClosesInGoodOrder() throws IOException {
        Binding binding = engine.bind(LOCALHOST, 0, Reuse.NONE.withAddress(true));
        Backlog backlog = engine.listen(binding, 0, 0);
        Stream client = connect(binding.port());
        Stream server = accept(backlog);
        writeAll(client, ByteBuffer.wrap("hello".getBytes()));
        ByteBuffer got = ByteBuffer.allocate(5);
        readFully(server, got);
        assertEquals("hello", new String(got.array()));
        writeAll(server, got.flip());
        readFully(client, got.clear());
        engine.post(client, Stream.CLOSE);
        assertEquals(-1, read(server, got.clear()));
        engine.post(server, Stream.CLOSE);
        await(server.signals().writer(), server::isTerminated);
        await(client.signals().writer(), client::isTerminated);
        assertNull(server.cause());
    }

    @Test
    void movesMegabytesBothWays() throws Exception {
        Binding binding = engine.bind(0, 0, Reuse.NONE.withAddress(true));
        Backlog backlog = engine.listen(binding, 0, 0);
        Stream client = connect(binding.port());
        Stream server = accept(backlog);
        byte[] sent = new byte[16 << 20];
        new Random(1).nextBytes(sent);
        byte[] got = new byte[sent.length];
        byte[] back = new byte[sent.length];
        Thread echo =
                new Thread(
                        () -> {
                            ByteBuffer piece = ByteBuffer.allocate(64 << 10);
                            for (int n = 0; n < got.length; ) {
                                int k = read(server, piece.clear());
                                if (k < 0) return;
                                System.arraycopy(piece.array(), 0, got, n, k);
                                n += k;
                                writeAll(server, piece.flip());
                            }
                        });
        echo.start();
        Thread reader = new Thread(() -> readFully(client, ByteBuffer.wrap(back)));
        reader.start();
        writeAll(client, ByteBuffer.wrap(sent));
        reader.join();
        echo.join();
        assertTrue(java.util.Arrays.equals(sent, got), "as received by the server");
        assertTrue(java.util.Arrays.equals(sent, back), "as it came back");
    }

    @Test
    void refusedWhereNobodyListens() throws IOException {
        Stream stream = connect(9);
        assertSame(CloseCause.REFUSED, stream.cause());
    }

    @Test
    void bindErrorsAreLinuxs() throws IOException {
        Binding first = engine.bind(LOCALHOST, 7000, Reuse.NONE);
        assertEquals(
                "Address already in use",
                assertThrows(
                                BindException.class,
                                () -> engine.bind(0, 7000, Reuse.NONE.withAddress(true)))
                        .getMessage());
        engine.release(first);
        engine.release(
                engine.bind(0, 7000, Reuse.NONE)); // after the release, without waiting for it
        assertEquals(
                "Cannot assign requested address",
                assertThrows(
                                BindException.class,
                                () -> engine.bind(0x0A000001, 0, Reuse.NONE.withAddress(true)))
                        .getMessage());
    }

    @Test
    void noRouteWithoutLink() {
        assertEquals(
                "Network is unreachable",
                assertThrows(
                                SocketException.class,
                                () -> engine.connect(engine.newStream(), null, 0x0A000001, 80))
                        .getMessage());
    }

    @Test
    void closingDeliversWhatWasWritten() throws Exception {
        Binding binding = engine.bind(LOCALHOST, 0, Reuse.NONE.withAddress(true));
        Backlog backlog = engine.listen(binding, 0, 0);
        Stream client = connect(binding.port());
        Stream server = accept(backlog);
        byte[] sent = new byte[2 << 20];
        new Random(2).nextBytes(sent);
        byte[] got = new byte[sent.length];
        int[] end = new int[1];
        Thread reader =
                new Thread(
                        () -> {
                            readFully(client, ByteBuffer.wrap(got));
                            end[0] = read(client, ByteBuffer.allocate(1));
                            engine.post(client, Stream.CLOSE);
                        });
        reader.start();
        writeAll(server, ByteBuffer.wrap(sent));
        engine.post(server, Stream.CLOSE);
        reader.join();
        engine.close(TimeUnit.SECONDS.toNanos(10));
        assertTrue(java.util.Arrays.equals(sent, got));
        assertEquals(-1, end[0]);
    }

    @Test
    void closingWakesWhoeverWaits() throws Exception {
        Binding binding = engine.bind(LOCALHOST, 0, Reuse.NONE.withAddress(true));
        Backlog backlog = engine.listen(binding, 0, 0);
        Stream client = connect(binding.port());
        assertNotNull(accept(backlog));
        Thread reader = new Thread(() -> awaitReadable(client));
        Thread acceptor = new Thread(() -> await(backlog.signals().reader(), backlog::isClosed));
        reader.start();
        acceptor.start();
        long start = System.nanoTime();
        engine.close(0);
        reader.join();
        acceptor.join();
        assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(5), "promptly");
        assertSame(CloseCause.STACK_CLOSED, client.cause());
        IOException dead =
                assertThrows(
                        IOException.class, () -> engine.bind(0, 0, Reuse.NONE.withAddress(true)));
        assertEquals("The network stack is closed", dead.getMessage());
    }

    @Test
    void nothingIsLeftOver() throws IOException {
        Binding binding = engine.bind(LOCALHOST, 0, Reuse.NONE.withAddress(true));
        Backlog backlog = engine.listen(binding, 0, 0);
        for (int i = 0; i < 100; i++) {
            Stream client = engine.newStream();
            Binding from = engine.connect(client, null, LOCALHOST, binding.port());
            Stream server = accept(backlog);
            engine.post(client, Stream.CLOSE);
            engine.release(from);
            await(server.signals().reader(), server::isInputEnded);
            engine.post(server, Stream.CLOSE);
            await(server.signals().writer(), server::isTerminated);
        }
        engine.post(backlog, Backlog.CLOSE);
        engine.release(binding);
        assertEquals(0, ask(NetworkStack::framesOut));
        assertEquals(100, ask(NetworkStack::endpoints)); // in TIME-WAIT
    }

    @Test
    void manyThreadsConnectAndClose() throws Exception {
        int threads = 4;
        int each = 200;
        Binding binding = engine.bind(LOCALHOST, 0, Reuse.NONE.withAddress(true));
        Backlog backlog = engine.listen(binding, 1_000, 0);
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        List<Thread> clients = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            Thread thread = new Thread(() -> connectAndPing(binding.port(), each));
            thread.setUncaughtExceptionHandler((which, failure) -> failures.add(failure));
            thread.start();
            clients.add(thread);
        }
        ByteBuffer piece = ByteBuffer.allocate(1);
        for (int n = 0; n < threads * each; n++) {
            Stream server = accept(backlog);
            readFully(server, piece.clear());
            writeAll(server, piece.flip());
            engine.post(server, Stream.CLOSE);
        }
        for (Thread thread : clients) thread.join();
        assertEquals(List.of(), failures);
    }

    private void connectAndPing(int port, int times) {
        ByteBuffer piece = ByteBuffer.allocate(1);
        for (int n = 0; n < times; n++) {
            try {
                Stream client = engine.newStream();
                Binding from = engine.connect(client, null, LOCALHOST, port);
                await(client.signals().writer(), client::isDecided);
                writeAll(client, piece.clear());
                assertEquals(1, read(client, piece.clear()));
                assertEquals(-1, read(client, piece.clear()));
                engine.post(client, Stream.CLOSE);
                engine.release(from);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
