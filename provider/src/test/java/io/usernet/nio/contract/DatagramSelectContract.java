package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** DatagramChannel and Selector. */
abstract class DatagramSelectContract extends NioContract {
    private static final int READ = SelectionKey.OP_READ;
    private static final int WRITE = SelectionKey.OP_WRITE;

    DatagramSelectContract(Subject subject) {
        super(subject);
    }

    private DatagramChannel nonBlocking() throws IOException {
        DatagramChannel channel = boundDatagram();
        channel.configureBlocking(false);
        return channel;
    }

    @Test
    void newChannelIsWritableAndNotReadable() throws IOException {
        DatagramChannel channel = openDatagram();
        channel.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, READ | WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, WRITE);
    }

    @Test
    void operationsOfStreamsAreRefused() throws IOException {
        DatagramChannel channel = nonBlocking();
        Selector selector = openSelector();
        for (int ops : new int[] {SelectionKey.OP_ACCEPT, SelectionKey.OP_CONNECT})
            assertFails(
                    IllegalArgumentException.class, () -> channel.register(selector, READ | ops));
    }

    @Test
    void datagramMakesReadableUntilReceived() throws IOException {
        DatagramChannel channel = nonBlocking(), sender = boundDatagram();
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, READ);
        assertEquals(0, selector.selectNow());
        sender.send(ascii("one"), channel.getLocalAddress());
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ);
        selector.selectedKeys().clear();
        assertEquals(1, selector.select(SELECT_MS));
        selector.selectedKeys().clear();
        assertEquals(sender.getLocalAddress(), channel.receive(ByteBuffer.allocate(1)));
        assertEquals(0, selector.selectNow());
        assertNull(channel.receive(ByteBuffer.allocate(1)));
    }

    @Test
    void emptyDatagramMakesReadable() throws IOException {
        DatagramChannel channel = nonBlocking(), sender = boundDatagram();
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, READ);
        sender.send(ByteBuffer.allocate(0), channel.getLocalAddress());
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ);
        assertEquals(sender.getLocalAddress(), channel.receive(ByteBuffer.allocate(1)));
        selector.selectedKeys().clear();
        assertEquals(0, selector.selectNow());
    }

    @Test
    void datagramWakesABlockedSelect() throws Exception {
        DatagramChannel channel = nonBlocking(), sender = boundDatagram();
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, READ);
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        sender.send(ascii("x"), channel.getLocalAddress());
        assertEquals(1, selecting.result());
        assertSelected(selector, key, READ);
    }

    @Test
    void channelRegisteredBeforeItIsBoundIsServed() throws IOException {
        DatagramChannel channel = openDatagram();
        channel.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, READ);
        assertEquals(0, selector.selectNow());
        channel.bind(anyPort());
        boundDatagram().send(ascii("x"), channel.getLocalAddress());
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ);
    }

    @Test
    void unreachablePortMakesReadableAndWritable() throws IOException {
        DatagramChannel channel = nonBlocking();
        channel.connect(deafAddress());
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, READ);
        channel.write(ascii("x"));
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ);
        key.interestOps(READ | WRITE);
        selector.selectedKeys().clear();
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, READ | WRITE);
        assertFails(PortUnreachableException.class, () -> channel.read(ByteBuffer.allocate(1)));
        selector.selectedKeys().clear();
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, key, WRITE);
    }

    @Test
    void pingPongThroughOneSelector() throws IOException {
        DatagramChannel server = nonBlocking(), client = nonBlocking();
        client.connect(server.getLocalAddress());
        Selector selector = openSelector();
        server.register(selector, READ);
        client.register(selector, READ);
        ByteBuffer buffer = ByteBuffer.allocateDirect(100);
        client.write(ascii("ping"));
        for (int served = 0, answered = 0; answered < 200; ) {
            assertTrue(selector.select(SELECT_MS) > 0);
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.channel() == server) {
                    SocketAddress from = server.receive(buffer.clear());
                    assertNotNull(from);
                    assertEquals(4, server.send(buffer.flip(), from));
                    served++;
                } else {
                    assertEquals(4, client.read(buffer.clear()));
                    answered++;
                    assertEquals(served, answered);
                    client.write(ascii("ping"));
                }
            }
            selector.selectedKeys().clear();
        }
    }

    /** Whoever selects meanwhile would read from it, and fail. */
    @Test
    void channelIsNotSelectedWhileItIsBeingClosed() throws Exception {
        Selector selector = openSelector();
        for (int i = 0; i < 50; i++) {
            DatagramChannel channel = nonBlocking();
            channel.register(selector, READ);
            AtomicInteger selections = new AtomicInteger();
            Background<Integer> selecting =
                    Background.call(
                            () -> {
                                int found = 0;
                                while (!selector.keys().isEmpty()) {
                                    found += selector.selectNow();
                                    selector.selectedKeys().clear();
                                    selections.incrementAndGet();
                                }
                                return found;
                            });
            Background.await("a selection", () -> selections.get() > 0);
            channel.close();
            assertEquals(0, selecting.result());
        }
    }

    @Test
    void closeCancelsTheKeyAndFreesThePort() throws IOException {
        DatagramChannel channel = nonBlocking();
        SocketAddress local = channel.getLocalAddress();
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, READ);
        channel.close();
        assertFalse(key.isValid());
        assertFails(CancelledKeyException.class, key::interestOps);
        assertEquals(0, selector.selectNow());
        assertTrue(selector.keys().isEmpty());
        assertEquals(local, openDatagram().bind(local).getLocalAddress());
    }

    @Test
    void registeredChannelStaysNonBlocking() throws IOException {
        DatagramChannel channel = boundDatagram();
        Selector selector = openSelector();
        assertFails(IllegalBlockingModeException.class, () -> channel.register(selector, READ));
        channel.configureBlocking(false);
        SelectionKey key = channel.register(selector, READ);
        assertFails(IllegalBlockingModeException.class, () -> channel.configureBlocking(true));
        key.cancel();
        selector.selectNow();
        channel.configureBlocking(true);
        assertTrue(channel.isBlocking());
    }

    @Test
    void twoSelectorsHearOfTheSameDatagram() throws IOException {
        DatagramChannel channel = nonBlocking();
        Selector one = openSelector(), other = openSelector();
        channel.register(one, READ);
        channel.register(other, READ);
        boundDatagram().send(ascii("x"), channel.getLocalAddress());
        assertEquals(1, one.select(SELECT_MS));
        assertEquals(1, other.select(SELECT_MS));
    }
}
