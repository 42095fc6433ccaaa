package io.usernet.nio;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.MembershipKey;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Set;

/**
 * {@code DatagramChannel.socket()}: a DatagramSocket whose every method works on the channel. Unlike the
 * JDK's it is no MulticastSocket, which cannot be made without a socket of the kernel.
 */
final class DatagramSocketAdaptor extends DatagramSocket {
    /** What DatagramSocket.receive documents, which the JDK does from 19 on; before, that is the cause. */
    private static final boolean TELLS_OF_INTERRUPTS = Runtime.version().feature() >= 19;

    private final AdaptedDatagramChannel channel;
    private final Object memberships = new Object(); // held while they are looked at and changed
    private volatile int timeoutMs; // SO_TIMEOUT; 0: none

    private DatagramSocketAdaptor(AdaptedDatagramChannel channel) {
        super(new NoDatagramSocketImpl());
        this.channel = channel;
    }

    static DatagramSocket of(AdaptedDatagramChannel channel) {
        return new DatagramSocketAdaptor(channel);
    }

    private void ensureOpen() throws SocketException {
        if (!channel.isOpen()) throw new SocketException("Socket is closed");
    }

    private static SocketException asSocketException(Exception e) {
        if (e instanceof UnsupportedAddressTypeException unsupported) throw unsupported;
        return SocketFailures.asSocketException(e);
    }

    // -- binding and connecting

    @Override
    public void bind(SocketAddress local) throws SocketException {
        if (local != null && !(local instanceof InetSocketAddress))
            throw new UnsupportedAddressTypeException();
        try {
            channel.bind(local);
        } catch (IOException | RuntimeException e) {
            throw asSocketException(e);
        }
    }

    /** Again with another peer is fine; of a closed socket, nothing happens. */
    @Override
    public void connect(SocketAddress remote) throws SocketException {
        if (remote == null) throw new IllegalArgumentException("Address can't be null");
        try {
            channel.connect(remote, true);
        } catch (ClosedChannelException e) {
            assert isClosed(); // as the JDK's: the socket is as useless as a closed one is
        } catch (IOException | RuntimeException e) {
            throw asSocketException(e);
        }
    }

