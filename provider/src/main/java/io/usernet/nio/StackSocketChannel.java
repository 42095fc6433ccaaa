package io.usernet.nio;

import io.usernet.buffer.Wakeups;
import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import io.usernet.runtime.VirtualThreads;
import io.usernet.stack.Binding;
import io.usernet.stack.Reuse;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.FourTuple;
import io.usernet.tcp.Stream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.NoConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** A TCP connection of the stack. Locks and threads: see the package. */
final class StackSocketChannel extends SocketChannel implements Pollable, ClosesAtOnce {
    private enum State {
        UNCONNECTED,
        PENDING,
        CONNECTED,
        CLOSED
    }

    private final Engine engine;
    private final Interruption interruption;
    private final SelectableChannel front;
    private final Stream stream;
    private final StreamInput input;
    private final StreamOutput output;

    /** Held by the thread that reads. */
    private final ReentrantLock readLock = new ReentrantLock();

    /** Held by the thread that writes, binds or connects; given up by {@link #unlockWrite} alone. */
    private final ReentrantLock writeLock = new ReentrantLock();

    /** Held by whoever changes the fields below; never while blocking or posting. */
    private final Object stateLock = new Object();

    // -- fields protected by stateLock; the volatile ones are also read without it
    private volatile State state; // goes forward only
    private volatile InetSocketAddress local, remote; // kept after close, for the adaptor
    private boolean attached; // the stack knows the stream: it may be posted
    private boolean optionsChanged; // while it was not
    private Reuse reuse = Reuse.NONE;
    private Socket socket;
    // -- end of fields protected by stateLock

    // -- fields protected by writeLock
    private Binding binding; // to be released
    private volatile boolean shutdownPosted, closePosted;
    // -- end of fields protected by writeLock

    // -- set by who closes it, before he looks what to post
    private volatile boolean closeEndsOutput;
    private volatile boolean closesAtOnce;

    private BooleanSupplier decided; // made by the first thread that blocks in connecting

    StackSocketChannel(SelectorProvider provider, Engine engine) {
        this(provider, engine, Interruption.CLOSES);
    }

    StackSocketChannel(SelectorProvider provider, Engine engine, Interruption interruption) {
        this(provider, engine, interruption, null, engine.newStream(), State.UNCONNECTED);
    }

    /**
     * One that another channel hides.
     *
     * @param front that one: selectors have it in the place of this
     */
    StackSocketChannel(SelectorProvider provider, Engine engine, SelectableChannel front) {
        this(provider, engine, Interruption.CLOSES, front, engine.newStream(), State.UNCONNECTED);
    }

    /** A connection that was accepted. */
    StackSocketChannel(SelectorProvider provider, Engine engine, Stream accepted) {
        this(provider, engine, Interruption.CLOSES, accepted, Reuse.NONE);
    }

    /**
     * The same.
     *
     * @param inherited from its listener
     */
    StackSocketChannel(
            SelectorProvider provider,
            Engine engine,
            Interruption interruption,
            Stream accepted,
            Reuse inherited) {
        this(provider, engine, interruption, null, accepted, State.CONNECTED);
        this.attached = true;
        this.reuse = inherited;
        FourTuple tuple = accepted.tuple();
        this.local = Addresses.local(tuple);
        this.remote = Addresses.remote(tuple);
    }

