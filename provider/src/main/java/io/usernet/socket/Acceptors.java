package io.usernet.socket;

import io.usernet.runtime.VirtualThreads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Accepts from several server sockets at once. Each has a daemon thread, which holds one connection at
 * most that nobody has asked for yet, so that the backlogs remain what the application asked for, but for
 * one. Thread-safe.
 */
final class Acceptors {
    private final List<ServerSocket> legs;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition(), taken = lock.newCondition();

    // -- fields protected by lock
    private final Deque<Accepted> ready = new ArrayDeque<>();
    private IOException failure; // of one of the legs: nothing more will come of it
    private boolean started, closed;

    // -- end of fields protected by lock

    /** A connection, and the leg that it came from. */
    record Accepted(Socket socket, ServerSocket leg) {}

    /**
     * @param legs bound, and without a timeout
     */
    Acceptors(List<ServerSocket> legs) {
        this.legs = List.copyOf(legs);
    }

    /**
     * The next connection of any of them.
     *
     * @param timeoutMs 0: however long it takes
     * @throws SocketTimeoutException "Accept timed out"
     * @throws InterruptedIOException of a virtual thread that is interrupted; others go on
     */
    Accepted accept(int timeoutMs) throws IOException {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        boolean interrupted = false;
        lock.lock();
        try {
            start();
            while (ready.isEmpty()) {
                if (closed) throw new SocketException("Socket closed");
                if (failure != null) throw new SocketException(failure.getMessage());
                long leftNs = timeoutMs == 0 ? Long.MAX_VALUE : deadlineNs - System.nanoTime();
                if (leftNs <= 0) throw new SocketTimeoutException("Accept timed out");
                try {
                    arrived.awaitNanos(leftNs);
                } catch (InterruptedException e) {
                    interrupted = true;
                    if (VirtualThreads.isCurrent()) throw new InterruptedIOException();
                }
            }
            Accepted next = ready.poll();
            taken.signalAll();
            return next;
        } finally {
            lock.unlock();
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    private void start() {
        if (started) return;
        started = true;
        for (ServerSocket leg : legs) {
            Thread thread = new Thread(() -> run(leg), "usernet-accept-" + leg.getLocalPort());
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void run(ServerSocket leg) {
        try {
            while (offer(new Accepted(leg.accept(), leg))) {}
        } catch (IOException e) {
            lock.lock();
            try {
                failure = e; // if it isn't only that this was closed, whoever accepts throws it
                arrived.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Waits until it was taken; answers whether there may be more. */
    private boolean offer(Accepted next) throws IOException {
        lock.lock();
        try {
            if (!closed) {
                ready.add(next);
                arrived.signal();
                while (!closed && ready.contains(next)) taken.awaitUninterruptibly();
                if (!ready.remove(next)) return !closed; // somebody has it
            }
        } finally {
            lock.unlock();
        }
        next.socket.close();
        return false;
    }

    /** The legs' closing is the caller's. */
    void close() {
        lock.lock();
        try {
            closed = true;
            arrived.signalAll();
            taken.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
