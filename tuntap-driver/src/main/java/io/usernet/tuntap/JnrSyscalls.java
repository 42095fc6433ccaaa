package io.usernet.tuntap;

import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.types.intptr_t;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/**
 * System calls by jnr-ffi. All parameters are primitive, so that it binds each function by a native
 * method without marshalling: some 50 ns above the call from C. None has more than five: the stub that jnr-ffi
 * 2.2.17 makes for six crashes the JVM on x86_64. {@code open} and {@code ioctl} are
 * variadic in C; the ABIs that {@link TunTapProvider} accepts pass integers to those as to any other.
 */
final class JnrSyscalls implements Syscalls {
    /** Public, since jnr-ffi implements it in a class loader of its own. */
    public interface LibC {
        int open(@intptr_t long path, int flags, int mode);

        int close(int fd);

        int flock(int fd, int operation);

        @ssize_t
        long read(int fd, @intptr_t long buffer, @size_t long length);

        @ssize_t
        long write(int fd, @intptr_t long buffer, @size_t long length);

        @ssize_t
        long writev(int fd, @intptr_t long iovecs, int count);

        int ioctl(int fd, @size_t long request, @intptr_t long argument);

        int socket(int domain, int type, int protocol);

        int bind(int fd, @intptr_t long address, int length);

        int listen(int fd, int backlog);

        int accept4(int fd, @intptr_t long address, @intptr_t long length, int flags);

        int connect(int fd, @intptr_t long address, int length);

        int setsockopt(int fd, int level, int option, @intptr_t long value, int length);

        @ssize_t
        long sendmsg(int fd, @intptr_t long message, int flags);

        @ssize_t
        long recvmsg(int fd, @intptr_t long message, int flags);

        int eventfd(int initial, int flags);

        int ppoll(
                @intptr_t long pollfds,
                @size_t long count,
                @intptr_t long timespec,
                @intptr_t long signals);
    }

    private static Syscalls instance;

    private final LibC libc;
    private final Runtime runtime;

    private JnrSyscalls() {
        libc = LibraryLoader.create(LibC.class).failImmediately().load("c");
        runtime = Runtime.getRuntime(libc);
    }

    /**
     * Binds the C library, once.
     *
     * @throws IOException if jnr-ffi cannot do so on this machine
     */
    static synchronized Syscalls get() throws IOException {
        if (instance == null) {
            try {
                instance = new JnrSyscalls();
            } catch (LinkageError | RuntimeException e) {
                throw new IOException(
                        "the C library cannot be called by jnr-ffi ("
                                + NativeCalls.firstLine(e)
                                + "); its native part is unpacked to "
                                + System.getProperty("java.io.tmpdir")
                                + ": if that is mounted noexec, name another directory with"
                                + " -Djffi.extract.dir=DIRECTORY",
                        e);
            }
        }
        return instance;
    }

    private int result(int result) {
        return result >= 0 ? result : -runtime.getLastError();
    }

    private long result(long result) {
        return result >= 0 ? result : -runtime.getLastError();
    }

    @Override
    public int open(long path, int flags, int mode) {
        return result(libc.open(path, flags, mode));
    }

    @Override
    public int close(int fd) {
        return result(libc.close(fd));
    }

    @Override
    public int flock(int fd, int operation) {
        return result(libc.flock(fd, operation));
    }

    @Override
    public long read(int fd, long buffer, long length) {
        return result(libc.read(fd, buffer, length));
    }

    @Override
    public long write(int fd, long buffer, long length) {
        return result(libc.write(fd, buffer, length));
    }

    @Override
    public long writev(int fd, long iovecs, int count) {
        return result(libc.writev(fd, iovecs, count));
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
        return result(libc.ioctl(fd, request, argument));
    }

    @Override
    public int socket(int domain, int type, int protocol) {
        return result(libc.socket(domain, type, protocol));
    }

    @Override
    public int bind(int fd, long address, int length) {
        return result(libc.bind(fd, address, length));
    }

    @Override
    public int listen(int fd, int backlog) {
        return result(libc.listen(fd, backlog));
    }

    @Override
    public int accept(int fd, int flags) {
        return result(libc.accept4(fd, 0, 0, flags));
    }

    @Override
    public int connect(int fd, long address, int length) {
        return result(libc.connect(fd, address, length));
    }

    @Override
    public int setsockopt(int fd, int level, int option, long value, int length) {
        return result(libc.setsockopt(fd, level, option, value, length));
    }

    @Override
    public long sendmsg(int fd, long message, int flags) {
        return result(libc.sendmsg(fd, message, flags));
    }

    @Override
    public long recvmsg(int fd, long message, int flags) {
        return result(libc.recvmsg(fd, message, flags));
    }

    @Override
    public int eventfd(int initial, int flags) {
        return result(libc.eventfd(initial, flags));
    }

    @Override
    public int ppoll(long pollfds, int count, long timespec) {
        return result(libc.ppoll(pollfds, count, timespec, 0));
    }

    @Override
    public long address(ByteBuffer direct) {
        return Pointer.wrap(runtime, direct.duplicate().clear()).address();
    }
}
