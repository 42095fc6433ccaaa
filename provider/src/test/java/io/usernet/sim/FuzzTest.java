package io.usernet.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.igmp.SourceFilter;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.sim.Transfer.Server;
import io.usernet.stack.Binding;
import io.usernet.stack.Packets;
import io.usernet.stack.Reuse;
import io.usernet.tcp.Stream;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random frames, and valid ones that were changed, into two stacks that talk to each other. Each frame
 * comes in a region of exactly its size. Nothing may escape, leak, or go uncounted.
 */
class FuzzTest {
    private static final int PORT = 6888;
    private static final int ROUNDS = 150;
    private static final int GROUP = Ipv4Address.parse("239.1.2.3");

    /** -Dfuzz.seeds=1000 for a long run. */
    static LongStream seeds() {
        return LongStream.rangeClosed(1, Long.getLong("fuzz.seeds", 8));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void nothingEscapesLeaksOrGoesUncounted(long seed) throws IOException {
        SimNetwork net = new SimNetwork(seed);
        SplittableRandom random = new SplittableRandom(seed * 31);
        Path path = Path.clean().withLatencyMs(1).withLoss(0.01).withReorder(0.05, 2);
        SimNetwork.Host client =
                net.host(StackConfig.defaults().withAddress("10.0.0.1/24"), 1500, path, true);
        SimNetwork.Host server =
                net.host(StackConfig.defaults().withAddress("10.0.0.2/24"), 1500, path, true);
        List<Stream> streams = new ArrayList<>();
        Server listener =
                new Server(server, PORT, 32, (s, n) -> talk(server, s, streams, random.split()));
        SplittableRandom mutations = random.split();
        client.tamper(frame -> mutate(frame, mutations));
        server.tamper(frame -> mutate(frame, mutations));
        UdpSocket asking = udp(client, 0, false, random.split());
        UdpSocket answering = udp(server, PORT, true, random.split());
        for (int round = 0; round < ROUNDS; round++) {
            ask(client, asking, random);
            Stream stream = new Stream(client.stack.memory(), 64 << 10, 64 << 10);
            Binding from = client.stack.connect(stream, null, Ipv4Address.parse("10.0.0.2"), PORT);
            client.stack.inbox().post(from, Binding.RELEASE);
            talk(client, stream, streams, random.split());
            for (int i = 0; i < 20; i++) {
                client.receives(noise(client.mac(), random));
                server.receives(noise(server.mac(), random));
            }
            for (byte[] fragment : fragments(server.mac(), random)) server.receives(fragment);
            for (int i = 0; i < 5; i++) server.receives(toGroup(random));
            listen(server, answering, random);
            net.runFor(Duration.ofMillis(random.nextInt(100)));
        }
        assertTrue(listener.accepted() > 0, "some connections get through");
        long whole = server.stack.counters().get(Counter.IP_REASM_OKS);
        assertTrue(whole >= ROUNDS / 6, "some datagrams are put together: " + whole);
        long answers = client.stack.counters().get(Counter.UDP_IN_DATAGRAMS);
        assertTrue(answers > ROUNDS, "some datagrams get through: " + answers);
        long queries = server.stack.counters().get(Counter.IGMP_IN_QUERIES);
        assertTrue(queries > ROUNDS / 10, "some queries get through: " + queries);
        long reports = server.stack.counters().get(Counter.IGMP_OUT_REPORTS);
        assertTrue(reports > ROUNDS / 30, "some reports are sent: " + reports);
        client.tamper(null);
        server.tamper(null);
        server.stack.inbox().post(listener.backlog(), io.usernet.tcp.Backlog.CLOSE);
        client.stack.inbox().post(asking, UdpSocket.CLOSE);
        server.stack.inbox().post(answering, UdpSocket.CLOSE);
        for (Stream stream : streams) {
            (stream.connection() == null ? client : owner(stream, client, server))
                    .stack
                    .inbox()
                    .post(stream, Stream.CLOSE);
        }
        net.runFor(Duration.ofHours(1));
        for (SimNetwork.Host host : List.of(client, server)) {
            assertEquals(0, host.stack.endpoints(), "endpoints");
            assertEquals(0, host.stack.framesOut(), "frames");
            assertEquals(0, host.regionsHeld(), "regions of frames that came in");
            assertEquals(0, host.stack.memory().inUse(), "slabs");
            assertEverythingIsCounted(host);
        }
        assertEquals(0, client.stack.ports());
    }

    private static SimNetwork.Host owner(
            Stream stream, SimNetwork.Host client, SimNetwork.Host server) {
        int local = stream.connection().tuple().localAddress();
        return local == Ipv4Address.parse("10.0.0.1") ? client : server;
    }

    /** Every frame that came in is delivered or under exactly one drop, layer by layer. */
    private static void assertEverythingIsCounted(SimNetwork.Host host) {
        Counters c = host.stack.counters();
        assertEquals(host.framesIn(), c.get(Counter.LINK_IN));
        host.stack.prepare(); // logs the failures, if there were any
        assertEquals(0, c.get(Counter.TCP_ENDPOINT_FAILURES));
        assertEquals(0, c.get(Counter.UDP_SOCKET_FAILURES));
        assertSum(
                c,
                Counter.LINK_IN,
                Counter.ARP_IN,
                Counter.IP_IN_RECEIVES,
                Counter.LINK_IN_DISCARDS,
                Counter.LINK_IN_UNKNOWN);
        assertSum(
                c,
                Counter.ARP_IN,
                Counter.ARP_IN_DELIVERS,
                Counter.ARP_IN_ERRORS,
                Counter.ARP_IN_IGNORED);
        assertSum(
                c,
                List.of(Counter.IP_IN_RECEIVES, Counter.IP_REASM_OKS),
                Counter.IP_REASM_REQDS,
                Counter.IP_IN_DELIVERS,
                Counter.IP_IN_HDR_ERRORS,
                Counter.IP_IN_ADDR_ERRORS,
                Counter.IP_IN_MARTIANS,
                Counter.IP_IN_UNKNOWN_PROTOS);
        assertSum(
                c,
                Counter.IP_IN_DELIVERS,
                Counter.TCP_IN_SEGS,
                Counter.ICMP_IN_MSGS,
                Counter.IGMP_IN_MSGS,
                Counter.UDP_IN_DATAGRAMS,
                Counter.UDP_NO_PORTS,
                Counter.UDP_IGNORED_MULTI,
                Counter.UDP_RCVBUF_ERRORS,
                Counter.UDP_MEM_ERRORS,
                Counter.UDP_IN_CSUM_ERRORS,
                Counter.UDP_IN_ERRORS);
        assertSum(
                c,
                Counter.ICMP_IN_MSGS,
                Counter.ICMP_IN_ERRORS,
                Counter.ICMP_IN_IGNORED,
                Counter.ICMP_IN_ECHOS,
                Counter.ICMP_IN_DEST_UNREACHS,
                Counter.ICMP_IN_UNMATCHED);
        assertSum(
                c,
                Counter.IGMP_IN_MSGS,
                Counter.IGMP_IN_ERRORS,
                Counter.IGMP_IN_IGNORED,
                Counter.IGMP_IN_QUERIES,
                Counter.IGMP_IN_REPORTS);
        assertSum(
                c,
                Counter.TCP_IN_SEGS,
                Counter.TCP_IN_DELIVERS,
                Counter.TCP_IN_ERRS,
                Counter.TCP_IN_CSUM_ERRORS,
                Counter.TCP_NO_ENDPOINTS,
                Counter.TCP_LISTEN_DROPS,
                Counter.TCP_REQ_Q_FULL_DROPS);
    }

    private static void assertSum(Counters c, Counter whole, Counter... parts) {
        assertSum(c, List.of(whole), parts);
    }

    private static void assertSum(Counters c, List<Counter> whole, Counter... parts) {
        long expected = whole.stream().mapToLong(c::get).sum();
        long sum = Arrays.stream(parts).mapToLong(c::get).sum();
        assertEquals(expected, sum, whole + " is the sum of " + Arrays.toString(parts));
    }

    /** A socket that reads what comes, and may send it back. */
    private static UdpSocket udp(
            SimNetwork.Host host, int port, boolean echoes, SplittableRandom random)
            throws IOException {
        UdpSocket socket = host.stack.newUdpSocket();
        socket.receiveBuffer(8_000);
        int own = host.stack.bind(socket, 0, port, Reuse.NONE).port();
        ByteBuffer piece = ByteBuffer.allocate(2_000);
        host.add(
                nowNs -> {
                    if (socket.isClosed() || random.nextInt(3) == 0) return false;
                    long from = socket.receive(piece.clear());
                    if (from == UdpSocket.NONE) return false;
                    if (echoes) send(host, socket, (int) (from >>> 16), (int) from, piece.flip());
                    return true;
                });
        assertTrue(own > 0);
        return socket;
    }

    private static void listen(SimNetwork.Host host, UdpSocket socket, SplittableRandom random)
            throws IOException {
        int[] sources = new int[random.nextInt(4)];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = Ipv4Address.parse("10.0.0." + random.nextInt(4));
        }
        SourceFilter filter =
                random.nextBoolean()
                        ? SourceFilter.exclude(sources)
                        : SourceFilter.include(sources);
        host.stack.listen(socket, 0, GROUP, filter);
    }

