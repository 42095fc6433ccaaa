package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Selection: when a key is ready, what select returns, wakeup and timeouts. */
abstract class SelectContract extends NioContract {
    private static final int READ = SelectionKey.OP_READ;
    private static final int WRITE = SelectionKey.OP_WRITE;

    SelectContract(Subject subject) {
        super(subject);
    }

    /** The client of the pair is non-blocking and registered. */
    private SelectionKey register(Pair pair, Selector selector, int ops) throws IOException {
        pair.client().configureBlocking(false);
        return pair.client().register(selector, ops);
    }

    @Test
    void connectedChannelIsWritable() throws IOException {
        Selector selector = openSelector();
        SelectionKey key = register(connect(), selector, WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, WRITE);
        assertTrue(key.isWritable());
        assertFalse(key.isReadable());
        assertFalse(key.isConnectable());
        assertFalse(key.isAcceptable());
    }

    @Test
    void channelWithDataIsReadable() throws IOException {
        Pair pair = connect();
        Selector selector = openSelector();
        SelectionKey key = register(pair, selector, READ);
        assertEquals(0, selector.selectNow());
        send(pair.server(), "x");
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ);
    }

    @Test
    void endOfStreamIsReadable() throws IOException {
        Pair pair = connect();
        Selector selector = openSelector();
        SelectionKey key = register(pair, selector, READ);
        pair.server().shutdownOutput();
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ);
        assertEndOfStream(pair.client());
        selector.selectedKeys().clear();
        assertEquals(1, selector.select(SELECT_MS));
    }

    @Test
    void resetIsReadableAndWritable() throws IOException {
        Pair pair = connect();
        Selector selector = openSelector();
        SelectionKey key = register(pair, selector, READ);
        reset(pair.server());
        assertEquals(1, selector.select(SELECT_MS));
        assertTrue(key.isReadable());
        key.interestOps(READ | WRITE);
        selector.selectedKeys().clear();
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ | WRITE);
        assertFails(
                SocketException.class,
                "Connection reset",
                () -> pair.client().read(ByteBuffer.allocate(1)));
    }

    @Test
    void shutDownInputIsReadable() throws IOException {
        Selector selector = openSelector();
        Pair pair = connect();
        SelectionKey key = register(pair, selector, READ);
        pair.client().shutdownInput();
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ);
        assertEndOfStream(pair.client());
    }

    @Test
    void waitingConnectionIsAcceptableUntilAccepted() throws IOException {
        ServerSocketChannel server = listen();
        server.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = server.register(selector, SelectionKey.OP_ACCEPT);
        assertEquals(0, selector.selectNow());
        connectTo(server);
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, SelectionKey.OP_ACCEPT);
        selector.selectedKeys().clear();
        assertEquals(1, selector.select(SELECT_MS));
        acceptFrom(server);
        selector.selectedKeys().clear();
        assertEquals(0, selector.selectNow());
    }

    @Test
    void fullChannelIsWritableAgainOnceThePeerHasRead() throws Exception {
        Pair pair = connect();
        Selector selector = openSelector();
        SelectionKey key = register(pair, selector, WRITE);
        long filled = fill(pair.client());
        assertEquals(0, selector.selectNow());
        Background<Void> reader =
                Background.run(
                        () -> {
                            ByteBuffer dst = ByteBuffer.allocate(64 << 10);
                            for (long n = 0; n < filled; ) {
                                n += pair.server().read(dst.clear());
                            }
                        });
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, WRITE);
        assertTrue(pair.client().write(ByteBuffer.allocate(1)) > 0);
        reader.result();
    }

    @Test
    void readinessIsLevelTriggered() throws IOException {
        Pair pair = connect();
        Selector selector = openSelector();
        SelectionKey key = register(pair, selector, READ);
        send(pair.server(), "ab");
        for (int i = 0; i < 3; i++) {
            assertEquals(1, selector.select(SELECT_MS));
            assertSelected(selector, key, READ);
            selector.selectedKeys().clear();
        }
        assertEquals("a", receive(pair.client(), 1));
        assertEquals(1, selector.select(SELECT_MS));
        selector.selectedKeys().clear();
        assertEquals("b", receive(pair.client(), 1));
        assertEquals(0, selector.selectNow());
    }

    @Test
    void selectCountsOnlyKeysWhoseReadySetChanged() throws IOException {
        Pair pair = connect();
        Selector selector = openSelector();
        SelectionKey key = register(pair, selector, WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        // Still selected, still ready, nothing new.
        assertEquals(0, selector.selectNow());
        assertSelected(selector, key, WRITE);
        assertEquals(0, selector.select(10));
    }

    @Test
    void readySetOfASelectedKeyOnlyGrows() throws Exception {
        Pair pair = connect();
        Selector selector = openSelector();
        SelectionKey key = register(pair, selector, READ | WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        assertEquals(WRITE, key.readyOps());
        send(pair.server(), "x");
        // Writable all along, so that select returns at once; repeated until the byte has come.
        int changes = 0;
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SELECT_MS);
        while (changes == 0 && System.nanoTime() - end < 0) {
            changes = selector.select(10);
        }
        assertEquals(1, changes);
        assertEquals(READ | WRITE, key.readyOps());
        assertEquals("x", receive(pair.client(), 1));
        // No longer readable; the stale bit stays until the key leaves the selected set.
        assertEquals(0, selector.selectNow());
        assertEquals(READ | WRITE, key.readyOps());
        selector.selectedKeys().remove(key);
        assertEquals(1, selector.selectNow());
        assertEquals(WRITE, key.readyOps());
    }

    @Test
    void interestTakenBackLeavesTheReadySetAlone() throws IOException {
        Selector selector = openSelector();
        SelectionKey key = register(connect(), selector, WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        key.interestOps(0);
        assertEquals(WRITE, key.readyOps());
        assertEquals(0, selector.selectNow());
        assertSelected(selector, key, WRITE);
        selector.selectedKeys().clear();
        assertEquals(0, selector.selectNow());
        key.interestOps(WRITE);
        assertEquals(1, selector.selectNow());
    }

    @Test
    void noInterestIsNeverSelected() throws IOException {
        Pair pair = connect();
        Selector selector = openSelector();
        register(pair, selector, 0);
        pair.server().close();
        assertEquals(0, selector.select(20));
        assertTrue(selector.selectedKeys().isEmpty());
    }

    @Test
    void selectReturnsTheNumberOfReadyKeys() throws IOException {
        ServerSocketChannel server = listen();
        Selector selector = openSelector();
        for (int i = 0; i < 5; i++) {
            SocketChannel client = connectTo(server);
            acceptFrom(server);
            client.configureBlocking(false);
            client.register(selector, WRITE);
        }
        assertEquals(5, selector.select(SELECT_MS));
        assertEquals(5, selector.selectedKeys().size());
    }

    @Test
    void selectWithATimeoutWaitsThatLong() throws IOException {
        Selector selector = openSelector();
        register(connect(), selector, READ);
        long start = System.nanoTime();
        assertEquals(0, selector.select(50));
        long elapsed = System.nanoTime() - start;
        assertTrue(elapsed >= TimeUnit.MILLISECONDS.toNanos(49), elapsed + " ns");
    }

    @Test
    void negativeTimeoutIsRefused() throws IOException {
        Selector selector = openSelector();
        assertFails(IllegalArgumentException.class, () -> selector.select(-1));
        assertFails(IllegalArgumentException.class, () -> selector.select(k -> {}, -1));
    }

    @Test
    void timeoutOfZeroWaitsForEver() throws Exception {
        Selector selector = openSelector();
        Background<Integer> selecting =
                Background.call(() -> selector.select(0)).awaitBlockedIn("select");
        selector.wakeup();
        assertEquals(0, selecting.result());
    }

    @Test
    void wakeupEndsABlockedSelect() throws Exception {
        Selector selector = openSelector();
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        assertSame(selector, selector.wakeup());
        assertEquals(0, selecting.result());
    }

    @Test
    void wakeupBeforeSelectMakesItReturnAtOnce() throws Exception {
        Selector selector = openSelector();
        selector.wakeup();
        selector.wakeup();
        assertEquals(0, selector.select());
        // Two wakeups count as one.
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        selector.wakeup();
        assertEquals(0, selecting.result());
    }

    @Test
    void selectNowClearsAWakeup() throws Exception {
        Selector selector = openSelector();
        selector.wakeup();
        assertEquals(0, selector.selectNow());
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        selector.wakeup();
        assertEquals(0, selecting.result());
    }

    @Test
    void wakeupDoesNotHideReadyKeys() throws IOException {
        Selector selector = openSelector();
        SelectionKey key = register(connect(), selector, WRITE);
        selector.wakeup();
        assertEquals(1, selector.select());
        assertSelected(selector, key, WRITE);
    }

    @Test
    void dataEndsABlockedSelect() throws Exception {
        Pair pair = connect();
        Selector selector = openSelector();
        SelectionKey key = register(pair, selector, READ);
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        send(pair.server(), "x");
        assertEquals(1, selecting.result());
        assertSelected(selector, key, READ);
    }

    @Test
    void selectNowNeverWaits() throws IOException {
        Pair pair = connect();
        Selector selector = openSelector();
        register(pair, selector, READ);
        for (int i = 0; i < 100; i++) {
            assertEquals(0, selector.selectNow());
        }
    }

    @Test
    void actionIsGivenEachReadyKeyAndTheSelectedSetStaysEmpty() throws IOException {
        ServerSocketChannel server = listen();
        Selector selector = openSelector();
        List<SelectionKey> keys = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            SocketChannel client = connectTo(server);
            acceptFrom(server);
            client.configureBlocking(false);
            keys.add(client.register(selector, WRITE));
        }
        List<SelectionKey> given = new ArrayList<>();
        int n =
                selector.select(
                        key -> {
                            assertEquals(WRITE, key.readyOps());
                            given.add(key);
                        },
                        SELECT_MS);
        assertEquals(3, n);
        assertEquals(3, given.size());
        assertEquals(Set.copyOf(keys), Set.copyOf(given));
        assertTrue(selector.selectedKeys().isEmpty());
        assertEquals(3, selector.selectNow(key -> {}));
        assertEquals(3, selector.select(key -> {}));
    }

    @Test
    void actionMayCancelCloseAndChangeInterest() throws IOException {
        Pair first = connect();
        Pair second = connect();
        Selector selector = openSelector();
        SelectionKey cancelled = register(first, selector, WRITE);
        SelectionKey changed = register(second, selector, WRITE);
        assertEquals(
                2,
                selector.select(
                        key -> {
                            if (key == cancelled) {
                                key.cancel();
                            } else {
                                key.interestOps(READ);
                            }
                        },
                        SELECT_MS));
        assertEquals(0, selector.selectNow(key -> {}));
        assertEquals(Set.of(changed), selector.keys());
    }

    @Test
    void actionMayNotSelectAgainWithAnAction() throws IOException {
        Selector selector = openSelector();
        register(connect(), selector, WRITE);
        assertFails(
                IllegalStateException.class,
                () ->
                        selector.select(
                                key -> {
                                    try {
                                        selector.selectNow(inner -> {});
                                    } catch (IOException e) {
                                        throw new AssertionError(e);
                                    }
                                },
                                SELECT_MS));
    }

    @Test
    void failureOfTheActionPassesThrough() throws IOException {
        Selector selector = openSelector();
        SelectionKey key = register(connect(), selector, WRITE);
        RuntimeException failure = new RuntimeException("from the action");
        assertSame(
                failure,
                assertFails(
                        RuntimeException.class,
                        () ->
                                selector.select(
                                        k -> {
                                            throw failure;
                                        },
                                        SELECT_MS)));
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, WRITE);
    }

    @Test
    void nullActionIsRefused() throws IOException {
        Selector selector = openSelector();
        assertFails(NullPointerException.class, () -> selector.select(null));
        assertFails(NullPointerException.class, () -> selector.select(null, 1));
        assertFails(NullPointerException.class, () -> selector.selectNow(null));
    }

    @Test
    void actionThatClosesTheSelector() throws IOException {
        Selector selector = openSelector();
        register(connect(), selector, WRITE);
        assertFails(
                ClosedSelectorException.class,
                () ->
                        selector.select(
                                key -> {
                                    try {
                                        selector.close();
                                    } catch (IOException e) {
                                        throw new AssertionError(e);
                                    }
                                },
                                SELECT_MS));
        assertFalse(selector.isOpen());
    }

    @Test
    void keyCancelledWhileSelectedLeavesTheSelectedSet() throws IOException {
        Selector selector = openSelector();
        SelectionKey key = register(connect(), selector, WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        key.cancel();
        assertFails(CancelledKeyException.class, key::readyOps);
        assertTrue(selector.selectedKeys().contains(key));
        assertEquals(0, selector.selectNow());
        assertFalse(selector.selectedKeys().contains(key));
    }

    @Test
    void connectAndWriteAreDistinct() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = client.register(selector, SelectionKey.OP_CONNECT | WRITE);
        if (client.connect(server.getLocalAddress())) {
            return;
        }
        assertEquals(1, selector.select(SELECT_MS));
        assertTrue(key.isConnectable());
        assertTrue(client.finishConnect());
        key.interestOps(WRITE);
        selector.selectedKeys().clear();
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, WRITE);
    }

    @Test
    void connectedChannelIsNotConnectable() throws IOException {
        Selector selector = openSelector();
        register(connect(), selector, SelectionKey.OP_CONNECT);
        assertEquals(0, selector.selectNow());
    }

    @Test
    void unansweredConnectIsNotConnectable() throws IOException {
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        assertFalse(client.connect(unansweringAddress()));
        Selector selector = openSelector();
        client.register(selector, SelectionKey.OP_CONNECT);
        assertEquals(0, selector.select(50));
    }
}
