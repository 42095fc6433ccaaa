package io.usernet.nio;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;

/** {@code ServerSocketChannel.socket()}: a ServerSocket whose every method works on the channel. */
final class ServerSocketAdaptor extends ServerSocket {
    /** What an adaptor needs beyond the methods of a ServerSocketChannel. */
    interface Acceptor {
        /**
         * Accepts in blocking mode.
         *
         * @param timeoutMs 0: none
         * @throws java.net.SocketTimeoutException "Accept timed out"
         * @throws java.nio.channels.IllegalBlockingModeException if the channel isn't in that mode
         */
        SocketChannel blockingAccept(int timeoutMs) throws IOException;

        /** The address, also after close; null if it was never bound. */
        InetSocketAddress local();
    }

    private final ServerSocketChannel channel;
    private final Acceptor acceptor; // the channel, too
    private volatile int timeoutMs; // SO_TIMEOUT; 0: none

    private ServerSocketAdaptor(ServerSocketChannel channel, Acceptor acceptor) {
        super(new NoSocketImpl());
        this.channel = channel;
        this.acceptor = acceptor;
    }

    static <C extends ServerSocketChannel & Acceptor> ServerSocket of(C channel) {
        return new ServerSocketAdaptor(channel, channel);
    }

    private void ensureOpen() throws SocketException {
        if (!channel.isOpen()) throw new SocketException("Socket is closed");
    }

    @Override
    public void bind(SocketAddress local) throws IOException {
        bind(local, 50);
    }

    @Override
    public void bind(SocketAddress local, int backlog) throws IOException {
        try {
            channel.bind(local, backlog);
        } catch (IOException | RuntimeException e) {
            throw SocketFailures.asIOException(e);
        }
    }

    @Override
    public Socket accept() throws IOException {
        try {
            return acceptor.blockingAccept(timeoutMs).socket();
        } catch (IOException | RuntimeException e) {
            throw SocketFailures.asIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public ServerSocketChannel getChannel() {
        return channel;
    }

    @Override
    public InetAddress getInetAddress() {
        InetSocketAddress local = acceptor.local();
        return local == null ? null : local.getAddress();
    }

    @Override
    public int getLocalPort() {
        InetSocketAddress local = acceptor.local();
        return local == null ? -1 : local.getPort();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        return acceptor.local();
    }

    @Override
    public boolean isBound() {
        return acceptor.local() != null;
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen();
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
    public void setReuseAddress(boolean on) throws SocketException {
        set(StandardSocketOptions.SO_REUSEADDR, on);
    }

    @Override
    public boolean getReuseAddress() throws SocketException {
        return get(StandardSocketOptions.SO_REUSEADDR);
    }

    @Override
    public void setReceiveBufferSize(int size) throws SocketException {
        if (size <= 0) throw new IllegalArgumentException("size cannot be 0 or negative");
        set(StandardSocketOptions.SO_RCVBUF, size);
    }

    @Override
    public int getReceiveBufferSize() throws SocketException {
        return get(StandardSocketOptions.SO_RCVBUF);
    }

    /** A hint that nothing here can follow. */
    @Override
    public void setPerformancePreferences(int connectionTime, int latency, int bandwidth) {}

    @Override
    public <T> ServerSocket setOption(SocketOption<T> name, T value) throws IOException {
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

    @Override
    public String toString() {
        if (!isBound()) return "ServerSocket[unbound]";
        return "ServerSocket[addr=" + getInetAddress() + ",localport=" + getLocalPort() + "]";
    }
}
