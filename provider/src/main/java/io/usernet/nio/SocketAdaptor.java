package io.usernet.nio;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;

/**
 * {@code SocketChannel.socket()}: a Socket whose every method works on the channel. Its streams use
 * different locks, so that a blocked read does not block a write.
 */
final class SocketAdaptor extends ChannelSocket {
    private final StackSocketChannel channel;
    private volatile int timeoutMs; // SO_TIMEOUT; 0: none

    private SocketAdaptor(StackSocketChannel channel) throws SocketException {
        super(channel);
        this.channel = channel;
    }

    static Socket of(StackSocketChannel channel) {
        try {
            return new SocketAdaptor(channel);
        } catch (SocketException e) {
            throw new AssertionError("the constructor only stores the implementation", e);
        }
    }

    // -- binding and connecting

    @Override
    public void connect(SocketAddress remote) throws IOException {
        connect(remote, 0);
    }

    @Override
    public void connect(SocketAddress remote, int timeout) throws IOException {
        if (remote == null)
            throw new IllegalArgumentException("connect: The address can't be null");
        if (timeout < 0) throw new IllegalArgumentException("connect: timeout can't be negative");
        try {
            channel.blockingConnect(
                    remote, timeout == 0 ? Deadlines.NEVER : Deadlines.after(timeout));
        } catch (UnresolvedAddressException e) {
            ensureOpen();
            if (isConnected()) throw new SocketException("Already connected");
            close(); // as newer versions of Socket do
            throw new UnknownHostException(remote.toString());
        } catch (IOException | RuntimeException e) {
            throw SocketFailures.asIOException(e);
        }
    }

    // -- addresses and state

    @Override
    public InetAddress getInetAddress() {
        InetSocketAddress remote = channel.remote();
        return remote == null ? null : remote.getAddress();
    }

    @Override
    public InetAddress getLocalAddress() {
        InetSocketAddress local = channel.local();
        return local != null && channel.isOpen()
                ? local.getAddress()
                : Addresses.of(0, 0).getAddress();
    }

    @Override
    public int getPort() {
        InetSocketAddress remote = channel.remote();
        return remote == null ? 0 : remote.getPort();
    }

    @Override
    public int getLocalPort() {
        InetSocketAddress local = channel.local();
        return local == null ? -1 : local.getPort();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        return channel.remote();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        return channel.local();
    }

    @Override
    public boolean isBound() {
        return channel.local() != null;
    }

    @Override
    public boolean isInputShutdown() {
        return channel.isInputShut();
    }

    @Override
    public boolean isOutputShutdown() {
        return channel.isOutputShut();
    }

    // -- streams

    @Override
    public InputStream getInputStream() throws IOException {
        ensureOpen();
        if (!isConnected()) throw new SocketException("Socket is not connected");
        if (isInputShutdown()) throw new SocketException("Socket input is shutdown");
        return new Input();
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        ensureOpen();
        if (!isConnected()) throw new SocketException("Socket is not connected");
        if (isOutputShutdown()) throw new SocketException("Socket output is shutdown");
        return new Output();
    }

    private final class Input extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            Objects.checkFromIndexSize(off, len, b.length);
            if (len == 0) return 0;
            int timeout = timeoutMs;
            return channel.blockingRead(
                    ByteBuffer.wrap(b, off, len),
                    timeout == 0 ? Deadlines.NEVER : Deadlines.after(timeout));
        }

        @Override
        public int available() throws IOException {
            return channel.available();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private final class Output extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] b, int off, int len) throws IOException {
            Objects.checkFromIndexSize(off, len, b.length);
            if (len > 0) channel.blockingWriteFully(ByteBuffer.wrap(b, off, len));
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    @Override
    public void sendUrgentData(int data) throws IOException {
        if (channel.writeUrgent((byte) data) == 0) throw new IOException("Socket buffer full");
    }

    // -- options that are not the channel's

    @Override
    public void setOOBInline(boolean on) throws SocketException {
        ensureOpen();
        channel.oobInline(on);
    }

    @Override
    public boolean getOOBInline() throws SocketException {
        ensureOpen();
        return channel.oobInline();
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
    public String toString() {
        if (!isConnected()) return "Socket[unconnected]";
        return "Socket[addr="
                + getInetAddress()
                + ",port="
                + getPort()
                + ",localport="
                + getLocalPort()
                + "]";
    }
}
