package io.usernet.stack;

import static io.usernet.stack.Packets.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.igmp.SourceFilter;
import io.usernet.metrics.Counter;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Igmp;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What routers on the link are told of memberships (RFC 3376 sections 5 and 7), in virtual time. */
class IgmpTest {
    private static final String ME = "10.0.0.2", ROUTER = "10.0.0.1", ALL = "224.0.0.1";
    private static final String G = "239.1.2.3", H = "239.4.5.6";
    private static final int A = ip("10.1.0.1"), B = ip("10.1.0.2"), C = ip("10.1.0.3");
    private static final Duration LONG = Duration.ofSeconds(30);

    private Host host = host(StackConfig.defaults());

    private static Host host(StackConfig config) {
        return new Host(config.withAddress(ME + "/24"), 3);
    }

    private UdpSocket listen(UdpSocket socket, String group, SourceFilter filter)
            throws IOException {
        host.run(); // as a command does, in a turn
        host.stack.listen(socket, 0, ip(group), filter);
        host.run();
        return socket;
    }

    private UdpSocket member(String group, SourceFilter filter) throws IOException {
        return listen(host.stack.newUdpSocket(), group, filter);
    }

    private void close(UdpSocket socket) {
        host.stack.inbox().post(socket, UdpSocket.CLOSE);
        host.run();
    }

    // -- what goes out, in words such as "G to_ex{A B}"

    private List<String> sent() {
        List<String> all = new ArrayList<>();
        for (byte[] bytes : host.link.allSent()) {
            ByteBuffer b = Packets.direct(bytes);
            assertEquals(Ipv4.IGMP, Ipv4.protocol(b, 0));
            assertEquals(24, Ipv4.headerLength(b, 0));
            assertTrue(Ipv4.checksumOk(b, 0));
            assertEquals(0x9404_0000, b.getInt(20), "Router Alert");
            assertEquals(1, Ipv4.ttl(b, 0));
            assertEquals(0xC0, Ipv4.tos(b, 0));
            assertEquals(bytes.length, Ipv4.totalLength(b, 0));
            assertEquals(0xFFFF, Checksum.sum(b, 24, bytes.length - 24));
            assertTrue(bytes.length <= 1_500);
            all.add(describe(b, bytes.length));
        }
        return all;
    }

    private static String describe(ByteBuffer b, int length) {
        String to = Ipv4Address.format(Ipv4.dst(b, 0));
        if (b.get(24) != 0x22) {
            assertEquals(32, length);
            String what =
                    switch (b.get(24)) {
                        case 0x12 -> "v1 report ";
                        case 0x16 -> "v2 report ";
                        case 0x17 -> "leave ";
                        default -> throw new AssertionError("type " + b.get(24));
                    };
            return what + name(b.getInt(28)) + " to " + to;
        }
        assertEquals("224.0.0.22", to);
        StringBuilder text = new StringBuilder();
        int at = 32;
        for (int n = b.getShort(30); n > 0; n--) {
            String[] types = {"", "is_in", "is_ex", "to_in", "to_ex", "allow", "block"};
            if (text.length() > 0) text.append(", ");
            text.append(name(b.getInt(at + 4))).append(' ').append(types[b.get(at)]).append('{');
            int sources = b.getShort(at + 2);
            for (int i = 0; i < sources; i++) {
                text.append(i == 0 ? "" : " ").append(name(b.getInt(at + 8 + 4 * i)));
            }
            text.append('}');
            at += 8 + 4 * sources;
        }
        assertEquals(length, at, "nothing behind the last record");
        return text.toString();
    }

    private static String name(int address) {
        if (address == ip(G)) return "G";
        if (address == ip(H)) return "H";
        return address == A ? "A" : address == B ? "B" : address == C ? "C" : "" + address;
    }

    private void assertSent(String... expected) {
        assertEquals(List.of(expected), sent());
    }

    // -- what comes in

    private static byte[] message(int type, int code, String group, byte[] rest) {
        ByteBuffer b = ByteBuffer.allocateDirect(8 + rest.length);
        b.put(0, (byte) type).put(1, (byte) code).putInt(4, ip(group)).put(8, rest);
        b.putShort(2, (short) Checksum.complement(Checksum.sum(b, 0, b.capacity())));
        return Packets.array(b);
    }

    /** With TTL 1 and the Router Alert option. */
    private static byte[] packet(String src, String dst, byte[] message) {
        return packet(src, dst, message, 1, new byte[] {(byte) 0x94, 4, 0, 0});
    }

