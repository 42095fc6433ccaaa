package io.usernet.neighbor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.neighbor.Neighbor.State;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Arp;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.MacAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** 10.0.0.2 and its neighbours, step by step in virtual time. */
class NeighborTableTest {
    private static final long MAC = 0x02_00_00_00_00_02L;
    private static final long PEER_MAC = 0x02_00_00_00_00_01L;
    private static final long OTHER_MAC = 0x02_00_00_00_00_09L;
    private static final int OWN = Ipv4Address.parse("10.0.0.2");
    private static final int PEER = Ipv4Address.parse("10.0.0.1");
    private static final String ASK = "who-has 10.0.0.1";
    private static final String ASK_DIRECTLY = "who-has 10.0.0.1 to 02:00:00:00:00:01";

    private final Memory memory = new Memory(4 << 20);
    private final FramePool frames = new FramePool(memory);
    private final Counters counters = new Counters();
    private final TimerWheel wheel = new TimerWheel();
    private final List<String> sent = new ArrayList<>();
    private final List<Integer> unreachable = new ArrayList<>();
    private long nowNs = 1_000_000_000;
    private NeighborTable table = table(Sysctls.defaults());

    private NeighborTable table(Sysctls sysctls) {
        return new NeighborTable(
                MAC,
                List.of(Cidr.parse("10.0.0.2/24")),
                sysctls,
                counters,
                wheel,
                frames,
                7,
                new NeighborTable.Owner() {
                    @Override
                    public void transmit(Frame frame) {
                        sent.add(describe(frame));
                        frame.release();
                    }

                    @Override
                    public void unreachable(Frame datagram, long nowNs) {
                        unreachable.add(datagram.bytes().getInt(datagram.start()));
                    }

                    @Override
                    public void conflict(int address, long mac, long nowNs) {
                        sent.add("conflict " + MacAddress.format(mac));
                    }
                });
    }

    private static String describe(Frame frame) {
        var b = frame.bytes();
        int at = frame.start();
        long dst = Ethernet.dst(b, at);
        String to = dst == Ethernet.BROADCAST ? "" : " to " + MacAddress.format(dst);
        if (Ethernet.type(b, at) == Ethernet.IPV4) return b.getInt(at + Ethernet.HEADER) + to;
        int arp = at + Ethernet.HEADER;
        return Arp.op(b, arp) == Arp.REQUEST
                ? "who-has " + Ipv4Address.format(Arp.targetIp(b, arp)) + to
                : "is-at" + to;
    }

    /** A datagram with a number in it is to be sent. */
    private void transmit(int number, int nextHop) {
        Frame frame = frames.take();
        frame.begin();
        frame.bytes().putInt(frame.prepend(4), number);
        table.transmit(frame, nextHop, nowNs);
    }

    private void arp(int op, long senderMac, int senderIp, long targetMac, int targetIp) {
        Frame frame = frames.take();
        frame.reserve(Arp.LENGTH);
        Arp.write(frame.bytes(), frame.start(), op, senderMac, senderIp, targetMac, targetIp);
        frame.filled(Arp.LENGTH);
        table.onArp(frame, nowNs);
        frame.release();
    }

    private void peerReplies() {
        arp(Arp.REPLY, PEER_MAC, PEER, MAC, OWN);
    }

    private void advanceMillis(long ms) {
        long until = nowNs + ms * 1_000_000;
        for (int n = 0; n < 10_000 && wheel.earliest() <= until; n++) {
            nowNs = Math.max(nowNs, wheel.earliest());
            TimerWheel.Timer due;
            while ((due = wheel.poll(nowNs)) != null) ((TimerWheel.Alarm) due).expire(nowNs);
        }
        nowNs = until;
    }

    private void assertSent(String... expected) {
        assertEquals(List.of(expected), sent);
        sent.clear();
    }

    private void assertState(State expected) {
        assertSame(expected, table.find(PEER).state(nowNs));
    }

    @AfterEach
    void closeReleasesEverything() {
        table.close();
        assertEquals(0, frames.out());
        assertEquals(0, wheel.size());
    }

