package io.usernet.socket.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.PassThrough;
import io.usernet.config.PassThrough.Wildcard;
import io.usernet.config.StackConfig;
import io.usernet.nio.contract.Background;
import io.usernet.runtime.Engine;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who serves a socket, where there are rules; the contracts say that whoever does does it well. */
class RoutedSocketsTest extends SocketContract {
    private static final Subject KERNEL = new OfTheJdk();
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private Engine engine;
    private final AtomicInteger asked = new AtomicInteger();

    RoutedSocketsTest() {
        super(KERNEL);
    }

    @BeforeEach
    void open() {
        engine = Engine.open(StackConfig.defaults(), null, "routed");
    }

    @AfterEach
    void close() throws Exception {
        closeAll();
        engine.close(0);
    }

    private Subject routed(PassThrough rules) {
        return new OfUsernet(
                () -> {
                    asked.incrementAndGet();
                    return engine;
                },
                rules);
    }

    private Subject routed(Wildcard wildcard) {
        return routed(new PassThrough(true, false, false, List.of(), wildcard));
    }

    private static void assertTalk(Socket one, Socket other) throws IOException {
        send(one, "hello");
        assertEquals("hello", receive(other, 5));
        send(other, "again");
        assertEquals("again", receive(one, 5));
    }

    // -- connections

    @Test
    void nothingIsOpenedBeforeItMatters() throws IOException {
        Subject ours = routed(PassThrough.NONE);
        closing(ours.socket());
        closing(ours.serverSocket());
        closing(ours.datagramSocket());
        assertEquals(0, asked.get());
    }

    @Test
    void reachesTheKernelsServer() throws IOException {
        ServerSocket server = listen();
        Socket client = closing(routed(Wildcard.STACK).socket());
        client.setTcpNoDelay(true);
        client.connect(server.getLocalSocketAddress());
        assertTrue(client.getTcpNoDelay());
        assertTalk(client, acceptFrom(server));
    }

    @Test
    void doesNotReachTheKernelsServerWithoutARule() throws IOException {
        ServerSocket server = listen();
        Socket client = closing(routed(PassThrough.NONE).socket());
        assertThrows(IOException.class, () -> client.connect(server.getLocalSocketAddress()));
    }

    @Test
    void reachesTheProgramsOwnServerOnTheStack() throws IOException {
        Subject ours = routed(Wildcard.STACK);
        ServerSocket server = closing(ours.serverSocket());
        server.bind(new InetSocketAddress(0));
        Socket client = closing(ours.socket());
        client.connect(new InetSocketAddress(LOOPBACK, server.getLocalPort()));
        assertTalk(client, closing(server.accept()));
    }

    @Test
    void aBoundSocketMovesToTheKernel() throws IOException {
        ServerSocket server = listen();
        Socket client = closing(routed(Wildcard.STACK).socket());
        client.setKeepAlive(true);
        client.bind(new InetSocketAddress(0));
        assertTrue(client.getLocalPort() > 0);
        client.connect(server.getLocalSocketAddress());
        assertTrue(client.getKeepAlive());
        Socket accepted = acceptFrom(server);
        assertEquals(client.getLocalPort(), accepted.getPort());
        assertTalk(client, accepted);
    }

    @Test
    void aSocketThatIsForgottenIsClosed() throws IOException {
        Subject ours = routed(PassThrough.NONE);
        ServerSocket server = closing(ours.serverSocket());
        server.bind(new InetSocketAddress(LOOPBACK, 0));
        connectAndForget(ours, server);
        Socket accepted = closing(server.accept());
        accepted.setSoTimeout(50);
        Background.await("the end", () -> isAtItsEndAfterGc(accepted));
    }

    private static void connectAndForget(Subject by, ServerSocket server) throws IOException {
        by.socket().connect(server.getLocalSocketAddress());
    }

