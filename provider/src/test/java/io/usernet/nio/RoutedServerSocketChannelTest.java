package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.usernet.Async;
import io.usernet.config.PassThrough;
import io.usernet.config.StackConfig;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server's side of pass-through: listeners on the stack, in the kernel, and on both. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RoutedServerSocketChannelTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final int CONNECTIONS = 200;

    private static Engine engine;
    private static SelectorProvider kernel;

    private final StackSelectorProvider stack = new StackSelectorProvider(() -> engine);
    private final StackSelectorProvider both = routed("none", "both");
    private final Deque<AutoCloseable> opened = new ConcurrentLinkedDeque<>();

    @BeforeAll
    static void open() throws IOException {
        engine = Engine.open(StackConfig.defaults(), null, "routed");
        kernel = Kernel.provider();
    }

    @AfterAll
    static void close() {
        engine.close(TimeUnit.SECONDS.toNanos(5));
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    @AfterEach
    void closeAll() throws Exception {
        while (!opened.isEmpty()) opened.pop().close();
    }

    private static StackSelectorProvider routed(String rules, String wildcard) {
        PassThrough parsed = Rules.of(rules, wildcard);
        return new StackSelectorProvider(() -> engine, () -> parsed);
    }

    private <T extends AutoCloseable> T closing(T one) {
        opened.push(one);
        return one;
    }

    private ServerSocketChannel open(SelectorProvider of) throws IOException {
        return closing(of.openServerSocketChannel());
    }

    private static int portOf(ServerSocketChannel server) throws IOException {
        return ((InetSocketAddress) server.getLocalAddress()).getPort();
    }

    private SocketChannel connect(SelectorProvider by, ServerSocketChannel to) throws IOException {
        SocketChannel client = closing(by.openSocketChannel());
        assertTrue(client.connect(new InetSocketAddress(LOOPBACK, portOf(to))));
        return client;
    }

    private void assertRefused(SelectorProvider by, ServerSocketChannel to) throws IOException {
        SocketChannel client = closing(by.openSocketChannel());
        InetSocketAddress address = new InetSocketAddress(LOOPBACK, portOf(to));
        IOException failure = assertThrows(IOException.class, () -> client.connect(address));
        assertEquals("Connection refused", failure.getMessage());
    }

    // -- who serves it

    @Test
    void explicitLoopbackIsTheKernels() throws IOException {
        ServerSocketChannel server =
                open(routed("loopback", "stack")).bind(new InetSocketAddress(LOOPBACK, 0));
        assertTrue(
                server.toString().startsWith("io.usernet.ServerSocketChannel[kernel "),
                server.toString());
        connect(kernel, server);
        assertRefused(stack, server);
    }

    @Test
    void wildcardIsTheStacks() throws IOException {
        ServerSocketChannel server = open(routed("loopback", "stack")).bind(null);
        connect(stack, server);
        assertRefused(kernel, server);
    }

    @Test
    void wildcardIsTheKernelsIfTheRulesSaySo() throws IOException {
        ServerSocketChannel server = open(routed("none", "kernel")).bind(null);
        connect(kernel, server);
        assertRefused(stack, server);
    }

    @Test
    void wildcardIsOnBoth() throws IOException {
        ServerSocketChannel server = open(both).bind(null);
        assertEquals(
                "io.usernet.ServerSocketChannel[stack and kernel " + server.getLocalAddress() + "]",
                server.toString());
        for (SelectorProvider by : List.of(stack, kernel)) {
            SocketChannel client = connect(by, server);
            SocketChannel accepted = closing(server.accept());
            assertSame(both, accepted.provider());
            assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
        }
    }

    // -- binding to both

    @Test
    void portThatTheKernelHasTakenIsFreeOnTheStackAfterwards() throws IOException {
        ServerSocketChannel taking = open(kernel).bind(null);
        ServerSocketChannel server = open(both);
        InetSocketAddress taken = new InetSocketAddress(portOf(taking));
        BindException failure = assertThrows(BindException.class, () -> server.bind(taken));
        assertEquals("Address already in use", failure.getMessage());
        assertNull(server.getLocalAddress());
        open(stack).bind(taken);
        server.bind(null); // another is fine
        connect(kernel, server);
    }

    @Test
    void portThatTheStackHasTakenIsFreeInTheKernelAfterwards() throws IOException {
        InetSocketAddress taken;
        try (ServerSocketChannel free = kernel.openServerSocketChannel().bind(null)) {
            taken = new InetSocketAddress(portOf(free));
        }
        open(stack).bind(taken);
        ServerSocketChannel server = open(both);
        assertThrows(BindException.class, () -> server.bind(taken));
        open(kernel).bind(taken);
    }

    /** The stack gives ports in an order of its own, of which the kernel has some taken. */
    @Test
    void freePortIsFreeOnBoth() throws IOException {
        for (int i = 0; i < 50; i++) open(kernel).bind(null);
        for (int i = 0; i < 50; i++) {
            ServerSocketChannel server = open(both).bind(null);
            connect(stack, server);
            connect(kernel, server);
        }
    }

    @Test
    void optionsReachBoth() throws IOException {
        ServerSocketChannel server = open(both);
        server.setOption(StandardSocketOptions.SO_RCVBUF, 40_000);
        server.bind(null);
        connect(kernel, server);
        SocketChannel ofKernel = closing(server.accept());
        connect(stack, server);
        SocketChannel ofStack = closing(server.accept());
        assertEquals(40_000, ofStack.getOption(StandardSocketOptions.SO_RCVBUF));
        SocketChannel other = connect(kernel, open(kernel).bind(null));
        assertTrue(
                ofKernel.getOption(StandardSocketOptions.SO_RCVBUF)
                        < other.getOption(StandardSocketOptions.SO_RCVBUF));
    }

    // -- accepting from both

    /** So many clients of each transport, of which each sends a byte and reads it back. */
    private CompletableFuture<?> clients(ServerSocketChannel server) {
        return CompletableFuture.allOf(
                Async.run(() -> talk(stack, server)), Async.run(() -> talk(kernel, server)));
    }

    private static void talk(SelectorProvider by, ServerSocketChannel server) {
        try {
            InetSocketAddress to = new InetSocketAddress(LOOPBACK, portOf(server));
            List<SocketChannel> clients = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS / 2; i++) {
                SocketChannel client = by.openSocketChannel();
                client.connect(to);
                clients.add(client);
            }
            for (int i = 0; i < clients.size(); i++) {
                ByteBuffer one = ByteBuffer.wrap(new byte[] {(byte) i});
                clients.get(i).write(one);
                assertEquals(1, clients.get(i).read(one.clear()));
                assertEquals((byte) i, one.get(0));
            }
            for (SocketChannel client : clients) client.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void echo(SocketChannel channel) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        if (channel.read(one) < 0) channel.close();
        else channel.write(one.flip());
    }

    @Test
    void blockingAcceptTakesFromBoth() throws Exception {
        ServerSocketChannel server = open(both).bind(null, CONNECTIONS);
        CompletableFuture<?> clients = clients(server);
        for (int i = 0; i < CONNECTIONS; i++) {
            SocketChannel accepted = closing(server.accept());
            Async.run(
                    () -> {
                        try {
                            echo(accepted);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        }
        clients.get(30, TimeUnit.SECONDS);
    }

    @Test
    void selectorTakesFromBoth() throws Exception {
        ServerSocketChannel server = open(both).bind(null, CONNECTIONS);
        server.configureBlocking(false);
        CompletableFuture<?> clients = clients(server);
        int accepted = 0, ended = 0;
        try (Selector selector = both.openSelector()) {
            server.register(selector, SelectionKey.OP_ACCEPT);
            while (ended < CONNECTIONS) {
                assertTrue(selector.select(30_000) > 0, "accepted " + accepted + " of them");
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.channel() == server) {
                        for (SocketChannel one; (one = server.accept()) != null; accepted++) {
                            closing(one).configureBlocking(false);
                            one.register(selector, SelectionKey.OP_READ);
                        }
                    } else {
                        SocketChannel channel = (SocketChannel) key.channel();
                        echo(channel);
                        if (!channel.isOpen()) ended++;
                    }
                }
                selector.selectedKeys().clear();
            }
        }
        assertEquals(CONNECTIONS, accepted);
        clients.get(30, TimeUnit.SECONDS);
    }

    @Test
    void blockingAndSelectingTakeTurns() throws Exception {
        ServerSocketChannel server = open(both).bind(null);
        for (int i = 0; i < 3; i++) {
            CompletableFuture<SocketChannel> accepted = Async.supply(() -> accept(server));
            connect(i % 2 == 0 ? kernel : stack, server);
            closing(accepted.get(10, TimeUnit.SECONDS));
            server.configureBlocking(false);
            try (Selector selector = both.openSelector()) {
                SelectionKey key = server.register(selector, SelectionKey.OP_ACCEPT);
                assertEquals(0, selector.selectNow());
                connect(i % 2 == 0 ? stack : kernel, server);
                assertEquals(1, selector.select(10_000));
                closing(server.accept());
                assertNull(server.accept());
                key.cancel();
                selector.selectNow();
            }
            server.configureBlocking(true);
        }
    }

    private static SocketChannel accept(ServerSocketChannel server) {
        try {
            return server.accept();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void cancelledKeyLetsItBlockBeforeTheFlush() throws IOException {
        ServerSocketChannel server =
                open(routed("loopback", "stack")).bind(new InetSocketAddress(LOOPBACK, 0));
        server.configureBlocking(false);
        try (Selector selector = both.openSelector()) {
            SelectionKey key = server.register(selector, SelectionKey.OP_ACCEPT);
            connect(kernel, server);
            assertEquals(1, selector.select(10_000));
            key.cancel();
            server.configureBlocking(true);
            closing(server.accept());
            selector.selectNow();
            assertTrue(selector.keys().isEmpty());
        }
    }

    @Test
    void acceptTimesOut() throws IOException {
        ServerSocketChannel server = open(both).bind(null);
        server.socket().setSoTimeout(30);
        long before = System.nanoTime();
        SocketTimeoutException failure =
                assertThrows(SocketTimeoutException.class, () -> server.socket().accept());
        assertEquals("Accept timed out", failure.getMessage());
        assertTrue(System.nanoTime() - before >= TimeUnit.MILLISECONDS.toNanos(30));
        assertTrue(server.isOpen());
        connect(kernel, server);
        assertTrue(closing(server.socket().accept()).isConnected());
    }

    // -- the end

    @Test
    void closeFreesThePortOnBothAndEveryDescriptor() throws Exception {
        openAcceptAndClose();
        int before = Descriptors.count();
        for (int i = 0; i < 10; i++) openAcceptAndClose();
        Descriptors.assertNoMoreThan(before);
    }

    /** Waits once, so that there is a selector inside. */
    private void openAcceptAndClose() throws Exception {
        ServerSocketChannel server = both.openServerSocketChannel().bind(null);
        server.socket().setSoTimeout(1);
        assertThrows(SocketTimeoutException.class, () -> server.socket().accept());
        try (Selector selector = both.openSelector()) {
            server.configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            int port = portOf(server);
            server.close();
            selector.selectNow();
            stack.openServerSocketChannel().bind(new InetSocketAddress(port)).close();
            kernel.openServerSocketChannel().bind(new InetSocketAddress(port)).close();
        }
    }

    @Test
    void closeEndsABlockedAcceptAndLeavesNothing() throws Exception {
        closeWhileAccepting();
        int before = Descriptors.count();
        for (int i = 0; i < 10; i++) closeWhileAccepting();
        Descriptors.assertNoMoreThan(before);
    }

    private void closeWhileAccepting() throws Exception {
        ServerSocketChannel server = both.openServerSocketChannel().bind(null);
        CountDownLatch started = new CountDownLatch(1);
        CompletableFuture<Void> accept =
                Async.run(
                        () -> {
                            started.countDown();
                            assertThrows(IOException.class, server::accept);
                        });
        started.await();
        server.close();
        accept.get(10, TimeUnit.SECONDS);
        assertFalse(server.isOpen());
    }

    /** The port is free on both when close has returned, as it is of the JDK's own listeners. */
    @Test
    void portOfABlockedAcceptIsFreeAfterClose() throws Exception {
        for (int round = 0; round < 300; round++) {
            ServerSocketChannel server = both.openServerSocketChannel().bind(null);
            CompletableFuture<Void> accept = acceptThatFails(server, new CountDownLatch(1));
            pause(round);
            InetSocketAddress port = new InetSocketAddress(portOf(server));
            server.close();
            stack.openServerSocketChannel().bind(port).close();
            kernel.openServerSocketChannel().bind(port).close();
            accept.get(10, TimeUnit.SECONDS);
        }
    }

    /** Wherever the thread just is: before its wait, on its way into it, or in it. */
    @Test
    void interruptEndsAnAcceptWhereverItIs() throws Exception {
        for (int round = 0; round < 3000; round++) {
            ServerSocketChannel server = both.openServerSocketChannel().bind(null);
            CountDownLatch started = new CountDownLatch(1);
            CompletableFuture<Thread> thread = new CompletableFuture<>();
            CompletableFuture<Void> accept =
                    Async.run(
                            () -> {
                                thread.complete(Thread.currentThread());
                                started.countDown();
                                assertThrows(ClosedByInterruptException.class, server::accept);
                                assertTrue(Thread.interrupted());
                            });
            started.await();
            pause(round);
            Thread accepting = thread.get();
            CompletableFuture<Void> interrupt = Async.run(accepting::interrupt);
            accept.get(10, TimeUnit.SECONDS);
            interrupt.get(10, TimeUnit.SECONDS);
            assertFalse(server.isOpen());
        }
    }

    @Test
    void closeEndsAnAcceptWhereverItIs() throws Exception {
        for (int round = 0; round < 3000; round++) {
            ServerSocketChannel server = both.openServerSocketChannel().bind(null);
            CountDownLatch started = new CountDownLatch(1);
            CompletableFuture<Void> accept = acceptThatFails(server, started);
            started.await();
            pause(round);
            server.close();
            accept.get(10, TimeUnit.SECONDS);
        }
    }

    private static CompletableFuture<Void> acceptThatFails(
            ServerSocketChannel server, CountDownLatch started) {
        return Async.run(
                () -> {
                    started.countDown();
                    assertThrows(ClosedChannelException.class, server::accept);
                });
    }

    /** Other lengths in other rounds, so that what follows meets the other thread everywhere. */
    private static void pause(int round) {
        for (int i = 0; i < (round % 50) * 100; i++) Thread.onSpinWait();
    }

    // -- virtual threads

    /** From JDK 24 on: before that, whoever waits inside of a monitor keeps his carrier. */
    @Test
    void blockedAcceptKeepsNoCarrier() throws Exception {
        assumeTrue(Runtime.version().feature() >= 24, "virtual threads are pinned by monitors");
        Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        int carriers = Runtime.getRuntime().availableProcessors();
        List<ServerSocketChannel> servers = new ArrayList<>();
        CountDownLatch accepted = new CountDownLatch(4 * carriers);
        for (int i = 0; i < 4 * carriers; i++) {
            ServerSocketChannel server = open(both).bind(null);
            servers.add(server);
            start.invoke(
                    null,
                    (Runnable)
                            () -> {
                                closing(accept(server));
                                accepted.countDown();
                            });
        }
        CountDownLatch ran = new CountDownLatch(1);
        start.invoke(null, (Runnable) ran::countDown);
        assertTrue(ran.await(10, TimeUnit.SECONDS), "no carrier is left");
        for (ServerSocketChannel server : servers) connect(kernel, server);
        assertTrue(accepted.await(10, TimeUnit.SECONDS));
    }
}
