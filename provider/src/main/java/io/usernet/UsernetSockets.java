package io.usernet;

import io.usernet.config.Settings;
import io.usernet.nio.StackSockets;
import io.usernet.socket.RoutedDatagramSocketImpl;
import io.usernet.socket.RoutedServerSocketImpl;
import io.usernet.socket.RoutedSocketImpl;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;

/**
 * {@code java.net.Socket}, {@code ServerSocket}, {@code DatagramSocket} and {@code MulticastSocket} on the
 * stack of {@link UsernetProvider}, by their factories. What works, and what cannot by that way, is said
 * in {@code docs/java-net-sockets.md}. Thread-safe.
 */
public final class UsernetSockets {
    private static boolean installed; // guarded by the class

    private interface Door {
        void open() throws IOException;
    }

    private UsernetSockets() {}

    /**
     * Has all sockets that the JVM makes from now on be ours. Opens nothing yet: the stack is opened when a
     * socket is bound or connected. A second call does nothing.
     *
     * @throws IOException with one line, if somebody else's factory is there already, which cannot be
     *     changed any more; those of the other two kinds of sockets are set nevertheless
     */
    @SuppressWarnings("deprecation") // there is no other door to plain sockets
    public static synchronized void install() throws IOException {
        if (installed) return;
        installed = true;
        UsernetProvider provider = new UsernetProvider();
        StackSockets stack =
                new StackSockets(provider, () -> Settings.fromSystemProperties().passThrough());
        IOException failure = null;
        failure =
                set(
                        "Socket",
                        () -> Socket.setSocketImplFactory(() -> new RoutedSocketImpl(stack)),
                        failure);
        failure =
                set(
                        "ServerSocket",
                        () ->
                                ServerSocket.setSocketFactory(
                                        () -> new RoutedServerSocketImpl(stack)),
                        failure);
        failure =
                set(
                        "DatagramSocket",
                        () ->
                                DatagramSocket.setDatagramSocketImplFactory(
                                        () -> new RoutedDatagramSocketImpl(stack)),
                        failure);
        if (failure != null) throw failure;
    }

    private static IOException set(String which, Door door, IOException before) {
        try {
            door.open();
            return before;
        } catch (IOException e) {
            IOException failure =
                    new SocketException(
                            "java.net."
                                    + which
                                    + " has a factory already, which the JDK lets nobody change: its"
                                    + " sockets stay where they are; have the library that set it not do so, or"
                                    + " install Usernet's sockets before it does");
            failure.initCause(e);
            if (before == null) return failure;
            before.addSuppressed(failure);
            return before;
        }
    }
}
