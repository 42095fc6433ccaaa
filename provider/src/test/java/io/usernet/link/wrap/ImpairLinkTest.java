package io.usernet.link.wrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Impairment;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkDevice.Transmit;
import io.usernet.metrics.ImpairmentCounts;
import io.usernet.wire.Arp;
import io.usernet.wire.Checksum;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In virtual time. Frames carry a number: the ID of their IP header. */
class ImpairLinkTest {
    private static final int US = 0x0A00_0002, PEER = 0x0A00_0001, OTHER = 0x0A00_0103;
    private static final long MS = 1_000_000;
    private static final int PAYLOAD = 200;

    private final Memory memory = new Memory(64 << 20);
    private final FramePool pool = new FramePool(memory);
    private final Device device = new Device();
    private ImpairLink link;
    private long nowNs = 1_000_000_000;

    /** By hand: what the test puts in is received, what is transmitted is noted. */
    private final class Device implements LinkDevice {
        final ArrayDeque<Frame> incoming = new ArrayDeque<>();
        final List<byte[]> sent = new ArrayList<>();
        final List<Frame> held = new ArrayList<>();
        Transmit answer = Transmit.DONE;
        int layer = 3;
        long awaited = -1;
        boolean awaitedRoom;
        int wakes, closes;

        @Override
        public LinkCapabilities capabilities() {
            return new LinkCapabilities("test", layer, 65_535, 0, true, 65_535);
        }

        @Override
        public boolean receive(Frame into) {
            Frame next = incoming.poll();
            if (next == null) return false;
            if (!next.canBeKept() || next.holder(0) == null) {
                int length = next.length();
                into.reserve(length);
                next.copy(0, length, into.bytes(), into.start());
                into.filled(length);
                into.checksum = next.checksum;
            } else {
                into.moveFrom(next);
            }
            next.release();
            return true;
        }

        @Override
        public Transmit transmit(Frame frame) {
            if (answer == Transmit.FULL) return answer;
            sent.add(bytes(frame));
            if (answer == Transmit.HELD) held.add(frame);
            return answer;
        }

        @Override
        public void await(long timeoutNs, boolean forTransmit) {
            awaited = timeoutNs;
            awaitedRoom = forTransmit;
            if (duringAwait != null) duringAwait.run();
        }

        @Override
        public void wake() {
            wakes++;
        }

        @Override
        public void close() {
            closes++;
        }

        Runnable duringAwait;
    }

    private static byte[] bytes(Frame frame) {
        byte[] bytes = new byte[frame.length()];
        ByteBuffer copy = ByteBuffer.allocateDirect(bytes.length);
        frame.copy(0, bytes.length, copy, 0);
        copy.get(bytes);
        return bytes;
    }

    private void impair(String text) {
        link = new ImpairLink(device, Impairment.parse(text), () -> nowNs);
    }

    @AfterEach
    void nothingIsLeft() {
        link.close();
        device.incoming.forEach(Frame::release);
        device.held.forEach(Frame::release);
        assertEquals(1, device.closes);
        assertEquals(0, pool.out(), "frames");
        pool.trim();
        assertEquals(0, memory.inUse(), "bytes of slabs");
    }

