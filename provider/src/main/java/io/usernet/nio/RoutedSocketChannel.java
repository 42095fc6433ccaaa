package io.usernet.nio;

import io.usernet.nio.Routing.Transport;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A TCP connection of the stack or of the kernel: which, {@link Routing} says when the channel connects,
 * or is bound to an address that one of them has, and that is for good. A channel of that transport, the leg, does all the
 * work; it is hidden from the application, and closed together with this one, whichever is first.
 *
 * <pre>
 *   no leg ---asked for anything---> provisional: an unconnected channel of the stack, bound or not
 *     |                                 |  to what both have; it answers, checks, and says no
 *     `---------bind, connect-----------'---> decided: that one, or one of the JDK's in its place
 * </pre>
 *
 * <p>Thread-safe. Of the locks of the package there are none here but {@code deciding}, which comes
 * before those of a leg and is never held while one blocks. Closing takes no lock: who publishes a leg
 * looks afterwards whether the channel was closed, and who closes it looks for a leg.
 */
final class RoutedSocketChannel extends SocketChannel implements Pollable, ClosesAtOnce {
    /** Times that a port is asked for which is free on both. */
    private static final int ATTEMPTS = 16;

    private final Engine engine;
    private final Routing routing;
    private final ProtocolFamily family; // null: any
    private final LegKeys keys = new LegKeys();

    /** Held while a leg is made or decided for, and by whoever changes what it will be like. */
    private final ReentrantLock deciding = new ReentrantLock();

    // -- fields protected by deciding; the volatile ones are also read without it
    private volatile SocketChannel leg; // changes from null, and from the provisional one
    private volatile StackSocketChannel stack; // the leg, if it is one of the stack
    private volatile boolean decided;
    private volatile Socket socket;
    private volatile SocketChannel held; // the kernel's half of a reserved address; null: none
    private final GivenOptions given = new GivenOptions();
    private boolean blocking = true;
    private boolean portGiven; // by the application, in a bind that only reserves it

    // -- end of fields protected by deciding

    /**
     * @param family null: IPv4 and IPv6
     */
    RoutedSocketChannel(
            SelectorProvider provider, Engine engine, Routing routing, ProtocolFamily family) {
        super(provider);
        this.engine = engine;
        this.routing = routing;
        this.family = family;
    }

    /** A connection that the kernel has accepted, in blocking mode. */
    RoutedSocketChannel(SelectorProvider provider, SocketChannel accepted) {
        this(provider, null, null, null);
        this.leg = accepted;
        this.decided = true;
        keys.join(null, accepted);
    }

    // -- the leg

    /** Who answers now. */
    SocketChannel leg() {
        SocketChannel now = leg;
        return now != null ? now : provisional();
    }

    private SocketChannel provisional() {
        deciding.lock();
        try {
            if (leg == null) {
                stack = new StackSocketChannel(provider(), engine, this);
                leg = stack;
                closeIfLate();
            }
            return leg;
        } catch (IOException e) {
            throw new AssertionError("an unconnected channel of the stack has nothing to fail", e);
        } finally {
            deciding.unlock();
        }
    }

    /** After a leg was published: whoever closed the channel before that doesn't know of it. */
    private void closeIfLate() throws IOException {
        if (!isOpen()) leg.close();
    }

    /**
     * The leg that connects to an address; if it was open before, it is decided afterwards.
     *
     * @throws java.nio.channels.UnsupportedAddressTypeException if it is the stack's to connect to, and
     *     not IPv4
     * @throws IOException the stack is closed, or pass-through not possible: the message says how
     */
    SocketChannel legTo(InetSocketAddress remote) throws IOException {
        if (decided) return leg;
        deciding.lock();
        try {
            if (decided || !isOpen()) return leg();
            InetSocketAddress local = stack == null ? null : stack.local();
            if (routing.connect(local, remote) == Transport.KERNEL) {
                passToKernel();
            } else {
                Addresses.check(remote);
                decideFor(leg());
            }
            return leg;
        } finally {
            deciding.unlock();
        }
    }

    /** Port and timeouts go from the provisional leg to one of the kernel. */
    private void passToKernel() throws IOException {
        StackSocketChannel before = stack;
        SocketChannel kernel = held != null ? held : openKernelLeg();
        try {
            if (held != null) given.applyTo(kernel); // what was set since it was bound
            if (before != null) {
                boolean bound = held == null && before.local() != null; // to the wildcard
                if (bound) bindTo(before.local().getPort(), kernel);
                if (socket != null) copyTimeouts(before.socket(), kernel.socket());
            }
            decideFor(kernel);
        } catch (IOException | RuntimeException e) {
            kernel.close();
            throw e;
        }
        if (before != null) before.close(); // gives its port up
    }

    private SocketChannel openKernelLeg() throws IOException {
        SelectorProvider jdk = Kernel.provider();
        SocketChannel kernel =
                family == null ? jdk.openSocketChannel() : jdk.openSocketChannel(family);
        try {
            given.applyTo(kernel);
            return kernel;
        } catch (IOException | RuntimeException e) {
            kernel.close();
            throw e;
        }
    }

    /** To the wildcard address of IPv6, too, and the port that is reserved on the stack. */
    private void bindTo(int port, SocketChannel kernel) throws IOException {
        try {
            kernel.bind(new InetSocketAddress(port));
        } catch (BindException e) {
            if (portGiven) throw e;
            kernel.bind(null); // the application wants any
        }
    }

    private static void copyTimeouts(Socket from, Socket to) throws IOException {
        if (from.isClosed()) return;
        to.setSoTimeout(from.getSoTimeout());
        to.setOOBInline(from.getOOBInline());
    }

    private void decideFor(SocketChannel chosen) throws IOException {
        if (chosen.isOpen()) chosen.configureBlocking(blocking);
        stack = chosen instanceof StackSocketChannel ours ? ours : null;
        leg = chosen;
        decided = true;
        if (held != null && held != chosen) held.close();
        held = null;
        closeIfLate();
    }

    /** The leg connects or is connected: it has something to say to selectors from now on. */
    void joinKeys() throws IOException {
        try {
            keys.join(stack, stack == null ? leg : null);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /**
     * What to throw of what a leg threw: if an interrupt or a failure has closed the leg, this channel
     * is closed before the application hears of it.
     */
    IOException closed(IOException failure) throws IOException {
        if (isOpen() && !leg().isOpen()) close();
        return failure;
    }

    // -- binding and connecting

    @Override
    public SocketChannel bind(SocketAddress local) throws IOException {
        if (!decided && bindUndecided(local)) return this;
        leg.bind(local);
        return this;
    }

    /** Whether it was done: not, if it has been decided meanwhile. */
    private boolean bindUndecided(SocketAddress local) throws IOException {
        deciding.lock();
        try {
            if (decided) return false;
            SocketChannel provisional = leg();
            boolean fails = !isOpen() || stack.local() != null;
            if (fails || local == null) provisional.bind(local);
            else bindUndecided(provisional, Addresses.checkInet(local));
            return true;
        } finally {
            deciding.unlock();
        }
    }

    private void bindUndecided(SocketChannel provisional, InetSocketAddress local)
            throws IOException {
        if (routing.isReserved(local)) {
            reserve(provisional, local);
            portGiven = local.getPort() != 0;
        } else if (routing.bind(local) == Transport.KERNEL) {
            SocketChannel kernel = openKernelLeg();
            try {
                kernel.bind(local);
                if (socket != null) copyTimeouts(provisional.socket(), kernel.socket());
                decideFor(kernel);
            } catch (IOException | RuntimeException e) {
                kernel.close();
                throw e;
            }
        } else {
            provisional.bind(local);
            decideFor(provisional);
        }
    }

    /**
     * Of the loopback, each transport has one of its own, and here the same port of both is taken. The
     * wildcard address of the kernel is not: that would keep others from the port on all of its networks.
     */
    private void reserve(SocketChannel provisional, InetSocketAddress local) throws IOException {
        if (local.getAddress().isAnyLocalAddress()) provisional.bind(local);
        else if (local.getPort() != 0) reserveWithBoth(provisional, local);
        else reserveAnyPort(provisional, local);
    }

    private void reserveAnyPort(SocketChannel provisional, InetSocketAddress local)
            throws IOException {
        for (int left = ATTEMPTS; ; left--) {
            try {
                reserveWithBoth(provisional, local);
                return;
            } catch (BindException e) {
                if (left == 1) throw e; // the kernel's choice is taken on the stack each time
            }
        }
    }

    private void reserveWithBoth(SocketChannel provisional, InetSocketAddress local)
            throws IOException {
        SocketChannel kernel = openKernelLeg();
        try {
            kernel.bind(local);
            provisional.bind(kernel.getLocalAddress());
            held = kernel;
            if (!isOpen()) kernel.close();
        } catch (IOException | RuntimeException e) {
            kernel.close();
            throw e;
        }
    }

    @Override
    public boolean connect(SocketAddress remote) throws IOException {
        InetSocketAddress to = Addresses.checkInet(remote);
        try {
            boolean connected = legTo(to).connect(to);
            joinKeys();
            return connected;
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    @Override
    public boolean finishConnect() throws IOException {
        try {
            return leg().finishConnect();
        } catch (IOException e) {
            throw closed(e);
        }
    }

    @Override
    public boolean isConnected() {
        SocketChannel now = leg;
        return now != null && now.isConnected();
    }

    @Override
    public boolean isConnectionPending() {
        SocketChannel now = leg;
        return now != null && now.isConnectionPending();
    }

    // -- reading and writing

    @Override
    public int read(ByteBuffer dst) throws IOException {
        try {
            return leg().read(dst);
        } catch (IOException e) {
            throw closed(e);
        }
    }

    @Override
    public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
        try {
            return leg().read(dsts, offset, length);
        } catch (IOException e) {
            throw closed(e);
        }
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        try {
            return leg().write(src);
        } catch (IOException e) {
            throw closed(e);
        }
    }

    @Override
    public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
        try {
            return leg().write(srcs, offset, length);
        } catch (IOException e) {
            throw closed(e);
        }
    }

    // -- shutting down and closing

    @Override
    public SocketChannel shutdownInput() throws IOException {
        leg().shutdownInput();
        return this;
    }

    @Override
    public SocketChannel shutdownOutput() throws IOException {
        leg().shutdownOutput();
        return this;
    }

    @Override
    public void closeAtOnce() throws IOException {
        StackSocketChannel ours = stack;
        if (ours != null) ours.closeAtOnce();
        close();
    }

    @Override
    protected void implCloseSelectableChannel() throws IOException {
        SocketChannel now = leg, bound = held;
        if (now != null) now.close();
        if (bound != null) bound.close();
    }

    @Override
    protected void implConfigureBlocking(boolean block) throws IOException {
        SocketChannel now = null;
        deciding.lock();
        try {
            blocking = block;
            if (decided) now = leg;
        } finally {
            deciding.unlock();
        }
        if (now == null) return;
        try {
            if (block) keys.letGo();
            now.configureBlocking(block);
        } catch (IOException e) {
            throw closed(e);
        }
    }

    // -- for the selector

    /** What the stack's leg is ready for; of a leg in the kernel, its key hears by itself. */
    @Override
    public int ready(int ops) {
        StackSocketChannel ours = stack;
        return ours == null ? 0 : ours.ready(ops);
    }

    @Override
    public void attach(StackSelectionKey key) {
        keys.add(key);
    }

    @Override
    public void detach(StackSelectionKey key) {
        keys.remove(key);
    }

    @Override
    public void deregistered() {
        StackSocketChannel ours = stack;
        if (ours != null) ours.deregistered();
    }

    // -- addresses, options, adaptor

    @Override
    public SocketAddress getLocalAddress() throws IOException {
        return leg().getLocalAddress();
    }

    @Override
    public SocketAddress getRemoteAddress() throws IOException {
        return leg().getRemoteAddress();
    }

    /** Before it is decided, those that both transports have. */
    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return decided ? leg.supportedOptions() : StreamOptions.supported();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        return leg().getOption(name);
    }

    @Override
    public <T> SocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        if (!decided && setUndecided(name, value)) return this;
        leg.setOption(name, value);
        return this;
    }

    /** Whether it was done: not, if it has been decided meanwhile. */
    private <T> boolean setUndecided(SocketOption<T> name, T value) throws IOException {
        deciding.lock();
        try {
            if (decided) return false;
            leg().setOption(name, value);
            given.put(name, value);
            return true;
        } finally {
            deciding.unlock();
        }
    }

    @Override
    public Socket socket() {
        Socket made = socket;
        if (made != null) return made;
        deciding.lock();
        try {
            if (socket == null) socket = RoutedSocket.of(this);
            return socket;
        } finally {
            deciding.unlock();
        }
    }

    @Override
    public String toString() {
        if (!isOpen()) return "io.usernet.SocketChannel[closed]";
        if (!decided) return "io.usernet.SocketChannel[undecided]";
        return stack != null ? stack.toString() : "io.usernet.SocketChannel[kernel " + leg + "]";
    }
}
