package io.usernet.aio;

import io.usernet.nio.ClosesAtOnce;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.ReadPendingException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.channels.WritePendingException;
import java.nio.channels.spi.SelectorProvider;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A connection, made of a non-blocking one. */
final class AioSocketChannel extends AsynchronousSocketChannel implements Member {
    private enum State {
        UNCONNECTED,
        PENDING,
        CONNECTED,
        CLOSED
    }

    private final ChannelGroup group;
    private final SocketChannel channel;

    // -- protected by this object's monitor; the volatile ones are also read without it
    private volatile State state; // goes forward only
    private volatile SocketAddress local; // once bound or connected
    private volatile SocketAddress remote; // once connected
    private volatile boolean inputShut, outputShut;
    private final Lane connects = new Lane(), reads = new Lane(), writes = new Lane();

    // -- end of fields protected by the monitor

    private AioSocketChannel(ChannelGroup group, SocketChannel channel, State state) {
        super(group.provider());
        this.group = group;
        this.channel = channel;
        this.state = state;
    }

    static AioSocketChannel open(ChannelGroup group, SelectorProvider channels) throws IOException {
        SocketChannel channel = channels.openSocketChannel();
        return adopt(group, channel, State.UNCONNECTED);
    }

    /**
     * @param channel taken over: closed if this fails
     */
    static AioSocketChannel accepted(ChannelGroup group, SocketChannel channel) throws IOException {
        return adopt(group, channel, State.CONNECTED);
    }