    /** As the stack makes them: headers in the frame's own space, payload in a slab. */
    private Frame packet(int number, int protocol, int src, int dst, int payload) {
        Frame frame = pool.take();
        frame.begin();
        int header =
                protocol == Ipv4.TCP
                        ? Tcp.HEADER
                        : protocol == Ipv4.UDP ? Udp.HEADER : Icmp4.HEADER;
        int at = frame.prepend(header);
        ByteBuffer b = frame.bytes();
        int length = header + payload;
        int field = -1;
        if (protocol == Ipv4.TCP) {
            Tcp.write(b, at, 40_000, 6888, number, 1, header, Tcp.ACK, 500);
            field = Tcp.CHECKSUM;
        } else if (protocol == Ipv4.UDP) {
            Udp.write(b, at, 40_000, 53, length);
            field = Udp.CHECKSUM;
        } else if (protocol == Ipv4.ICMP) {
            Icmp4.write(b, at, Icmp4.ECHO_REQUEST, 0, number);
            field = 2;
        }
        if (payload > 0) {
            Slab slab = memory.take(Slab.Size.SMALL);
            if (slab == null && memory.grow(Slab.Size.SMALL)) {
                slab = memory.take(Slab.Size.SMALL);
            }
            for (int i = 0; i < payload; i++) {
                slab.region().bytes().put(slab.base() + i, (byte) (number * 7 + i));
            }
            frame.append(slab.region(), slab, slab.base(), payload);
            slab.release();
        }
        if (field >= 0) {
            b.putShort(at + field, (short) 0);
            int pseudo = Checksum.pseudoHeader(src, dst, protocol, length);
            int sum = frame.sum(0);
            if (protocol != Ipv4.ICMP) sum = Checksum.append(pseudo, 0, sum);
            b.putShort(at + field, (short) Checksum.complement(sum));
        }
        int ip = frame.prepend(Ipv4.HEADER);
        Ipv4.write(b, ip, 0, Ipv4.HEADER + length, number & 0xFFFF, 2, 0, 64, protocol, src, dst);
        return frame;
    }

    private Frame segment(int number) {
        return packet(number, Ipv4.TCP, US, PEER, PAYLOAD);
    }

    private Transmit send(Frame frame) {
        Transmit became = link.transmit(frame);
        if (became == Transmit.DONE) frame.release();
        return became;
    }

    private void sendNumbers(int count) {
        for (int n = 0; n < count; n++) send(segment(n));
    }

    private List<Integer> sentNumbers() {
        List<Integer> numbers = new ArrayList<>();
        for (byte[] packet : device.sent) numbers.add((packet[4] & 0xFF) << 8 | packet[5] & 0xFF);
        device.sent.clear();
        return numbers;
    }

    /** What a turn does: receives until there is nothing. */
    private List<byte[]> receive() {
        List<byte[]> got = new ArrayList<>();
        while (true) {
            Frame into = pool.take();
            boolean one = link.receive(into);
            if (one) got.add(bytes(into));
            into.release();
            if (!one) return got;
        }
    }

    private void arrive(int count) {
        for (int n = 0; n < count; n++) {
            device.incoming.add(packet(n, Ipv4.TCP, PEER, US, PAYLOAD));
        }
    }

    private static List<Integer> upTo(int count) {
        List<Integer> numbers = new ArrayList<>();
        for (int n = 0; n < count; n++) numbers.add(n);
        return numbers;
    }

    private static void assertNear(double expected, double actual, double tolerance) {
        assertTrue(Math.abs(expected - actual) <= tolerance, expected + " is not near " + actual);
    }

    private ImpairmentCounts.Direction out() {
        return link.counts().out();
    }

    private ImpairmentCounts.Direction in() {
        return link.counts().in();
    }

    @Test
    void withoutAnImpairmentEveryFramePassesAsItIs() {
        impair("none");
        for (Transmit answer : List.of(Transmit.DONE, Transmit.FULL, Transmit.HELD)) {
            device.answer = answer;
            Frame frame = segment(1);
            assertEquals(answer, link.transmit(frame));
            if (answer != Transmit.HELD) frame.release();
        }
        arrive(100);
        assertEquals(100, receive().size());
        assertEquals(new ImpairmentCounts.Direction(2, 2, 0, 0, 0, 0, 0, 0, 0), out());
        assertEquals(new ImpairmentCounts.Direction(100, 100, 0, 0, 0, 0, 0, 0, 0), in());
    }

    @Test
    void offersNoOffload() {
        impair("none");
        assertFalse(link.capabilities().checksum());
        assertEquals(0, link.capabilities().segmentBytes());
        assertEquals(65_535, link.capabilities().mtu());
    }

