package io.usernet.nio;

import io.usernet.nio.Routing.Transport;
import io.usernet.runtime.Engine;
import io.usernet.runtime.VirtualThreads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
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
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A UDP socket of the stack, of the kernel, or of both: {@link Routing} says of which. Channels of those
 * transports, its legs, do the work; they are hidden from the application, and closed with this one.
 *
 * <pre>
 *   unbound                       a leg of the stack, which answers and is asked for nothing else
 *   bound to an address           one leg, if one of them alone has it
 *   connected                     one leg
 *   bound to the wildcard, or     one leg, or both; the other one comes with the first datagram that
 *     to what both have             goes its way, to the same port where that is free. Each datagram
 *                                   goes the way of its destination; what comes to either is received
 * </pre>
 *
 * <p>Locks and threads: as the package says; those of a leg come after those of the channel. Legs are
 * non-blocking for good. Who has to wait does so for all of them, in a selector of ours, so that a leg
 * which comes later wakes him too.
 */
final class RoutedDatagramChannel extends AdaptedDatagramChannel {
    private static final ProtocolFamily INET = StandardProtocolFamily.INET;
    private static final InetSocketAddress ANY = Addresses.of(0, 0);

    /** How often a port is sought that is free on the stack and in the kernel. */
    private static final int PORT_ATTEMPTS = 16;

    private final Engine engine;
    private final Interruption interruption;
    private final Routing routing;
    private final ProtocolFamily family; // null: any
    private final LegKeys keys = new LegKeys();
    private final LegWait readable, writable;
    private final List<RoutedMembership> memberships = new CopyOnWriteArrayList<>();

    /** Held by the thread that receives. */
    private final ReentrantLock readLock = new ReentrantLock();

    /** Held by the thread that sends. */
    private final ReentrantLock writeLock = new ReentrantLock();

    // -- fields changed by who holds both locks; the volatile ones are also read without them, and
    // kept after close, for the adaptor
    private volatile DatagramChannel first; // whose address and options are the channel's
    private volatile InetSocketAddress local, remote;
    private boolean fixed; // bound to an address that one of them alone has
    private boolean portGiven;
    // -- end of fields changed by who holds both locks

    private volatile DatagramChannel second; // by who holds writeLock; null: none

    /** Who has the interface of IP_MULTICAST_IF; null: nobody in particular. */
    private volatile Transport multicastThrough;

    private boolean secondsTurn; // protected by readLock

    // -- fields protected by the options' monitor
    private final GivenOptions options = new GivenOptions();
    private DatagramSocket adaptor;

    // -- end of fields protected by the options' monitor

    /**
     * @param family null: IPv4 and IPv6
     */
    RoutedDatagramChannel(
            SelectorProvider provider, Engine engine, Routing routing, ProtocolFamily family)
            throws IOException {
        this(provider, engine, routing, family, Interruption.CLOSES);
    }