    private static byte[] packet(String src, String dst, byte[] message, int ttl, byte[] options) {
        int header = 20 + options.length;
        ByteBuffer b = ByteBuffer.allocateDirect(header + message.length);
        Ipv4.write(b, 0, 0, b.capacity(), 7, 0, 0, ttl, Ipv4.IGMP, ip(src), ip(dst));
        b.put(0, (byte) (0x40 | header / 4)).put(20, options).put(header, message);
        b.putShort(10, (short) 0);
        b.putShort(10, (short) Checksum.complement(Checksum.sum(b, 0, header)));
        return Packets.array(b);
    }

    private static byte[] v3(int code, String group, int qrv, int qqic, int... sources) {
        ByteBuffer rest = ByteBuffer.allocate(4 + 4 * sources.length);
        rest.put((byte) qrv).put((byte) qqic).putShort((short) sources.length);
        for (int source : sources) rest.putInt(source);
        return message(0x11, code, group, rest.array());
    }

    private void generalQuery(int code) {
        host.receives(packet(ROUTER, ALL, v3(code, "0.0.0.0", 2, 125)));
    }

    private void groupQuery(int code, String group, int... sources) {
        host.receives(packet(ROUTER, group, v3(code, group, 2, 125, sources)));
    }

    private void v2Query(int code, String group) {
        String to = group.equals("0.0.0.0") ? ALL : group;
        host.receives(packet(ROUTER, to, message(0x11, code, group, new byte[0])));
    }

    private void v1Query() {
        byte[] query = message(0x11, 0, "0.0.0.0", new byte[0]);
        host.receives(packet(ROUTER, ALL, query, 1, new byte[0]));
    }

    // -- changes

    @Test
    void joiningAndLeavingAreReportedTwice() throws IOException {
        UdpSocket socket = member(G, SourceFilter.ALL);
        assertSent("G to_ex{}");
        host.advance(Duration.ofSeconds(1));
        assertSent("G to_ex{}");
        host.advance(LONG);
        assertSent();
        close(socket);
        assertSent("G to_in{}");
        host.advance(Duration.ofSeconds(1));
        assertSent("G to_in{}");
        host.advance(LONG);
        assertSent();
        host.assertCount(4, Counter.IGMP_OUT_REPORTS);
        host.assertNoFramesOut();
        assertEquals(Long.MAX_VALUE, host.stack.earliest(), "no timer is left");
    }

    @Test
    void aSecondMemberIsNoNews() throws IOException {
        UdpSocket one = member(G, SourceFilter.ALL);
        host.advance(LONG);
        sent();
        UdpSocket other = member(G, SourceFilter.ALL);
        host.advance(LONG);
        close(one);
        host.advance(LONG);
        assertSent();
        close(other);
        assertSent("G to_in{}");
    }

    @Test
    void filtersOfSocketsAreMerged() throws IOException {
        UdpSocket one = member(G, SourceFilter.include(A));
        assertSent("G allow{A}");
        host.advance(LONG);
        assertSent("G allow{A}");
        UdpSocket other = member(G, SourceFilter.include(A, B));
        assertSent("G allow{B}");
        host.advance(LONG);
        assertSent("G allow{B}");
        UdpSocket third = member(G, SourceFilter.exclude(A, C));
        assertSent("G to_ex{C}"); // A is wanted by another
        host.advance(LONG);
        assertSent("G to_ex{C}");
        UdpSocket fourth = member(G, SourceFilter.exclude(B, C));
        assertSent();
        listen(fourth, G, SourceFilter.exclude(B));
        assertSent("G allow{C}");
        host.advance(LONG);
        assertSent("G allow{C}");
        close(third);
        assertSent(); // EXCLUDE {B}, but B is wanted
        close(other);
        assertSent("G block{B}");
        close(fourth);
        assertSent("G to_in{A}");
        close(one);
        assertSent("G to_in{}"); // the change of mode is still to be told once,
        host.advance(LONG);
        assertSent("G block{A}"); // and that of A
    }

