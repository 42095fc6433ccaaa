package io.usernet.tuntap;

import java.io.File;
import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.charset.StandardCharsets;
import jnr.ffi.LastError;
import jnr.ffi.Runtime;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;

/**
 * AF_UNIX sockets by jnr-unixsocket, which only this class knows. It is used for descriptors alone: its
 * reads and writes allocate and copy.
 *
 * <p>Its exceptions carry a text in the user's language; the error number is the thread's last one.
 */
final class JnrUnixSockets implements UnixSockets {
    private static final int BACKLOG = 16;

    private record JnrSocket(int fd, Channel channel) implements Socket {
        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private record JnrListener(int fd, UnixServerSocketChannel channel) implements Listener {
        @Override
        public Socket accept() throws IOException {
            UnixSocketChannel accepted = channel.accept();
            if (accepted == null) return null;
            accepted.configureBlocking(false);
            return new JnrSocket(accepted.getFD(), accepted);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    @Override
    public Socket connect(String path) throws IOException {
        UnixSocketChannel channel = UnixSocketChannel.open();
        try {
            channel.configureBlocking(false);
            if (channel.connect(address(path))) return new JnrSocket(channel.getFD(), channel);
            channel.close();
            throw new ErrnoException("connect", -Errno.EAGAIN);
        } catch (ErrnoException e) {
            throw e;
        } catch (IOException e) {
            ErrnoException failure = failure("connect", e);
            channel.close();
            throw failure;
        }
    }

    @Override
    public Listener listen(String path) throws IOException {
        UnixServerSocketChannel channel = UnixServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.socket().bind(address(path), BACKLOG);
            return new JnrListener(channel.getFD(), channel);
        } catch (IOException e) {
            ErrnoException failure = failure("bind", e);
            channel.close();
            throw failure;
        }
    }

    @Override
    public Socket bind(String path, int sendBuffer, int receiveBuffer) throws IOException {
        UnixDatagramChannel channel = UnixDatagramChannel.open();
        try {
            channel.bind(address(path));
            channel.configureBlocking(false);
            channel.setOption(UnixSocketOptions.SO_SNDBUF, sendBuffer);
            channel.setOption(UnixSocketOptions.SO_RCVBUF, receiveBuffer);
            return new JnrSocket(channel.getFD(), channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * An address as jnr-unixsocket has it: of the path's bytes it passes as many to the kernel as the
     * path has characters, so there must be as many of these; what it writes behind is not passed.
     */
    private static UnixSocketAddress address(String path) {
        int behind = path.getBytes(StandardCharsets.UTF_8).length - path.length();
        return new UnixSocketAddress(new File(path + "\0".repeat(behind)));
    }

    /** At once after a call failed, in the same thread. */
    private static ErrnoException failure(String call, IOException cause) {
        int errno = LastError.getLastError(Runtime.getSystemRuntime());
        ErrnoException failure = new ErrnoException(call, -errno);
        failure.initCause(cause);
        return failure;
    }
}
