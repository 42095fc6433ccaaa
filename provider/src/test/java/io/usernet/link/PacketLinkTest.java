package io.usernet.link;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Async;
import io.usernet.Stack;
import io.usernet.metrics.Counter;
import io.usernet.wire.MacAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PacketLinkTest {
    private static final int PORT = 7000;

    private static Stack open(PacketLink link, String address) throws IOException {
        return Stack.builder().link(link).address(address).memory(16 << 20).open();
    }

    /** An echo request from 10.0.0.1 to 10.0.0.2. */
    private static ByteBuffer ping(int bytes) {
        ByteBuffer b = ByteBuffer.allocate(28 + bytes);
        b.putInt(0x4500_0000 | 28 + bytes).putInt(0).putInt(0x4001_0000);
        b.putInt(0x0A00_0001).putInt(0x0A00_0002);
        b.putShort(10, (short) ~sum(b, 0, 20));
        b.putInt(0x0800_0000).putInt(0x0001_0001);
        b.putShort(22, (short) ~sum(b, 20, 28 + bytes));
        return b.clear();
    }

    private static int sum(ByteBuffer b, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) sum += (b.get(i) & 0xFF) << ((i & 1) == 0 ? 8 : 0);
        while (sum >>> 16 != 0) sum = (sum & 0xFFFF) + (sum >>> 16);
        return sum;
    }

    /** Carries packets from one link to the other until one of them is closed. */
    private static Thread carrier(PacketLink from, PacketLink to) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                while (from.awaitPacket(1, TimeUnit.DAYS)) {
                                    from.drain(packet -> carry(packet, to), 16);
                                }
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void carry(ByteBuffer packet, PacketLink to) {
        try {
            assertTrue(to.inject(packet, 10, TimeUnit.SECONDS));
            assertFalse(packet.hasRemaining());
        } catch (ClosedChannelException e) {
            // the test is over
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void bulk(PacketLink a, PacketLink b) throws Exception {
        byte[] sent = new byte[8 << 20];
        new SplittableRandom(3).nextBytes(sent);
        try (Stack left = open(a, "10.0.0.1/24");
                Stack right = open(b, "10.0.0.2/24");
                ServerSocketChannel server = right.provider().openServerSocketChannel();
                SocketChannel channel = left.provider().openSocketChannel()) {
            carrier(a, b);
            carrier(b, a);
            server.bind(new InetSocketAddress(PORT));
            CompletableFuture<byte[]> received = Async.supply(() -> receiveAll(server));
            channel.connect(new InetSocketAddress("10.0.0.2", PORT));
            ByteBuffer all = ByteBuffer.wrap(sent);
            while (all.hasRemaining()) channel.write(all);
            channel.shutdownOutput();
            assertArrayEquals(MessageDigest.getInstance("SHA-256").digest(sent), received.get());
        }
    }

    private static byte[] receiveAll(ServerSocketChannel server) {
        try (SocketChannel accepted = server.accept()) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer b = ByteBuffer.allocate(64 << 10);
            while (accepted.read(b) >= 0) {
                digest.update(b.flip());
                b.clear();
            }
            return digest.digest();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void twoLinksCarriedByHandAreAWire() throws Exception {
        bulk(PacketLink.layer3("a", 1500), PacketLink.layer3("b", 1500));
    }

    @Test
    void ethernetAndShortRingsToo() throws Exception {
        bulk(
                PacketLink.layer2("a", 9000, MacAddress.parse("02:00:00:00:00:01"), 0),
                PacketLink.layer2("b", 9000, MacAddress.parse("02:00:00:00:00:02"), 0));
    }

    @Test
    void aPacketIsAnswered() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        try (Stack stack = open(link, "10.0.0.2/24")) {
            ByteBuffer ping = ping(100);
            assertTrue(link.inject(ping));
            assertFalse(ping.hasRemaining());
            assertTrue(link.awaitPacket(10, TimeUnit.SECONDS));
            List<Integer> lengths = new ArrayList<>();
            assertEquals(1, link.drain(p -> lengths.add(p.remaining()), 10));
            assertEquals(List.of(128), lengths);
            assertEquals(1, stack.counters().get(Counter.ICMP_IN_ECHOS));
        }
    }

    @Test
    void aBatchIsTakenAsFarAsThereIsRoom() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        try (Stack stack = open(link, "10.0.0.2/24")) {
            assertEquals(0, stack.usage().connections());
            ByteBuffer[] batch = new ByteBuffer[100];
            for (int i = 0; i < batch.length; i++) batch[i] = ping(i);
            assertEquals(90, link.inject(batch, 10, 90));
            assertTrue(batch[0].hasRemaining());
            for (int answers = 0; answers < 90; ) {
                assertTrue(link.awaitPacket(10, TimeUnit.SECONDS));
                answers += link.drain(p -> assertTrue(p.isReadOnly()), 7);
            }
            assertThrows(IndexOutOfBoundsException.class, () -> link.inject(batch, 50, 51));
        }
    }

    @Test
    void whoDoesNotDrainHoldsTheStackBackAndLosesNothing() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500, 1 << 13);
        try (Stack stack = open(link, "10.0.0.2/24")) {
            assertEquals(0, stack.usage().connections());
            int sent = 0;
            while (sent < 200 && link.inject(ping(1000), 1, TimeUnit.SECONDS)) sent++;
            assertEquals(200, sent);
            int[] answers = new int[1];
            while (answers[0] < 200) {
                assertTrue(link.awaitPacket(10, TimeUnit.SECONDS), answers[0] + " answers");
                link.drain(p -> answers[0]++, 3);
            }
        }
    }

    @Test
    void whatCannotBeAPacketIsCounted() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        try (Stack stack = open(link, "10.0.0.2/24")) {
            assertEquals(0, stack.usage().connections());
            assertTrue(link.inject(ByteBuffer.allocate(0)));
            assertTrue(link.inject(ByteBuffer.allocate(1501)));
            assertEquals(2, link.dropped());
        }
    }

    @Test
    void whoDrainsWhenItIsSaidMissesNothing() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        Semaphore readable = new Semaphore(0);
        link.onReadable(readable::release);
        try (Stack stack = open(link, "10.0.0.2/24")) {
            int drained = 0;
            int said = 0;
            for (int sent = 1; sent <= 2_000; sent++) {
                assertTrue(link.inject(ping(sent % 100)));
                while (drained < sent) {
                    assertTrue(readable.tryAcquire(10, TimeUnit.SECONDS), "after " + drained);
                    said++;
                    drained += link.drain(p -> {}, 10);
                }
            }
            assertEquals(2_000, drained);
            assertTrue(said <= 2 * drained, said + " times");
            assertEquals(2_000, stack.counters().get(Counter.ICMP_IN_ECHOS));
        }
    }

    @Test
    void itSaysAtOnceThatThereWerePackets() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        try (Stack stack = open(link, "10.0.0.2/24")) {
            link.inject(ping(1));
            assertTrue(link.awaitPacket(10, TimeUnit.SECONDS));
            AtomicInteger said = new AtomicInteger();
            link.onReadable(said::incrementAndGet);
            assertTrue(said.get() >= 1);
            assertEquals(0, stack.usage().connections());
        }
    }

    @Test
    void aHandlerThatFailsLosesItsPacketAlone() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        try (Stack stack = open(link, "10.0.0.2/24")) {
            assertEquals(0, stack.usage().connections());
            link.inject(ping(1));
            link.inject(ping(2));
            assertTrue(link.awaitPacket(10, TimeUnit.SECONDS));
            assertThrows(
                    IllegalStateException.class,
                    () ->
                            link.drain(
                                    p -> {
                                        throw new IllegalStateException();
                                    },
                                    1));
            assertTrue(link.awaitPacket(10, TimeUnit.SECONDS));
            assertEquals(1, link.drain(p -> assertEquals(30, p.remaining()), 1));
        }
    }

    @Test
    void beforeAndAfterTheStackThereIsAClearError() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        assertThrows(IllegalStateException.class, () -> link.inject(ping(1)));
        Stack stack = open(link, "10.0.0.2/24");
        CompletableFuture<Boolean> waits =
                Async.supply(
                        () -> {
                            try {
                                return link.awaitPacket(1, TimeUnit.DAYS);
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        stack.close();
        assertThrows(ClosedChannelException.class, () -> link.inject(ping(1)));
        assertFalse(waits.get(10, TimeUnit.SECONDS));
    }

    /** Such as a tunnel that finds that its other end is gone. */
    @Test
    void aHandlerMayCloseTheStack() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        Stack stack = open(link, "10.0.0.2/24");
        link.inject(ping(1));
        assertTrue(link.awaitPacket(10, TimeUnit.SECONDS));
        CompletableFuture<Integer> drained =
                CompletableFuture.supplyAsync(() -> link.drain(p -> stack.close(), 1));
        assertEquals(1, drained.get(10, TimeUnit.SECONDS));
    }

    /** Who receives datagrams says nothing to the stack, whose turns alone give memory back. */
    @Test
    void memoryThatReadersHaveFinishedWithCanBeInjectedInto() throws Exception {
        PacketLink link = PacketLink.layer3("t", 1500);
        try (Stack stack =
                        Stack.builder().link(link).address("10.0.0.2/24").memory(4 << 20).open();
                DatagramChannel channel = stack.provider().openDatagramChannel()) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, 4 << 20);
            channel.bind(new InetSocketAddress(PORT)).configureBlocking(false);
            int sent = 0;
            while (sent < 10_000 && link.inject(datagram(1_400), 200, TimeUnit.MILLISECONDS)) {
                sent++;
            }
            assertTrue(sent < 10_000, "memory never ran out");
            ByteBuffer dst = ByteBuffer.allocate(2_000);
            while (channel.receive(dst.clear()) != null) {}
            assertTrue(link.inject(datagram(1_400), 10, TimeUnit.SECONDS));
        }
    }

    /** From 10.0.0.1:5000 to 10.0.0.2:7000, without a checksum. */
    private static ByteBuffer datagram(int bytes) {
        ByteBuffer b = ping(bytes);
        b.put(9, (byte) 17).putShort(10, (short) 0);
        b.putShort(10, (short) ~sum(b, 0, 20));
        return b.putShort(20, (short) 5000)
                .putShort(22, (short) PORT)
                .putShort(24, (short) (8 + bytes))
                .putShort(26, (short) 0);
    }
}