    @Test
    void aChangeThatComesSoonGoesWithTheNextReport() throws IOException {
        UdpSocket socket = member(G, SourceFilter.ALL);
        assertSent("G to_ex{}");
        listen(socket, G, SourceFilter.exclude(A));
        assertSent("G to_ex{A}"); // within the two reports of the new mode
        host.advance(LONG);
        assertSent("G block{A}"); // and the second of A
        listen(socket, G, SourceFilter.exclude(A, B));
        listen(socket, G, SourceFilter.exclude(B));
        assertSent("G block{B}", "G allow{A}, G block{B}");
        host.advance(LONG);
        assertSent("G allow{A}");
        close(socket);
        assertSent("G to_in{}");
        UdpSocket again = member(G, SourceFilter.ALL);
        assertSent("G to_ex{}");
        host.advance(LONG);
        assertSent("G to_ex{}");
        close(again);
    }

    @Test
    void theQueriersRobustnessCounts() throws IOException {
        host.receives(packet(ROUTER, ALL, v3(1, "0.0.0.0", 5, 125)));
        member(G, SourceFilter.ALL);
        host.advance(LONG);
        assertEquals(5, sent().size());
        host.receives(packet(ROUTER, ALL, v3(1, "0.0.0.0", 0, 125))); // it doesn't say
        host.advance(LONG);
        assertSent("G is_ex{}");
        member(H, SourceFilter.ALL);
        host.advance(LONG);
        assertSent("H to_ex{}", "H to_ex{}");
    }

    @Test
    void aListThatIsTooLongIsSplitOrCut() throws IOException {
        host =
                host(
                        StackConfig.defaults()
                                .with(Sysctl.IGMP_MAX_MSF, 1_000)
                                .with(Sysctl.IGMP_QRV, 1));
        int[] sources = new int[900];
        for (int i = 0; i < sources.length; i++) sources[i] = 1 + i;
        UdpSocket socket = member(G, SourceFilter.include(sources));
        String all = String.join(" ", sent());
        for (int source : sources) assertTrue(all.matches(".*[{ ]" + source + "[} ].*"));
        assertEquals(3, all.split("allow").length - 1);
        listen(socket, G, SourceFilter.exclude(sources));
        List<String> cut = sent();
        assertEquals(1, cut.size());
        assertEquals(365, cut.get(0).split(" ").length - 1);
        close(socket);
    }

    @Test
    void allSystemsAreNeverReported() throws IOException {
        UdpSocket socket = member(ALL, SourceFilter.ALL);
        generalQuery(10);
        groupQuery(10, ALL);
        v2Query(10, "0.0.0.0");
        host.advance(LONG);
        close(socket);
        assertSent();
    }

    // -- queries of version 3

    @Test
    void aGeneralQueryIsAnsweredOnceInTime() throws IOException {
        UdpSocket one = member(G, SourceFilter.exclude(A));
        member(H, SourceFilter.include(B, C));
        host.advance(LONG);
        sent();
        generalQuery(100);
        assertSent(); // not at once
        host.advance(Duration.ofSeconds(10));
        List<String> answer = sent();
        assertEquals(1, answer.size());
        assertEquals(
                new TreeSet<>(List.of("G is_ex{A}", "H is_in{B C}")),
                new TreeSet<>(List.of(answer.get(0).split(", "))));
        host.advance(LONG);
        assertSent();
        close(one);
        host.advance(LONG);
        sent();
        generalQuery(1);
        generalQuery(1);
        host.advance(LONG);
        assertSent("H is_in{B C}");
        host.assertCount(3, Counter.IGMP_IN_QUERIES);
    }

    @Test
    void whoHasNothingToSayIsSilent() {
        generalQuery(10);
        groupQuery(10, G);
        host.advance(LONG);
        assertSent();
    }

    @Test
    void aGroupQueryIsAnsweredForTheGroup() throws IOException {
        member(G, SourceFilter.ALL);
        member(H, SourceFilter.ALL);
        host.advance(LONG);
        sent();
        groupQuery(10, G);
        host.advance(Duration.ofSeconds(1));
        assertSent("G is_ex{}");
    }

    @Test
    void aQueryForSourcesIsAnsweredWithThoseThatAreWanted() throws IOException {
        UdpSocket socket = member(G, SourceFilter.include(A, B));
        host.advance(LONG);
        sent();
        groupQuery(10, G, A, C);
        host.advance(LONG);
        assertSent("G is_in{A}");
        groupQuery(10, G, C);
        host.advance(LONG);
        assertSent();
        listen(socket, G, SourceFilter.exclude(A));
        host.advance(LONG);
        sent();
        groupQuery(10, G, A, C);
        host.advance(LONG);
        assertSent("G is_in{C}");
        groupQuery(100, G, B);
        groupQuery(100, G, C, C);
        host.advance(LONG);
        List<String> both = sent(); // section 5.2 rule 5: the questions become one
        assertEquals(1, both.size());
        assertEquals(new TreeSet<>(List.of("G is_in{B C}")), new TreeSet<>(both));
        groupQuery(100, G, B);
        groupQuery(100, G); // rule 4
        host.advance(LONG);
        assertSent("G is_ex{A}");
    }