    private void reachable() {
        transmit(0, PEER);
        peerReplies();
        assertSent(ASK, "0 to 02:00:00:00:00:01");
        assertState(State.REACHABLE);
    }

    @Nested
    class Incomplete {
        @Test
        void framesWaitForTheReplyInOrder() {
            transmit(1, PEER);
            transmit(2, PEER);
            assertSent(ASK);
            assertState(State.INCOMPLETE);
            peerReplies();
            assertSent("1 to 02:00:00:00:00:01", "2 to 02:00:00:00:00:01");
            assertState(State.REACHABLE);
        }

        @Test
        void threeRequestsASecondApartThenFailed() {
            transmit(1, PEER);
            transmit(2, PEER);
            assertSent(ASK);
            advanceMillis(1_001);
            assertSent(ASK);
            advanceMillis(1_001);
            assertSent(ASK);
            assertEquals(List.of(), unreachable);
            advanceMillis(1_001);
            assertSent();
            assertState(State.FAILED);
            assertEquals(List.of(1, 2), unreachable);
            assertEquals(1, counters.get(Counter.NEIGH_RES_FAILED));
            assertEquals(2, counters.get(Counter.NEIGH_FAILED_DISCARDS));
            assertEquals(0, frames.out());
        }

        @Test
        void failedIsAskedForAgainWhenUsed() {
            transmit(1, PEER);
            advanceMillis(4_000);
            sent.clear();
            transmit(2, PEER);
            assertSent(ASK);
            peerReplies();
            assertSent("2 to 02:00:00:00:00:01");
        }

        @Test
        void theOldestFrameGoesWhenTooManyWait() {
            table = table(Sysctls.defaults().with(Sysctl.NEIGH_UNRES_QLEN, 2));
            for (int i = 1; i <= 4; i++) transmit(i, PEER);
            assertEquals(2, counters.get(Counter.NEIGH_UNRES_DISCARDS));
            sent.clear();
            peerReplies();
            assertSent("3 to 02:00:00:00:00:01", "4 to 02:00:00:00:00:01");
        }

        @Test
        void aRequestOfThePeerTellsItsAddressToo() {
            transmit(1, PEER);
            arp(Arp.REQUEST, PEER_MAC, PEER, 0, OWN);
            assertSent(ASK, "1 to 02:00:00:00:00:01", "is-at to 02:00:00:00:00:01");
            assertState(State.DELAY);
        }
    }

    @Test
    void aConflictIsReportedAndAnsweredOnceInTenSeconds() {
        String report = "conflict " + MacAddress.format(OTHER_MAC);
        for (int n = 0; n < 3; n++) arp(Arp.REPLY, OTHER_MAC, OWN, MAC, OWN);
        assertSent(report, "who-has 10.0.0.2");
        advanceMillis(10_001);
        arp(Arp.REPLY, OTHER_MAC, OWN, MAC, OWN);
        assertSent(report, "who-has 10.0.0.2");
        assertEquals(4, counters.get(Counter.ARP_CONFLICTS));
    }

    @Nested
    class Known {
        @Test
        void reachableGetsStaleWithoutATimer() {
            reachable();
            assertEquals(0, wheel.size());
            advanceMillis(14_999);
            assertState(State.REACHABLE);
            advanceMillis(30_002);
            assertState(State.STALE);
            assertEquals(0, wheel.size());
        }

        @Test
        void useOfAStaleOneIsProbedFiveSecondsLater() {
            reachable();
            advanceMillis(46_000);
            transmit(1, PEER);
            assertSent("1 to 02:00:00:00:00:01");
            assertState(State.DELAY);
            advanceMillis(4_999);
            assertSent();
            advanceMillis(2);
            assertState(State.PROBE);
            assertSent(ASK_DIRECTLY);
            transmit(2, PEER);
            assertSent("2 to 02:00:00:00:00:01");
            peerReplies();
            assertState(State.REACHABLE);
        }

