package io.usernet.ip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.frame.Slab;
import io.usernet.metrics.Counters;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Udp;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Datagrams that {@link Ipv4Output} cuts, put together by {@link Fragments}. */
class FragmentationTest {
    private static final int SRC = 0x0A00_0002, DST = 0x0A00_0001;

    private final Memory memory = new Memory(8 << 20);
    private final FramePool frames = new FramePool(memory);
    private final Ipv4Output output = new Ipv4Output(Sysctls.defaults(), frames, 42);
    private final Counters counters = new Counters();
    private final Fragments fragments =
            new Fragments(Sysctls.defaults(), counters, memory, new TimerWheel(), null, 1);

    @AfterEach
    void nothingIsLeft() {
        fragments.close();
        assertEquals(0, frames.out(), "frames");
        assertEquals(0, memory.inUse(), "memory");
    }

    /** A UDP datagram with its payload in slabs of 32 KiB that nobody else holds. */
    private Frame datagram(byte[] payload) {
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Udp.HEADER);
        Udp.write(out.bytes(), at, 1, 2, Udp.HEADER + payload.length);
        for (int done = 0; done < payload.length; ) {
            Slab slab = memory.take(Slab.Size.MEDIUM);
            int n = Math.min(slab.capacity(), payload.length - done);
            slab.region().bytes().put(slab.base(), payload, done, n);
            out.append(slab.region(), slab, slab.base(), n);
            slab.release();
            done += n;
        }
        return out;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(length).nextBytes(bytes);
        return bytes;
    }

    private static byte[] bytes(Frame frame) {
        ByteBuffer copy = ByteBuffer.allocateDirect(frame.length());
        frame.copy(0, frame.length(), copy, 0);
        byte[] bytes = new byte[frame.length()];
        copy.get(0, bytes);
        return bytes;
    }

    private void roundTrip(int length, int mtu) {
        byte[] payload = random(length);
        Frame whole = datagram(payload);
        Ipv4Output.checksum(whole, SRC, DST, Ipv4.UDP, Udp.CHECKSUM, true); // left to the link
        int n = Ipv4Output.fragments(whole.length(), mtu);
        List<Frame> cut = new ArrayList<>();
        for (Frame f = output.cut(whole, SRC, DST, Ipv4.UDP, 0, mtu, 64); f != null; ) {
            Frame next = f.next;
            f.next = null;
            cut.add(f);
            f = next;
        }
        assertEquals(n, cut.size());
        int id = Ipv4.id(cut.get(0).bytes(), cut.get(0).start());
        int expected = 0;
        for (Frame f : cut) {
            ByteBuffer b = f.bytes();
            int at = f.start();
            assertEquals(Ipv4.HEADER, Ipv4.check(b, at, at + f.length()));
            assertTrue(Ipv4.checksumOk(b, at));
            assertTrue(f.length() <= mtu);
            assertEquals(expected, Ipv4.fragmentOffset(b, at));
            assertEquals(id, Ipv4.id(b, at));
            boolean last = f == cut.get(n - 1);
            assertEquals(last ? 0 : Ipv4.MORE_FRAGMENTS, Ipv4.flags(b, at), "DF is clear");
            expected += f.length() - Ipv4.HEADER;
        }
        assertEquals(Udp.HEADER + length, expected);
        // Each goes its way by itself: the others must not need it.
        Frame in = null;
        for (int i = 0; i < n; i++) {
            Frame f = cut.get((i + n / 2) % n);
            byte[] wire = bytes(f);
            f.release();
            if (in != null) in.release();
            ByteBuffer b = ByteBuffer.allocateDirect(wire.length);
            b.put(0, wire);
            in = frames.take();
            in.append(new Region(b), null, 0, wire.length);
            assertEquals(i == n - 1, fragments.accept(in, false, 1));
        }
        in.consume(Ipv4.HEADER);
        assertTrue(Ipv4Output.checksumOk(in, SRC, DST, Ipv4.UDP));
        byte[] got = bytes(in);
        in.release();
        assertArrayEquals(payload, Arrays.copyOfRange(got, Udp.HEADER, got.length));
    }

    @ParameterizedTest
    @ValueSource(ints = {68, 552, 576, 1_499, 1_500, 9_000, 65_521})
    void roundTripsOfLengthsAroundTheBoundaries(int mtu) {
        int each = mtu - Ipv4.HEADER & ~7;
        for (int n = 1; n <= 3; n++) {
            for (int length = n * each - 10; length <= n * each + 10; length++) {
                boolean cut = length + Udp.HEADER + Ipv4.HEADER > mtu;
                if (cut && length <= 65_507) roundTrip(length, mtu);
            }
        }
        roundTrip(65_507, mtu);
        roundTrip(Math.min(32_768 + each, 65_507), mtu); // slices end within fragments
    }

    @Test
    void nothingButTheHeaderSliceIsCopied() {
        Frame whole = datagram(random(40_000));
        ByteBuffer slab = whole.bytes(1);
        int at = whole.at(1);
        Frame first = output.cut(whole, SRC, DST, Ipv4.UDP, 0, 1_500, 64);
        assertSame(whole, first);
        Frame second = first.next;
        assertEquals(Ipv4.HEADER, second.length(0));
        assertSame(slab, second.bytes(1));
        assertEquals(at + 1_480 - Udp.HEADER, second.at(1));
        for (Frame f = first; f != null; ) {
            Frame next = f.next;
            f.release();
            f = next;
        }
    }

    @Test
    void aHeaderSliceLongerThanAFragmentIsCopied() {
        Frame whole = frames.take();
        whole.begin();
        byte[] payload = random(100);
        whole.bytes().put(whole.prepend(100), payload);
        Frame first = output.cut(whole, SRC, DST, Ipv4.ICMP, 0, 68, 64);
        Frame second = first.next;
        Frame third = second.next;
        first.release();
        byte[] got = bytes(second);
        assertArrayEquals(
                Arrays.copyOfRange(payload, 48, 96),
                Arrays.copyOfRange(got, Ipv4.HEADER, got.length));
        got = bytes(third);
        assertArrayEquals(
                Arrays.copyOfRange(payload, 96, 100),
                Arrays.copyOfRange(got, Ipv4.HEADER, got.length));
        second.release();
        third.release();
    }

    @Test
    void identifiersOfWhatMayBeCutDoNotComeAgainSoon() {
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < 65_536; i++) {
            Frame out = datagram(new byte[1]);
            output.header(out, SRC, DST, Ipv4.UDP, 0, false);
            assertTrue(ids.add(Ipv4.id(out.bytes(), out.start())));
            out.release();
            Frame atomic = datagram(new byte[1]);
            output.header(atomic, SRC, DST, Ipv4.UDP, 0, true); // uses none of them up
            assertEquals(Ipv4.DONT_FRAGMENT, Ipv4.flags(atomic.bytes(), atomic.start()));
            atomic.release();
        }
    }

    @Test
    void aChecksumThatComesToZeroIsNotNone() {
        byte[] payload = new byte[2_000];
        Frame probe = datagram(payload);
        Ipv4Output.checksum(probe, SRC, DST, Ipv4.UDP, Udp.CHECKSUM, false);
        int sum = Udp.checksum(probe.bytes(), probe.start());
        probe.release();
        assertNotEquals(0, sum);
        payload[0] = (byte) (sum >>> 8); // now the sum of all is 0xFFFF, its complement 0
        payload[1] = (byte) sum;
        Frame whole = datagram(payload);
        Ipv4Output.checksum(whole, SRC, DST, Ipv4.UDP, Udp.CHECKSUM, true);
        Frame first = output.cut(whole, SRC, DST, Ipv4.UDP, 0, 1_500, 64);
        assertEquals(0xFFFF, Udp.checksum(first.bytes(), first.start() + Ipv4.HEADER));
        assertEquals(0, Checksum.complement(0xFFFF));
        first.next.release();
        first.next = null;
        first.release();
    }
}
