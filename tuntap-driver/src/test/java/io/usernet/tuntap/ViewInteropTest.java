package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.metrics.Counter;
import io.usernet.view.NeighborView;
import io.usernet.view.SocketView;
import io.usernet.view.Tables;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.MacAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Our views beside the tools of iproute2: the same notation, and, since the two ends of a TAP are
 * hosts that talk to one another, the same content mirrored. This JVM's own provider is the kernel's.
 */
class ViewInteropTest {
    private static final InetSocketAddress OURS = new InetSocketAddress("10.0.0.2", 6888);
    private static final InetSocketAddress KERNELS = new InetSocketAddress("10.0.0.1", 7000);

    private static Stack open() throws IOException {
        return Stack.builder()
                .link("tap:usernet0?host=10.0.0.1/24")
                .address("10.0.0.2/24")
                .gateway("10.0.0.1")
                .open();
    }

    /** Of the kernel's, and not an IPv6 one with a mapped address. */
    private static SocketChannel connected(SocketAddress server) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
        channel.connect(server);
        return channel;
    }

    /** The tool's output, without the blanks at the ends of lines. */
    private static String tool(String command) throws Exception {
        return sh(command).replaceAll("(?m) +$", "");
    }

    /** Lines of ss, ours or the kernel's, with one blank between columns, without the header. */
    private static List<String> rows(String table) {
        return table.lines().skip(1).map(l -> l.replaceAll(" +", " ").trim()).sorted().toList();
    }

    /** What the other end should say of it: the two addresses change places. */
    private static String mirrored(String row, String state, int recvQ, int sendQ) {
        String[] f = row.split(" ");
        return state + " " + recvQ + " " + sendQ + " " + f[4] + " " + f[3];
    }

    private interface Table {
        String print() throws Exception;
    }

    /** The kernel's TCP runs on its own time. */
    private static void untilRows(List<String> expected, Table table) throws Exception {
        List<String> sorted = expected.stream().sorted().toList();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!rows(table.print()).equals(sorted) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertEquals(sorted, rows(table.print()));
    }

    @InNetns
    void bothEndsOfAConnectionAgree() throws Exception {
        Netns.require("ss");
        try (Stack stack = open();
                ServerSocketChannel ours = stack.provider().openServerSocketChannel();
                ServerSocketChannel kernels =
                        ServerSocketChannel.open(StandardProtocolFamily.INET)) {
            ours.bind(OURS, 7);
            kernels.bind(KERNELS, 7);
            SocketChannel in = connected(OURS); // waits to be accepted
            SocketChannel out = stack.provider().openSocketChannel();
            out.connect(KERNELS); // likewise
            in.write(ByteBuffer.allocate(300));
            out.write(ByteBuffer.allocate(500));
            String atUs = "10.0.0.2:6888 10.0.0.1:" + port(in);
            String fromUs = "10.0.0.2:" + port(out) + " 10.0.0.1:7000";

            List<String> us =
                    List.of(
                            "LISTEN 1 7 10.0.0.2:6888 0.0.0.0:*",
                            "ESTAB 300 0 " + atUs,
                            "ESTAB 0 0 " + fromUs);
            untilRows(us, () -> Tables.ss(stack.sockets()));
            List<String> kernel =
                    List.of(
                            "LISTEN 1 7 10.0.0.1:7000 0.0.0.0:*",
                            mirrored(us.get(1), "ESTAB", 0, 0),
                            mirrored(us.get(2), "ESTAB", 500, 0));
            untilRows(kernel, () -> tool("ss -4 -tan"));

            // Half closed by the kernel, and by us.
            in.shutdownOutput();
            out.shutdownOutput();
            untilRows(
                    List.of(us.get(0), "CLOSE-WAIT 300 0 " + atUs, "FIN-WAIT-2 0 0 " + fromUs),
                    () -> Tables.ss(stack.sockets()));
            untilRows(
                    List.of(
                            kernel.get(0),
                            mirrored(us.get(1), "FIN-WAIT-2", 0, 0),
                            // The kernel counts the FIN that was not read.
                            mirrored(us.get(2), "CLOSE-WAIT", 501, 0)),
                    () -> tool("ss -4 -tan"));
            String info = Tables.ssInfo(stack.sockets());
            assertTrue(info.contains("bytes_received:300"), info);
            assertTrue(info.contains("bytes_acked:500"), info);
            String theirs = sh("ss -4 -tani");
            assertTrue(theirs.contains("bytes_received:501"), "with the FIN: " + theirs);
            assertEquals(word("mss", theirs), word("mss", info), theirs + info);
            in.close();
            out.close();
        }
    }

    private static int port(SocketChannel channel) throws IOException {
        return ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    private static String word(String name, String text) {
        return Arrays.stream(text.split("\\s+"))
                .filter(word -> word.startsWith(name + ":"))
                .findFirst()
                .orElse("no " + name);
    }

    /** What the kernel's ss prints, read into views and printed by us, is the same text again. */
    @InNetns
    void socketsAreInTheNotationOfSs() throws Exception {
        Netns.require("ss");
        try (ServerSocketChannel wide = ServerSocketChannel.open(StandardProtocolFamily.INET);
                ServerSocketChannel narrow =
                        ServerSocketChannel.open(StandardProtocolFamily.INET)) {
            wide.bind(new InetSocketAddress("127.0.0.1", 60_888), 1_000);
            assertSameText(tool("ss -4 -tan"), "tcp ");
            narrow.bind(new InetSocketAddress("0.0.0.0", 80), 5);
            SocketChannel client = connected(wide.getLocalAddress());
            SocketChannel accepted = wide.accept();
            client.write(ByteBuffer.allocate(1_234));
            client.shutdownOutput();
            SocketChannel other = connected(wide.getLocalAddress());
            assertSameText(tool("ss -4 -tan"), "tcp ");
            assertEquals(6, rows(sh("ss -4 -tan")).size());
            DatagramChannel datagrams = DatagramChannel.open(StandardProtocolFamily.INET);
            datagrams.bind(new InetSocketAddress("0.0.0.0", 53));
            assertSameText(tool("ss -4 -tuan"), "");
            assertSameText(tool("ss -4 -uan"), "udp ");
            datagrams.close();
            other.close();
            accepted.close();
            client.close();
        }
    }

    /**
     * @param netid what stands before each line where the tool has no such column
     */
    private static void assertSameText(String table, String netid) {
        List<SocketView> all = new ArrayList<>();
        for (String line : table.lines().skip(1).toList()) {
            String[] f = (netid + line).split(" +");
            SocketView.State state =
                    Arrays.stream(SocketView.State.values())
                            .filter(s -> s.toString().equals(f[1]))
                            .findFirst()
                            .orElseThrow(() -> new AssertionError(line));
            all.add(
                    new SocketView(
                            SocketView.Protocol.valueOf(f[0].toUpperCase()),
                            state,
                            Integer.parseInt(f[2]),
                            Integer.parseInt(f[3]),
                            address(f[4]),
                            f[5].endsWith(":*") ? null : address(f[5]),
                            null));
        }
        assertEquals(table, Tables.ss(all));
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(
                ip(text.substring(0, colon)), Integer.parseInt(text.substring(colon + 1)));
    }

    private static InetAddress ip(String text) {
        return Ipv4Address.toInetAddress(Ipv4Address.parse(text));
    }

    @InNetns
    void neighborsRoutesAndAddressesAreInTheNotationOfIp() throws Exception {
        Netns.require("ping");
        try (Stack stack = open()) {
            sh("ping -c 1 -w 10 10.0.0.2; ip route add default via 10.0.0.2");

            // Who is at the other end, seen from either.
            String kernels = tool("ip -4 neigh");
            String mac = sh("cat /sys/class/net/usernet0/address || true");
            List<NeighborView> ours = stack.neighbors();
            assertEquals(1, ours.size(), ours.toString());
            assertEquals(ip("10.0.0.1"), ours.get(0).address());
            assertTrue(kernelsLink().contains(MacAddress.format(ours.get(0).mac())), mac);
            String same =
                    Tables.ipNeigh(ours)
                            .replace("10.0.0.1", "10.0.0.2")
                            .replace(MacAddress.format(ours.get(0).mac()), kernels.split(" ")[4]);
            assertEquals(kernels.replaceAll(" [A-Z]+\n", "\n"), same.replaceAll(" [A-Z]+\n", "\n"));

            // Routes: as many, and the same but for the sources and the gateway.
            List<String> theirRoutes = tool("ip -4 route").lines().sorted().toList();
            List<String> ourRoutes = Tables.ipRoute(stack.routes()).lines().sorted().toList();
            assertEquals(
                    theirRoutes
                            .toString()
                            .replace("via 10.0.0.2 dev usernet0", "via G dev usernet0"),
                    ourRoutes
                            .toString()
                            .replace("via 10.0.0.1 dev usernet0 src 10.0.0.2", "via G dev usernet0")
                            .replace("src 10.0.0.2", "src 10.0.0.1"));
            String all = tool("ip -4 route show table all");
            String local =
                    "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1";
            assertTrue(all.contains(local + "\n"), all);
            assertTrue(Tables.ipRouteAll(stack.routes()).contains(local + "\n"));

            // Addresses: what we don't have is left out, and MTU and hardware address are each
            // one's.
            String theirs =
                    tool("ip -4 addr show dev usernet0")
                            .replaceAll("qdisc \\S+ state \\S+.*", "qdisc noqueue state UP")
                            .replaceAll("(?m)^\\d+: ", "2: ")
                            .replace("inet 10.0.0.1/", "inet 10.0.0.2/");
            String block = stack.interfaces().get(1).toString();
            assertEquals(theirs, block.replaceAll("\n    link/.*", "") + "\n");
            assertTrue(
                    block.contains(
                            "link/ether " + tool("ip -4 neigh").split(" ")[4] + " brd ff:ff:ff"),
                    block);
        }
    }

    private static String kernelsLink() throws Exception {
        return sh("ip link show usernet0");
    }

    @InNetns
    void countersAreInTheNotationOfNstat() throws Exception {
        Netns.require("nstat");
        Netns.require("ping");
        sh("ping -c 3 -i 0.1 127.0.0.1");
        List<String> theirs = sh("nstat -az").lines().toList();
        Map<Counter, Long> same = new EnumMap<>(Counter.class);
        for (Counter counter : Counter.values()) {
            for (String line : theirs) {
                if (!line.startsWith(counter.label() + " ")) continue;
                same.put(counter, Long.parseLong(line.split(" +")[1]));
            }
        }
        assertTrue(same.size() > 30, same.toString());
        assertTrue(same.get(Counter.ICMP_IN_ECHOS) >= 3);
        List<String> ours = Tables.nstat(same).lines().toList();
        assertEquals(List.of(), ours.stream().skip(1).filter(l -> !theirs.contains(l)).toList());
        assertTrue(theirs.get(0).matches("#\\w+") && ours.get(0).matches("#\\w+"));
    }
}
