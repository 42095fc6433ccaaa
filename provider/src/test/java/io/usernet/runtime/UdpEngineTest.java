package io.usernet.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.link.Wire;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Usage;
import io.usernet.runtime.Engine.Waited;
import io.usernet.stack.Binding;
import io.usernet.stack.NetworkStack;
import io.usernet.stack.Reuse;
import io.usernet.stack.UdpBinding;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** UDP between threads in real time: no wake-up is lost, and nothing is left behind. */
@Timeout(60)
class UdpEngineTest {
    private static final int LOCALHOST = Ipv4Address.LOOPBACK;
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(20);

    private final Engine engine = Engine.open(StackConfig.defaults(), null, "udp-test");

    @AfterEach
    void close() {
        engine.close(0);
    }

    private static long receive(UdpSocket socket, Engine engine, ByteBuffer dst) {
        while (true) {
            long from = socket.receive(dst);
            if (from != UdpSocket.NONE) {
                if (socket.shouldAnnounce()) engine.post(socket, UdpSocket.RECEIVED);
                return from;
            }
            if (socket.isClosed()) return from;
            Waited waited =
                    Engine.await(
                            socket.signals().reader(),
                            socket::isReadable,
                            System.nanoTime() + LIMIT_NS);
            assertEquals(Waited.READY, waited, "a wake-up was lost");
        }
    }

    private static void send(
            UdpSocket socket, Engine engine, ByteBuffer src, int from, int to, int port) {
        while (!socket.send(src, from, to, port, 0)) {
            assertFalse(socket.isClosed());
            if (socket.isStarved()) engine.post(socket, UdpSocket.STARVED);
            Waited waited =
                    Engine.await(
                            socket.signals().writer(),
                            socket::isWritable,
                            System.nanoTime() + LIMIT_NS);
            assertEquals(Waited.READY, waited, "a wake-up was lost");
        }
        engine.post(socket, UdpSocket.TRANSMIT);
    }

