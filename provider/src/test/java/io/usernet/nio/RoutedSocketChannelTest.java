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
import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.channels.spi.SelectorProvider;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client's side of pass-through: what becomes of a channel whose transport is decided for later. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RoutedSocketChannelTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static Engine engine;
    private static SelectorProvider kernel;

    private final StackSelectorProvider stack = new StackSelectorProvider(() -> engine);
    private final StackSelectorProvider provider = routed("loopback");
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

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

    private static StackSelectorProvider routed(String rules) {
        PassThrough parsed = Rules.of(rules, "stack");
        return new StackSelectorProvider(() -> engine, () -> parsed);
    }

    private <T extends AutoCloseable> T closing(T one) {
        opened.push(one);
        return one;
    }

    private SocketChannel open(SelectorProvider of) throws IOException {
        return closing(of.openSocketChannel());
    }

    private ServerSocketChannel listen(SelectorProvider on, InetAddress at) throws IOException {
        return closing(on.openServerSocketChannel()).bind(new InetSocketAddress(at, 0));
    }

    private ServerSocketChannel listenInKernel() throws IOException {
        return listen(kernel, LOOPBACK);
    }

    private static int portOf(ServerSocketChannel server) throws IOException {
        return ((InetSocketAddress) server.getLocalAddress()).getPort();
    }

    private static int portOf(SocketChannel channel) throws IOException {
        return ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    private static boolean isKernels(SocketChannel channel) {
        return channel.toString().startsWith("io.usernet.SocketChannel[kernel ");
    }

    /** A byte goes there and back. */
    private static void assertTalk(SocketChannel client, SocketChannel server) throws IOException {
        ByteBuffer one = ByteBuffer.wrap("x".getBytes(StandardCharsets.US_ASCII));
        assertEquals(1, client.write(one));
        assertEquals(1, server.read(one.clear()));
        assertEquals(1, server.write(one.flip()));
        assertEquals(1, client.read(one.clear()));
    }

    // -- who serves it

    @Test
    void connectsToTheKernelsListener() throws IOException {
        ServerSocketChannel server = listenInKernel();
        SocketChannel client = open(provider);
        assertEquals("io.usernet.SocketChannel[undecided]", client.toString());
        assertTrue(client.connect(server.getLocalAddress()));
        assertTrue(isKernels(client), client.toString());
        assertSame(provider, client.provider());
        assertTalk(client, closing(server.accept()));
    }

    @Test
    void connectsToTheProgramsOwnListenerOnTheStack() throws IOException {
        ServerSocketChannel server = closing(provider.openServerSocketChannel()).bind(null);
        SocketChannel client = open(provider);
        assertTrue(client.connect(new InetSocketAddress(LOOPBACK, portOf(server))));
        assertFalse(isKernels(client), client.toString());
        assertTalk(client, closing(server.accept()));
    }

    @Test
    void boundToTheLoopbackItReachesTheProgramsOwnServer() throws IOException {
        ServerSocketChannel onStack = closing(provider.openServerSocketChannel()).bind(null);
        SocketChannel client = open(provider).bind(new InetSocketAddress(LOOPBACK, 0));
        SocketAddress known = client.getLocalAddress();
        assertTrue(client.connect(new InetSocketAddress(LOOPBACK, portOf(onStack))));
        assertFalse(isKernels(client), client.toString());
        assertEquals(known, client.getLocalAddress());
        assertTalk(client, closing(onStack.accept()));
    }

    @Test
    void boundToTheLoopbackItReachesTheKernels() throws IOException {
        ServerSocketChannel inKernel = listenInKernel();
        InetSocketAddress local =
                new InetSocketAddress(
                        InetAddress.getByName("127.0.0.9"), portThatIsFreeInTheKernel());
        SocketChannel client = open(provider).bind(local);
        assertTrue(client.connect(inKernel.getLocalAddress()));
        assertTrue(isKernels(client), client.toString());
        assertEquals(local, client.getLocalAddress());
        assertTalk(client, closing(inKernel.accept()));
        open(stack).bind(local); // the stack's is free again
    }

    @Test
    void portOfTheLoopbackIsTakenWithBoth() throws IOException {
        SocketChannel client = open(provider).bind(new InetSocketAddress(LOOPBACK, 0));
        assertFalse(takeInKernel(portOf(client)));
        SocketAddress taken = client.getLocalAddress();
        assertThrows(BindException.class, () -> open(stack).bind(taken));
        client.close();
        assertTrue(takeInKernel(((InetSocketAddress) taken).getPort()));
        open(stack).bind(taken);
    }

    @Test
    void boundToTheLoopbackOfIpv6ItReachesTheProgramsOwnServerAndTheKernels() throws IOException {
        InetAddress six = InetAddress.getByName("::1");
        assumeTrue(canBind(closing(kernel.openServerSocketChannel()), six), "no IPv6");
        ServerSocketChannel onStack = closing(provider.openServerSocketChannel()).bind(null);
        SocketChannel client = open(provider).bind(new InetSocketAddress(six, 0));
        InetSocketAddress known = (InetSocketAddress) client.getLocalAddress();
        assertEquals(six, known.getAddress());
        assertTrue(client.connect(new InetSocketAddress(six, portOf(onStack))));
        assertFalse(isKernels(client), client.toString());
        assertEquals(known, client.getLocalAddress());
        assertTalk(client, closing(onStack.accept()));
        ServerSocketChannel inKernel = listen(kernel, six);
        SocketChannel other = open(provider).bind(new InetSocketAddress(six, 0));
        assertTrue(other.connect(inKernel.getLocalAddress()));
        assertTrue(isKernels(other), other.toString());
        assertTalk(other, closing(inKernel.accept()));
    }

    @Test
    void betweenTheFamiliesItIsTheKernelThatRefuses() throws IOException {
        InetAddress six = InetAddress.getByName("::1");
        assumeTrue(canBind(closing(kernel.openServerSocketChannel()), six), "no IPv6");
        ServerSocketChannel onStack = closing(provider.openServerSocketChannel()).bind(null);
        for (InetAddress from : new InetAddress[] {six, LOOPBACK}) {
            InetAddress to = from == six ? LOOPBACK : six;
            InetSocketAddress server = new InetSocketAddress(to, portOf(onStack));
            SocketChannel jdks = open(kernel).bind(new InetSocketAddress(from, 0));
            IOException expected = assertThrows(IOException.class, () -> jdks.connect(server));
            SocketChannel client = open(provider).bind(new InetSocketAddress(from, 0));
            IOException failure = assertThrows(IOException.class, () -> client.connect(server));
            assertEquals(expected.toString(), failure.toString());
        }
    }

    @Test
    void explicitBindToWhatTheKernelAloneHasDecides() throws IOException {
        Optional<InetAddress> own =
                NetworkInterface.networkInterfaces()
                        .flatMap(NetworkInterface::inetAddresses)
                        .filter(a -> a instanceof Inet4Address && !a.isLoopbackAddress())
                        .findFirst();
        assumeTrue(own.isPresent(), "no network");
        SelectorProvider some = routed(own.get().getHostAddress());
        SocketChannel client = open(some).bind(new InetSocketAddress(own.get(), 0));
        assertTrue(isKernels(client), client.toString());
    }

    @Test
    void networkOfTheRulesIsTheKernels() throws IOException {
        SelectorProvider some = routed("127.1.0.0/16");
        InetAddress inside = InetAddress.getByName("127.1.0.1");
        ServerSocketChannel there = listen(kernel, inside);
        SocketChannel client = open(some);
        assertTrue(client.connect(there.getLocalAddress()));
        assertTrue(isKernels(client), client.toString());
        ServerSocketChannel here = listen(stack, LOOPBACK);
        SocketChannel other = open(some);
        assertTrue(other.connect(here.getLocalAddress()));
        assertFalse(isKernels(other), other.toString());
    }

    @Test
    void ipv6IsTheKernelsWhereTheRulesSaySo() throws IOException {
        InetAddress six = InetAddress.getByName("::1");
        ServerSocketChannel server = closing(kernel.openServerSocketChannel());
        assumeTrue(canBind(server, six), "no IPv6");
        SocketChannel client = open(provider);
        assertTrue(client.connect(server.getLocalAddress()));
        assertTrue(isKernels(client), client.toString());
        assertTalk(client, closing(server.accept()));
    }

    private static boolean canBind(ServerSocketChannel server, InetAddress to) {
        try {
            server.bind(new InetSocketAddress(to, 0));
            return true;
        } catch (IOException | UnsupportedAddressTypeException e) {
            return false;
        }
    }

    @Test
    void ipv6ElsewhereIsNothingForTheStack() throws IOException {
        SocketChannel client = open(provider);
        InetSocketAddress six = new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 1);
        assertThrows(UnsupportedAddressTypeException.class, () -> client.connect(six));
        assertTrue(client.isOpen());
        assertTrue(client.connect(listenInKernel().getLocalAddress())); // it is undecided still
    }

    @Test
    void channelOfIpv4RefusesIpv6() throws IOException {
        SocketChannel client = closing(provider.openSocketChannel(StandardProtocolFamily.INET));
        InetSocketAddress six = new InetSocketAddress(InetAddress.getByName("::1"), 1);
        assertThrows(UnsupportedAddressTypeException.class, () -> client.connect(six));
    }

    @Test
    void acceptedByTheKernelIsAChannelOfOurs() throws IOException {
        ServerSocketChannel server = listen(provider, LOOPBACK);
        SocketChannel client = open(kernel);
        client.connect(server.getLocalAddress());
        SocketChannel accepted = closing(server.accept());
        assertSame(provider, accepted.provider());
        assertSame(accepted, accepted.socket().getChannel());
        assertTrue(accepted.isConnected());
        assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
        assertTalk(client, accepted);
    }

    // -- what goes along

    /** Other processes have ports of the kernel's, too. */
    private static int portThatIsFreeInTheKernel() throws IOException {
        try (SocketChannel channel = kernel.openSocketChannel().bind(null)) {
            return portOf(channel);
        }
    }

    @Test
    void reservedPortGoesAlongToTheKernel() throws IOException {
        ServerSocketChannel server = listenInKernel();
        int port = portThatIsFreeInTheKernel();
        SocketChannel client = open(provider).bind(new InetSocketAddress(port));
        assertTrue(client.connect(server.getLocalAddress()));
        assertEquals(port, portOf(client));
        open(stack).bind(new InetSocketAddress(port)); // the stack's is free again
    }

    @Test
    void anyPortThatTheKernelHasTakenBecomesAnother() throws IOException {
        ServerSocketChannel server = listenInKernel();
        SocketChannel client = open(provider);
        do { // the ports that the stack gives, the kernel may have given to anybody
            client.close();
            client = open(provider).bind(null);
        } while (!takeInKernel(portOf(client)));
        int port = portOf(client);
        assertTrue(client.connect(server.getLocalAddress()));
        assertTrue(portOf(client) != port);
    }

    /** For the rest of the test; false: it is another process's, who may give it up in the meantime. */
    private boolean takeInKernel(int port) throws IOException {
        try {
            open(kernel).bind(new InetSocketAddress(port));
            return true;
        } catch (BindException e) {
            assertEquals("Address already in use", e.getMessage());
            return false;
        }
    }

    @Test
    void givenPortThatTheKernelHasTakenIsAFailure() throws IOException {
        ServerSocketChannel server = listenInKernel();
        SocketChannel taking = open(kernel).bind(null);
        SocketChannel client = open(provider).bind(new InetSocketAddress(portOf(taking)));
        BindException failure =
                assertThrows(BindException.class, () -> client.connect(server.getLocalAddress()));
        assertEquals("Address already in use", failure.getMessage());
        assertFalse(client.isOpen());
    }

    @Test
    void optionsGoAlong() throws IOException {
        ServerSocketChannel server = listenInKernel();
        SocketChannel client = open(provider);
        client.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        client.socket().setTcpNoDelay(true);
        client.socket().setSoLinger(true, 7);
        client.socket().setSoTimeout(50);
        assertTrue(client.getOption(StandardSocketOptions.SO_KEEPALIVE));
        assertThrows(
                IllegalArgumentException.class,
                () -> client.setOption(StandardSocketOptions.IP_TOS, 256));
        client.connect(server.getLocalAddress());
        assertTrue(isKernels(client), client.toString());
        assertTrue(client.getOption(StandardSocketOptions.SO_KEEPALIVE));
        assertTrue(client.getOption(StandardSocketOptions.TCP_NODELAY));
        assertEquals(7, client.getOption(StandardSocketOptions.SO_LINGER));
        assertThrows(SocketTimeoutException.class, () -> client.socket().getInputStream().read());
        assertTrue(client.isOpen());
    }

    @Test
    void everyOptionThatItSupportsCanBeAskedFor() throws IOException {
        SocketChannel client = open(provider);
        for (var option : client.supportedOptions()) client.getOption(option);
        client.connect(listenInKernel().getLocalAddress());
        for (var option : client.supportedOptions()) client.getOption(option);
    }

    @Test
    void keyThatIsOlderThanTheDecisionHears() throws IOException {
        for (SelectorProvider on : List.of(kernel, stack)) {
            ServerSocketChannel server = listen(on, LOOPBACK);
            SocketChannel client = open(provider);
            client.configureBlocking(false);
            try (Selector selector = provider.openSelector()) {
                SelectionKey key = client.register(selector, SelectionKey.OP_CONNECT);
                assertEquals(0, selector.selectNow());
                if (!client.connect(server.getLocalAddress())) {
                    assertEquals(1, selector.select());
                    assertTrue(key.isConnectable());
                    assertTrue(client.finishConnect());
                }
                key.interestOps(SelectionKey.OP_WRITE);
                selector.selectedKeys().clear();
                assertEquals(1, selector.select());
                assertTrue(key.isWritable());
                key.cancel();
                selector.selectNow();
                client.configureBlocking(true);
                assertTalk(client, closing(server.accept()));
            }
        }
    }

    // -- the end

    @Test
    void closedUndecided() throws IOException {
        SocketChannel client = open(provider);
        client.close();
        assertThrows(ClosedChannelException.class, () -> client.connect(new InetSocketAddress(1)));
        assertThrows(ClosedChannelException.class, () -> client.bind(null));
        assertThrows(ClosedChannelException.class, client::getLocalAddress);
        assertThrows(ClosedChannelException.class, () -> client.read(ByteBuffer.allocate(1)));
        assertTrue(client.socket().isClosed());
        assertEquals("io.usernet.SocketChannel[closed]", client.toString());
    }

    @Test
    void closeGivesAReservedPortUp() throws IOException {
        SocketChannel client = open(provider).bind(null);
        int port = portOf(client);
        client.close();
        open(stack).bind(new InetSocketAddress(port));
    }

    @Test
    void failedBindLeavesItUndecided() throws IOException {
        SocketChannel client = open(provider);
        ServerSocketChannel inKernel = closing(kernel.openServerSocketChannel());
        assumeTrue(canBind(inKernel, InetAddress.getByName("::1")), "no IPv6");
        assertThrows(BindException.class, () -> client.bind(inKernel.getLocalAddress()));
        assertNull(client.getLocalAddress());
        ServerSocketChannel onStack = closing(provider.openServerSocketChannel()).bind(null);
        assertTrue(client.connect(new InetSocketAddress(LOOPBACK, portOf(onStack))));
        assertFalse(isKernels(client), client.toString());
    }

    @Test
    void adaptorClosesTheChannelWhereTheLegCloses() throws IOException {
        Socket unknown = open(provider).socket();
        assertThrows(
                UnknownHostException.class,
                () -> unknown.connect(InetSocketAddress.createUnresolved("nobody.invalid", 1)));
        assertTrue(unknown.isClosed());
        assertFalse(unknown.getChannel().isOpen());

        Socket refused = open(provider).socket();
        InetSocketAddress deaf;
        try (ServerSocketChannel server = listenInKernel()) {
            deaf = (InetSocketAddress) server.getLocalAddress();
        }
        assertThrows(IOException.class, () -> refused.connect(deaf, 10_000));
        assertFalse(refused.getChannel().isOpen());
    }

    @Test
    void closingAStreamClosesTheChannel() throws IOException {
        SocketChannel client = open(provider);
        client.connect(listenInKernel().getLocalAddress());
        client.socket().getOutputStream().close();
        assertFalse(client.isOpen());
    }

    @Test
    void undecidedChannelIsNotConnected() throws IOException {
        SocketChannel client = open(provider);
        assertThrows(NotYetConnectedException.class, () -> client.read(ByteBuffer.allocate(1)));
        assertThrows(NotYetConnectedException.class, () -> client.write(ByteBuffer.allocate(1)));
        assertThrows(NotYetConnectedException.class, client::shutdownOutput);
        assertFalse(client.isConnected());
        assertFalse(client.isConnectionPending());
        assertNull(client.getRemoteAddress());
    }

    // -- descriptors

    /** What this costs the first time, such as a selector's own descriptors, is not counted. */
    private static void assertNoneLeft(ThrowingRunnable action) throws Exception {
        action.run();
        int before = Descriptors.count();
        for (int i = 0; i < 10; i++) action.run();
        Descriptors.assertNoMoreThan(before);
    }

    private interface ThrowingRunnable {
        void run() throws Exception;
    }

    @Test
    void channelOnTheStackHasNoDescriptor() throws Exception {
        ServerSocketChannel server = listen(stack, LOOPBACK);
        open(provider).connect(server.getLocalAddress());
        int before = Descriptors.count();
        SocketChannel client = open(provider).bind(null);
        client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        client.connect(server.getLocalAddress());
        Descriptors.assertNoMoreThan(before);
    }

    @Test
    void nothingIsLeftOfFailuresAndCloses() throws Exception {
        InetSocketAddress taken = (InetSocketAddress) listenInKernel().getLocalAddress();
        assertNoneLeft(
                () -> {
                    SocketChannel failing = provider.openSocketChannel();
                    assertThrows(BindException.class, () -> failing.bind(taken));
                    assertTrue(failing.isOpen());
                    failing.close();
                    SocketChannel client = provider.openSocketChannel();
                    assertTrue(client.connect(taken));
                    client.close();
                });
    }

    @Test
    void deferredCloseIsDoneByTheFlush() throws Exception {
        ServerSocketChannel server = listenInKernel();
        try (Selector selector = provider.openSelector()) {
            assertNoneLeft(
                    () -> {
                        SocketChannel client = provider.openSocketChannel();
                        client.connect(server.getLocalAddress());
                        client.configureBlocking(false);
                        client.register(selector, SelectionKey.OP_READ);
                        server.accept().close();
                        assertEquals(1, selector.select());
                        client.close();
                        selector.selectNow();
                        assertTrue(selector.keys().isEmpty());
                    });
        }
    }

    @Test
    void closeWhileItIsDecidedLeavesNothing() throws Exception {
        InetSocketAddress there = (InetSocketAddress) listenInKernel().getLocalAddress();
        assertNoneLeft(
                () -> {
                    for (int i = 0; i < 20; i++) {
                        SocketChannel client = provider.openSocketChannel().bind(null);
                        int port = portOf(client);
                        CompletableFuture<Void> connecting =
                                Async.run(
                                        () -> {
                                            try {
                                                client.connect(there);
                                            } catch (IOException e) {
                                                assertFalse(client.isOpen(), e::toString);
                                            }
                                        });
                        client.close();
                        connecting.get(10, TimeUnit.SECONDS);
                        assertFalse(client.isConnected());
                        stack.openSocketChannel().bind(new InetSocketAddress(port)).close();
                    }
                });
    }

    // -- the closed door

    /** Run without the flag that the tests have. */
    static final class WithoutTheFlag {
        private WithoutTheFlag() {}

        public static void main(String[] args) throws Exception {
            Engine own = Engine.open(StackConfig.defaults(), null, "closed-door");
            PassThrough rules = Rules.of("loopback,unix", "stack");
            SelectorProvider provider = new StackSelectorProvider(() -> own, () -> rules);
            SocketChannel client = provider.openSocketChannel();
            ServerSocketChannel server = provider.openServerSocketChannel();
            DatagramChannel datagrams = provider.openDatagramChannel();
            DatagramChannel connected = provider.openDatagramChannel();
            InetSocketAddress there = new InetSocketAddress(LOOPBACK, 1);
            tell(() -> client.connect(there));
            tell(() -> server.bind(new InetSocketAddress(LOOPBACK, 0)));
            tell(() -> datagrams.bind(new InetSocketAddress(LOOPBACK, 0)));
            tell(() -> datagrams.send(ByteBuffer.allocate(1), there));
            tell(() -> connected.connect(there));
            tell(() -> provider.openSocketChannel(StandardProtocolFamily.UNIX));
            tell(() -> provider.openServerSocketChannel(StandardProtocolFamily.UNIX));
            tell(provider::inheritedChannel);
            System.out.println(client.isOpen() + " " + server.isOpen());
            // what is the stack's works
            datagrams.bind(null);
            connected.bind(null);
            InetSocketAddress ours =
                    new InetSocketAddress(LOOPBACK, connected.socket().getLocalPort());
            System.out.println(datagrams.send(ByteBuffer.allocate(1), ours));
            own.close(0);
        }

        private static void tell(ThrowingRunnable action) throws Exception {
            try {
                action.run();
                System.out.println("nothing");
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void closedDoorNamesTheFlag() throws Exception {
        Process java =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                classes(Kernel.class) + File.pathSeparator + classes(Rules.class),
                                WithoutTheFlag.class.getName())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, java.waitFor(), said);
        String how =
                "pass-through to the kernel needs the JDK's own channels, which are closed to us:"
                        + " start java with --add-exports java.base/sun.nio.ch=ALL-UNNAMED, or with"
                        + " -javaagent:usernet.jar";
        List<String> expected = new ArrayList<>(Collections.nCopies(8, how));
        expected.addAll(List.of("false true", "1"));
        assertEquals(expected, said.lines().toList());
    }

    /** The directory that the class is from. */
    private static String classes(Class<?> of) throws URISyntaxException {
        String file = of.getName().replace('.', '/') + ".class";
        String url = of.getResource('/' + file).toString();
        assertTrue(url.startsWith("file:"), url);
        return Path.of(new URI(url.substring(0, url.length() - file.length()))).toString();
    }
}