    private static boolean isAtItsEndAfterGc(Socket socket) {
        System.gc();
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException notYet) {
            return false;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void boundToTheLoopbackItReachesTheProgramsOwnServerAndTheKernels() throws IOException {
        Subject ours = routed(Wildcard.STACK);
        ServerSocket onStack = closing(ours.serverSocket()), inKernel = listen();
        onStack.bind(new InetSocketAddress(0));
        for (ServerSocket server : List.of(onStack, inKernel, onStack)) {
            Socket client = closing(ours.socket());
            client.bind(new InetSocketAddress(LOOPBACK, 0));
            int port = client.getLocalPort();
            client.connect(new InetSocketAddress(LOOPBACK, server.getLocalPort()));
            assertEquals(port, client.getLocalPort());
            assertEquals(LOOPBACK, client.getLocalAddress());
            Socket accepted = closing(server.accept());
            assertEquals(port, accepted.getPort());
            assertTalk(client, accepted);
        }
    }

    @Test
    void boundToAnAddressOfTheMachineItReachesTheProgramsOwnServer() throws IOException {
        Optional<InetAddress> own =
                NetworkInterface.networkInterfaces()
                        .flatMap(NetworkInterface::inetAddresses)
                        .filter(a -> a instanceof Inet4Address && !a.isLoopbackAddress())
                        .findFirst();
        Assumptions.assumeTrue(own.isPresent(), "no network");
        int host = Ipv4Address.of((Inet4Address) own.get());
        Engine ofHost =
                Engine.open(StackConfig.defaults().withHost(List.of(host)), null, "of-host");
        closing(() -> ofHost.close(0));
        PassThrough rules = new PassThrough(true, false, false, List.of(), Wildcard.STACK);
        Subject ours = new OfUsernet(() -> ofHost, rules);
        ServerSocket server = closing(ours.serverSocket());
        server.bind(new InetSocketAddress(0));
        for (InetAddress to : List.of(own.get(), LOOPBACK)) {
            Socket client = closing(ours.socket());
            client.bind(new InetSocketAddress(own.get(), 0));
            int port = client.getLocalPort();
            client.connect(new InetSocketAddress(to, server.getLocalPort()));
            assertEquals(new InetSocketAddress(own.get(), port), client.getLocalSocketAddress());
            Socket accepted = closing(server.accept());
            assertEquals(client.getLocalSocketAddress(), accepted.getRemoteSocketAddress());
            assertTalk(client, accepted);
        }
    }

    @Test
    void ipv6IsUnreachableOnTheStack() throws IOException {
        InetAddress documentation = InetAddress.getByName("2001:db8::1");
        Socket socket = closing(routed(PassThrough.NONE).socket());
        assertFails(
                SocketException.class,
                "Network is unreachable",
                () -> socket.connect(new InetSocketAddress(documentation, 1)));
        assertTrue(socket.isClosed() || !socket.isConnected());
    }

    // -- servers at the wildcard

    @Test
    void aServerMayBeTheKernels() throws IOException {
        ServerSocket server = closing(routed(Wildcard.KERNEL).serverSocket());
        server.setReceiveBufferSize(32 << 10);
        server.bind(new InetSocketAddress(0));
        Socket client = socket();
        client.connect(new InetSocketAddress(LOOPBACK, server.getLocalPort()));
        assertTalk(client, closing(server.accept()));
    }

    @Test
    void aServerMayBeBoth() throws Exception {
        ServerSocket server = closing(routed(Wildcard.BOTH).serverSocket());
        server.setSoTimeout(10_000);
        server.bind(new InetSocketAddress(0));
        assertEquals(10_000, server.getSoTimeout());
        InetSocketAddress at = new InetSocketAddress(LOOPBACK, server.getLocalPort());
        for (Subject from : List.of(KERNEL, routed(PassThrough.NONE), KERNEL)) {
            Background<Socket> accepting = Background.call(() -> closing(server.accept()));
            Socket client = closing(from.socket());
            client.connect(at);
            Socket accepted = accepting.result();
            assertEquals(client.getLocalPort(), accepted.getPort());
            assertTalk(client, accepted);
        }
    }

    @Test
    void aServerThatIsBothTimesOutAndIsClosed() throws Exception {
        ServerSocket server = closing(routed(Wildcard.BOTH).serverSocket());
        server.bind(new InetSocketAddress(0));
        server.setSoTimeout(20);
        assertFails(SocketTimeoutException.class, "Accept timed out", server::accept);
        server.setSoTimeout(0);
        Background<Socket> accepting = Background.call(server::accept);
        accepting.awaitBlockedIn("accept");
        accepting.interrupt();
        accepting.awaitBlockedIn("accept");
        server.close();
        assertEquals("Socket closed", accepting.failure(SocketException.class).getMessage());
        assertTrue(accepting.endedInterrupted());
    }

    @Test
    void aServerThatIsBothResetsWhoNobodyAccepted() throws Exception {
        ServerSocket server = closing(routed(Wildcard.BOTH).serverSocket());
        server.bind(new InetSocketAddress(0));
        server.setSoTimeout(20);
        assertFails(SocketTimeoutException.class, server::accept); // has its threads begin
        Socket client = socket();
        client.connect(new InetSocketAddress(LOOPBACK, server.getLocalPort()));
        server.close();
        client.setSoTimeout(10_000);
        try {
            assertEquals(-1, client.getInputStream().read());
        } catch (SocketException reset) {
            assertEquals("Connection reset", reset.getMessage());
        }
    }

    // -- datagrams

    private static DatagramPacket packet(String text, InetSocketAddress to) {
        return new DatagramPacket(text.getBytes(US_ASCII), text.length(), to);
    }

    private static DatagramPacket receive(DatagramSocket from) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        from.setSoTimeout(10_000);
        from.receive(packet);
        return packet;
    }

