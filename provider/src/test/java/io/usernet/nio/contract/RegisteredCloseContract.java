package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the peer sees of a channel that is closed while a selector has it: the end of its output at once, and the close
 * itself, with a reset if data was left unread, when the key is flushed.
 */
abstract class RegisteredCloseContract extends NioContract {
    private static final int WRITES = 1000;

    private Selector selector;
    private SocketChannel peer, channel;

    RegisteredCloseContract(Subject subject) {
        super(subject);
    }

    /** The channel is registered and has data that it doesn't read. */
    @BeforeEach
    void connectWithUnreadData() throws IOException {
        Pair pair = connect();
        peer = pair.client();
        channel = pair.server();
        channel.configureBlocking(false);
        send(peer, "unread");
        awaitReady(channel, SelectionKey.OP_READ);
        selector = openSelector();
        channel.register(selector, 0);
    }

    /**
     * Whatever was sent to the peer before has arrived: a byte between two others goes the same way.
     */
    private void settle() throws IOException {
        Pair other = connect();
        send(other.server(), "x");
        assertEquals("x", receive(other.client(), 1));
    }

    private void assertPeerStillWrites() throws IOException {
        send(peer, "more");
        settle();
        send(peer, "more");
    }

    /** The peer has read to the end; the reset comes to its output. */
    private void assertPeerBreaks() {
        assertFails(
                IOException.class,
                "Broken pipe",
                () -> {
                    for (int i = 0; i < WRITES; i++) {
                        send(peer, "more");
                        LockSupport.parkNanos(1_000_000);
                    }
                });
    }

    final void assertPeerIsReset() {
        assertFails(
                SocketException.class, "Connection reset", () -> peer.read(ByteBuffer.allocate(1)));
    }

    private void assertPeerSeesNothing() throws IOException {
        settle();
        peer.configureBlocking(false);
        assertEquals(0, peer.read(ByteBuffer.allocate(1)));
        peer.configureBlocking(true);
    }

    @Test
    void thePeerReadsWhatWasWrittenAndTheEnd() throws Exception {
        send(channel, "answer");
        channel.close();
        assertEquals("answer", receive(peer, 6));
        assertEndOfStream(peer);
        assertPeerStillWrites();
    }

    @Test
    void theNextSelectionResetsIt() throws Exception {
        channel.close();
        assertEndOfStream(peer);
        assertPeerStillWrites();
        assertEquals(0, selector.selectNow());
        assertPeerBreaks();
        assertEndOfStream(peer);
    }

    @Test
    void theNextSelectionEndsItWithoutAReset() throws Exception {
        assertEquals(6, channel.read(ByteBuffer.allocate(100)));
        channel.close();
        selector.selectNow();
        assertEndOfStream(peer);
    }

    @Test
    void theLastOfSeveralSelectorsResetsIt() throws Exception {
        Selector other = openSelector();
        channel.register(other, 0);
        channel.close();
        assertEndOfStream(peer);
        selector.selectNow();
        assertPeerStillWrites();
        other.selectNow();
        assertPeerBreaks();
    }

    @Test
    void closeOfTheSelectorResetsIt() throws Exception {
        channel.close();
        assertEndOfStream(peer);
        assertPeerStillWrites();
        selector.close();
        assertPeerBreaks();
    }

    @Test
    void closeByAnotherThreadDuringSelectEndsTheOutputAlone() throws Exception {
        Background<Integer> selecting =
                Background.call(() -> selector.select(SELECT_MS)).awaitBlockedIn("select");
        channel.close();
        assertEndOfStream(peer);
        assertPeerStillWrites();
        selector.wakeup();
        assertEquals(0, selecting.result());
        assertPeerBreaks();
    }

    @Test
    void pendingOutputIsDeliveredBeforeTheSelection() throws Exception {
        long filled = fill(channel);
        channel.close();
        ByteBuffer dst = ByteBuffer.allocate(64 << 10);
        long received = 0;
        for (int n; (n = peer.read(dst.clear())) >= 0; ) {
            received += n;
        }
        assertEquals(filled, received);
        assertPeerStillWrites();
    }

    @Test
    void pendingOutputIsLostWithTheSelection() throws Exception {
        long filled = fill(channel);
        channel.close();
        selector.selectNow();
        settle();
        ByteBuffer dst = ByteBuffer.allocate(64 << 10);
        long[] received = {0};
        assertFails(
                SocketException.class,
                "Connection reset",
                () -> {
                    for (int n; (n = peer.read(dst.clear())) >= 0; ) {
                        received[0] += n;
                    }
                });
        assertTrue(received[0] < filled, () -> received[0] + " of " + filled);
    }

    @Test
    void lingerOfZeroSaysNothingUntilTheSelection() throws Exception {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
        assertPeerSeesNothing();
        assertPeerStillWrites();
        selector.selectNow();
        assertPeerIsReset();
    }

    @Test
    void aPositiveLingerIsAsNone() throws Exception {
        channel.setOption(StandardSocketOptions.SO_LINGER, 3600);
        fill(channel);
        channel.close();
        selector.selectNow();
        settle();
        ByteBuffer dst = ByteBuffer.allocate(64 << 10);
        assertFails(
                SocketException.class,
                "Connection reset",
                () -> {
                    while (peer.read(dst.clear()) >= 0) {}
                });
    }

    @Test
    void outputThatWasShutDownStaysSo() throws Exception {
        channel.shutdownOutput();
        assertEndOfStream(peer);
        channel.close();
        assertPeerStillWrites();
        selector.selectNow();
        assertPeerBreaks();
    }

    @Test
    void cancelledButNotFlushedIsRegistered() throws Exception {
        channel.keyFor(selector).cancel();
        channel.close();
        assertEndOfStream(peer);
        assertPeerStillWrites();
        selector.selectNow();
        assertPeerBreaks();
    }

    @Test
    void inBlockingModeAgainItSaysNothingUntilTheSelection() throws Exception {
        closeInBlockingModeAgain();
        assertPeerSeesNothing();
        assertPeerStillWrites();
        selector.selectNow();
        assertPeerIsReset();
    }

    final void closeInBlockingModeAgain() throws IOException {
        channel.keyFor(selector).cancel();
        channel.configureBlocking(true);
        channel.close();
    }

    @Test
    void cancelledAndFlushedItIsResetAtOnce() throws Exception {
        channel.keyFor(selector).cancel();
        selector.selectNow();
        assertFalse(channel.isRegistered());
        channel.close();
        assertPeerIsReset();
    }

    @Test
    void notRegisteredInBlockingModeItIsResetAtOnce() throws Exception {
        channel.keyFor(selector).cancel();
        selector.selectNow();
        channel.configureBlocking(true);
        channel.close();
        assertPeerIsReset();
    }

    @Test
    void notYetConnectedItGoesWithTheSelection() throws Exception {
        ServerSocketChannel server = listen();
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        client.register(selector, SelectionKey.OP_CONNECT);
        assertFalse(client.connect(server.getLocalAddress()));
        client.close();
        peer = acceptFrom(server);
        assertPeerSeesNothing();
        selector.selectNow();
        assertEndOfStream(peer);
    }

    @Test
    void theAdaptorSaysClosedAndNotShutDown() throws Exception {
        channel.close();
        assertTrue(channel.socket().isClosed());
        assertFalse(channel.socket().isOutputShutdown());
    }
}
