package io.usernet.nio;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.channels.IllegalBlockingModeException;

/**
 * {@code SocketChannel.socket()} of a routed channel: the adaptor of its leg does the work, timeouts and
 * streams included. Thread-safe as that one is.
 */
final class RoutedSocket extends ChannelSocket {
    private final RoutedSocketChannel channel;

    private RoutedSocket(RoutedSocketChannel channel) throws SocketException {
        super(channel);
        this.channel = channel;
    }

    static Socket of(RoutedSocketChannel channel) {
        try {
            return new RoutedSocket(channel);
        } catch (SocketException e) {
            throw new AssertionError("the constructor only stores the implementation", e);
        }
    }

    private Socket leg() {
        return channel.leg().socket();
    }

    // -- connecting

    @Override
    public void connect(SocketAddress remote) throws IOException {
        connect(remote, 0);
    }

    @Override
    public void connect(SocketAddress remote, int timeout) throws IOException {
        if (remote == null)
            throw new IllegalArgumentException("connect: The address can't be null");
        if (timeout < 0) throw new IllegalArgumentException("connect: timeout can't be negative");
        boolean said = remote instanceof InetSocketAddress inet && !inet.isUnresolved();
        if (said && !channel.isBlocking()) throw new IllegalBlockingModeException();
        try {
            legTo(remote).connect(remote, timeout);
            channel.joinKeys();
        } catch (IOException e) {
            throw channel.closed(e);
        }
    }

    /** The provisional one says what is wrong with an address that is none. */
    private Socket legTo(SocketAddress remote) throws IOException {
        if (!(remote instanceof InetSocketAddress inet) || inet.isUnresolved()) return leg();
        try {
            return channel.legTo(inet).socket();
        } catch (IOException e) {
            channel.close();
            throw e;
        } catch (RuntimeException e) {
            throw SocketFailures.asIOException(e);
        }
    }

    // -- addresses and state

    @Override
    public InetAddress getInetAddress() {
        return leg().getInetAddress();
    }

    @Override
    public InetAddress getLocalAddress() {
        return leg().getLocalAddress();
    }

    @Override
    public int getPort() {
        return leg().getPort();
    }

    @Override
    public int getLocalPort() {
        return leg().getLocalPort();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        return leg().getRemoteSocketAddress();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        return leg().getLocalSocketAddress();
    }

    @Override
    public boolean isBound() {
        return leg().isBound();
    }

    @Override
    public boolean isInputShutdown() {
        return leg().isInputShutdown();
    }

    @Override
    public boolean isOutputShutdown() {
        return leg().isOutputShutdown();
    }

    // -- streams

    @Override
    public InputStream getInputStream() throws IOException {
        return new Input(leg().getInputStream());
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return new Output(leg().getOutputStream());
    }

    private final class Input extends FilterInputStream {
        Input(InputStream leg) {
            super(leg);
        }

        @Override
        public int read() throws IOException {
            try {
                return in.read();
            } catch (IOException e) {
                throw channel.closed(e);
            }
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            try {
                return in.read(b, off, len);
            } catch (IOException e) {
                throw channel.closed(e);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private final class Output extends FilterOutputStream {
        Output(OutputStream leg) {
            super(leg);
        }

        @Override
        public void write(int b) throws IOException {
            try {
                out.write(b);
            } catch (IOException e) {
                throw channel.closed(e);
            }
        }

        @Override
        public void write(byte[] b, int off, int len) throws IOException {
            try {
                out.write(b, off, len);
            } catch (IOException e) {
                throw channel.closed(e);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    @Override
    public void sendUrgentData(int data) throws IOException {
        try {
            leg().sendUrgentData(data);
        } catch (IOException e) {
            throw channel.closed(e);
        }
    }

    // -- options that are not the channel's

    @Override
    public void setOOBInline(boolean on) throws SocketException {
        leg().setOOBInline(on);
    }

    @Override
    public boolean getOOBInline() throws SocketException {
        return leg().getOOBInline();
    }

    @Override
    public void setSoTimeout(int timeout) throws SocketException {
        leg().setSoTimeout(timeout);
    }

    @Override
    public int getSoTimeout() throws SocketException {
        return leg().getSoTimeout();
    }

    @Override
    public String toString() {
        return leg().toString();
    }
}
