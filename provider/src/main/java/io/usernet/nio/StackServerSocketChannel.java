package io.usernet.nio;

import io.usernet.buffer.Wakeups;
import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import io.usernet.stack.Binding;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.Stream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** A listener of the stack. Locks and threads: see the package; {@code acceptLock} is its only long one. */
final class StackServerSocketChannel extends ServerSocketChannel
        implements Pollable, ServerSocketAdaptor.Acceptor {
    private final Engine engine;
    private final ListenerOptions options;
    private final Interruption interruption;

    /** Held by the thread that accepts, or binds; given up by {@link #unlockAccept} alone. */
    private final ReentrantLock acceptLock = new ReentrantLock();

    /** Held by whoever changes the fields below; never while blocking or posting. */
    private final Object stateLock = new Object();

    // -- fields protected by stateLock; the volatile ones are also read without it
    private volatile Backlog backlog; // once bound
    private volatile InetSocketAddress local; // kept after close, for the adaptor
    private final List<StackSelectionKey> keys = new ArrayList<>(1);
    private ServerSocket socket;
    // -- end of fields protected by stateLock

    // -- fields protected by acceptLock
    private Binding binding;
    private volatile boolean closePosted;
    // -- end of fields protected by acceptLock

    private BooleanSupplier acceptable; // made by the first thread that blocks

    StackServerSocketChannel(SelectorProvider provider, Engine engine) {
        this(provider, engine, Interruption.CLOSES);
    }

    StackServerSocketChannel(SelectorProvider provider, Engine engine, Interruption interruption) {
        super(provider);
        this.engine = engine;
        this.interruption = interruption;
        this.options = new ListenerOptions(engine.sysctls());
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!isOpen()) throw new ClosedChannelException();
    }

    @Override
    public ServerSocketChannel bind(SocketAddress address, int backlogSize) throws IOException {
        ensureOpen();
        // Without the lock: it may be held for long by a thread that accepts, but then this is
        // bound.
        if (local != null) throw new AlreadyBoundException();
        acceptLock.lock();
        try {
            ensureOpen();
            if (local != null) throw new AlreadyBoundException();
            bind(address == null ? Addresses.of(0, 0) : Addresses.check(address), backlogSize);
        } finally {
            unlockAccept();
        }
        return this;
    }

    private void bind(InetSocketAddress wanted, int backlogSize) throws IOException {
        Binding bound = engine.bind(Addresses.ipv4(wanted), wanted.getPort(), options.reuse());
        Backlog listening;
        try {
            listening = engine.listen(bound, backlogSize, options.receiveBuffer());
        } catch (IOException | RuntimeException e) {
            engine.release(bound);
            throw e;
        }
        binding = bound;
        synchronized (stateLock) {
            backlog = listening;
            local = Addresses.likewise(wanted, bound.address(), bound.port());
            for (StackSelectionKey key : keys) listening.signals().add(key.interest());
        }
        if (!isOpen()) throw new AsynchronousCloseException();
        signalAll(); // who connected before the keys could hear of it
    }

    // -- accepting

    @Override
    public SocketChannel accept() throws IOException {
        acceptLock.lock();
        try {
            return accept(isBlocking(), Deadlines.NEVER);
        } finally {
            unlockAccept();
        }
    }

    @Override
    public SocketChannel blockingAccept(int timeoutMs) throws IOException {
        long deadlineNs = timeoutMs == 0 ? Deadlines.NEVER : Deadlines.after(timeoutMs);
        acceptLock.lock();
        try {
            if (!isBlocking()) throw new IllegalBlockingModeException();
            return accept(true, deadlineNs);
        } finally {
            unlockAccept();
        }
    }

    private SocketChannel accept(boolean blocking, long deadlineNs) throws IOException {
        ensureOpen();
        Stream accepted = null;
        boolean completed = false;
        try {
            if (blocking) enterBlocking();
            try {
                ensureOpen();
                if (local == null) throw new NotYetBoundException();
                accepted = backlog.poll();
                if (accepted == null && blocking) accepted = awaitConnection(deadlineNs);
            } finally {
                if (blocking) leaveBlocking(accepted != null);
            }
            completed = true;
        } finally {
            // An interrupt came with the connection: nobody will ever close it.
            if (!completed && accepted != null) engine.post(accepted, Stream.CLOSE);
        }
        if (accepted == null) {
            ensureOpen();
            if (backlog.isClosed()) throw engine.closed();
            return null;
        }
        if (options.inheritTo(accepted)) engine.post(accepted, Stream.OPTIONS);
        return new StackSocketChannel(provider(), engine, interruption, accepted, options.reuse());
    }

    private void enterBlocking() {
        if (interruption == Interruption.CLOSES) begin();
    }

    private void leaveBlocking(boolean completed) throws AsynchronousCloseException {
        if (interruption == Interruption.CLOSES) end(completed);
        else if (!completed && !isOpen()) throw new AsynchronousCloseException();
    }

    /** Closes the channel, if the interrupter has not got there yet. */
    private void interrupted() throws InterruptedIOException {
        if (interruption != Interruption.CLOSES) throw new InterruptedIOException();
        begin();
    }

    private Stream awaitConnection(long deadlineNs) throws IOException {
        Backlog from = backlog;
        if (acceptable == null) acceptable = () -> from.size() > 0 || !isOpen() || from.isClosed();
        while (isOpen()) {
            Waited waited = interruption.await(from.signals().reader(), acceptable, deadlineNs);
            Stream accepted = from.poll();
            if (accepted != null) return accepted;
            if (waited == Waited.INTERRUPTED) {
                interrupted();
                return null;
            }
            if (waited == Waited.TIMED_OUT) throw new SocketTimeoutException("Accept timed out");
            if (from.isClosed() && isOpen()) throw engine.closed();
        }
        return null;
    }

    // -- closing

    private void unlockAccept() {
        acceptLock.unlock();
        if (!isOpen()) finish();
    }

    /** Posts the close, unless a thread accepts or binds: then that one does it when it leaves. */
    private void finish() {
        while (!closePosted && acceptLock.tryLock()) {
            try {
                if (closePosted) return;
                if (backlog != null) engine.post(backlog, Backlog.CLOSE);
                if (binding != null) engine.release(binding);
                binding = null;
                closePosted = true;
            } finally {
                acceptLock.unlock();
            }
        }
    }

    private void signalAll() {
        Backlog from = backlog;
        if (from == null) return;
        Wakeups wakeups = new Wakeups();
        from.signals().all(wakeups);
        wakeups.run();
    }

    @Override
    protected void implCloseSelectableChannel() {
        signalAll();
        finish();
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
        // Whoever is inside keeps the mode in which he began.
        acceptLock.lock();
        unlockAccept();
    }

    // -- for the selector

    @Override
    public int ready(int ops) {
        Backlog from = backlog;
        // Whoever selects must hear that nothing will ever come: accept says so.
        boolean ready = from != null && isOpen() && (from.size() > 0 || from.isClosed());
        return ready ? ops & SelectionKey.OP_ACCEPT : 0;
    }

    @Override
    public void attach(StackSelectionKey key) {
        synchronized (stateLock) {
            keys.add(key);
            if (backlog != null) backlog.signals().add(key.interest());
        }
    }

    @Override
    public void detach(StackSelectionKey key) {
        synchronized (stateLock) {
            keys.remove(key);
            if (backlog != null) backlog.signals().remove(key.interest());
        }
    }

    // -- addresses, options, adaptor

    @Override
    public SocketAddress getLocalAddress() throws IOException {
        ensureOpen();
        return local;
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return ListenerOptions.supported();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        ListenerOptions.checkName(name);
        ensureOpen();
        return name.type().cast(options.get(name));
    }

    /** Of SO_RCVBUF, what was set when the channel is bound counts. */
    @Override
    public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        ListenerOptions.checkName(name);
        StreamOptions.checkValue(name, value);
        ensureOpen();
        options.set(name, value);
        return this;
    }

    @Override
    public ServerSocket socket() {
        synchronized (stateLock) {
            if (socket == null) socket = ServerSocketAdaptor.of(this);
            return socket;
        }
    }

    @Override
    public String toString() {
        if (!isOpen()) return "io.usernet.ServerSocketChannel[closed]";
        return "io.usernet.ServerSocketChannel[" + (local == null ? "unbound" : local) + "]";
    }
}
