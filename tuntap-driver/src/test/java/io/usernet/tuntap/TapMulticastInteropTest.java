package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.metrics.Counter;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * Multicast of a whole stack on a TAP or TUN device, with the kernel for a neighbour and, as a bridge that
 * snoops, for a router: this JVM's own provider is the kernel's.
 */
class TapMulticastInteropTest {
    private static final String TAP = "tap:usernet0?host=10.0.0.1/24",
            TUN = "tun:usernet0?host=10.0.0.1/24";
    private static final String GROUP = "239.1.2.3";
    private static final int PORT = 6888, LONG_MS = 10_000;

    /** A bridge that asks who is there, and forwards no more than is wanted. */
    private static final String BRIDGE =
            "ip link add br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_igmp_version ";

    private static Stack open(String link) throws IOException {
        return Stack.builder().link(link).address("10.0.0.2/24").open();
    }

    private static InetAddress group() throws IOException {
        return InetAddress.getByName(GROUP);
    }

    private static NetworkInterface device() throws IOException {
        NetworkInterface device = NetworkInterface.getByName("usernet0");
        assertNotNull(device);
        return device;
    }

    private static SelectorProvider kernel() {
        return SelectorProvider.provider();
    }

    private static DatagramChannel open(SelectorProvider provider) throws IOException {
        return provider.openDatagramChannel(StandardProtocolFamily.INET)
                .setOption(StandardSocketOptions.SO_REUSEADDR, true);
    }

    private static DatagramChannel receiver(SelectorProvider provider) throws IOException {
        DatagramChannel channel = open(provider).bind(new InetSocketAddress(PORT));
        channel.socket().setSoTimeout(LONG_MS);
        return channel;
    }

    private static DatagramChannel sender(SelectorProvider provider) throws IOException {
        return open(provider).setOption(StandardSocketOptions.IP_MULTICAST_IF, device());
    }

    private static void send(DatagramChannel from, byte[] payload) throws IOException {
        from.send(ByteBuffer.wrap(payload), new InetSocketAddress(group(), PORT));
    }

    private static void send(DatagramChannel from, String text) throws IOException {
        send(from, text.getBytes());
    }

    private static DatagramPacket receive(DatagramChannel from) throws IOException {
        DatagramPacket p = new DatagramPacket(new byte[70_000], 70_000);
        from.socket().receive(p);
        return p;
    }

    /** Sender and text, such as "10.0.0.1 hello". */
    private static String text(DatagramChannel from) throws IOException {
        DatagramPacket p = receive(from);
        return p.getAddress().getHostAddress() + " " + new String(p.getData(), 0, p.getLength());
    }