    private static void ask(SimNetwork.Host host, UdpSocket socket, SplittableRandom random) {
        for (int n = random.nextInt(10); n > 0; n--) {
            byte[] payload = new byte[random.nextInt(1_472)];
            random.nextBytes(payload);
            send(host, socket, Ipv4Address.parse("10.0.0.2"), PORT, ByteBuffer.wrap(payload));
        }
    }

    private static void send(
            SimNetwork.Host host, UdpSocket socket, int to, int port, ByteBuffer payload) {
        try {
            int source = host.stack.source(0, to, payload.remaining(), false, false);
            socket.send(payload, source, to, port & 0xFFFF, 0);
            host.stack.inbox().post(socket, UdpSocket.TRANSMIT);
        } catch (SocketException e) {
            // a sender's address that was changed on the way: nothing can be sent there
        }
    }

    /** An application that writes, reads and closes as it likes. */
    private static void talk(
            SimNetwork.Host host, Stream stream, List<Stream> all, SplittableRandom random) {
        all.add(stream);
        ByteBuffer piece = ByteBuffer.allocate(4000);
        int[] writes = {random.nextInt(6)};
        host.add(
                nowNs -> {
                    boolean did = false;
                    while (stream.read(piece.clear()) > 0) did = true;
                    if (stream.shouldAnnounce()) {
                        host.stack.inbox().post(stream, Stream.CONSUMED);
                    }
                    if (!stream.isConnected() || stream.cause() != null || writes[0] < 0) {
                        return did;
                    }
                    if (writes[0]-- > 0) {
                        piece.clear().limit(1 + random.nextInt(4000));
                        stream.write(piece);
                        host.stack.inbox().post(stream, Stream.WRITTEN);
                    } else {
                        int how = random.nextBoolean() ? Stream.CLOSE : Stream.SHUTDOWN_OUTPUT;
                        host.stack.inbox().post(stream, how);
                    }
                    return true;
                });
    }

