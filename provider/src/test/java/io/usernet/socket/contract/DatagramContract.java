package io.usernet.socket.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.nio.contract.Background;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** java.net.DatagramSocket. */
abstract class DatagramContract extends SocketContract {
    DatagramContract(Subject subject) {
        super(subject);
    }

    private static DatagramPacket packet(String text, SocketAddress to) {
        byte[] bytes = text.getBytes(US_ASCII);
        DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
        if (to != null) packet.setSocketAddress(to);
        return packet;
    }

    private static DatagramPacket room(int bytes) {
        return new DatagramPacket(new byte[bytes], bytes);
    }

    private static String text(DatagramPacket packet) {
        return new String(packet.getData(), packet.getOffset(), packet.getLength(), US_ASCII);
    }

    private static String receive(DatagramSocket from) throws IOException {
        DatagramPacket packet = room(100);
        from.receive(packet);
        return text(packet);
    }

    @Test
    void stateOfANewSocket() throws IOException {
        DatagramSocket socket = datagrams();
        assertFalse(socket.isBound());
        assertFalse(socket.isConnected());
        assertFalse(socket.isClosed());
        assertNull(socket.getRemoteSocketAddress());
        assertNull(socket.getLocalSocketAddress());
        assertEquals(-1, socket.getPort());
        assertEquals(0, socket.getLocalPort());
    }

    @Test
    void stateOfABoundSocket() throws IOException {
        DatagramSocket socket = boundDatagrams();
        assertTrue(socket.isBound());
        assertEquals(subject.serverAddress(), socket.getLocalAddress());
        assertTrue(socket.getLocalPort() > 0);
        assertThrows(SocketException.class, () -> socket.bind(anyPort()));
    }

    @Test
    void stateOfAClosedSocket() throws IOException {
        DatagramSocket socket = boundDatagrams();
        socket.close();
        socket.close();
        assertTrue(socket.isClosed());
        assertEquals(-1, socket.getLocalPort());
        assertNull(socket.getLocalAddress());
        assertNull(socket.getLocalSocketAddress());
        assertThrows(SocketException.class, () -> socket.receive(room(1)));
        assertThrows(SocketException.class, () -> socket.send(packet("x", anyPort())));
        assertFails(SocketException.class, "Socket is closed", socket::getSoTimeout);
    }

    @Test
    void bindingFails() throws IOException {
        DatagramSocket taken = boundDatagrams(), other = datagrams();
        assertThrows(BindException.class, () -> other.bind(taken.getLocalSocketAddress()));
    }

    @Test
    void datagramsGoBothWays() throws IOException {
        DatagramSocket one = boundDatagrams(), other = boundDatagrams();
        one.send(packet("there", other.getLocalSocketAddress()));
        DatagramPacket received = room(100);
        other.receive(received);
        assertEquals("there", text(received));
        assertEquals(one.getLocalSocketAddress(), received.getSocketAddress());
        other.send(packet("back", received.getSocketAddress()));
        assertEquals("back", receive(one));
    }

    @Test
    void anUnboundSocketIsBoundBySending() throws IOException {
        DatagramSocket server = boundDatagrams(), client = datagrams();
        client.send(packet("query", server.getLocalSocketAddress()));
        assertTrue(client.isBound());
        DatagramPacket query = room(100);
        server.receive(query);
        assertEquals(client.getLocalPort(), query.getPort());
        server.send(packet("answer", query.getSocketAddress()));
        client.setSoTimeout(10_000);
        assertEquals("answer", receive(client));
    }

    @Test
    void aSocketAtTheWildcardSends() throws IOException {
        DatagramSocket server = boundDatagrams(), client = datagrams();
        client.bind(null);
        assertTrue(client.getLocalAddress().isAnyLocalAddress());
        int port = client.getLocalPort();
        client.send(packet("query", server.getLocalSocketAddress()));
        assertEquals(port, client.getLocalPort());
        DatagramPacket query = room(100);
        server.receive(query);
        assertEquals(port, query.getPort());
        server.send(packet("answer", query.getSocketAddress()));
        assertEquals("answer", receive(client));
    }

    @Test
    void aThreadThatReceivesHearsTheAnswerToWhatAnotherSends() throws Exception {
        DatagramSocket server = boundDatagrams(), client = datagrams();
        client.bind(null);
        Background<String> receiving = Background.call(() -> receive(client));
        receiving.awaitBlockedIn("receive");
        client.send(packet("query", server.getLocalSocketAddress()));
        DatagramPacket query = room(100);
        server.receive(query);
        server.send(packet("answer", query.getSocketAddress()));
        assertEquals("answer", receiving.result());
    }

    @Test
    void aShortPacketLosesTheRest() throws IOException {
        DatagramSocket one = boundDatagrams(), other = boundDatagrams();
        one.send(packet("0123456789", other.getLocalSocketAddress()));
        one.send(packet("next", other.getLocalSocketAddress()));
        DatagramPacket packet = room(4);
        other.receive(packet);
        assertEquals("0123", text(packet));
        other.receive(packet);
        assertEquals("next", text(packet));
    }

    @Test
    void aPacketIsUsedAgain() throws IOException {
        DatagramSocket one = boundDatagrams(), other = boundDatagrams();
        one.send(packet("ab", other.getLocalSocketAddress()));
        one.send(packet("abcdef", other.getLocalSocketAddress()));
        DatagramPacket packet = room(6);
        other.receive(packet);
        assertEquals("ab", text(packet));
        other.receive(packet);
        assertEquals("abcdef", text(packet));
    }

    @Test
    void emptyDatagrams() throws IOException {
        DatagramSocket one = boundDatagrams(), other = boundDatagrams();
        one.send(packet("", other.getLocalSocketAddress()));
        assertEquals("", receive(other));
    }