    RoutedDatagramChannel(
            SelectorProvider provider,
            Engine engine,
            Routing routing,
            ProtocolFamily family,
            Interruption interruption)
            throws IOException {
        super(provider);
        this.engine = engine;
        this.interruption = interruption;
        this.routing = routing;
        this.family = family;
        this.readable = new LegWait(provider, SelectionKey.OP_READ);
        this.writable = new LegWait(provider, SelectionKey.OP_WRITE);
        legs(openLeg(Transport.STACK), null);
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!isOpen()) throw new ClosedChannelException();
    }

    private void ensureConnected() throws ClosedChannelException {
        ensureOpen();
        if (remote == null) throw new NotYetConnectedException();
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
        writeLock.unlock();
        readLock.unlock();
    }

    // -- legs

    private static boolean isKernels(DatagramChannel leg) {
        return !(leg instanceof StackDatagramChannel);
    }

    /** Null: there is none, or none yet. */
    private DatagramChannel legOf(Transport transport) {
        DatagramChannel one = first, other = second;
        boolean kernel = transport == Transport.KERNEL;
        if (isKernels(one) == kernel) return one;
        return other != null && isKernels(other) == kernel ? other : null;
    }

    private DatagramChannel openLeg(Transport transport) throws IOException {
        DatagramChannel leg =
                transport == Transport.KERNEL
                        ? openKernelLeg()
                        : new StackDatagramChannel(provider(), engine);
        try {
            leg.configureBlocking(false);
            synchronized (options) {
                options.applyTo(leg);
            }
            return leg;
        } catch (IOException | RuntimeException e) {
            leg.close();
            throw e;
        }
    }

    private DatagramChannel openKernelLeg() throws IOException {
        SelectorProvider jdk = Kernel.provider();
        return family == null ? jdk.openDatagramChannel() : jdk.openDatagramChannel(family);
    }

    /** A leg beside the first, or in its place, on the port that the application knows. */
    private DatagramChannel openLegOnPort(Transport transport, boolean portMatters)
            throws IOException {
        InetAddress host = local.getAddress();
        if (host.isAnyLocalAddress()) host = ANY.getAddress(); // of either family
        DatagramChannel leg = openLeg(transport);
        try {
            leg.bind(new InetSocketAddress(host, local.getPort()));
            return leg;
        } catch (BindException e) {
            leg.close();
            if (portMatters) throw e;
        } catch (IOException | RuntimeException e) {
            leg.close();
            throw e;
        }
        leg = openLeg(transport);
        try {
            leg.bind(new InetSocketAddress(host, 0));
            return leg;
        } catch (IOException | RuntimeException e) {
            leg.close();
            throw e;
        }
    }

    /** One leg from now on; others are closed. Both locks are held. */
    private void only(DatagramChannel leg) throws IOException {
        DatagramChannel one = first, other = second;
        if (one == leg && other == null) return;
        legs(leg, null);
        if (one != leg) one.close();
        if (other != null && other != leg) other.close();
        readable.flush();
        writable.flush();
    }

    private void legs(DatagramChannel one, DatagramChannel other) throws IOException {
        first = one;
        second = other;
        readable.legs(one, other);
        writable.legs(one, other);
        try {
            keys.replace((StackDatagramChannel) legOf(Transport.STACK), legOf(Transport.KERNEL));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        if (!isOpen()) closeLegs(); // whoever closed the channel may not know of them
    }

    private void closeLegs() throws IOException {
        DatagramChannel other = second;
        try {
            first.close();
        } finally {
            if (other != null) other.close();
        }
    }

    private static InetSocketAddress addressOf(DatagramChannel leg) throws IOException {
        return (InetSocketAddress) leg.getLocalAddress();
    }

    // -- binding, connecting, disconnecting

    @Override
    public DatagramChannel bind(SocketAddress address) throws IOException {
        lockBoth();
        try {
            ensureOpen();
            if (local != null) throw new AlreadyBoundException();
            InetSocketAddress wanted = address == null ? ANY : Addresses.checkInet(address);
            boolean group = wanted.getAddress().isMulticastAddress();
            Transport transport = group ? wayToGroup(wanted) : routing.bind(wanted);
            bind(transport, address == null ? null : wanted);
            fixed = !group && !routing.isOfBoth(wanted);
            portGiven = wanted.getPort() != 0;
            joinOnLegs();
        } finally {
            unlockBoth();
        }
        return this;
    }

    /** Both locks are held. */
    private void bind(Transport transport, InetSocketAddress wanted) throws IOException {
        if (transport == Transport.BOTH) bindBoth(wanted == null ? 0 : wanted.getPort());
        else bindOne(transport, wanted);
        local = addressOf(first);
    }

    private void bindOne(Transport transport, InetSocketAddress wanted) throws IOException {
        DatagramChannel known = legOf(transport);
        DatagramChannel leg = known != null ? known : openLeg(transport);
        try {
            leg.bind(wanted);
        } catch (IOException | RuntimeException e) {
            if (known == null) leg.close();
            throw e;
        }
        only(leg);
    }

    private void bindBoth(int port) throws IOException {
        for (int attempt = 1; ; attempt++) {
            DatagramChannel kernel = openLeg(Transport.KERNEL);
            try {
                kernel.bind(new InetSocketAddress(port));
                first.bind(new InetSocketAddress(addressOf(kernel).getPort()));
                DatagramChannel before = second; // of a membership, and not bound
                legs(first, kernel);
                if (before != null) before.close();
                return;
            } catch (BindException e) {
                kernel.close();
                if (port != 0 || attempt == PORT_ATTEMPTS) throw e;
            } catch (IOException | RuntimeException e) {
                kernel.close();
                throw e;
            }
        }
    }

    /**
     * Whoever sends or receives first binds, before it takes its own lock. It needs both, and waits for
     * them only while the channel is unbound: then nobody blocks inside. Who does may have bound it a
     * moment ago, and stay until there is an answer to what is to be sent.
     *
     * @param transport who serves it
     */
    private void bindIfUnbound(Transport transport) throws IOException {
        while (local == null && isOpen()) {
            if (!tryLockBoth()) continue;
            try {
                if (local == null && isOpen()) {
                    bind(transport, null);
                    joinOnLegs();
                }
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
    RoutedDatagramChannel connect(SocketAddress address, boolean again) throws IOException {
        InetSocketAddress given = Addresses.checkInet(address);
        lockBoth();
        try {
            ensureOpen();
            if (remote != null && !again) throw new AlreadyConnectedException();
            if (given.getPort() == 0) throw new SocketException("Can't connect to port 0");
            connect(given);
        } finally {
            unlockBoth();
        }
        return this;
    }

    private void connect(InetSocketAddress given) throws IOException {
        Transport transport = fixed ? transportOf(first) : way(given);
        DatagramChannel known = legOf(transport), leg = known;
        if (leg == null)
            leg = local == null ? openLeg(transport) : openLegOnPort(transport, portGiven);
        try {
            leg.disconnect();
            leg.connect(given);
        } catch (IOException | RuntimeException e) {
            if (known == null) leg.close();
            throw e;
        }
        only(leg);
        local = addressOf(leg);
        remote = given;
        joinOnLegs();
    }

    /** Who serves a datagram. */
    private Transport way(InetSocketAddress to) throws IOException {
        return to.getAddress().isMulticastAddress()
                ? wayToGroup(to)
                : routing.send(to, localPort());
    }

    /** By the interface that is set, or that of the address which the channel is bound to. */
    private Transport wayToGroup(InetSocketAddress to) {
        Transport through = multicastThrough;
        InetSocketAddress bound = local;
        if (through == null && bound != null && bound.getAddress().isLoopbackAddress())
            through = routing.loopback();
        Transport transport = routing.group(to.getAddress(), through);
        return transport == Transport.BOTH ? Transport.STACK : transport;
    }

    /** 0: not bound. */
    private int localPort() {
        InetSocketAddress at = local;
        return at == null ? 0 : at.getPort();
    }

    private static Transport transportOf(DatagramChannel leg) {
        return isKernels(leg) ? Transport.KERNEL : Transport.STACK;
    }

    @Override
    public DatagramChannel disconnect() throws IOException {
        lockBoth();
        try {
            if (remote == null || !isOpen()) return this;
            first.disconnect();
            remote = null;
            local = addressOf(first);
            joinOnLegs();
        } finally {
            unlockBoth();
        }
        return this;
    }

    @Override
    public boolean isConnected() {
        return remote != null && isOpen();
    }

    // -- multicast

    /** By whom the rules say; a leg of it is made if there is none. */
    @Override
    public MembershipKey join(InetAddress group, NetworkInterface through) throws IOException {
        return join(group, through, false, null);
    }

    @Override
    public MembershipKey join(InetAddress group, NetworkInterface through, InetAddress source)
            throws IOException {
        return join(group, through, false, Objects.requireNonNull(source));
    }

    @Override
    MembershipKey joinAnywhere(InetAddress group) throws IOException {
        return join(group, null, true, null);
    }

    @Override
    MembershipKey membership(InetAddress group, NetworkInterface through) {
        return StackMemberships.find(memberships, group, through, null);
    }

    private RoutedMembership join(
            InetAddress group, NetworkInterface through, boolean any, InetAddress source)
            throws IOException {
        StackMemberships.checkGroup(group);
        boolean four = group instanceof Inet4Address;
        if (!four && (family == INET || routing.group(group, null) == Transport.STACK))
            throw StackMemberships.onlyIpv4();
        if (source != null) StackMemberships.checkSource(group, source);
        writeLock.lock();
        try {
            ensureOpen();
            memberships.removeIf(one -> !one.isValid()); // of one that is being dropped
            RoutedMembership known = StackMemberships.find(memberships, group, through, source);
            if (known != null) return known;
            if (!any) Objects.requireNonNull(through);
            Transport named = through == null ? multicastThrough : routing.through(through);
            Transport transport = fixed ? transportOf(first) : routing.group(group, named);
            RoutedMembership fresh = new RoutedMembership(this, group, through, source, transport);
            try {
                joinOnLegs(fresh);
            } catch (IOException | RuntimeException e) {
                fresh.drop();
                throw e;
            }
            memberships.add(fresh);
            return fresh;
        } finally {
            writeLock.unlock();
        }
    }

    /** After a change of legs: those of memberships are made again. Both locks are held. */
    private void joinOnLegs() throws IOException {
        for (RoutedMembership one : memberships) joinOnLegs(one);
    }

    /** Once connected, or bound to an address of the one, there is no leg for the other. */
    private void joinOnLegs(RoutedMembership membership) throws IOException {
        for (Transport transport : List.of(Transport.STACK, Transport.KERNEL)) {
            if (!membership.lacks(transport)) continue;
            DatagramChannel leg = legOf(transport);
            if (leg == null && !fixed && remote == null) {
                leg = local == null ? openLeg(transport) : openLegOnPort(transport, true);
                legs(first, leg);
            }
            if (leg != null) membership.joinOn(leg);
        }
    }

    /** A membership was dropped. */
    void dropped(RoutedMembership membership) {
        memberships.remove(membership);
    }

    // -- waiting

    /** What a leg may do at once: null if it would block. */
    private interface Attempt<T> {
        T now() throws IOException;
    }

    /**
     * Null: it would block, and the channel is non-blocking; or it was closed, or an interrupt closes it:
     * then {@link #leaveBlocking} throws.
     */
    private <T> T complete(Attempt<T> attempt, LegWait wait, boolean blocking, long deadlineNs)
            throws IOException {
        if (!blocking) return attempt.now();
        boolean interrupted = false;
        try {
            while (isOpen() && !closesByInterrupt()) {
                T result = attempt.now();
                if (result != null) return result;
                wait.prepare();
                if (!isOpen()) break; // perhaps before there was anything to wake
                if (!wait.await(deadlineNs)) throw new SocketTimeoutException("Receive timed out");
                interrupted |= ignoreInterrupt();
            }
            return null;
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    private boolean closesByInterrupt() {
        return interruption == Interruption.CLOSES && Thread.currentThread().isInterrupted();
    }

    /** Whether the status was cleared, so that the wait goes on: it has to be set again. */
    private boolean ignoreInterrupt() throws InterruptedIOException {
        if (interruption == Interruption.CLOSES || !Thread.currentThread().isInterrupted())
            return false;
        if (VirtualThreads.isCurrent()) throw new InterruptedIOException();
        return Thread.interrupted();
    }

    /**
     * After the lock was given up, whose holder never has the hook of {@code begin}: whoever closes the
     * channel waits for him, and an interrupt that did so by that hook would keep him from ending his
     * selection. Of a thread that was interrupted the hook runs now.
     */
    private void leaveBlocking(boolean completed) throws AsynchronousCloseException {
        if (interruption == Interruption.CLOSES) {
            begin();
            end(completed);
        } else if (!completed && !isOpen()) {
            throw new AsynchronousCloseException();
        }
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
        ensureOpen();
        if (mustBlock && !isBlocking()) throw new IllegalBlockingModeException();
        if (local == null) bindIfUnbound(routing.bind(ANY));
        boolean blocking = false;
        InetSocketAddress sender = null;
        readLock.lock();
        try {
            blocking = isBlocking();
            if (mustBlock && !blocking) throw new IllegalBlockingModeException();
            sender = complete(() -> poll(dst), readable, blocking, deadlineNs);
        } finally {
            readLock.unlock();
            if (blocking) leaveBlocking(sender != null);
        }
        return sender;
    }

    /** What there is now; the legs take turns, so that none starves. */
    private InetSocketAddress poll(ByteBuffer dst) throws IOException {
        DatagramChannel one = first, other = second;
        if (other == null) return (InetSocketAddress) one.receive(dst);
        secondsTurn = !secondsTurn;
        SocketAddress sender = (secondsTurn ? other : one).receive(dst);
        if (sender == null) sender = (secondsTurn ? one : other).receive(dst);
        return (InetSocketAddress) sender;
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
        return (int) read(new ByteBuffer[] {Objects.requireNonNull(dst)}, 0, 1);
    }

    @Override
    public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, dsts.length);
        boolean blocking = false;
        Long n = null;
        readLock.lock();
        try {
            ensureConnected();
            Buffers.checkWritable(null, dsts, offset, length);
            boolean any = Buffers.hasRemaining(null, dsts, offset, length);
            blocking = isBlocking();
            n =
                    complete(
                            () -> done(first.read(dsts, offset, length), any),
                            readable,
                            blocking,
                            Deadlines.NEVER);
        } finally {
            readLock.unlock();
            if (blocking) leaveBlocking(n != null);
        }
        return n == null ? 0 : n;
    }

    /** Null if a leg has done nothing of what it was given. */
    private static Long done(long n, boolean any) {
        return n == 0 && any ? null : (Long) n;
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
        boolean any = src.hasRemaining();
        InetSocketAddress to = Addresses.checkInet(target);
        if (local == null) bindIfUnbound(way(to));
        boolean blocking = false;
        Long n = null;
        ensureOpen();
        writeLock.lock();
        try {
            blocking = isBlocking();
            if (mustBlock && !blocking) throw new IllegalBlockingModeException();
            DatagramChannel leg = legTo(to);
            n = complete(() -> done(leg.send(src, to), any), writable, blocking, Deadlines.NEVER);
        } finally {
            writeLock.unlock();
            if (blocking) leaveBlocking(n != null);
        }
        return n == null ? 0 : n.intValue();
    }

    /** Makes the other leg if there is none yet. The channel is bound, writeLock held. */
    private DatagramChannel legTo(InetSocketAddress target) throws IOException {
        if (fixed || remote != null) return first;
        Transport transport = way(target);
        DatagramChannel leg = legOf(transport);
        if (leg != null) return leg;
        leg = openLegOnPort(transport, false);
        legs(first, leg);
        return leg;
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        return (int) write(new ByteBuffer[] {Objects.requireNonNull(src)}, 0, 1);
    }

    @Override
    public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, srcs.length);
        boolean blocking = false;
        Long n = null;
        writeLock.lock();
        try {
            ensureConnected();
            boolean any = Buffers.hasRemaining(null, srcs, offset, length);
            blocking = isBlocking();
            n =
                    complete(
                            () -> done(first.write(srcs, offset, length), any),
                            writable,
                            blocking,
                            Deadlines.NEVER);
        } finally {
            writeLock.unlock();
            if (blocking) leaveBlocking(n != null);
        }
        return n == null ? 0 : n;
    }

    // -- closing

    /** Waits for who is inside to leave: only then a port of the kernel's is free. */
    @Override
    protected void implCloseSelectableChannel() throws IOException {
        readable.wake();
        writable.wake();
        try {
            closeLegs();
        } finally {
            try {
                close(readable, readLock);
            } finally {
                close(writable, writeLock);
            }
        }
    }

    private static void close(LegWait wait, ReentrantLock lock) throws IOException {
        lock.lock();
        try {
            wait.close();
        } finally {
            lock.unlock();
        }
    }

    @Override
    protected void implConfigureBlocking(boolean block) throws IOException {
        // Whoever is inside keeps the mode in which he began.
        lockBoth();
        unlockBoth();
    }

    // -- for the selector

    @Override
    public int ready(int ops) {
        DatagramChannel leg = legOf(Transport.STACK);
        return leg == null ? 0 : ((StackDatagramChannel) leg).ready(ops);
    }

    @Override
    public void attach(StackSelectionKey key) {
        keys.add(key);
    }

    @Override
    public void detach(StackSelectionKey key) {
        keys.remove(key);
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

    @Override
    InetSocketAddress local() {
        return local;
    }

    @Override
    InetSocketAddress remote() {
        return remote;
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return DatagramOptions.supported();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        DatagramOptions.checkName(name);
        ensureOpen();
        return first.getOption(name);
    }

    /** Also of legs to come. */
    @Override
    public <T> DatagramChannel setOption(SocketOption<T> name, T value) throws IOException {
        DatagramOptions.checkName(name);
        StreamOptions.checkValue(name, value);
        ensureOpen();
        synchronized (options) {
            first.setOption(name, value);
            options.put(name, value);
            DatagramChannel other = second;
            if (other != null) other.setOption(name, value);
            if (name == StandardSocketOptions.IP_MULTICAST_IF)
                multicastThrough = routing.through((NetworkInterface) value);
        }
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
        InetSocketAddress here = local, there = remote;
        if (here == null) return text.append("unbound]").toString();
        text.append("local=").append(here);
        if (there != null) text.append(" remote=").append(there);
        return text.append(']').toString();
    }
}
