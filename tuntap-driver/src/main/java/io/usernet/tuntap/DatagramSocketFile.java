package io.usernet.tuntap;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** A datagram socket bound to a path; the file goes with it, unless it is somebody else's by then. */
final class DatagramSocketFile implements UnixgramLink.Bound {
    /**
     * Both ends of such a wire have buffers of this size. Linux counts a datagram against the sender's
     * buffer alone until it is read, and also with its bookkeeping.
     */
    private static final int SEND_BUFFER = 1 << 20, RECEIVE_BUFFER = 4 << 20;

    private static final int S_IFMT = 0170000, S_IFSOCK = 0140000;

    private final UnixSockets.Socket socket;
    private final Path file;
    private final Object key;

    private DatagramSocketFile(UnixSockets.Socket socket, Path file) throws IOException {
        this.socket = socket;
        this.file = file;
        this.key = key(file);
    }

    /**
     * Makes the socket, in the place of one that nobody has open any more.
     *
     * @throws IOException whose message is one line: what is wrong and what helps
     */
    static DatagramSocketFile open(NativeCalls calls, SocketAddress address) throws IOException {
        Path file = Path.of(address.path());
        Path directory = file.getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IOException("there is no directory " + directory + ": make it first");
        }
        removeStale(calls.sys(), address, file);
        if (!Files.isWritable(directory)) {
            throw new IOException(
                    "no permission to make a socket in "
                            + directory
                            + ": choose another directory");
        }
        try {
            UnixSockets.Socket socket =
                    calls.sockets().bind(address.path(), SEND_BUFFER, RECEIVE_BUFFER);
            try {
                return new DatagramSocketFile(socket, file);
            } catch (IOException | RuntimeException e) {
                socket.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            throw new IOException("the socket cannot be made: " + e.getMessage(), e);
        }
    }

    private static void removeStale(Syscalls sys, SocketAddress address, Path file)
            throws IOException {
        int mode;
        try {
            mode = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if ((mode & S_IFMT) != S_IFSOCK) {
            throw new IOException(
                    file + " is there and is no socket, so it is left alone: choose another path");
        }
        int answer = connect(sys, address);
        if (answer == -Errno.ENOENT) return;
        if (answer == -Errno.EACCES) {
            throw new IOException(
                    "no permission for the socket "
                            + file
                            + ", which is another user's: remove it, or choose another path");
        }
        if (answer != -Errno.ECONNREFUSED) {
            throw new IOException(
                    "another process has the socket "
                            + file
                            + " (sudo ss -xlp src "
                            + file
                            + " names it): stop that, or choose another path");
        }
        Files.deleteIfExists(file);
    }

    /** What the kernel says to a connection; nothing is sent. */
    private static int connect(Syscalls sys, SocketAddress address) throws ErrnoException {
        NativeBuffer name = new NativeBuffer(sys, SocketAddress.ROOM);
        int length = address.put(name.bytes, 0);
        int fd = SocketAddress.socket(sys);
        try {
            return sys.connect(fd, name.address, length);
        } finally {
            name.keep();
            sys.close(fd);
        }
    }

    private static Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    @Override
    public int fd() {
        return socket.fd();
    }

    /** Never fails: a file that cannot be removed is replaced by whoever binds next. */
    @Override
    public void close() {
        try {
            if (key(file).equals(key)) Files.deleteIfExists(file);
        } catch (IOException e) {
            // It is gone, or out of our reach.
        }
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is free even so.
        }
    }
}
