package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static io.usernet.tuntap.Netns.start;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.UsernetProvider;
import io.usernet.config.Sysctl;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Usage;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A whole stack on a TAP or TUN device against the kernel's: this JVM's own provider is the kernel's.
 * System properties below {@code usernet.test} make the long ones longer.
 */
abstract class DeviceInterop {
    static final int PORT = 6888;
    static final InetSocketAddress SERVER = new InetSocketAddress("10.0.0.2", PORT);

    private static final int AT_ONCE = Integer.getInteger("usernet.test.at.once", 1_000);
    private static final int IN_A_ROW = Integer.getInteger("usernet.test.in.a.row", 2_000);
    private static final long BULK = Long.getLong("usernet.test.bulk.mib", 64) << 20;

    /** Packet memory that an idle stack keeps: the slab that the link reads into. */
    private static final long IDLE_MEMORY = 128 << 10;

    /** The device's URI, up to the parameters. */
    abstract String device();

    final String link() {
        return device() + "?host=10.0.0.1/24";
    }

    final Stack open() throws IOException {
        return Stack.builder()
                .link(link())
                .address("10.0.0.2/24")
                .sysctl(Sysctl.TCP_TIME_WAIT, 1)
                .sysctl(Sysctl.TCP_MAX_SYN_BACKLOG, 4_096)
                .open();
    }

