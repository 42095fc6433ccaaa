package io.usernet.nio;

import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Listens on the stack and in the kernel, and accepts from whichever has a connection. Both channels are
 * in non-blocking mode for good; a thread that must wait does so in a selector of ours, which exists from
 * then on. One thread accepts at a time, by {@link #lock}; {@link #close} is for any.
 */
final class TwoListeners {
    private static final Consumer<SelectionKey> LOOK = key -> {};

    private final SelectorProvider provider;
    private final StackServerSocketChannel stack;
    private final ServerSocketChannel kernel;

    /** Held by the thread that accepts. */
    final ReentrantLock lock = new ReentrantLock();

    // -- fields protected by lock
    private volatile StackSelector selector; // once a thread has had to wait
    private boolean kernelsTurn;

    // -- end of fields protected by lock

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
     * @param deadlineNs in System.nanoTime()
     * @return false if the deadline is over
     */
    boolean await(long deadlineNs) throws IOException {
        if (selector == null) openSelector();
        try {
            if (deadlineNs == Deadlines.NEVER) {
                selector.select(LOOK);
                return true;
            }
            long leftNs = deadlineNs - System.nanoTime();
            if (leftNs <= 0) return false;
            selector.select(LOOK, TimeUnit.NANOSECONDS.toMillis(leftNs) + 1); // 0 were for ever
            return true;
        } catch (ClosedSelectorException e) {
            return true; // so are the channels: the caller looks at them
        }
    }

    private void openSelector() throws IOException {
        selector = new StackSelector(provider);
        stack.register(selector, SelectionKey.OP_ACCEPT);
        kernel.register(selector, SelectionKey.OP_ACCEPT);
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
                closeSelector();
            }
        }
    }

    /** With it goes the descriptor of the kernel's channel, if that is closed. */
    void closeSelector() throws IOException {
        StackSelector opened = selector;
        if (opened != null) opened.close();
    }
}
