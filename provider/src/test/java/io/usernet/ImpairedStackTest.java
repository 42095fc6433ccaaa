package io.usernet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Impairment;
import io.usernet.config.Settings;
import io.usernet.config.Sysctl;
import io.usernet.link.LinkDevice;
import io.usernet.link.Wire;
import io.usernet.metrics.Counter;
import io.usernet.metrics.ImpairmentCounts;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two stacks in real time, the link of one of which is impaired. */
@Timeout(60)
class ImpairedStackTest {
    private static final int PORT = 7000;

    private final Wire wire = new Wire("wire", 2, 1500, 512);

    private Stack impaired(String text, boolean inline) throws IOException {
        return Stack.builder()
                .link(wire.left())
                .address("10.0.0.1/24")
                .set(Settings.INLINE_WRITERS, Boolean.toString(inline))
                .impair(Impairment.parse(text))
                .open();
    }

    private static Stack open(LinkDevice link) throws IOException {
        return Stack.builder().link(link).address("10.0.0.2/24").open();
    }

    private static byte[] send(SocketChannel to, long seed, int bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            SplittableRandom random = new SplittableRandom(seed);
            byte[] block = new byte[16 << 10];
            for (int sent = 0; sent < bytes; sent += block.length) {
                random.nextBytes(block);
                digest.update(block);
                ByteBuffer b = ByteBuffer.wrap(block);
                while (b.hasRemaining()) to.write(b);
            }
            to.shutdownOutput();
            return digest.digest();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] drain(SocketChannel from) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer b = ByteBuffer.allocate(64 << 10);
            while (from.read(b.clear()) >= 0) digest.update(b.flip());
            return digest.digest();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static FutureTask<byte[]> start(Callable<byte[]> task) {
        FutureTask<byte[]> future = new FutureTask<>(task);
        Thread thread = new Thread(future);
        thread.setDaemon(true);
        thread.start();
        return future;
    }

