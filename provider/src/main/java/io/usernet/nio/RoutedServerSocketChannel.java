package io.usernet.nio;

import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A listener of the stack, of the kernel, or of both at the same port: which, {@link Routing} says when
 * it is bound. The channels of these transports, its legs, do the work; they are hidden from the
 * application. Accepted connections are channels of ours, whoever serves them.
 *
 * <p>Until it is bound there is a leg of the stack that answers and checks. Thread-safe; {@code binding}
 * is the only lock here, comes before those of the legs, and is never held while one blocks. Closing
 * takes no lock: who publishes legs looks afterwards whether the channel was closed.
 */
final class RoutedServerSocketChannel extends ServerSocketChannel
        implements Pollable, ServerSocketAdaptor.Acceptor {
    /** How many free ports of the stack are tried for one that is free in the kernel, too. */
    private static final int MOST_TRIES = 64;

    private final Engine engine;
    private final Routing routing;
    private final ProtocolFamily family; // null: any
    private final LegKeys keys = new LegKeys();

    /** Held while it is bound, and by whoever changes what the legs will be like. */
    private final ReentrantLock binding = new ReentrantLock();

    // -- fields protected by binding; the volatile ones are also read without it
    private volatile ServerSocketChannel leg; // the one that answers
    private volatile StackServerSocketChannel stack; // null: none
    private volatile ServerSocketChannel kernel; // null: none
    private volatile TwoListeners both; // if there are two legs
    private volatile InetSocketAddress
            local; // once it is bound: written after the legs, kept after close
    private final GivenOptions given = new GivenOptions();
    private boolean blocking = true;
    private ServerSocket socket;

    // -- end of fields protected by binding

    /**
     * @param family null: IPv4 and IPv6
     */
    RoutedServerSocketChannel(
            SelectorProvider provider, Engine engine, Routing routing, ProtocolFamily family) {
        super(provider);
        this.engine = engine;
        this.routing = routing;
        this.family = family;
        this.stack = new StackServerSocketChannel(provider, engine);
        this.leg = stack;
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!isOpen()) throw new ClosedChannelException();
    }

    /** A leg that an interrupt has closed takes this channel along. */
    private IOException closed(IOException failure) throws IOException {
        if (isOpen() && !leg.isOpen()) close();
        return failure;
    }

    // -- binding

    @Override
    public ServerSocketChannel bind(SocketAddress address, int backlog) throws IOException {
        binding.lock();
        try {
            ensureOpen();
            if (local != null) throw new AlreadyBoundException();
            InetSocketAddress wanted =
                    address == null ? Addresses.of(0, 0) : Addresses.checkInet(address);
            switch (routing.bind(wanted)) {
                case STACK -> bindStack(wanted, backlog);
                case KERNEL -> bindKernel(address == null ? null : wanted, backlog);
                case BOTH -> bindBoth(wanted.getPort(), backlog);
            }
            if (!isOpen()) {
                closeLegs();
                throw new AsynchronousCloseException();
            }
            keys.join(stack, kernel);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            binding.unlock();
        }
        return this;
    }

    private void bindStack(InetSocketAddress wanted, int backlog) throws IOException {
        stack.bind(wanted, backlog);
        local = stack.local();
    }

    private void bindKernel(InetSocketAddress wanted, int backlog) throws IOException {
        ServerSocketChannel bound = openKernelLeg(wanted, backlog);
        bound.configureBlocking(blocking);
        kernel = bound;
        stack = null;
        leg = bound;
        local = (InetSocketAddress) bound.getLocalAddress();
    }

    private ServerSocketChannel openKernelLeg(InetSocketAddress wanted, int backlog)
            throws IOException {
        SelectorProvider jdk = Kernel.provider();
        ServerSocketChannel opened =
                family == null
                        ? jdk.openServerSocketChannel()
                        : jdk.openServerSocketChannel(family);
        try {
            given.applyTo(opened);
            opened.bind(wanted, backlog);
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** At the wildcard. */
    private void bindBoth(int port, int backlog) throws IOException {
        int triesLeft = port == 0 ? MOST_TRIES : 1;
        while (!tryBoth(port, backlog, triesLeft > 1)) triesLeft--;
    }

    /**
     * @param more whether another port may be tried
     * @return whether it is done
     */
    private boolean tryBoth(int port, int backlog, boolean more) throws IOException {
        StackServerSocketChannel first = stack;
        first.bind(Addresses.of(0, port), backlog);
        boolean done = false;
        try {
            InetSocketAddress same = new InetSocketAddress(first.local().getPort());
            ServerSocketChannel second = openKernelLeg(same, backlog);
            kernel = second;
            both = new TwoListeners(provider(), first, second);
            local = first.local();
            done = true;
            return true;
        } catch (BindException e) {
            if (!more) throw e;
            return false;
        } finally {
            if (!done) undo(first);
        }
    }

    /** As before the attempt; not if it was closed in the meantime. */
    private void undo(StackServerSocketChannel bound) throws IOException {
        StackServerSocketChannel anew = new StackServerSocketChannel(provider(), engine);
        given.applyTo(anew);
        anew.configureBlocking(blocking);
        stack = anew;
        leg = anew;
        bound.close();
        if (kernel != null) kernel.close();
        kernel = null;
        ensureOpen();
    }

    // -- accepting

    @Override
    public SocketChannel accept() throws IOException {
        if (local == null) throw unbound(isBlocking());
        TwoListeners two = both;
        if (two != null) return accept(two, Deadlines.NEVER, false);
        try {
            return ours(leg.accept());
        } catch (IOException e) {
            throw closed(e);
        }
    }

    @Override
    public SocketChannel blockingAccept(int timeoutMs) throws IOException {
        if (!isBlocking()) throw new IllegalBlockingModeException();
        if (local == null) throw unbound(true);
        TwoListeners two = both;
        if (two != null) {
            long deadlineNs = timeoutMs == 0 ? Deadlines.NEVER : Deadlines.after(timeoutMs);
            return accept(two, deadlineNs, true);
        }
        try {
            StackServerSocketChannel onStack = stack;
            if (onStack != null) return onStack.blockingAccept(timeoutMs);
            ServerSocket inKernel = kernel.socket();
            inKernel.setSoTimeout(timeoutMs);
            return ours(inKernel.accept().getChannel());
        } catch (IOException e) {
            throw closed(e);
        }
    }

    private SocketChannel ours(SocketChannel accepted) {
        if (accepted == null || accepted instanceof StackSocketChannel) return accepted;
        return new RoutedSocketChannel(provider(), accepted);
    }

    /** What to throw of an unbound channel, unless it is closed, or the thread interrupted. */
    private NotYetBoundException unbound(boolean wouldBlock) throws IOException {
        ensureOpen();
        if (wouldBlock) begin();
        try {
            ensureOpen();
            return new NotYetBoundException();
        } finally {
            if (wouldBlock) end(false);
        }
    }

    private SocketChannel accept(TwoListeners two, long deadlineNs, boolean mustBlock)
            throws IOException {
        ensureOpen();
        boolean blocking = false;
        SocketChannel accepted = null;
        two.lock.lock();
        try {
            blocking = isBlocking();
            if (!blocking && mustBlock) throw new IllegalBlockingModeException();
            accepted = blocking ? two.await(deadlineNs) : two.poll();
        } finally {
            two.lock.unlock();
            if (blocking) endBlocking(accepted);
        }
        return accepted;
    }

    /**
     * After the lock was given up, whose holder must not have the hook: see {@link TwoListeners}. Of a
     * thread that was interrupted it runs now.
     */
    private void endBlocking(SocketChannel accepted) throws IOException {
        boolean completed = false;
        try {
            begin();
            end(accepted != null);
            completed = true;
        } finally {
            // An interrupt came with the connection: nobody will ever close it.
            if (!completed && accepted != null) accepted.close();
        }
    }

    // -- closing

    @Override
    protected void implCloseSelectableChannel() throws IOException {
        closeLegs();
    }

    private void closeLegs() throws IOException {
        TwoListeners two = both;
        if (two != null) two.close();
        else leg.close();
    }

    @Override
    protected void implConfigureBlocking(boolean block) throws IOException {
        ServerSocketChannel bound;
        TwoListeners two;
        binding.lock();
        try {
            blocking = block;
            if (local == null) leg.configureBlocking(block); // nobody blocks there
            bound = local == null ? null : leg;
            two = both;
        } finally {
            binding.unlock();
        }
        if (two != null) two.awaitAcceptor();
        else if (bound != null) configureBlocking(bound, block);
    }

    private void configureBlocking(ServerSocketChannel bound, boolean block) throws IOException {
        try {
            if (block) keys.letGo();
            bound.configureBlocking(block);
        } catch (IOException e) {
            throw closed(e);
        }
    }

    // -- for the selector

    /** What the stack's leg is ready for; of a leg in the kernel, its key hears by itself. */
    @Override
    public int ready(int ops) {
        StackServerSocketChannel ours = stack;
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
        return leg.supportedOptions();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        return leg.getOption(name);
    }

    @Override
    public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        binding.lock();
        try {
            leg.setOption(name, value);
            if (local == null) given.put(name, value);
            else if (both != null) kernel.setOption(name, value);
        } finally {
            binding.unlock();
        }
        return this;
    }

    @Override
    public ServerSocket socket() {
        binding.lock();
        try {
            if (socket == null) socket = ServerSocketAdaptor.of(this);
            return socket;
        } finally {
            binding.unlock();
        }
    }

    @Override
    public String toString() {
        if (!isOpen()) return "io.usernet.ServerSocketChannel[closed]";
        if (local == null) return "io.usernet.ServerSocketChannel[unbound]";
        if (both != null) return "io.usernet.ServerSocketChannel[stack and kernel " + local + "]";
        String transport = kernel == null ? "" : "kernel ";
        return "io.usernet.ServerSocketChannel[" + transport + local + "]";
    }
}
