package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MulticastChannel and MembershipKey, by the loopback interface: no datagram leaves the machine. */
abstract class DatagramMulticastContract extends NioContract {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final AtomicInteger NEXT = new AtomicInteger();
    private static final int MOST_GROUPS = 200;

    private NetworkInterface lo;
    private InetAddress group;

    DatagramMulticastContract(Subject subject) {
        super(subject);
    }

    @BeforeEach
    void chooseGroup() throws IOException {
        lo = NetworkInterface.getByInetAddress(LOOPBACK);
        group = anotherGroup();
    }

    private static InetAddress anotherGroup() throws IOException {
        int n = NEXT.incrementAndGet();
        return InetAddress.getByAddress(
                new byte[] {(byte) 239, (byte) 255, (byte) (n >> 8), (byte) n});
    }

    private static InetAddress address(int... bytes) throws IOException {
        byte[] b = new byte[bytes.length];
        for (int i = 0; i < b.length; i++) b[i] = (byte) bytes[i];
        return InetAddress.getByAddress(b);
    }

    private DatagramChannel shared() throws IOException {
        return openDatagram().setOption(StandardSocketOptions.SO_REUSEADDR, true);
    }

    /** At a port of all addresses; 0: any. */
    private DatagramChannel receiver(int port) throws IOException {
        return shared().bind(new InetSocketAddress(port));
    }

    private DatagramChannel sender() throws IOException {
        return openDatagram().setOption(StandardSocketOptions.IP_MULTICAST_IF, lo);
    }

    private DatagramChannel sender(int... from) throws IOException {
        return sender().bind(new InetSocketAddress(address(from), 0));
    }

    private static int port(DatagramChannel channel) throws IOException {
        return addressOf(channel).getPort();
    }

    private void send(DatagramChannel from, String text, DatagramChannel to) throws IOException {
        ByteBuffer src = ascii(text);
        assertEquals(text.length(), from.send(src, new InetSocketAddress(group, port(to))));
    }

    /** In blocking mode. */
    private static String text(DatagramChannel channel) throws IOException {
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        assertNotNull(channel.receive(dst));
        return new String(dst.array(), 0, dst.position(), StandardCharsets.US_ASCII);
    }

    /** What came was given to all who receive it at once. */
    private static void assertNothing(DatagramChannel channel) throws IOException {
        channel.configureBlocking(false);
        assertNull(channel.receive(ByteBuffer.allocate(1)));
        channel.configureBlocking(true);
    }

    // -- receiving

    @Test
    void aMemberReceives() throws IOException {
        DatagramChannel member = receiver(0), sender = sender();
        member.join(group, lo);
        send(sender, "hello", member);
        ByteBuffer dst = ByteBuffer.allocate(100);
        InetSocketAddress from = (InetSocketAddress) member.receive(dst);
        assertEquals("hello", new String(dst.array(), 0, dst.position()));
        assertEquals(new InetSocketAddress(LOOPBACK, port(sender)), from);
        assertNothing(member);
    }

