package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.AcceptPendingException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.NotYetBoundException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Listening and accepting. */
abstract class AcceptContract extends AioContract {
    AcceptContract(Subject subject) {
        super(subject);
    }

    @Test
    void acceptsWhoConnectsLater() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        Future<AsynchronousSocketChannel> accepting = server.accept();
        assertFalse(accepting.isDone());
        AsynchronousSocketChannel client = openSocket();
        result(client.connect(server.getLocalAddress()));
        AsynchronousSocketChannel accepted = closing(result(accepting));
        write(client, "hello");
        assertEquals("hello", read(accepted, 5));
    }

    @Test
    void acceptsWhoHasConnected() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        AsynchronousSocketChannel client = openSocket();
        result(client.connect(server.getLocalAddress()));
        Recorder<AsynchronousSocketChannel, String> handler = new Recorder<>();
        server.accept("attached", handler);
        assertEquals(client.getLocalAddress(), closing(handler.value()).getRemoteAddress());
        assertEquals("attached", handler.attachment());
    }

    @Test
    void acceptsOneAfterTheOtherInItsHandler() throws Exception {
        int connections = 40;
        AsynchronousServerSocketChannel server = listen(fixed(1));
        CountDownLatch accepted = new CountDownLatch(connections);
        server.accept(
                null,
                new CompletionHandler<AsynchronousSocketChannel, Void>() {
                    @Override
                    public void completed(AsynchronousSocketChannel channel, Void attachment) {
                        server.accept(null, this);
                        closing(channel);
                        accepted.countDown();
                    }

                    @Override
                    public void failed(Throwable thrown, Void attachment) {}
                });
        for (int i = 0; i < connections; i++) {
            result(openSocket().connect(server.getLocalAddress()));
        }
        assertTrue(accepted.await(LIMIT_S, TimeUnit.SECONDS));
    }

    @Test
    void handlerIsNotCalledByTheThreadThatAsks() throws Exception {
        AsynchronousChannelGroup group = fixed(2);
        AsynchronousServerSocketChannel server = listen(group);
        for (int i = 0; i < 2; i++) result(openSocket().connect(server.getLocalAddress()));
        Recorder<AsynchronousSocketChannel, Void> second = new Recorder<>();
        AtomicReference<Boolean> calledInside = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        server.accept(
                null,
                new Recorder<AsynchronousSocketChannel, Void>() {
                    @Override
                    public void completed(AsynchronousSocketChannel channel, Void attachment) {
                        closing(channel);
                        Thread asking = Thread.currentThread();
                        AtomicReference<Thread> calling = new AtomicReference<>();
                        server.accept(
                                null,
                                new CompletionHandler<AsynchronousSocketChannel, Void>() {
                                    @Override
                                    public void completed(
                                            AsynchronousSocketChannel other, Void with) {
                                        calling.set(Thread.currentThread());
                                        second.completed(other, with);
                                    }

                                    @Override
                                    public void failed(Throwable thrown, Void with) {
                                        second.failed(thrown, with);
                                    }
                                });
                        calledInside.set(calling.get() == asking);
                        done.countDown();
                    }
                });
        assertTrue(done.await(LIMIT_S, TimeUnit.SECONDS));
        closing(second.value());
        assertFalse(calledInside.get());
        assertTrue(isOfGroup(second.thread()));
    }

    @Test
    void oneAcceptAtATime() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        server.accept();
        assertFails(AcceptPendingException.class, server::accept);
        assertFails(AcceptPendingException.class, () -> server.accept(null, new Recorder<>()));
    }

    @Test
    void unboundServerCannotAccept() throws Exception {
        AsynchronousServerSocketChannel server = openServer(null);
        assertNull(server.getLocalAddress());
        assertFails(NotYetBoundException.class, server::accept);
        assertFails(NotYetBoundException.class, () -> server.accept(null, new Recorder<>()));
        assertFails(NullPointerException.class, () -> server.accept(null, null));
    }

    @Test
    void closedServerFails() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        server.close();
        assertFalse(server.isOpen());
        failure(ClosedChannelException.class, server.accept());
        Recorder<AsynchronousSocketChannel, Void> handler = new Recorder<>();
        server.accept(null, handler);
        handler.failure(ClosedChannelException.class);
        assertFails(ClosedChannelException.class, () -> server.bind(anyPort()));
        assertFails(ClosedChannelException.class, server::getLocalAddress);
        server.close();
    }

    @Test
    void closeEndsAPendingAccept() throws Exception {
        AsynchronousServerSocketChannel one = listen();
        Future<AsynchronousSocketChannel> accepting = one.accept();
        AsynchronousServerSocketChannel other = listen();
        Recorder<AsynchronousSocketChannel, String> handler = new Recorder<>();
        other.accept("attached", handler);
        one.close();
        other.close();
        failure(AsynchronousCloseException.class, accepting);
        handler.failure(AsynchronousCloseException.class);
        assertEquals("attached", handler.attachment());
    }

    @Test
    void portIsFreeAfterClose() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        server.accept();
        InetSocketAddress address = (InetSocketAddress) server.getLocalAddress();
        server.close();
        await(
                "the port is free",
                () -> {
                    try (AsynchronousServerSocketChannel next =
                            subject.provider().openAsynchronousServerSocketChannel(null)) {
                        next.bind(address);
                        return true;
                    } catch (BindException e) {
                        return false;
                    } catch (java.io.IOException e) {
                        throw new AssertionError(e);
                    }
                });
    }

    @Test
    void bindsOnce() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        assertFails(AlreadyBoundException.class, () -> server.bind(anyPort()));
        AsynchronousServerSocketChannel other = openServer(null);
        assertFails(
                BindException.class,
                "Address already in use",
                () -> other.bind(server.getLocalAddress()));
    }
}