    /** As a channel does, and as a Socket that connects from there. */
    @Test
    void datagramsFromTheLoopbackGoTheWayOfTheirDestinations() throws IOException {
        DatagramSocket inKernel = boundDatagrams();
        Subject ours = routed(Wildcard.STACK);
        DatagramSocket onStack = closing(ours.datagramSocket());
        onStack.bind(new InetSocketAddress(0));
        DatagramSocket client = closing(ours.datagramSocket());
        client.bind(new InetSocketAddress(LOOPBACK, 0));
        client.setSoTimeout(5000);
        for (DatagramSocket server : List.of(inKernel, onStack, inKernel)) {
            server.setSoTimeout(5000);
            client.send(packet("query", new InetSocketAddress(LOOPBACK, server.getLocalPort())));
            DatagramPacket query = receive(server);
            assertEquals(client.getLocalSocketAddress(), query.getSocketAddress());
            server.send(query);
            assertEquals(5, receive(client).getLength());
        }
    }

    @Test
    void datagramsGoTheWayOfTheirDestinations() throws IOException {
        DatagramSocket inKernel = boundDatagrams();
        Subject ours = routed(Wildcard.STACK);
        DatagramSocket onStack = closing(ours.datagramSocket());
        onStack.bind(new InetSocketAddress(0));
        DatagramSocket client = closing(ours.datagramSocket());
        client.setBroadcast(true);
        client.bind(null);
        for (DatagramSocket server : List.of(inKernel, onStack, inKernel)) {
            client.send(packet("query", new InetSocketAddress(LOOPBACK, server.getLocalPort())));
            DatagramPacket query = receive(server);
            assertEquals(client.getLocalPort(), query.getPort());
            server.send(packet("answer", (InetSocketAddress) query.getSocketAddress()));
            assertEquals(6, receive(client).getLength());
        }
        assertTrue(client.getBroadcast());
    }

    @Test
    void whoReceivesHearsTheAnswerOfTheOtherTransport() throws Exception {
        DatagramSocket server = boundDatagrams();
        DatagramSocket client = closing(routed(Wildcard.STACK).datagramSocket());
        client.bind(null);
        Background<DatagramPacket> receiving =
                Background.call(
                        () -> {
                            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
                            client.receive(packet);
                            return packet;
                        });
        receiving.awaitBlockedIn("receive");
        receiving.interrupt();
        receiving.awaitBlockedIn("receive");
        client.send(packet("query", (InetSocketAddress) server.getLocalSocketAddress()));
        DatagramPacket query = receive(server);
        server.send(packet("answer", (InetSocketAddress) query.getSocketAddress()));
        assertEquals(6, receiving.result().getLength());
        assertTrue(receiving.endedInterrupted());
    }

    @Test
    void aGroupOfTheKernelsIsJoinedThere() throws IOException {
        Cidr groups = Cidr.parse("239.1.2.0/24");
        PassThrough rules = new PassThrough(false, false, false, List.of(groups), Wildcard.STACK);
        InetAddress group = InetAddress.getByName("239.1.2.3");
        NetworkInterface lo = NetworkInterface.getByInetAddress(LOOPBACK);
        DatagramSocket socket = closing(routed(rules).datagramSocket());
        socket.bind(new InetSocketAddress(0));
        socket.joinGroup(new InetSocketAddress(group, 0), lo);
        DatagramSocket inKernel = boundDatagrams();
        inKernel.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo);
        inKernel.send(packet("hello", new InetSocketAddress(group, socket.getLocalPort())));
        assertEquals(5, receive(socket).getLength());
        socket.leaveGroup(new InetSocketAddress(group, 0), lo);
    }
}