    private void assertNothingLeft(Engine stack) throws IOException {
        Usage usage = null;
        for (int i = 0; i < 200; i++) {
            usage = stack.ask(NetworkStack::usage);
            boolean clean = usage.udpSockets() == 0 && usage.ports() == 0 && usage.frames() == 0;
            if (clean && usage.memoryInUse() <= 128 << 10) return; // what the link reads into
        }
        throw new AssertionError("left behind: " + usage);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void pingPongWithSleepsAtAnyTime(long seed) throws Exception {
        UdpSocket a = engine.newUdpSocket();
        UdpSocket b = engine.newUdpSocket();
        Binding at = engine.bind(a, LOCALHOST, 0, Reuse.NONE);
        Binding bt = engine.bind(b, LOCALHOST, 0, Reuse.NONE);
        int rounds = 3_000;
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread echo = new Thread(() -> echo(b, rounds, new Random(seed)));
        echo.setUncaughtExceptionHandler((t, e) -> failure.set(e));
        echo.start();
        Random random = new Random(~seed);
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        for (int i = 0; i < rounds; i++) {
            int length = random.nextInt(10) == 0 ? 60_000 : random.nextInt(2_000);
            ByteBuffer src = ByteBuffer.allocate(4 + length).putInt(0, i);
            send(a, engine, src, LOCALHOST, LOCALHOST, bt.port());
            long from = receive(a, engine, dst.clear());
            assertEquals((long) LOCALHOST << 16 | bt.port(), from);
            assertEquals(4 + length, dst.position());
            assertEquals(i, dst.getInt(0));
            for (int spins = random.nextInt(200); spins > 0; spins--) Thread.onSpinWait();
        }
        echo.join();
        assertNull(failure.get());
        assertTrue(at.port() != bt.port());
        engine.post(a, UdpSocket.CLOSE);
        engine.post(b, UdpSocket.CLOSE);
        assertNothingLeft(engine);
    }

    private void echo(UdpSocket socket, int rounds, Random random) {
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        for (int i = 0; i < rounds; i++) {
            long from = receive(socket, engine, dst.clear());
            for (int spins = random.nextInt(200); spins > 0; spins--) Thread.onSpinWait();
            send(socket, engine, dst.flip(), LOCALHOST, (int) (from >>> 16), (int) from & 0xFFFF);
        }
    }

    @Test
    void aFloodOverAWireWakesTheWriterAndLosesNoneUncounted() throws Exception {
        Wire wire = new Wire("flood", 2, 1500, 64);
        Engine left =
                Engine.open(StackConfig.defaults().withAddress("10.9.0.1/24"), wire.left(), "left");
        Engine right =
                Engine.open(
                        StackConfig.defaults().withAddress("10.9.0.2/24"), wire.right(), "right");
        try {
            UdpSocket in = right.newUdpSocket();
            int port = right.bind(in, 0, 0, Reuse.NONE).port();
            UdpSocket out = left.newUdpSocket();
            out.sendBuffer(20_000);
            UdpBinding ends = left.connect(out, Ipv4Address.parse("10.9.0.2"), port, false);
            int total = 20_000;
            Thread reader =
                    new Thread(
                            () -> {
                                ByteBuffer dst = ByteBuffer.allocate(2_000);
                                while (receive(in, right, dst.clear()) != UdpSocket.NONE) {}
                            });
            reader.start();
            for (int i = 0; i < total; i++) {
                ByteBuffer src = ByteBuffer.allocate(i % 1_400);
                send(out, left, src, ends.localAddress(), ends.remoteAddress(), port);
            }
            long deadline = System.nanoTime() + LIMIT_NS;
            while (arrived(right) + dropped(left) < total && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            assertEquals(total, left.counters().get(Counter.UDP_OUT_DATAGRAMS));
            assertEquals(total, arrived(right) + dropped(left));
            assertTrue(arrived(right) > total / 2, "" + arrived(right));
            right.post(in, UdpSocket.CLOSE);
            left.post(out, UdpSocket.CLOSE);
            reader.join();
            assertNothingLeft(right);
            assertNothingLeft(left);
        } finally {
            left.close(0);
            right.close(0);
        }
    }

    private static long arrived(Engine engine) {
        return engine.counters().get(Counter.UDP_IN_DATAGRAMS)
                + engine.counters().get(Counter.UDP_RCVBUF_ERRORS);
    }

    private static long dropped(Engine engine) {
        return engine.counters().get(Counter.IP_OUT_DISCARDS)
                + engine.counters().get(Counter.NEIGH_UNRES_DISCARDS);
    }

    @Test
    void connectDropsWhatWasReceivedAndKeepsWhatComesAfter() throws Exception {
        UdpSocket a = engine.newUdpSocket();
        UdpSocket b = engine.newUdpSocket();
        int from = engine.bind(a, LOCALHOST, 0, Reuse.NONE).port();
        int port = engine.bind(b, LOCALHOST, 0, Reuse.NONE).port();
        for (int i = 0; i < 10; i++) {
            send(a, engine, ByteBuffer.allocate(i * 300), LOCALHOST, LOCALHOST, port);
        }
        long deadline = System.nanoTime() + LIMIT_NS;
        while (engine.counters().get(Counter.UDP_IN_DATAGRAMS) < 10) {
            assertTrue(System.nanoTime() < deadline);
            Thread.onSpinWait();
        }
        engine.connect(b, LOCALHOST, from, false);
        assertFalse(b.isReadable());
        send(a, engine, ByteBuffer.allocate(7), LOCALHOST, LOCALHOST, port);
        ByteBuffer dst = ByteBuffer.allocate(100);
        receive(b, engine, dst);
        assertEquals(7, dst.position());
    }

    @Test
    void aReaderIsWokenByTheStacksEnd() throws Exception {
        UdpSocket socket = engine.newUdpSocket();
        engine.bind(socket, 0, 0, Reuse.NONE);
        AtomicReference<Long> answer = new AtomicReference<>();
        Thread reader =
                new Thread(() -> answer.set(receive(socket, engine, ByteBuffer.allocate(1))));
        reader.start();
        while (reader.getState() != Thread.State.TIMED_WAITING) Thread.onSpinWait();
        engine.close(0);
        reader.join();
        assertEquals(UdpSocket.NONE, answer.get());
        assertTrue(socket.isClosed());
    }
}
