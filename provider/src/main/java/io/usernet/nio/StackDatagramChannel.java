package io.usernet.nio;

import io.usernet.buffer.Wakeups;
import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import io.usernet.stack.Arrival;
import io.usernet.stack.Binding;
import io.usernet.stack.UdpBinding;
import io.usernet.udp.UdpError;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.MembershipKey;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.SelectorProvider;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * A UDP socket of the stack. Locks and threads: see the package.
 */
final class StackDatagramChannel extends AdaptedDatagramChannel {
    /**
     * Whom it is connected to.
     *
     * @param given as the application said it: perhaps with a name
     * @param said its address: perhaps the wildcard
     * @param address the peer's
     * @param source the local address
     */
    private record Peer(InetSocketAddress given, int said, int address, int port, int source) {
        boolean is(int otherAddress, int otherPort) {
            return otherPort == port && (otherAddress == address || otherAddress == said);
        }
    }

    private final Engine engine;
    private final Interruption interruption;
    private final UdpSocket socket;
    private final DatagramOptions options;
    private final StackMemberships memberships;
    private final BooleanSupplier wakesReader, wakesWriter;

    /** Held by the thread that receives. */
    private final ReentrantLock readLock = new ReentrantLock();

    /** Held by the thread that sends; given up by {@link #unlockWrite} alone. */
    private final ReentrantLock writeLock = new ReentrantLock();

    // -- fields changed by who holds both locks; the volatile ones are also read without them, and
    // kept after close, for the adaptor
    private Binding binding;
    private InetSocketAddress bound; // what it is local to while it isn't connected
    private volatile InetSocketAddress local;
    private volatile Peer peer;
    // -- end of fields changed by who holds both locks

    private volatile boolean closePosted; // by who holds writeLock

    // -- fields protected by readLock
    private long lastSender = UdpSocket.NONE;
    private InetSocketAddress lastSenderAddress; // of lastSender
    private InetSocketAddress lastSenderIpv6; // lastIpv6 as it was then
    // -- end of fields protected by readLock

    // -- fields protected by writeLock
    private InetSocketAddress lastTarget;
    private int lastTargetAddress; // of lastTarget
    private volatile InetSocketAddress lastIpv6; // of those in that form; or null
    // -- end of fields protected by writeLock

    private DatagramSocket adaptor; // protected by options

    StackDatagramChannel(SelectorProvider provider, Engine engine) {
        this(provider, engine, Interruption.CLOSES);
    }

    StackDatagramChannel(SelectorProvider provider, Engine engine, Interruption interruption) {
        this(provider, engine, interruption, engine.newUdpSocket());
    }

    /** The channel of a socket that is bound, and connected to the peer. */
    StackDatagramChannel(SelectorProvider provider, Engine engine, Arrival.Udp flow) {
        this(provider, engine, Interruption.CLOSES, flow.socket());
        int source = flow.localAddress(), from = flow.remoteAddress(), port = flow.remotePort();
        binding = flow.binding();
        local = bound = Addresses.of(source, binding.port());
        peer = new Peer(Addresses.of(from, port), from, from, port, source);
    }

