package io.usernet.aio;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.AcceptPendingException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Future;

/** A listener, made of a non-blocking one. */
final class AioServerSocketChannel extends AsynchronousServerSocketChannel implements Member {
    private final ChannelGroup group;
    private final ServerSocketChannel channel;

    // -- protected by this object's monitor; the volatile ones are also read without it
    private volatile boolean open = true;
    private volatile SocketAddress local; // once bound
    private final Lane accepts = new Lane();

    // -- end of fields protected by the monitor

    private AioServerSocketChannel(ChannelGroup group, ServerSocketChannel channel) {
        super(group.provider());
        this.group = group;
        this.channel = channel;
    }

    static AioServerSocketChannel open(ChannelGroup group, SelectorProvider channels)
            throws IOException {
        ServerSocketChannel channel = channels.openServerSocketChannel();
        try {
            channel.configureBlocking(false);
            AioServerSocketChannel opened = new AioServerSocketChannel(group, channel);
            group.add(opened);
            return opened;
        } catch (Throwable t) {
            channel.close();
            throw t;
        }
    }

    @Override
    public AsynchronousServerSocketChannel bind(SocketAddress address, int backlog)
            throws IOException {
        channel.bind(address, backlog);
        local = channel.getLocalAddress();
        return this;
    }

    // -- accepting

    @Override
    public Future<AsynchronousSocketChannel> accept() {
        return accept(new Accept<>(null, null));
    }

    @Override
    public <A> void accept(
            A attachment, CompletionHandler<AsynchronousSocketChannel, ? super A> handler) {
        if (handler == null) throw new NullPointerException("'handler' is null");
        accept(new Accept<>(handler, attachment));
    }

    private Future<AsynchronousSocketChannel> accept(Accept<?> accept) {
        return begin(accept)
                ? accept.startWithoutCalling()
                : accept.fail(new ClosedChannelException());
    }

    /** False: the channel is closed. */
    private synchronized boolean begin(Accept<?> accept) {
        if (!open) return false;
        if (local == null) throw new NotYetBoundException();
        if (accepts.isAbandoned())
            throw new RuntimeException("Accept not allowed due cancellation"); // as the JDK says it
        if (accepts.isBusy()) throw new AcceptPendingException();
        accepts.begin(accept);
        return true;
    }

    private final class Accept<A> extends Operation<AsynchronousSocketChannel, A> {
        Accept(CompletionHandler<AsynchronousSocketChannel, ? super A> handler, A attachment) {
            super(group, AioServerSocketChannel.this, SelectionKey.OP_ACCEPT, handler, attachment);
        }

        @Override
        Outcome<AsynchronousSocketChannel> attempt() throws IOException {
            SocketChannel accepted = channel.accept();
            if (accepted == null) return null;
            try {
                return new Outcome<>(AioSocketChannel.accepted(group, accepted));
            } catch (ShutdownChannelGroupException e) {
                throw new IOException(e);
            }
        }

        @Override
        void dropped(AsynchronousSocketChannel accepted) {
            group.close((AioSocketChannel) accepted);
        }
    }

    // -- closing

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() throws IOException {
        Operation<?, ?> underWay;
        synchronized (this) {
            if (!open) return;
            open = false;
            underWay = accepts.current();
        }
        try {
            channel.close();
        } finally {
            if (underWay != null) underWay.interrupt(new AsynchronousCloseException());
            group.remove(this);
        }
    }

    // -- for the group

    @Override
    public SelectableChannel selectable() {
        return channel;
    }

    @Override
    public synchronized void waitingFor(int ready, Queue<Runnable> operations) {
        accepts.addTo(operations);
    }

    @Override
    public synchronized void ended(Operation<?, ?> operation) {
        accepts.end(operation);
    }

    @Override
    public synchronized void abandoned(Operation<?, ?> operation) {
        accepts.abandon();
    }

    // -- address and options

    @Override
    public SocketAddress getLocalAddress() throws IOException {
        if (!open) throw new ClosedChannelException();
        return local;
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return channel.supportedOptions();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        return channel.getOption(name);
    }

    @Override
    public <T> AsynchronousServerSocketChannel setOption(SocketOption<T> name, T value)
            throws IOException {
        channel.setOption(name, value);
        return this;
    }

    @Override
    public String toString() {
        String state = !open ? "closed" : local == null ? "unbound" : local.toString();
        return "io.usernet.AsynchronousServerSocketChannel[" + state + "]";
    }
}
