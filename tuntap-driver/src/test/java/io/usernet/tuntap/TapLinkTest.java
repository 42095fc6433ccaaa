package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static io.usernet.tuntap.Netns.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkDevice.Transmit;
import io.usernet.link.LinkFailure;
import io.usernet.link.LinkUri;
import io.usernet.wire.Arp;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.MacAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The link against the kernel. */
class TapLinkTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int HOST = 0x0A00_0001, OURS = 0x0A00_0002;
    private static final int ICMP = 1;

    private final FramePool pool = new FramePool(new Memory(4 << 20));

    private static LinkDevice open(String uri) throws IOException {
        return new TapProvider().open(LinkUri.parse(uri));
    }

    /** The next frame that comes within 10 s, or an AssertionError. */
    private Frame next(LinkDevice link) {
        long end = System.nanoTime() + 10 * SECOND;
        Frame frame = pool.take();
        while (!link.receive(frame)) {
            long left = end - System.nanoTime();
            if (left <= 0) throw new AssertionError("no frame for 10 s");
            link.await(left, false);
        }
        return frame;
    }

    /** A frame out of bytes, cut into slices at these positions; the first slice ends at cuts[0]. */
    private Frame frame(byte[] bytes, int... cuts) {
        Frame frame = pool.take();
        frame.begin();
        int first = cuts.length == 0 ? bytes.length : cuts[0];
        int at = frame.prepend(first);
        frame.bytes().put(at, bytes, 0, first);
        int from = first;
        for (int i = 0; i < cuts.length; i++) {
            int to = i + 1 < cuts.length ? cuts[i + 1] : bytes.length;
            ByteBuffer slice = ByteBuffer.allocateDirect(to - from + 3);
            slice.put(3, bytes, from, to - from); // not at the beginning of its region
            frame.append(new Region(slice), null, 3, to - from);
            from = to;
        }
        return frame;
    }

    private static byte[] bytes(Frame frame) {
        byte[] bytes = new byte[frame.length()];
        frame.copy(0, bytes.length, ByteBuffer.wrap(bytes), 0);
        return bytes;
    }

    private Transmit transmit(LinkDevice link, byte[] bytes, int... cuts) {
        Frame frame = frame(bytes, cuts);
        Transmit result = link.transmit(frame);
        frame.release();
        return result;
    }

    /** Answers ARP and echo requests, in five slices each, until the program has ended. */
    private void answerUntilEnd(LinkDevice link, Process program) {
        while (program.isAlive()) {
            Frame frame = pool.take();
            if (link.receive(frame)) {
                byte[] answer = answer(bytes(frame), link.capabilities().mac());
                if (answer != null) {
                    assertEquals(Transmit.DONE, transmit(link, answer, 14, 15, 20, 39));
                }
            } else {
                link.await(50 * MS, false);
            }
            frame.release();
        }
    }

    private static byte[] answer(byte[] request, long mac) {
        ByteBuffer b = ByteBuffer.wrap(request);
        int type = b.getShort(12) & 0xFFFF;
        if (type == Ethernet.ARP && b.getInt(38) == OURS) {
            b.put(0, request, 6, 6);
            putMac(b, 6, mac);
            b.putShort(20, (short) 2);
            b.put(32, request, 22, 6);
            b.putInt(38, b.getInt(28));
            putMac(b, 22, mac);
            b.putInt(28, OURS);
            return request;
        }
        boolean echo = type == Ethernet.IPV4 && request[23] == ICMP && request[34] == 8;
        if (!echo || b.getInt(30) != OURS) return null;
        b.put(0, request.clone(), 6, 6);
        putMac(b, 6, mac);
        b.putInt(30, b.getInt(26)).putInt(26, OURS);
        request[34] = 0;
        b.putShort(36, (short) 0);
        ByteBuffer direct = ByteBuffer.allocateDirect(request.length).put(0, request);
        int sum = Checksum.sum(direct, 34, request.length - 34);
        b.putShort(36, (short) Checksum.complement(sum));
        return request;
    }

    private static void putMac(ByteBuffer b, int at, long mac) {
        b.putShort(at, (short) (mac >>> 32)).putInt(at + 2, (int) mac);
    }

    /** A broadcast of a local experimental type (0x88B5) with a recognisable payload. */
    private static byte[] experimental(int length) {
        byte[] frame = new byte[length];
        for (int i = 14; i < length; i++) frame[i] = (byte) (i * 7);
        Arrays.fill(frame, 0, 6, (byte) 0xFF);
        frame[6] = 2;
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xB5;
        return frame;
    }

    @InNetns
    void kernelAsksForOurAddress() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24")) {
            assertEquals("usernet0", link.capabilities().name());
            assertEquals(2, link.capabilities().layer());
            assertEquals(1500, link.capabilities().mtu());
            Process ping = start("ping -c 1 -w 10 10.0.0.2");
            Frame frame;
            do {
                frame = next(link);
            } while (Ethernet.type(frame.bytes(), frame.start()) != Ethernet.ARP);
            ByteBuffer request = ByteBuffer.wrap(bytes(frame));
            assertEquals(Ethernet.HEADER + Arp.LENGTH, request.capacity());
            assertEquals(1, request.getShort(20), "a request");
            assertEquals(HOST, request.getInt(28));
            assertEquals(OURS, request.getInt(38));
            ping.destroy();
        }
    }

    @InNetns
    void gatherListsReachTheKernelAsOneFrame() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24")) {
            Process ping = start("ping -c 5 -i 0.01 -s 1400 -w 10 10.0.0.2");
            answerUntilEnd(link, ping);
            String said = new String(ping.getInputStream().readAllBytes());
            assertEquals(0, ping.exitValue(), said);
            assertTrue(said.contains("5 received"), said);
        }
    }

    @InNetns
    void tcpdumpSeesWhatWeSend() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24")) {
            Process tcpdump =
                    start(
                            "exec tcpdump -i usernet0 -c 2 -e -nn -t --immediate-mode ether proto 0x88b5");
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(tcpdump.getInputStream()));
            String line;
            do {
                line = lines.readLine();
            } while (line != null && !line.startsWith("listening on"));
            assertEquals(Transmit.DONE, transmit(link, experimental(60)));
            assertEquals(Transmit.DONE, transmit(link, experimental(1514), 14, 100));
            String expected = "02:00:00:00:00:00 > ff:ff:ff:ff:ff:ff";
            for (int length : new int[] {60, 1514}) {
                do {
                    line = lines.readLine();
                } while (line != null && !line.startsWith(expected));
                assertTrue(line != null && line.contains("length " + length + ":"), line);
            }
            assertEquals(0, tcpdump.waitFor());
        }
    }

    @InNetns
    void mtuIsSetAndRead() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24&mtu=9000")) {
            assertEquals(9000, link.capabilities().mtu());
            assertTrue(sh("ip link show usernet0").contains("mtu 9000"));
            Process ping = start("ping -c 3 -i 0.01 -M do -s 8972 -w 10 10.0.0.2");
            answerUntilEnd(link, ping);
            assertEquals(0, ping.exitValue());
        }
        try (LinkDevice link = open("tap:usernet1?mtu=65521")) {
            assertEquals(65_521, link.capabilities().mtu());
        }
    }

    @InNetns(setup = "ip tuntap add dev usernet0 mode tap && ip link set usernet0 mtu 1280")
    void mtuOfAPreparedDeviceIsTaken() throws Exception {
        try (LinkDevice link = open("tap:usernet0")) {
            assertEquals(1280, link.capabilities().mtu());
        }
    }

    @InNetns
    void framesLongerThanTheMtuWasAreDroppedAndCounted() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24&mtu=1000")) {
            sh("sysctl -qw net.ipv6.conf.usernet0.disable_ipv6=1; ip link set usernet0 mtu 1500");
            sh("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev usernet0");
            Process ping = start("ping -c 1 -w 10 -s 1200 10.0.0.2");
            long end = System.nanoTime() + 10 * SECOND;
            Frame frame = pool.take();
            while (link.dropped() == 0 && System.nanoTime() < end) {
                link.receive(frame);
                link.await(50 * MS, false);
            }
            assertEquals(1, link.dropped());
            ping.destroy();
        }
    }

    @InNetns
    void kernelsEndIsBroughtUp() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.11.12.13/20")) {
            assertEquals(0, link.dropped());
            String said = sh("ip addr show dev usernet0");
            assertTrue(said.contains("inet 10.11.12.13/20 brd 10.11.15.255"), said);
            assertTrue(said.contains(",UP"), said);
            assertEquals("10.11.0.0/20", sh("ip -o route show dev usernet0").split(" ")[0]);
        }
        assertFalse(sh("ip link").contains("usernet0"), "a device that we made goes with us");
    }

    @InNetns
    void downIsSurvivedAndCostsNoCpu() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24")) {
            sh("ip link set usernet0 down");
            Frame frame = pool.take();
            int received = 0;
            while (link.receive(frame)) received++; // what was queued before
            assertTrue(received < 64, "it goes on");

            assertEquals(Transmit.DONE, transmit(link, experimental(60)));
            assertEquals(Transmit.DONE, transmit(link, experimental(600), 14, 99));
            assertEquals(2, link.dropped());
            for (boolean forTransmit : new boolean[] {false, true}) {
                int waits = 0;
                long end = System.nanoTime() + 200 * MS;
                for (long left; (left = end - System.nanoTime()) > 0; waits++) {
                    link.await(left, forTransmit);
                }
                assertTrue(waits <= 3, waits + " waits in 200 ms");
                assertFalse(link.receive(frame));
            }

            sh("ip link set usernet0 up");
            Process ping = start("ping -c 3 -i 0.01 -w 10 10.0.0.2");
            answerUntilEnd(link, ping);
            assertEquals(0, ping.exitValue());
            assertEquals(2, link.dropped());
        }
    }

    @InNetns
    void deletionIsAFailure() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24")) {
            Process delete = start("sleep 0.2; ip link delete usernet0");
            Frame frame = pool.take();
            long end = System.nanoTime() + 5 * SECOND;
            LinkFailure e =
                    assertThrows(
                            LinkFailure.class,
                            () -> {
                                while (System.nanoTime() < end) {
                                    if (!link.receive(frame)) {
                                        link.await(end - System.nanoTime(), false);
                                    }
                                }
                            });
            assertTrue(e.getMessage().startsWith("usernet0: "), e.getMessage());
            assertTrue(e.getMessage().contains("deleted"), e.getMessage());
            assertThrows(LinkFailure.class, () -> transmit(link, experimental(60)));
            assertThrows(LinkFailure.class, () -> link.receive(frame));
            assertThrows(LinkFailure.class, () -> link.await(0, true));
            assertEquals(0, delete.waitFor());
        }
    }

    @InNetns
    void wakeEndsTheWaitBeforeAndDuring() throws Exception {
        try (LinkDevice link = open("tap:usernet0")) {
            for (int i = 0; i < 3; i++) link.wake();
            link.await(Long.MAX_VALUE, false); // returns, or the test times out
            long before = System.nanoTime();
            link.await(20 * MS, false);
            assertTrue(System.nanoTime() - before >= 20 * MS, "a wake-up was left over");

            Thread waiter = new Thread(() -> link.await(Long.MAX_VALUE, false));
            waiter.start();
            while (waiter.getState() != Thread.State.RUNNABLE) Thread.onSpinWait();
            link.wake();
            waiter.join();
        }
    }

    @InNetns
    void noWakeUpIsLost() throws Exception {
        int rounds = 50_000;
        AtomicInteger asked = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        try (LinkDevice link = open("tap:usernet0")) {
            Thread waiter =
                    new Thread(
                            () -> {
                                while (seen.get() < rounds) {
                                    link.await(Long.MAX_VALUE, false);
                                    seen.set(asked.get());
                                }
                            });
            waiter.start();
            for (int i = 1; i <= rounds; i++) {
                asked.set(i);
                link.wake();
                while (seen.get() < i) Thread.onSpinWait(); // or the test times out
            }
            waiter.join();
        }
    }

    @InNetns
    void timeoutsAreKeptInNanoseconds() throws Exception {
        try (LinkDevice link = open("tap:usernet0")) {
            long[] late = new long[101];
            for (int i = 0; i < late.length; i++) {
                long timeout = MS / 2 + i * 1_000;
                long before = System.nanoTime();
                link.await(timeout, false);
                late[i] = System.nanoTime() - before - timeout;
                assertTrue(late[i] >= 0, "returned " + -late[i] + " ns early");
            }
            Arrays.sort(late);
            long median = late[late.length / 2];
            assertTrue(median < MS / 2, "late by " + median + " ns: rounded to milliseconds?");
            long before = System.nanoTime();
            for (int i = 0; i < 1_000; i++) link.await(0, false);
            assertTrue(System.nanoTime() - before < SECOND);
        }
    }

    @InNetns
    void writableIsToldOnlyIfAskedFor() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24")) {
            sh("sysctl -qw net.ipv6.conf.usernet0.disable_ipv6=1");
            Frame frame = pool.take();
            for (int i = 0; i < 100 && link.receive(frame); i++) {}
            long before = System.nanoTime();
            link.await(Long.MAX_VALUE, true);
            link.await(20 * MS, false);
            assertTrue(System.nanoTime() - before >= 20 * MS);
        }
    }

    @InNetns
    void noFrameAllocates() throws Exception {
        try (LinkDevice link = open("tap:usernet0?host=10.0.0.1/24")) {
            Frame out = frame(experimental(1514), 14, 30, 44, 1000);
            Frame one = frame(experimental(60));
            Frame in = pool.take();
            Allocation.assertNone(
                    6, // the eventfd is written and read
                    () -> {
                        link.transmit(out);
                        link.transmit(one);
                        link.receive(in);
                        link.await(0, false);
                        link.wake();
                    });
        }
    }

    @InNetns(setup = "ip tuntap add dev usernet0 mode tap")
    void ourAddressIsStableAndNotTheKernels() throws Exception {
        long first;
        try (LinkDevice link = open("tap:usernet0")) {
            first = link.capabilities().mac();
        }
        try (LinkDevice link = open("tap:usernet0")) {
            assertEquals(first, link.capabilities().mac());
        }
        String kernels = sh("ip -o link show usernet0");
        assertFalse(kernels.contains(MacAddress.format(first)), kernels);
        assertEquals(0x02, first >>> 40 & 0x03, "locally administered, not a group");
        sh("ip link set usernet0 address 02:00:00:00:00:77");
        try (LinkDevice link = open("tap:usernet0")) {
            assertNotEquals(first, link.capabilities().mac());
        }
        try (LinkDevice link = open("tap:usernet0?mac=02:00:00:00:00:78")) {
            assertEquals(0x0200_0000_0078L, link.capabilities().mac());
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> open("tap:usernet0?mac=02:00:00:00:00:77").close());
    }

    @InNetns
    void persistenceIsSetAndTakenBack() throws Exception {
        open("tap:usernet0?persist=true").close();
        assertTrue(sh("ip link").contains("usernet0"));
        open("tap:usernet0").close();
        assertTrue(sh("ip link").contains("usernet0"));
        open("tap:usernet0?persist=false").close();
        assertFalse(sh("ip link").contains("usernet0"));
    }
}
