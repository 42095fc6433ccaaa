package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Async;
import io.usernet.config.PassThrough;
import io.usernet.config.PassThrough.Wildcard;
import io.usernet.config.Settings;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who serves which datagram; what is the same whoever does is in the contract suite. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RoutedDatagramChannelTest {
    private static final long LONG_MS = 20_000;
    private static final PassThrough LOOPBACK =
            new PassThrough(true, false, false, List.of(), Wildcard.STACK);
    private static final InetSocketAddress ON_STACK = new InetSocketAddress("10.0.0.2", 0),
            ON_LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static Engine engine;

    private final SelectorProvider provider = provider(LOOPBACK);
    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void open() {
        Settings settings = new Settings.Builder().set(Settings.ADDRESS, "10.0.0.2/24").build();
        engine = Engine.open(settings.stack(), List.of(), null, "routed-datagrams");
    }

    @AfterAll
    static void close() {
        engine.close(TimeUnit.SECONDS.toNanos(5));
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : opened) one.close();
    }

    private static SelectorProvider provider(PassThrough rules) {
        return new StackSelectorProvider(() -> engine, rules);
    }

    private <T extends AutoCloseable> T closing(T one) {
        opened.add(one);
        return one;
    }

    private DatagramChannel channel() throws IOException {
        return closing(provider.openDatagramChannel(StandardProtocolFamily.INET));
    }

    private DatagramChannel stackServer() throws IOException {
        return closing(new StackSelectorProvider(() -> engine).openDatagramChannel())
                .bind(ON_STACK);
    }

    private DatagramChannel kernelServer() throws IOException {
        return closing(Kernel.provider().openDatagramChannel(StandardProtocolFamily.INET))
                .bind(ON_LOOPBACK);
    }

    private static ByteBuffer one() {
        return ByteBuffer.allocate(1);
    }

    private static InetSocketAddress addressOf(DatagramChannel channel) throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    /** Answers the next datagram. */
    private static InetSocketAddress answer(DatagramChannel server) throws IOException {
        SocketAddress from = server.receive(one());
        server.send(one(), from);
        return (InetSocketAddress) from;
    }

    private static CompletableFuture<SocketAddress> receiving(DatagramChannel channel) {
        return Async.supply(
                () -> {
                    try {
                        return channel.receive(one());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    /** As a resolver does it that asks 127.0.0.53 and others from one channel. */
    @Test
    void unboundChannelAsksTheKernelAndTheStackFromOnePort() throws Exception {
        DatagramChannel onStack = stackServer(), inKernel = kernelServer(), channel = channel();
        for (DatagramChannel server : List.of(onStack, inKernel, onStack, inKernel)) {
            assertEquals(1, channel.send(one(), addressOf(server)));
            assertEquals(addressOf(channel).getPort(), answer(server).getPort());
            assertEquals(addressOf(server), channel.receive(one()));
        }
    }

    @Test
    void theSameBeginningWithTheKernel() throws Exception {
        DatagramChannel onStack = stackServer(), inKernel = kernelServer(), channel = channel();
        for (DatagramChannel server : List.of(inKernel, onStack)) {
            assertEquals(1, channel.send(one(), addressOf(server)));
            assertEquals(addressOf(channel).getPort(), answer(server).getPort());
            assertEquals(addressOf(server), channel.receive(one()));
        }
    }

    @Test
    void selectorHearsOfALegThatComesLater() throws Exception {
        DatagramChannel onStack = stackServer(), inKernel = kernelServer(), channel = channel();
        channel.configureBlocking(false);
        Selector selector = closing(provider.openSelector());
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        assertEquals(0, selector.selectNow());
        for (DatagramChannel server : List.of(onStack, inKernel, onStack)) {
            channel.send(one(), addressOf(server));
            answer(server);
            assertEquals(1, selector.select(LONG_MS));
            assertTrue(key.isReadable());
            assertEquals(addressOf(server), channel.receive(one()));
            assertEquals(null, channel.receive(one()));
            selector.selectedKeys().clear();
        }
        assertEquals(0, selector.selectNow());
        channel.close();
        assertEquals(0, selector.selectNow());
        assertFalse(key.isValid());
    }

    @Test
    void blockedReceiveHearsOfALegThatComesLater() throws Exception {
        DatagramChannel inKernel = kernelServer();
        DatagramChannel channel = channel().bind(null);
        CompletableFuture<SocketAddress> receiving = receiving(channel);
        channel.send(one(), addressOf(inKernel));
        answer(inKernel);
        assertEquals(addressOf(inKernel), receiving.get());
    }

    @Test
    void timedReceiveOnTwoLegs() throws Exception {
        DatagramChannel onStack = stackServer(), inKernel = kernelServer();
        DatagramSocket socket = channel().socket();
        byte[] bytes = new byte[1];
        for (DatagramChannel server : List.of(onStack, inKernel)) {
            socket.send(new DatagramPacket(bytes, 1, addressOf(server)));
            answer(server);
            socket.setSoTimeout(10_000);
            DatagramPacket packet = new DatagramPacket(bytes, 1);
            socket.receive(packet);
            assertEquals(addressOf(server), packet.getSocketAddress());
            socket.setSoTimeout(20);
            assertThrows(SocketTimeoutException.class, () -> socket.receive(packet));
        }
    }

    @Test
    void programsOwnServerOnTheStackComesBeforeTheKernels() throws Exception {
        DatagramChannel own =
                closing(new StackSelectorProvider(() -> engine).openDatagramChannel())
                        .bind(ON_LOOPBACK);
        DatagramChannel channel = channel();
        channel.send(one(), addressOf(own));
        answer(own);
        assertEquals(addressOf(own), channel.receive(one()));
    }

    @Test
    void boundToTheLoopbackItReachesTheProgramsOwnServerAndTheKernels() throws Exception {
        DatagramChannel onStack =
                closing(new StackSelectorProvider(() -> engine).openDatagramChannel()).bind(null);
        InetSocketAddress own =
                new InetSocketAddress(ON_LOOPBACK.getAddress(), addressOf(onStack).getPort());
        DatagramChannel inKernel = kernelServer();
        DatagramChannel channel = channel().bind(ON_LOOPBACK);
        InetSocketAddress known = addressOf(channel);
        channel.send(one(), own);
        assertEquals(known, answer(onStack));
        assertEquals(own, channel.receive(one()));
        channel.send(one(), addressOf(inKernel));
        assertEquals(known, answer(inKernel));
        assertEquals(addressOf(inKernel), channel.receive(one()));
        channel.connect(own);
        assertEquals(known, addressOf(channel));
        channel.write(one());
        assertEquals(known, answer(onStack));
        assertEquals(1, channel.read(one()));
    }

    private static InetSocketAddress onLoopback(DatagramChannel bound) throws IOException {
        return new InetSocketAddress(ON_LOOPBACK.getAddress(), addressOf(bound).getPort());
    }

    /** Most servers of UDP: they are not connected, and their clients are. */
    @Test
    void serverAtTheWildcardAnswersAClientThatIsConnected() throws Exception {
        DatagramChannel server = channel().bind(null), client = channel();
        client.connect(onLoopback(server));
        for (int i = 0; i < 2; i++) {
            client.write(one());
            assertEquals(addressOf(client), answer(server));
            assertEquals(onLoopback(server), client.receive(one()));
        }
    }

    @Test
    void twoAtTheWildcardConnectToEachOther() throws Exception {
        DatagramChannel one = channel().bind(null), other = channel().bind(null);
        one.connect(onLoopback(other));
        other.connect(onLoopback(one));
        other.write(one());
        assertEquals(1, one.read(one()));
        one.write(one());
        assertEquals(1, other.read(one()));
    }

    /** Only to whom it is connected: for anybody else it is not there. */
    @Test
    void whatAConnectedSocketWouldNotTakeGoesToTheKernel() throws Exception {
        DatagramChannel server = channel().bind(null),
                client = channel(),
                inKernel = kernelServer();
        client.bind(new InetSocketAddress(addressOf(inKernel).getPort())); // the stack's
        client.connect(onLoopback(server));
        DatagramChannel third = channel().bind(null);
        third.send(one(), addressOf(inKernel));
        assertEquals(addressOf(third).getPort(), answer(inKernel).getPort());
        assertEquals(addressOf(inKernel), third.receive(one()));
    }

    @Test
    void serverThatComesAndGoesIsNoticedWithTheNextDatagram() throws Exception {
        DatagramChannel inKernel = kernelServer(), channel = channel();
        channel.send(one(), addressOf(inKernel));
        answer(inKernel);
        try (DatagramChannel own = new StackSelectorProvider(() -> engine).openDatagramChannel()) {
            own.bind(addressOf(inKernel)); // the same port of the stack
            channel.send(one(), addressOf(own));
            answer(own);
        }
        assertEquals(1, channel.send(one(), addressOf(inKernel)));
        answer(inKernel);
        for (int i = 0; i < 3; i++) assertEquals(addressOf(inKernel), channel.receive(one()));
    }

    /** Non-blocking, so that no selector to wait in comes between. */
    @Test
    void connectedChannelHasOneLegAndItsDescriptorsGo() throws Exception {
        DatagramChannel onStack = stackServer(), inKernel = kernelServer(), channel = channel();
        channel.configureBlocking(false);
        channel.send(one(), addressOf(onStack));
        InetSocketAddress known = answer(onStack);
        assertEquals(addressOf(onStack), poll(channel));
        int before = Descriptors.count();
        channel.send(one(), addressOf(inKernel));
        answer(inKernel);
        assertEquals(addressOf(inKernel), poll(channel));
        Descriptors.assertNoMoreThan(before + 1);

        channel.connect(addressOf(onStack));
        Descriptors.assertNoMoreThan(before);
        assertEquals(known.getPort(), addressOf(channel).getPort());
        channel.write(one());
        assertEquals(known.getPort(), answer(onStack).getPort());
        assertEquals(addressOf(onStack), poll(channel));

        channel.disconnect();
        channel.connect(addressOf(inKernel));
        channel.write(one());
        answer(inKernel);
        assertEquals(addressOf(inKernel), poll(channel));
        channel.close();
        Descriptors.assertNoMoreThan(before);
    }

    private static SocketAddress poll(DatagramChannel channel) throws IOException {
        while (true) {
            SocketAddress from = channel.receive(one());
            if (from != null) return from;
            LockSupport.parkNanos(200_000);
        }
    }

    @Test
    void optionsReachTheLegsOfBoth() throws Exception {
        DatagramChannel inKernel = kernelServer(), channel = channel();
        channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
        channel.setOption(StandardSocketOptions.IP_TOS, 0x10);
        channel.connect(addressOf(inKernel));
        assertTrue(channel.getOption(StandardSocketOptions.SO_BROADCAST));
        assertEquals(0x10, channel.getOption(StandardSocketOptions.IP_TOS));
    }

    @Test
    void multicastIsTheKernels() throws Exception {
        NetworkInterface loopback = NetworkInterface.getByInetAddress(ON_LOOPBACK.getAddress());
        InetAddress group = InetAddress.getByName("239.255.1.1");
        DatagramChannel onStack = channel().bind(ON_STACK);
        assertThrows(UnsupportedOperationException.class, () -> onStack.join(group, loopback));
        PassThrough rules = new PassThrough(false, false, false, List.of(), Wildcard.KERNEL);
        DatagramChannel inKernel =
                closing(provider(rules).openDatagramChannel(StandardProtocolFamily.INET));
        inKernel.bind(null);
        MembershipKey key = inKernel.join(group, loopback);
        assertTrue(key.isValid());
        assertSame(inKernel, key.channel());
        assertSame(key, inKernel.join(group, loopback));
        key.drop();
        assertFalse(key.isValid());
        assertTrue(inKernel.join(group, loopback).isValid());
    }

    @Test
    void adaptorJoinsWhereTheKernelServesIt() throws Exception {
        NetworkInterface loopback = NetworkInterface.getByInetAddress(ON_LOOPBACK.getAddress());
        SocketAddress group = new InetSocketAddress("239.255.1.2", 0);
        DatagramSocket onStack = channel().bind(ON_STACK).socket();
        assertEquals(
                "Usernet has no multicast yet",
                assertThrows(SocketException.class, () -> onStack.joinGroup(group, loopback))
                        .getMessage());
        PassThrough rules = new PassThrough(false, false, false, List.of(), Wildcard.KERNEL);
        DatagramSocket inKernel =
                closing(provider(rules).openDatagramChannel(StandardProtocolFamily.INET))
                        .bind(null)
                        .socket();
        inKernel.joinGroup(group, loopback);
        assertEquals(
                "Already a member of group",
                assertThrows(SocketException.class, () -> inKernel.joinGroup(group, loopback))
                        .getMessage());
        inKernel.leaveGroup(group, loopback);
        assertEquals(
                "Not a member of group",
                assertThrows(SocketException.class, () -> inKernel.leaveGroup(group, loopback))
                        .getMessage());
        inKernel.joinGroup(group, null);
    }

    @Test
    void closeEndsAReceiveOnTwoLegsAndFreesTheirDescriptors() throws Exception {
        DatagramChannel inKernel = kernelServer();
        int before = Descriptors.count();
        for (int round = 0; round < 20; round++) {
            DatagramChannel channel = channel().bind(null);
            CompletableFuture<SocketAddress> receiving = receiving(channel);
            channel.send(one(), addressOf(inKernel));
            inKernel.receive(one());
            if (round % 2 == 0) Thread.yield();
            channel.close();
            ExecutionException failure = assertThrows(ExecutionException.class, receiving::get);
            Throwable cause = failure.getCause().getCause();
            assertTrue(
                    cause instanceof AsynchronousCloseException
                            || cause.getClass() == java.nio.channels.ClosedChannelException.class,
                    cause.toString());
        }
        Descriptors.assertNoMoreThan(before);
    }

    /** As it is of the JDK's own channels. */
    @Test
    void portOfABlockedReceiveIsFreeAfterClose() throws Exception {
        SelectorProvider both =
                provider(new PassThrough(false, false, false, List.of(), Wildcard.BOTH));
        for (int round = 0; round < 300; round++) {
            DatagramChannel channel = both.openDatagramChannel().bind(null);
            CompletableFuture<SocketAddress> receiving = receiving(channel);
            pause(round);
            InetSocketAddress port = new InetSocketAddress(addressOf(channel).getPort());
            channel.close();
            Kernel.provider().openDatagramChannel().bind(port).close();
            new StackSelectorProvider(() -> engine).openDatagramChannel().bind(port).close();
            assertThrows(ExecutionException.class, receiving::get);
        }
    }

    /** Wherever the thread just is: before its wait, on its way into it, or in it. */
    @Test
    void interruptEndsAReceiveWhereverItIs() throws Exception {
        SelectorProvider both =
                provider(new PassThrough(false, false, false, List.of(), Wildcard.BOTH));
        for (int round = 0; round < 1000; round++) {
            DatagramChannel channel = both.openDatagramChannel().bind(null);
            CompletableFuture<Thread> thread = new CompletableFuture<>();
            CompletableFuture<Void> receive =
                    Async.run(
                            () -> {
                                thread.complete(Thread.currentThread());
                                assertThrows(
                                        ClosedByInterruptException.class,
                                        () -> channel.receive(one()));
                                assertTrue(Thread.interrupted());
                            });
            Thread receiving = thread.get();
            pause(round);
            Async.run(receiving::interrupt).get(10, TimeUnit.SECONDS);
            receive.get(10, TimeUnit.SECONDS);
            assertFalse(channel.isOpen());
        }
    }

    /** Other lengths in other rounds, so that what follows meets the other thread everywhere. */
    private static void pause(int round) {
        for (int i = 0; i < (round % 50) * 100; i++) Thread.onSpinWait();
    }

    @Test
    void ipv6IsTheKernels() throws Exception {
        PassThrough rules = new PassThrough(true, false, false, List.of(), Wildcard.STACK);
        DatagramChannel server =
                closing(Kernel.provider().openDatagramChannel(StandardProtocolFamily.INET6));
        InetAddress loopback = InetAddress.getByName("::1");
        server.bind(new InetSocketAddress(loopback, 0));
        DatagramChannel channel =
                closing(provider(rules).openDatagramChannel(StandardProtocolFamily.INET6));
        channel.send(one(), addressOf(server));
        answer(server);
        assertEquals(addressOf(server), channel.receive(one()));
    }
}
