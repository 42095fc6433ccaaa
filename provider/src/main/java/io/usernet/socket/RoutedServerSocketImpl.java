package io.usernet.socket;

import io.usernet.nio.Routing.Transport;
import io.usernet.nio.StackSockets;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.net.StandardSocketOptions;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Behind a java.net.ServerSocket: a listener of the stack, of the kernel, or one of each, as {@code
 * Routing} says when it is bound. Thread-safe, as every SocketImpl must be.
 */
public final class RoutedServerSocketImpl extends SocketImpl {
    /** Ports to try where both transports must have the same one, and the application left the choice. */
    private static final int TRIES = 16;

    private final StackSockets stack;
    private final Recorded<ServerSocket> options = new Recorded<>();

    /** Options of a connection, which those that the stack accepts inherit. */
    private final Recorded<Socket> inherited = new Recorded<>();

    /** The same, for a listener of the kernel, which sees to it itself. */
    private final Recorded<ServerSocket> inheritedOfKernel = new Recorded<>();

    // -- fields protected by this object's monitor, which is never held while blocking; the
    // volatile
    // ones are also read without it
    private volatile ServerSocket leg; // null: nobody has asked for anything yet
    private volatile boolean kernel; // whose leg it is
    private volatile ServerSocket second; // of the kernel, beside one of the stack; or null
    private volatile Acceptors acceptors; // of two legs
    private Socket template; // takes inherited options; never connected
    private InetSocketAddress wanted; // where to listen
    private int timeoutMs; // SO_TIMEOUT, of two legs
    private boolean closed;

    // -- end of fields protected by the monitor

    public RoutedServerSocketImpl(StackSockets stack) {
        this.stack = Objects.requireNonNull(stack);
    }

    /** Opens nothing yet. */
    @Override
    protected void create(boolean stream) throws IOException {
        if (!stream) throw new IOException("Datagram socket creation not supported");
    }

    // -- legs

