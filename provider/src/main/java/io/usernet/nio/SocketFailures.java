package io.usernet.nio;

import java.io.IOException;
import java.net.SocketException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;

/** What the channels throw, in the words of java.net.Socket. */
final class SocketFailures {
    private SocketFailures() {}

    /** Of a method that may throw any IOException: only the channels' own RuntimeExceptions change. */
    static IOException asIOException(Exception e) {
        return e instanceof IOException io ? io : asSocketException(e);
    }

    /** Of a method that throws SocketException and nothing else. */
    static SocketException asSocketException(Exception e) {
        if (e instanceof SocketException already) return already;
        String message = message(e);
        if (message == null) {
            if (e instanceof RuntimeException other) throw other;
            message = e.getMessage();
        }
        SocketException failure = new SocketException(message);
        failure.initCause(e);
        return failure;
    }

    private static String message(Exception e) {
        if (e instanceof ClosedChannelException) return "Socket is closed";
        if (e instanceof NotYetConnectedException) return "Socket is not connected";
        if (e instanceof AlreadyConnectedException) return "Already connected";
        if (e instanceof ConnectionPendingException) return "Connection already in progress";
        if (e instanceof AlreadyBoundException) return "Already bound";
        if (e instanceof NotYetBoundException) return "Socket is not bound yet";
        if (e instanceof UnsupportedAddressTypeException) return "Unsupported address type";
        if (e instanceof UnresolvedAddressException) return "Unresolved address";
        return null;
    }
}