    private StackSocketChannel(
            SelectorProvider provider,
            Engine engine,
            Interruption interruption,
            SelectableChannel front,
            Stream stream,
            State state) {
        super(provider);
        this.engine = engine;
        this.interruption = interruption;
        this.front = front != null ? front : this;
        this.stream = stream;
        this.state = state;
        BooleanSupplier open = this::isOpen;
        PendingReset reset = new PendingReset();
        this.input = new StreamInput(engine, stream, open, reset, interruption);
        this.output = new StreamOutput(engine, stream, open, reset, interruption);
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!isOpen()) throw new ClosedChannelException();
    }

    private void ensureConnected() throws ClosedChannelException {
        State now = state;
        if (now == State.CLOSED || !isOpen()) throw new ClosedChannelException();
        if (now != State.CONNECTED) throw new NotYetConnectedException();
    }

    /** Before a call that may block. */
    private void enterBlocking() {
        if (interruption == Interruption.CLOSES) begin();
    }

    /** After it, in any case. */
    private void leaveBlocking(boolean completed) throws AsynchronousCloseException {
        if (interruption == Interruption.CLOSES) end(completed);
        else if (!completed && !isOpen()) throw new AsynchronousCloseException();
    }

    /**
     * The wait was interrupted. Newer JDKs set the interrupt status first and call the hook that closes
     * the channel later; this does not wait for it, and does what {@code begin} does where the status is
     * set already.
     */
    private void interrupted() throws InterruptedIOException {
        if (interruption != Interruption.CLOSES) throw new InterruptedIOException();
        begin();
    }

    private void lockBoth() {
        readLock.lock();
        writeLock.lock();
    }

    private void unlockBoth() {
        try {
            unlockWrite();
        } finally {
            readLock.unlock();
        }
    }

    // -- binding and connecting

    @Override
    public SocketChannel bind(SocketAddress address) throws IOException {
        lockBoth();
        try {
            ensureOpen();
            if (state == State.PENDING) throw new ConnectionPendingException();
            if (local != null) throw new AlreadyBoundException();
            bind(address == null ? Addresses.of(0, 0) : Addresses.check(address));
        } finally {
            unlockBoth();
        }
        return this;
    }

    private void bind(InetSocketAddress wanted) throws IOException {
        Reuse with;
        synchronized (stateLock) {
            with = reuse;
        }
        binding = engine.bind(Addresses.ipv4(wanted), wanted.getPort(), with);
        synchronized (stateLock) {
            if (state == State.CLOSED) throw new AsynchronousCloseException();
            local = Addresses.likewise(wanted, binding.address(), binding.port());
        }
    }

    @Override
    public boolean connect(SocketAddress address) throws IOException {
        return connect(Addresses.checkRemote(address), false, Deadlines.NEVER);
    }

    /**
     * For the adaptor: connects in blocking mode.
     *
     * @throws SocketTimeoutException "Connect timed out", and closes the channel
     */
    void blockingConnect(SocketAddress address, long deadlineNs) throws IOException {
        connect(Addresses.checkRemote(address), true, deadlineNs);
    }

    private boolean connect(InetSocketAddress to, boolean mustBlock, long deadlineNs)
            throws IOException {
        try {
            lockBoth();
            try {
                boolean blocking = isBlocking();
                if (mustBlock && !blocking) throw new IllegalBlockingModeException();
                if (!mustBlock) ensureOpen();
                return connectLocked(to, blocking, deadlineNs);
            } finally {
                unlockBoth();
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private boolean connectLocked(InetSocketAddress to, boolean blocking, long deadlineNs)
            throws IOException {
        boolean connected = false;
        if (blocking) enterBlocking();
        try {
            synchronized (stateLock) {
                ensureOpen();
                if (state == State.CONNECTED) throw new AlreadyConnectedException();
                if (state == State.PENDING) throw new ConnectionPendingException();
                state = State.PENDING;
                remote = to;
                optionsChanged = false; // connect takes them from the stream
            }
            binding = engine.connect(stream, binding, Addresses.ipv4(to), to.getPort());
            boolean tellOptions;
            synchronized (stateLock) {
                attached = true;
                tellOptions = optionsChanged;
            }
            if (tellOptions) engine.post(stream, Stream.OPTIONS);
            // Otherwise, finishConnect says what came of it: as with Linux, not even a connection
            // to
            // this host is made at once.
            if (blocking) connected = awaitConnected(true, deadlineNs);
        } finally {
            if (blocking) leaveBlocking(connected);
        }
        return connected;
    }

    @Override
    public boolean finishConnect() throws IOException {
        try {
            lockBoth();
            try {
                return finishConnectLocked();
            } finally {
                unlockBoth();
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private boolean finishConnectLocked() throws IOException {
        if (isConnected()) return true;
        ensureOpen();
        boolean blocking = isBlocking();
        boolean connected = false;
        if (blocking) enterBlocking();
        try {
            ensureOpen();
            if (state != State.PENDING) throw new NoConnectionPendingException();
            connected = awaitConnected(blocking, Deadlines.NEVER);
        } finally {
            if (blocking) leaveBlocking(connected);
        }
        return connected;
    }

    /** Whether it is connected; false if it isn't yet, or was closed meanwhile. */
    private boolean awaitConnected(boolean blocking, long deadlineNs) throws IOException {
        if (blocking) {
            if (decided == null) decided = () -> stream.isDecided() || !isOpen();
            while (!decided.getAsBoolean()) {
                Waited waited = interruption.await(stream.signals().writer(), decided, deadlineNs);
                if (waited == Waited.INTERRUPTED) {
                    interrupted();
                    return false; // leaveBlocking says so
                }
                if (waited == Waited.TIMED_OUT && !stream.isDecided())
                    throw new SocketTimeoutException("Connect timed out");
            }
        }
        ensureOpen();
        if (stream.isConnected()) return connected();
        CloseCause cause = stream.cause();
        if (cause == CloseCause.STACK_CLOSED) throw engine.because(cause.whileConnecting());
        if (cause != null) throw cause.whileConnecting();
        return false;
    }

    private boolean connected() {
        synchronized (stateLock) {
            if (state != State.PENDING) return false;
            FourTuple tuple = stream.tuple();
            local = Addresses.likewise(remote, tuple.localAddress(), tuple.localPort());
            state = State.CONNECTED;
        }
        if (stream.signals().isWatched())
            signalAll(); // it may be readable and writable from now on
        return true;
    }

    @Override
    public boolean isConnected() {
        return state == State.CONNECTED;
    }

    @Override
    public boolean isConnectionPending() {
        return state == State.PENDING;
    }

    // -- reading

    @Override
    public int read(ByteBuffer dst) throws IOException {
        Objects.requireNonNull(dst);
        readLock.lock();
        try {
            ensureConnected();
            return (int) read(dst, null, 0, 0, isBlocking(), Deadlines.NEVER);
        } finally {
            readLock.unlock();
        }
    }

    @Override
    public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, dsts.length);
        readLock.lock();
        try {
            ensureConnected();
            return read(null, dsts, offset, length, isBlocking(), Deadlines.NEVER);
        } finally {
            readLock.unlock();
        }
    }

    /**
     * For the adaptor: reads in blocking mode.
     *
     * @throws SocketTimeoutException "Read timed out"
     */
    int blockingRead(ByteBuffer dst, long deadlineNs) throws IOException {
        readLock.lock();
        try {
            ensureConnected();
            if (!isBlocking()) throw new IllegalBlockingModeException();
            return (int) read(dst, null, 0, 0, true, deadlineNs);
        } finally {
            readLock.unlock();
        }
    }

    /** Into {@code dst}, or into a range of {@code dsts} if that is null. */
    private long read(
            ByteBuffer dst,
            ByteBuffer[] dsts,
            int offset,
            int length,
            boolean blocking,
            long deadlineNs)
            throws IOException {
        if (!blocking) {
            long n = input.read(dst, dsts, offset, length);
            if (n == 0 && !isOpen()) throw new AsynchronousCloseException();
            return n;
        }
        long n = 0;
        enterBlocking();
        try {
            n = input.read(dst, dsts, offset, length);
            while (n == 0 && isOpen() && Buffers.hasRemaining(dst, dsts, offset, length)) {
                Waited waited = input.await(deadlineNs);
                if (waited == Waited.INTERRUPTED) interrupted();
                if (!isOpen()) break; // leaveBlocking says so
                n = input.read(dst, dsts, offset, length);
                if (n == 0 && waited == Waited.TIMED_OUT)
                    throw new SocketTimeoutException("Read timed out");
            }
        } finally {
            leaveBlocking(n > 0);
        }
        return n;
    }

    /** For the adaptor: bytes that can be read without blocking. */
    int available() throws IOException {
        ensureConnected();
        return input.available();
    }

    // -- writing

    @Override
    public int write(ByteBuffer src) throws IOException {
        Objects.requireNonNull(src);
        writeLock.lock();
        try {
            ensureConnected();
            return (int) write(src, null, 0, 0, isBlocking());
        } finally {
            unlockWrite();
        }
    }

    @Override
    public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, srcs.length);
        writeLock.lock();
        try {
            ensureConnected();
            return write(null, srcs, offset, length, isBlocking());
        } finally {
            unlockWrite();
        }
    }

    /** For the adaptor: writes all of it, in blocking mode. */
    void blockingWriteFully(ByteBuffer src) throws IOException {
        writeLock.lock();
        try {
            ensureConnected();
            if (!isBlocking()) throw new IllegalBlockingModeException();
            do {
                ensureConnected();
                if (output.isShut()) throw new ClosedChannelException();
                write(src, null, 0, 0, true);
            } while (src.hasRemaining());
        } finally {
            unlockWrite();
        }
    }

    /** As {@link #write(ByteBuffer)}, of a byte that is urgent. */
    int writeUrgent(byte data) throws IOException {
        writeLock.lock();
        try {
            ensureConnected();
            output.urgent(true);
            return (int) write(ByteBuffer.wrap(new byte[] {data}), null, 0, 0, isBlocking());
        } finally {
            output.urgent(false);
            unlockWrite();
        }
    }

    boolean oobInline() {
        return stream.oobInline;
    }

    void oobInline(boolean on) {
        stream.oobInline = on;
    }

    /**
     * From {@code src}, or from a range of {@code srcs} if that is null. In blocking mode a platform
     * thread waits until all is written, a virtual one until anything is.
     */
    private long write(ByteBuffer src, ByteBuffer[] srcs, int offset, int length, boolean blocking)
            throws IOException {
        if (!blocking) {
            if (output.isShut()) throw new AsynchronousCloseException();
            long n = output.write(src, srcs, offset, length);
            if (n == 0 && !isOpen()) throw new AsynchronousCloseException();
            return n;
        }
        long n = 0;
        enterBlocking();
        try {
            ensureOpen();
            if (output.isShut()) throw new AsynchronousCloseException();
            n = output.write(src, srcs, offset, length);
            while (Buffers.hasRemaining(src, srcs, offset, length)) {
                if (n > 0 && VirtualThreads.isCurrent()) break; // as the JDK's: it has written
                if (output.await() == Waited.INTERRUPTED) interrupted();
                if (!isOpen()) break; // leaveBlocking says so
                if (n == 0 && output.isShut()) throw new AsynchronousCloseException();
                if (n > 0 && (output.isShut() || output.isBroken()))
                    break; // the next write says so
                n += output.write(src, srcs, offset, length);
            }
        } finally {
            leaveBlocking(n > 0);
        }
        return n;
    }

    // -- shutting down and closing

    @Override
    public SocketChannel shutdownInput() throws IOException {
        synchronized (stateLock) {
            ensureConnected();
            if (input.isShut()) return this;
            input.shut();
        }
        engine.post(stream, Stream.SHUTDOWN_INPUT);
        signalAll();
        return this;
    }

    @Override
    public SocketChannel shutdownOutput() throws IOException {
        synchronized (stateLock) {
            ensureConnected();
            if (output.isShut()) return this;
            output.shut();
        }
        signalAll();
        finish();
        return this;
    }

    boolean isInputShut() {
        return input.isShut();
    }

    boolean isOutputShut() {
        return output.isShut();
    }

    /** Wakes blocked threads and selectors after a change on this side. */
    private void signalAll() {
        Wakeups wakeups = new Wakeups();
        stream.signals().all(wakeups);
        wakeups.run();
    }

    private void unlockWrite() {
        writeLock.unlock();
        if (output.isShut() || !isOpen()) finish();
    }

    /**
     * Whether the connection stays, as the JDK's does: until no selector has the channel any more, of
     * which the last one calls {@link #deregistered}.
     */
    private boolean isKept() {
        if (isOpen()) return true;
        if (closesAtOnce || !front.isRegistered()) return false;
        synchronized (stateLock) {
            return attached; // a mere port is given up at once
        }
    }

    private boolean isFinished(boolean kept) {
        if (!kept) return closePosted;
        return shutdownPosted || !(output.isShut() || closeEndsOutput);
    }

    /**
     * Posts the end of output or the close, unless a writer is inside: then that one does it when it
     * leaves, so that the FIN comes after all its bytes. Never waits.
     */
    private void finish() {
        for (boolean kept; !isFinished(kept = isKept()) && writeLock.tryLock(); ) {
            try {
                if (kept) postShutdown();
                else postClose();
            } finally {
                writeLock.unlock();
            }
        }
    }

    private void postShutdown() {
        if (shutdownPosted) return;
        shutdownPosted = true;
        engine.post(stream, Stream.SHUTDOWN_OUTPUT);
    }

    private void postClose() {
        boolean known;
        synchronized (stateLock) {
            known = attached;
        }
        if (known && !closePosted) engine.post(stream, closing());
        if (binding != null) engine.release(binding);
        binding = null;
        closePosted = true;
    }

    /**
     * What closes it. The sockets of java.net end their output first, as the JDK's do: so a peer that is
     * reset, because not all was read here, gets the end of the stream behind the last bytes.
     */
    private int closing() {
        boolean ends = interruption == Interruption.FAILS_VIRTUAL_THREADS && stream.linger != 0;
        return ends ? Stream.SHUTDOWN_OUTPUT | Stream.CLOSE : Stream.CLOSE;
    }

    @Override
    protected void implCloseSelectableChannel() {
        boolean wasConnected;
        synchronized (stateLock) {
            wasConnected = state == State.CONNECTED;
            state = State.CLOSED;
        }
        closeEndsOutput = wasConnected && !isBlocking() && stream.linger != 0;
        signalAll();
        finish();
        if (wasConnected && isBlocking() && stream.linger > 0 && !isKept()) linger();
    }

    @Override
    public void closeAtOnce() throws IOException {
        closesAtOnce = true;
        close();
    }

    @Override
    public void deregistered() {
        if (!isOpen()) finish();
    }

    /** SO_LINGER in blocking mode; not where a thread was blocked, which must not wait for this. */
    private void linger() {
        if (readLock.isLocked() || !writeLock.tryLock()) return;
        try {
            long until = Deadlines.after(TimeUnit.SECONDS.toMillis(stream.linger));
            interruption.await(
                    stream.signals().writer(),
                    () -> stream.isTerminated() || stream.cause() != null,
                    until);
        } finally {
            writeLock.unlock();
        }
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
        // Whoever is inside keeps the mode in which he began.
        lockBoth();
        unlockBoth();
    }

    // -- for the selector

    @Override
    public int ready(int ops) {
        State now = state;
        if (now == State.PENDING) return stream.isDecided() ? ops & SelectionKey.OP_CONNECT : 0;
        if (now != State.CONNECTED) return 0;
        int ready = 0;
        if ((ops & SelectionKey.OP_READ) != 0 && input.isReadable()) ready |= SelectionKey.OP_READ;
        if ((ops & SelectionKey.OP_WRITE) != 0 && output.isWritable())
            ready |= SelectionKey.OP_WRITE;
        return ready;
    }

    @Override
    public void attach(StackSelectionKey key) {
        stream.signals().add(key.interest());
    }

    @Override
    public void detach(StackSelectionKey key) {
        stream.signals().remove(key.interest());
    }

    // -- addresses, options, adaptor

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

    /** Also after close. */
    InetSocketAddress local() {
        return local;
    }

    /** Also after close. */
    InetSocketAddress remote() {
        return remote;
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return StreamOptions.supported();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        StreamOptions.checkName(name);
        synchronized (stateLock) {
            ensureOpen();
            Object value =
                    StreamOptions.isReuse(name)
                            ? StreamOptions.get(reuse, name)
                            : StreamOptions.get(stream, engine.sysctls(), name);
            return name.type().cast(value);
        }
    }

    @Override
    public <T> SocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        StreamOptions.checkName(name);
        StreamOptions.checkValue(name, value);
        boolean known;
        synchronized (stateLock) {
            ensureOpen();
            if (StreamOptions.isReuse(name)) {
                reuse = StreamOptions.set(reuse, name, value);
                return this;
            }
            StreamOptions.set(stream, engine.sysctls(), name, value);
            optionsChanged = true;
            known = attached;
        }
        if (known) engine.post(stream, Stream.OPTIONS);
        if (name == StandardSocketOptions.SO_SNDBUF) signalAll(); // there may be room now
        return this;
    }

    @Override
    public Socket socket() {
        synchronized (stateLock) {
            if (socket == null) socket = SocketAdaptor.of(this);
            return socket;
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("io.usernet.SocketChannel[");
        if (!isOpen()) return text.append("closed]").toString();
        text.append(state.name().toLowerCase(java.util.Locale.ROOT));
        if (input.isShut()) text.append(" ishut");
        if (output.isShut()) text.append(" oshut");
        if (local != null) text.append(" local=").append(local);
        if (remote != null) text.append(" remote=").append(remote);
        return text.append(']').toString();
    }
}