    // -- frames

    private static byte[] noise(long mac, SplittableRandom random) {
        byte[] payload = new byte[random.nextInt(120)];
        random.nextBytes(payload);
        if (random.nextInt(10) == 0) return payload;
        int[] types = {Ethernet.IPV4, Ethernet.ARP, Ethernet.IPV6, 0x1234};
        int type = types[random.nextInt(types.length)];
        if (type == Ethernet.IPV4 && payload.length >= 40 && random.nextBoolean()) {
            plausible(payload, random);
        }
        if (type == Ethernet.ARP && payload.length >= 8) {
            System.arraycopy(new byte[] {0, 1, 8, 0, 6, 4, 0}, 0, payload, 0, 7);
            payload[7] = (byte) random.nextInt(4);
        }
        long src = 0x02_00_00_00_00_00L | random.nextInt(256);
        return Packets.ethernet(
                random.nextInt(8) == 0 ? Ethernet.BROADCAST : mac, src, type, payload);
    }

    /** A message of IGMP, or a datagram, to a group, right or changed. */
    private static byte[] toGroup(SplittableRandom random) {
        byte[] payload = new byte[8 + 4 * random.nextInt(8)];
        random.nextBytes(payload);
        boolean igmp = random.nextInt(4) > 0;
        int[] types = {0x11, 0x11, 0x11, 0x12, 0x16, 0x17, 0x22};
        int[] groups = {0, GROUP, GROUP, 0xE000_0001, random.nextInt()};
        ByteBuffer b = ByteBuffer.allocateDirect(24 + payload.length);
        b.put(24, payload);
        if (igmp) {
            b.put(24, (byte) types[random.nextInt(types.length)]);
            b.putInt(28, groups[random.nextInt(groups.length)]);
            if (payload.length >= 12) {
                b.putShort(34, (short) ((payload.length - 12) / 4 + random.nextInt(4) / 3));
            }
            b.putShort(26, (short) 0);
            int sum = Checksum.sum(b, 24, payload.length);
            b.putShort(26, (short) Checksum.complement(sum));
        } else {
            Udp.write(b, 24, 9, PORT, payload.length);
        }
        int dst = random.nextInt(3) == 0 ? GROUP : 0xE000_0001;
        int src = Ipv4Address.parse("10.0.0." + random.nextInt(4));
        int protocol = igmp ? Ipv4.IGMP : Ipv4.UDP;
        int ttl = random.nextInt(20) == 0 ? 2 : 1;
        Ipv4.write(b, 0, 0, b.capacity(), 1, 0, 0, ttl, protocol, src, dst);
        Ipv4.putRouterAlert(b, 0);
        byte[] datagram = Packets.array(b);
        long from = 0x02_00_00_00_00_01L;
        byte[] frame = Packets.ethernet(Ethernet.ofGroup(dst), from, Ethernet.IPV4, datagram);
        return mutate(frame, random);
    }

