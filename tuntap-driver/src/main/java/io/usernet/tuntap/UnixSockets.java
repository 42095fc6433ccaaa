package io.usernet.tuntap;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import jnr.ffi.LastError;
import jnr.ffi.Runtime;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;

/**
 * Makes AF_UNIX stream sockets with jnr-unixsocket, which only {@link DatagramSocketFile} knows,
 * too. It is used for
 * descriptors alone: its reads and writes allocate and copy. All sockets are non-blocking.
 *
 * <p>Its exceptions carry a text in the user's language; the error number is the thread's last one.
 */
final class UnixSockets {
    private static final int BACKLOG = 16;

    private UnixSockets() {}

    /** A socket; closing it frees the descriptor. */
    record Socket(int fd, java.nio.channels.Channel channel) {
        void close() throws IOException {
            channel.close();
        }
    }

    /**
     * Connects; never waits.
     *
     * @param path for an abstract name, a NUL and the name
     * @throws ErrnoException EAGAIN: the listener's backlog is full
     */
    static Socket connect(String path) throws IOException {
        UnixSocketChannel channel = UnixSocketChannel.open();
        try {
            channel.configureBlocking(false);
            if (channel.connect(address(path))) return new Socket(channel.getFD(), channel);
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

    /** Binds and listens. */
    static Socket listen(String path) throws IOException {
        UnixServerSocketChannel channel = UnixServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.socket().bind(address(path), BACKLOG);
            return new Socket(channel.getFD(), channel);
        } catch (IOException e) {
            ErrnoException failure = failure("bind", e);
            channel.close();
            throw failure;
        }
    }

    /** The next connection of a listener, or null if there is none (or no descriptor for it) now. */
    static Socket accept(Socket listener) throws IOException {
        UnixSocketChannel channel = ((UnixServerSocketChannel) listener.channel).accept();
        if (channel == null) return null;
        channel.configureBlocking(false);
        return new Socket(channel.getFD(), channel);
    }

    /**
     * An address as jnr-unixsocket has it: of the path's bytes it passes as many to the kernel as the
     * path has characters, so there must be as many of these; what it writes behind is not passed.
     */
    static UnixSocketAddress address(String path) {
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
