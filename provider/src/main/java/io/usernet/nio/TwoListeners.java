package io.usernet.nio;

import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Listens on the stack and in the kernel, and accepts from whichever has a connection. Both channels are
 * in non-blocking mode for good. One thread accepts at a time, by {@link #lock}; {@link #close} is for
 * any.
 */
final class TwoListeners {
    private final SelectorProvider provider;
    private final StackServerSocketChannel stack;
    private final ServerSocketChannel kernel;
    private final LegWait acceptable;

    /** Held by the thread that accepts. */
    final ReentrantLock lock = new ReentrantLock();

    private boolean kernelsTurn; // protected by lock

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
     * Waits for a connection, a close, the deadline or an interrupt; perhaps for less.
     *
     * @param deadlineNs in System.nanoTime(), or Long.MAX_VALUE
     * @return false if the deadline is over
     */
    boolean await(long deadlineNs) throws IOException {
        acceptable.prepare();
        try {
            return acceptable.await(deadlineNs);
        } catch (ClosedSelectorException e) {
            return true; // so are the channels: the caller looks at them
        }
    }

    /** Whoever is inside keeps the mode in which he began: waits until he has left. */
    void awaitAcceptor() {
        lock.lock();
        lock.unlock();
    }

    /** Closes both channels, and wakes who waits. */
    void close() throws IOException {
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

    /** With that goes the descriptor of the kernel's channel, if it is closed. */
    void closeWait() throws IOException {
        acceptable.close();
    }
}