    @Test
    void receivingTimesOut() throws IOException {
        DatagramSocket socket = boundDatagrams();
        socket.setSoTimeout(50);
        long before = System.nanoTime();
        assertFails(
                SocketTimeoutException.class, "Receive timed out", () -> socket.receive(room(1)));
        assertTrue(System.nanoTime() - before >= TimeUnit.MILLISECONDS.toNanos(50));
    }

    @Test
    void closeWakesAThreadThatReceives() throws Exception {
        DatagramSocket socket = boundDatagrams();
        Background<String> receiving = Background.call(() -> receive(socket));
        receiving.awaitBlockedIn("receive");
        socket.close();
        assertEquals("Socket closed", receiving.failure(SocketException.class).getMessage());
    }

    @Test
    void anInterruptDoesNotDisturbAThreadThatReceives() throws Exception {
        DatagramSocket one = boundDatagrams(), other = boundDatagrams();
        Background<String> receiving = Background.call(() -> receive(other));
        receiving.awaitBlockedIn("receive");
        receiving.interrupt();
        receiving.awaitBlockedIn("receive");
        one.send(packet("x", other.getLocalSocketAddress()));
        assertEquals("x", receiving.result());
        assertTrue(receiving.endedInterrupted());
    }

    @Test
    void aConnectedSocketHearsItsPeerAlone() throws IOException {
        DatagramSocket one = boundDatagrams(), peer = boundDatagrams(), other = boundDatagrams();
        one.connect(peer.getLocalSocketAddress());
        assertTrue(one.isConnected());
        assertEquals(peer.getLocalSocketAddress(), one.getRemoteSocketAddress());
        assertEquals(peer.getLocalPort(), one.getPort());
        other.send(packet("stranger", one.getLocalSocketAddress()));
        peer.send(packet("peer", one.getLocalSocketAddress()));
        assertEquals("peer", receive(one));
        DatagramPacket toThePeer = packet("out", null);
        one.send(toThePeer);
        assertEquals("out", receive(peer));
        assertFails(
                IllegalArgumentException.class,
                () -> one.send(packet("x", other.getLocalSocketAddress())));
        one.disconnect();
        assertFalse(one.isConnected());
        other.send(packet("again", one.getLocalSocketAddress()));
        assertEquals("again", receive(one));
    }

    @Test
    void aConnectedSocketHearsThatNobodyIsThere() throws IOException {
        InetSocketAddress deaf;
        try (DatagramSocket gone = subject.datagramSocket()) {
            gone.bind(anyPort());
            deaf = (InetSocketAddress) gone.getLocalSocketAddress();
        }
        DatagramSocket socket = boundDatagrams();
        socket.connect(deaf);
        socket.setSoTimeout(10_000);
        socket.send(packet("anybody?", deaf));
        assertThrows(PortUnreachableException.class, () -> socket.receive(room(1)));
    }

    @Test
    void sendingFails() throws IOException {
        DatagramSocket socket = boundDatagrams();
        assertFails(
                IllegalArgumentException.class,
                "Address not set",
                () -> socket.send(packet("x", null)));
        assertFails(
                SocketException.class,
                "Can't send to port 0",
                () -> socket.send(packet("x", anyPort())));
        assertThrows(IllegalArgumentException.class, () -> socket.connect(null));
    }

    @Test
    void options() throws IOException {
        DatagramSocket socket = datagrams();
        socket.setSoTimeout(99);
        socket.setReuseAddress(true);
        socket.setBroadcast(true);
        socket.setTrafficClass(0x10);
        socket.setSendBufferSize(64 << 10);
        socket.setReceiveBufferSize(64 << 10);
        socket.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 5);
        socket.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, false);
        socket.bind(null);
        DatagramSocket peer = boundDatagrams();
        socket.connect(peer.getLocalSocketAddress());
        assertEquals(99, socket.getSoTimeout());
        assertTrue(socket.getReuseAddress());
        assertTrue(socket.getBroadcast());
        assertEquals(0x10, socket.getTrafficClass());
        assertTrue(socket.getSendBufferSize() >= 64 << 10);
        assertTrue(socket.getReceiveBufferSize() >= 64 << 10);
        assertEquals(5, socket.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
        assertFalse(socket.getOption(StandardSocketOptions.IP_MULTICAST_LOOP));
        assertTrue(socket.supportedOptions().contains(StandardSocketOptions.SO_RCVBUF));
        assertFails(
                UnsupportedOperationException.class,
                () -> socket.setOption(StandardSocketOptions.TCP_NODELAY, true));
    }

    @Test
    void groupsAreJoinedAndLeft() throws IOException {
        DatagramSocket member = datagrams();
        NetworkInterface lo = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        InetAddress group = InetAddress.getByName("239.255.99.1");
        InetSocketAddress any = new InetSocketAddress(group, 0);
        member.bind(new InetSocketAddress(0));
        member.setSoTimeout(10_000);
        member.joinGroup(any, lo);
        assertFails(
                SocketException.class,
                "Already a member of group",
                () -> member.joinGroup(any, lo));
        DatagramSocket sender = datagrams();
        sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo);
        assertEquals(lo, sender.getOption(StandardSocketOptions.IP_MULTICAST_IF));
        sender.send(packet("hello", new InetSocketAddress(group, member.getLocalPort())));
        assertEquals("hello", receive(member));
        member.leaveGroup(any, lo);
        assertFails(
                SocketException.class, "Not a member of group", () -> member.leaveGroup(any, lo));
        assertThrows(SocketException.class, () -> member.joinGroup(new InetSocketAddress(0), lo));
        assertFails(
                IllegalArgumentException.class,
                "Unsupported address type",
                () -> member.joinGroup(null, lo));
    }
}
