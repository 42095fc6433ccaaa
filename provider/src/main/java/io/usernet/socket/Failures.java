package io.usernet.socket;

import io.usernet.runtime.VirtualThreads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;

/** What a leg throws, as an implementation of a java.net socket says it. */
final class Failures {
    private Failures() {}

    /** Plain sockets know SocketException, its subclasses, and timeouts; the leg of the kernel is one. */
    static IOException of(IOException e) {
        boolean known =
                e instanceof SocketException
                        || e instanceof InterruptedIOException
                        || e instanceof UnknownHostException;
        if (known) return e;
        return because(e, e instanceof ClosedChannelException ? "Socket closed" : e.getMessage());
    }

    /** The same of a writer, for whom the leg's end of output is not its end. */
    static IOException ofWriter(Socket leg, IOException e) {
        boolean shut = e instanceof ClosedChannelException && !leg.isClosed();
        return shut ? because(e, "Broken pipe") : unlessInterrupted(leg.isClosed(), of(e));
    }

    /**
     * A leg of the kernel that a virtual thread was interrupted in has closed itself; if it is said so,
     * the socket around it does the same, with the same exception.
     */
    static IOException unlessInterrupted(boolean legIsClosed, IOException e) {
        boolean interrupted =
                legIsClosed
                        && e instanceof SocketException
                        && Thread.currentThread().isInterrupted()
                        && VirtualThreads.isCurrent();
        return interrupted ? new InterruptedIOException() : e;
    }

    /** Whether it is the end of a wait of a virtual thread, rather than of its time. */
    static boolean isInterrupt(IOException e) {
        return e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException);
    }

    static SocketException asSocketException(IOException e) {
        return of(e) instanceof SocketException same ? same : because(e, e.getMessage());
    }

    private static SocketException because(Exception e, String message) {
        SocketException failure = new SocketException(message);
        failure.initCause(e);
        return failure;
    }
}
