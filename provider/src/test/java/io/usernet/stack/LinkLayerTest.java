package io.usernet.stack;

import static io.usernet.stack.Packets.arp;
import static io.usernet.stack.Packets.ethernet;
import static io.usernet.stack.Packets.icmp;
import static io.usernet.stack.Packets.ipv4;
import static io.usernet.stack.Packets.tcp;
import static io.usernet.stack.Packets.udp;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.metrics.Counter;
import io.usernet.wire.Arp;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stack at 10.0.0.2/24 on Ethernet, and what the world at 10.0.0.1 gets from it. */
class LinkLayerTest {
    private static final long US = TestLink.MAC;
    private static final long PEER = 0x02_00_00_00_00_01L;
    private static final byte[] NONE = {};

    private final Host host = new Host(StackConfig.defaults().withAddress("10.0.0.2/24"), 2);

    @BeforeEach
    void start() {
        host.run();
        host.assertSent("arp who-has 10.0.0.2 tell 10.0.0.2");
    }

    @AfterEach
    void noLeak() {
        host.assertNoFramesOut();
    }

    private void peerIsKnown() {
        host.receives(arp(US, Arp.REQUEST, PEER, "10.0.0.1", 0, "10.0.0.2"));
        host.assertSent("arp 10.0.0.2 is-at 02:00:00:00:00:02 to 02:00:00:00:00:01");
    }

    private void receives(byte[] datagram) {
        host.receives(ethernet(US, PEER, Ethernet.IPV4, datagram));
    }

    @Test
    void announcesItsAddressTwice() {
        host.advance(Duration.ofSeconds(60));
        host.assertSent("arp who-has 10.0.0.2 tell 10.0.0.2");
        host.assertCount(2, Counter.ARP_OUT_REQUESTS);
    }