    private StackDatagramChannel(
            SelectorProvider provider, Engine engine, Interruption interruption, UdpSocket socket) {
        super(provider);
        this.engine = engine;
        this.interruption = interruption;
        this.socket = socket;
        this.options = new DatagramOptions(socket, engine);
        this.memberships = new StackMemberships(this, socket, engine);
        this.wakesReader = () -> socket.isReadable() || !isOpen();
        this.wakesWriter = () -> socket.isWritable() || socket.isClosed() || !isOpen();
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!isOpen()) throw new ClosedChannelException();
    }

    private Peer ensureConnected() throws ClosedChannelException {
        ensureOpen();
        Peer to = peer;
        if (to == null) throw new NotYetConnectedException();
        return to;
    }

    private void enterBlocking() {
        if (interruption == Interruption.CLOSES) begin();
    }

    private void leaveBlocking(boolean completed) throws AsynchronousCloseException {
        if (interruption == Interruption.CLOSES) end(completed);
        else if (!completed && !isOpen()) throw new AsynchronousCloseException();
    }

    /** As the same method of StackSocketChannel: the interrupt may be ahead of the close it causes. */
    private void interrupted() throws InterruptedIOException {
        if (interruption != Interruption.CLOSES) throw new InterruptedIOException();
        begin();
    }

    private void lockBoth() {
        readLock.lock();
        writeLock.lock();
    }

    /** Or waits a moment, if another thread is inside. */
    private boolean tryLockBoth() {
        if (readLock.tryLock()) {
            if (writeLock.tryLock()) return true;
            readLock.unlock();
        }
        LockSupport.parkNanos(this, BINDING_NS);
        return false;
    }

    private void unlockBoth() {
        try {
            unlockWrite();
        } finally {
            readLock.unlock();
        }
    }

    // -- binding, connecting, disconnecting

    @Override
    public DatagramChannel bind(SocketAddress address) throws IOException {
        lockBoth();
        try {
            ensureOpen();
            if (local != null) throw new AlreadyBoundException();
            bindLocked(address == null ? Addresses.of(0, 0) : Addresses.check(address));
        } finally {
            unlockBoth();
        }
        return this;
    }

    private void bindLocked(InetSocketAddress wanted) throws IOException {
        binding = engine.bind(socket, Addresses.ipv4(wanted), wanted.getPort(), options.reuse());
        local = bound = Addresses.likewise(wanted, binding.address(), binding.port());
    }

    /**
     * Whoever sends or receives first binds, before it takes its own lock. It needs both, and waits for
     * them only while the channel is unbound: then nobody blocks inside. Who does may have bound it a
     * moment ago, and stay until there is an answer to what is to be sent.
     */
    private void bindIfUnbound() throws IOException {
        while (local == null && isOpen()) {
            if (!tryLockBoth()) continue;
            try {
                if (local == null && isOpen()) bindLocked(Addresses.of(0, 0));
            } finally {
                unlockBoth();
            }
        }
    }

    @Override
    public DatagramChannel connect(SocketAddress address) throws IOException {
        return connect(address, false);
    }

    @Override
    StackDatagramChannel connect(SocketAddress address, boolean again) throws IOException {
        InetSocketAddress given = Addresses.check(address);
        lockBoth();
        try {
            ensureOpen();
            if (peer != null && !again) throw new AlreadyConnectedException();
            if (given.getPort() == 0) throw new SocketException("Can't connect to port 0");
            if (local == null) bindLocked(Addresses.of(0, 0));
            int to = addressOf(given), port = given.getPort();
            UdpBinding connected = engine.connect(socket, to, port, options.broadcast());
            int source = connected.localAddress();
            local = Addresses.likewise(given, source, binding.port());
            peer = new Peer(given, to, connected.remoteAddress(), port, source);
        } finally {
            unlockBoth();
        }
        return this;
    }

    @Override
    public DatagramChannel disconnect() throws IOException {
        lockBoth();
        try {
            if (peer == null || !isOpen()) return this;
            engine.disconnect(socket);
            peer = null;
            local = bound;
        } finally {
            unlockBoth();
        }
        return this;
    }

    @Override
    public boolean isConnected() {
        return peer != null && isOpen();
    }

    @Override
    public MembershipKey join(InetAddress group, NetworkInterface through) throws IOException {
        return memberships.join(group, through, false, null);
    }

    @Override
    public MembershipKey join(InetAddress group, NetworkInterface through, InetAddress source)
            throws IOException {
        return memberships.join(group, through, false, Objects.requireNonNull(source));
    }

    @Override
    MembershipKey joinAnywhere(InetAddress group) throws IOException {
        return memberships.join(group, null, true, null);
    }

    @Override
    MembershipKey membership(InetAddress group, NetworkInterface through) {
        return memberships.find(group, through);
    }

    // -- receiving

    @Override
    public SocketAddress receive(ByteBuffer dst) throws IOException {
        return receive(dst, false, Deadlines.NEVER);
    }

    @Override
    InetSocketAddress blockingReceive(ByteBuffer dst, long deadlineNs) throws IOException {
        return receive(dst, true, deadlineNs);
    }

    private InetSocketAddress receive(ByteBuffer dst, boolean mustBlock, long deadlineNs)
            throws IOException {
        Buffers.checkWritable(Objects.requireNonNull(dst), null, 0, 0);
        if (mustBlock && isOpen() && !isBlocking()) throw new IllegalBlockingModeException();
        bindIfUnbound();
        readLock.lock();
        try {
            ensureOpen();
            boolean blocking = isBlocking();
            if (mustBlock && !blocking) throw new IllegalBlockingModeException();
            long from = receive(dst, null, 0, 0, blocking, deadlineNs);
            return from == UdpSocket.NONE ? null : senderAddress(from);
        } finally {
            readLock.unlock();
        }
    }

    private InetSocketAddress senderAddress(long from) {
        InetSocketAddress six = lastIpv6;
        if (from != lastSender || six != lastSenderIpv6) {
            lastSender = from;
            lastSenderIpv6 = six;
            lastSenderAddress = addressOf((int) (from >>> 16), (int) from & 0xFFFF, six);
        }
        return lastSenderAddress;
    }

    /** Who answers is who was asked: at the loopback of IPv6, if that was the address. */
    private static InetSocketAddress addressOf(int address, int port, InetSocketAddress asked) {
        return asked != null && asked.getPort() == port
                ? Addresses.likewise(asked, address, port)
                : Addresses.of(address, port);
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
        Objects.requireNonNull(dst);
        return (int) read(dst, null, 0, 0);
    }

    @Override
    public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, dsts.length);
        return read(null, dsts, offset, length);
    }

    /** As in the JDK, an empty datagram looks like the end of a stream: -1. */
    private long read(ByteBuffer dst, ByteBuffer[] dsts, int offset, int length)
            throws IOException {
        readLock.lock();
        try {
            ensureConnected();
            Buffers.checkWritable(dst, dsts, offset, length);
            long room = Buffers.remaining(dst, dsts, offset, length);
            if (room == 0) return 0;
            long from = receive(dst, dsts, offset, length, isBlocking(), Deadlines.NEVER);
            if (from == UdpSocket.NONE) return 0;
            long n = room - Buffers.remaining(dst, dsts, offset, length);
            return n == 0 ? -1 : n;
        } finally {
            readLock.unlock();
        }
    }

    /** Into {@code dst}, or into a range of {@code dsts} if that is null; answers the sender. */
    private long receive(
            ByteBuffer dst,
            ByteBuffer[] dsts,
            int offset,
            int length,
            boolean blocking,
            long deadlineNs)
            throws IOException {
        if (!blocking) return poll(dst, dsts, offset, length);
        long from = UdpSocket.NONE;
        enterBlocking();
        try {
            ensureOpen();
            from = poll(dst, dsts, offset, length);
            while (from == UdpSocket.NONE && isOpen()) {
                Waited waited =
                        interruption.await(socket.signals().reader(), wakesReader, deadlineNs);
                if (waited == Waited.INTERRUPTED) interrupted();
                if (!isOpen()) break; // leaveBlocking says so
                from = poll(dst, dsts, offset, length);
                if (from == UdpSocket.NONE && waited == Waited.TIMED_OUT)
                    throw new SocketTimeoutException("Receive timed out");
            }
        } finally {
            leaveBlocking(from != UdpSocket.NONE);
        }
        return from;
    }

    /** What there is now; an error comes before it. */
    private long poll(ByteBuffer dst, ByteBuffer[] dsts, int offset, int length)
            throws IOException {
        throwPending();
        long from = dst != null ? socket.receive(dst) : socket.receive(dsts, offset, length);
        if (socket.shouldAnnounce()) engine.post(socket, UdpSocket.RECEIVED);
        if (from == UdpSocket.NONE) checkAlive();
        return from;
    }

    private void checkAlive() throws IOException {
        if (!isOpen()) throw new AsynchronousCloseException();
        if (socket.isClosed()) throw engine.closed();
    }

    /** What ICMP has said about an earlier datagram of this socket, once. */
    private void throwPending() throws IOException {
        UdpError error = socket.takeError();
        if (error == null || peer == null) return; // of a peer that it is no longer connected to
        throw switch (error) {
            case PORT_UNREACHABLE -> new PortUnreachableException();
            case HOST_UNREACHABLE -> new NoRouteToHostException(error.message());
            default -> new SocketException(error.message());
        };
    }

    // -- sending

    @Override
    public int send(ByteBuffer src, SocketAddress target) throws IOException {
        return send(src, target, false);
    }

    @Override
    void blockingSend(ByteBuffer src, SocketAddress target) throws IOException {
        send(src, target, true);
    }

    private int send(ByteBuffer src, SocketAddress target, boolean mustBlock) throws IOException {
        int n = src.remaining();
        InetSocketAddress to = Addresses.check(target);
        bindIfUnbound();
        writeLock.lock();
        try {
            ensureOpen();
            boolean blocking = isBlocking();
            if (mustBlock && !blocking) throw new IllegalBlockingModeException();
            int address = addressOf(to), port = to.getPort();
            Peer connected = peer;
            if (connected != null) {
                if (!connected.is(address, port)) throw new AlreadyConnectedException();
                return (int) write(src, null, 0, 0, connected, blocking);
            }
            if (port == 0) throw new SocketException("Can't send to port 0");
            if (n > UdpSocket.MAX_PAYLOAD) throw new SocketException("Message too long");
            return send(src, null, 0, 0, binding.address(), address, port, blocking) ? n : 0;
        } finally {
            unlockWrite();
        }
    }

    /** The IP address of a destination; of the same one as before without making anything. */
    private int addressOf(InetSocketAddress target) {
        if (!target.equals(lastTarget)) {
            lastTarget = target;
            lastTargetAddress = Addresses.ipv4(target);
            if (Addresses.isIpv6(target)) lastIpv6 = target;
            else if (lastIpv6 != null && lastIpv6.getPort() == target.getPort()) lastIpv6 = null;
        }
        return lastTargetAddress;
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        Objects.requireNonNull(src);
        return (int) write(src, null, 0, 0);
    }

    @Override
    public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, srcs.length);
        return write(null, srcs, offset, length);
    }

    private long write(ByteBuffer src, ByteBuffer[] srcs, int offset, int length)
            throws IOException {
        writeLock.lock();
        try {
            return write(src, srcs, offset, length, ensureConnected(), isBlocking());
        } finally {
            unlockWrite();
        }
    }

    /** To the peer. As in the JDK, an empty datagram is sent only where there is none. */
    private long write(
            ByteBuffer src, ByteBuffer[] srcs, int offset, int length, Peer to, boolean blocking)
            throws IOException {
        long n = Buffers.remaining(src, srcs, offset, length);
        if (n == 0) return 0;
        if (n > UdpSocket.MAX_PAYLOAD) throw new IOException("Message too long");
        boolean sent =
                send(src, srcs, offset, length, to.source(), to.address(), to.port(), blocking);
        return sent ? n : 0;
    }

    /** From {@code src}, or from a range of {@code srcs} if that is null: all of it or nothing. */
    private boolean send(
            ByteBuffer src,
            ByteBuffer[] srcs,
            int offset,
            int length,
            int from,
            int to,
            int port,
            boolean blocking)
            throws IOException {
        boolean sent = false;
        if (blocking) enterBlocking();
        try {
            ensureOpen();
            sent = offer(src, srcs, offset, length, from, to, port);
            while (!sent && blocking && isOpen()) {
                Waited waited =
                        interruption.await(socket.signals().writer(), wakesWriter, Deadlines.NEVER);
                if (waited == Waited.INTERRUPTED) interrupted();
                if (!isOpen()) break; // leaveBlocking says so
                sent = offer(src, srcs, offset, length, from, to, port);
            }
        } finally {
            if (blocking) leaveBlocking(sent);
        }
        return sent;
    }

    /** Queues it, if there is room now; an error comes before it. */
    private boolean offer(
            ByteBuffer src, ByteBuffer[] srcs, int offset, int length, int from, int to, int port)
            throws IOException {
        throwPending();
        int bytes = (int) Buffers.remaining(src, srcs, offset, length);
        int source = source(from, to, bytes);
        int tos = options.trafficClass();
        boolean queued =
                src != null
                        ? socket.send(src, source, to, port, tos)
                        : socket.send(srcs, offset, length, source, to, port, tos);
        if (queued) engine.post(socket, UdpSocket.TRANSMIT);
        else checkAlive();
        if (!queued && socket.isStarved()) engine.post(socket, UdpSocket.STARVED);
        return queued;
    }

    private int source(int from, int to, int bytes) throws SocketException {
        boolean whole = socket.dontFragment;
        return Ipv4Address.isMulticast(to)
                ? engine.sourceToGroup(from, to, socket.multicastLink, bytes, whole)
                : engine.source(from, to, bytes, options.broadcast(), whole);
    }

    // -- closing

    /** Wakes blocked threads and selectors after a change on this side. */
    private void signalAll() {
        Wakeups wakeups = new Wakeups();
        socket.signals().all(wakeups);
        wakeups.run();
    }

    private void unlockWrite() {
        writeLock.unlock();
        if (!isOpen()) finish();
    }

    /**
     * Posts the close, unless a thread sends or binds: then that one does it when it leaves, so that
     * what it sends is sent. Never waits.
     */
    private void finish() {
        while (!closePosted && writeLock.tryLock()) {
            try {
                boolean known = binding != null || memberships.areUsed(); // to the stack
                if (!closePosted && known) engine.post(socket, UdpSocket.CLOSE);
                closePosted = true;
            } finally {
                writeLock.unlock();
            }
        }
    }

    @Override
    protected void implCloseSelectableChannel() {
        signalAll();
        finish();
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
        int ready = 0;
        if ((ops & SelectionKey.OP_READ) != 0 && socket.isReadable()) ready |= SelectionKey.OP_READ;
        if ((ops & SelectionKey.OP_WRITE) != 0 && (socket.isWritable() || socket.isClosed()))
            ready |= SelectionKey.OP_WRITE;
        return ready;
    }

    @Override
    public void attach(StackSelectionKey key) {
        socket.signals().add(key.interest());
    }

    @Override
    public void detach(StackSelectionKey key) {
        socket.signals().remove(key.interest());
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
        return remote();
    }

    @Override
    InetSocketAddress local() {
        return local;
    }

    @Override
    InetSocketAddress remote() {
        Peer to = peer;
        return to == null ? null : to.given();
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return DatagramOptions.supported();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        DatagramOptions.checkName(name);
        ensureOpen();
        return name.type().cast(options.get(name));
    }

    /** With whom the port is shared is settled by binding. */
    @Override
    public <T> DatagramChannel setOption(SocketOption<T> name, T value) throws IOException {
        DatagramOptions.checkName(name);
        StreamOptions.checkValue(name, value);
        ensureOpen();
        options.set(name, value);
        if (name == StandardSocketOptions.SO_SNDBUF) signalAll(); // there may be room now
        return this;
    }

    @Override
    public DatagramSocket socket() {
        synchronized (options) {
            if (adaptor == null) adaptor = DatagramSocketAdaptor.of(this);
            return adaptor;
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("io.usernet.DatagramChannel[");
        if (!isOpen()) return text.append("closed]").toString();
        InetSocketAddress here = local, there = remote();
        if (here == null) return text.append("unbound]").toString();
        text.append("local=").append(here);
        if (there != null) text.append(" remote=").append(there);
        return text.append(']').toString();
    }
}