    private static void await(String what, Callable<Boolean> there) throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LONG_MS);
        while (!there.call()) {
            assertTrue(System.nanoTime() < end, what);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    // -- both ways

    private static void bothWays(String link) throws Exception {
        try (Stack stack = open(link);
                DatagramChannel ours = receiver(stack.provider());
                DatagramChannel theirs = receiver(kernel());
                DatagramChannel fromUs = sender(stack.provider());
                DatagramChannel fromThem = sender(kernel())) {
            MembershipKey mine = ours.join(group(), device());
            theirs.join(group(), device());
            for (int length : new int[] {1, 1_400, 5_000, 60_000}) {
                byte[] payload = new byte[length];
                Arrays.fill(payload, (byte) 'p');
                String text = new String(payload);
                send(fromThem, payload);
                assertEquals("10.0.0.1 " + text, text(ours));
                assertEquals("10.0.0.1 " + text, text(theirs)); // its own, too
                send(fromUs, payload);
                assertEquals("10.0.0.2 " + text, text(theirs));
                assertEquals("10.0.0.2 " + text, text(ours)); // our own, too
            }
            mine.block(InetAddress.getByName("10.0.0.1"));
            send(fromThem, "blocked");
            fromUs.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, false);
            send(fromUs, "no copy");
            mine.unblock(InetAddress.getByName("10.0.0.1"));
            send(fromThem, "last");
            assertEquals("10.0.0.1 last", text(ours));
            assertEquals("10.0.0.1 blocked", text(theirs));
            assertEquals("10.0.0.2 no copy", text(theirs));
            mine.drop();
            send(fromThem, "gone");
            ours.socket().setSoTimeout(300);
            assertThrows(SocketTimeoutException.class, () -> text(ours));
        }
    }

    @InNetns
    void groupsAreHeardBothWays() throws Exception {
        bothWays(TAP);
    }

    @InNetns
    void groupsAreHeardBothWaysWithoutEthernet() throws Exception {
        bothWays(TUN);
    }

    /** An interface of the kernel's names the link of that name. */
    @InNetns
    void eachLinkHasMembersOfItsOwn() throws Exception {
        try (Stack stack =
                        Stack.builder()
                                .link(TAP)
                                .address("10.0.0.2/24")
                                .link("tap:usernet1?host=10.0.1.1/24")
                                .address("10.0.1.2/24")
                                .open();
                DatagramChannel first = receiver(stack.provider());
                DatagramChannel second = receiver(stack.provider());
                DatagramChannel both = receiver(stack.provider());
                DatagramChannel sender = open(kernel());
                DatagramChannel fromUs = open(stack.provider())) {
            NetworkInterface other = NetworkInterface.getByName("usernet1");
            first.join(group(), device());
            second.join(group(), other);
            both.join(group(), device());
            both.join(group(), other);
            for (NetworkInterface by : List.of(other, device())) {
                sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, by);
                send(sender, "in");
                String from = by.equals(other) ? "10.0.1.1 in" : "10.0.0.1 in";
                assertEquals(from, text(by.equals(other) ? second : first));
                assertEquals(from, text(both));
                fromUs.setOption(StandardSocketOptions.IP_MULTICAST_IF, by);
                send(fromUs, "out");
                String own = by.equals(other) ? "10.0.1.2 out" : "10.0.0.2 out";
                assertEquals(own, text(by.equals(other) ? second : first));
                assertEquals(own, text(both));
            }
        }
    }

    @InNetns
    void timeToLiveIsWhatWasAskedFor() throws Exception {
        Netns.require("tcpdump");
        try (Stack stack = open(TAP);
                DatagramChannel sender = sender(stack.provider())) {
            Process dump = Netns.start("exec tcpdump -l -nn -v -i usernet0 -c 2 udp 2>&1");
            try (var lines = dump.inputReader()) {
                String line = lines.readLine();
                while (!line.contains("listening on")) line = lines.readLine();
                send(sender, "near");
                sender.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 0);
                send(sender, "here");
                sender.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 33);
                send(sender, "far");
                StringBuilder said = new StringBuilder();
                while ((line = lines.readLine()) != null) said.append(line).append('\n');
                assertTrue(said.toString().contains("ttl 1,"), said.toString());
                assertTrue(said.toString().contains("ttl 33,"), said.toString());
            } finally {
                dump.destroy();
                dump.waitFor();
            }
        }
    }

    // -- the kernel as a router

    private static String mdb() throws Exception {
        return sh("bridge -d mdb show dev br0");
    }

    private static boolean isForwarded() throws Exception {
        return mdb().lines().anyMatch(l -> l.contains("port usernet0 grp " + GROUP));
    }

    private static Stack onBridge(int version, Path capture) throws Exception {
        Stack stack =
                Stack.builder()
                        .link("tap:usernet0")
                        .address("10.0.0.2/24")
                        .capture(capture.toString())
                        .open();
        sh(
                BRIDGE
                        + version
                        + " mcast_query_interval 100 mcast_startup_query_interval 100"
                        + " mcast_query_response_interval 20");
        sh("ip link set usernet0 up master br0; ip addr add 10.0.0.1/24 dev br0");
        sh("ip link set br0 up");
        return stack;
    }

    private static long count(Stack stack, Counter counter) {
        return stack.counters().getOrDefault(counter, 0L);
    }

    /** The bridge has learnt what we want, forwards it, and asks again. */
    private static void snooped(int version) throws Exception {
        Path capture = Files.createTempFile("igmp", ".pcapng");
        try {
            try (Stack stack = onBridge(version, capture);
                    DatagramChannel ours = receiver(stack.provider())) {
                // It begins to snoop when it has heard of a querier for a while: of itself.
                await("no query", () -> count(stack, Counter.IGMP_IN_QUERIES) > 0);
                NetworkInterface any = NetworkInterface.getByName("br0"); // no name of a link
                MembershipKey key = ours.join(group(), any);
                await("not forwarded\n" + mdb(), TapMulticastInteropTest::isForwarded);
                long before = count(stack, Counter.IGMP_OUT_REPORTS);
                await("no answer", () -> count(stack, Counter.IGMP_OUT_REPORTS) > before + 2);
                assertTrue(isForwarded());
                try (DatagramSocket sender = new DatagramSocket()) {
                    sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, any);
                    byte[] hello = "hello".getBytes();
                    InetSocketAddress to = new InetSocketAddress(group(), PORT);
                    sender.send(new DatagramPacket(hello, hello.length, to));
                }
                assertEquals("10.0.0.1 hello", text(ours));
                key.drop();
                await("still forwarded\n" + mdb(), () -> !isForwarded());
                assertEquals(0, count(stack, Counter.IGMP_IN_ERRORS));
            }
            assertWellFormed(capture, version);
        } finally {
            Files.delete(capture);
        }
    }

    private static void assertWellFormed(Path capture, int version) throws Exception {
        Netns.require("tshark");
        String read = "tshark -n -r " + capture + " -o ip.check_checksum:TRUE 2>/dev/null -Y ";
        String wrong =
                "'igmp && (_ws.malformed || ip.checksum.status==0 || igmp.checksum.status==0"
                        + " || ip.ttl != 1)'";
        assertEquals("", sh(read + wrong));
        String ours = sh(read + "'igmp && ip.src==10.0.0.2'");
        assertTrue(ours.lines().count() >= 4, ours);
        String expected = version == 3 ? "Membership Report / Join group " + GROUP : GROUP;
        assertTrue(ours.contains(expected), ours);
        assertEquals(
                "",
                sh(read + "'igmp && ip.src==10.0.0.2 && !(ip.opt.type==148)'"),
                "every message has the Router Alert option");
        if (version == 2) {
            assertFalse(ours.lines().allMatch(l -> l.contains("IGMPv3")), ours);
            assertTrue(ours.contains("Leave Group"), ours);
        }
    }

    @InNetns
    void aSnoopingBridgeKnowsOurGroups() throws Exception {
        snooped(3);
    }

    @InNetns
    void aSnoopingBridgeOfVersion2KnowsOurGroups() throws Exception {
        snooped(2);
    }

    @InNetns
    void aSnoopingBridgeKnowsOurSources() throws Exception {
        Path capture = Files.createTempFile("igmp", ".pcapng");
        try (Stack stack = onBridge(3, capture);
                DatagramChannel ours = receiver(stack.provider())) {
            await("no query", () -> count(stack, Counter.IGMP_IN_QUERIES) > 0);
            NetworkInterface any = NetworkInterface.getByName("br0");
            ours.join(group(), any, InetAddress.getByName("10.0.0.7"));
            await(
                    "not included\n" + mdb(),
                    () -> mdb().contains("include") && mdb().contains("10.0.0.7"));
        } finally {
            Files.delete(capture);
        }
    }
}
