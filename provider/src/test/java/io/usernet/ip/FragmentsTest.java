package io.usernet.ip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Checksum;
import io.usernet.wire.Cidr;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FragmentsTest {
    private static final int SRC = 0x0A00_0001, DST = 0x0A00_0002;
    private static final int SMALL = Slab.Size.SMALL.bytes();
    private static final long NOW = TimeUnit.SECONDS.toNanos(1);

    /** A fragment's offset and length, and whether more follow. */
    private record Piece(int offset, int length, boolean more) {}

    private final Counters counters = new Counters();
    private final Memory memory = new Memory(4 << 20);
    private final FramePool frames = new FramePool(memory);
    private final TimerWheel wheel = new TimerWheel();
    private final List<byte[]> sent = new ArrayList<>();
    private Fragments fragments = with(Sysctls.defaults());

    private Fragments with(Sysctls sysctls) {
        Icmp.Owner owner =
                new Icmp.Owner() {
                    @Override
                    public void transmit(Frame out, int src, int dst) {
                        assertEquals(DST, src);
                        sent.add(bytes(out));
                        out.release();
                    }

                    @Override
                    public boolean unreachable(
                            int code, int mtu, int src, int dst, int protocol, int ports, int seq) {
                        throw new AssertionError("nothing comes in here");
                    }
                };
        Addresses addresses = new Addresses(List.of(Cidr.parse("10.0.0.2/24")), false);
        PathMtus mtus = new PathMtus(sysctls, 1);
        Icmp icmp = new Icmp(addresses, sysctls, counters, frames, mtus, owner);
        return new Fragments(sysctls, counters, memory, wheel, icmp, 42);
    }

    @AfterEach
    void nothingIsLeft() {
        fragments.close();
        frames.trim();
        assertEquals(0, fragments.size());
        assertEquals(0, wheel.size(), "timers");
        assertEquals(0, frames.out(), "frames");
        assertEquals(0, memory.inUse(), "memory");
    }

    private static byte[] payload(int length, long seed) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] bytes(Frame frame) {
        ByteBuffer copy = ByteBuffer.allocateDirect(frame.length());
        frame.copy(0, frame.length(), copy, 0);
        byte[] bytes = new byte[frame.length()];
        copy.get(0, bytes);
        return bytes;
    }

    private Frame frame(int src, int id, int tos, byte[] payload, Piece p) {
        Frame in = frames.take();
        int length = Ipv4.HEADER + p.length;
        in.reserve(length);
        int at = in.start();
        int flags = p.more ? Ipv4.MORE_FRAGMENTS : 0;
        Ipv4.write(in.bytes(), at, tos, length, id, flags, p.offset, 64, Ipv4.UDP, src, DST);
        in.bytes().put(at + Ipv4.HEADER, payload, p.offset, p.length);
        in.filled(length);
        return in;
    }

    /** The whole datagram's payload, once this piece completes it; else null. */
    private byte[] receive(int src, int id, int tos, byte[] payload, Piece p, long nowNs) {
        Frame in = frame(src, id, tos, payload, p);
        byte[] whole = fragments.accept(in, false, nowNs) ? check(in, tos) : null;
        in.release();
        return whole;
    }

    private byte[] receive(byte[] payload, Piece p) {
        return receive(SRC, 7, 0, payload, p, NOW);
    }

    private static byte[] check(Frame in, int tos) {
        ByteBuffer b = in.bytes();
        int at = in.start();
        assertEquals(Ipv4.HEADER, Ipv4.check(b, at, at + in.length()));
        assertTrue(Ipv4.checksumOk(b, at));
        assertFalse(Ipv4.isFragment(b, at));
        assertEquals(in.length(), Ipv4.totalLength(b, at));
        assertEquals(Frame.Checksum.UNKNOWN, in.checksum);
        int first = Math.min(in.length(), Ipv4.HEADER + 60); // all headers that there may be
        assertTrue(in.length(0) >= first, "in the first slice: " + in.length(0));
        byte[] all = bytes(in);
        return Arrays.copyOfRange(all, Ipv4.HEADER, all.length);
    }

    private static Piece piece(int offset, int end, int length) {
        return new Piece(offset, end - offset, end < length);
    }

    @Test
    void everyOrderOfFourPieces() {
        byte[] payload = payload(5_001, 1);
        int[] cuts = {0, 1480, 2048, 4096, 5_001};
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < 4; i++) pieces.add(piece(cuts[i], cuts[i + 1], 5_001));
        int orders = 0;
        for (int n = 0; n < 256; n++) {
            List<Integer> order = List.of(n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6);
            if (order.stream().distinct().count() < 4) continue;
            orders++;
            for (int i = 0; i < 3; i++) assertNull(receive(payload, pieces.get(order.get(i))));
            assertArrayEquals(payload, receive(payload, pieces.get(order.get(3))), order::toString);
        }
        assertEquals(24, orders);
        assertEquals(24, counters.get(Counter.IP_REASM_OKS));
        assertEquals(96, counters.get(Counter.IP_REASM_REQDS));
        assertEquals(24 * 5_001, counters.get(Counter.IP_REASM_COPIED));
        assertEquals(0, counters.get(Counter.IP_REASM_FAILS));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void randomSplitsOrdersAndDuplicatesOfSeveralDatagrams(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            byte[][] payloads = new byte[4][];
            int[] left = new int[4];
            record Arrival(int datagram, Piece piece) {}
            List<Arrival> arrivals = new ArrayList<>();
            for (int d = 0; d < 4; d++) {
                int length = 9 + random.nextInt(random.nextBoolean() ? 65_500 : 500);
                payloads[d] = payload(length, random.nextLong());
                int most = 1 + random.nextInt(length / 8 > 500 ? 500 : 20);
                for (int at = 0; at < length; ) {
                    int end = Math.min(length, at + 8 * (1 + random.nextInt(most)));
                    if (at == 0 && end == length) end = 8;
                    arrivals.add(new Arrival(d, piece(at, end, length)));
                    left[d]++;
                    at = end;
                }
            }
            Collections.shuffle(arrivals, random);
            for (Arrival a : arrivals) {
                byte[] payload = payloads[a.datagram];
                byte[] got = receive(SRC, a.datagram, 0, payload, a.piece, NOW);
                if (--left[a.datagram] > 0) {
                    assertNull(got);
                    if (random.nextInt(4) == 0) {
                        assertNull(receive(SRC, a.datagram, 0, payload, a.piece, NOW));
                    }
                } else {
                    assertArrayEquals(payload, got);
                }
            }
            assertEquals(0, fragments.size());
        }
        assertEquals(160, counters.get(Counter.IP_REASM_OKS));
        assertTrue(counters.get(Counter.IP_REASM_DUPLICATES) > 100);
        assertEquals(0, counters.get(Counter.IP_REASM_FAILS));
    }

    @Test
    void everyLengthAroundTheBoundariesOfSlabsWordsAndHeads() {
        for (int around : new int[] {16, 128, 512, 2_048, 4_096, 32_768, 65_515 - 9}) {
            for (int length = Math.max(9, around - 9); length <= around + 9; length++) {
                byte[] payload = payload(length, length);
                int cut = Math.max(8, length / 2 & ~7);
                assertNull(receive(payload, new Piece(cut, length - cut, false)));
                assertArrayEquals(payload, receive(payload, new Piece(0, cut, true)));
            }
        }
    }

    @Test
    void theLongestDatagramInTheLeastFragmentsFitsAFrame() {
        byte[] payload = payload(65_515, 9);
        for (int at = 0; at + 8 < 65_515; at += 8) {
            assertNull(receive(payload, new Piece(at, 8, true)));
        }
        assertArrayEquals(payload, receive(payload, new Piece(65_512, 3, false)));
    }

    @Test
    void anOverlapDiscardsAllOfTheDatagram() {
        byte[] payload = payload(4_000, 1);
        for (Piece overlap :
                List.of(
                        new Piece(504, 16, true), // the end of what is there and 8 bytes more
                        new Piece(992, 16, true), // its begin and 8 bytes before
                        new Piece(0, 4_000, false))) { // all of it, and the gap
            receive(payload, new Piece(0, 512, true));
            receive(payload, new Piece(1_000, 512, true));
            assertEquals(1, fragments.size());
            long before = counters.get(Counter.IP_REASM_OVERLAPS);
            assertNull(receive(payload, overlap));
            assertEquals(0, fragments.size(), overlap.toString());
            assertEquals(before + 1, counters.get(Counter.IP_REASM_OVERLAPS));
        }
        assertEquals(3, counters.get(Counter.IP_REASM_FAILS));
        assertEquals(0, wheel.size());
    }

    @Test
    void whatIsThereAlreadyIsIgnoredWithItsBytes() {
        byte[] payload = payload(1_000, 1);
        byte[] other = payload(1_000, 2);
        receive(payload, new Piece(0, 512, true));
        receive(other, new Piece(0, 512, true));
        receive(other, new Piece(64, 8, true));
        assertEquals(2, counters.get(Counter.IP_REASM_DUPLICATES));
        assertArrayEquals(payload, receive(payload, new Piece(512, 488, false)));
    }

    @Test
    void twoEndsDiscardTheDatagram() {
        byte[] payload = payload(2_000, 1);
        receive(payload, new Piece(800, 200, false));
        receive(payload, new Piece(1_000, 100, false));
        assertEquals(0, fragments.size());
        receive(payload, new Piece(800, 200, false));
        receive(payload, new Piece(1_000, 8, true)); // behind the end
        assertEquals(0, fragments.size());
        receive(payload, new Piece(1_000, 8, true));
        receive(payload, new Piece(800, 100, false)); // before what is there
        assertEquals(0, fragments.size());
        assertEquals(3, counters.get(Counter.IP_REASM_FAILS));
    }

    @Test
    void malformedFragmentsAreDroppedAlone() {
        byte[] payload = payload(70_000, 1);
        receive(payload, new Piece(0, 512, true));
        receive(payload, new Piece(512, 13, true)); // not of 8 bytes, though others follow
        receive(payload, new Piece(512, 0, true));
        receive(payload, new Piece(512, 0, false));
        receive(payload, new Piece(65_528, 1_000, false)); // "ping of death"
        assertEquals(4, counters.get(Counter.IP_REASM_FAILS));
        assertEquals(1, fragments.size());
        byte[] expected = Arrays.copyOf(payload, 600);
        assertArrayEquals(expected, receive(payload, new Piece(512, 88, false)));
    }

    @Test
    void optionsThatMakeItTooLongDiscardIt() {
        byte[] payload = payload(65_515, 1);
        receive(payload, new Piece(8, 65_507, false));
        Frame in = frames.take();
        in.reserve(32);
        Ipv4.write(in.bytes(), in.start(), 0, 32, 7, 1, 0, 64, Ipv4.UDP, SRC, DST);
        in.bytes().put(in.start(), (byte) 0x46);
        in.bytes().putInt(in.start() + Ipv4.HEADER, 0x01010100);
        in.filled(32);
        assertFalse(fragments.accept(in, false, NOW));
        in.release();
        assertEquals(0, fragments.size());
        assertEquals(1, counters.get(Counter.IP_REASM_FAILS));
    }

    @Test
    void congestionExperiencedByOneFragmentIsTheWholes() {
        byte[] payload = payload(1_000, 1);
        receive(SRC, 7, 0xB8 | 2, payload, new Piece(0, 512, true), NOW);
        Frame in = frame(SRC, 7, 0xB8 | 3, payload, new Piece(512, 488, false));
        assertTrue(fragments.accept(in, false, NOW));
        assertEquals(0xB8 | 3, Ipv4.tos(in.bytes(), in.start()));
        in.release();
        receive(SRC, 8, 0, payload, new Piece(0, 512, true), NOW);
        assertNull(receive(SRC, 8, 3, payload, new Piece(512, 488, false), NOW));
        assertEquals(1, counters.get(Counter.IP_REASM_FAILS));
    }

    @Test
    void datagramsAreToldApart() {
        byte[] a = payload(1_000, 1);
        byte[] b = payload(1_000, 2);
        receive(SRC, 7, 0, a, new Piece(0, 512, true), NOW);
        receive(SRC + 1, 7, 0, b, new Piece(0, 512, true), NOW);
        receive(SRC, 8, 0, b, new Piece(0, 512, true), NOW);
        assertEquals(3, fragments.size());
        assertArrayEquals(a, receive(SRC, 7, 0, a, new Piece(512, 488, false), NOW));
        assertArrayEquals(b, receive(SRC + 1, 7, 0, b, new Piece(512, 488, false), NOW));
        assertArrayEquals(b, receive(SRC, 8, 0, b, new Piece(512, 488, false), NOW));
    }

    private void runTimers(long nowNs) {
        for (TimerWheel.Timer t = wheel.poll(nowNs); t != null; t = wheel.poll(nowNs)) {
            ((TimerWheel.Alarm) t).expire(nowNs);
        }
    }

    @Test
    void theSenderOfAFirstFragmentHearsThatTimeIsOver() {
        byte[] payload = payload(2_000, 1);
        receive(SRC, 7, 0, payload, new Piece(0, 512, true), NOW);
        receive(SRC, 8, 0, payload, new Piece(512, 512, true), NOW); // not the first
        long later = NOW + TimeUnit.SECONDS.toNanos(20);
        receive(SRC, 7, 0, payload, new Piece(1_024, 512, true), later); // does not prolong it
        runTimers(NOW + TimeUnit.SECONDS.toNanos(30) - 1);
        assertEquals(2, fragments.size());
        runTimers(NOW + TimeUnit.SECONDS.toNanos(31));
        assertEquals(0, fragments.size());
        assertEquals(TimerWheel.NEVER, wheel.earliest());
        assertEquals(2, counters.get(Counter.IP_REASM_TIMEOUT));
        assertEquals(2, counters.get(Counter.IP_REASM_FAILS));
        assertEquals(1, counters.get(Counter.ICMP_OUT_TIME_EXCDS));
        assertEquals(1, sent.size());
        byte[] error = sent.get(0);
        ByteBuffer b = ByteBuffer.allocateDirect(error.length);
        b.put(0, error);
        assertEquals(Icmp4.TIME_EXCEEDED, Icmp4.type(b, 0));
        assertEquals(1, Icmp4.code(b, 0));
        assertEquals(0xFFFF, Checksum.sum(b, 0, error.length));
        assertEquals(7, Ipv4.id(b, Icmp4.HEADER));
        assertEquals(Icmp4.HEADER + 128, error.length);
        int from = Icmp4.HEADER + Ipv4.HEADER;
        byte[] quoted = Arrays.copyOfRange(error, from, error.length);
        assertArrayEquals(Arrays.copyOf(payload, quoted.length), quoted);
    }

    @Test
    void nothingIsSaidAboutABroadcast() {
        Frame in = frame(SRC, 7, 0, payload(512, 1), new Piece(0, 512, true));
        assertFalse(fragments.accept(in, true, NOW));
        in.release();
        runTimers(NOW + TimeUnit.SECONDS.toNanos(31));
        assertEquals(1, counters.get(Counter.IP_REASM_TIMEOUT));
        assertEquals(0, sent.size());
    }

    // -- floods: of 4 MiB of packet memory, an eighth is 256 small slabs

    private long slabs() {
        return memory.inUse() / SMALL - Slab.Size.LARGE.bytes() / SMALL; // one is read into
    }

    @Test
    void aFloodOfFirstFragmentsEvictsItsOwn() {
        byte[] payload = payload(65_507, 1);
        byte[] junk = payload(512, 2);
        SplittableRandom random = new SplittableRandom(3);
        int last = 65_507 / 1_480 * 1_480;
        for (int at = 0; at < last; at += 1_480) {
            assertNull(receive(SRC, 7, 0, payload, new Piece(at, 1_480, true), NOW));
            int n = at == 0 ? 200 : 3_000; // the second fragment makes it one of several
            for (int i = 0; i < n; i++) {
                receive(random.nextInt(), i, 0, junk, new Piece(0, 512, true), NOW);
                assertTrue(slabs() <= 256, "slabs: " + slabs());
            }
        }
        Piece end = new Piece(last, 65_507 - last, false);
        assertArrayEquals(payload, receive(SRC, 7, 0, payload, end, NOW));
        assertTrue(counters.get(Counter.IP_REASM_EVICTIONS) > 100_000);
        assertTrue(slabs() > 200, "the flood has what nobody else wants");
        runTimers(NOW + TimeUnit.SECONDS.toNanos(31));
        assertEquals(0, slabs());
    }

    @Test
    void aFloodOfSecondFragmentsTooLeavesRoomForBursts() {
        byte[] payload = payload(65_507, 1);
        byte[] junk = payload(1_024, 2);
        int done = 0;
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 1_000; i++) {
                receive(~i, round, 0, junk, new Piece(0, 512, true), NOW);
                receive(~i, round, 0, junk, new Piece(512, 512, true), NOW);
            }
            for (int at = 0; at < payload.length; at += 1_480) {
                int n = Math.min(1_480, payload.length - at);
                Piece p = piece(at, at + n, payload.length);
                if (receive(SRC, round, 0, payload, p, NOW) != null) done++;
                assertTrue(slabs() <= 256, "slabs: " + slabs());
            }
        }
        assertEquals(50, done);
    }

    @Test
    void fragmentsFarApartTakeOnlyTheSlabsTheyTouch() {
        byte[] payload = payload(65_000, 1);
        receive(payload, new Piece(0, 8, true));
        receive(payload, new Piece(60_000, 8, true));
        assertEquals(2, slabs());
    }

    @Test
    void aThresholdOfZeroPutsNothingTogether() {
        fragments = with(Sysctls.defaults().with(Sysctl.IPFRAG_HIGH_THRESH, 0));
        assertNull(receive(payload(512, 1), new Piece(0, 512, true)));
        assertEquals(0, fragments.size());
        assertEquals(1, counters.get(Counter.IP_REASM_FAILS));
    }

    @Test
    void withoutMemoryOthersMakeWayAndThenItIsDropped() {
        byte[] payload = payload(4_000, 1);
        receive(SRC, 1, 0, payload, new Piece(0, 512, true), NOW);
        List<Slab> all = new ArrayList<>();
        for (Slab s = memory.take(Slab.Size.SMALL); s != null; s = memory.take(Slab.Size.SMALL)) {
            all.add(s);
        }
        receive(SRC, 2, 0, payload, new Piece(0, 512, true), NOW);
        assertEquals(1, counters.get(Counter.IP_REASM_EVICTIONS));
        assertEquals(1, fragments.size());
        receive(SRC, 2, 0, payload, new Piece(2_048, 512, true), NOW);
        assertEquals(0, fragments.size());
        all.forEach(Slab::release);
        assertNotNull(fragments);
    }
}
