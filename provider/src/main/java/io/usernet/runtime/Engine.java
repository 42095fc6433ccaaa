package io.usernet.runtime;

import io.usernet.buffer.Post;
import io.usernet.buffer.ThreadWaiter;
import io.usernet.config.Sysctls;
import io.usernet.stack.Binding;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.Stream;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * A stack that runs: the thread-safe door through which the NIO facade reaches it. Addresses are IPv4
 * as ints, 0 the wildcard. No method may be called in the seat; none calls foreign code.
 */
public final class Engine {
    /** What became of a wait. */
    public enum Waited {
        READY,
        TIMED_OUT,
        /** The thread's interrupt status is set; it was not cleared. */
        INTERRUPTED
    }

    /** A stream that isn't connected, with buffers of the configured sizes. */
    public Stream newStream() {
        throw new UnsupportedOperationException();
    }

    public Sysctls sysctls() {
        throw new UnsupportedOperationException();
    }

    /** Whether an address is one of the stack's own, the wildcard, or in 127.0.0.0/8. */
    public boolean isLocal(int address) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reserves a local address and port for a TCP socket.
     *
     * @param port 0: one of ip_local_port_range
     * @throws java.net.BindException "Address already in use" or "Cannot assign requested address"
     * @throws IOException if the stack is closed
     */
    public Binding bind(int address, int port, boolean reuseAddress) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Gives a reservation up that is not listened on, or no longer connected from. Never waits. */
    public void release(Binding binding) {
        throw new UnsupportedOperationException();
    }

    /**
     * Begins to connect. The stream's signals tell when {@link Stream#isDecided}.
     *
     * @param binding null: an address by the route, and a port of ip_local_port_range
     * @return the local binding: the one given, or the new one, which connect's caller releases when
     *     the stream is closed
     * @throws java.net.ConnectException "Network is unreachable" if there is no route
     * @throws java.net.NoRouteToHostException or BindException "Cannot assign requested address" where
     *     all ports to that destination are in use
     */
    public Binding connect(Stream stream, Binding binding, int address, int port)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Begins to listen.
     *
     * @param backlog most connections that wait to be accepted; below 1: 50; at most somaxconn
     * @param receiveBuffer SO_RCVBUF of accepted connections; 0: as configured
     * @throws java.net.BindException "Address already in use" if another socket listens there
     */
    public Backlog listen(Binding binding, int backlog, int receiveBuffer) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Posts; where the stack is dead nothing happens: the stream's cause says so. Never throws. */
    public void post(Post post, int what) {
        throw new UnsupportedOperationException();
    }

    /**
     * Parks the calling thread until {@code ready}, the deadline, or an interrupt. Works for virtual
     * threads. Callers exclude one another by the waiter's channel lock.
     *
     * @param deadlineNs in System.nanoTime(), or Long.MAX_VALUE
     */
    public static Waited await(ThreadWaiter waiter, BooleanSupplier ready, long deadlineNs) {
        waiter.own();
        try {
            while (true) {
                waiter.prepare();
                if (ready.getAsBoolean()) return Waited.READY;
                if (Thread.currentThread().isInterrupted()) return Waited.INTERRUPTED;
                if (deadlineNs == Long.MAX_VALUE) {
                    java.util.concurrent.locks.LockSupport.park(waiter);
                } else {
                    long left = deadlineNs - System.nanoTime();
                    if (left <= 0) return Waited.TIMED_OUT;
                    java.util.concurrent.locks.LockSupport.parkNanos(waiter, left);
                }
            }
        } finally {
            waiter.disown();
        }
    }
}
