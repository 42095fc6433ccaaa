package io.usernet.stack;

import static io.usernet.stack.Packets.ip;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Holder;
import io.usernet.frame.Region;
import io.usernet.frame.Slab;
import io.usernet.link.LinkFailure;
import io.usernet.metrics.Counter;
import io.usernet.udp.UdpError;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Checksum;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Udp;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** UDP on a link and on the loopback, in virtual time. */
class UdpTest {
    private static final String ME = "10.0.0.2", PEER = "10.0.0.1", ALL = "10.0.0.255";
    private static final int OVERHEAD = 256;

    private final Host host = host(StackConfig.defaults());
    private final long inUse = host.stack.memory().inUse();

    private static Host host(StackConfig config) {
        return new Host(config.withAddress(ME + "/24"), 3);
    }

    private UdpSocket bound(String address, int port) throws IOException {
        return bound(address, port, Reuse.NONE);
    }

    private UdpSocket bound(String address, int port, Reuse reuse) throws IOException {
        UdpSocket socket = host.stack.newUdpSocket();
        host.stack.bind(socket, ip(address), port, reuse);
        return socket;
    }

    private UdpSocket connected(String remote, int port) throws IOException {
        UdpSocket socket = host.stack.newUdpSocket();
        host.stack.connect(socket, ip(remote), port, true);
        return socket;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte) (i * 31 ^ i >> 8);
        return bytes;
    }

    private void arrives(int srcPort, String dst, int dstPort, String text) {
        host.receives(Packets.udp(PEER, srcPort, dst, dstPort, bytes(text)));
    }

    private boolean send(UdpSocket socket, String dst, int port, byte[] payload)
            throws IOException {
        int source = host.stack.source(0, ip(dst), payload.length, true, false);
        boolean queued = socket.send(ByteBuffer.wrap(payload), source, ip(dst), port, 0);
        host.stack.inbox().post(socket, UdpSocket.TRANSMIT);
        host.run();
        return queued;
    }

    private void close(UdpSocket... sockets) {
        for (UdpSocket s : sockets) host.stack.inbox().post(s, UdpSocket.CLOSE);
        host.run();
    }

    /** Sender and text, such as "10.0.0.1:53 hello", or null. */
    private static String received(UdpSocket socket) {
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        long from = socket.receive(dst);
        if (from == UdpSocket.NONE) return null;
        String text = new String(dst.array(), 0, dst.position(), StandardCharsets.US_ASCII);
        return io.usernet.wire.Ipv4Address.format((int) (from >>> 16))
                + ":"
                + (from & 0xFFFF)
                + " "
                + text;
    }

    private void assertNothingLeft() {
        assertEquals(0, host.stack.usage().udpSockets());
        assertEquals(0, host.stack.ports());
        host.assertNoFramesOut();
        assertEquals(inUse, host.stack.memory().inUse(), "memory");
    }

    // -- in

    @Test
    void aDatagramIsReceivedWithItsSender() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        assertFalse(socket.isReadable());
        arrives(5000, ME, 7000, "hello");
        assertTrue(socket.isReadable());
        assertEquals("10.0.0.1:5000 hello", received(socket));
        assertFalse(socket.isReadable());
        assertNull(received(socket));
        host.assertCount(1, Counter.UDP_IN_DATAGRAMS);
        close(socket);
        assertNothingLeft();
    }

    @Test
    void whatDoesNotFitIsDropped() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        arrives(5000, ME, 7000, "abcdefgh");
        arrives(5000, ME, 7000, "next");
        ByteBuffer three = ByteBuffer.allocate(3);
        socket.receive(three);
        assertEquals("abc", new String(three.array(), StandardCharsets.US_ASCII));
        assertEquals("10.0.0.1:5000 next", received(socket));
        close(socket);
    }

    @Test
    void buffersAreFilledInTurn() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        arrives(5000, ME, 7000, "abcdefgh");
        ByteBuffer[] dsts = {
            ByteBuffer.allocate(9),
            ByteBuffer.allocate(2),
            ByteBuffer.allocate(0),
            ByteBuffer.allocateDirect(3),
            ByteBuffer.allocate(9)
        };
        socket.receive(dsts, 1, 3);
        assertEquals(0, dsts[0].position());
        assertEquals('b', dsts[1].get(1));
        assertEquals(3, dsts[3].position());
        assertEquals('e', dsts[3].get(2));
        assertEquals(0, dsts[4].position());
        close(socket);
    }

    @Test
    void anEmptyDatagramIsADatagram() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        arrives(5000, ME, 7000, "");
        assertTrue(socket.isReadable());
        assertEquals("10.0.0.1:5000 ", received(socket));
        assertTrue(send(socket, PEER, 9, new byte[0]));
        byte[] sent = host.link.sent();
        assertEquals(Ipv4.HEADER + Udp.HEADER, sent.length);
        close(socket);
        assertNothingLeft();
    }

    @Test
    void paddingBehindTheDatagramIsCutOff() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        byte[] datagram = Packets.udp(PEER, 5000, ME, 7000, bytes("abc"));
        // An IP packet longer than its UDP datagram says; the sum is only over the datagram.
        byte[] longer = Arrays.copyOf(datagram, datagram.length + 5);
        ByteBuffer b = Packets.direct(longer);
        Ipv4.write(b, 0, 0, longer.length, 7, 0, 0, 64, Ipv4.UDP, ip(PEER), ip(ME));
        host.receives(Packets.array(b));
        assertEquals("10.0.0.1:5000 abc", received(socket));
    }

    @Test
    void aDatagramWithoutAChecksumIsTaken() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        byte[] datagram = Packets.udp(PEER, 5000, ME, 7000, bytes("abc"));
        datagram[Ipv4.HEADER + Udp.CHECKSUM] = 0;
        datagram[Ipv4.HEADER + Udp.CHECKSUM + 1] = 0;
        host.receives(datagram);
        assertEquals("10.0.0.1:5000 abc", received(socket));
    }

    @Test
    void damagedDatagramsAreCountedAndDropped() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        byte[] datagram = Packets.udp(PEER, 5000, ME, 7000, bytes("abc"));
        datagram[Ipv4.HEADER + Udp.HEADER]++;
        host.receives(datagram);
        host.assertCount(1, Counter.UDP_IN_CSUM_ERRORS);
        host.receives(Packets.ipv4(Ipv4.UDP, PEER, ME, new byte[7]));
        host.receives(Packets.ipv4(Ipv4.UDP, PEER, ME, new byte[] {1, 2, 3, 4, 0, 9, 0, 0}));
        host.receives(Packets.ipv4(Ipv4.UDP, PEER, ME, new byte[] {1, 2, 3, 4, 0, 7, 0, 0}));
        host.assertCount(3, Counter.UDP_IN_ERRORS);
        assertFalse(socket.isReadable());
        host.assertSent();
    }

    @Test
    void whereNobodyListensThePortIsUnreachable() throws IOException {
        arrives(5000, ME, 7000, "hello");
        host.assertSent(ME + " > " + PEER + " icmp 3/3");
        host.assertCount(1, Counter.UDP_NO_PORTS);
        UdpSocket socket = bound("127.0.0.1", 7000);
        arrives(5000, ME, 7000, "hello");
        host.assertCount(2, Counter.UDP_NO_PORTS);
        close(socket);
    }

    @Test
    void theReceiveBufferBoundsWhatWaits() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        socket.receiveBuffer(10 * (OVERHEAD + 100) / 2); // it holds twice that
        for (int i = 0; i < 15; i++) arrives(5000, ME, 7000, "x".repeat(100));
        host.assertCount(10, Counter.UDP_IN_DATAGRAMS);
        host.assertCount(5, Counter.UDP_RCVBUF_ERRORS);
        received(socket);
        arrives(5000, ME, 7000, "y".repeat(100));
        host.assertCount(11, Counter.UDP_IN_DATAGRAMS);
        for (int i = 0; i < 10; i++) assertTrue(received(socket) != null);
        assertNull(received(socket));
        close(socket);
        assertNothingLeft();
    }

    @Test
    void emptyDatagramsAreBoundedToo() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        int fit = 2 * socket.receiveBuffer() / OVERHEAD;
        for (int i = 0; i < fit + 10; i++) arrives(5000, ME, 7000, "");
        host.assertCount(fit, Counter.UDP_IN_DATAGRAMS);
        host.assertCount(10, Counter.UDP_RCVBUF_ERRORS);
        close(socket);
        assertNothingLeft();
    }

    @Test
    void oneDatagramFitsIntoAnyBuffer() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        socket.receiveBuffer(1);
        assertEquals(2_048 / 2, socket.receiveBuffer());
        byte[] large = pattern(9_000);
        host.receives(Packets.udp(PEER, 1, ME, 7000, large));
        ByteBuffer dst = ByteBuffer.allocate(10_000);
        socket.receive(dst);
        assertArrayEquals(large, Arrays.copyOf(dst.array(), dst.position()));
        close(socket);
        assertNothingLeft();
    }

    // -- whom it is for

    @Test
    void theMostSpecificSocketGetsIt() throws IOException {
        Reuse shared = Reuse.NONE.withAddress(true);
        UdpSocket any = bound("0.0.0.0", 7000, shared);
        UdpSocket here = bound(ME, 7000, shared);
        UdpSocket peers = bound("0.0.0.0", 7000, shared);
        host.stack.connect(peers, ip(PEER), 5000, false);
        arrives(5000, ME, 7000, "connected");
        arrives(5001, ME, 7000, "here");
        assertEquals("10.0.0.1:5000 connected", received(peers));
        assertEquals("10.0.0.1:5001 here", received(here));
        close(here);
        arrives(5001, ME, 7000, "any");
        assertEquals("10.0.0.1:5001 any", received(any));
        assertNull(received(peers));
        close(peers);
        arrives(5000, ME, 7000, "any now");
        assertEquals("10.0.0.1:5000 any now", received(any));
        close(any);
        assertNothingLeft();
    }

    @Test
    void ofThoseThatReuseTheAddressTheLastGetsIt() throws IOException {
        Reuse shared = Reuse.NONE.withAddress(true);
        UdpSocket first = bound("0.0.0.0", 7000, shared);
        UdpSocket second = bound("0.0.0.0", 7000, shared);
        arrives(5000, ME, 7000, "one");
        assertEquals("10.0.0.1:5000 one", received(second));
        assertNull(received(first));
        close(second);
        arrives(5000, ME, 7000, "two");
        assertEquals("10.0.0.1:5000 two", received(first));
        close(first);
    }

    @Test
    void reusePortSpreadsPeersAndKeepsEachWithItsSocket() throws IOException {
        Reuse shared = Reuse.NONE.withPort(true);
        List<UdpSocket> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) all.add(bound("0.0.0.0", 7000, shared));
        int[] counts = new int[4];
        for (int port = 1000; port < 1200; port++) {
            arrives(port, ME, 7000, "a");
            arrives(port, ME, 7000, "b");
            for (int i = 0; i < 4; i++) {
                String first = received(all.get(i));
                if (first == null) continue;
                assertEquals("10.0.0.1:" + port + " b", received(all.get(i)), "the same socket");
                counts[i]++;
            }
        }
        for (int count : counts) assertTrue(count > 25, Arrays.toString(counts));
        close(all.toArray(new UdpSocket[0]));
        assertNothingLeft();
    }

    @Test
    void aConnectedSocketHearsItsPeerAlone() throws IOException {
        UdpSocket socket = host.stack.newUdpSocket();
        UdpBinding ends = host.stack.connect(socket, ip(PEER), 5000, false);
        assertEquals(ip(ME), ends.localAddress());
        int port = ends.binding().port();
        arrives(5001, ME, port, "another port");
        host.assertCount(1, Counter.UDP_NO_PORTS);
        arrives(5000, ME, port, "peer");
        assertEquals("10.0.0.1:5000 peer", received(socket));
        host.stack.disconnect(socket);
        arrives(5001, ME, port, "anybody");
        assertEquals("10.0.0.1:5001 anybody", received(socket));
        host.stack.connect(socket, ip(PEER), 5002, false);
        arrives(5002, ME, port, "again");
        assertEquals("10.0.0.1:5002 again", received(socket));
        close(socket);
        assertNothingLeft();
    }

    @Test
    void manyConnectedSocketsOfOnePortAreFoundAmongThemselves() throws IOException {
        Reuse shared = Reuse.NONE.withAddress(true);
        List<UdpSocket> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            UdpSocket socket = bound(ME, 7000, shared);
            host.stack.connect(socket, ip(PEER), 1000 + i, false);
            all.add(socket);
        }
        for (int i = 199; i >= 0; i--) {
            arrives(1000 + i, ME, 7000, "x");
            assertEquals("10.0.0.1:" + (1000 + i) + " x", received(all.get(i)));
            if (i % 3 == 0) close(all.get(i));
        }
        arrives(1001, ME, 7000, "still");
        assertEquals("10.0.0.1:1001 still", received(all.get(1)));
        close(all.toArray(new UdpSocket[0]));
        assertNothingLeft();
    }

    @Test
    void aBroadcastReachesEverySocketOfThePort() throws IOException {
        Reuse shared = Reuse.NONE.withAddress(true);
        UdpSocket any = bound("0.0.0.0", 7000, shared);
        UdpSocket any2 = bound("0.0.0.0", 7000, shared);
        UdpSocket here = bound(ME, 7000, shared);
        UdpSocket all = bound(ALL, 7000, shared);
        String text = "z".repeat(1000);
        arrives(5000, ALL, 7000, text);
        assertEquals("10.0.0.1:5000 " + text, received(any));
        assertEquals("10.0.0.1:5000 " + text, received(any2));
        assertEquals("10.0.0.1:5000 " + text, received(all));
        assertNull(received(here));
        host.assertCount(3, Counter.UDP_IN_DATAGRAMS);
        arrives(5000, "255.255.255.255", 7000, "limited");
        assertEquals("10.0.0.1:5000 limited", received(any));
        assertNull(received(all));
        arrives(5000, ALL, 7001, "nobody");
        host.assertCount(1, Counter.UDP_IGNORED_MULTI);
        host.assertSent(); // no error in answer to a broadcast
        arrives(5000, ME, 7000, "unicast");
        assertNull(received(all));
        close(any, any2, here, all);
        assertNothingLeft();
    }

    // -- ports

    @Test
    void portsAreApartFromThoseOfTcp() throws IOException {
        host.stack.bind(0, 7000, Reuse.NONE);
        UdpSocket socket = bound("0.0.0.0", 7000);
        BindException e =
                assertThrows(BindException.class, () -> bound("0.0.0.0", 7000, Reuse.NONE));
        assertEquals("Address already in use", e.getMessage());
        e = assertThrows(BindException.class, () -> bound("10.0.0.9", 7001));
        assertEquals("Cannot assign requested address", e.getMessage());
        close(socket);
        close(bound("0.0.0.0", 7000));
    }

    @Test
    void freePortsAreGivenOutOnce() throws IOException {
        Host small =
                host(
                        StackConfig.defaults()
                                .withSysctls(
                                        io.usernet.config.Sysctls.defaults()
                                                .with(Sysctl.IP_LOCAL_PORT_RANGE, "5000 5009")));
        Set<Integer> ports = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            Binding b = small.stack.bind(small.stack.newUdpSocket(), 0, 0, Reuse.NONE);
            ports.add(b.port());
        }
        assertEquals(10, ports.size());
        assertThrows(
                BindException.class,
                () -> small.stack.connect(small.stack.newUdpSocket(), ip(PEER), 1, false));
    }

    // -- out

    @Test
    void datagramsGoOutInOrder() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        for (int i = 0; i < 20; i++) {
            socket.send(ByteBuffer.wrap(bytes("n" + i)), ip(ME), ip(PEER), 53, 0x10);
        }
        host.stack.inbox().post(socket, UdpSocket.TRANSMIT);
        host.run();
        List<byte[]> sent = host.link.allSent();
        assertEquals(20, sent.size());
        for (int i = 0; i < 20; i++) {
            assertArrayEquals(payload("n" + i), sentPayload(sent.get(i)));
            ByteBuffer b = Packets.direct(sent.get(i));
            assertEquals(0x10, b.get(1), "TOS");
            assertEquals(7000, Udp.srcPort(b, Ipv4.HEADER));
            assertEquals(53, Udp.dstPort(b, Ipv4.HEADER));
            int length = Udp.length(b, Ipv4.HEADER);
            int pseudo = Checksum.pseudoHeader(ip(ME), ip(PEER), Ipv4.UDP, length);
            int sum = Checksum.append(pseudo, 0, Checksum.sum(b, Ipv4.HEADER, length));
            assertEquals(0xFFFF, sum, "checksum");
        }
        host.assertCount(20, Counter.UDP_OUT_DATAGRAMS);
        close(socket);
        assertNothingLeft();
    }

    private static byte[] payload(String text) {
        return bytes(text);
    }

    private static byte[] sentPayload(byte[] packet) {
        return Arrays.copyOfRange(packet, Ipv4.HEADER + Udp.HEADER, packet.length);
    }

    @Test
    void whatIsLongerThanTheMtuGoesInFragments() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        send(socket, PEER, 53, pattern(65_507));
        List<byte[]> fragments = host.link.allSent();
        assertEquals(45, fragments.size());
        Host other = new Host(StackConfig.defaults().withAddress(PEER + "/24"), 3);
        UdpSocket there = other.stack.newUdpSocket();
        other.stack.bind(there, 0, 53, Reuse.NONE);
        for (byte[] fragment : fragments) other.receives(fragment);
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        assertEquals((long) ip(ME) << 16 | 7000, there.receive(dst));
        assertArrayEquals(pattern(65_507), Arrays.copyOf(dst.array(), dst.position()));
        other.assertNoFramesOut();
        close(socket);
        assertNothingLeft();
    }

    @Test
    void aSumOfZeroIsSentAsAllOnes() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        // The one word of payload that makes the sum 0xFFFF, and its complement 0.
        int pseudo = Checksum.pseudoHeader(ip(ME), ip(PEER), Ipv4.UDP, Udp.HEADER + 2);
        int others = Checksum.fold(pseudo + 7000 + 53 + Udp.HEADER + 2);
        int word = 0xFFFF - others;
        send(socket, PEER, 53, new byte[] {(byte) (word >> 8), (byte) word});
        assertEquals(0xFFFF, Udp.checksum(Packets.direct(host.link.sent()), Ipv4.HEADER));
    }

    @Test
    void aFullLinkMakesDatagramsWaitAndThenWriters() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        socket.sendBuffer(30_000);
        host.link.full = true;
        int taken = 0;
        while (send(socket, PEER, 53, pattern(1_000))) taken++;
        assertTrue(taken >= 24 && taken < 300, "" + taken);
        assertFalse(socket.isWritable());
        host.link.full = false;
        host.run();
        assertTrue(socket.isWritable());
        assertEquals(taken, host.link.allSent().size());
        close(socket);
        assertNothingLeft();
    }

    @Test
    void aBlockedLinkDoesNotHinderTheLoopback() throws IOException {
        UdpSocket out = bound("0.0.0.0", 7000);
        UdpSocket local = bound("127.0.0.1", 7001);
        host.link.full = true;
        send(out, PEER, 53, bytes("waits")); // pends in the interface
        send(out, PEER, 53, bytes("waits too")); // in the socket
        send(local, "127.0.0.1", 7001, bytes("goes"));
        assertEquals("127.0.0.1:7001 goes", received(local));
        host.link.full = false;
        host.run();
        assertEquals(2, host.link.allSent().size());
        close(out, local);
        assertNothingLeft();
    }

    @Test
    void whatWasQueuedIsSentAfterTheClose() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        host.link.full = true;
        send(socket, PEER, 53, bytes("one"));
        send(socket, PEER, 53, bytes("two"));
        send(socket, PEER, 53, bytes("three"));
        close(socket);
        assertEquals(0, host.stack.ports(), "the port is free");
        assertTrue(host.stack.undelivered() > 0);
        host.link.full = false;
        host.run();
        List<byte[]> sent = host.link.allSent();
        assertEquals(3, sent.size());
        assertArrayEquals(bytes("three"), sentPayload(sent.get(2)));
        assertEquals(0, host.stack.undelivered());
        host.run();
        assertNothingLeft();
    }

    @Test
    void framesThatTheLinkHoldsKeepTheirBytes() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        host.link.hold = true;
        for (int i = 0; i < 50; i++) send(socket, PEER, 53, pattern(900 + i));
        assertTrue(socket.isWritable());
        close(socket);
        assertNotEquals(inUse, host.stack.memory().inUse());
        host.link.releaseKept();
        assertNothingLeft();
    }

    @Test
    void aBusySocketLeavesTurnsToOthers() throws IOException {
        UdpSocket busy = bound("0.0.0.0", 7000);
        UdpSocket other = bound("0.0.0.0", 7001);
        for (int i = 0; i < 100; i++) {
            busy.send(ByteBuffer.wrap(new byte[10]), ip(ME), ip(PEER), 1, 0);
        }
        other.send(ByteBuffer.wrap(new byte[10]), ip(ME), ip(PEER), 2, 0);
        host.stack.inbox().post(busy, UdpSocket.TRANSMIT);
        host.stack.inbox().post(other, UdpSocket.TRANSMIT);
        assertTrue(host.stack.turn(host.now()), "a turn is bounded");
        List<byte[]> sent = host.link.allSent();
        assertTrue(sent.size() < 101, "" + sent.size());
        boolean served =
                sent.stream().anyMatch(p -> Udp.dstPort(Packets.direct(p), Ipv4.HEADER) == 2);
        assertTrue(served);
        host.run();
        close(busy, other);
    }

    @Test
    void broadcastsGoOutAndComeBack() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        assertTrue(send(socket, ALL, 7000, bytes("all")));
        assertEquals(ME + ":7000 all", received(socket));
        byte[] sent = host.link.sent();
        assertEquals(ip(ALL), Ipv4.dst(Packets.direct(sent), 0));
        assertTrue(send(socket, "255.255.255.255", 7000, bytes("limited")));
        assertEquals(ME + ":7000 limited", received(socket));
        close(socket);
        assertNull(host.link.sent() == null ? "nothing" : null);
        assertNothingLeft();
    }

    @Test
    void whatCannotBeSentIsSaidBeforehand() throws IOException {
        assertEquals(ip(ME), host.stack.source(0, ip(PEER), 10, false, false));
        assertEquals(ip("127.0.0.1"), host.stack.source(0, 0, 10, false, false));
        assertEquals(ip(ME), host.stack.source(ip(ME), 0, 10, false, false));
        assertEquals(ip(ME), host.stack.source(ip(ALL), ip(PEER), 10, false, false));
        assertRefused("Network is unreachable", 0, "192.168.1.1", 10, true);
        assertRefused("Network is unreachable", 0, "240.0.0.1", 10, true);
        assertEquals(ip(ME), host.stack.source(0, ip(PEER), 1_472, false, true));
        SocketException e =
                assertThrows(
                        SocketException.class,
                        () -> host.stack.source(0, ip(PEER), 1_473, false, true));
        assertEquals("Message too long", e.getMessage());
        assertRefused("Permission denied", 0, ALL, 10, false);
        assertRefused("Permission denied", 0, "255.255.255.255", 10, false);
        assertRefused("Message too long", 0, PEER, 65_508, false);
        assertRefused("Invalid argument", ip("127.0.0.1"), PEER, 10, false);
    }

    private void assertRefused(String message, int bound, String dst, int length, boolean all) {
        SocketException e =
                assertThrows(
                        SocketException.class,
                        () -> host.stack.source(bound, ip(dst), length, all, false));
        assertEquals(message, e.getMessage());
    }

    // -- the loopback

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255, 256, 257, 2_048, 9_000, 32_768, 65_507})
    void everySizeCrossesTheLoopback(int length) throws IOException {
        UdpSocket a = bound("127.0.0.1", 7000);
        UdpSocket b = bound("0.0.0.0", 7001);
        byte[] payload = pattern(length);
        for (int i = 0; i < 5; i++) {
            send(a, "127.0.0.1", 7001, bytes("shifts"));
            send(a, "127.0.0.1", 7001, payload);
            received(b);
            ByteBuffer dst = ByteBuffer.allocate(70_000);
            assertEquals((long) ip("127.0.0.1") << 16 | 7000, b.receive(dst));
            assertArrayEquals(payload, Arrays.copyOf(dst.array(), dst.position()));
        }
        close(a, b);
        assertNothingLeft();
    }

    @Test
    void aLimitedBroadcastWithoutALinkComesBackOnce() throws IOException {
        Host alone = new Host(StackConfig.defaults(), 0);
        UdpSocket sender = alone.stack.newUdpSocket(), receiver = alone.stack.newUdpSocket();
        alone.stack.bind(receiver, 0, 7000, Reuse.NONE);
        alone.stack.bind(sender, 0, 7001, Reuse.NONE);
        int all = ip("255.255.255.255");
        assertThrows(BindException.class, () -> alone.stack.source(0, all, 5, false, false));
        int source = alone.stack.source(0, all, 5, true, false);
        sender.send(ByteBuffer.wrap(bytes("hello")), source, all, 7000, 0);
        alone.stack.inbox().post(sender, UdpSocket.TRANSMIT);
        alone.run();
        assertEquals("127.0.0.1:7001 hello", received(receiver));
        assertNull(received(receiver));
        alone.assertNoFramesOut();
    }

    @Test
    void aReceiverThatDoesNotReadNeverStopsTheSender() throws IOException {
        UdpSocket a = bound(ME, 7000);
        UdpSocket b = bound(ME, 7001);
        for (int i = 0; i < 2_000; i++) assertTrue(send(a, ME, 7001, pattern(1_000)), "" + i);
        int waiting = 2 * b.receiveBuffer() / (1_000 + OVERHEAD);
        host.assertCount(waiting, Counter.UDP_IN_DATAGRAMS);
        host.assertCount(2_000 - waiting, Counter.UDP_RCVBUF_ERRORS);
        close(a, b);
        assertNothingLeft();
    }

    @Test
    void theWildcardAsADestinationIsThisHost() throws IOException {
        UdpSocket a = bound("0.0.0.0", 7000);
        assertTrue(send(a, "0.0.0.0", 7000, bytes("me")));
        assertEquals("127.0.0.1:7000 me", received(a));
        UdpSocket c = host.stack.newUdpSocket();
        UdpBinding ends = host.stack.connect(c, 0, 7000, false);
        assertEquals(ip("127.0.0.1"), ends.remoteAddress());
        close(a, c);
    }

    @Test
    void aConnectedSocketHearsThatNobodyListensOnTheLoopback() throws IOException {
        UdpSocket socket = connected("127.0.0.1", 7009);
        send(socket, "127.0.0.1", 7009, bytes("x"));
        assertTrue(socket.isReadable());
        assertTrue(socket.isWritable());
        assertEquals(UdpError.PORT_UNREACHABLE, socket.takeError());
        assertNull(socket.takeError());
        assertFalse(socket.isReadable());
        UdpSocket unconnected = bound("127.0.0.1", 7001);
        send(unconnected, "127.0.0.1", 7009, bytes("x"));
        assertNull(unconnected.takeError());
        close(socket, unconnected);
        assertNothingLeft();
    }

    // -- ICMP

    @Test
    void hardErrorsReachConnectedSockets() throws IOException {
        assertEquals(UdpError.PORT_UNREACHABLE, after(Icmp4.PORT_UNREACHABLE));
        assertEquals(UdpError.PROTOCOL_UNREACHABLE, after(Icmp4.PROTOCOL_UNREACHABLE));
        assertEquals(UdpError.HOST_UNREACHABLE, after(Icmp4.ADMIN_PROHIBITED));
        assertEquals(UdpError.NET_UNREACHABLE, after(Icmp4.NET_PROHIBITED));
        assertNull(after(Icmp4.HOST_UNREACHABLE));
        assertNull(after(Icmp4.NET_UNREACHABLE));
        assertNull(after(Icmp4.FRAGMENTATION_NEEDED));
        host.assertCount(7, Counter.ICMP_IN_DEST_UNREACHS);
    }

    private UdpError after(int code) throws IOException {
        UdpSocket socket = connected(PEER, 53);
        send(socket, PEER, 53, bytes("x"));
        host.receives(
                Packets.ipv4(
                        Ipv4.ICMP,
                        PEER,
                        ME,
                        Packets.icmp(Icmp4.UNREACHABLE, code, 0, host.link.sent())));
        UdpError error = socket.takeError();
        close(socket);
        return error;
    }

    @Test
    void whatMustNotBeCutHearsOfShorterLinks() throws IOException {
        UdpSocket socket = connected(PEER, 53);
        socket.dontFragment = true;
        send(socket, PEER, 53, pattern(1_400));
        byte[] sent = host.link.sent();
        assertEquals(Ipv4.DONT_FRAGMENT << 5, sent[6] & 0xFF, "DF");
        host.receives(
                Packets.ipv4(
                        Ipv4.ICMP,
                        PEER,
                        ME,
                        Packets.icmp(Icmp4.UNREACHABLE, Icmp4.FRAGMENTATION_NEEDED, 1_000, sent)));
        assertEquals(UdpError.MESSAGE_TOO_LONG, socket.takeError());
        send(socket, PEER, 53, pattern(972));
        assertEquals(1_000, host.link.sent().length);
        assertNull(socket.takeError());
        send(socket, PEER, 53, pattern(973));
        assertEquals(0, host.link.allSent().size());
        assertEquals(UdpError.MESSAGE_TOO_LONG, socket.takeError());
        socket.dontFragment = false;
        send(socket, PEER, 53, pattern(973));
        assertEquals(2, host.link.allSent().size());
        close(socket);
    }

    @Test
    void anErrorAboutAnotherSocketIsNobodys() throws IOException {
        UdpSocket socket = connected(PEER, 53);
        byte[] stranger = Packets.udp(ME, 1, PEER, 53, bytes("x"));
        host.receives(
                Packets.ipv4(
                        Ipv4.ICMP,
                        PEER,
                        ME,
                        Packets.icmp(Icmp4.UNREACHABLE, Icmp4.PORT_UNREACHABLE, 0, stranger)));
        assertNull(socket.takeError());
        host.assertCount(1, Counter.ICMP_IN_UNMATCHED);
    }

    // -- the end

    /** It is not the socket's failure: whoever runs the turn must hear of it. */
    @Test
    void aLinkThatFailsIsTheStacksAffairAndNotTheSockets() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        host.link.failure = new LinkFailure("test: gone");
        assertThrows(LinkFailure.class, () -> send(socket, PEER, 53, bytes("x")));
        assertFalse(socket.isClosed());
        host.assertCount(0, Counter.UDP_SOCKET_FAILURES);
    }

    /** Neither what the link refused when it failed, nor what waited behind it. */
    @Test
    void whatAFailingLinkLeavesIsReleased() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        host.link.full = true;
        send(socket, PEER, 53, bytes("x"));
        byte[] ping = Packets.icmp(Icmp4.ECHO_REQUEST, 0, 1, new byte[8]);
        for (int n = 0; n < 3; n++) host.receives(Packets.ipv4(Ipv4.ICMP, PEER, ME, ping));
        host.link.full = false;
        host.link.failure = new LinkFailure("test: gone");
        LinkFailure gone = assertThrows(LinkFailure.class, host::run);
        host.stack.die(gone);
        assertNothingLeft();
    }

    @Test
    void whatALinkFailsToSendIsReleased() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        host.link.failure = new LinkFailure("test: gone");
        LinkFailure gone =
                assertThrows(LinkFailure.class, () -> send(socket, PEER, 53, bytes("x")));
        host.stack.die(gone);
        assertNothingLeft();
    }

    @Test
    void theStacksDeathClosesSockets() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        UdpSocket peer = connected(PEER, 53);
        arrives(5000, ME, 7000, "x".repeat(1_000));
        peer.send(ByteBuffer.wrap(bytes("last words")), ip(ME), ip(PEER), 53, 0);
        host.stack.inbox().post(peer, UdpSocket.TRANSMIT);
        host.stack.posts();
        host.stack.die(new IOException("test"));
        for (UdpSocket s : List.of(socket, peer)) {
            assertTrue(s.isClosed());
            assertTrue(s.isReadable());
            assertTrue(s.isWritable());
            assertFalse(s.send(ByteBuffer.allocate(1), ip(ME), ip(PEER), 53, 0));
            assertNull(received(s));
        }
        assertArrayEquals(bytes("last words"), sentPayload(host.link.sent()));
        assertThrows(IOException.class, () -> bound("0.0.0.0", 0));
        assertNothingLeft();
    }

    @Test
    void aSocketThatWasNeverBoundCloses() {
        UdpSocket socket = host.stack.newUdpSocket();
        close(socket);
        assertTrue(socket.isClosed());
    }

    @Test
    void memoryThatIsUsedUpRefusesAndIsAnnounced() throws IOException {
        UdpSocket greedy = bound(ME, 7000);
        UdpSocket sink = bound(ME, 7001);
        greedy.sendBuffer(4 << 20);
        sink.receiveBuffer(4 << 20);
        List<Slab> taken = new ArrayList<>();
        for (Slab slab; (slab = host.stack.memory().takeForWriting(1)) != null; ) {
            taken.add(slab);
        }
        assertFalse(send(greedy, ME, 7001, pattern(1_000)));
        assertFalse(greedy.isWritable());
        host.stack.inbox().post(greedy, UdpSocket.STARVED);
        host.run();
        taken.forEach(Slab::release);
        assertTrue(greedy.isWritable());
        assertTrue(send(greedy, ME, 7001, pattern(1_000)));
        close(greedy, sink);
    }

    /** A slice's memory whose release does something, as if another thread did it meanwhile. */
    private static final class Meanwhile extends Holder {
        private final Runnable task;

        Meanwhile(Runnable task) {
            this.task = task;
        }

        @Override
        protected void free() {
            task.run();
        }
    }

    private List<Slab> takeAllForWriting() {
        List<Slab> taken = new ArrayList<>();
        for (Slab slab; (slab = host.stack.memory().takeForWriting(1)) != null; ) {
            taken.add(slab);
        }
        return taken;
    }

    /** The reader takes the last datagram after the loop has looked, before it asks to be told. */
    @Test
    void aReaderThatIsAskedTooLateIsNotWaitedFor() throws IOException {
        UdpSocket socket = bound("0.0.0.0", 7000);
        boolean[] announced = new boolean[1];
        Runnable reader =
                () -> {
                    assertNotEquals(null, received(socket));
                    announced[0] = socket.shouldAnnounce();
                };
        arrives(5000, ME, 7000, "first");
        byte[] udp = Packets.udp(PEER, 5000, ME, 7000, pattern(1_000));
        Region region = new Region(Packets.direct(udp));
        Frame in = new FramePool(host.stack.memory()).take();
        for (Runnable meanwhile : List.<Runnable>of(reader, () -> {})) {
            Meanwhile holder = new Meanwhile(meanwhile);
            in.append(region, holder, Ipv4.HEADER, udp.length - Ipv4.HEADER);
            socket.endpoint().onDatagram(in, ip(PEER));
            in.clear();
            holder.release();
        }
        received(socket);
        received(socket);
        List<Slab> taken = takeAllForWriting();
        host.run();
        assertFalse(socket.isReadable());
        assertTrue(announced[0] || !socket.endpoint().holding, "nobody frees what was read");
        taken.forEach(Slab::release);
        close(socket);
    }

    /** The writer needs more than there is, and there is some: readers have to give back all the same. */
    @Test
    void aReaderGivesBackWhatALongDatagramWaitsFor() throws IOException {
        UdpSocket writer = bound(ME, 7000);
        UdpSocket reader = bound(ME, 7001);
        for (int n = 0; n < 3; n++) assertTrue(send(writer, ME, 7001, pattern(60_000)));
        List<Slab> taken = takeAllForWriting();
        taken.remove(0).release();
        assertFalse(send(writer, ME, 7001, pattern(60_000)));
        host.stack.inbox().post(writer, UdpSocket.STARVED);
        host.run();
        assertFalse(writer.isWritable());
        while (received(reader) != null) {
            if (!reader.shouldAnnounce()) continue;
            host.stack.inbox().post(reader, UdpSocket.RECEIVED);
            host.run();
        }
        assertTrue(writer.isWritable());
        taken.forEach(Slab::release);
        close(writer, reader);
        assertNothingLeft();
    }
}
