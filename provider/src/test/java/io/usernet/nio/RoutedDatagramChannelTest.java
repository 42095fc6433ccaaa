package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Async;
import io.usernet.config.PassThrough;
import io.usernet.config.PassThrough.Wildcard;
import io.usernet.config.Settings;
import io.usernet.link.Wire;
import io.usernet.nio.Routing.Transport;
import io.usernet.runtime.Engine;
import io.usernet.wire.Cidr;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
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
import org.junit.jupiter.api.Assumptions;
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
            ON_STACK_PORT = new InetSocketAddress("10.0.0.2", 9),
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
    void serverOnTheStackAnswersAConnectedClientOfTheProgram() throws Exception {
        DatagramChannel server = channel().bind(null), client = channel();
        int port = addressOf(server).getPort();
        client.connect(new InetSocketAddress(ON_LOOPBACK.getAddress(), port));
        client.write(one());
        assertEquals(addressOf(client), answer(server));
        assertEquals(1, client.read(one()));
    }

    /** The client has a socket of the stack, too, at the port to which the server answers. */
    @Test
    void serverAtTheLoopbackOfIpv6AnswersAsThat() throws Exception {
        InetAddress six = InetAddress.getByName("::1");
        Assumptions.assumeTrue(NetworkInterface.getByInetAddress(six) != null, "no ::1 here");
        DatagramChannel server =
                closing(provider.openDatagramChannel()).bind(new InetSocketAddress(six, 0));
        DatagramChannel client = closing(provider.openDatagramChannel()).bind(null);
        client.send(one(), addressOf(server));
        answer(server);
        assertEquals(addressOf(server), client.receive(one()));
    }

    @Test
    void twoChannelsOfTheProgramConnectToOneAnother() throws Exception {
        DatagramChannel left = channel().bind(null), right = channel().bind(null);
        InetAddress here = ON_LOOPBACK.getAddress();
        left.connect(new InetSocketAddress(here, addressOf(right).getPort()));
        right.connect(new InetSocketAddress(here, addressOf(left).getPort()));
        left.write(one());
        assertEquals(1, right.read(one()));
        right.write(one());
        assertEquals(1, left.read(one()));
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

    // -- multicast

    private static NetworkInterface lo() throws IOException {
        return NetworkInterface.getByInetAddress(ON_LOOPBACK.getAddress());
    }

    private static InetAddress group(int last) throws IOException {
        return InetAddress.getByName("239.255.77." + last);
    }

    private DatagramChannel channel(PassThrough rules) throws IOException {
        return closing(provider(rules).openDatagramChannel(StandardProtocolFamily.INET));
    }

    private DatagramChannel jdks() throws IOException {
        return closing(Kernel.provider().openDatagramChannel(StandardProtocolFamily.INET));
    }

    private DatagramChannel stacks() throws IOException {
        return channel(PassThrough.NONE);
    }

    private static void send(DatagramChannel from, String text, InetAddress group, int port)
            throws IOException {
        from.send(ByteBuffer.wrap(text.getBytes()), new InetSocketAddress(group, port));
    }

    private static String receive(DatagramChannel from) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        from.socket().setSoTimeout(10_000);
        from.socket().receive(packet);
        return new String(packet.getData(), 0, packet.getLength());
    }

    private static int portOf(DatagramChannel channel) throws IOException {
        return addressOf(channel).getPort();
    }

    /** The table of docs/pass-through.md: who serves a group. */
    @Test
    void whoServesAGroup() throws Exception {
        List<Cidr> groups = List.of(Cidr.parse("239.255.77.0/24"));
        List<Cidr> loopback = List.of(Cidr.parse("127.0.0.0/8"));
        List<PassThrough> kernels =
                List.of(
                        LOOPBACK,
                        new PassThrough(false, false, false, groups, Wildcard.STACK),
                        new PassThrough(false, false, false, loopback, Wildcard.STACK),
                        new PassThrough(true, true, true, groups, Wildcard.BOTH));
        for (PassThrough rules : kernels) assertServed(rules, true);
        for (Wildcard wildcard : Wildcard.values()) {
            assertServed(new PassThrough(false, false, false, List.of(), wildcard), false);
        }
    }

    /** By the loopback's interface: whoever joins and sends meets himself, and nobody of the other. */
    private void assertServed(PassThrough rules, boolean byKernel) throws IOException {
        DatagramChannel member = channel(rules), sender = channel(rules);
        DatagramChannel same = byKernel ? jdks() : stacks();
        DatagramChannel other = byKernel ? stacks() : jdks();
        member.bind(null).join(group(1), lo());
        for (DatagramChannel c : List.of(same, other)) {
            c.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo());
            c.bind(null);
            send(c, c == same ? "same" : "other", group(1), portOf(member));
        }
        sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo());
        send(sender, "itself", group(1), portOf(member));
        assertEquals("same", receive(member), rules.toString());
        assertEquals("itself", receive(member), rules.toString());
        member.configureBlocking(false);
        assertNull(member.receive(ByteBuffer.allocate(10)), rules.toString());
    }

    /** The rest of the table: without an interface that says anything. */
    @Test
    void whoServesAGroupByDefault() throws Exception {
        InetAddress six = InetAddress.getByName("ff02::1:2");
        PassThrough unrouted = new PassThrough(true, true, false, List.of(), Wildcard.STACK);
        assertEquals(Transport.KERNEL, new Routing(unrouted, engine).group(group(8), null));
        assertEquals(Transport.KERNEL, new Routing(unrouted, engine).group(six, null));
        assertEquals(Transport.STACK, new Routing(LOOPBACK, engine).group(six, null));
        for (Wildcard wildcard : Wildcard.values()) {
            PassThrough rules = new PassThrough(true, false, false, List.of(), wildcard);
            Transport expected = Transport.valueOf(wildcard.name());
            assertEquals(expected, new Routing(rules, engine).group(group(8), null));
            assertEquals(
                    Transport.STACK, new Routing(rules, engine).group(group(8), Transport.STACK));
        }
        Wire wire = new Wire("routed", 3, 1_500, 16);
        Settings settings = new Settings.Builder().set(Settings.ADDRESS, "10.1.0.2/24").build();
        Engine linked = Engine.open(settings.stack(), wire.left(), "linked");
        try {
            assertEquals(Transport.STACK, new Routing(unrouted, linked).group(group(8), null));
        } finally {
            linked.close(0);
            wire.right().close();
        }
    }

    @Test
    void byDefaultAGroupIsOnTheStackAsTheWildcardIs() throws Exception {
        DatagramChannel member = channel(), sender = channel();
        member.bind(null);
        member.socket().joinGroup(new InetSocketAddress(group(2), 0), null);
        send(sender, "default", group(2), portOf(member));
        assertEquals("default", receive(member));
        send(stacks(), "stack", group(2), portOf(member));
        assertEquals("stack", receive(member));
        member.socket().leaveGroup(new InetSocketAddress(group(2), 0), null);
    }

    @Test
    void aChannelIsAMemberOnBothLegs() throws Exception {
        DatagramChannel member = channel();
        MembershipKey inKernel = member.join(group(3), lo());
        member.bind(null);
        member.socket().joinGroup(new InetSocketAddress(group(3), 0), null);
        DatagramChannel kernel = jdks();
        kernel.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo());
        send(kernel, "kernel", group(3), portOf(member));
        assertEquals("kernel", receive(member));
        send(stacks(), "stack", group(3), portOf(member));
        assertEquals("stack", receive(member));
        assertSame(inKernel, member.join(group(3), lo()));
        inKernel.drop();
        assertFalse(inKernel.isValid());
        send(kernel, "dropped", group(3), portOf(member));
        send(stacks(), "still", group(3), portOf(member));
        assertEquals("still", receive(member));
    }

    @Test
    void onBothAnInterfaceThatIsNobodysIsJoinedOnBoth() throws Exception {
        PassThrough both = new PassThrough(true, false, false, List.of(), Wildcard.BOTH);
        Routing routing = new Routing(both, engine);
        assertEquals(Transport.BOTH, routing.group(group(4), null));
        DatagramChannel member = channel(both), sender = channel(both);
        member.bind(null);
        MembershipKey loopback = member.join(group(4), lo());
        DatagramChannel kernel = jdks();
        kernel.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo());
        send(kernel, "kernel", group(4), portOf(member));
        assertEquals("kernel", receive(member));
        loopback.block(ON_LOOPBACK.getAddress());
        send(kernel, "blocked", group(4), portOf(member));
        loopback.unblock(ON_LOOPBACK.getAddress());
        send(kernel, "unblocked", group(4), portOf(member));
        assertEquals("unblocked", receive(member));
        send(sender, "by default", group(4), portOf(member)); // by the stack: it is no member there
        send(kernel, "last", group(4), portOf(member));
        assertEquals("last", receive(member));
    }

    @Test
    void membershipsOutliveLegs() throws Exception {
        DatagramChannel member = channel();
        member.bind(null);
        MembershipKey key = member.join(group(5), lo());
        InetAddress blocked = InetAddress.getByName("127.0.0.7");
        key.block(blocked);
        member.connect(ON_STACK_PORT);
        assertTrue(key.isValid());
        member.disconnect();
        DatagramChannel bad = jdks(), good = jdks();
        bad.bind(new InetSocketAddress(blocked, 0));
        good.bind(ON_LOOPBACK);
        send(bad, "blocked", group(5), portOf(member));
        send(good, "passed", group(5), portOf(member));
        assertEquals("passed", receive(member));
        assertSame(key, member.join(group(5), lo()));
        key.drop();
        assertFalse(key.isValid());
        MembershipKey again = member.join(group(5), lo());
        member.close();
        assertFalse(again.isValid());
    }

    @Test
    void aSourceOfTheKernelsIsLetInAlone() throws Exception {
        DatagramChannel member = channel();
        InetAddress wanted = InetAddress.getByName("127.0.0.7");
        MembershipKey key = member.join(group(6), lo(), wanted);
        member.bind(null);
        DatagramChannel good = jdks().bind(new InetSocketAddress(wanted, 0));
        DatagramChannel bad = jdks().bind(ON_LOOPBACK);
        send(bad, "unwanted", group(6), portOf(member));
        send(good, "wanted", group(6), portOf(member));
        assertEquals("wanted", receive(member));
        assertEquals(wanted, key.sourceAddress());
        assertSame(member, key.channel());
    }

    @Test
    void aSenderThatIsBoundToTheLoopbackReachesItsMembers() throws Exception {
        DatagramChannel member = channel();
        member.bind(null).join(group(7), lo());
        DatagramChannel sender = channel().bind(ON_LOOPBACK);
        send(sender, "loopback", group(7), portOf(member));
        assertEquals("loopback", receive(member));
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