    @Test
    void answersPingWithItsPayload() {
        peerIsKnown();
        byte[] payload = new byte[1400];
        for (int i = 0; i < payload.length; i++) payload[i] = (byte) i;
        byte[] ping = icmp(Icmp4.ECHO_REQUEST, 0, 0x1234_0001, payload);
        receives(ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.2", ping));
        byte[] reply = host.link.sent();
        ByteBuffer b = Packets.direct(reply);
        int ip = Ethernet.HEADER;
        int icmp = ip + Ipv4.HEADER;
        assertEquals(PEER, Ethernet.dst(b, 0));
        assertTrue(Ipv4.checksumOk(b, ip));
        assertEquals(64, Ipv4.ttl(b, ip));
        assertEquals(Icmp4.ECHO_REPLY, Icmp4.type(b, icmp));
        assertEquals(0x1234_0001, Icmp4.rest(b, icmp));
        assertEquals(0xFFFF, Checksum.sum(b, icmp, reply.length - icmp));
        int from = icmp + Icmp4.HEADER;
        assertArrayEquals(payload, Arrays.copyOfRange(reply, from, reply.length));
    }

    private void receivesInFragments(byte[] message, int id) {
        for (int at = 0; at < message.length; at += 1_480) {
            int n = Math.min(1_480, message.length - at);
            receives(Packets.fragment(message, id, at, n, "10.0.0.1", "10.0.0.2"));
        }
    }

    /** What the fragments that went out carry, in order, together. */
    private byte[] sentInFragments(int mtu) {
        ByteBuffer all = ByteBuffer.allocateDirect(1 << 16);
        int length = 0;
        for (byte[] frame : host.link.allSent()) {
            ByteBuffer b = Packets.direct(frame);
            int ip = Ethernet.HEADER;
            assertTrue(frame.length - ip <= mtu);
            assertEquals(PEER, Ethernet.dst(b, 0));
            assertTrue(Ipv4.checksumOk(b, ip));
            assertEquals(0, Ipv4.flags(b, ip) & Ipv4.DONT_FRAGMENT);
            assertEquals(length, Ipv4.fragmentOffset(b, ip));
            all.put(length, frame, ip + Ipv4.HEADER, frame.length - ip - Ipv4.HEADER);
            length += frame.length - ip - Ipv4.HEADER;
        }
        return Arrays.copyOf(Packets.array(all), length);
    }

    private static byte[] ping(int length) {
        byte[] text = new byte[length];
        new SplittableRandom(length).nextBytes(text);
        return icmp(Icmp4.ECHO_REQUEST, 0, 0x1234_0001, text);
    }

    private void assertReplies(byte[] ping, byte[] reply) {
        assertEquals(Icmp4.ECHO_REPLY, reply[0]);
        ByteBuffer b = Packets.direct(reply);
        assertEquals(0xFFFF, Checksum.sum(b, 0, reply.length));
        assertArrayEquals(
                Arrays.copyOfRange(ping, 4, ping.length),
                Arrays.copyOfRange(reply, 4, reply.length));
    }

    @Test
    void answersLongPingsInFragments() {
        peerIsKnown();
        for (int length : new int[] {1_472, 1_473, 5_000, 32_768, 65_507}) {
            byte[] ping = ping(length);
            receivesInFragments(ping, length);
            if (length == 1_472) {
                ByteBuffer b = Packets.direct(host.link.sent());
                assertEquals(Ipv4.DONT_FRAGMENT, Ipv4.flags(b, Ethernet.HEADER));
                continue;
            }
            assertReplies(ping, sentInFragments(1_500));
        }
        host.assertCount(4, Counter.IP_REASM_OKS);
        host.assertCount(4, Counter.IP_FRAG_OKS);
        host.assertCount(2 + 4 + 23 + 45, Counter.IP_FRAG_CREATES);
        host.assertCount(0, Counter.IP_FRAG_FAILS);
    }

    private void fragmentationNeeded(String src, int mtu) {
        ByteBuffer quoted = Packets.direct(ipv4(Ipv4.ICMP, src, "10.0.0.1", ping(1_000)));
        quoted.put(Ipv4.HEADER, (byte) Icmp4.ECHO_REPLY);
        byte[] quote = Arrays.copyOf(Packets.array(quoted), 28);
        byte[] error = icmp(Icmp4.UNREACHABLE, Icmp4.FRAGMENTATION_NEEDED, mtu, quote);
        receives(ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.2", error));
    }

    @Test
    void repliesAreCutToThePathMtuThatARouterNames() {
        peerIsKnown();
        byte[] ping = ping(1_000);
        fragmentationNeeded("10.0.0.9", 600); // not ours
        fragmentationNeeded("10.0.0.2", 1_400); // would have fitted
        receives(ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.2", ping));
        assertEquals(1, host.link.allSent().size());
        fragmentationNeeded("10.0.0.2", 600);
        receives(ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.2", ping));
        assertReplies(ping, sentInFragments(600));
        host.assertCount(2, Counter.IP_FRAG_CREATES);
        host.advance(Duration.ofSeconds(601));
        host.sent();
        peerIsKnown();
        receives(ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.2", ping));
        assertEquals(1, host.link.allSent().size());
        host.assertCount(1, Counter.ICMP_IN_UNMATCHED);
    }

    @Test
    void allFragmentsWaitForRoomOrNone() {
        peerIsKnown();
        host.link.full = true;
        byte[] ping = ping(65_507); // 45 fragments; room for 256
        for (int i = 0; i < 6; i++) receivesInFragments(ping, i);
        host.assertCount(5, Counter.IP_FRAG_OKS);
        host.assertCount(1, Counter.IP_FRAG_FAILS);
        host.assertCount(0, Counter.IP_OUT_DISCARDS);
        host.link.full = false;
        host.run();
        assertEquals(225, host.link.allSent().size());
    }

    @Test
    void allFragmentsWaitForAnAddressOrNone() {
        byte[] ping = ping(65_507); // 45 fragments; 101 wait for a neighbour
        for (int i = 0; i < 3; i++) receivesInFragments(ping, i);
        host.assertSent("arp who-has 10.0.0.1 tell 10.0.0.2");
        host.assertCount(1, Counter.IP_FRAG_FAILS);
        host.assertCount(0, Counter.NEIGH_UNRES_DISCARDS);
        host.receives(arp(US, Arp.REPLY, PEER, "10.0.0.1", US, "10.0.0.2"));
        assertEquals(90, host.link.allSent().size());
    }

    @Test
    void fragmentsThatDoNotFitTheQueueAskForTheAddress() {
        Host small =
                new Host(
                        StackConfig.defaults()
                                .withAddress("10.0.0.2/24")
                                .with(Sysctl.NEIGH_UNRES_QLEN, 3),
                        2);
        small.run();
        small.sent();
        byte[] ping = ping(5_000);
        for (int at = 0; at < ping.length; at += 1_480) {
            int n = Math.min(1_480, ping.length - at);
            byte[] ip = Packets.fragment(ping, 1, at, n, "10.0.0.1", "10.0.0.2");
            small.receives(ethernet(US, PEER, Ethernet.IPV4, ip));
        }
        small.assertSent("arp who-has 10.0.0.1 tell 10.0.0.2");
        small.assertCount(1, Counter.IP_FRAG_FAILS);
        small.assertNoFramesOut();
        small.advance(Duration.ofSeconds(10)); // nothing waits, and nobody answers
        small.assertCount(1, Counter.NEIGH_RES_FAILED);
    }

    @Test
    void missingFragmentsAreReportedAndForgotten() {
        peerIsKnown();
        byte[] ping = ping(3_000);
        receives(Packets.fragment(ping, 1, 0, 1_480, "10.0.0.1", "10.0.0.2"));
        host.assertSent();
        host.advance(Duration.ofSeconds(31));
        assertTrue(host.sent().contains("10.0.0.2 > 10.0.0.1 icmp 11/1"));
        assertEquals(0, host.stack.memory().inUse());
        host.assertCount(1, Counter.ICMP_OUT_TIME_EXCDS);
    }

    @Test
    void aFloodOfFirstFragmentsIsBoundedAndALongPingGetsThrough() {
        Host small =
                new Host(StackConfig.defaults().withAddress("10.0.0.2/24").withMemory(4 << 20), 3);
        byte[] ping = ping(65_507);
        for (int id = 0; id < 45; id++) {
            int n = Math.min(1_480, ping.length - id * 1_480);
            String src = "10.0.0.1";
            small.receives(Packets.fragment(ping, 7, id * 1_480, n, src, "10.0.0.2"));
            for (int i = 0; id > 0 && i < 300; i++) {
                String other = "10.0." + i % 200 + ".77";
                small.receives(Packets.fragment(ping, id * 300 + i, 0, 64, other, "10.0.0.2"));
                assertTrue(small.stack.usage().memoryInUse() <= 512 << 10);
            }
        }
        small.assertCount(1, Counter.ICMP_OUT_ECHO_REPS);
        assertEquals(45, small.link.allSent().size());
        small.assertNoFramesOut();
        small.advance(Duration.ofSeconds(31));
        assertEquals(0, small.stack.usage().memoryInUse());
        assertTrue(small.stack.counters().get(Counter.IP_REASM_TIMEOUT) > 200);
    }

    @Test
    void dyingReleasesFragments() {
        receives(Packets.fragment(ping(3_000), 1, 0, 1_480, "10.0.0.1", "10.0.0.2"));
        assertEquals(2 << 10, host.stack.memory().inUse());
        host.stack.die(new IllegalStateException("test"));
        assertEquals(0, host.stack.memory().inUse());
    }

    @Test
    void ignoresBroadcastPing() {
        peerIsKnown();
        byte[] ping = icmp(Icmp4.ECHO_REQUEST, 0, 1, NONE);
        host.receives(
                ethernet(
                        Ethernet.BROADCAST,
                        PEER,
                        Ethernet.IPV4,
                        ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.255", ping)));
        host.assertSent();
        host.assertCount(1, Counter.ICMP_IN_IGNORED);
    }

    @Test
    void dropsPingWithWrongChecksum() {
        byte[] ping = icmp(Icmp4.ECHO_REQUEST, 0, 1, new byte[] {1, 2, 3});
        ping[8] ^= 1;
        receives(ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.2", ping));
        host.assertSent();
        host.assertCount(1, Counter.ICMP_IN_ERRORS);
    }

    @Test
    void resetsSegmentWithoutEndpoint() {
        peerIsKnown();
        receives(tcp("10.0.0.1", 999, "10.0.0.2", 80, 1000, 0, Tcp.SYN));
        host.assertSent("10.0.0.2 > 10.0.0.1 tcp 80>999 R. seq 0 ack 1001 len 0");
        receives(tcp("10.0.0.1", 999, "10.0.0.2", 80, 1000, 77, Tcp.ACK));
        host.assertSent("10.0.0.2 > 10.0.0.1 tcp 80>999 R seq 77 ack 0 len 0");
        receives(tcp("10.0.0.1", 999, "10.0.0.2", 80, 1000, 77, Tcp.RST));
        host.assertSent();
        host.assertCount(3, Counter.TCP_NO_ENDPOINTS);
    }

    @Test
    void dropsSegmentWithWrongChecksum() {
        byte[] segment = tcp("10.0.0.1", 999, "10.0.0.2", 80, 1000, 0, Tcp.SYN);
        segment[Ipv4.HEADER + 4] ^= 1;
        receives(segment);
        host.assertSent();
        host.assertCount(1, Counter.TCP_IN_CSUM_ERRORS);
    }

    @Test
    void answersUdpWithPortUnreachable() {
        peerIsKnown();
        byte[] datagram = udp("10.0.0.1", 5353, "10.0.0.2", 53, new byte[] {1, 2, 3, 4});
        receives(datagram);
        byte[] error = host.link.sent();
        assertEquals("10.0.0.2 > 10.0.0.1 icmp 3/3", Packets.describe(error, 2));
        int quote = Ethernet.HEADER + Ipv4.HEADER + Icmp4.HEADER;
        assertArrayEquals(datagram, Arrays.copyOfRange(error, quote, error.length));
        host.assertCount(1, Counter.UDP_NO_PORTS);
    }

    @Test
    void unreachablesAreLimited() {
        Host limited =
                new Host(
                        StackConfig.defaults()
                                .withAddress("10.0.0.2/24")
                                .with(Sysctl.ICMP_MSGS_PER_SEC, 2),
                        3);
        byte[] datagram = udp("10.0.0.1", 5353, "10.0.0.2", 53, NONE);
        for (int i = 0; i < 60; i++) limited.receives(datagram);
        assertEquals(50, limited.sent().size());
        limited.advance(Duration.ofSeconds(1));
        for (int i = 0; i < 60; i++) limited.receives(datagram);
        assertEquals(2, limited.sent().size());
        limited.assertCount(68, Counter.ICMP_OUT_RATE_LIMITED);
    }

    @Test
    void answersUnknownProtocol() {
        peerIsKnown();
        receives(ipv4(99, "10.0.0.1", "10.0.0.2", new byte[8]));
        host.assertSent("10.0.0.2 > 10.0.0.1 icmp 3/2");
        host.assertCount(1, Counter.IP_IN_UNKNOWN_PROTOS);
    }

    @Test
    void noErrorAboutBroadcastsFragmentsAndErrors() {
        peerIsKnown();
        byte[] broadcast = udp("10.0.0.1", 68, "255.255.255.255", 67, NONE);
        host.receives(ethernet(Ethernet.BROADCAST, PEER, Ethernet.IPV4, broadcast));
        ByteBuffer b = Packets.direct(udp("10.0.0.1", 68, "10.0.0.2", 67, new byte[16]));
        int id = 5;
        Ipv4.write(
                b,
                0,
                0,
                b.capacity(),
                id,
                Ipv4.MORE_FRAGMENTS,
                0,
                64,
                Ipv4.UDP,
                Packets.ip("10.0.0.1"),
                Packets.ip("10.0.0.2"));
        receives(Packets.array(b));
        byte[] error = icmp(Icmp4.UNREACHABLE, 3, 0, udp("10.0.0.2", 1, "10.0.0.1", 2, NONE));
        receives(ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.2", error));
        host.assertSent();
        host.assertCount(1, Counter.IP_REASM_REQDS);
        host.assertCount(0, Counter.IP_REASM_OKS);
        host.assertCount(1, Counter.ICMP_IN_UNMATCHED);
    }

    @Test
    void dropsWhatCannotBe() {
        for (String martian :
                new String[] {"127.0.0.1", "10.0.0.2", "224.0.0.1", "10.0.0.255", "0.0.0.0"}) {
            receives(udp(martian, 1, "10.0.0.2", 2, NONE));
        }
        host.assertCount(5, Counter.IP_IN_MARTIANS);
        receives(udp("10.0.0.1", 1, "10.0.0.3", 2, NONE));
        receives(udp("10.0.0.1", 1, "127.0.0.1", 2, NONE));
        host.assertCount(2, Counter.IP_IN_ADDR_ERRORS);
        byte[] wrong = udp("10.0.0.1", 1, "10.0.0.2", 2, NONE);
        wrong[8] ^= 1; // TTL
        receives(wrong);
        receives(Arrays.copyOf(udp("10.0.0.1", 1, "10.0.0.2", 2, NONE), 19));
        host.assertCount(2, Counter.IP_IN_HDR_ERRORS);
        host.receives(new byte[13]);
        host.receives(ethernet(US + 5, PEER, Ethernet.IPV4, NONE));
        host.assertCount(2, Counter.LINK_IN_DISCARDS);
        host.receives(ethernet(US, PEER, Ethernet.IPV6, NONE));
        host.assertCount(1, Counter.LINK_IN_UNKNOWN);
        host.assertSent();
    }

    @Test
    void skipsOptionsAndCutsPadding() {
        peerIsKnown();
        byte[] plain = tcp("10.0.0.1", 999, "10.0.0.2", 80, 1000, 0, Tcp.SYN);
        ByteBuffer b = ByteBuffer.allocateDirect(64); // 20 + 4 of options + 20, and padding
        b.put(0, plain, 0, Ipv4.HEADER);
        b.put(0, (byte) 0x46);
        b.putShort(2, (short) (plain.length + 4));
        b.putInt(20, 0x01010100); // NOP, NOP, NOP, END
        b.put(24, plain, Ipv4.HEADER, Tcp.HEADER);
        b.putShort(10, (short) 0);
        b.putShort(10, (short) Checksum.complement(Checksum.sum(b, 0, 24)));
        receives(Packets.array(b));
        host.assertSent("10.0.0.2 > 10.0.0.1 tcp 80>999 R. seq 0 ack 1001 len 0");
    }

    @Test
    void aFullLinkKeepsFramesInOrder() {
        peerIsKnown();
        host.link.full = true;
        for (int port = 1; port <= 3; port++) {
            receives(tcp("10.0.0.1", port, "10.0.0.2", 80, 0, 0, Tcp.SYN));
        }
        host.assertSent();
        assertTrue(host.stack.isTransmitBlocked());
        host.link.full = false;
        host.run();
        host.assertSent(
                "10.0.0.2 > 10.0.0.1 tcp 80>1 R. seq 0 ack 1 len 0",
                "10.0.0.2 > 10.0.0.1 tcp 80>2 R. seq 0 ack 1 len 0",
                "10.0.0.2 > 10.0.0.1 tcp 80>3 R. seq 0 ack 1 len 0");
        assertTrue(!host.stack.isTransmitBlocked());
    }

    @Test
    void aFullLinkDropsWhatIsTooMuch() {
        peerIsKnown();
        host.link.full = true;
        for (int port = 1; port <= 300; port++) {
            receives(tcp("10.0.0.1", port, "10.0.0.2", 80, 0, 0, Tcp.SYN));
        }
        host.link.full = false;
        host.run();
        assertEquals(256, host.sent().size());
        host.assertCount(44, Counter.IP_OUT_DISCARDS);
    }

    @Test
    void aLinkMayHoldFrames() {
        peerIsKnown();
        host.link.hold = true;
        receives(tcp("10.0.0.1", 1, "10.0.0.2", 80, 0, 0, Tcp.SYN));
        assertEquals(1, host.stack.framesOut());
        host.link.releaseKept();
    }

    @Test
    void addressConflictIsCountedAndDefendedOncePerTenSeconds() {
        long other = 0x02_00_00_00_00_99L;
        byte[] theirs = arp(Ethernet.BROADCAST, Arp.REQUEST, other, "10.0.0.2", 0, "10.0.0.2");
        host.receives(theirs);
        host.receives(theirs);
        host.assertSent("arp who-has 10.0.0.2 tell 10.0.0.2");
        host.advance(Duration.ofSeconds(11));
        host.assertSent("arp who-has 10.0.0.2 tell 10.0.0.2"); // the second announcement
        host.receives(theirs);
        host.assertSent("arp who-has 10.0.0.2 tell 10.0.0.2");
        host.assertCount(3, Counter.ARP_CONFLICTS);
    }

    @Test
    void repliesWaitForTheAddressOfTheGateway() {
        Host far =
                new Host(
                        StackConfig.defaults().withAddress("10.0.0.2/24").withGateway("10.0.0.1"),
                        2);
        far.run();
        far.sent();
        byte[] syn = tcp("192.0.2.7", 999, "10.0.0.2", 80, 1000, 0, Tcp.SYN);
        far.receives(ethernet(US, PEER, Ethernet.IPV4, syn));
        far.assertSent("arp who-has 10.0.0.1 tell 10.0.0.2");
        assertEquals(1, far.stack.framesOut());
        far.receives(arp(US, Arp.REPLY, PEER, "10.0.0.1", US, "10.0.0.2"));
        far.assertSent("10.0.0.2 > 192.0.2.7 tcp 80>999 R. seq 0 ack 1001 len 0");
        far.assertNoFramesOut();
    }

    @Test
    void dyingReleasesEverything() {
        receives(tcp("10.0.0.1", 999, "10.0.0.2", 80, 1000, 0, Tcp.SYN)); // waits for ARP
        assertEquals(1, host.stack.framesOut());
        host.link.full = true;
        host.receives(arp(US, Arp.REQUEST, PEER + 7, "10.0.0.7", 0, "10.0.0.2"));
        assertEquals(2, host.stack.framesOut());
        host.stack.die(new IllegalStateException("test"));
    }
}
