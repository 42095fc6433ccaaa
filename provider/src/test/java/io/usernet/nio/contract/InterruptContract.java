package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

/** Thread.interrupt before and during blocking calls: channels close, selectors only return. */
abstract class InterruptContract extends NioContract {
    InterruptContract(Subject subject) {
        super(subject);
    }

    @Test
    void interruptDuringReadClosesTheChannel() throws Exception {
        Pair pair = connect();
        Background<Integer> reader =
                Background.call(() -> pair.client().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        reader.interrupt();
        reader.failure(ClosedByInterruptException.class, true);
        assertFalse(pair.client().isOpen());
        assertEndOfStream(pair.server());
    }

    @Test
    void interruptDuringWriteClosesTheChannel() throws Exception {
        SocketChannel channel = connect().client();
        Background<Void> writer =
                Background.run(() -> ReadWriteContract.writeForEver(channel))
                        .awaitBlockedIn("write");
        writer.interrupt();
        // A write that has taken a part returns it; the next one finds the channel closed.
        Throwable failure = writer.anyFailure();
        assertTrue(
                failure.getClass() == ClosedByInterruptException.class
                        || failure.getClass() == ClosedChannelException.class,
                failure.toString());
        assertTrue(writer.endedInterrupted());
        assertFalse(channel.isOpen());
    }

    @Test
    void interruptDuringAcceptClosesTheChannel() throws Exception {
        ServerSocketChannel server = listen();
        Background<SocketChannel> accepting =
                Background.call(server::accept).awaitBlockedIn("accept");
        accepting.interrupt();
        accepting.failure(ClosedByInterruptException.class, true);
        assertFalse(server.isOpen());
    }

    @Test
    void interruptDuringConnectClosesTheChannel() throws Exception {
        InetSocketAddress address = unansweringAddress();
        SocketChannel channel = openSocket();
        Background<Boolean> connecting =
                Background.call(() -> channel.connect(address)).awaitBlockedIn("connect");
        connecting.interrupt();
        connecting.failure(ClosedByInterruptException.class, true);
        assertFalse(channel.isOpen());
    }

    @Test
    void interruptBeforeReadClosesTheChannelAtOnce() throws Exception {
        Pair pair = connect();
        send(pair.server(), "x");
        Background<Integer> reader =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            return pair.client().read(ByteBuffer.allocate(1));
                        });
        reader.failure(ClosedByInterruptException.class, true);
        assertFalse(pair.client().isOpen());
    }

    @Test
    void interruptBeforeWriteClosesTheChannelAtOnce() throws Exception {
        SocketChannel channel = connect().client();
        Background<Integer> writer =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            return channel.write(ascii("x"));
                        });
        writer.failure(ClosedByInterruptException.class, true);
        assertFalse(channel.isOpen());
    }

    @Test
    void interruptBeforeConnectClosesTheChannelAtOnce() throws Exception {
        ServerSocketChannel server = listen();
        SocketChannel channel = openSocket();
        Background<Boolean> connecting =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            return channel.connect(server.getLocalAddress());
                        });
        connecting.failure(ClosedByInterruptException.class, true);
        assertFalse(channel.isOpen());
    }

    @Test
    void interruptBeforeAcceptClosesTheChannelAtOnce() throws Exception {
        ServerSocketChannel server = listen();
        Background<SocketChannel> accepting =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            return server.accept();
                        });
        accepting.failure(ClosedByInterruptException.class, true);
        assertFalse(server.isOpen());
    }

    @Test
    void interruptDoesNotDisturbNonBlockingCalls() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Background<Integer> calls =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            return pair.client().read(ByteBuffer.allocate(1))
                                    + pair.client().write(ascii("x"));
                        });
        assertEquals(1, calls.result());
        assertTrue(calls.endedInterrupted());
        assertTrue(pair.client().isOpen());
        assertEquals("x", receive(pair.server(), 1));
    }

    @Test
    void interruptDoesNotDisturbBind() throws Exception {
        ServerSocketChannel server = openServer();
        Background<Void> binding =
                Background.run(
                        () -> {
                            Thread.currentThread().interrupt();
                            server.bind(anyPort());
                        });
        binding.result();
        assertTrue(binding.endedInterrupted());
        assertTrue(server.isOpen());
        connectTo(server);
    }

    @Test
    void interruptOfOneUserClosesTheChannelForTheOther() throws Exception {
        SocketChannel channel = connect().client();
        Background<Void> writer =
                Background.run(() -> ReadWriteContract.writeForEver(channel))
                        .awaitBlockedIn("write");
        Background<Integer> reader =
                Background.call(() -> channel.read(ByteBuffer.allocate(1))).awaitBlockedIn("read");
        reader.interrupt();
        reader.failure(ClosedByInterruptException.class, true);
        assertTrue(writer.anyFailure() instanceof ClosedChannelException);
        assertFalse(writer.endedInterrupted());
    }

    @Test
    void interruptDuringSelectReturnsWithTheStatusSet() throws Exception {
        Selector selector = openSelector();
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        selecting.interrupt();
        assertEquals(0, selecting.result());
        assertTrue(selecting.endedInterrupted());
        assertTrue(selector.isOpen());
    }

    @Test
    void interruptBeforeSelectReturnsAtOnce() throws Exception {
        Selector selector = openSelector();
        Background<Integer> selecting =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            return selector.select();
                        });
        assertEquals(0, selecting.result());
        assertTrue(selecting.endedInterrupted());
        assertTrue(selector.isOpen());
    }

    @Test
    void interruptedSelectStillReportsReadyKeys() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = pair.client().register(selector, SelectionKey.OP_WRITE);
        Background<Integer> selecting =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            return selector.select();
                        });
        assertEquals(1, selecting.result());
        assertTrue(key.isWritable());
        assertTrue(pair.client().isOpen());
    }

    @Test
    void selectNowIgnoresTheInterruptStatus() throws Exception {
        Selector selector = openSelector();
        Background<Integer> selecting =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            return selector.selectNow();
                        });
        assertEquals(0, selecting.result());
        assertTrue(selecting.endedInterrupted());
    }
}
