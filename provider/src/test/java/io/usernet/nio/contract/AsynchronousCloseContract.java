package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** close() while another thread uses the channel. */
abstract class AsynchronousCloseContract extends NioContract {
    AsynchronousCloseContract(Subject subject) {
        super(subject);
    }

    @Test
    void closeEndsABlockedRead() throws Exception {
        Pair pair = connect();
        Background<Integer> reader =
                Background.call(() -> pair.client().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        pair.client().close();
        reader.failure(AsynchronousCloseException.class, false);
        assertEndOfStream(pair.server());
    }

    @Test
    void closeEndsABlockedScatteringRead() throws Exception {
        SocketChannel channel = connect().client();
        Background<Long> reader =
                Background.call(() -> channel.read(new ByteBuffer[] {ByteBuffer.allocate(1)}))
                        .awaitBlockedIn("read");
        channel.close();
        reader.failure(AsynchronousCloseException.class, false);
    }

    @Test
    void closeEndsABlockedWrite() throws Exception {
        SocketChannel channel = connect().client();
        Background<Void> writer =
                Background.run(() -> ReadWriteContract.writeForEver(channel))
                        .awaitBlockedIn("write");
        channel.close();
        Throwable failure = writer.anyFailure();
        // Between two writes the loop finds the channel closed.
        assertTrue(
                failure.getClass() == AsynchronousCloseException.class
                        || failure.getClass() == ClosedChannelException.class,
                failure.toString());
        assertFalse(writer.endedInterrupted());
    }

    @Test
    void closeEndsReaderAndWriterAtOnce() throws Exception {
        SocketChannel channel = connect().client();
        Background<Void> writer =
                Background.run(() -> ReadWriteContract.writeForEver(channel))
                        .awaitBlockedIn("write");
        Background<Integer> reader =
                Background.call(() -> channel.read(ByteBuffer.allocate(1))).awaitBlockedIn("read");
        channel.close();
        reader.failure(AsynchronousCloseException.class);
        assertTrue(writer.anyFailure() instanceof ClosedChannelException);
    }

    @Test
    void closeEndsABlockedConnect() throws Exception {
        InetSocketAddress address = unansweringAddress();
        SocketChannel channel = openSocket();
        Background<Boolean> connecting =
                Background.call(() -> channel.connect(address)).awaitBlockedIn("connect");
        assertTrue(channel.isConnectionPending());
        channel.close();
        connecting.failure(AsynchronousCloseException.class, false);
        assertFalse(channel.isConnectionPending());
    }

    @Test
    void closeEndsABlockedFinishConnect() throws Exception {
        SocketChannel channel = openSocket();
        channel.configureBlocking(false);
        assertFalse(channel.connect(unansweringAddress()));
        channel.configureBlocking(true);
        Background<Boolean> finishing =
                Background.call(channel::finishConnect).awaitBlockedIn("finishConnect");
        channel.close();
        finishing.failure(AsynchronousCloseException.class, false);
    }

    @Test
    void closeEndsABlockedAccept() throws Exception {
        ServerSocketChannel server = listen();
        Background<SocketChannel> accepting =
                Background.call(server::accept).awaitBlockedIn("accept");
        server.close();
        accepting.failure(AsynchronousCloseException.class, false);
    }

    @Test
    void closeEndsAllBlockedAccepts() throws Exception {
        ServerSocketChannel server = listen();
        List<Background<SocketChannel>> accepting =
                List.of(Background.call(server::accept), Background.call(server::accept));
        // One is inside the call, the other waits for its lock.
        accepting.get(0).awaitBlockedIn("accept");
        accepting.get(1).awaitBlockedIn("accept");
        server.close();
        for (Background<SocketChannel> a : accepting) {
            assertTrue(a.anyFailure() instanceof ClosedChannelException);
        }
    }

    @Test
    void closeOfTheListenerLeavesAcceptedChannelsAlone() throws Exception {
        ServerSocketChannel server = listen();
        SocketChannel client = connectTo(server);
        SocketChannel accepted = acceptFrom(server);
        server.close();
        send(client, "x");
        assertEquals("x", receive(accepted, 1));
    }

    @Test
    void closeOfTheListenerResetsWhatWasNotAccepted() throws Exception {
        ServerSocketChannel server = listen();
        SocketChannel client = connectTo(server);
        server.close();
        assertFails(
                SocketException.class,
                "Connection reset",
                () -> client.read(ByteBuffer.allocate(1)));
    }

    @Test
    void closeCancelsTheKeysInAllSelectors() throws Exception {
        SocketChannel channel = connect().client();
        channel.configureBlocking(false);
        Selector first = openSelector();
        Selector second = openSelector();
        SelectionKey inFirst = channel.register(first, SelectionKey.OP_READ);
        SelectionKey inSecond = channel.register(second, SelectionKey.OP_READ);
        channel.close();
        assertFalse(inFirst.isValid());
        assertFalse(inSecond.isValid());
        assertEquals(1, first.keys().size());
        assertEquals(0, first.selectNow());
        assertEquals(0, first.keys().size());
        assertEquals(0, second.selectNow());
        assertEquals(0, second.keys().size());
    }

    @Test
    void closeDuringSelectRemovesTheKeyAtTheNextWakeup() throws Exception {
        SocketChannel channel = connect().client();
        channel.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        Background<Integer> selecting =
                Background.call(() -> selector.select(SELECT_MS)).awaitBlockedIn("select");
        channel.close();
        assertFalse(key.isValid());
        selector.wakeup();
        assertEquals(0, selecting.result());
        assertEquals(0, selector.keys().size());
    }

    @Test
    void peerSeesTheEndBeforeTheSelectorFlushesTheKey() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        pair.client().register(selector, SelectionKey.OP_READ);
        pair.client().close();
        // The selector has not run since: servers rely on this to close from another thread.
        assertEndOfStream(pair.server());
        selector.selectNow();
    }

    @Test
    void closeIsIdempotentFromManyThreads() throws Exception {
        SocketChannel channel = connect().client();
        List<Background<Void>> closers =
                List.of(
                        Background.run(channel::close),
                        Background.run(channel::close),
                        Background.run(channel::close));
        for (Background<Void> closer : closers) {
            closer.result();
        }
        assertFalse(channel.isOpen());
    }

    @Test
    void closeOfTheAdaptorClosesTheChannel() throws Exception {
        SocketChannel channel = connect().client();
        Background<Integer> reader =
                Background.call(() -> channel.read(ByteBuffer.allocate(1))).awaitBlockedIn("read");
        channel.socket().close();
        assertFalse(channel.isOpen());
        reader.failure(AsynchronousCloseException.class);
    }

    @Test
    void closeWhileBytesFlowFailsBothEndsCleanly() throws Exception {
        Pair pair = connect();
        AtomicLong received = new AtomicLong();
        Background<Void> reader = Background.run(() -> drain(pair.server(), received));
        Background<Void> writer =
                Background.run(() -> ReadWriteContract.writeForEver(pair.client()));
        Background.await("bytes flow", () -> received.get() > 1 << 20);
        pair.client().close();
        assertTrue(writer.anyFailure() instanceof ClosedChannelException);
        reader.result();
    }

    private static void drain(SocketChannel channel, AtomicLong received) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(64 << 10);
        for (int n; (n = channel.read(dst.clear())) >= 0; ) {
            received.addAndGet(n);
        }
    }
}