    /** The first leg; before it matters whose, one of the stack. */
    private ServerSocket leg() throws SocketException {
        ServerSocket now = leg;
        if (now != null) return now;
        try {
            ServerSocket made = stack.serverSocket();
            synchronized (this) {
                if (leg == null) install(made, false);
                return leg;
            }
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
    }

    /** A new first leg; the caller holds the monitor. */
    private void install(ServerSocket made, boolean ofKernel) throws IOException {
        ensureOpen(made);
        leg = made;
        kernel = ofKernel;
        Forgotten.closeWith(this, made);
    }

    /** The caller holds the monitor. */
    private void ensureOpen(ServerSocket made) throws IOException {
        if (!closed) return;
        made.close();
        throw new SocketException("Socket closed");
    }

    /** With the options. */
    private ServerSocket newLeg(boolean ofKernel) throws IOException {
        ServerSocket made = ofKernel ? KernelSockets.serverSocket() : stack.serverSocket();
        try {
            options.replay(made);
            if (ofKernel) inheritedOfKernel.replay(made);
        } catch (IOException | RuntimeException e) {
            made.close();
            throw e;
        }
        return made;
    }

    // -- binding and listening

    /** The port is taken by {@link #listen}, which ServerSocket calls in the same breath. */
    @Override
    protected synchronized void bind(InetAddress host, int port) throws IOException {
        if (closed) throw new SocketException("Socket closed");
        wanted = new InetSocketAddress(host, port);
    }

    @Override
    protected void listen(int backlog) throws IOException {
        InetSocketAddress local;
        synchronized (this) {
            local = wanted;
        }
        if (local == null) throw new SocketException("Not bound");
        Transport by = stack.routing().bind(local);
        boolean ofKernel = by == Transport.KERNEL;
        ServerSocket before = leg;
        if (before == null || kernel != ofKernel) {
            ServerSocket made = newLeg(ofKernel);
            synchronized (this) {
                install(made, ofKernel);
            }
            if (before != null) before.close();
        }
        try {
            if (by == Transport.BOTH) listenOnBoth(local, backlog);
            else leg().bind(local, backlog);
        } catch (IOException e) {
            throw Failures.of(e);
        }
    }

    /** At the same port. */
    private void listenOnBoth(InetSocketAddress local, int backlog) throws IOException {
        ServerSocket ofKernel = newLeg(true);
        try {
            bindKernelLeg(ofKernel, local, backlog);
            InetAddress host = local.getAddress();
            leg().bind(new InetSocketAddress(host, ofKernel.getLocalPort()), backlog);
            synchronized (this) {
                ensureOpen(ofKernel);
                timeoutMs = leg.getSoTimeout();
                leg.setSoTimeout(0);
                ofKernel.setSoTimeout(0);
                second = ofKernel;
                Forgotten.closeWith(this, ofKernel);
                acceptors = new Acceptors(List.of(leg, ofKernel));
            }
        } catch (IOException | RuntimeException e) {
            ofKernel.close();
            throw e;
        }
    }

    /** Where the application left the port open, at one that nobody has on the stack. */
    private void bindKernelLeg(ServerSocket ofKernel, InetSocketAddress local, int backlog)
            throws IOException {
        if (local.getPort() != 0) {
            ofKernel.bind(local, backlog);
            return;
        }
        for (int i = 1; ; i++) {
            try {
                ofKernel.bind(new InetSocketAddress(local.getAddress(), freeOnStack()), backlog);
                return;
            } catch (BindException e) {
                if (i == TRIES) throw e;
            }
        }
    }

    private int freeOnStack() throws IOException {
        try (ServerSocket probe = stack.serverSocket()) {
            probe.bind(new InetSocketAddress(0));
            return probe.getLocalPort();
        }
    }

    // -- accepting

    @Override
    protected void accept(SocketImpl into) throws IOException {
        if (!(into instanceof RoutedSocketImpl socket)) {
            throw new SocketException(
                    "a server of Usernet cannot accept into " + into.getClass().getName());
        }
        try {
            Acceptors both = acceptors;
            if (both == null) {
                adopt(socket, leg().accept(), kernel);
            } else {
                Acceptors.Accepted next = both.accept(timeoutMs());
                adopt(socket, next.socket(), next.leg() == second);
            }
        } catch (IOException e) {
            throw Failures.unlessInterrupted(leg().isClosed() && !isClosed(), Failures.of(e));
        }
    }

    private void adopt(RoutedSocketImpl socket, Socket accepted, boolean ofKernel)
            throws IOException {
        try {
            if (!ofKernel) inherited.replay(accepted);
            socket.adopt(accepted, ofKernel);
        } catch (IOException | RuntimeException e) {
            accepted.close();
            throw e;
        }
    }

    private synchronized int timeoutMs() {
        return timeoutMs;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    // -- closing

    @Override
    protected void close() throws IOException {
        ServerSocket one, other;
        Acceptors both;
        Socket unused;
        synchronized (this) {
            closed = true;
            one = leg;
            other = second;
            both = acceptors;
            unused = template;
        }
        if (unused != null) unused.close();
        if (both != null) both.close();
        if (other != null) other.close();
        if (one != null) one.close();
    }

    // -- addresses and options

    /** As the application gave it: with its name, if it had one. */
    @Override
    protected synchronized InetAddress getInetAddress() {
        return wanted == null ? null : wanted.getAddress();
    }

    @Override
    protected int getLocalPort() {
        ServerSocket now = leg;
        return now == null ? 0 : Math.max(0, now.getLocalPort());
    }

    @Override
    public void setOption(int id, Object value) throws SocketException {
        synchronized (this) {
            if (acceptors != null && id == SocketOptions.SO_TIMEOUT) {
                timeoutMs = (Integer) value;
                return;
            }
        }
        SocketIds.set(leg(), id, value);
        options.add(id, on -> SocketIds.set(on, id, value));
        ServerSocket other = second;
        if (other != null) SocketIds.set(other, id, value);
    }

    @Override
    public Object getOption(int id) throws SocketException {
        synchronized (this) {
            if (acceptors != null && id == SocketOptions.SO_TIMEOUT) return timeoutMs;
        }
        return SocketIds.get(leg(), id);
    }

    @Override
    protected <T> void setOption(SocketOption<T> name, T value) throws IOException {
        try {
            if (isInherited(name)) {
                template().setOption(name, value);
                inherited.add(name, on -> on.setOption(name, value));
                inheritedOfKernel.add(name, on -> on.setOption(name, value));
            } else {
                leg().setOption(name, value);
                options.add(name, on -> on.setOption(name, value));
            }
            ServerSocket other = second;
            if (other != null) other.setOption(name, value);
        } catch (IOException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected <T> T getOption(SocketOption<T> name) throws IOException {
        try {
            return isInherited(name) ? template().getOption(name) : leg().getOption(name);
        } catch (IOException e) {
            throw Failures.of(e);
        }
    }

    /** Those of the leg; of the stack's, also those that are the connections' alone. */
    @Override
    protected Set<SocketOption<?>> supportedOptions() {
        try {
            ServerSocket now = leg();
            Set<SocketOption<?>> options = new HashSet<>(now.supportedOptions());
            if (!kernel) options.addAll(template().supportedOptions());
            options.removeAll(ofConnectionsAlone());
            return Set.copyOf(options);
        } catch (SocketException e) {
            return Set.of(); // as ServerSocket itself answers where it cannot say
        }
    }

    /** What the JDK's server sockets don't know either. */
    private static Set<SocketOption<?>> ofConnectionsAlone() {
        return Set.of(
                StandardSocketOptions.SO_KEEPALIVE,
                StandardSocketOptions.SO_SNDBUF,
                StandardSocketOptions.SO_LINGER,
                StandardSocketOptions.TCP_NODELAY);
    }

    private boolean isInherited(SocketOption<?> name) throws SocketException {
        return !kernel
                && !leg().supportedOptions().contains(name)
                && supportedOptions().contains(name);
    }

    private Socket template() throws SocketException {
        try {
            Socket made = stack.socket();
            synchronized (this) {
                if (template == null && !closed) {
                    template = made;
                    return made;
                }
            }
            made.close();
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
        synchronized (this) {
            if (template == null) throw new SocketException("Socket closed");
            return template;
        }
    }

    // -- what a server socket has none of

    @Override
    protected void connect(String host, int port) throws IOException {
        throw isServer();
    }

    @Override
    protected void connect(InetAddress host, int port) throws IOException {
        throw isServer();
    }

    @Override
    protected void connect(SocketAddress remote, int timeout) throws IOException {
        throw isServer();
    }

    @Override
    protected InputStream getInputStream() throws IOException {
        throw isServer();
    }

    @Override
    protected OutputStream getOutputStream() throws IOException {
        throw isServer();
    }

    @Override
    protected int available() throws IOException {
        throw isServer();
    }

    @Override
    protected void sendUrgentData(int data) throws IOException {
        throw isServer();
    }

    private static SocketException isServer() {
        return new SocketException("a ServerSocket only accepts");
    }
}