    /**
     * A long echo request in fragments, in any order, some of them mutated, lost or doubled. A third of
     * them are whole and get through.
     */
    private static List<byte[]> fragments(long mac, SplittableRandom random) {
        byte[] text = new byte[1_000 + random.nextInt(8_000)];
        random.nextBytes(text);
        byte[] ping = Packets.icmp(Icmp4.ECHO_REQUEST, 0, 1, text);
        List<byte[]> all = new ArrayList<>();
        boolean sound = random.nextInt(3) == 0;
        int id = random.nextInt(1 << 16);
        int most = 8 << random.nextInt(8);
        for (int at = 0; at < ping.length; ) {
            int n = Math.min(ping.length - at, 8 * (1 + random.nextInt(most)));
            byte[] ip = Packets.fragment(ping, id, at, n, "10.0.0.1", "10.0.0.2");
            byte[] frame = Packets.ethernet(mac, 0x02_00_00_00_00_01L, Ethernet.IPV4, ip);
            int copies = sound ? 1 : random.nextInt(20) % 3;
            for (int i = 0; i < copies; i++) {
                byte[] changed = sound || random.nextInt(8) > 0 ? frame : mutate(frame, random);
                all.add(random.nextInt(all.size() + 1), changed);
            }
            at += n;
        }
        return all;
    }

    /** Makes an IPv4 header of the first bytes, so that the rest is looked at. */
    private static void plausible(byte[] payload, SplittableRandom random) {
        ByteBuffer b = Packets.direct(payload);
        int[] protocols = {Ipv4.TCP, Ipv4.ICMP, Ipv4.UDP, 99};
        Ipv4.write(
                b,
                0,
                0,
                payload.length,
                1,
                0,
                0,
                64,
                protocols[random.nextInt(protocols.length)],
                Ipv4Address.parse("10.0.0." + random.nextInt(256)),
                Ipv4Address.parse("10.0.0." + (1 + random.nextInt(2))));
        b.get(0, payload);
    }

    private static byte[] mutate(byte[] frame, SplittableRandom random) {
        if (random.nextInt(4) != 0) return frame;
        byte[] changed =
                switch (random.nextInt(5)) {
                    case 0 -> Arrays.copyOf(frame, random.nextInt(frame.length + 1));
                    case 1 -> Arrays.copyOf(frame, frame.length + random.nextInt(40));
                    default -> frame.clone();
                };
        for (int n = random.nextInt(4); n > 0 && changed.length > 14; n--) {
            int at = 14 + random.nextInt(Math.min(60, changed.length - 14)); // headers, mostly
            changed[at] = (byte) random.nextInt();
        }
        if (random.nextInt(3) > 0) repair(changed);
        return changed;
    }

    /** Makes checksums right again, so that what was changed gets further. */
    private static void repair(byte[] frame) {
        ByteBuffer b = Packets.direct(frame);
        int at = Ethernet.HEADER;
        if (frame.length < at + Ipv4.HEADER || Ethernet.type(b, 0) != Ethernet.IPV4) return;
        int header = Ipv4.check(b, at, frame.length);
        if (header < 0) return;
        b.putShort(at + 10, (short) 0);
        b.putShort(at + 10, (short) Checksum.complement(Checksum.sum(b, at, header)));
        int segment = at + header;
        int length = Ipv4.totalLength(b, at) - header;
        if (Ipv4.protocol(b, at) == Ipv4.TCP && length >= Tcp.HEADER) {
            Tcp.putChecksum(b, segment, 0);
            int pseudo = Checksum.pseudoHeader(Ipv4.src(b, at), Ipv4.dst(b, at), Ipv4.TCP, length);
            int sum = Checksum.append(pseudo, 0, Checksum.sum(b, segment, length));
            Tcp.putChecksum(b, segment, Checksum.complement(sum));
        }
        if (Ipv4.protocol(b, at) == Ipv4.UDP && Udp.check(b, segment, segment + length) > 0) {
            int udp = Udp.length(b, segment);
            b.putShort(segment + Udp.CHECKSUM, (short) 0);
            int pseudo = Checksum.pseudoHeader(Ipv4.src(b, at), Ipv4.dst(b, at), Ipv4.UDP, udp);
            int sum = Checksum.append(pseudo, 0, Checksum.sum(b, segment, udp));
            b.putShort(segment + Udp.CHECKSUM, (short) Checksum.complement(sum));
        }
        b.get(0, frame);
    }
}
