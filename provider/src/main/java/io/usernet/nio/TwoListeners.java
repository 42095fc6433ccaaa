package io.usernet.nio;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Listens on the stack and in the kernel, and accepts from whichever has a connection. Both channels are
 * in non-blocking mode for good. One thread accepts at a time, by {@link #lock}; {@link #close} is for
 * any.
 *
 * <p>Closing waits for the thread that accepts, because the kernel's port is free only when that one has
 * left the kernel. It is on its way out by then, and must meet nothing there that waits for whoever
 * closes: so it has no {@code begin} of the channel in force while it holds the lock. An interrupt that
 * ran the channel's close would keep it from ending its selection.
 */
final class TwoListeners {
    private final SelectorProvider provider;
    private final StackServerSocketChannel stack;
    private final ServerSocketChannel kernel;
    private final LegWait acceptable;

    /** Held by the thread that accepts. */
    final ReentrantLock lock = new ReentrantLock();

    private boolean kernelsTurn; // protected by lock
    private volatile boolean closed;

    /**
     * @param stack bound
     * @param kernel bound
     */
    TwoListeners(
            SelectorProvider provider, StackServerSocketChannel stack, ServerSocketChannel kernel)
            throws IOException {
        this.provider = provider;
        this.stack = stack;
        this.kernel = kernel;
        stack.configureBlocking(false);
        kernel.configureBlocking(false);
        this.acceptable = new LegWait(provider, SelectionKey.OP_ACCEPT);
        acceptable.legs(stack, kernel);
    }

    /** A connection, or null if there is none now. They take turns, so that none starves. */
    SocketChannel poll() throws IOException {
        kernelsTurn = !kernelsTurn;
        SocketChannel accepted = kernelsTurn ? pollKernel() : stack.accept();
        if (accepted != null) return accepted;
        return kernelsTurn ? stack.accept() : pollKernel();
    }

    private SocketChannel pollKernel() throws IOException {
        SocketChannel accepted = kernel.accept();
        return accepted == null ? null : new RoutedSocketChannel(provider, accepted);
    }

    /**
     * A connection, waited for if there is none.
     *
     * @param deadlineNs in System.nanoTime(), or Long.MAX_VALUE
     * @return null if this was closed, or the thread interrupted, whose status is left as it is
     * @throws SocketTimeoutException if the deadline is over
     */
    SocketChannel await(long deadlineNs) throws IOException {
        while (!closed && !Thread.currentThread().isInterrupted()) {
            SocketChannel accepted = poll();
            if (accepted != null) return accepted;
            acceptable.prepare();
            if (closed) break; // perhaps before there was anything to wake
            if (!acceptable.await(deadlineNs)) throw new SocketTimeoutException("Accept timed out");
        }
        return null;
    }

    /** Whoever is inside keeps the mode in which he began: waits until he has left. */
    void awaitAcceptor() {
        lock.lock();
        lock.unlock();
    }

    /** Closes both channels, and sees off who waits: then the port is free on both. */
    void close() throws IOException {
        closed = true;
        acceptable.wake();
        try {
            stack.close();
        } finally {
            try {
                kernel.close();
            } finally {
                closeWait();
            }
        }
    }

    /** With that goes the descriptor of the kernel's channel. */
    private void closeWait() throws IOException {
        lock.lock();
        try {
            acceptable.close();
        } finally {
            lock.unlock();
        }
    }
}
