package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectionKey;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Datagrams through a DatagramChannel: send, receive, read, write, buffers, sizes and ICMP errors. */
abstract class DatagramTransferContract extends NioContract {
    /** What fits into one IPv4 packet. */
    private static final int MOST = 65_507;

    DatagramTransferContract(Subject subject) {
        super(subject);
    }

    private static ByteBuffer buffer(boolean direct, int size) {
        return direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
    }

    private static String text(ByteBuffer received) {
        byte[] bytes = new byte[received.flip().remaining()];
        received.get(bytes);
        return new String(bytes, java.nio.charset.StandardCharsets.US_ASCII);
    }

    /** Reads one datagram from a channel in blocking mode. */
    private static String next(DatagramChannel channel) throws IOException {
        ByteBuffer dst = ByteBuffer.allocate(100);
        channel.receive(dst);
        return text(dst);
    }

    // -- send and receive

    @Test
    void receiveTellsWhoSentIt() throws IOException {
        DatagramChannel server = boundDatagram(), one = boundDatagram(), other = boundDatagram();
        ByteBuffer dst = ByteBuffer.allocate(9);
        assertEquals(3, one.send(ascii("one"), server.getLocalAddress()));
        assertEquals(one.getLocalAddress(), server.receive(dst));
        assertEquals(5, other.send(ascii("other"), server.getLocalAddress()));
        assertEquals(other.getLocalAddress(), server.receive(dst));
        assertEquals(1, one.send(ascii("1"), server.getLocalAddress()));
        assertEquals(one.getLocalAddress(), server.receive(dst));
        assertEquals("oneother1", text(dst));
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void sliceOfABufferMovesOnlyItsBytes(boolean directSource, boolean directTarget)
            throws IOException {
        DatagramChannel server = boundDatagram(), client = boundDatagram();
        ByteBuffer whole = buffer(directSource, 9);
        whole.put(ascii("..hello..")).position(1).limit(8);
        ByteBuffer src = whole.slice();
        src.position(1).limit(6);
        assertEquals(5, client.send(src, server.getLocalAddress()));
        assertEquals(6, src.position());
        assertEquals(6, src.limit());

        ByteBuffer target = buffer(directTarget, 9);
        target.position(2);
        ByteBuffer dst = target.slice();
        dst.position(1).limit(7);
        assertEquals(client.getLocalAddress(), server.receive(dst));
        assertEquals(6, dst.position());
        assertEquals(7, dst.limit());
        byte[] bytes = new byte[9];
        target.clear().get(bytes);
        assertArrayEquals(new byte[] {0, 0, 0, 'h', 'e', 'l', 'l', 'o', 0}, bytes);
    }

    @Test
    void readOnlySourceIsSent() throws IOException {
        Datagrams pair = connectDatagrams();
        assertEquals(4, pair.one().write(ascii("heap").asReadOnlyBuffer()));
        ByteBuffer direct = ByteBuffer.allocateDirect(6).put(ascii("direct")).flip();
        assertEquals(6, pair.one().send(direct.asReadOnlyBuffer(), pair.other().getLocalAddress()));
        assertEquals("heap", next(pair.other()));
        assertEquals("direct", next(pair.other()));
    }

    @Test
    void readOnlyTargetIsRefusedAndLosesNothing() throws IOException {
        Datagrams pair = connectDatagrams();
        pair.one().write(ascii("x"));
        DatagramChannel channel = pair.other();
        ByteBuffer readOnly = ByteBuffer.allocate(1).asReadOnlyBuffer();
        String message = "Read-only buffer";
        assertFails(IllegalArgumentException.class, message, () -> channel.receive(readOnly));
        assertFails(IllegalArgumentException.class, message, () -> channel.read(readOnly));
        assertFails(
                IllegalArgumentException.class,
                message,
                () -> channel.read(new ByteBuffer[] {ByteBuffer.allocate(1), readOnly}));
        assertEquals("x", next(channel));
    }

    @Test
    void whatDoesNotFitIsDropped() throws IOException {
        Datagrams pair = connectDatagrams();
        for (int i = 0; i < 3; i++) pair.one().write(ascii("abcdef"));
        pair.one().write(ascii("end"));
        ByteBuffer dst = ByteBuffer.allocate(4);
        assertEquals(pair.one().getLocalAddress(), pair.other().receive(dst));
        assertEquals("abcd", text(dst));
        assertEquals(4, pair.other().read(dst.clear()));
        assertEquals("abcd", text(dst));
        ByteBuffer[] dsts = {ByteBuffer.allocate(2), ByteBuffer.allocate(3)};
        assertEquals(5, pair.other().read(dsts));
        assertEquals("abcde", text(dsts[0]) + text(dsts[1]));
        assertEquals("end", next(pair.other()));
    }

    @Test
    void receiveIntoAFullBufferDropsTheDatagram() throws IOException {
        Datagrams pair = connectDatagrams();
        pair.one().write(ascii("lost"));
        pair.one().write(ascii("next"));
        assertEquals(pair.one().getLocalAddress(), pair.other().receive(ByteBuffer.allocate(0)));
        assertEquals("next", next(pair.other()));
    }

    @Test
    void readIntoAFullBufferReadsNothing() throws IOException {
        Datagrams pair = connectDatagrams();
        DatagramChannel channel = pair.other();
        ByteBuffer full = ByteBuffer.allocate(0);
        assertEquals(0, channel.read(full));
        assertEquals(0, channel.read(new ByteBuffer[0]));
        assertEquals(0, channel.read(new ByteBuffer[] {full}));
        pair.one().write(ascii("kept"));
        channel.configureBlocking(false);
        awaitReady(channel, SelectionKey.OP_READ);
        assertEquals(0, channel.read(full));
        assertEquals(0, channel.read(new ByteBuffer[] {full, full}));
        assertEquals("kept", next(channel));
    }

    @Test
    void emptyDatagramsAreSentAndReceived() throws IOException {
        DatagramChannel server = boundDatagram(), client = boundDatagram();
        assertEquals(0, client.send(ByteBuffer.allocate(0), server.getLocalAddress()));
        ByteBuffer dst = ByteBuffer.allocate(3);
        assertEquals(client.getLocalAddress(), server.receive(dst));
        assertEquals(0, dst.position());
    }

    /** They look like the end of a stream. */
    @Test
    void readOfAnEmptyDatagramReturnsMinusOne() throws IOException {
        DatagramChannel sender = boundDatagram();
        DatagramChannel channel = boundDatagram().connect(sender.getLocalAddress());
        ByteBuffer empty = ByteBuffer.allocate(0), dst = ByteBuffer.allocate(3);
        sender.send(empty, channel.getLocalAddress());
        sender.send(empty, channel.getLocalAddress());
        sender.send(ascii("x"), channel.getLocalAddress());
        assertEquals(-1, channel.read(dst));
        assertEquals(-1, channel.read(new ByteBuffer[] {dst}));
        assertEquals(0, dst.position());
        assertEquals(1, channel.read(dst));
    }

    @Test
    void writeOfNothingSendsNothing() throws IOException {
        Datagrams pair = connectDatagrams();
        ByteBuffer empty = ByteBuffer.allocate(0);
        assertEquals(0, pair.one().write(empty));
        assertEquals(0, pair.one().write(new ByteBuffer[0]));
        assertEquals(0, pair.one().write(new ByteBuffer[] {empty, empty}));
        assertEquals(0, pair.one().send(empty, pair.other().getLocalAddress())); // it is connected
        assertEquals(4, pair.one().write(ascii("full")));
        assertEquals("full", next(pair.other()));
    }

    @Test
    void gatherSendsOneDatagramAndScatterReadsIt() throws IOException {
        Datagrams pair = connectDatagrams();
        ByteBuffer[] srcs = {
            ascii("unused"), ascii("ab"), ByteBuffer.allocate(0), ascii("cdefg"), ascii("unused")
        };
        assertEquals(7, pair.one().write(srcs, 1, 3));
        assertEquals(6, srcs[0].remaining());
        assertEquals(0, srcs[1].remaining());
        assertEquals(0, srcs[3].remaining());
        assertEquals(6, srcs[4].remaining());
        ByteBuffer[] dsts = {
            ByteBuffer.allocate(1),
            ByteBuffer.allocateDirect(3),
            ByteBuffer.allocate(0),
            ByteBuffer.allocate(9)
        };
        assertEquals(7, pair.other().read(dsts, 1, 3));
        assertEquals(0, dsts[0].position());
        assertEquals("abc", text(dsts[1]));
        assertEquals("defg", text(dsts[3]));
    }

    @Test
    void rangesOfBuffersAreChecked() throws IOException {
        Datagrams pair = connectDatagrams();
        DatagramChannel channel = pair.one();
        ByteBuffer[] two = {ByteBuffer.allocate(1), ByteBuffer.allocate(1)};
        assertFails(IndexOutOfBoundsException.class, () -> channel.read(two, 1, 2));
        assertFails(IndexOutOfBoundsException.class, () -> channel.read(two, -1, 1));
        assertFails(IndexOutOfBoundsException.class, () -> channel.write(two, 0, 3));
        assertFails(IndexOutOfBoundsException.class, () -> channel.write(two, 0, -1));
        assertFails(NullPointerException.class, () -> channel.read((ByteBuffer) null));
        assertFails(NullPointerException.class, () -> channel.write((ByteBuffer) null));
        assertFails(NullPointerException.class, () -> channel.read((ByteBuffer[]) null));
        assertFails(NullPointerException.class, () -> channel.write((ByteBuffer[]) null));
        assertFails(NullPointerException.class, () -> channel.read(new ByteBuffer[1]));
        assertFails(NullPointerException.class, () -> channel.write(new ByteBuffer[1]));
        assertFails(NullPointerException.class, () -> channel.receive(null));
        InetSocketAddress other = addressOf(pair.other());
        assertFails(NullPointerException.class, () -> channel.send(null, other));
        assertEquals(2, channel.write(two));
    }

    // -- sizes

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 257, 1_472, 1_473, 9_000, 32_768, 40_001, MOST})
    void datagramsOfAllSizesArriveWhole(int size) throws IOException {
        Datagrams pair = connectDatagrams();
        byte[] bytes = randomBytes(size, size);
        ByteBuffer dst = ByteBuffer.allocate(MOST + 1);
        assertEquals(size, pair.one().send(ByteBuffer.wrap(bytes), pair.other().getLocalAddress()));
        assertEquals(pair.one().getLocalAddress(), pair.other().receive(dst));
        assertEquals(ByteBuffer.wrap(bytes), dst.flip());
        ByteBuffer direct = ByteBuffer.allocateDirect(size).put(bytes).flip();
        assertEquals(size, pair.one().write(direct));
        assertEquals(size, pair.other().read(dst.clear()));
        assertEquals(ByteBuffer.wrap(bytes), dst.flip());
    }

    @Test
    void manyDatagramsArriveInOrder() throws IOException {
        Datagrams pair = connectDatagrams();
        ByteBuffer src = ByteBuffer.allocate(300), dst = ByteBuffer.allocate(301);
        for (int i = 0, next = 0; i < 2_000; i++) {
            int size = 4 + i % 290;
            assertEquals(size, pair.one().write(src.clear().limit(size).putInt(0, i)));
            if (i % 16 != 15) continue;
            for (; next <= i; next++) {
                assertEquals(4 + next % 290, pair.other().read(dst.clear()));
                assertEquals(next, dst.getInt(0));
            }
        }
    }

    @Test
    void tooLongIsRefused() throws IOException {
        Datagrams pair = connectDatagrams();
        DatagramChannel channel = pair.one();
        InetSocketAddress to = addressOf(pair.other());
        ByteBuffer heap = ByteBuffer.allocate(MOST + 1);
        ByteBuffer direct = ByteBuffer.allocateDirect(MOST + 1);
        ByteBuffer[] many = {ByteBuffer.allocate(MOST), ByteBuffer.allocate(1)};
        String message = "Message too long";
        DatagramChannel unconnected = boundDatagram();
        assertFails(SocketException.class, message, () -> unconnected.send(heap, to));
        assertFails(SocketException.class, message, () -> unconnected.send(direct, to));
        assertFails(IOException.class, message, () -> channel.send(heap, to));
        assertFails(IOException.class, message, () -> channel.write(heap));
        assertFails(IOException.class, message, () -> channel.write(many));
        assertEquals(0, heap.position());
        assertEquals(0, direct.position());
        assertEquals(0, many[0].position());
        assertEquals(2, channel.write(ascii("ok")));
        assertEquals("ok", next(pair.other()));
    }

    // -- connected and unconnected

    @Test
    void unconnectedChannelRefusesReadAndWrite() throws IOException {
        DatagramChannel channel = boundDatagram();
        ByteBuffer[] one = {ascii("x")};
        assertFails(NotYetConnectedException.class, () -> channel.read(one[0]));
        assertFails(NotYetConnectedException.class, () -> channel.write(one[0]));
        assertFails(NotYetConnectedException.class, () -> channel.read(one));
        assertFails(NotYetConnectedException.class, () -> channel.write(one));
        channel.connect(deafAddress()).disconnect();
        assertFails(NotYetConnectedException.class, () -> channel.write(one[0]));
        assertEquals(1, one[0].remaining());
    }

    @Test
    void connectedChannelSendsOnlyToItsPeer() throws IOException {
        Datagrams pair = connectDatagrams();
        ByteBuffer src = ascii("x");
        InetSocketAddress third = addressOf(boundDatagram());
        assertFails(AlreadyConnectedException.class, () -> pair.one().send(src, third));
        assertEquals(1, src.remaining());
        assertEquals(1, pair.one().send(src, pair.other().getLocalAddress()));
        assertEquals("x", next(pair.other()));
    }

    @Test
    void connectedChannelReceivesOnlyFromItsPeer() throws IOException {
        Datagrams pair = connectDatagrams();
        DatagramChannel stranger = boundDatagram();
        stranger.send(ascii("stranger"), pair.other().getLocalAddress());
        pair.one().write(ascii("peer"));
        assertEquals("peer", next(pair.other()));
        pair.other().disconnect();
        stranger.send(ascii("again"), pair.other().getLocalAddress());
        assertEquals("again", next(pair.other()));
    }

    @Test
    void connectDropsWhatWasQueued() throws IOException {
        DatagramChannel channel = boundDatagram(), peer = boundDatagram();
        DatagramChannel stranger = boundDatagram();
        channel.configureBlocking(false);
        stranger.send(ascii("stranger"), channel.getLocalAddress());
        awaitReady(channel, SelectionKey.OP_READ);
        channel.connect(peer.getLocalAddress());
        peer.send(ascii("peer"), channel.getLocalAddress());
        awaitReady(channel, SelectionKey.OP_READ);
        assertEquals("peer", next(channel));
    }

    @Test
    void disconnectKeepsWhatWasQueued() throws IOException {
        Datagrams pair = connectDatagrams();
        pair.other().configureBlocking(false);
        pair.one().write(ascii("queued"));
        awaitReady(pair.other(), SelectionKey.OP_READ);
        pair.other().disconnect();
        ByteBuffer dst = ByteBuffer.allocate(9);
        assertEquals(pair.one().getLocalAddress(), pair.other().receive(dst));
        assertEquals("queued", text(dst));
    }

    @Test
    void sendToPortZeroIsRefused() throws IOException {
        DatagramChannel channel = openDatagram();
        ByteBuffer src = ascii("x");
        assertFails(
                SocketException.class, "Can't send to port 0", () -> channel.send(src, anyPort()));
        assertEquals(1, src.remaining());
    }

    @Test
    void sendToTheWildcardReachesThisHost() throws IOException {
        DatagramChannel server = openDatagram().bind(null);
        DatagramChannel client = boundDatagram();
        client.send(ascii("x"), new InetSocketAddress(addressOf(server).getPort()));
        assertEquals(client.getLocalAddress(), server.receive(ByteBuffer.allocate(1)));
    }

    @Test
    void closedChannelSendsAndReceivesNothing() throws IOException {
        Datagrams pair = connectDatagrams();
        DatagramChannel channel = pair.one();
        InetSocketAddress other = addressOf(pair.other());
        channel.close();
        ByteBuffer[] one = {ByteBuffer.allocate(1)};
        assertFailsAsClosed(() -> channel.send(one[0], other));
        assertFailsAsClosed(() -> channel.receive(one[0]));
        assertFailsAsClosed(() -> channel.write(one[0]));
        assertFailsAsClosed(() -> channel.read(one[0]));
        assertFailsAsClosed(() -> channel.write(one));
        assertFailsAsClosed(() -> channel.read(one));
    }

    /** What was sent is sent: closing takes nothing back. */
    @Test
    void whatWasSentBeforeCloseArrives() throws IOException {
        DatagramChannel server = boundDatagram();
        for (int i = 0; i < 50; i++) {
            DatagramChannel client = boundDatagram();
            for (int k = 0; k < 3; k++) client.send(ascii("k" + k), server.getLocalAddress());
            client.close();
            for (int k = 0; k < 3; k++) assertEquals("k" + k, next(server));
        }
    }

    // -- non-blocking

    @Test
    void nonBlockingReceiveAndReadReturnAtOnce() throws IOException {
        Datagrams pair = connectDatagrams();
        DatagramChannel channel = pair.one();
        channel.configureBlocking(false);
        ByteBuffer dst = ByteBuffer.allocate(1);
        assertNull(channel.receive(dst));
        assertEquals(0, channel.read(dst));
        assertEquals(0, channel.read(new ByteBuffer[] {dst}));
        assertEquals(0, dst.position());
    }

    /** Nobody is held up: a queue that is full drops, or the sender is told that nothing was sent. */
    @Test
    void receiverThatDoesNotReadHoldsNobodyUp() throws IOException {
        Datagrams pair = connectDatagrams();
        DatagramChannel sender = pair.one();
        sender.configureBlocking(false);
        ByteBuffer src = ByteBuffer.allocate(1_000);
        for (int i = 0; i < 5_000; i++) {
            int n = sender.write(src.clear().putInt(0, i));
            assertTrue(n == 1_000 || n == 0);
            assertEquals(n, src.position());
        }
        pair.other().configureBlocking(false);
        awaitReady(pair.other(), SelectionKey.OP_READ);
        awaitReady(sender, SelectionKey.OP_WRITE);
        ByteBuffer dst = ByteBuffer.allocate(1_001);
        int received = 0, last = -1;
        while (pair.other().read(dst.clear()) > 0) {
            assertTrue(dst.getInt(0) > last, "overtaken");
            last = dst.getInt(0);
            received++;
        }
        assertTrue(received >= 10, "received " + received);
        sender.write(ascii("usable"));
        awaitReady(pair.other(), SelectionKey.OP_READ);
    }

    // -- ICMP

    /** A channel whose peer is not there, and the news of that has come. */
    private DatagramChannel refused() throws IOException {
        DatagramChannel channel = boundDatagram().connect(deafAddress());
        channel.configureBlocking(false);
        assertEquals(1, channel.write(ascii("x")));
        awaitReady(channel, SelectionKey.OP_READ);
        return channel;
    }

    @Test
    void unreachablePortEndsABlockingRead() throws IOException {
        DatagramChannel channel = boundDatagram().connect(deafAddress());
        channel.write(ascii("x"));
        assertFails(PortUnreachableException.class, () -> channel.read(ByteBuffer.allocate(1)));
    }

    @Test
    void unreachablePortIsToldOnceByWhicheverComesFirst() throws IOException {
        ByteBuffer dst = ByteBuffer.allocate(1);
        ByteBuffer src = ascii("x");
        DatagramChannel reads = refused();
        assertFails(PortUnreachableException.class, () -> reads.read(dst));
        assertEquals(0, reads.read(dst));
        DatagramChannel receives = refused();
        assertFails(PortUnreachableException.class, () -> receives.receive(dst));
        assertNull(receives.receive(dst));
        DatagramChannel writes = refused();
        assertFails(PortUnreachableException.class, () -> writes.write(src));
        assertEquals(1, src.remaining());
        assertEquals(1, writes.write(src));
        DatagramChannel sends = refused();
        InetSocketAddress peer = (InetSocketAddress) sends.getRemoteAddress();
        assertFails(PortUnreachableException.class, () -> sends.send(src.flip(), peer));
        assertEquals(1, src.remaining());
        assertEquals(1, sends.send(src, peer));
    }

    @Test
    void unreachablePortIsToldBeforeWhatIsQueued() throws IOException {
        DatagramChannel peer = boundDatagram(), channel = boundDatagram();
        channel.connect(peer.getLocalAddress()).configureBlocking(false);
        peer.send(ascii("queued"), channel.getLocalAddress());
        awaitReady(channel, SelectionKey.OP_READ);
        peer.close();
        channel.write(ascii("x"));
        ByteBuffer dst = ByteBuffer.allocate(9);
        // The queued one is readable all along, so that there is nothing to wait for but the write.
        Background.await("the error", () -> fails(channel));
        assertEquals(6, channel.read(dst));
        assertEquals("queued", text(dst));
    }

    private static boolean fails(DatagramChannel channel) {
        try {
            return channel.write(ascii("y")) < 0;
        } catch (PortUnreachableException e) {
            return true;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void peerThatComesBackIsHeardAgain() throws IOException {
        DatagramChannel channel = refused();
        assertFails(PortUnreachableException.class, () -> channel.read(ByteBuffer.allocate(1)));
        DatagramChannel peer = openDatagram().bind(channel.getRemoteAddress());
        channel.configureBlocking(true);
        channel.write(ascii("there?"));
        assertEquals("there?", next(peer));
        peer.send(ascii("yes"), channel.getLocalAddress());
        assertEquals("yes", next(channel));
    }

    @Test
    void unconnectedChannelHearsNoErrors() throws IOException {
        DatagramChannel channel = boundDatagram(), server = boundDatagram();
        InetSocketAddress deaf = deafAddress();
        assertEquals(1, channel.send(ascii("x"), deaf));
        assertEquals(1, channel.send(ascii("x"), deaf));
        channel.send(ascii("ping"), server.getLocalAddress());
        assertEquals("ping", next(server));
        server.send(ascii("pong"), channel.getLocalAddress());
        assertEquals("pong", next(channel));
        Assertions.assertDoesNotThrow(() -> channel.send(ascii("x"), deaf));
        assertFalse(channel.isConnected());
    }
}