    @Test
    void losesAShareInEachDirection() {
        impair("loss=10%,out.loss=30%,seed=1");
        sendNumbers(5_000);
        assertNear(0.3, out().lost() / 5_000.0, 0.02);
        assertEquals(5_000 - out().lost(), device.sent.size());
        arrive(5_000);
        int got = 0;
        for (int n = 0; n < 50; n++) got += receive().size();
        assertNear(0.1, in().lost() / 5_000.0, 0.015);
        assertEquals(5_000 - in().lost(), got);
        assertEquals(5_000, in().frames());
    }

    @Test
    void losesAllAndNone() {
        impair("out.loss=100%");
        sendNumbers(100);
        assertEquals(100, out().lost());
        assertEquals(List.of(), sentNumbers());
        link.impair(Impairment.parse("loss=0"));
        sendNumbers(100);
        assertEquals(upTo(100), sentNumbers());
    }

    @Test
    void aSeedsDecisionsOfOneDirectionDontDependOnTheOther() {
        impair("loss=20%,seed=9");
        sendNumbers(500);
        List<Integer> alone = sentNumbers();
        link.impair(Impairment.parse("loss=20%,seed=9"));
        for (int n = 0; n < 500; n++) {
            send(segment(n));
            if (n % 3 == 0) arrive(2);
            receive();
        }
        assertEquals(alone, sentNumbers());
        assertNotEquals(500, alone.size());
        link.impair(Impairment.parse("loss=20%,seed=10"));
        sendNumbers(500);
        assertNotEquals(alone, sentNumbers());
    }

    @Test
    void aChangeWithoutASeedGoesOnDrawing() {
        impair("loss=20%,seed=9");
        sendNumbers(500);
        List<Integer> whole = sentNumbers();
        link.impair(Impairment.parse("loss=20%,seed=9"));
        sendNumbers(250);
        link.impair(Impairment.parse("loss=20%"));
        assertEquals(9, link.impairment().seed().getAsLong());
        for (int n = 250; n < 500; n++) send(segment(n));
        assertEquals(whole, sentNumbers());
    }

    @Test
    void aRandomSeedIsTold() {
        impair("loss=50%");
        sendNumbers(200);
        List<Integer> first = sentNumbers();
        link.impair(link.impairment());
        sendNumbers(200);
        assertEquals(first, sentNumbers());
    }

    @Test
    void delaysEachWayInOrder() {
        impair("delay=5ms,in.delay=2ms");
        Frame frame = segment(0);
        assertEquals(Transmit.HELD, link.transmit(frame));
        nowNs += MS;
        assertEquals(Transmit.HELD, link.transmit(segment(1)));
        arrive(2);
        assertEquals(0, receive().size());
        nowNs += 2 * MS - 1;
        assertEquals(0, receive().size());
        nowNs += 1;
        assertEquals(2, receive().size());
        assertEquals(List.of(), sentNumbers());
        nowNs += 2 * MS;
        receive();
        assertEquals(List.of(0), sentNumbers());
        nowNs += MS - 1;
        receive();
        assertEquals(List.of(), sentNumbers());
        nowNs += 1;
        receive();
        assertEquals(List.of(1), sentNumbers());
        assertEquals(2, out().delayed());
        assertEquals(2, in().delayed());
        assertEquals(0, out().waiting());
    }

    @Test
    void jitterVariesTheDelayEvenly() {
        impair("out.delay=10ms,out.jitter=4ms,seed=3,limit=100000");
        int count = 4_000;
        sendNumbers(count);
        long start = nowNs;
        double sum = 0;
        int before = 0;
        for (int us = 0; us <= 14_000; us += 100) {
            nowNs = start + us * 1_000L;
            for (int n = 0; n <= count / 64; n++) receive();
            int now = device.sent.size();
            if (us < 6_000) assertEquals(0, now);
            sum += (double) us * (now - before);
            before = now;
        }
        assertEquals(count, before);
        assertNear(10_050, sum / count, 150);
        List<Integer> order = sentNumbers();
        assertNotEquals(upTo(count), order, "jitter reorders, as in netem");
        order.sort(null);
        assertEquals(upTo(count), order);
    }