    @Override
    public void connect(InetAddress address, int port) {
        if (address == null) throw new IllegalArgumentException("Address can't be null");
        try {
            connect(new InetSocketAddress(address, port));
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void disconnect() {
        try {
            channel.disconnect();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public DatagramChannel getChannel() {
        return channel;
    }

    // -- addresses and state

    @Override
    public boolean isBound() {
        return channel.local() != null;
    }

    @Override
    public boolean isConnected() {
        return channel.remote() != null;
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen();
    }

    @Override
    public InetAddress getInetAddress() {
        InetSocketAddress remote = channel.remote();
        return remote == null ? null : remote.getAddress();
    }

    @Override
    public int getPort() {
        InetSocketAddress remote = channel.remote();
        return remote == null ? -1 : remote.getPort();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        return channel.remote();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        return isClosed() ? null : channel.local();
    }

    @Override
    public InetAddress getLocalAddress() {
        if (isClosed()) return null;
        InetSocketAddress local = channel.local();
        return local == null ? Addresses.of(0, 0).getAddress() : local.getAddress();
    }

    @Override
    public int getLocalPort() {
        if (isClosed()) return -1;
        InetSocketAddress local = channel.local();
        return local == null ? 0 : local.getPort();
    }

    // -- datagrams

    @Override
    public void send(DatagramPacket packet) throws IOException {
        ByteBuffer src;
        SocketAddress target;
        synchronized (packet) {
            src = ByteBuffer.wrap(packet.getData(), packet.getOffset(), packet.getLength());
            if (isClosed()) throw new SocketException("Socket closed");
            if (!channel.isBlocking()) throw new IllegalBlockingModeException();
            InetSocketAddress remote = channel.remote();
            if (packet.getAddress() == null) {
                if (remote == null) throw new IllegalArgumentException("Address not set");
                packet.setSocketAddress(remote);
            }
            target = packet.getSocketAddress();
            if (remote != null && !remote.equals(target)) throw differs();
        }
        try {
            channel.blockingSend(src, target);
        } catch (AlreadyConnectedException e) {
            throw differs(); // connected meanwhile
        } catch (ClosedChannelException e) {
            throw closed(e);
        }
    }

    private static IllegalArgumentException differs() {
        return new IllegalArgumentException("Connected and packet address differ");
    }

    @Override
    public void receive(DatagramPacket packet) throws IOException {
        ByteBuffer dst;
        int room;
        synchronized (packet) {
            room = PacketRooms.of(packet);
            dst = ByteBuffer.wrap(packet.getData(), packet.getOffset(), room);
        }
        int timeout = timeoutMs, start = dst.position();
        try {
            SocketAddress sender =
                    channel.blockingReceive(
                            dst, timeout == 0 ? Deadlines.NEVER : Deadlines.after(timeout));
            synchronized (packet) {
                packet.setSocketAddress(sender);
                PacketRooms.fill(packet, room, dst.position() - start);
            }
        } catch (ClosedByInterruptException e) {
            throw TELLS_OF_INTERRUPTS ? e : closed(e);
        } catch (ClosedChannelException e) {
            throw closed(e);
        }
    }

    private static SocketException closed(ClosedChannelException e) {
        SocketException failure = new SocketException("Socket closed");
        failure.initCause(e);
        return failure;
    }

    @Override
    public void joinGroup(SocketAddress group, NetworkInterface through) throws IOException {
        InetAddress address = group(group);
        NetworkInterface on = through != null ? through : multicastInterface();
        ensureOpen();
        synchronized (memberships) {
            if (channel.membership(address, on) != null)
                throw new SocketException("Already a member of group");
            try {
                if (on == null) channel.joinAnywhere(address);
                else channel.join(address, on);
            } catch (ClosedChannelException e) {
                throw closed(e);
            }
        }
    }

    @Override
    public void leaveGroup(SocketAddress group, NetworkInterface through) throws IOException {
        InetAddress address = group(group);
        NetworkInterface on = through != null ? through : multicastInterface();
        ensureOpen();
        synchronized (memberships) {
            MembershipKey known = channel.membership(address, on);
            if (known == null) throw new SocketException("Not a member of group");
            known.drop();
        }
    }

    private static InetAddress group(SocketAddress group) throws SocketException {
        if (!(group instanceof InetSocketAddress inet))
            throw new IllegalArgumentException("Unsupported address type");
        InetAddress address = inet.getAddress();
        if (address == null) throw new IllegalArgumentException("Unresolved address");
        if (!address.isMulticastAddress()) throw new SocketException("Not a multicast address");
        return address;
    }

    /** That of the option; null: whatever the route says. */
    private NetworkInterface multicastInterface() throws SocketException {
        return get(StandardSocketOptions.IP_MULTICAST_IF);
    }

    // -- options

    private <T> void set(SocketOption<T> option, T value) throws SocketException {
        try {
            channel.setOption(option, value);
        } catch (IOException e) {
            throw SocketFailures.asSocketException(e);
        }
    }

    private <T> T get(SocketOption<T> option) throws SocketException {
        try {
            return channel.getOption(option);
        } catch (IOException e) {
            throw SocketFailures.asSocketException(e);
        }
    }

    @Override
    public void setSoTimeout(int timeout) throws SocketException {
        ensureOpen();
        if (timeout < 0) throw new IllegalArgumentException("timeout < 0");
        timeoutMs = timeout;
    }

    @Override
    public int getSoTimeout() throws SocketException {
        ensureOpen();
        return timeoutMs;
    }

    @Override
    public void setSendBufferSize(int size) throws SocketException {
        if (size <= 0) throw new IllegalArgumentException("Invalid send size");
        set(StandardSocketOptions.SO_SNDBUF, size);
    }

    @Override
    public int getSendBufferSize() throws SocketException {
        return get(StandardSocketOptions.SO_SNDBUF);
    }

    @Override
    public void setReceiveBufferSize(int size) throws SocketException {
        if (size <= 0) throw new IllegalArgumentException("Invalid receive size");
        set(StandardSocketOptions.SO_RCVBUF, size);
    }

    @Override
    public int getReceiveBufferSize() throws SocketException {
        return get(StandardSocketOptions.SO_RCVBUF);
    }

    @Override
    public void setReuseAddress(boolean on) throws SocketException {
        set(StandardSocketOptions.SO_REUSEADDR, on);
    }

    @Override
    public boolean getReuseAddress() throws SocketException {
        return get(StandardSocketOptions.SO_REUSEADDR);
    }

    @Override
    public void setBroadcast(boolean on) throws SocketException {
        set(StandardSocketOptions.SO_BROADCAST, on);
    }

    @Override
    public boolean getBroadcast() throws SocketException {
        return get(StandardSocketOptions.SO_BROADCAST);
    }

    @Override
    public void setTrafficClass(int tc) throws SocketException {
        set(StandardSocketOptions.IP_TOS, tc);
    }

    @Override
    public int getTrafficClass() throws SocketException {
        return get(StandardSocketOptions.IP_TOS);
    }

    @Override
    public <T> DatagramSocket setOption(SocketOption<T> name, T value) throws IOException {
        channel.setOption(name, value);
        return this;
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        return channel.getOption(name);
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return channel.supportedOptions();
    }
}
