package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.config.Impairment;
import io.usernet.metrics.Counter;
import io.usernet.metrics.ImpairmentCounts;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A stack on a TAP device over a bad network, against the kernel's. */
class TapImpairTest {
    private static final int PORT = 6888;

    /** In each direction, one after the other and then both at a time. */
    private static final long BULK = Long.getLong("usernet.test.impair.mib", 16) << 20;

    private static final String BAD =
            System.getProperty("usernet.test.impair", "loss=1%,reorder=1%,delay=5ms");

    private static Stack open(String impairment) throws IOException {
        return Stack.builder()
                .link("tap:usernet0?host=10.0.0.1/24")
                .address("10.0.0.2/24")
                .impair(Impairment.parse(impairment))
                .open();
    }

    private static byte[] send(SocketChannel to, long seed) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        SplittableRandom random = new SplittableRandom(seed);
        byte[] block = new byte[64 << 10];
        for (long sent = 0; sent < BULK; sent += block.length) {
            random.nextBytes(block);
            digest.update(block);
            ByteBuffer b = ByteBuffer.wrap(block);
            while (b.hasRemaining()) to.write(b);
        }
        to.shutdownOutput();
        return digest.digest();
    }

    private static byte[] drain(SocketChannel from) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        ByteBuffer b = ByteBuffer.allocate(64 << 10);
        while (from.read(b.clear()) >= 0) digest.update(b.flip());
        return digest.digest();
    }

    private static FutureTask<byte[]> start(Callable<byte[]> task) {
        FutureTask<byte[]> future = new FutureTask<>(task);
        Thread thread = new Thread(future);
        thread.setDaemon(true);
        thread.start();
        return future;
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "not in 20 s: " + what);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static void say(String what, long startNs) {
        double seconds = (System.nanoTime() - startNs) / 1e9;
        System.out.printf("%s: %.1f s, %.1f Mbit/s%n", what, seconds, BULK * 8 / 1e6 / seconds);
    }

    private static void bothWays(Stack stack) throws Exception {
        try (ServerSocketChannel listener = stack.provider().openServerSocketChannel()) {
            listener.bind(new InetSocketAddress(PORT));
            try (SocketChannel kernel =
                            SocketChannel.open(new InetSocketAddress("10.0.0.2", PORT));
                    SocketChannel ours = listener.accept()) {
                long start = System.nanoTime();
                FutureTask<byte[]> sent = start(() -> send(kernel, 1));
                assertArrayEquals(drain(ours), sent.get());
                say("the kernel sends", start);
                long next = System.nanoTime();
                FutureTask<byte[]> back = start(() -> send(ours, 2));
                assertArrayEquals(drain(kernel), back.get());
                say("the stack sends", next);
            }
        }
        System.out.println(stack.impairments());
    }

    @InNetns(seconds = 3_000)
    void bulkArrivesIntactOverABadNetwork() throws Exception {
        try (Stack stack = open(BAD)) {
            bothWays(stack);
            ImpairmentCounts counts = stack.impairments();
            boolean loses = BAD.contains("loss"), reorders = BAD.contains("reorder");
            assertEquals(loses, counts.in().lost() > 0, counts.toString());
            assertEquals(loses, counts.out().lost() > 0, counts.toString());
            assertEquals(reorders, counts.in().reordered() > 0, counts.toString());
            assertEquals(reorders, counts.out().reordered() > 0, counts.toString());
        }
    }

    /** Those of all protocols: a flipped bit never makes one malformed. */
    private static long kernelsChecksumErrors() throws Exception {
        long sum = 0;
        for (String line : sh("nstat -asz | grep CsumErrors").split("\\R")) {
            sum += Long.parseLong(line.trim().split("\\s+")[1]);
        }
        return sum;
    }

    private static long malformed() throws Exception {
        String errors = sh("nstat -asz TcpInErrs").replaceAll("(?s).*TcpInErrs\\s+(\\d+).*", "$1");
        return Long.parseLong(errors) - kernelsChecksumErrors(); // which InErrs counts too
    }

    @InNetns(seconds = 3_000)
    void everyCorruptedFrameIsABadChecksum() throws Exception {
        Netns.require("nstat");
        try (Stack stack = open("corrupt=0.5%,seed=1")) {
            bothWays(stack);
            ImpairmentCounts counts = stack.impairments();
            assertTrue(counts.in().corrupted() > 0 && counts.out().corrupted() > 0);
            until(
                    "all frames were looked at",
                    () ->
                            stack.counters().getOrDefault(Counter.TCP_IN_CSUM_ERRORS, 0L)
                                    == stack.impairments().in().corrupted());
            assertEquals(stack.impairments().out().corrupted(), kernelsChecksumErrors());
            assertEquals(0, malformed());
            assertEquals(null, stack.counters().get(Counter.TCP_IN_ERRS));
        }
    }
}