    /** Section 9.1: it must not make us remember, and answer for, any number of sources. */
    @Test
    void aFloodOfQueriesForSourcesIsAnsweredForTheGroup() throws IOException {
        member(G, SourceFilter.ALL);
        host.advance(LONG);
        sent();
        int[] sources = new int[300];
        for (int flood = 0; flood < 100; flood++) {
            for (int i = 0; i < sources.length; i++) sources[i] = 0x0A02_0000 + flood * 300 + i;
            groupQuery(100, G, sources);
        }
        host.advance(LONG);
        assertSent("G is_ex{}");
    }

    @Test
    void aGeneralAnswerThatIsDueSoonerIsEnough() throws IOException {
        member(G, SourceFilter.ALL);
        host.advance(LONG);
        sent();
        generalQuery(1);
        groupQuery(127, G);
        host.advance(Duration.ofMinutes(1));
        assertTrue(sent().size() <= 2);
        generalQuery(1);
        host.receives(packet(ROUTER, ALL, v3(0xFF, "0.0.0.0", 2, 125)));
        host.advance(Duration.ofHours(2));
        assertSent("G is_ex{}"); // section 5.2 rule 1
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void delaysAreRandomAndWithinTheTimeGiven(long seed) throws IOException {
        Random random = new Random(seed);
        member(G, SourceFilter.ALL);
        host.advance(LONG);
        sent();
        TreeSet<Integer> delays = new TreeSet<>();
        for (int i = 0; i < 40; i++) {
            generalQuery(100);
            int tenths = 0;
            while (host.link.allSent().isEmpty()) {
                host.advance(Duration.ofMillis(100));
                assertTrue(++tenths <= 101);
            }
            delays.add(tenths / 10);
            host.advance(Duration.ofMillis(random.nextInt(1_000)));
        }
        assertTrue(delays.size() >= 6, delays.toString());
    }

    // -- older queriers

    @Test
    void aQuerierOfVersion2IsSpokenToInItsWords() throws IOException {
        UdpSocket socket = member(G, SourceFilter.exclude(A));
        host.advance(LONG);
        sent();
        v2Query(100, "0.0.0.0");
        assertSent();
        host.advance(Duration.ofSeconds(10));
        assertSent("v2 report G to 239.1.2.3");
        UdpSocket other = member(H, SourceFilter.include(B));
        assertSent("v2 report H to 239.4.5.6");
        host.advance(Duration.ofSeconds(10));
        assertSent("v2 report H to 239.4.5.6");
        listen(other, H, SourceFilter.include(B, C)); // cannot be said
        assertSent();
        v2Query(10, H);
        host.advance(Duration.ofSeconds(1));
        assertSent("v2 report H to 239.4.5.6");
        close(other);
        assertSent("leave H to 224.0.0.2");
        // 2 * 125 s and 10 s after the last of its queries, it has gone (section 8.12).
        host.advance(Duration.ofSeconds(300));
        close(socket);
        assertSent("G to_in{}");
        host.advance(LONG);
        assertSent("G to_in{}");
    }

    @Test
    void oneReportOfVersion2IsEnough() throws IOException {
        v2Query(10, "0.0.0.0");
        UdpSocket socket = member(G, SourceFilter.ALL);
        assertSent("v2 report G to 239.1.2.3");
        byte[] theirs = packet("10.0.0.9", G, message(0x16, 0, G, new byte[0]));
        host.receives(theirs);
        host.advance(LONG);
        assertSent(); // they have said it
        host.assertCount(1, Counter.IGMP_IN_REPORTS);
        close(socket);
        assertSent(); // and they are there
        UdpSocket again = member(G, SourceFilter.ALL);
        host.advance(LONG);
        sent();
        v2Query(100, "0.0.0.0");
        host.receives(theirs);
        host.advance(LONG);
        assertSent();
        v2Query(100, "0.0.0.0");
        host.advance(LONG);
        assertSent("v2 report G to 239.1.2.3");
        close(again);
        assertSent("leave G to 224.0.0.2");
    }

    @Test
    void aQuerierOfVersion1HearsNoLeave() throws IOException {
        UdpSocket socket = member(G, SourceFilter.ALL);
        sent();
        v1Query();
        host.advance(Duration.ofSeconds(10));
        assertSent("v1 report G to 239.1.2.3");
        close(socket);
        assertSent();
        UdpSocket again = member(G, SourceFilter.ALL);
        assertSent("v1 report G to 239.1.2.3");
        v2Query(10, "0.0.0.0"); // version 1 is still there
        host.advance(LONG);
        for (String report : sent()) assertEquals("v1 report G to 239.1.2.3", report);
        host.advance(Duration.ofMinutes(5));
        close(again);
        assertSent("G to_in{}");
    }

    @Test
    void whatWasPendingIsForgottenWithTheVersion() throws IOException {
        member(G, SourceFilter.ALL);
        assertSent("G to_ex{}");
        host.receives(packet(ROUTER, ALL, message(0x11, 10, H, new byte[0])));
        host.advance(LONG);
        assertSent(); // section 7.2.1
    }

    @Test
    void aVersionCanBeForced() throws IOException {
        host = host(StackConfig.defaults().with(Sysctl.FORCE_IGMP_VERSION, 2));
        UdpSocket socket = member(G, SourceFilter.ALL);
        assertSent("v2 report G to 239.1.2.3");
        host.advance(LONG);
        assertSent("v2 report G to 239.1.2.3");
        generalQuery(10); // of version 3
        host.advance(LONG);
        assertSent("v2 report G to 239.1.2.3");
        close(socket);
        assertSent("leave G to 224.0.0.2");
        host = host(StackConfig.defaults().with(Sysctl.FORCE_IGMP_VERSION, 3));
        v1Query();
        member(G, SourceFilter.ALL);
        assertSent("G to_ex{}");
    }

    // -- what is dropped

    @Test
    void whatIsNotFromTheNeighbourhoodIsDropped() throws IOException {
        member(G, SourceFilter.ALL);
        host.advance(LONG);
        sent();
        byte[] query = v3(10, "0.0.0.0", 2, 125);
        byte[] alert = {(byte) 0x94, 4, 0, 0};
        host.receives(packet(ROUTER, ALL, query, 2, alert));
        host.receives(packet(ROUTER, ALL, query, 1, new byte[0]));
        host.receives(packet(ROUTER, ALL, query, 1, new byte[] {1, 1, 1, 0}));
        host.receives(packet(ROUTER, ALL, query, 1, new byte[] {7, 0, (byte) 0x94, 4}));
        host.receives(packet(ROUTER, G, query)); // a general one
        host.receives(packet(ROUTER, ALL, v3(10, ROUTER, 2, 125))); // about no group
        byte[] wrong = query.clone();
        wrong[5] ^= 1;
        host.receives(packet(ROUTER, ALL, wrong));
        host.assertCount(7, Counter.IGMP_IN_ERRORS);
        host.receives(packet(ROUTER, ALL, query, 1, new byte[] {1, 1, 1, 1, (byte) 0x94, 4, 0, 0}));
        host.receives(packet("0.0.0.0", ALL, query)); // of a switch
        host.receives(packet(ROUTER, ME, query)); // section 4.1.12: to any address of ours
        host.assertCount(3, Counter.IGMP_IN_QUERIES);
        host.advance(LONG);
        assertSent("G is_ex{}");
    }

    @Test
    void malformedMessagesAreCounted() throws IOException {
        member(G, SourceFilter.ALL);
        host.advance(LONG);
        sent();
        byte[] query = v3(10, G, 2, 125, A, B);
        for (int length = 0; length < query.length; length++) {
            ByteBuffer b = ByteBuffer.allocateDirect(length);
            b.put(0, query, 0, length);
            if (length >= 4) {
                b.putShort(2, (short) 0);
                b.putShort(2, (short) Checksum.complement(Checksum.sum(b, 0, length)));
            }
            host.receives(packet(ROUTER, G, Packets.array(b)));
        }
        // Of 8 bytes it is a query of version 2.
        host.assertCount(query.length - 1, Counter.IGMP_IN_ERRORS);
        host.receives(packet(ROUTER, ALL, message(0x22, 0, "0.0.0.0", new byte[0])));
        host.receives(packet(ROUTER, ALL, message(0x13, 0, "0.0.0.0", new byte[0])));
        host.receives(packet("10.0.0.9", G, message(0x16, 0, G, new byte[0])));
        host.receives(packet("10.0.0.9", ALL, message(0x16, 0, H, new byte[0])));
        host.assertCount(1, Counter.IGMP_IN_REPORTS);
        host.assertCount(3, Counter.IGMP_IN_IGNORED);
        host.assertNoFramesOut();
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void anyBytesAreSurvived(long seed) throws IOException {
        Random random = new Random(seed);
        UdpSocket[] sockets = new UdpSocket[4];
        for (int i = 0; i < sockets.length; i++) sockets[i] = host.stack.newUdpSocket();
        int[] codes = {0x11, 0x11, 0x12, 0x16, 0x17, 0x22};
        for (int i = 0; i < 5_000; i++) {
            byte[] rest = new byte[random.nextInt(3) * random.nextInt(30)];
            random.nextBytes(rest);
            if (rest.length >= 4) rest[2] = 0;
            int type = codes[random.nextInt(codes.length)];
            String group = random.nextBoolean() ? G : random.nextBoolean() ? H : "0.0.0.0";
            String dst = random.nextBoolean() || group.equals("0.0.0.0") ? ALL : group;
            byte[] message = message(type, random.nextInt(256), group, rest);
            if (random.nextInt(10) == 0) message[random.nextInt(message.length)]++;
            host.receives(packet(ROUTER, dst, message));
            if (random.nextInt(5) == 0) {
                int n = random.nextInt(3);
                int[] named = n == 0 ? new int[0] : n == 1 ? new int[] {A} : new int[] {A, B};
                SourceFilter filter =
                        random.nextBoolean()
                                ? SourceFilter.include(named)
                                : SourceFilter.exclude(named);
                listen(sockets[random.nextInt(4)], random.nextBoolean() ? G : H, filter);
            }
            host.advance(Duration.ofMillis(random.nextInt(20_000)));
            sent(); // well-formed
        }
        for (UdpSocket socket : sockets) close(socket);
        host.advance(Duration.ofDays(1));
        sent();
        host.assertNoFramesOut();
        assertEquals(0, host.stack.memory().inUse());
        assertEquals(Long.MAX_VALUE, host.stack.earliest(), "no timer is left");
    }

    @Test
    void reportsGoToTheHardwareAddressOfRouters() throws IOException {
        Host lan = new Host(StackConfig.defaults().withAddress(ME + "/24"), 2);
        UdpSocket socket = lan.stack.newUdpSocket();
        lan.run();
        lan.link.allSent();
        lan.stack.listen(socket, 0, ip(G), SourceFilter.ALL);
        lan.run();
        ByteBuffer b = Packets.direct(lan.link.sent());
        assertEquals(0x0100_5E00_0016L, Ethernet.dst(b, 0));
        assertEquals(ip(ME), Ipv4.src(b, Ethernet.HEADER));
        byte[] query = packet(ROUTER, ALL, v3(10, "0.0.0.0", 2, 125));
        lan.receives(Packets.ethernet(0x0100_5E00_0001L, 0x02_00_00_00_00_01L, 0x800, query));
        lan.advance(LONG);
        lan.assertCount(1, Counter.IGMP_IN_QUERIES);
        assertEquals(Igmp.V3_REPORT, Packets.direct(lan.link.sent()).get(38));
    }

    @Test
    void aClosedStackSaysThatItLeaves() throws IOException {
        UdpSocket socket = host.stack.newUdpSocket();
        host.stack.bind(socket, 0, 7000, Reuse.NONE);
        listen(socket, G, SourceFilter.ALL);
        assertSent("G to_ex{}");
        host.stack.die(new IOException("closed"));
        assertSent("G to_in{}");
    }

    @Test
    void aLinkThatFailsAtTheEndKeepsNoSocketOpen() throws IOException {
        UdpSocket[] sockets = new UdpSocket[3];
        for (int i = 0; i < sockets.length; i++) {
            sockets[i] = host.stack.newUdpSocket();
            host.stack.bind(sockets[i], 0, 7000 + i, Reuse.NONE);
            listen(sockets[i], i == 1 ? H : G, SourceFilter.ALL);
        }
        host.link.failure = new IllegalStateException("at the end");
        IOException cause = new IOException("closed");
        host.stack.die(cause);
        for (UdpSocket socket : sockets) assertTrue(socket.isClosed());
        assertEquals("at the end", cause.getSuppressed()[0].getMessage());
    }
}
