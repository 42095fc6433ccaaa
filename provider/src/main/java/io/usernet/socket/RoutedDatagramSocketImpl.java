package io.usernet.socket;

import io.usernet.nio.Routing;
import io.usernet.nio.Routing.Transport;
import io.usernet.nio.StackSockets;
import io.usernet.udp.UdpSocket;
import java.io.IOException;
import java.lang.ref.Reference;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.DatagramSocketImpl;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Objects;
import java.util.Set;

/**
 * Behind a java.net.DatagramSocket or MulticastSocket: a socket that goes the way of each datagram, by
 * the rules of channels, or, where it is bound to an address of the kernel's alone, the JDK's own.
 * Thread-safe.
 */
public final class RoutedDatagramSocketImpl extends DatagramSocketImpl {
    private final StackSockets stack;
    private final Recorded<DatagramSocket> options = new Recorded<>();

    // -- fields protected by this object's monitor, which is never held while blocking; the
    // volatile
    // ones are also read without it
    private volatile DatagramSocket leg; // null: nobody has asked for anything yet
    private boolean kernel; // the leg is the JDK's own
    private InetSocketAddress bound; // what the application asked for
    private volatile boolean closed;
    private DatagramPacket peeked; // received already; null: none

    // -- end of fields protected by the monitor

    public RoutedDatagramSocketImpl(StackSockets stack) {
        this.stack = Objects.requireNonNull(stack);
    }

    /** Opens nothing yet. */
    @Override
    protected void create() {}

    // -- legs

