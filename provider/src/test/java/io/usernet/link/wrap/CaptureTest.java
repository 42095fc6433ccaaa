package io.usernet.link.wrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.CaptureConfig;
import io.usernet.frame.Frame;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.NullLink;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Udp;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CaptureTest {
    private static final long MAC = 0x02_00_00_00_00_07L;

    private final Frames frames = new Frames();
    private final Frames.Device device = new Frames.Device();
    @TempDir Path directory;

    private Path file() {
        return directory.resolve("test.pcapng");
    }

    private Capture open() throws IOException {
        return Capture.open(CaptureConfig.to(file().toString()));
    }

    private Capture open(int snaplen, long buffer, long size, int files) throws IOException {
        return Capture.open(new CaptureConfig(file().toString(), snaplen, buffer, size, files));
    }

    private Frame right(int payload) {
        return frames.segment(payload, Frame.Checksum.UNKNOWN);
    }

    /** Sends and releases. */
    private static void send(LinkDevice link, Frame frame) {
        assertEquals(LinkDevice.Transmit.DONE, link.transmit(frame));
        frame.release();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 215, 216, 1460, 32_767, 65_000})
    void hasWholePacketsWithTheRightChecksum(int payload) throws IOException {
        LinkDevice link = open().wrap(device);
        for (Frame.Checksum checksum : Frame.Checksum.values()) {
            send(link, frames.segment(payload, checksum));
        }
        link.close();
        PcapngFile is = PcapngFile.read(file());
        assertEquals(3, is.packets.size());
        Frame right = right(payload);
        for (PcapngFile.Packet p : is.packets) assertArrayEquals(Frames.bytes(right), p.bytes());
        right.release();
        assertEquals(0, frames.pool.out());
        assertEquals(1, device.closes);
    }

    @Test
    void aWrongChecksumStaysWrong() throws IOException {
        LinkDevice link = open().wrap(device);
        Frame sent = right(100);
        sent.bytes().putShort(sent.start() + Ipv4.HEADER + 16, (short) 0x1234);
        byte[] wrong = Frames.bytes(sent);
        send(link, sent);
        link.close();
        assertArrayEquals(wrong, PcapngFile.read(file()).packets.get(0).bytes());
    }

    @Test
    void completesTheHeadersChecksumWhereThereIsNone() throws IOException {
        LinkDevice link = open().wrap(device);
        Frame sent = frames.segment(10, Frame.Checksum.PARTIAL);
        sent.bytes().putShort(sent.start() + 10, (short) 0);
        send(link, sent);
        link.close();
        Frame right = right(10);
        assertArrayEquals(Frames.bytes(right), PcapngFile.read(file()).packets.get(0).bytes());
        right.release();
    }

    private Frame datagram(int payload, int checksum) {
        Frame frame = frames.pool.take();
        frame.begin();
        int udp = frame.prepend(Udp.HEADER + payload);
        for (int i = 0; i < payload; i++) frame.bytes().put(udp + Udp.HEADER + i, (byte) i);
        Udp.write(frame.bytes(), udp, 4000, 53, Udp.HEADER + payload);
        frame.bytes().putShort(udp + Udp.CHECKSUM, (short) checksum);
        frame.checksum = Frame.Checksum.PARTIAL;
        int ip = frame.prepend(Ipv4.HEADER);
        int length = Ipv4.HEADER + Udp.HEADER + payload;
        Ipv4.write(frame.bytes(), ip, 0, length, 1, 0, 0, 64, Ipv4.UDP, Frames.SRC, Frames.DST);
        return frame;
    }

    @Test
    void completesUdpAndLeavesFragmentsAndNoChecksumAlone() throws IOException {
        LinkDevice link = open().wrap(device);
        send(link, datagram(5, 0x1111));
        send(link, datagram(5, 0));
        Frame fragment = datagram(5, 0x2222);
        Ipv4.write(
                fragment.bytes(),
                fragment.start(),
                0,
                33,
                1,
                Ipv4.MORE_FRAGMENTS,
                0,
                64,
                Ipv4.UDP,
                Frames.SRC,
                Frames.DST);
        send(link, fragment);
        link.close();
        List<PcapngFile.Packet> packets = PcapngFile.read(file()).packets;
        int[] is = new int[3];
        for (int i = 0; i < 3; i++) {
            is[i] = ByteBuffer.wrap(packets.get(i).bytes()).getShort(20 + 6) & 0xFFFF;
        }
        // pseudo header, ports, length and payload added up by hand
        int sum = 0x0A00 + 1 + 0x0A00 + 2 + 17 + 13 + 4000 + 53 + 13 + 0x0001 + 0x0203 + 0x0400;
        assertArrayEquals(new int[] {~sum & 0xFFFF, 0, 0x2222}, is);
    }

    @Test
    void namesTheInterfacesAndTheDirection() throws IOException {
        Capture capture = open();
        LinkDevice link = capture.wrap(device);
        LinkDevice ethernet =
                capture.wrap(
                        new Frames.Device(new LinkCapabilities("tap0", 2, 1500, MAC, true, 0)));
        Frame sent = right(10);
        byte[] packet = Frames.bytes(sent);
        device.incoming.add(packet);
        Frame into = frames.pool.take();
        assertTrue(link.receive(into));
        into.release();
        into = frames.pool.take();
        assertEquals(false, link.receive(into));
        into.release();
        device.answer = LinkDevice.Transmit.FULL;
        link.transmit(sent);
        device.answer = LinkDevice.Transmit.HELD;
        link.transmit(sent);
        capture.onFrame(sent);
        sent.prepend(Ethernet.HEADER);
        Ethernet.write(sent.bytes(), sent.start(), 1, MAC, Ethernet.IPV4);
        byte[] frame = Frames.bytes(sent);
        send(ethernet, sent);
        link.close();
        ethernet.close();

        PcapngFile is = PcapngFile.read(file());
        assertEquals(System.getProperty("os.arch"), is.headerText(Pcapng.SHB_HARDWARE));
        assertTrue(is.headerText(Pcapng.SHB_OS).startsWith(System.getProperty("os.name")));
        assertTrue(is.headerText(Pcapng.SHB_USERAPPL).startsWith("Usernet on "));
        assertEquals(
                List.of("test", "tap0", "lo"),
                is.interfaces.stream().map(PcapngFile.Interface::name).toList());
        assertEquals(
                List.of(101, 1, 101),
                is.interfaces.stream().map(PcapngFile.Interface::linkType).toList());
        for (PcapngFile.Interface i : is.interfaces) {
            assertEquals(9, i.tsresol());
            assertEquals(262_144, i.snaplen());
        }
        assertNull(is.interfaces.get(0).mac());
        assertArrayEquals(new byte[] {2, 0, 0, 0, 0, 7}, is.interfaces.get(1).mac());
        assertEquals(
                List.of("0 1", "0 2", "2 0", "1 2"),
                is.packets.stream().map(p -> p.interfaceId() + " " + p.direction()).toList());
        assertArrayEquals(packet, is.packets.get(0).bytes());
        assertArrayEquals(frame, is.packets.get(3).bytes());
        assertEquals(2, is.statistics.get(0).received());
        assertEquals(1, is.statistics.get(1).received());
        assertEquals(1, is.statistics.get(2).received());
        long now = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
        long last = is.statistics.get(0).startNs();
        assertTrue(Math.abs(now - last) < TimeUnit.MINUTES.toNanos(2), "time " + last);
        for (PcapngFile.Packet p : is.packets) {
            assertTrue(p.timeNs() >= last);
            last = p.timeNs();
        }
        assertTrue(is.statistics.get(0).endNs() >= last);
    }

    @Test
    void withoutALinkOnlyTheLoopbackIsThere() throws IOException {
        Capture capture = open();
        LinkDevice none = capture.wrap(new NullLink());
        Frame sent = frames.segment(3, Frame.Checksum.PARTIAL);
        capture.onFrame(sent);
        sent.release();
        none.close();
        PcapngFile is = PcapngFile.read(file());
        assertEquals(1, is.interfaces.size());
        Frame right = right(3);
        assertArrayEquals(Frames.bytes(right), is.packets.get(0).bytes());
        right.release();
    }

    @Test
    void cutsToSnaplenAndSumsTheRest() throws IOException {
        LinkDevice link = open(64, 1 << 20, 0, 0).wrap(device);
        send(link, frames.segment(1000, Frame.Checksum.PARTIAL));
        send(link, frames.segment(24, Frame.Checksum.PARTIAL));
        send(link, frames.segment(25, Frame.Checksum.PARTIAL));
        link.close();
        PcapngFile is = PcapngFile.read(file());
        int[] payloads = {1000, 24, 25};
        for (int i = 0; i < payloads.length; i++) {
            Frame right = right(payloads[i]);
            PcapngFile.Packet p = is.packets.get(i);
            assertArrayEquals(Arrays.copyOf(Frames.bytes(right), 64), p.bytes());
            assertEquals(right.length(), p.length());
            right.release();
        }
        assertEquals(64, is.interfaces.get(0).snaplen());
    }

    @Test
    void marksWhatNoWireWouldCarry() throws IOException {
        LinkDevice link =
                open().wrap(new Frames.Device(new LinkCapabilities("t", 3, 1500, 0, true, 65_535)));
        int[] payloads = {1460, 1461, 4000, 4000, 100};
        int[] segmentSizes = {0, 0, 1448, 2000, 1448};
        for (int i = 0; i < payloads.length; i++) {
            Frame frame = frames.segment(payloads[i], Frame.Checksum.PARTIAL);
            frame.segmentSize = segmentSizes[i];
            send(link, frame);
        }
        link.close();
        String[] expected = {
            null,
            "longer than the MTU of 1500 bytes",
            "super-segment of 3 segments of 1448 bytes",
            "super-segment of 2 segments of 2000 bytes",
            "super-segment of 1 segments of 1448 bytes"
        };
        List<PcapngFile.Packet> packets = PcapngFile.read(file()).packets;
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], packets.get(i).comment());
        }
    }

    /** Sizes and times at random, and more than the ring holds at a time. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void everyPacketIsInOneOfTheFilesInOrder(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        long size = random.nextLong(128 << 10, 300 << 10);
        Capture capture = open(262_144, 1 << 20, size, 0);
        LinkDevice link = capture.wrap(device);
        List<byte[]> sent = new ArrayList<>();
        int inRing = 0;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        for (int i = 0; i < 400; i++) {
            int payload = random.nextInt(random.nextInt(10) == 0 ? 65_000 : 1500);
            Frame frame = frames.segment(payload, Frame.Checksum.UNKNOWN);
            frame.bytes().putInt(frame.start() + Ipv4.HEADER + 4, i); // the sequence number
            frame.checksum = Frame.Checksum.PARTIAL;
            sent.add(Frames.bytes(frame));
            inRing += 100 + frame.length();
            send(link, frame);
            if (inRing < 500_000 && random.nextInt(50) > 0) continue;
            link.flush();
            long expected = sent.size();
            while (count(capture) < expected) {
                assertTrue(System.nanoTime() < deadline, expected + " packets were not written");
                LockSupport.parkNanos(100_000);
            }
            inRing = 0;
        }
        link.close();
        assertEquals(0, capture.missing());
        List<String> files = capture.files();
        assertTrue(files.size() > 5, files.size() + " files");
        int next = 0;
        long time = 0;
        for (int f = 0; f < files.size(); f++) {
            Path path = Path.of(files.get(f));
            String name = String.format("test_%05d_[0-9]{14}\\.pcapng", f + 1);
            assertTrue(path.getFileName().toString().matches(name), path.toString());
            assertTrue(Files.size(path) <= size, path + " is longer than " + size);
            PcapngFile is = PcapngFile.read(path);
            assertEquals(is.packets.size(), is.statistics.get(0).received());
            for (PcapngFile.Packet p : is.packets) {
                byte[] expected = sent.get(next++);
                expected[36] = p.bytes()[36]; // the checksum, which is completed
                expected[37] = p.bytes()[37];
                assertArrayEquals(expected, p.bytes());
                assertTrue(p.timeNs() >= time);
                time = p.timeNs();
            }
        }
        assertEquals(sent.size(), next);
    }

    private static long count(Capture capture) throws IOException {
        long packets = 0;
        for (String f : capture.files()) {
            if (Files.size(Path.of(f)) == 0) continue;
            packets += PcapngFile.read(Path.of(f), true).packets.size();
        }
        return packets;
    }

    @Test
    void keepsTheNewestFiles() throws IOException {
        Capture capture = open(262_144, 4 << 20, 128 << 10, 2);
        LinkDevice link = capture.wrap(device);
        for (int i = 0; i < 10; i++) send(link, right(60_000));
        link.close();
        List<String> files = capture.files();
        assertEquals(2, files.size());
        try (var there = Files.list(directory)) {
            assertEquals(files, there.map(Path::toString).sorted().toList());
        }
        assertTrue(files.get(1).contains("_00005_"), files.toString());
        assertEquals(2, PcapngFile.read(Path.of(files.get(1))).packets.size());
    }

    /** The thread that writes is kept from it; the stack is not. */
    @Test
    void countsWhatFindsNoRoomBeforeTheNextPacketAndAtTheEnd() throws Exception {
        PacketRing ring = new PacketRing(256 << 10, 262_144, 262_144);
        PacketSource one = new PacketSource(0, 3), other = new PacketSource(1, 3);
        List<CaptureInterface> interfaces =
                List.of(
                        new CaptureInterface(one, "one", 65_535, 0, true),
                        new CaptureInterface(other, "other", 65_535, 0, true));
        CaptureFile sink =
                CaptureFile.create(
                        CaptureConfig.to(file().toString()), interfaces, new WallClock());
        Frame large = right(60_000), small = right(0);
        int fitting = 0;
        while (one.dropped() == 0) {
            ring.add(large, one, PacketRing.OUT, ++fitting);
        }
        fitting--;
        for (int i = 0; i < 4; i++) ring.add(large, other, PacketRing.IN, 100);
        ring.add(large, one, PacketRing.OUT, 101);
        for (int at = ring.peek(); at >= 0; at = ring.peek()) {
            sink.packet(ring.bytes(), at);
            ring.remove();
        }
        ring.add(small, other, PacketRing.IN, 102);
        for (int i = 0; i < 4; i++) ring.add(large, one, PacketRing.OUT, 103);
        int last = 0;
        while (one.dropped() == 2) {
            ring.add(large, one, PacketRing.OUT, 104);
            last++;
        }
        for (int at = ring.peek(); at >= 0; at = ring.peek()) {
            sink.packet(ring.bytes(), at);
            ring.remove();
        }
        sink.finish();
        sink.close();
        large.release();
        small.release();
        PcapngFile is = PcapngFile.read(file());
        List<PcapngFile.Packet> p = is.packets;
        for (int i = 0; i < fitting; i++) assertEquals(0, p.get(i).lost());
        assertEquals(1, p.get(fitting).interfaceId());
        assertEquals(4, p.get(fitting).lost());
        assertEquals(0, p.get(fitting + 1).interfaceId());
        assertEquals(2, p.get(fitting + 1).lost());
        assertEquals(0, p.get(fitting + 2).lost());
        assertEquals(3, is.statistics.get(0).dropped());
        assertEquals(fitting + 2 + 4 + last, is.statistics.get(0).received());
        assertEquals(4, is.statistics.get(1).dropped());
        assertEquals(5, is.statistics.get(1).received());
    }

    /** Whole records at every place of the ring, also across its edge. */
    @Test
    void theRingWrapsAtEveryPlace() {
        PacketRing ring = new PacketRing(4096, 1500, 1500);
        PacketSource source = new PacketSource(0, 3);
        SplittableRandom random = new SplittableRandom(7);
        long in = 0, out = 0;
        for (int i = 0; i < 20_000; i++) {
            if (random.nextBoolean()) {
                Frame frame = frames.pool.take();
                frame.begin();
                int length = 8 + random.nextInt(180);
                int at = frame.prepend(length);
                for (int k = 0; k < length; k++) frame.bytes().put(at + k, (byte) (in + k));
                long dropped = source.dropped();
                ring.add(frame, source, PacketRing.OUT, in);
                if (source.dropped() == dropped) in++;
                frame.release();
            } else {
                int at = ring.peek();
                assertEquals(in == out, at < 0);
                if (at < 0) continue;
                ByteBuffer b = ring.bytes();
                assertEquals(out, b.getLong(at + PacketRing.TIME));
                int length = b.getInt(at + PacketRing.LENGTH);
                assertEquals(length, b.getInt(at + PacketRing.CAPTURED));
                for (int k = 0; k < length; k++) {
                    assertEquals((byte) (out + k), b.get(at + PacketRing.BYTES + k));
                }
                ring.remove();
                out++;
            }
        }
        assertTrue(in > 5_000 && source.dropped() > 0, in + ", " + source.dropped());
    }

    @Test
    void whatWasCapturedCanBeReadWhileItGrows() throws IOException {
        Capture capture = open();
        LinkDevice link = capture.wrap(device);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        for (int i = 1; i <= 300; i++) {
            send(link, right(i));
            link.flush();
            while (count(capture) < i) {
                assertTrue(System.nanoTime() < deadline, "packet " + i + " was not written");
                LockSupport.parkNanos(10_000);
            }
        }
        capture.finish();
        assertEquals(300, PcapngFile.read(file()).statistics.get(0).received());
        send(link, right(0)); // nobody looks any more
        link.flush();
        link.close();
        assertEquals(300, PcapngFile.read(file()).packets.size());
    }

    @Test
    void aFullDiskEndsTheCaptureAndNothingElse() throws Exception {
        Assumptions.assumeTrue(Files.exists(Path.of("/dev/full")), "there is no /dev/full");
        Capture capture = Capture.open(CaptureConfig.to("/dev/full"));
        LinkDevice link = capture.wrap(device);
        for (int i = 0; i < 1000; i++) {
            send(link, right(60_000));
            link.flush();
        }
        link.close();
        assertEquals(1, device.closes);
        long before = capture.missing();
        for (int i = 0; i < 1000; i++) send(link, right(60_000));
        assertEquals(before, capture.missing());
    }

    @Test
    void aFileThatCannotBeWrittenIsOneLine() throws IOException {
        String none = directory.resolve("no/such/x.pcapng").toString();
        IOException e = assertThrows(IOException.class, () -> Capture.open(CaptureConfig.to(none)));
        assertEquals(
                "usernet.capture=" + none + ": there is no such directory; make it first",
                e.getMessage());
        e =
                assertThrows(
                        IOException.class,
                        () -> Capture.open(CaptureConfig.to(directory.toString())));
        assertEquals(
                "usernet.capture=" + directory + ": cannot write this file: Is a directory",
                e.getMessage());
    }

    /** A default method that is not passed on would hide what the link can do. */
    @Test
    void aWrappedLinkPassesEverythingOn() throws NoSuchMethodException {
        for (Method m : LinkDevice.class.getMethods()) {
            if (Modifier.isStatic(m.getModifiers())) continue;
            Method own = WrappedLink.class.getMethod(m.getName(), m.getParameterTypes());
            assertEquals(WrappedLink.class, own.getDeclaringClass(), m.toString());
        }
    }

    @Test
    void anExistingFileIsOverwritten() throws IOException {
        Files.write(file(), new byte[100_000]);
        LinkDevice link = open().wrap(device);
        send(link, right(1));
        link.close();
        assertEquals(1, PcapngFile.read(file()).packets.size());
    }
}
