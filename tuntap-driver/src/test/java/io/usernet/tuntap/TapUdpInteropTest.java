package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static io.usernet.tuntap.Netns.start;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.metrics.Usage;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** UDP of a whole stack on a TAP device against the kernel's: this JVM's own provider is the kernel's. */
class TapUdpInteropTest {
    private static final String LINK = "tap:usernet0?host=10.0.0.1/24";
    private static final int PORT = 6888;
    private static final InetSocketAddress STACK = new InetSocketAddress("10.0.0.2", PORT);
    private static final InetSocketAddress KERNEL = new InetSocketAddress("10.0.0.1", 7000);

    private static final int ROUNDS = Integer.getInteger("usernet.test.udp.rounds", 2_000);

    /** Packet memory that an idle stack keeps: the slab that the link reads into. */
    private static final long IDLE_MEMORY = 128 << 10;

    private static Stack open() throws IOException {
        return Stack.builder().link(LINK).address("10.0.0.2/24").open();
    }

    /** What an echo server does with a datagram before it sends it back. */
    private interface Service {
        void answer(ByteBuffer datagram);
    }

    /** Answers every datagram, on one selector, until its thread is interrupted. */
    private static Thread serve(SelectorProvider provider, InetSocketAddress at, Service service)
            throws IOException {
        DatagramChannel channel = provider.openDatagramChannel(StandardProtocolFamily.INET);
        channel.bind(at);
        channel.configureBlocking(false);
        Selector selector = provider.openSelector();
        channel.register(selector, SelectionKey.OP_READ);
        Thread thread =
                new Thread(
                        () -> {
                            ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
                            try (channel;
                                    Selector closing = selector) {
                                while (!Thread.interrupted()) {
                                    closing.select();
                                    closing.selectedKeys().clear();
                                    SocketAddress from;
                                    while ((from = channel.receive(buffer.clear())) != null) {
                                        service.answer(buffer.flip());
                                        channel.send(buffer, from);
                                    }
                                }
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
        thread.start();
        return thread;
    }

    private static Thread echo(SelectorProvider provider, InetSocketAddress at) throws IOException {
        return serve(provider, at, datagram -> {});
    }

    private static void stop(Thread server) throws InterruptedException {
        server.interrupt();
        server.join();
    }

    private static void assertNothingLeft(Stack stack) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (Usage u = stack.usage();
                u.frames() != 0 || u.memoryInUse() > IDLE_MEMORY;
                u = stack.usage()) {
            assertTrue(System.nanoTime() < end, "left: " + u);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /** Sends datagrams of these sizes one after another, and wants each back whole. */
    private static void exchange(DatagramSocket client, SocketAddress server, int rounds, int most)
            throws Exception {
        client.setSoTimeout(10_000);
        client.connect(server);
        SplittableRandom random = new SplittableRandom(7);
        MessageDigest sent = MessageDigest.getInstance("SHA-256");
        MessageDigest received = MessageDigest.getInstance("SHA-256");
        DatagramPacket answer = new DatagramPacket(new byte[most + 1], most + 1);
        for (int i = 0; i < rounds; i++) {
            byte[] bytes = new byte[i == 0 ? most : random.nextInt(1, most + 1)];
            random.nextBytes(bytes);
            sent.update(bytes);
            client.send(new DatagramPacket(bytes, bytes.length));
            client.receive(answer);
            assertEquals(bytes.length, answer.getLength());
            received.update(answer.getData(), 0, answer.getLength());
        }
        assertArrayEquals(sent.digest(), received.digest());
    }

    @InNetns
    void theKernelsDatagramsComeBack() throws Exception {
        try (Stack stack = open()) {
            Thread server = echo(stack.provider(), STACK);
            try (DatagramSocket client = new DatagramSocket()) {
                exchange(client, STACK, ROUNDS, 1_472);
            }
            stop(server);
            assertNothingLeft(stack);
        }
    }

    @InNetns
    void theStacksDatagramsComeBack() throws Exception {
        try (Stack stack = open()) {
            Thread server = echo(SelectorProvider.provider(), KERNEL);
            try (DatagramSocket client = stack.provider().openDatagramChannel().socket()) {
                exchange(client, KERNEL, ROUNDS, 1_472);
                assertEquals("10.0.0.2", client.getLocalAddress().getHostAddress());
            }
            stop(server);
            assertNothingLeft(stack);
        }
    }

    @InNetns
    void datagramsLongerThanTheMtuComeBackBothWays() throws Exception {
        try (Stack stack = open()) {
            Thread ours = echo(stack.provider(), STACK);
            Thread theirs = echo(SelectorProvider.provider(), KERNEL);
            try (DatagramSocket client = new DatagramSocket()) {
                exchange(client, STACK, 100, 60_000);
            }
            try (DatagramSocket client = stack.provider().openDatagramChannel().socket()) {
                exchange(client, KERNEL, 100, 60_000);
            }
            stop(ours);
            stop(theirs);
            assertNothingLeft(stack);
        }
    }

    @InNetns
    void programsOfTheKernelAreServed() throws Exception {
        Netns.require("socat");
        try (Stack stack = open()) {
            Thread server = echo(stack.provider(), new InetSocketAddress(PORT));
            String said = sh("printf hello | socat -t 3 -T 3 - UDP4:10.0.0.2:6888");
            assertEquals("hello", said);
            stop(server);
        }
    }

    // -- a name server

    private static final int HEADER = 12, ANSWERS_AT = 6, ADDITIONAL_AT = 10;
    private static final byte[] ADDRESS_10_9_8_7 = {10, 9, 8, 7};

    /** A query for the IPv4 address of usernet.test (RFC 1035 section 4.1), recursion desired. */
    private static ByteBuffer query(int id) {
        ByteBuffer q = ByteBuffer.allocate(64);
        q.putShort((short) id).putShort((short) 0x0100).putShort((short) 1);
        q.putShort((short) 0).putShort((short) 0).putShort((short) 0);
        q.put((byte) 7).put("usernet".getBytes()).put((byte) 4).put("test".getBytes());
        return q.put((byte) 0).putShort((short) 1).putShort((short) 1).flip();
    }

    /** Appends the address to a query with one question. */
    private static void answer(ByteBuffer datagram) {
        int end = HEADER;
        while (datagram.get(end) != 0) end += 1 + datagram.get(end);
        end += 5; // the root, type and class
        datagram.putShort(2, (short) 0x8580); // an authoritative answer
        datagram.putShort(ANSWERS_AT, (short) 1).putShort(ADDITIONAL_AT, (short) 0);
        datagram.limit(end + 16).position(end);
        datagram.putShort((short) (0xC000 | HEADER)).putShort((short) 1).putShort((short) 1);
        datagram.putInt(60).putShort((short) 4).put(ADDRESS_10_9_8_7).flip();
    }

    @InNetns
    void digAsksTheStack() throws Exception {
        Netns.require("dig");
        try (Stack stack = open()) {
            Thread server = serve(stack.provider(), STACK, TapUdpInteropTest::answer);
            String said = sh("dig @10.0.0.2 -p 6888 +noedns +short +time=3 +tries=3 usernet.test");
            assertEquals("10.9.8.7\n", said);
            stop(server);
        }
    }

    @InNetns
    void theStackAsksDnsmasq() throws Exception {
        Netns.require("dnsmasq");
        try (Stack stack = open();
                DatagramSocket client = stack.provider().openDatagramChannel().socket()) {
            Process dnsmasq =
                    start(
                            "exec dnsmasq -k -R -h -C /dev/null -u root --log-facility=-"
                                    + " --port=5300 --listen-address=10.0.0.1 --bind-interfaces"
                                    + " --pid-file= --address=/usernet.test/10.9.8.7");
            client.setSoTimeout(500);
            client.connect(new InetSocketAddress("10.0.0.1", 5300));
            DatagramPacket response = new DatagramPacket(new byte[512], 512);
            boolean answered = false;
            for (int id = 1; id < 40 && !answered; id++) {
                assertTrue(dnsmasq.isAlive(), "dnsmasq has ended");
                ByteBuffer query = query(id);
                try {
                    client.send(new DatagramPacket(query.array(), query.limit()));
                    client.receive(response);
                    answered = true;
                } catch (PortUnreachableException | SocketTimeoutException e) {
                    TimeUnit.MILLISECONDS.sleep(50); // it is starting
                }
            }
            assertTrue(answered);
            int length = response.getLength();
            byte[] address = Arrays.copyOfRange(response.getData(), length - 4, length);
            assertArrayEquals(ADDRESS_10_9_8_7, address);
            dnsmasq.destroy();
            dnsmasq.waitFor();
        }
    }

    // -- errors and broadcast

    @InNetns
    void portsOfNobodyAreUnreachableBothWays() throws Exception {
        try (Stack stack = open();
                DatagramChannel ours = stack.provider().openDatagramChannel();
                DatagramChannel theirs = DatagramChannel.open(StandardProtocolFamily.INET)) {
            theirs.connect(new InetSocketAddress("10.0.0.2", 9));
            theirs.write(ByteBuffer.wrap(new byte[1]));
            assertThrows(PortUnreachableException.class, () -> theirs.read(ByteBuffer.allocate(1)));
            ours.connect(new InetSocketAddress("10.0.0.1", 9));
            ours.write(ByteBuffer.wrap(new byte[1]));
            assertThrows(PortUnreachableException.class, () -> ours.read(ByteBuffer.allocate(1)));
        }
    }

    @InNetns
    void noRouteIsToldAtOnce() throws Exception {
        try (Stack stack = open();
                DatagramChannel ours = stack.provider().openDatagramChannel()) {
            InetSocketAddress elsewhere = new InetSocketAddress("192.0.2.1", 9);
            ByteBuffer src = ByteBuffer.wrap(new byte[1]);
            SocketException sending =
                    assertThrowsExactly(SocketException.class, () -> ours.send(src, elsewhere));
            assertEquals("Network is unreachable", sending.getMessage());
            assertEquals(1, src.remaining());
            SocketException connecting =
                    assertThrowsExactly(SocketException.class, () -> ours.connect(elsewhere));
            assertEquals("Network is unreachable", connecting.getMessage());
            assertTrue(ours.isOpen());
        }
    }

    /** Needs the option that JDK 19 has brought. */
    @InNetns
    @SuppressWarnings("unchecked")
    void whatMustNotBeCutMustFit() throws Exception {
        try (Stack stack = open()) {
            for (SelectorProvider p : List.of(SelectorProvider.provider(), stack.provider())) {
                try (DatagramChannel c = p.openDatagramChannel(StandardProtocolFamily.INET)) {
                    SocketOption<Boolean> option =
                            (SocketOption<Boolean>)
                                    c.supportedOptions().stream()
                                            .filter(o -> o.name().equals("IP_DONTFRAGMENT"))
                                            .findFirst()
                                            .orElse(null);
                    Assumptions.assumeTrue(option != null, "this JDK has no IP_DONTFRAGMENT");
                    c.setOption(option, true);
                    String other = p == stack.provider() ? "10.0.0.1" : "10.0.0.2";
                    InetSocketAddress to = new InetSocketAddress(other, PORT);
                    assertEquals(1_472, c.send(ByteBuffer.allocate(1_472), to));
                    ByteBuffer src = ByteBuffer.allocate(1_473);
                    SocketException failure =
                            assertThrowsExactly(SocketException.class, () -> c.send(src, to));
                    assertEquals("Message too long", failure.getMessage());
                    assertEquals(0, src.position());
                }
            }
        }
    }

    @InNetns
    void broadcastMustBeAllowed() throws Exception {
        try (Stack stack = open()) {
            for (SelectorProvider p : List.of(SelectorProvider.provider(), stack.provider())) {
                try (DatagramChannel c = p.openDatagramChannel(StandardProtocolFamily.INET)) {
                    refusedAsNotPermitted(c, new InetSocketAddress("10.0.0.255", PORT));
                }
            }
        }
    }

    private static void refusedAsNotPermitted(DatagramChannel channel, SocketAddress everybody) {
        ByteBuffer src = ByteBuffer.wrap(new byte[1]);
        BindException sending =
                assertThrowsExactly(BindException.class, () -> channel.send(src, everybody));
        assertEquals("Permission denied", sending.getMessage());
        assertEquals(1, src.remaining());
        BindException connecting =
                assertThrowsExactly(BindException.class, () -> channel.connect(everybody));
        assertEquals("Permission denied", connecting.getMessage());
        assertFalse(channel.isConnected());
        assertTrue(channel.isOpen());
    }

    private static DatagramChannel listener(SelectorProvider provider) throws IOException {
        DatagramChannel channel = provider.openDatagramChannel(StandardProtocolFamily.INET);
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
        return channel.bind(new InetSocketAddress(PORT));
    }

    private static String text(DatagramChannel from) throws IOException {
        DatagramPacket p = new DatagramPacket(new byte[100], 100);
        from.socket().setSoTimeout(10_000);
        from.socket().receive(p);
        return new String(p.getData(), 0, p.getLength());
    }

    @InNetns
    void broadcastReachesEverybodyBothWays() throws Exception {
        InetSocketAddress everybody = new InetSocketAddress("10.0.0.255", PORT);
        try (Stack stack = open();
                DatagramChannel one = listener(stack.provider());
                DatagramChannel other = listener(stack.provider());
                DatagramChannel kernel = listener(SelectorProvider.provider())) {
            try (DatagramChannel sender = DatagramChannel.open(StandardProtocolFamily.INET)) {
                sender.setOption(StandardSocketOptions.SO_BROADCAST, true);
                sender.send(ByteBuffer.wrap("from the kernel".getBytes()), everybody);
            }
            assertEquals("from the kernel", text(one));
            assertEquals("from the kernel", text(other));
            assertEquals("from the kernel", text(kernel)); // its own, too
            try (DatagramChannel sender = stack.provider().openDatagramChannel()) {
                sender.setOption(StandardSocketOptions.SO_BROADCAST, true);
                sender.send(ByteBuffer.wrap("from the stack".getBytes()), everybody);
            }
            assertEquals("from the stack", text(kernel));
        }
    }
}