    /** The leg; before it matters whose, one of the stack. */
    private DatagramSocket leg() throws SocketException {
        DatagramSocket now = leg;
        if (now != null) return now;
        try {
            DatagramSocket made = stack.datagramSocket();
            synchronized (this) {
                if (leg == null) install(made, false);
                return leg;
            }
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
    }

    /** A new leg; the caller holds the monitor. */
    private void install(DatagramSocket made, boolean ofKernel) throws SocketException {
        if (closed) {
            made.close();
            throw new SocketException("Socket closed");
        }
        leg = made;
        kernel = ofKernel;
        Forgotten.closeWith(this, made);
    }

    /** Has the JDK's own socket take the place of the leg, at the same port. */
    private void moveToKernel() throws IOException {
        DatagramSocket before = leg;
        int port;
        InetSocketAddress local;
        synchronized (this) {
            if (kernel) return;
            local = bound;
            port = local == null ? 0 : before.getLocalPort();
        }
        DatagramSocket other = KernelSockets.datagramSocket();
        try {
            options.replay(other);
            if (local != null) other.bind(new InetSocketAddress(local.getAddress(), port));
            synchronized (this) {
                if (leg != before) { // another thread has done the same
                    other.close();
                    return;
                }
                install(other, true);
            }
        } catch (IOException | RuntimeException e) {
            other.close();
            throw e;
        }
        if (before != null) before.close(); // who receives there goes on with the other
    }

    // -- binding and connecting

    @Override
    protected void bind(int port, InetAddress host) throws SocketException {
        InetSocketAddress local = new InetSocketAddress(host, port);
        try {
            Routing routing = stack.routing();
            // From an address that both transports have, each datagram goes its way; and who has a
            // group is decided as for channels.
            boolean open = routing.isOfBoth(local) || host.isMulticastAddress();
            if (!open && routing.bind(local) == Transport.KERNEL) moveToKernel();
            leg().bind(local);
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
        synchronized (this) {
            bound = local;
        }
    }

    @Override
    protected void connect(InetAddress host, int port) throws SocketException {
        InetSocketAddress peer = new InetSocketAddress(host, port);
        try {
            leg().connect(peer);
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
    }

    @Override
    protected void disconnect() {
        DatagramSocket now = leg;
        if (now != null) now.disconnect();
    }

    @Override
    protected void close() {
        DatagramSocket now;
        synchronized (this) {
            closed = true;
            now = leg;
        }
        if (now != null) now.close();
    }

    // -- datagrams

    @Override
    protected void send(DatagramPacket packet) throws IOException {
        try {
            leg().send(packet);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    protected void receive(DatagramPacket packet) throws IOException {
        DatagramPacket first;
        synchronized (this) {
            first = peeked;
            peeked = null;
        }
        if (first == null) receiveFromLeg(packet);
        else copy(first, packet);
    }

    private void receiveFromLeg(DatagramPacket packet) throws IOException {
        while (true) {
            DatagramSocket at = leg();
            try {
                at.receive(packet);
                return;
            } catch (IOException e) {
                if (at == leg || closed) throw failure(e);
                // it has moved, and what it was closed for is no failure of the socket
            } finally {
                Reference.reachabilityFence(this);
            }
        }
    }

    /** Where a virtual thread was interrupted, this closes what it can. */
    private IOException failure(IOException e) {
        if (!Failures.isInterrupt(e)) return Failures.of(e);
        close();
        return new SocketException("Closed by interrupt");
    }

    /** Into the room that the packet has; the rest is lost, as ever. */
    private static void copy(DatagramPacket from, DatagramPacket to) {
        int n = Math.min(from.getLength(), to.getLength());
        System.arraycopy(from.getData(), from.getOffset(), to.getData(), to.getOffset(), n);
        to.setLength(n);
        to.setSocketAddress(from.getSocketAddress());
    }

    /** The next datagram, which {@link #receive} will have once more. */
    @Override
    protected int peekData(DatagramPacket packet) throws IOException {
        DatagramPacket first;
        synchronized (this) {
            first = peeked;
        }
        if (first == null) {
            first = new DatagramPacket(new byte[UdpSocket.MAX_PAYLOAD], UdpSocket.MAX_PAYLOAD);
            receiveFromLeg(first);
            synchronized (this) {
                peeked = first;
            }
        }
        copy(first, packet);
        return first.getPort();
    }

    /** Java.net has not called it for long: an InetAddress cannot be written to. */
    @Override
    protected int peek(InetAddress into) throws IOException {
        throw new SocketException("peek is not supported: use peekData");
    }

    // -- multicast

    @Override
    protected void join(InetAddress group) throws IOException {
        joinGroup(new InetSocketAddress(group, 0), null);
    }

    @Override
    protected void leave(InetAddress group) throws IOException {
        leaveGroup(new InetSocketAddress(group, 0), null);
    }

    @Override
    protected void joinGroup(SocketAddress group, NetworkInterface through) throws IOException {
        leg().joinGroup(group, through);
    }

    @Override
    protected void leaveGroup(SocketAddress group, NetworkInterface through) throws IOException {
        leg().leaveGroup(group, through);
    }

    // -- addresses and options

    @Override
    protected int getLocalPort() {
        DatagramSocket now = leg;
        return now == null ? 0 : now.getLocalPort();
    }

    @Override
    public void setOption(int id, Object value) throws SocketException {
        DatagramIds.set(leg(), id, value);
        options.add(id, on -> DatagramIds.set(on, id, value));
    }

    @Override
    public Object getOption(int id) throws SocketException {
        return DatagramIds.get(leg(), id);
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
            return Set.of(); // as DatagramSocket itself answers where it cannot say
        }
    }

    @Override
    protected void setTimeToLive(int ttl) throws IOException {
        setOption(StandardSocketOptions.IP_MULTICAST_TTL, ttl);
    }

    @Override
    protected int getTimeToLive() throws IOException {
        return getOption(StandardSocketOptions.IP_MULTICAST_TTL);
    }

    @Override
    @Deprecated // because the superclass has it
    protected void setTTL(byte ttl) throws IOException {
        setTimeToLive(ttl & 0xFF);
    }

    @Override
    @Deprecated // because the superclass has it
    protected byte getTTL() throws IOException {
        return (byte) getTimeToLive();
    }
}
