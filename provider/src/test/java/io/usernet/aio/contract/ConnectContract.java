package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Binding and connecting. */
abstract class ConnectContract extends AioContract {
    ConnectContract(Subject subject) {
        super(subject);
    }

    private static final class OtherAddress extends SocketAddress {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void connectsWithAFuture() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        AsynchronousSocketChannel client = openSocket();
        assertNull(client.getLocalAddress());
        assertNull(client.getRemoteAddress());
        assertNull(result(client.connect(server.getLocalAddress())));
        assertEquals(server.getLocalAddress(), client.getRemoteAddress());
        AsynchronousSocketChannel accepted = closing(result(server.accept()));
        assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
        assertEquals(client.getRemoteAddress(), accepted.getLocalAddress());
    }

    @Test
    void connectsWithAHandler() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        AsynchronousSocketChannel client = openSocket();
        Recorder<Void, String> handler = new Recorder<>();
        client.connect(server.getLocalAddress(), "attached", handler);
        assertNull(handler.value());
        assertEquals("attached", handler.attachment());
        assertEquals(server.getLocalAddress(), client.getRemoteAddress());
    }

    @Test
    void providerOfAChannelIsTheOneThatOpenedIt() throws Exception {
        assertSame(subject.provider(), openSocket().provider());
        assertSame(subject.provider(), openServer(null).provider());
        assertSame(subject.provider(), fixed(1).provider());
    }

    @Test
    void refusedConnectClosesTheChannel() throws Exception {
        AsynchronousSocketChannel client = openSocket();
        ConnectException refused =
                failure(ConnectException.class, client.connect(refusingAddress()));
        assertEquals("Connection refused", refused.getMessage());
        assertFalse(client.isOpen());
    }

    @Test
    void refusedConnectTellsTheHandler() throws Exception {
        AsynchronousSocketChannel client = openSocket();
        Recorder<Void, Void> handler = new Recorder<>();
        client.connect(refusingAddress(), null, handler);
        assertEquals("Connection refused", handler.failure(ConnectException.class).getMessage());
        assertFalse(client.isOpen());
    }

    @Test
    void connectedChannelCannotConnectAgain() throws Exception {
        Pair pair = connect();
        assertFails(
                AlreadyConnectedException.class,
                () -> pair.client().connect(pair.client().getRemoteAddress()));
        assertFails(
                AlreadyConnectedException.class,
                () -> pair.server().connect(pair.client().getLocalAddress()));
    }

    @Test
    void pendingConnectAllowsNoOtherAndNoBind() throws Exception {
        InetSocketAddress address = unansweringAddress();
        AsynchronousSocketChannel client = openSocket();
        Future<Void> connecting = client.connect(address);
        assertFails(ConnectionPendingException.class, () -> client.connect(address));
        assertFails(ConnectionPendingException.class, () -> client.bind(anyPort()));
        assertFalse(connecting.isDone());
        assertNull(client.getRemoteAddress());
    }

    @Test
    void closeEndsAPendingConnect() throws Exception {
        InetSocketAddress address = unansweringAddress();
        AsynchronousSocketChannel client = openSocket();
        Future<Void> connecting = client.connect(address);
        AsynchronousSocketChannel other = openSocket();
        Recorder<Void, Void> handler = new Recorder<>();
        other.connect(address, null, handler);
        client.close();
        other.close();
        failure(AsynchronousCloseException.class, connecting);
        handler.failure(AsynchronousCloseException.class);
    }

    @Test
    void closedChannelFailsToConnect() throws Exception {
        AsynchronousSocketChannel client = openSocket();
        client.close();
        InetSocketAddress address = refusingAddress();
        failure(ClosedChannelException.class, client.connect(address));
        Recorder<Void, Void> handler = new Recorder<>();
        client.connect(address, null, handler);
        handler.failure(ClosedChannelException.class);
        assertFails(ClosedChannelException.class, () -> client.bind(null));
        assertFails(ClosedChannelException.class, client::getLocalAddress);
        assertFails(ClosedChannelException.class, client::getRemoteAddress);
    }

    @Test
    void wrongAddressesAreThrownAtTheCaller() throws Exception {
        AsynchronousSocketChannel client = openSocket();
        assertFails(
                UnresolvedAddressException.class,
                () -> client.connect(InetSocketAddress.createUnresolved("nowhere.invalid", 1)));
        assertFails(
                UnsupportedAddressTypeException.class, () -> client.connect(new OtherAddress()));
        assertFails(UnsupportedAddressTypeException.class, () -> client.bind(new OtherAddress()));
        assertFails(NullPointerException.class, () -> openSocket().connect(anyPort(), null, null));
        assertTrue(client.isOpen());
    }

    @Test
    void bindsBeforeItConnects() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        AsynchronousSocketChannel client = openSocket();
        assertSame(client, client.bind(anyPort()));
        SocketAddress local = client.getLocalAddress();
        assertNotNull(local);
        assertFails(AlreadyBoundException.class, () -> client.bind(anyPort()));
        result(client.connect(server.getLocalAddress()));
        assertEquals(local, closing(result(server.accept())).getRemoteAddress());
    }

    @Test
    void connectedChannelIsBound() throws Exception {
        Pair pair = connect();
        assertFails(AlreadyBoundException.class, () -> pair.client().bind(null));
        assertFails(AlreadyBoundException.class, () -> pair.server().bind(null));
    }
}