    @Test
    void aMemberHearsItself() throws IOException {
        DatagramChannel member = receiver(0);
        member.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo);
        member.join(group, lo);
        send(member, "to myself", member);
        assertEquals("to myself", text(member));
    }

    @Test
    void membersAloneReceiveAndEachACopy() throws IOException {
        DatagramChannel one = receiver(0);
        DatagramChannel other = receiver(port(one)), stranger = receiver(port(one));
        one.join(group, lo);
        other.join(group, lo);
        stranger.join(anotherGroup(), lo);
        DatagramChannel sender = sender();
        for (String text : List.of("short", "l".repeat(20_000))) {
            send(sender, text, one);
            assertEquals(text, text(one));
            assertEquals(text, text(other));
        }
        assertNothing(one);
        assertNothing(other);
        assertNothing(stranger);
    }

    @Test
    void joinedBeforeItIsBound() throws IOException {
        DatagramChannel member = shared();
        MembershipKey key = member.join(group, lo);
        assertNull(member.getLocalAddress());
        member.bind(new InetSocketAddress(0));
        assertTrue(key.isValid());
        send(sender(), "late", member);
        assertEquals("late", text(member));
        assertSame(key, member.join(group, lo));
    }

    @Test
    void boundToTheGroup() throws IOException {
        DatagramChannel member = shared().bind(new InetSocketAddress(group, 0));
        assertEquals(group, addressOf(member).getAddress());
        DatagramChannel any = receiver(port(member));
        member.join(group, lo);
        any.join(group, lo);
        DatagramChannel sender = sender();
        send(sender, "group", member);
        assertEquals("group", text(member));
        assertEquals("group", text(any));
        sender.send(ascii("unicast"), new InetSocketAddress(LOOPBACK, port(member)));
        assertEquals("unicast", text(any));
        assertNothing(member);
    }

    @Test
    void boundToAnAddressItReceivesNone() throws IOException {
        DatagramChannel bound = shared().bind(anyPort());
        DatagramChannel any = receiver(port(bound));
        bound.join(group, lo);
        any.join(group, lo);
        send(sender(), "x", any);
        assertEquals("x", text(any));
        assertNothing(bound);
    }

    @Test
    void aSelectorSeesIt() throws IOException {
        DatagramChannel member = receiver(0);
        member.join(group, lo);
        member.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = member.register(selector, SelectionKey.OP_READ);
        assertEquals(0, selector.selectNow());
        send(sender(), "x", member);
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, SelectionKey.OP_READ);
        assertEquals("x", text(member));
    }

    @Test
    void whoWaitsIsWoken() throws Exception {
        DatagramChannel member = receiver(0);
        member.join(group, lo);
        Background<String> receiving = Background.call(() -> text(member));
        receiving.awaitBlockedIn("receive");
        send(sender(), "x", member);
        assertEquals("x", receiving.result());
    }

    @Test
    void joiningAndDroppingDontWaitForAReceiver() throws Exception {
        DatagramChannel member = receiver(0);
        Background<String> receiving = Background.call(() -> text(member));
        receiving.awaitBlockedIn("receive");
        MembershipKey dropped = member.join(anotherGroup(), lo);
        dropped.drop();
        member.join(group, lo).block(address(127, 0, 0, 9));
        send(sender(), "x", member);
        assertEquals("x", receiving.result());
    }

    // -- sending

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theLoopbackGivesBackWhateverTheOptionSays(boolean loop) throws IOException {
        DatagramChannel member = receiver(0), sender = sender();
        member.join(group, lo);
        sender.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, loop);
        sender.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 0);
        send(sender, "x", member);
        assertEquals("x", text(member));
    }

    @Test
    void aConnectedSenderSendsToItsGroup() throws IOException {
        DatagramChannel member = receiver(0), sender = sender();
        member.join(group, lo);
        sender.connect(new InetSocketAddress(group, port(member)));
        assertEquals(new InetSocketAddress(group, port(member)), sender.getRemoteAddress());
        assertEquals(LOOPBACK, addressOf(sender).getAddress());
        assertEquals(2, sender.write(ascii("hi")));
        ByteBuffer dst = ByteBuffer.allocate(100);
        assertEquals(addressOf(sender), member.receive(dst));
        assertEquals(2, dst.position());
    }

    @Test
    void boundToTheLoopbackItSendsThere() throws IOException {
        DatagramChannel member = receiver(0);
        member.join(group, lo);
        DatagramChannel sender = openDatagram().bind(new InetSocketAddress(LOOPBACK, 0));
        send(sender, "x", member);
        assertEquals("x", text(member));
    }

    // -- sources

    @Test
    void oneSourceIsLetIn() throws IOException {
        DatagramChannel some = receiver(0), both = receiver(port(some));
        InetAddress wanted = address(127, 0, 0, 7), other = address(127, 0, 0, 8);
        some.join(group, lo, wanted);
        both.join(group, lo, wanted);
        MembershipKey second = both.join(group, lo, other);
        DatagramChannel from7 = sender(127, 0, 0, 7), from8 = sender(127, 0, 0, 8);
        send(from8, "unwanted", some);
        send(from7, "wanted", some);
        assertEquals("wanted", text(some));
        assertEquals("unwanted", text(both));
        assertEquals("wanted", text(both));
        second.drop();
        send(from8, "unwanted", some);
        send(from7, "last", some);
        assertEquals("last", text(both));
        assertEquals("last", text(some));
    }

    @Test
    void sourcesAreBlockedAndUnblocked() throws IOException {
        DatagramChannel member = receiver(0);
        MembershipKey key = member.join(group, lo);
        InetAddress blocked = address(127, 0, 0, 7);
        DatagramChannel from7 = sender(127, 0, 0, 7), from8 = sender(127, 0, 0, 8);
        assertSame(key, key.block(blocked));
        assertSame(key, key.block(blocked));
        send(from7, "blocked", member);
        send(from8, "passed", member);
        assertEquals("passed", text(member));
        assertSame(key, key.unblock(blocked));
        send(from7, "unblocked", member);
        assertEquals("unblocked", text(member));
        assertFails(IllegalStateException.class, "not blocked", () -> key.unblock(blocked));
    }

    @Test
    void blockedBeforeItIsBound() throws IOException {
        DatagramChannel member = shared();
        member.join(group, lo).block(address(127, 0, 0, 7));
        member.bind(new InetSocketAddress(0));
        send(sender(127, 0, 0, 7), "blocked", member);
        send(sender(127, 0, 0, 8), "passed", member);
        assertEquals("passed", text(member));
    }

    // -- keys

    @Test
    void aKeySaysWhatItIs() throws IOException {
        DatagramChannel member = receiver(0);
        MembershipKey key = member.join(group, lo);
        assertSame(member, key.channel());
        assertEquals(group, key.group());
        assertEquals(lo, key.networkInterface());
        assertNull(key.sourceAddress());
        assertTrue(key.isValid());
        String name = "<" + group.getHostAddress() + "," + lo.getName();
        assertEquals(name + ">", key.toString());
        assertSame(key, member.join(group, lo));
        key.drop();
        InetAddress source = address(127, 0, 0, 7);
        MembershipKey specific = member.join(group, lo, source);
        assertEquals(source, specific.sourceAddress());
        assertEquals(name + ",127.0.0.7>", specific.toString());
        assertSame(specific, member.join(group, lo, source));
    }

    @Test
    void aDroppedKeyIsOfNoUse() throws IOException {
        DatagramChannel member = receiver(0);
        MembershipKey key = member.join(group, lo);
        InetAddress source = address(127, 0, 0, 7), other = address(127, 0, 0, 8);
        key.block(source);
        key.drop();
        key.drop();
        assertFalse(key.isValid());
        String invalid = "key is no longer valid";
        assertFails(IllegalStateException.class, invalid, () -> key.block(other));
        assertSame(key, key.block(source)); // it is blocked already
        assertFails(IllegalStateException.class, invalid, () -> key.unblock(source));
        assertFails(IllegalStateException.class, "not blocked", () -> key.unblock(other));
        MembershipKey again = member.join(group, lo);
        assertNotSame(key, again);
        assertTrue(again.isValid());
        send(sender(), "x", member);
        assertEquals("x", text(member));
    }

    @Test
    void closingEndsMemberships() throws IOException {
        DatagramChannel member = receiver(0), never = shared();
        MembershipKey key = member.join(group, lo), unbound = never.join(group, lo);
        member.close();
        never.close();
        assertFalse(key.isValid());
        assertFalse(unbound.isValid());
        key.drop();
        assertSame(member, key.channel());
        assertFails(
                IllegalStateException.class,
                "key is no longer valid",
                () -> key.block(address(127, 0, 0, 7)));
        assertFails(ClosedChannelException.class, () -> member.join(group, lo));
        assertFails(ClosedChannelException.class, () -> member.join(group, null));
        assertFails(
                ClosedChannelException.class, () -> member.join(group, lo, address(127, 0, 0, 7)));
    }

    // -- errors

    @Test
    void argumentsAreChecked() throws IOException {
        DatagramChannel channel = receiver(0);
        Class<IllegalArgumentException> wrong = IllegalArgumentException.class;
        InetAddress source = address(127, 0, 0, 7), six = address(new int[16]);
        InetAddress sixGroup = InetAddress.getByName("ff02::1:2");
        InetAddress sixSource = InetAddress.getByName("fe80::1");
        String noGroup = "Group not a multicast address";
        assertFails(wrong, noGroup, () -> channel.join(LOOPBACK, lo));
        assertFails(wrong, noGroup, () -> channel.join(LOOPBACK, null));
        assertFails(wrong, noGroup, () -> channel.join(LOOPBACK, lo, source));
        assertFails(NullPointerException.class, () -> channel.join(null, lo));
        assertFails(NullPointerException.class, () -> channel.join(group, null));
        assertFails(NullPointerException.class, () -> channel.join(group, lo, null));
        assertFails(NullPointerException.class, () -> channel.join(LOOPBACK, lo, null));
        String six6 = "Only IPv6 sockets can join IPv6 multicast group";
        assertFails(wrong, six6, () -> channel.join(sixGroup, lo));
        assertFails(wrong, six6, () -> channel.join(sixGroup, lo, source));
        String any = "Source address is a wildcard address";
        assertFails(wrong, any, () -> channel.join(group, lo, address(0, 0, 0, 0)));
        assertFails(wrong, any, () -> channel.join(group, lo, six));
        String multicast = "Source address is multicast address";
        assertFails(wrong, multicast, () -> channel.join(group, lo, group));
        assertFails(wrong, multicast, () -> channel.join(group, lo, sixGroup));
        String other = "Source address is different type to group";
        assertFails(wrong, other, () -> channel.join(group, lo, sixSource));
        MembershipKey key = channel.join(group, lo);
        assertFails(wrong, any, () -> key.block(address(0, 0, 0, 0)));
        assertFails(wrong, multicast, () -> key.block(group));
        assertFails(wrong, other, () -> key.block(sixSource));
        assertFails(NullPointerException.class, () -> key.block(null));
        assertFails(IllegalStateException.class, "not blocked", () -> key.unblock(null));
        assertFails(NullPointerException.class, () -> channel.join(group, null));
        assertTrue(key.isValid());
    }

    @Test
    void membershipsOfBothKindsExcludeOneAnother() throws IOException {
        DatagramChannel channel = receiver(0);
        InetAddress source = address(127, 0, 0, 7), other = address(127, 0, 0, 8);
        MembershipKey all = channel.join(group, lo);
        // The JDK's messages are the wrong way round.
        assertFails(
                IllegalStateException.class,
                "Already have source-specific membership",
                () -> channel.join(group, lo, source));
        all.drop();
        MembershipKey one = channel.join(group, lo, source);
        assertFails(
                IllegalStateException.class,
                "Already a member to receive all packets",
                () -> channel.join(group, lo));
        assertFails(IllegalStateException.class, "key is source-specific", () -> one.block(other));
        assertFails(IllegalStateException.class, "not blocked", () -> one.unblock(other));
        one.drop();
        assertTrue(channel.join(group, lo).isValid());
    }

    @Test
    void thereIsALimit() throws IOException {
        DatagramChannel channel = receiver(0);
        List<MembershipKey> keys = new ArrayList<>();
        SocketException refused = null;
        while (refused == null && keys.size() < MOST_GROUPS) {
            try {
                keys.add(channel.join(anotherGroup(), lo));
            } catch (SocketException e) {
                refused = e;
            }
        }
        assumeTrue(refused != null, "this kernel lets a socket join very many");
        assertEquals("No buffer space available (setsockopt failed)", refused.getMessage());
        assertTrue(keys.size() >= 20);
        keys.get(7).drop();
        channel.join(group, lo);
        send(sender(), "x", channel);
        assertEquals("x", text(channel));
    }

    // -- the adaptor

    @Test
    void theAdaptorJoinsAndLeaves() throws IOException {
        DatagramChannel channel = receiver(0);
        DatagramSocket socket = channel.socket();
        InetSocketAddress at = new InetSocketAddress(group, 0);
        socket.joinGroup(at, lo);
        assertFails(
                SocketException.class, "Already a member of group", () -> socket.joinGroup(at, lo));
        send(sender(), "x", channel);
        DatagramPacket packet = new DatagramPacket(new byte[10], 10);
        socket.receive(packet);
        assertEquals(1, packet.getLength());
        MembershipKey key = channel.join(group, lo); // the same
        socket.leaveGroup(at, lo);
        assertFalse(key.isValid());
        assertFails(
                SocketException.class, "Not a member of group", () -> socket.leaveGroup(at, lo));
        channel.join(group, lo, address(127, 0, 0, 7));
        assertFails(
                IllegalStateException.class,
                "Already a member to receive all packets",
                () -> socket.joinGroup(at, lo));
        assertFails(
                IllegalStateException.class,
                "Already a member to receive all packets",
                () -> socket.leaveGroup(at, lo));
    }

    @Test
    void theAdaptorTakesTheInterfaceOfTheOption() throws IOException {
        DatagramChannel channel = receiver(0);
        DatagramSocket socket = channel.socket();
        socket.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo);
        InetSocketAddress at = new InetSocketAddress(group, 0);
        socket.joinGroup(at, null);
        assertTrue(channel.join(group, lo).isValid());
        byte[] text = {1, 2, 3};
        socket.send(new DatagramPacket(text, 3, new InetSocketAddress(group, port(channel))));
        DatagramPacket packet = new DatagramPacket(new byte[10], 10);
        socket.receive(packet);
        assertEquals(3, packet.getLength());
        socket.leaveGroup(at, null);
    }

    @Test
    void theAdaptorChecksArguments() throws IOException {
        DatagramChannel channel = receiver(0);
        DatagramSocket socket = channel.socket();
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("x", 1);
        Class<IllegalArgumentException> wrong = IllegalArgumentException.class;
        assertFails(wrong, "Unresolved address", () -> socket.joinGroup(unresolved, lo));
        assertFails(wrong, "Unsupported address type", () -> socket.leaveGroup(null, lo));
        assertFails(
                SocketException.class,
                "Not a multicast address",
                () -> socket.leaveGroup(new InetSocketAddress(LOOPBACK, 1), lo));
        socket.close();
        InetSocketAddress at = new InetSocketAddress(group, 0);
        assertFails(SocketException.class, "Socket is closed", () -> socket.joinGroup(at, lo));
        assertFails(SocketException.class, "Socket is closed", () -> socket.leaveGroup(at, lo));
    }
}