    /** Echoes on one selector until its thread is interrupted or the stack is closed. */
    static Thread echo(SelectorProvider provider) throws IOException {
        ServerSocketChannel server = provider.openServerSocketChannel();
        server.bind(new InetSocketAddress(PORT), 4_096);
        server.configureBlocking(false);
        Selector selector = provider.openSelector();
        server.register(selector, SelectionKey.OP_ACCEPT);
        Thread thread =
                new Thread(
                        () -> {
                            try (server;
                                    Selector closing = selector) {
                                while (!Thread.interrupted()) {
                                    closing.select();
                                    for (SelectionKey key : closing.selectedKeys()) serve(key);
                                    closing.selectedKeys().clear();
                                }
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
        thread.start();
        return thread;
    }

    private static void serve(SelectionKey key) throws IOException {
        if (key.isAcceptable()) {
            ServerSocketChannel server = (ServerSocketChannel) key.channel();
            for (SocketChannel c = server.accept(); c != null; c = server.accept()) {
                c.configureBlocking(false);
                c.register(key.selector(), SelectionKey.OP_READ, ByteBuffer.allocate(64 << 10));
            }
            return;
        }
        SocketChannel channel = (SocketChannel) key.channel();
        ByteBuffer buffer = (ByteBuffer) key.attachment();
        boolean ended = channel.read(buffer) < 0;
        buffer.flip();
        channel.write(buffer);
        boolean left = buffer.hasRemaining();
        buffer.compact();
        key.interestOps(left ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
        if (ended && !left) channel.close();
    }

    static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "not in 20 s: " + what);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static Usage usage(Stack stack) {
        try {
            return stack.usage();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static void assertNothingLeft(Stack stack) throws InterruptedException {
        until(
                "nothing left: " + usage(stack),
                () -> {
                    Usage u = usage(stack);
                    return u.halfOpen() == 0
                            && u.connections() == 0
                            && u.timeWait() == 0
                            && u.frames() == 0
                            && u.memoryInUse() <= IDLE_MEMORY;
                });
    }

    @InNetns
    void theKernelPings() throws Exception {
        Netns.require("ping");
        try (Stack stack = open()) {
            String ping =
                    sh(
                            "ping -c 3 -i 0.2 -w 10 10.0.0.2 && ping -c 2 -i 0.2 -s 1400 -w 10 10.0.0.2");
            assertTrue(ping.contains("3 received") && ping.contains("2 received"), ping);
            assertTrue(stack.counters().get(Counter.LINK_IN) >= 5);
        }
    }

    @InNetns
    void curlGetsAPage() throws Exception {
        Netns.require("curl");
        try (Stack stack = open()) {
            ServerSocketChannel server = stack.provider().openServerSocketChannel();
            server.bind(new InetSocketAddress(PORT));
            Process curl = start("curl -sS --max-time 10 http://10.0.0.2:" + PORT + "/");
            try (SocketChannel channel = server.accept()) {
                ByteBuffer request = ByteBuffer.allocate(4096);
                while (!new String(request.array(), 0, request.position()).endsWith("\r\n\r\n")) {
                    assertTrue(channel.read(request) > 0);
                }
                String response = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
                channel.write(ByteBuffer.wrap(response.getBytes()));
            }
            assertEquals("hello\n", new String(curl.getInputStream().readAllBytes()));
            assertEquals(0, curl.waitFor());
        }
    }

    private void pings(String mtu, String command) throws Exception {
        Netns.require("ping");
        try (Stack stack =
                Stack.builder().link(link() + "&mtu=" + mtu).address("10.0.0.2/24").open()) {
            String ping = sh(command);
            assertTrue(ping.contains("3 received") && !ping.contains("wrong"), ping);
            Map<Counter, Long> counters = stack.counters();
            assertEquals(3, counters.get(Counter.IP_REASM_OKS), counters.toString());
            assertEquals(3, counters.get(Counter.IP_FRAG_OKS), counters.toString());
            assertEquals(null, counters.get(Counter.IP_REASM_FAILS), counters.toString());
            assertEquals(null, counters.get(Counter.IP_FRAG_FAILS), counters.toString());
            assertNothingLeft(stack);
        }
    }

    @InNetns
    void theKernelPingsInFragments() throws Exception {
        pings("1500", "ping -c 3 -i 0.2 -s 5000 -w 10 10.0.0.2");
        pings("1500", "ping -c 3 -i 0.2 -s 65507 -w 10 10.0.0.2");
        pings("1500", "ping -M want -c 3 -i 0.2 -s 1473 -w 10 10.0.0.2");
        pings("576", "ping -c 3 -i 0.2 -s 5000 -w 10 10.0.0.2");
        pings("576", "ping -c 3 -i 0.2 -s 65507 -w 10 10.0.0.2");
        pings("9000", "ping -c 3 -i 0.2 -s 65507 -w 10 10.0.0.2");
    }

    /** A host behind the kernel, on a link with a small MTU; /run is the test's own. */
    private static final String FAR =
            "mount -t tmpfs none /run && ip netns add far"
                    + " && ip link add near0 mtu 800 type veth peer name far0 netns far"
                    + " && ip addr add 10.1.0.1/24 dev near0 && ip link set near0 up"
                    + " && ip -n far addr add 10.1.0.2/24 dev far0"
                    + " && ip -n far link set far0 mtu 800 up"
                    + " && ip -n far route add default via 10.1.0.1"
                    + " && sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0";

    @InNetns(setup = FAR)
    void repliesAreCutToThePathMtuThatTheKernelNames() throws Exception {
        Netns.require("ping");
        try (Stack stack =
                Stack.builder().link(link()).address("10.0.0.2/24").gateway("10.0.0.1").open()) {
            // The first reply, of 1,228 bytes, fits our link, but not the far one.
            String ping = sh("ip netns exec far ping -c 6 -i 0.3 -s 1200 -w 10 10.0.0.2; true");
            Map<Counter, Long> counters = stack.counters();
            assertTrue(ping.contains("received") && counters.get(Counter.IP_FRAG_OKS) >= 5, ping);
            assertTrue(counters.get(Counter.ICMP_IN_DEST_UNREACHS) >= 1, counters.toString());
        }
    }

    @InNetns
    void aFloodOfFirstFragmentsLeavesMemoryBounded() throws Exception {
        Netns.require("hping3");
        Netns.require("ping");
        long bound = 256 << 10;
        try (Stack stack =
                Stack.builder()
                        .link(link())
                        .address("10.0.0.2/24")
                        .sysctl(Sysctl.IPFRAG_HIGH_THRESH, bound)
                        .sysctl(Sysctl.IPFRAG_TIME, 1)
                        .open()) {
            Process flood = start("exec hping3 -q -n -1 -x -d 64 -i u20 --rand-source 10.0.0.2");
            until("a flood", () -> count(stack, Counter.IP_REASM_EVICTIONS) > 1_000);
            String ping = sh("ping -c 20 -i 0.05 -s 65507 -w 10 10.0.0.2; true");
            assertTrue(ping.contains(" 0% packet loss"), ping);
            // The link reads into one slab; another is what replies are made in.
            assertTrue(usage(stack).memoryInUse() <= bound + 2 * IDLE_MEMORY, usage(stack) + "");
            flood.destroy();
            flood.waitFor();
            assertNothingLeft(stack);
        }
    }

    private static long count(Stack stack, Counter counter) {
        return stack.counters().getOrDefault(counter, 0L);
    }

    @InNetns(seconds = 120)
    void manyConnectionsAtOnce() throws Exception {
        try (Stack stack = open()) {
            Thread server = echo(stack.provider());
            List<SocketChannel> clients = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) clients.add(SocketChannel.open(SERVER));
            until("all accepted", () -> usage(stack).connections() == AT_ONCE);
            for (int i = 0; i < AT_ONCE; i++) {
                clients.get(i).write(ByteBuffer.wrap(("hello " + i).getBytes()));
            }
            for (int i = 0; i < AT_ONCE; i++) {
                String expected = "hello " + i;
                ByteBuffer got = ByteBuffer.allocate(expected.length());
                while (got.hasRemaining()) assertTrue(clients.get(i).read(got) > 0);
                assertEquals(expected, new String(got.array()));
            }
            for (SocketChannel client : clients) client.close();
            assertNothingLeft(stack);
            server.interrupt();
            server.join();
        }
    }

    @InNetns(seconds = 300)
    void manyConnectionsOneAfterAnotherEachEndedByFin() throws Exception {
        try (Stack stack = open()) {
            Thread server = echo(stack.provider());
            int threads = Thread.activeCount();
            ByteBuffer one = ByteBuffer.allocate(1);
            for (int i = 0; i < IN_A_ROW; i++) {
                try (SocketChannel client = SocketChannel.open(SERVER)) {
                    client.write(ByteBuffer.wrap(new byte[] {(byte) i}));
                    assertEquals(1, client.read(one.clear()));
                    assertEquals((byte) i, one.get(0));
                    client.shutdownOutput();
                    assertEquals(-1, client.read(one.clear()), "a FIN, not a RST");
                }
            }
            assertNothingLeft(stack);
            Map<Counter, Long> counters = stack.counters();
            assertEquals(IN_A_ROW, counters.get(Counter.TCP_PASSIVE_OPENS));
            assertEquals(null, counters.get(Counter.TCP_OUT_RSTS), counters.toString());
            assertEquals(null, counters.get(Counter.TCP_ESTAB_RESETS), counters.toString());
            assertEquals(threads, Thread.activeCount());
            server.interrupt();
            server.join();
        }
    }

    @InNetns(seconds = 300)
    void bulkArrivesIntactBothWays() throws Exception {
        try (Stack stack = open()) {
            Thread server = echo(stack.provider());
            try (SocketChannel client = SocketChannel.open(SERVER)) {
                CompletableFuture<byte[]> received = Async.supply(() -> digestOf(client));
                MessageDigest sent = MessageDigest.getInstance("SHA-256");
                SplittableRandom random = new SplittableRandom(42);
                ByteBuffer block = ByteBuffer.allocate(64 << 10);
                for (long n = 0; n < BULK; n += block.capacity()) {
                    random.nextBytes(block.array());
                    sent.update(block.array());
                    block.clear();
                    while (block.hasRemaining()) client.write(block);
                }
                client.shutdownOutput();
                assertArrayEquals(sent.digest(), received.get(240, TimeUnit.SECONDS));
            }
            assertNothingLeft(stack);
            server.interrupt();
            server.join();
        }
    }

    private static byte[] digestOf(SocketChannel channel) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
            while (channel.read(buffer.clear()) >= 0) digest.update(buffer.flip());
            return digest.digest();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @InNetns
    void theStackConnectsToTheKernel() throws Exception {
        try (Stack stack = open();
                ServerSocketChannel kernel = ServerSocketChannel.open()) {
            kernel.bind(new InetSocketAddress("10.0.0.1", 7000));
            try (SocketChannel ours = stack.provider().openSocketChannel()) {
                ours.connect(new InetSocketAddress("10.0.0.1", 7000));
                try (SocketChannel accepted = kernel.accept()) {
                    assertEquals(ours.getLocalAddress(), accepted.getRemoteAddress());
                    ours.write(ByteBuffer.wrap(new byte[] {42}));
                    ByteBuffer one = ByteBuffer.allocate(1);
                    assertEquals(1, accepted.read(one));
                    assertEquals(42, one.get(0));
                    accepted.shutdownOutput();
                    assertEquals(-1, ours.read(one.clear()));
                }
            }
        }
    }

    @InNetns
    void whatCannotBeReachedIsTheRightException() throws Exception {
        try (Stack stack = open()) {
            SocketChannel refused = stack.provider().openSocketChannel();
            ConnectException e =
                    assertThrows(
                            ConnectException.class,
                            () -> refused.connect(new InetSocketAddress("10.0.0.1", 9)));
            assertEquals("Connection refused", e.getMessage());

            SocketChannel elsewhere = stack.provider().openSocketChannel();
            SocketException net =
                    assertThrowsExactly(
                            SocketException.class,
                            () -> elsewhere.connect(new InetSocketAddress("192.0.2.1", 9)));
            assertEquals("Network is unreachable", net.getMessage());

            SocketChannel kernel = SocketChannel.open();
            assertThrows(
                    ConnectException.class,
                    () -> kernel.connect(new InetSocketAddress("10.0.0.2", 9)));
            assertNothingLeft(stack);
        }
    }

    @InNetns
    void theTraceIsWhatTcpdumpPrints() throws Exception {
        Netns.require("tcpdump");
        Path directory = Files.createTempDirectory("trace");
        Path ours = directory.resolve("ours.txt");
        Path pcap = directory.resolve("theirs.pcap");
        Process tcpdump;
        try (Stack stack =
                Stack.builder().link(link()).address("10.0.0.2/24").trace(ours.toString()).open()) {
            tcpdump =
                    start("exec tcpdump --immediate-mode -U -i usernet0 -w " + pcap + " port 6888");
            BufferedReader said = tcpdump.inputReader();
            while (!said.readLine().contains("listening on")) assertTrue(tcpdump.isAlive());
            Thread server = echo(stack.provider());
            try (SocketChannel client = SocketChannel.open(SERVER)) {
                ByteBuffer line = ByteBuffer.wrap("hello\n".getBytes());
                for (int i = 0; i < 5; i++) {
                    client.write(line.rewind());
                    line.clear();
                    while (line.hasRemaining()) assertTrue(client.read(line) > 0);
                }
                client.shutdownOutput();
                assertEquals(-1, client.read(ByteBuffer.allocate(1)));
            }
            assertNothingLeft(stack);
            server.interrupt();
            server.join();
            tcpdump.destroy();
            tcpdump.waitFor();
        }
        String theirs = sh("tcpdump -r " + pcap + " -S -nn -vvv -t 2>/dev/null");
        // Its first line of a packet has a time stamp; the second, the ports.
        String session =
                Files.readString(ours)
                        .replaceAll("(?m)^\\d\\d:\\d\\d:\\d\\d\\.\\d{6} ", "")
                        .replaceAll("(?m)^(?!IP |    ).*\\R", "");
        assertTrue(theirs.lines().count() >= 2 * 10, theirs);
        assertEquals(theirs, session);
    }

    @InNetns
    void theJvmsStackIsOpenedAgainAfterItsDeviceWasDeleted() throws Exception {
        System.setProperty("usernet.link", link());
        System.setProperty("usernet.address", "10.0.0.2/24");
        SelectorProvider provider = new UsernetProvider();
        assertTrue(UsernetProvider.stack().isEmpty());
        ServerSocketChannel first = provider.openServerSocketChannel();
        first.bind(new InetSocketAddress(PORT));
        Stack before = UsernetProvider.stack().orElseThrow();
        assertEquals("LISTEN 0 50 0.0.0.0:6888 0.0.0.0:*", before.sockets().get(0).toString());
        sh("ip link del usernet0");
        assertThrows(IOException.class, first::accept);
        assertTrue(UsernetProvider.stack().isEmpty());
        assertThrows(IOException.class, before::sockets);
        ServerSocketChannel second = provider.openServerSocketChannel();
        second.bind(new InetSocketAddress(PORT));
        try (SocketChannel client = SocketChannel.open(SERVER);
                SocketChannel accepted = second.accept()) {
            accepted.write(ByteBuffer.wrap(new byte[] {42}));
            ByteBuffer one = ByteBuffer.allocate(1);
            assertEquals(1, client.read(one));
            assertEquals(42, one.get(0));
        }
        assertNotSame(before, UsernetProvider.stack().orElseThrow());
    }
}
