package io.usernet.socket;

import io.usernet.nio.Routing.Transport;
import io.usernet.nio.StackSockets;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Set;

/**
 * Behind a java.net.Socket: a connection of the stack or of the kernel, as {@code Routing} says when it is
 * connected. Thread-safe, as every SocketImpl must be.
 */
public final class RoutedSocketImpl extends SocketImpl {
    private final StackSockets stack;
    private final Recorded<Socket> options = new Recorded<>();

    // -- fields protected by this object's monitor, which is never held while blocking; the
    // volatile
    // ones are also read without it
    private volatile Socket leg; // null: nobody has asked for anything yet
    private volatile boolean kernel; // whose leg it is
    private InetSocketAddress bound; // what the application asked for
    private boolean closed;

    // -- end of fields protected by the monitor

    public RoutedSocketImpl(StackSockets stack) {
        this.stack = Objects.requireNonNull(stack);
    }

    /** Opens nothing yet. */
    @Override
    protected void create(boolean stream) throws IOException {
        if (!stream) throw new IOException("Datagram socket creation not supported");
    }

    // -- legs

    /** The leg; before it matters whose, one of the stack. */
    private Socket leg() throws SocketException {
        Socket now = leg;
        if (now != null) return now;
        try {
            Socket made = stack.socket();
            synchronized (this) {
                if (leg == null) install(made, false);
                return leg;
            }
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
    }

    /** A new leg; the caller holds the monitor. */
    private void install(Socket made, boolean ofKernel) throws IOException {
        if (closed) {
            made.close();
            throw new SocketException("Socket closed");
        }
        leg = made;
        kernel = ofKernel;
        Forgotten.closeWith(this, made);
    }

    /** The leg of this transport; where it is bound to an address of the other's alone, the other's. */
    private Socket leg(Transport wanted) throws IOException {
        boolean wantsKernel = wanted == Transport.KERNEL;
        Socket now = leg;
        InetSocketAddress local;
        synchronized (this) {
            local = bound;
        }
        if (now != null && kernel == wantsKernel || !mayMove(local)) return now;
        Socket other = wantsKernel ? KernelSockets.socket() : stack.socket();
        try {
            options.replay(other);
            if (local != null) bindLike(other, local, now.getLocalPort());
            synchronized (this) {
                install(other, wantsKernel);
            }
        } catch (IOException | RuntimeException e) {
            other.close();
            throw e;
        }
        if (now != null) now.close();
        return other;
    }

    /** At the same port as the leg before, if the application left the choice and it can be had. */
    private static void bindLike(Socket other, InetSocketAddress local, int port)
            throws IOException {
        try {
            other.bind(new InetSocketAddress(local.getAddress(), port));
        } catch (BindException e) {
            if (local.getPort() != 0) throw e;
            other.bind(local);
        }
    }

    /** Whether the same can be had of the other transport. */
    private boolean mayMove(InetSocketAddress local) throws IOException {
        return local == null
                || local.getAddress().isLoopbackAddress()
                || stack.routing().isReserved(local);
    }

    /** For a server: becomes what it has accepted. */
    void adopt(Socket accepted, boolean ofKernel) throws IOException {
        Object timeout;
        Socket before;
        synchronized (this) {
            before = leg;
            timeout = before == null ? null : SocketIds.get(before, SocketOptions.SO_TIMEOUT);
            install(accepted, ofKernel);
        }
        if (before == null) return;
        SocketIds.set(accepted, SocketOptions.SO_TIMEOUT, timeout); // as the JDK has it
        before.close();
    }

    // -- binding and connecting

    @Override
    protected void bind(InetAddress host, int port) throws IOException {
        InetSocketAddress local = new InetSocketAddress(host, port);
        try {
            leg(stack.routing().bind(local)).bind(local);
        } catch (IOException e) {
            throw Failures.of(e);
        }
        synchronized (this) {
            bound = local;
        }
    }

    @Override
    protected void connect(String host, int port) throws IOException {
        connect(new InetSocketAddress(host, port), 0);
    }

    @Override
    protected void connect(InetAddress host, int port) throws IOException {
        connect(new InetSocketAddress(host, port), 0);
    }

    /** Closes the socket where it fails, as the JDK's does, but not for an address that is none. */
    @Override
    protected void connect(SocketAddress remote, int timeoutMs) throws IOException {
        InetSocketAddress to = resolved(remote);
        try {
            InetSocketAddress local;
            synchronized (this) {
                local = bound;
            }
            Transport by = stack.routing().connect(local, to);
            if (by == Transport.STACK && !isIpv4(to.getAddress()))
                throw new SocketException("Network is unreachable");
            leg(by).connect(to, timeoutMs);
        } catch (IOException e) {
            close();
            throw Failures.isInterrupt(e)
                    ? new SocketException("Closed by interrupt")
                    : Failures.of(e);
        }
    }

    private static InetSocketAddress resolved(SocketAddress remote) throws IOException {
        if (!(remote instanceof InetSocketAddress inet))
            throw new SocketException("Unsupported address type");
        if (inet.isUnresolved()) throw new UnknownHostException(inet.getHostName());
        return inet;
    }

    /** As the stack takes addresses: the loopback and the wildcard of IPv6 are IPv4's. */
    private static boolean isIpv4(InetAddress host) {
        return host instanceof Inet4Address || host.isLoopbackAddress() || host.isAnyLocalAddress();
    }

    @Override
    protected void listen(int backlog) throws IOException {
        throw new SocketException("a Socket does not listen");
    }

    @Override
    protected void accept(SocketImpl into) throws IOException {
        throw new SocketException("a Socket does not accept");
    }

    // -- reading and writing

    @Override
    protected InputStream getInputStream() throws IOException {
        return new LegInput(this, leg());
    }

    @Override
    protected OutputStream getOutputStream() throws IOException {
        return new LegOutput(this, leg());
    }

    @Override
    protected int available() throws IOException {
        return getInputStream().available();
    }

    @Override
    protected boolean supportsUrgentData() {
        return true;
    }

    @Override
    protected void sendUrgentData(int data) throws IOException {
        Socket to = leg();
        if (to.getRemoteSocketAddress() == null) throw new SocketException("Not connected");
        try {
            to.sendUrgentData(data);
        } catch (IOException e) {
            throw Failures.ofWriter(to, e);
        }
    }

    // -- shutting down and closing

    @Override
    protected void shutdownInput() throws IOException {
        try {
            leg().shutdownInput();
        } catch (IOException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected void shutdownOutput() throws IOException {
        try {
            leg().shutdownOutput();
        } catch (IOException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected void close() throws IOException {
        Socket now;
        synchronized (this) {
            closed = true;
            now = leg;
        }
        if (now != null) now.close();
    }

    // -- addresses and options

    @Override
    protected InetAddress getInetAddress() {
        Socket now = leg;
        return now == null ? null : now.getInetAddress();
    }

    @Override
    protected int getPort() {
        Socket now = leg;
        return now == null ? 0 : now.getPort();
    }

    @Override
    protected int getLocalPort() {
        Socket now = leg;
        return now == null ? 0 : Math.max(0, now.getLocalPort());
    }

    @Override
    public void setOption(int id, Object value) throws SocketException {
        SocketIds.set(leg(), id, value);
        options.add(id, on -> SocketIds.set(on, id, value));
    }

    @Override
    public Object getOption(int id) throws SocketException {
        return SocketIds.get(leg(), id);
    }

    @Override
    protected <T> void setOption(SocketOption<T> name, T value) throws IOException {
        try {
            leg().setOption(name, value);
        } catch (IOException e) {
            throw Failures.of(e);
        }
        options.add(name, on -> on.setOption(name, value));
    }

    @Override
    protected <T> T getOption(SocketOption<T> name) throws IOException {
        try {
            return leg().getOption(name);
        } catch (IOException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected Set<SocketOption<?>> supportedOptions() {
        try {
            return leg().supportedOptions();
        } catch (SocketException e) {
            return Set.of(); // as Socket itself answers where it cannot say
        }
    }
}
