package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.usernet.Async;
import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.runtime.Engine;
import io.usernet.wire.Ipv4;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is ours and not the JDK's: the rest is in the contract suite. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StackDatagramChannelTest {
    private static Engine engine;

    private final StackSelectorProvider provider = new StackSelectorProvider(() -> engine);

    @BeforeAll
    static void open() {
        engine = Engine.open(StackConfig.defaults(), null, "datagrams");
    }

    @AfterAll
    static void close() {
        engine.close(TimeUnit.SECONDS.toNanos(5));
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    private static DatagramChannel bound(StackSelectorProvider provider) throws IOException {
        return provider.openDatagramChannel()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private static InetAddress ipv6(int last) throws IOException {
        byte[] bytes = new byte[16];
        bytes[15] = (byte) last;
        return InetAddress.getByAddress(bytes);
    }

    private static ByteBuffer bytes(int n) {
        return ByteBuffer.allocateDirect(n);
    }

    @Test
    void wildcardAndLoopbackOfIpv6MeanThoseOfIpv4() throws IOException {
        try (DatagramChannel server = provider.openDatagramChannel();
                DatagramChannel client = provider.openDatagramChannel()) {
            server.bind(new InetSocketAddress(ipv6(0), 0));
            InetSocketAddress local = (InetSocketAddress) server.getLocalAddress();
            assertEquals("0.0.0.0", local.getAddress().getHostAddress());
            InetSocketAddress loopback = new InetSocketAddress(ipv6(1), local.getPort());
            assertEquals(1, client.send(bytes(1), loopback));
            InetSocketAddress from = (InetSocketAddress) server.receive(bytes(1));
            assertEquals("127.0.0.1", from.getAddress().getHostAddress());
            client.connect(new InetSocketAddress(ipv6(0), local.getPort()));
            assertEquals(1, client.send(bytes(1), new InetSocketAddress(local.getPort())));
            assertEquals(1, client.send(bytes(1), loopback));
            server.receive(bytes(1));
            server.receive(bytes(1));
        }
    }

    @Test
    void otherIpv6AddressesAreRefused() throws IOException {
        try (DatagramChannel channel = provider.openDatagramChannel()) {
            InetSocketAddress address = new InetSocketAddress(ipv6(2), 80);
            assertThrows(UnsupportedAddressTypeException.class, () -> channel.bind(address));
            assertThrows(UnsupportedAddressTypeException.class, () -> channel.connect(address));
            assertThrows(
                    UnsupportedAddressTypeException.class, () -> channel.send(bytes(1), address));
        }
    }

    @Test
    void bufferSizesStayWithinTheSettings() throws IOException {
        try (DatagramChannel channel = provider.openDatagramChannel()) {
            int most = (int) Sysctl.RMEM_MAX.defaults()[0];
            assertEquals(
                    (int) Sysctl.RMEM_DEFAULT.defaults()[0] / 2,
                    channel.getOption(StandardSocketOptions.SO_RCVBUF));
            channel.setOption(StandardSocketOptions.SO_RCVBUF, Integer.MAX_VALUE);
            assertEquals(most / 2, channel.getOption(StandardSocketOptions.SO_RCVBUF));
            channel.setOption(StandardSocketOptions.SO_SNDBUF, 1);
            assertEquals(2_048 / 2, channel.getOption(StandardSocketOptions.SO_SNDBUF));
        }
    }

    @Test
    void trafficClassIsThatOfTheMoment() throws Exception {
        BlockingQueue<Integer> seen = new LinkedBlockingQueue<>();
        Engine own =
                Engine.open(
                        StackConfig.defaults(),
                        List.of(),
                        f -> seen.add(Ipv4.tos(f.bytes(), f.start())),
                        "observed");
        StackSelectorProvider provider = new StackSelectorProvider(() -> own);
        try (DatagramChannel server = bound(provider);
                DatagramChannel client = bound(provider)) {
            for (int tos : new int[] {0, 0x10, 0xB8}) {
                client.setOption(StandardSocketOptions.IP_TOS, tos);
                client.send(bytes(1), server.getLocalAddress());
                server.receive(bytes(1));
                assertEquals(tos, seen.poll(5, TimeUnit.SECONDS));
            }
        } finally {
            own.close(0);
        }
    }

    @Test
    void toStringShowsTheAddresses() throws IOException {
        DatagramChannel channel = provider.openDatagramChannel();
        assertEquals("io.usernet.DatagramChannel[unbound]", channel.toString());
        channel.bind(new InetSocketAddress("127.0.0.1", 0));
        SocketAddress local = channel.getLocalAddress();
        assertEquals("io.usernet.DatagramChannel[local=" + local + "]", channel.toString());
        channel.connect(new InetSocketAddress("127.0.0.1", 9));
        assertEquals(
                "io.usernet.DatagramChannel[local=" + local + " remote=/127.0.0.1:9]",
                channel.toString());
        channel.close();
        assertEquals("io.usernet.DatagramChannel[closed]", channel.toString());
    }

    // -- cost

    @Test
    void senderIsMadeAnewOnlyWhereItIsAnother() throws IOException {
        try (DatagramChannel server = bound(provider);
                DatagramChannel client = bound(provider)) {
            client.send(bytes(1), server.getLocalAddress());
            client.send(bytes(1), server.getLocalAddress());
            assertSame(server.receive(bytes(1)), server.receive(bytes(1)));
        }
    }

    @Test
    void sendingAndReceivingAllocatesNothing() throws Exception {
        try (DatagramChannel server = bound(provider);
                DatagramChannel client = bound(provider);
                DatagramChannel other = bound(provider)) {
            ByteBuffer buffer = bytes(100);
            SocketAddress to = server.getLocalAddress();
            Allocation.assertNone(
                    () -> {
                        client.send(buffer.clear(), to);
                        server.receive(buffer.clear());
                    });
            client.connect(other.getLocalAddress());
            other.connect(client.getLocalAddress());
            ByteBuffer[] two = {bytes(10), ByteBuffer.allocate(500)};
            Allocation.assertNone(
                    () -> {
                        client.write(buffer.clear());
                        other.read(buffer.clear());
                        two[0].clear();
                        two[1].clear();
                        other.write(two);
                        two[0].clear();
                        two[1].clear();
                        client.read(two);
                    });
        }
    }

    @Test
    void multicastingAllocatesNothing() throws Exception {
        InetAddress group = InetAddress.getByName("239.1.2.3");
        NetworkInterface through =
                NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        try (DatagramChannel member = provider.openDatagramChannel();
                DatagramChannel sender = provider.openDatagramChannel()) {
            member.bind(new InetSocketAddress(0)).join(group, through);
            sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, through);
            int port = ((InetSocketAddress) member.getLocalAddress()).getPort();
            SocketAddress to = new InetSocketAddress(group, port);
            ByteBuffer buffer = bytes(100);
            Allocation.assertNone(
                    () -> {
                        sender.send(buffer.clear(), to);
                        member.receive(buffer.clear());
                    });
        }
    }

    @Test
    void blockedVirtualThreadsLeaveTheirCarriers() throws Exception {
        assumeTrue(Runtime.version().feature() >= 21, "this JDK has no virtual threads");
        int many = 100;
        CountDownLatch served = new CountDownLatch(many);
        List<DatagramChannel> channels = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            DatagramChannel channel = bound(provider);
            channels.add(channel);
            Runnable receiver =
                    () -> {
                        DatagramPacket p = new DatagramPacket(new byte[9], 9);
                        try {
                            SocketAddress from = channel.receive(ByteBuffer.allocate(9));
                            channel.socket().receive(p);
                            assertEquals(from, p.getSocketAddress());
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                        served.countDown();
                    };
            Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, receiver);
        }
        try (DatagramChannel sender = bound(provider)) {
            for (int round = 0; round < 2; round++)
                for (int i = many; --i >= 0; )
                    sender.send(bytes(3), channels.get(i).getLocalAddress());
            assertTrue(served.await(20, TimeUnit.SECONDS), served + " are left");
        }
        for (DatagramChannel channel : channels) channel.close();
    }

    // -- ends

    /** Nothing is torn, nobody hangs, and no memory is left (see {@link #close}). */
    @Test
    void closingRacesWithSending() throws Exception {
        for (int round = 0; round < 300; round++) {
            DatagramChannel server = bound(provider), client = bound(provider);
            SocketAddress to = server.getLocalAddress();
            CompletableFuture<Long> sending = Async.supply(() -> sendUntilClosed(client, to));
            CompletableFuture<Long> receiving = Async.supply(() -> receiveUntilClosed(server));
            for (int i = 0; i < round; i++) Thread.onSpinWait();
            client.close();
            long sent = sending.get();
            LockSupport.parkNanos(100_000);
            server.close();
            assertTrue(receiving.get() <= sent);
        }
    }

    private static long sendUntilClosed(DatagramChannel channel, SocketAddress to) {
        ByteBuffer src = bytes(777);
        for (long n = 0; ; n++) {
            try {
                assertEquals(777, channel.send(src.clear(), to));
            } catch (IOException e) {
                assertFalse(channel.isOpen(), e::toString);
                return n;
            }
        }
    }

    private static long receiveUntilClosed(DatagramChannel channel) {
        ByteBuffer dst = bytes(1_000);
        for (long n = 0; ; n++) {
            try {
                channel.receive(dst.clear());
                assertEquals(777, dst.position());
            } catch (IOException e) {
                assertFalse(channel.isOpen(), e::toString);
                return n;
            }
        }
    }

    @Test
    void closedStackFailsCleanly() throws Exception {
        Engine own = Engine.open(StackConfig.defaults(), null, "short-lived");
        StackSelectorProvider provider = new StackSelectorProvider(() -> own);
        DatagramChannel unbound = provider.openDatagramChannel();
        DatagramChannel channel = bound(provider), waits = bound(provider);
        SocketAddress to = waits.getLocalAddress();
        DatagramSocket adaptor = bound(provider).socket();
        CompletableFuture<String> waiting =
                Async.supply(() -> failure(() -> waits.receive(bytes(1))));
        TimeUnit.MILLISECONDS.sleep(20); // before or after it blocks: both must end
        own.close(0);
        String closed = "The network stack is closed";
        assertEquals(closed, waiting.get(10, TimeUnit.SECONDS));
        assertEquals(closed, failure(() -> channel.receive(bytes(1))));
        assertEquals(closed, failure(() -> channel.send(bytes(1), to)));
        assertEquals(closed, failure(() -> channel.connect(to)));
        assertEquals(closed, failure(() -> unbound.bind(null)));
        assertEquals(closed, failure(() -> unbound.send(bytes(1), to)));
        assertEquals(closed, failure(() -> adaptor.receive(new DatagramPacket(new byte[1], 1))));
        unbound.close();
        channel.close();
        waits.close();
        adaptor.close();
        assertEquals(0, own.memory().inUse());
    }

    private static String failure(Allocation.Action action) {
        try {
            action.run();
        } catch (IOException e) {
            return e.getMessage();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("did not fail");
    }

    @Test
    void selectorsHearThatTheStackIsClosed() throws IOException {
        Engine own = Engine.open(StackConfig.defaults(), null, "short-lived");
        StackSelectorProvider provider = new StackSelectorProvider(() -> own);
        try (Selector selector = provider.openSelector();
                DatagramChannel channel = bound(provider)) {
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
            assertEquals(0, selector.selectNow());
            own.close(0);
            assertEquals(1, selector.select(5_000));
            assertTrue(key.isReadable());
            assertThrows(IOException.class, () -> channel.receive(bytes(1)));
        }
    }
}