    private static AioSocketChannel adopt(ChannelGroup group, SocketChannel channel, State state)
            throws IOException {
        try {
            channel.configureBlocking(false);
            AioSocketChannel adopted = new AioSocketChannel(group, channel, state);
            adopted.local = channel.getLocalAddress();
            adopted.remote = channel.getRemoteAddress();
            group.add(adopted);
            return adopted;
        } catch (Throwable t) {
            channel.close();
            throw t;
        }
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!isOpen()) throw new ClosedChannelException();
    }

    private void ensureConnected() throws ClosedChannelException {
        ensureOpen();
        if (remote == null) throw new NotYetConnectedException();
    }

    private static void check(CompletionHandler<?, ?> handler) {
        if (handler == null) throw new NullPointerException("'handler' is null");
    }

    // -- binding and connecting

    @Override
    public AsynchronousSocketChannel bind(SocketAddress address) throws IOException {
        synchronized (this) {
            ensureOpen();
            if (state == State.PENDING) throw new ConnectionPendingException();
            channel.bind(address);
            local = channel.getLocalAddress();
        }
        return this;
    }

    @Override
    public Future<Void> connect(SocketAddress address) {
        return connect(new Connect<>(address, null, null));
    }

    @Override
    public <A> void connect(
            SocketAddress address, A attachment, CompletionHandler<Void, ? super A> handler) {
        check(handler);
        connect(new Connect<>(address, handler, attachment));
    }

    private Future<Void> connect(Connect<?> connect) {
        return begin(connect)
                ? connect.start(0, TimeUnit.NANOSECONDS)
                : connect.fail(new ClosedChannelException());
    }

    /** False: the channel is closed. */
    private synchronized boolean begin(Connect<?> connect) {
        if (!isOpen()) return false;
        connect.checkAddress();
        if (state == State.CONNECTED) throw new AlreadyConnectedException();
        if (state == State.PENDING) throw new ConnectionPendingException();
        state = State.PENDING;
        connects.begin(connect);
        return true;
    }

    private final class Connect<A> extends Operation<Void, A> {
        private final SocketAddress address;
        private boolean begun; // by the thread that tries

        Connect(SocketAddress address, CompletionHandler<Void, ? super A> handler, A attachment) {
            super(group, AioSocketChannel.this, SelectionKey.OP_CONNECT, handler, attachment);
            this.address = address;
        }

        void checkAddress() {
            Objects.requireNonNull(address);
            if (!(address instanceof InetSocketAddress inet))
                throw new UnsupportedAddressTypeException();
            if (inet.isUnresolved()) throw new UnresolvedAddressException();
        }

        @Override
        Outcome<Void> attempt() throws IOException {
            boolean done = begun ? channel.finishConnect() : channel.connect(address);
            begun = true;
            if (!done) return null;
            connected(address);
            return new Outcome<>(null);
        }

        /** The peer may have heard of it, and there is no other way to take that back. */
        @Override
        boolean outlivesCancel() {
            return true;
        }

        @Override
        void failed(Throwable failure) {
            group.close(AioSocketChannel.this);
        }
    }

    private synchronized void connected(SocketAddress to) throws IOException {
        if (state != State.PENDING) throw new AsynchronousCloseException();
        local = channel.getLocalAddress();
        remote = to;
        state = State.CONNECTED;
    }

    // -- reading and writing

    /** What becomes of an operation that was asked for. */
    private enum Beginning {
        BEGUN,
        CLOSED,
        AT_END,
        NOTHING_TO_DO
    }

    /** What is common to both directions, and both kinds of each. */
    private abstract class Transfer<V, A> extends Operation<V, A> {
        Transfer(int interest, CompletionHandler<V, ? super A> handler, A attachment) {
            super(group, AioSocketChannel.this, interest, handler, attachment);
        }

        /** The JDK's asynchronous channels say by IOException what its other ones say by a subclass. */
        @Override
        Throwable failure(Throwable thrown) {
            if (thrown instanceof SocketException)
                return new IOException(thrown.getMessage(), thrown);
            return super.failure(thrown);
        }
    }

    private static boolean hasRemaining(ByteBuffer[] buffers) {
        for (ByteBuffer buffer : buffers) if (buffer.hasRemaining()) return true;
        return false;
    }

    /** So that the caller may change his array as soon as the call has returned. */
    private static ByteBuffer[] copy(ByteBuffer[] buffers, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffers.length);
        return Arrays.copyOfRange(buffers, offset, offset + length);
    }

    // -- reading

    @Override
    public Future<Integer> read(ByteBuffer dst) {
        checkWritable(dst);
        return read(new Read<>(dst, null, null), dst.hasRemaining(), 0, -1, 0, null);
    }

    @Override
    public <A> void read(
            ByteBuffer dst,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        check(handler);
        checkWritable(dst);
        Read<A> read = new Read<>(dst, handler, attachment);
        read(read, dst.hasRemaining(), 0, -1, timeout, unit);
    }

    @Override
    public <A> void read(
            ByteBuffer[] dsts,
            int offset,
            int length,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Long, ? super A> handler) {
        check(handler);
        ByteBuffer[] into = copy(dsts, offset, length);
        for (ByteBuffer dst : into) checkWritable(dst);
        ScatteringRead<A> read = new ScatteringRead<>(into, handler, attachment);
        read(read, true, 0L, -1L, timeout, unit);
    }

    private static void checkWritable(ByteBuffer dst) {
        if (dst.isReadOnly()) throw new IllegalArgumentException("Read-only buffer");
    }

    private <V> Future<V> read(
            Operation<V, ?> read, boolean room, V none, V end, long timeout, TimeUnit unit) {
        return switch (beginRead(read, room)) {
            case BEGUN -> read.start(timeout, unit);
            case CLOSED -> read.fail(new ClosedChannelException());
            case AT_END -> read.succeed(end);
            case NOTHING_TO_DO -> read.succeed(none);
        };
    }

    private synchronized Beginning beginRead(Operation<?, ?> read, boolean room) {
        if (!isOpen()) return Beginning.CLOSED;
        if (remote == null) throw new NotYetConnectedException();
        if (reads.isAbandoned())
            throw new IllegalStateException("Reading not allowed due to timeout or cancellation");
        if (reads.isBusy()) throw new ReadPendingException();
        if (inputShut) return Beginning.AT_END;
        if (!room) return Beginning.NOTHING_TO_DO;
        reads.begin(read);
        return Beginning.BEGUN;
    }

    private final class Read<A> extends Transfer<Integer, A> {
        private final ByteBuffer dst;

        Read(ByteBuffer dst, CompletionHandler<Integer, ? super A> handler, A attachment) {
            super(SelectionKey.OP_READ, handler, attachment);
            this.dst = dst;
        }

        @Override
        Outcome<Integer> attempt() throws IOException {
            int n = channel.read(dst);
            return n != 0 ? new Outcome<>(n) : null;
        }
    }

    private final class ScatteringRead<A> extends Transfer<Long, A> {
        private final ByteBuffer[] dsts;

        ScatteringRead(
                ByteBuffer[] dsts, CompletionHandler<Long, ? super A> handler, A attachment) {
            super(SelectionKey.OP_READ, handler, attachment);
            this.dsts = dsts;
        }

        @Override
        Outcome<Long> attempt() throws IOException {
            long n = channel.read(dsts);
            return n != 0 || !hasRemaining(dsts) ? new Outcome<>(n) : null;
        }
    }

    // -- writing

    @Override
    public Future<Integer> write(ByteBuffer src) {
        return write(new Write<>(src, null, null), src.hasRemaining(), 0, 0, null);
    }

    @Override
    public <A> void write(
            ByteBuffer src,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        check(handler);
        Write<A> write = new Write<>(src, handler, attachment);
        write(write, src.hasRemaining(), 0, timeout, unit);
    }

    @Override
    public <A> void write(
            ByteBuffer[] srcs,
            int offset,
            int length,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Long, ? super A> handler) {
        check(handler);
        ByteBuffer[] from = copy(srcs, offset, length);
        GatheringWrite<A> write = new GatheringWrite<>(from, handler, attachment);
        write(write, true, 0L, timeout, unit);
    }

    private <V> Future<V> write(
            Operation<V, ?> write, boolean bytes, V none, long timeout, TimeUnit unit) {
        return switch (beginWrite(write, bytes)) {
            case BEGUN -> write.start(timeout, unit);
            case CLOSED, AT_END -> write.fail(new ClosedChannelException());
            case NOTHING_TO_DO -> write.succeed(none);
        };
    }

    private synchronized Beginning beginWrite(Operation<?, ?> write, boolean bytes) {
        if (!isOpen()) return Beginning.CLOSED;
        if (remote == null) throw new NotYetConnectedException();
        if (writes.isAbandoned())
            throw new IllegalStateException("Writing not allowed due to timeout or cancellation");
        if (writes.isBusy()) throw new WritePendingException();
        if (outputShut) return Beginning.AT_END;
        if (!bytes) return Beginning.NOTHING_TO_DO;
        writes.begin(write);
        return Beginning.BEGUN;
    }

    private abstract class AnyWrite<V, A> extends Transfer<V, A> {
        AnyWrite(CompletionHandler<V, ? super A> handler, A attachment) {
            super(SelectionKey.OP_WRITE, handler, attachment);
        }

        /** Output was shut down while it waited; the channel is open. */
        @Override
        Throwable failure(Throwable thrown) {
            if (thrown instanceof ClosedChannelException && isOpen())
                return new IOException("Broken pipe", thrown);
            return super.failure(thrown);
        }
    }

    private final class Write<A> extends AnyWrite<Integer, A> {
        private final ByteBuffer src;

        Write(ByteBuffer src, CompletionHandler<Integer, ? super A> handler, A attachment) {
            super(handler, attachment);
            this.src = src;
        }

        @Override
        Outcome<Integer> attempt() throws IOException {
            int n = channel.write(src);
            return n != 0 ? new Outcome<>(n) : null;
        }
    }

    private final class GatheringWrite<A> extends AnyWrite<Long, A> {
        private final ByteBuffer[] srcs;

        GatheringWrite(
                ByteBuffer[] srcs, CompletionHandler<Long, ? super A> handler, A attachment) {
            super(handler, attachment);
            this.srcs = srcs;
        }

        @Override
        Outcome<Long> attempt() throws IOException {
            long n = channel.write(srcs);
            return n != 0 || !hasRemaining(srcs) ? new Outcome<>(n) : null;
        }
    }

    // -- shutting down and closing

    @Override
    public AsynchronousSocketChannel shutdownInput() throws IOException {
        ensureConnected();
        channel.shutdownInput(); // a read that waits finds the end
        inputShut = true;
        return this;
    }

    @Override
    public AsynchronousSocketChannel shutdownOutput() throws IOException {
        ensureConnected();
        channel.shutdownOutput();
        outputShut = true;
        return this;
    }

    @Override
    public boolean isOpen() {
        return state != State.CLOSED;
    }

    @Override
    public void close() throws IOException {
        Operation<?, ?>[] underWay;
        synchronized (this) {
            if (state == State.CLOSED) return;
            state = State.CLOSED;
            underWay =
                    new Operation<?, ?>[] {connects.current(), reads.current(), writes.current()};
        }
        try {
            if (channel instanceof ClosesAtOnce here) here.closeAtOnce();
            else channel.close();
        } finally {
            for (Operation<?, ?> operation : underWay) {
                if (operation != null) operation.interrupt(new AsynchronousCloseException());
            }
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
        if ((ready & SelectionKey.OP_CONNECT) != 0) connects.addTo(operations);
        if ((ready & SelectionKey.OP_READ) != 0) reads.addTo(operations);
        if ((ready & SelectionKey.OP_WRITE) != 0) writes.addTo(operations);
    }

    @Override
    public synchronized void ended(Operation<?, ?> operation) {
        connects.end(operation);
        reads.end(operation);
        writes.end(operation);
    }

    /** A connect that is given up may have succeeded, so there is no telling what the peer would get. */
    @Override
    public synchronized void abandoned(Operation<?, ?> operation) {
        if (operation.interest() != SelectionKey.OP_WRITE) reads.abandon();
        if (operation.interest() != SelectionKey.OP_READ) writes.abandon();
    }

    // -- addresses and options

    @Override
    public SocketAddress getLocalAddress() throws IOException {
        ensureOpen();
        return local;
    }

    @Override
    public SocketAddress getRemoteAddress() throws IOException {
        ensureOpen();
        return remote;
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
    public <T> AsynchronousSocketChannel setOption(SocketOption<T> name, T value)
            throws IOException {
        Objects.requireNonNull(name);
        if (outputShut && isOpen() && supportedOptions().contains(name))
            throw new IOException("Connection has been shutdown for writing");
        channel.setOption(name, value);
        return this;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("io.usernet.AsynchronousSocketChannel[");
        State now = state;
        text.append(now.name().toLowerCase(Locale.ROOT));
        if (now != State.CLOSED) {
            if (inputShut) text.append(" ishut");
            if (outputShut) text.append(" oshut");
            if (local != null) text.append(" local=").append(local);
            if (remote != null) text.append(" remote=").append(remote);
        }
        return text.append(']').toString();
    }
}