    @Test
    void reorderedFramesAreNotDelayed() {
        impair("out.delay=5ms,out.reorder=10%,seed=4,limit=5000");
        sendNumbers(2_000);
        long early = out().reordered();
        assertNear(0.1, early / 2_000.0, 0.02);
        List<Integer> overtook = sentNumbers();
        assertEquals(early, overtook.size());
        nowNs += 5 * MS;
        for (int n = 0; n < 40; n++) receive();
        List<Integer> rest = sentNumbers();
        assertEquals(2_000, overtook.size() + rest.size());
        List<Integer> sorted = new ArrayList<>(rest);
        sorted.sort(null);
        assertEquals(sorted, rest, "those that are delayed keep their order");
    }

    @Test
    void duplicatesAreFramesOfTheSameBytes() {
        impair("duplicate=100%");
        device.answer = Transmit.HELD;
        Frame frame = segment(7);
        assertEquals(Transmit.HELD, link.transmit(frame));
        assertEquals(2, device.held.size());
        assertNotSame(device.held.get(0), device.held.get(1), "a frame has one owner");
        assertSame(device.held.get(0).holder(1), device.held.get(1).holder(1), "no copy");
        assertTrue(Arrays.equals(device.sent.get(0), device.sent.get(1)));
        arrive(3);
        List<byte[]> got = receive();
        assertEquals(6, got.size());
        assertTrue(Arrays.equals(got.get(0), got.get(1)));
        assertTrue(Arrays.equals(got.get(4), got.get(5)));
        assertEquals(3, in().duplicated());
        assertEquals(6, in().passed());
        assertEquals(1, out().duplicated());
    }

    @Test
    void theRateIsThatOfAWire() {
        int length = Ipv4.HEADER + Tcp.HEADER + PAYLOAD;
        impair("out.rate=1mbit,out.delay=1ms");
        long each = length * 8L * 1_000;
        sendNumbers(10);
        for (int n = 1; n <= 10; n++) {
            nowNs = 1_000_000_000 + n * each + MS - 1;
            receive();
            assertEquals(n - 1, device.sent.size());
            nowNs++;
            receive();
            assertEquals(n, device.sent.size());
        }
        nowNs += 1_000 * MS; // idle time is not saved up
        sendNumbers(2);
        nowNs += each + MS;
        receive();
        assertEquals(11, device.sent.size());
    }

    @Test
    void moreThanTheLimitIsDropped() {
        impair("delay=5ms,limit=10");
        sendNumbers(25);
        arrive(15);
        receive();
        nowNs += 5 * MS;
        assertEquals(10, receive().size());
        assertEquals(upTo(10), sentNumbers());
        assertEquals(15, out().overflowed());
        assertEquals(5, in().overflowed());
        assertEquals(25, out().frames());
        sendNumbers(1);
        assertEquals(1, out().waiting());
    }

    @Test
    void aFullLinkHoldsWhatIsDueAndIsNotDecidedOnTwice() {
        impair("out.loss=50%,seed=5");
        device.answer = Transmit.FULL;
        int n = 0;
        Transmit became = Transmit.DONE;
        while (became == Transmit.DONE) became = send(segment(n++)); // lost ones
        assertEquals(Transmit.HELD, became);
        for (int i = 0; i < 50; i++) {
            Frame again = segment(n);
            assertEquals(Transmit.FULL, link.transmit(again));
            again.release();
        }
        assertEquals(n, out().frames(), "the one that is full does not count");
        link.await(Long.MAX_VALUE, false);
        assertEquals(Long.MAX_VALUE, device.awaited, "only room helps");
        assertTrue(device.awaitedRoom);
        device.answer = Transmit.DONE;
        receive();
        assertEquals(List.of(n - 1), sentNumbers());
        link.await(Long.MAX_VALUE, false);
        assertFalse(device.awaitedRoom);
    }

    // -- corruption