        @Test
        void probesThatNobodyAnswersFail() {
            reachable();
            advanceMillis(46_000);
            transmit(1, PEER);
            advanceMillis(5_001 + 3_010);
            assertSent("1 to 02:00:00:00:00:01", ASK_DIRECTLY, ASK_DIRECTLY, ASK_DIRECTLY);
            assertState(State.FAILED);
            transmit(2, PEER);
            assertSent(ASK);
        }

        @Test
        void aHigherLayerConfirms() {
            reachable();
            advanceMillis(46_000);
            transmit(1, PEER);
            table.confirm(PEER, nowNs);
            assertState(State.REACHABLE);
            assertEquals(0, wheel.size());
            advanceMillis(10_000);
            table.confirm(PEER, nowNs);
            advanceMillis(14_000);
            assertState(State.REACHABLE);
        }

        @Test
        void anotherAddressIsTakenButNotWithinASecond() {
            reachable();
            arp(Arp.REPLY, OTHER_MAC, PEER, MAC, OWN);
            assertEquals(PEER_MAC, table.find(PEER).mac());
            advanceMillis(1_000);
            arp(Arp.REPLY, OTHER_MAC, PEER, MAC, OWN);
            assertEquals(OTHER_MAC, table.find(PEER).mac());
            assertState(State.STALE);
        }

        @Test
        void anUnaskedReplyConfirmsNothing() {
            reachable();
            advanceMillis(46_000);
            peerReplies();
            assertState(State.STALE);
        }
    }

    @Nested
    class Table {
        @Test
        void strangersAreNotLearned() {
            arp(Arp.REPLY, PEER_MAC, PEER, MAC, OWN);
            arp(Arp.REQUEST, PEER_MAC, PEER, 0, Ipv4Address.parse("10.0.0.3"));
            assertEquals(0, table.size());
            assertEquals(2, counters.get(Counter.ARP_IN_IGNORED));
        }

        @Test
        void aProbeForOurAddressIsAnsweredAndNotLearned() {
            arp(Arp.REQUEST, PEER_MAC, 0, 0, OWN);
            assertSent("is-at to 02:00:00:00:00:01");
            assertEquals(0, table.size());
        }

        @Test
        void impossibleSendersAreErrors() {
            arp(Arp.REQUEST, Ethernet.BROADCAST, PEER, 0, OWN);
            arp(Arp.REQUEST, 0, PEER, 0, OWN);
            arp(Arp.REQUEST, PEER_MAC, -1, 0, OWN);
            arp(Arp.REPLY, PEER_MAC, 0, MAC, OWN);
            arp(3, PEER_MAC, PEER, 0, OWN);
            assertEquals(5, counters.get(Counter.ARP_IN_ERRORS));
            assertSent();
        }

        @Test
        void theStalestMakesRoom() {
            table = table(Sysctls.defaults().with(Sysctl.NEIGH_GC_THRESH3, 16));
            for (int i = 10; i < 26; i++) {
                nowNs++;
                arp(Arp.REQUEST, PEER_MAC, i, 0, OWN);
            }
            assertEquals(0, table.size(), "0.0.0.10 is no host");
            int net = Ipv4Address.parse("10.0.0.0");
            for (int i = 10; i < 26; i++) {
                nowNs++;
                arp(Arp.REQUEST, PEER_MAC, net + i, 0, OWN);
            }
            transmit(1, net + 10); // used, and so not the one to go
            arp(Arp.REQUEST, PEER_MAC, net + 99, 0, OWN);
            assertEquals(16, table.size());
            assertNull(table.find(net + 11));
        }

        @Test
        void noRoomWhereAllAreInUse() {
            table = table(Sysctls.defaults().with(Sysctl.NEIGH_GC_THRESH3, 16));
            int net = Ipv4Address.parse("10.0.0.0");
            for (int i = 10; i < 27; i++) transmit(i, net + i);
            assertEquals(16, table.size());
            assertEquals(1, counters.get(Counter.NEIGH_TABLE_FULLS));
        }
    }
}
