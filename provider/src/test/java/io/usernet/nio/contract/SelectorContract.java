package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.IllegalSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Registration, keys and their sets: what a selector keeps. Selection itself is in {@link SelectContract}. */
abstract class SelectorContract extends NioContract {
    SelectorContract(Subject subject) {
        super(subject);
    }

    private SocketChannel nonBlocking() throws IOException {
        SocketChannel channel = connect().client();
        channel.configureBlocking(false);
        return channel;
    }

    @Test
    void newSelectorIsOpenAndEmpty() throws IOException {
        Selector selector = openSelector();
        assertTrue(selector.isOpen());
        assertSame(subject.provider(), selector.provider());
        assertTrue(selector.keys().isEmpty());
        assertTrue(selector.selectedKeys().isEmpty());
        assertEquals(0, selector.selectNow());
    }

    @Test
    void registerCreatesAKey() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = nonBlocking();
        Object attachment = new Object();
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ, attachment);
        assertTrue(key.isValid());
        assertSame(channel, key.channel());
        assertSame(selector, key.selector());
        assertEquals(SelectionKey.OP_READ, key.interestOps());
        assertEquals(0, key.readyOps());
        assertSame(attachment, key.attachment());
        assertTrue(channel.isRegistered());
        assertSame(key, channel.keyFor(selector));
        assertEquals(Set.of(key), selector.keys());
    }

    @Test
    void registerAgainUpdatesTheSameKey() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = nonBlocking();
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ, "first");
        assertSame(key, channel.register(selector, SelectionKey.OP_WRITE, "second"));
        assertEquals(SelectionKey.OP_WRITE, key.interestOps());
        assertEquals("second", key.attachment());
        assertSame(key, channel.register(selector, 0));
        assertEquals(0, key.interestOps());
        assertNull(key.attachment());
        assertEquals(1, selector.keys().size());
    }

    @Test
    void oneChannelInTwoSelectorsHasTwoKeys() throws IOException {
        SocketChannel channel = nonBlocking();
        Selector first = openSelector();
        Selector second = openSelector();
        SelectionKey reading = channel.register(first, SelectionKey.OP_READ);
        SelectionKey writing = channel.register(second, SelectionKey.OP_WRITE);
        assertNotSame(reading, writing);
        assertEquals(0, first.selectNow());
        assertEquals(1, second.select(SELECT_MS));
        assertSelected(second, writing, SelectionKey.OP_WRITE);
    }

    @Test
    void attachReturnsTheFormerAttachment() throws IOException {
        SelectionKey key = nonBlocking().register(openSelector(), 0, "a");
        assertEquals("a", key.attach("b"));
        assertEquals("b", key.attach(null));
        assertNull(key.attachment());
    }

    @Test
    void registerInBlockingModeIsRefused() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = connect().client();
        assertFails(
                IllegalBlockingModeException.class,
                () -> channel.register(selector, SelectionKey.OP_READ));
        assertFalse(channel.isRegistered());
    }

    @Test
    void registeredChannelCannotBlock() throws IOException {
        SocketChannel channel = nonBlocking();
        channel.register(openSelector(), 0);
        assertFails(IllegalBlockingModeException.class, () -> channel.configureBlocking(true));
        assertFalse(channel.isBlocking());
        channel.configureBlocking(false);
    }

    @Test
    void operationsTheChannelHasNotAreRefused() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = nonBlocking();
        assertFails(
                IllegalArgumentException.class,
                () -> channel.register(selector, SelectionKey.OP_ACCEPT));
        assertFails(IllegalArgumentException.class, () -> channel.register(selector, 1 << 7));
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        assertFails(IllegalArgumentException.class, () -> key.interestOps(SelectionKey.OP_ACCEPT));
        assertFails(
                IllegalArgumentException.class, () -> key.interestOpsOr(SelectionKey.OP_ACCEPT));
        assertEquals(SelectionKey.OP_READ, key.interestOps());
        ServerSocketChannel server = listen();
        server.configureBlocking(false);
        assertFails(
                IllegalArgumentException.class,
                () -> server.register(selector, SelectionKey.OP_READ));
    }

    @Test
    void interestOpsReplacesOrsAndAnds() throws IOException {
        SelectionKey key = nonBlocking().register(openSelector(), SelectionKey.OP_READ);
        assertSame(key, key.interestOps(SelectionKey.OP_WRITE));
        assertEquals(SelectionKey.OP_WRITE, key.interestOpsOr(SelectionKey.OP_READ));
        assertEquals(SelectionKey.OP_WRITE | SelectionKey.OP_READ, key.interestOps());
        assertEquals(
                SelectionKey.OP_WRITE | SelectionKey.OP_READ,
                key.interestOpsAnd(~SelectionKey.OP_WRITE));
        assertEquals(SelectionKey.OP_READ, key.interestOps());
    }

    @Test
    void registerOfAClosedChannelIsRefused() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = nonBlocking();
        channel.close();
        assertFails(
                ClosedChannelException.class,
                () -> channel.register(selector, SelectionKey.OP_READ));
    }

    @Test
    void registerWithAClosedSelectorIsRefused() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = nonBlocking();
        selector.close();
        assertFails(
                ClosedSelectorException.class,
                () -> channel.register(selector, SelectionKey.OP_READ));
        assertFalse(channel.isRegistered());
    }

    @Test
    void channelOfAnotherKindIsRefused() throws IOException {
        AbstractSelectableChannel strange =
                new AbstractSelectableChannel(subject.provider()) {
                    @Override
                    protected void implCloseSelectableChannel() {}

                    @Override
                    protected void implConfigureBlocking(boolean block) {}

                    @Override
                    public int validOps() {
                        return SelectionKey.OP_READ;
                    }
                };
        closing(strange).configureBlocking(false);
        Selector selector = openSelector();
        assertFails(
                IllegalSelectorException.class,
                () -> strange.register(selector, SelectionKey.OP_READ));
    }

    @Test
    void keySetsAreOnlyToBeLookedAt() throws IOException {
        Selector selector = openSelector();
        SelectionKey key = nonBlocking().register(selector, SelectionKey.OP_WRITE);
        Set<SelectionKey> keys = selector.keys();
        assertSame(keys, selector.keys());
        assertFails(UnsupportedOperationException.class, () -> keys.add(key));
        assertFails(UnsupportedOperationException.class, () -> keys.remove(key));
        assertFails(UnsupportedOperationException.class, keys::clear);
        Iterator<SelectionKey> iterator = keys.iterator();
        assertSame(key, iterator.next());
        assertFails(UnsupportedOperationException.class, iterator::remove);
    }

    /** The type of what is added doesn't matter: the application may have the set as a raw one. */
    @Test
    @SuppressWarnings({"rawtypes", "unchecked"})
    void keySetsRefuseToAddAnything() throws IOException {
        Selector selector = openSelector();
        Set keys = selector.keys(), selected = selector.selectedKeys();
        for (Object any : new Object[] {"no key", null}) {
            assertFails(UnsupportedOperationException.class, () -> keys.add(any));
            assertFails(UnsupportedOperationException.class, () -> selected.add(any));
        }
        assertTrue(keys.isEmpty());
        assertTrue(selected.isEmpty());
    }

    @Test
    void selectedKeysMayBeRemovedButNotAdded() throws IOException {
        Selector selector = openSelector();
        SelectionKey key = nonBlocking().register(selector, SelectionKey.OP_WRITE);
        Set<SelectionKey> selected = selector.selectedKeys();
        assertSame(selected, selector.selectedKeys());
        assertFails(UnsupportedOperationException.class, () -> selected.add(key));
        assertFails(UnsupportedOperationException.class, () -> selected.addAll(List.of(key)));
        assertEquals(1, selector.select(SELECT_MS));
        assertTrue(selected.contains(key));
        assertTrue(selected.remove(key));
        assertTrue(selected.isEmpty());
        assertEquals(1, selector.select(SELECT_MS));
        Iterator<SelectionKey> iterator = selected.iterator();
        assertSame(key, iterator.next());
        iterator.remove();
        assertTrue(selected.isEmpty());
        assertEquals(1, selector.select(SELECT_MS));
        selected.clear();
        assertEquals(1, selector.select(SELECT_MS));
        assertTrue(selected.removeAll(List.of(key)));
        assertTrue(selector.keys().contains(key));
    }

    @Test
    void cancelledKeyIsFlushedByTheNextSelection() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = nonBlocking();
        SelectionKey key = channel.register(selector, SelectionKey.OP_WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        key.cancel();
        key.cancel();
        assertFalse(key.isValid());
        assertTrue(channel.isRegistered());
        assertTrue(selector.keys().contains(key));
        assertEquals(0, selector.selectNow());
        assertFalse(channel.isRegistered());
        assertNull(channel.keyFor(selector));
        assertTrue(selector.keys().isEmpty());
        assertTrue(selector.selectedKeys().isEmpty());
    }

    @Test
    void cancelledKeyAnswersCancelledKeyException() throws IOException {
        SelectionKey key = nonBlocking().register(openSelector(), SelectionKey.OP_READ, "kept");
        Selector selector = key.selector();
        SocketChannel channel = (SocketChannel) key.channel();
        key.cancel();
        assertFails(CancelledKeyException.class, key::interestOps);
        assertFails(CancelledKeyException.class, () -> key.interestOps(0));
        assertFails(CancelledKeyException.class, () -> key.interestOpsOr(0));
        assertFails(CancelledKeyException.class, () -> key.interestOpsAnd(0));
        assertFails(CancelledKeyException.class, key::readyOps);
        assertFails(CancelledKeyException.class, key::isReadable);
        assertFails(CancelledKeyException.class, key::isWritable);
        assertFails(CancelledKeyException.class, key::isConnectable);
        assertFails(CancelledKeyException.class, key::isAcceptable);
        assertSame(selector, key.selector());
        assertSame(channel, key.channel());
        assertEquals("kept", key.attachment());
    }

    @Test
    void registerBeforeTheCancelledKeyIsFlushedIsRefused() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = nonBlocking();
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        key.cancel();
        assertFails(
                CancelledKeyException.class,
                () -> channel.register(selector, SelectionKey.OP_READ));
        selector.selectNow();
        SelectionKey fresh = channel.register(selector, SelectionKey.OP_READ);
        assertNotSame(key, fresh);
        assertTrue(fresh.isValid());
    }

    @Test
    void cancelThenSelectNowGivesTheChannelBackForBlocking() throws Exception {
        Pair pair = connect();
        Selector selector = openSelector();
        pair.client().configureBlocking(false);
        SelectionKey key = pair.client().register(selector, SelectionKey.OP_READ);
        key.cancel();
        selector.selectNow();
        pair.client().configureBlocking(true);
        Background<String> reader =
                Background.call(() -> receive(pair.client(), 1)).awaitBlockedIn("read");
        send(pair.server(), "x");
        assertEquals("x", reader.result());
        pair.client().configureBlocking(false);
        assertTrue(pair.client().register(selector, SelectionKey.OP_WRITE).isValid());
        assertEquals(1, selector.select(SELECT_MS));
    }

    /** As the JDK's HTTP server does for every request. */
    @Test
    void cancelGivesTheChannelBackForBlockingBeforeTheFlush() throws Exception {
        Pair pair = connect();
        Selector selector = openSelector();
        for (int i = 0; i < 3; i++) {
            pair.client().configureBlocking(false);
            SelectionKey key = pair.client().register(selector, SelectionKey.OP_READ);
            send(pair.server(), "x");
            assertEquals(1, selector.select(SELECT_MS));
            key.cancel();
            pair.client().configureBlocking(true);
            assertEquals("x", receive(pair.client(), 1));
            selector.selectNow();
        }
    }

    @Test
    void closedSelectorAnswersClosedSelectorException() throws IOException {
        Selector selector = openSelector();
        SocketChannel channel = nonBlocking();
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        selector.close();
        selector.close();
        assertFalse(selector.isOpen());
        assertFails(ClosedSelectorException.class, selector::select);
        assertFails(ClosedSelectorException.class, () -> selector.select(1));
        assertFails(ClosedSelectorException.class, selector::selectNow);
        assertFails(ClosedSelectorException.class, () -> selector.selectNow(k -> {}));
        assertFails(ClosedSelectorException.class, selector::keys);
        assertFails(ClosedSelectorException.class, selector::selectedKeys);
        // The JDK's wakeup is a silent no-op here.
        assertSame(selector, selector.wakeup());
        assertFalse(key.isValid());
        assertFalse(channel.isRegistered());
        assertTrue(channel.isOpen());
        channel.configureBlocking(true);
    }

    @Test
    void manyChannelsInOneSelector() throws Exception {
        ServerSocketChannel server = openServer().bind(anyPort(), 128);
        Selector selector = openSelector();
        List<SocketChannel> peers = new ArrayList<>();
        List<SelectionKey> keys = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            SocketChannel client = connectTo(server);
            client.configureBlocking(false);
            keys.add(client.register(selector, SelectionKey.OP_READ, i));
            peers.add(acceptFrom(server));
        }
        assertEquals(100, selector.keys().size());
        assertEquals(0, selector.selectNow());
        for (int i = 0; i < 100; i += 3) {
            send(peers.get(i), "x");
        }
        int selected = 0;
        // Returns at once with 0 while those selected are still ready and the next byte has not
        // come.
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SELECT_MS);
        while (selected < 34 && System.nanoTime() - end < 0) {
            selected += selector.select(SELECT_MS);
        }
        assertEquals(34, selected);
        assertEquals(34, selector.selectedKeys().size());
        for (int i = 0; i < 100; i++) {
            assertEquals(i % 3 == 0, selector.selectedKeys().contains(keys.get(i)));
        }
    }

    @Test
    void keySurvivesBindAndConnect() throws IOException {
        ServerSocketChannel server = listen();
        SocketChannel client = openSocket();
        client.configureBlocking(false);
        Selector selector = openSelector();
        // Frameworks register before they bind or connect.
        SelectionKey key = client.register(selector, 0);
        client.bind(anyPort());
        boolean connected = client.connect(server.getLocalAddress());
        if (!connected) {
            key.interestOps(SelectionKey.OP_CONNECT);
            assertEquals(1, selector.select(SELECT_MS));
            assertTrue(client.finishConnect());
        }
        selector.selectedKeys().clear();
        key.interestOps(SelectionKey.OP_WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, SelectionKey.OP_WRITE);
    }

    @Test
    void serverRegisteredBeforeBindAccepts() throws IOException {
        ServerSocketChannel server = openServer();
        server.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = server.register(selector, SelectionKey.OP_ACCEPT);
        server.bind(anyPort());
        assertEquals(0, selector.selectNow());
        connectTo(server);
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, SelectionKey.OP_ACCEPT);
        acceptFrom(server);
    }

    @Test
    void unboundServerIsNeverAcceptable() throws IOException {
        ServerSocketChannel server = openServer();
        server.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = server.register(selector, SelectionKey.OP_ACCEPT);
        selector.selectNow();
        // Linux's epoll reports an unbound socket as hung up, which the JDK translates to
        // "acceptable".
        assertTrue(key.isValid());
        key.cancel();
        server.bind(anyPort());
        selector.selectNow();
        InetSocketAddress local = (InetSocketAddress) server.getLocalAddress();
        assertTrue(local.getPort() > 0);
    }

    @Test
    void echoOverOneSelector() throws Exception {
        ServerSocketChannel server = listen();
        server.configureBlocking(false);
        Selector selector = openSelector();
        server.register(selector, SelectionKey.OP_ACCEPT);
        Background<Void> loop = Background.run(() -> echoUntilAllClosed(selector, 4));
        for (int i = 0; i < 4; i++) {
            SocketChannel client = connectTo(server);
            send(client, "hello " + i);
            assertEquals("hello " + i, receive(client, 7));
            client.close();
        }
        loop.result();
    }

    private void echoUntilAllClosed(Selector selector, int connections) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(100);
        for (int closed = 0; closed < connections; ) {
            assertTrue(selector.select(SELECT_MS) > 0);
            for (Iterator<SelectionKey> i = selector.selectedKeys().iterator(); i.hasNext(); ) {
                SelectionKey key = i.next();
                i.remove();
                if (key.isAcceptable()) {
                    SocketChannel accepted = acceptFrom((ServerSocketChannel) key.channel());
                    accepted.configureBlocking(false);
                    accepted.register(selector, SelectionKey.OP_READ);
                } else {
                    SocketChannel channel = (SocketChannel) key.channel();
                    if (channel.read(buffer.clear()) < 0) {
                        channel.close();
                        closed++;
                    } else {
                        writeFully(channel, buffer.flip());
                    }
                }
            }
        }
    }
}