    private static boolean isChecksumRight(byte[] packet, int layer) {
        ByteBuffer b = ByteBuffer.allocateDirect(packet.length).put(0, packet);
        int ip = layer == 2 ? Ethernet.HEADER : 0;
        assertTrue(Ipv4.check(b, ip, packet.length) > 0 && Ipv4.checksumOk(b, ip), "IP is sound");
        int at = ip + Ipv4.HEADER;
        int length = Ipv4.totalLength(b, ip) - Ipv4.HEADER;
        int protocol = Ipv4.protocol(b, ip);
        int sum = Checksum.sum(b, at, length);
        if (protocol == Ipv4.ICMP) return sum == 0xFFFF;
        if (protocol == Ipv4.TCP) {
            assertEquals(Tcp.HEADER, Tcp.check(b, at, at + length));
        } else {
            assertTrue(Udp.check(b, at, at + length) > 0);
            assertNotEquals(0, Udp.checksum(b, at), "has a checksum");
            length = Udp.length(b, at);
            sum = Checksum.sum(b, at, length);
        }
        int pseudo = Checksum.pseudoHeader(Ipv4.src(b, ip), Ipv4.dst(b, ip), protocol, length);
        return Checksum.append(pseudo, 0, sum) == 0xFFFF;
    }

    private static int bitsThatDiffer(byte[] a, byte[] b) {
        assertEquals(a.length, b.length);
        int n = 0;
        for (int i = 0; i < a.length; i++) n += Integer.bitCount((a[i] ^ b[i]) & 0xFF);
        return n;
    }

    @ParameterizedTest
    @ValueSource(ints = {Ipv4.TCP, Ipv4.UDP, Ipv4.ICMP})
    void aCorruptedPacketHasOneWrongBitThatItsChecksumTells(int protocol) {
        impair("corrupt=100%,seed=6");
        for (int n = 0; n < 3_000; n++) {
            Frame frame = packet(n, protocol, US, PEER, n % 5);
            byte[] before = bytes(frame);
            assertTrue(isChecksumRight(before, 3));
            assertEquals(Transmit.DONE, link.transmit(frame));
            assertTrue(Arrays.equals(before, bytes(frame)), "the sender's bytes stay as they are");
            frame.release();
            byte[] after = device.sent.remove(0);
            assertEquals(1, bitsThatDiffer(before, after));
            assertFalse(isChecksumRight(after, 3));
        }
        assertEquals(3_000, out().corrupted());
    }

    /** On a wire inside the JVM, the checksum was never summed. */
    @ParameterizedTest
    @EnumSource(Frame.Checksum.class)
    void aReceivedFrameWithoutAChecksumGetsOneBeforeItIsCorrupted(Frame.Checksum known) {
        impair("corrupt=100%,seed=6");
        for (int n = 0; n < 500; n++) {
            int protocol = n % 2 == 0 ? Ipv4.TCP : Ipv4.UDP;
            Frame right = packet(n, protocol, PEER, US, PAYLOAD);
            byte[] expected = bytes(right);
            if (known != Frame.Checksum.UNKNOWN) {
                int field = protocol == Ipv4.TCP ? Tcp.CHECKSUM : Udp.CHECKSUM;
                right.bytes().putShort(right.start() + Ipv4.HEADER + field, (short) 0x1234);
            }
            right.checksum = known;
            device.incoming.add(right);
            Frame into = pool.take();
            assertTrue(link.receive(into));
            assertEquals(Frame.Checksum.UNKNOWN, into.checksum, "it is to be verified");
            assertEquals(1, bitsThatDiffer(expected, bytes(into)));
            assertFalse(isChecksumRight(bytes(into), 3));
            into.release();
        }
        assertEquals(500, in().corrupted());
    }