    private static void bothWays(Stack client, Stack server, int bytes) throws Exception {
        ServerSocketChannel listener = server.provider().openServerSocketChannel();
        listener.bind(new InetSocketAddress(PORT));
        SocketChannel a = client.provider().openSocketChannel();
        a.connect(new InetSocketAddress("10.0.0.2", PORT));
        SocketChannel b = listener.accept();
        FutureTask<byte[]> sentByA = start(() -> send(a, 1, bytes));
        FutureTask<byte[]> sentByB = start(() -> send(b, 2, bytes));
        FutureTask<byte[]> gotByA = start(() -> drain(a));
        assertArrayEquals(drain(b), sentByA.get());
        assertArrayEquals(gotByA.get(), sentByB.get());
        a.close();
        b.close();
        listener.close();
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, () -> "not in 20 s: " + what);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private static long count(Stack stack, Counter counter) {
        return stack.counters().getOrDefault(counter, 0L);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everythingArrivesAndEveryCorruptedFrameIsSeenByItsChecksum(boolean inline)
            throws Exception {
        String all = "loss=1%,delay=1ms,jitter=200us,reorder=2%,duplicate=1%,corrupt=1%,seed=42";
        try (Stack left = impaired(all, inline);
                Stack right = open(wire.right())) {
            bothWays(left, right, 4 << 20);
            left.impair(Impairment.NONE);
            until(
                    "nothing waits: " + left.impairments(),
                    () ->
                            left.impairments().in().waiting() == 0
                                    && left.impairments().out().waiting() == 0);
            ImpairmentCounts counts = left.impairments();
            for (ImpairmentCounts.Direction d :
                    new ImpairmentCounts.Direction[] {counts.in(), counts.out()}) {
                assertTrue(d.lost() > 0 && d.reordered() > 0, d.toString());
                assertTrue(d.duplicated() > 0 && d.corrupted() > 0, d.toString());
                assertEquals(0, d.partitioned());
            }
            until(
                    "the last frame was looked at",
                    () ->
                            count(right, Counter.TCP_IN_CSUM_ERRORS) == counts.out().corrupted()
                                    && count(left, Counter.TCP_IN_CSUM_ERRORS)
                                            == counts.in().corrupted());
            assertEquals(0, count(left, Counter.TCP_IN_ERRS) + count(right, Counter.TCP_IN_ERRS));
            assertEquals(
                    0,
                    count(left, Counter.IP_IN_HDR_ERRORS) + count(right, Counter.IP_IN_HDR_ERRORS));
        }
    }

    @Test
    void thinPipeOverflowsAndEverythingArrives() throws Exception {
        try (Stack left = impaired("out.rate=50mbit,out.limit=20,out.delay=2ms", false);
                Stack right = open(wire.right())) {
            long start = System.nanoTime();
            bothWays(left, right, 1 << 20);
            double seconds = (System.nanoTime() - start) / 1e9;
            assertTrue(seconds >= 8.0 * (1 << 20) / 50e6, seconds + " s are too few");
            assertTrue(left.impairments().out().overflowed() > 0);
        }
    }

    /** A cut cable: nothing passes, and what was not delivered is once it is whole again. */
    @Test
    void aPartitionCutsAPeerOffUntilItIsHealed() throws Exception {
        try (Stack left = impaired("none", false);
                Stack right = open(wire.right())) {
            ServerSocketChannel listener = right.provider().openServerSocketChannel();
            listener.bind(new InetSocketAddress(PORT));
            SocketChannel a = left.provider().openSocketChannel();
            a.connect(new InetSocketAddress("10.0.0.2", PORT));
            SocketChannel b = listener.accept();
            left.partition("10.0.0.2");
            a.write(ByteBuffer.wrap(new byte[] {42}));
            until("a frame is held back", () -> left.impairments().out().partitioned() > 0);
            b.socket().setSoTimeout(100);
            byte[] one = new byte[1];
            assertThrows(SocketTimeoutException.class, () -> b.socket().getInputStream().read(one));
            left.heal("10.0.0.2");
            b.socket().setSoTimeout(20_000);
            assertEquals(1, b.socket().getInputStream().read(one));
            assertEquals(42, one[0]);
            left.partition("10.0.0.0/24");
            left.heal();
            assertFalse(left.impairment().seed().isEmpty());
        }
    }

    @Test
    void aResetThatIsDelayedWhenTheStackIsClosedIsSent() throws Exception {
        try (Stack right = open(wire.right())) {
            SocketChannel b;
            try (Stack left = impaired("none", false)) {
                ServerSocketChannel listener = right.provider().openServerSocketChannel();
                listener.bind(new InetSocketAddress(PORT));
                SocketChannel a = left.provider().openSocketChannel();
                a.connect(new InetSocketAddress("10.0.0.2", PORT));
                b = listener.accept();
                left.impair(Impairment.parse("delay=3600s"));
            }
            IOException e = assertThrows(IOException.class, () -> b.read(ByteBuffer.allocate(1)));
            assertEquals("Connection reset", e.getMessage());
        }
    }

    @Test
    void everyLinkIsImpairedAndCounted() throws Exception {
        Wire other = new Wire();
        try (Stack left =
                        Stack.builder()
                                .link(wire.left())
                                .address("10.0.0.1/24")
                                .link(other.left())
                                .address("10.0.1.1/24")
                                .sysctl(Sysctl.TCP_SYN_RETRIES, 1)
                                .impair(Impairment.parse("out.loss=100%"))
                                .open();
                Stack first = open(wire.right());
                Stack second = Stack.builder().link(other.right()).address("10.0.1.2/24").open()) {
            for (String to : new String[] {"10.0.0.2", "10.0.1.2"}) {
                long before = left.impairments().out().lost();
                SocketChannel a = left.provider().openSocketChannel();
                a.configureBlocking(false);
                a.connect(new InetSocketAddress(to, PORT));
                until("lost", () -> left.impairments().out().lost() > before);
                a.close();
            }
            assertEquals(0, count(first, Counter.TCP_IN_SEGS) + count(second, Counter.TCP_IN_SEGS));
        }
    }

    @Test
    void whatCannotBeIsOneLine() throws Exception {
        try (Stack plain = open(wire.right())) {
            String line =
                    assertThrows(IllegalStateException.class, () -> plain.partition("10.0.0.1"))
                            .getMessage();
            assertEquals(
                    "this stack's links cannot be impaired: open it with usernet.impair=none, or"
                            + " Builder.impair(Impairment.NONE)",
                    line);
            assertThrows(IllegalStateException.class, () -> plain.impair(Impairment.NONE));
            assertThrows(IllegalStateException.class, plain::impairments);
        }
        String line =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Stack.builder().set(Settings.IMPAIR, "loss=1%").open())
                        .getMessage();
        assertTrue(line.startsWith("usernet.impair=loss=1%: there is no link"), line);
    }
}