    @Test
    void whatHasNoTransportChecksumIsNotCorrupted() {
        device.layer = 2;
        impair("corrupt=100%,seed=6");
        Frame udp = packet(1, Ipv4.UDP, US, PEER, 10);
        udp.bytes().putShort(udp.start() + Ipv4.HEADER + Udp.CHECKSUM, (short) 0);
        Frame fragment = packet(2, Ipv4.TCP, US, PEER, 10);
        fragment.bytes().putShort(fragment.start() + 6, (short) 0x2000);
        Frame igmp = packet(3, 2, US, PEER, 10);
        Frame arp = pool.take();
        arp.begin();
        Arp.write(arp.bytes(), arp.prepend(Arp.LENGTH), Arp.REQUEST, 1, US, 0, PEER);
        int n = 0;
        for (Frame frame : List.of(udp, fragment, igmp, arp)) {
            int type = frame == arp ? Ethernet.ARP : Ethernet.IPV4;
            Ethernet.write(frame.bytes(), frame.prepend(Ethernet.HEADER), 1, 2, type);
            byte[] before = bytes(frame);
            send(frame);
            assertTrue(Arrays.equals(before, device.sent.get(n++)));
        }
        assertEquals(0, out().corrupted());
        Frame tcp = segment(4);
        Ethernet.write(tcp.bytes(), tcp.prepend(Ethernet.HEADER), 1, 2, Ethernet.IPV4);
        send(tcp);
        assertFalse(isChecksumRight(device.sent.get(n), 2));
    }

    @Test
    void aCorruptedFrameCountsWhenItGoesOn() {
        impair("corrupt=100%,delay=1ms,limit=3");
        sendNumbers(5);
        assertEquals(0, out().corrupted());
        nowNs += MS;
        receive();
        assertEquals(3, out().corrupted());
        assertEquals(2, out().overflowed());
    }

    @Test
    void withoutMemoryNothingIsCorruptedAndNothingThatArrivesIsKept() {
        impair("corrupt=100%,in.delay=1ms");
        List<Slab> all = new ArrayList<>();
        for (Slab s = memory.take(Slab.Size.LARGE); s != null; s = memory.take(Slab.Size.LARGE)) {
            all.add(s);
        }
        Frame frame = segment(1);
        byte[] before = bytes(frame);
        send(frame);
        assertTrue(Arrays.equals(before, device.sent.get(0)));
        assertEquals(0, out().corrupted());
        arrive(2); // copied to scratch by the device
        assertEquals(0, receive().size());
        assertEquals(2, in().overflowed());
        all.forEach(Slab::release);
    }

    // -- partitions

    private Frame arp(int sender, int target) {
        Frame arp = pool.take();
        arp.begin();
        Arp.write(arp.bytes(), arp.prepend(Arp.LENGTH), Arp.REQUEST, 1, sender, 0, target);
        Ethernet.write(arp.bytes(), arp.prepend(Ethernet.HEADER), -1L, 2, Ethernet.ARP);
        return arp;
    }

    private Frame ethernet(Frame packet) {
        Ethernet.write(packet.bytes(), packet.prepend(Ethernet.HEADER), 1, 2, Ethernet.IPV4);
        return packet;
    }

    @Test
    void nothingPassesToOrFromAPeerThatIsCutOff() {
        device.layer = 2;
        impair("none");
        link.partition(Cidr.parse("10.0.0.1"));
        send(arp(US, PEER));
        send(ethernet(packet(1, Ipv4.TCP, US, PEER, 10)));
        assertEquals(0, device.sent.size());
        assertEquals(2, out().partitioned());
        send(arp(US, OTHER));
        send(ethernet(packet(2, Ipv4.TCP, US, OTHER, 10)));
        assertEquals(2, device.sent.size());
        device.incoming.add(arp(PEER, US));
        device.incoming.add(ethernet(packet(3, Ipv4.TCP, PEER, US, 10)));
        device.incoming.add(arp(OTHER, US));
        device.incoming.add(ethernet(packet(4, Ipv4.TCP, OTHER, US, 10)));
        assertEquals(2, receive().size());
        assertEquals(2, in().partitioned());
        link.partition(Cidr.parse("10.0.1.77/24"));
        assertEquals(List.of(Cidr.parse("10.0.0.1"), Cidr.parse("10.0.1.0/24")), link.partitions());
        send(arp(US, OTHER));
        assertEquals(3, out().partitioned());
        link.heal(Cidr.parse("10.0.1.0/24"));
        send(arp(US, OTHER));
        assertEquals(3, out().partitioned());
        link.heal(Cidr.parse("10.0.0.0/8")); // was never cut off
        send(arp(US, PEER));
        assertEquals(4, out().partitioned());
        link.heal();
        send(arp(US, PEER));
        assertEquals(4, out().partitioned());
        assertEquals(List.of(), link.partitions());
    }

    @Test
    void aPartitionActsAtOnceOnWhatIsDelayed() {
        impair("delay=5ms");
        sendNumbers(3);
        arrive(3);
        receive();
        link.partition(Cidr.parse("0.0.0.0/0"));
        nowNs += 5 * MS;
        assertEquals(0, receive().size());
        assertEquals(List.of(), sentNumbers());
        assertEquals(3, out().partitioned());
        assertEquals(3, in().partitioned());
        assertEquals(0, out().waiting());
    }

    // -- the wait

    @Test
    void waitsNoLongerThanTheNextFrameIsDue() {
        impair("delay=5ms,in.delay=3ms");
        link.await(Long.MAX_VALUE, false);
        assertEquals(Long.MAX_VALUE, device.awaited, "an idle link sleeps");
        send(segment(1));
        link.await(Long.MAX_VALUE, true);
        assertEquals(5 * MS, device.awaited);
        assertTrue(device.awaitedRoom);
        arrive(1);
        receive();
        nowNs += MS;
        link.await(100 * MS, false);
        assertEquals(2 * MS, device.awaited);
        link.await(MS, false);
        assertEquals(MS, device.awaited);
        nowNs += 10 * MS;
        link.await(100 * MS, false);
        assertEquals(0, device.awaited);
    }

    @Test
    void whoSendsWhatIsDueEarlierWakesTheWaiter() {
        impair("delay=5ms");
        device.duringAwait =
                () -> {
                    link.flush();
                    assertEquals(0, device.wakes, "nothing is due");
                    send(segment(1));
                    link.flush();
                    assertEquals(1, device.wakes);
                    send(segment(2));
                    link.flush();
                    assertEquals(1, device.wakes, "it is awake already");
                };
        link.await(20 * MS, false);
        device.duringAwait =
                () -> {
                    send(segment(3));
                    link.flush();
                    assertEquals(1, device.wakes, "what it waits for comes first");
                    receive();
                };
        link.await(Long.MAX_VALUE, false);
        assertEquals(5 * MS, device.awaited);
        device.duringAwait = null;
        link.flush();
        assertEquals(1, device.wakes, "nobody waits");
    }

    @Test
    void whoFindsTheLinkFullWakesTheWaiter() {
        impair("out.delay=1ms");
        send(segment(1));
        device.answer = Transmit.FULL;
        device.duringAwait =
                () -> {
                    nowNs += MS;
                    receive();
                    link.flush();
                    assertEquals(1, device.wakes, "it does not wait for room");
                };
        link.await(Long.MAX_VALUE, false);
        device.duringAwait =
                () -> {
                    link.flush();
                    assertEquals(1, device.wakes, "it waits for room now");
                };
        link.await(Long.MAX_VALUE, false);
        assertTrue(device.awaitedRoom);
        assertEquals(Long.MAX_VALUE, device.awaited);
    }

    @Test
    void closingSendsWhatWaits() {
        impair("delay=1s");
        sendNumbers(5);
        arrive(5);
        receive();
        link.close();
        device.closes = 0;
        assertEquals(upTo(5), sentNumbers());
    }

    @Test
    void aTurnSendsABoundedNumber() {
        impair("delay=1ms,limit=1000");
        sendNumbers(500);
        nowNs += MS;
        Frame into = pool.take();
        assertFalse(link.receive(into));
        into.release();
        assertEquals(64, device.sent.size());
        link.await(Long.MAX_VALUE, false);
        assertEquals(0, device.awaited, "the rest is due");
    }

    @Test
    void framesOfTheStackAreGoneOnceTheyAreSent() {
        impair("delay=1ms,duplicate=50%,seed=2");
        sendNumbers(100);
        assertNotEquals(0, pool.out());
        nowNs += MS;
        for (int n = 0; n < 5; n++) receive();
        assertEquals(0, pool.out());
        assertNull(device.incoming.peek());
    }
}
