package io.usernet.tuntap;

import java.nio.ByteBuffer;

/**
 * System calls by the JDK's own foreign-function API. Its class is initialised only after the JDK has let
 * {@link NativeCalls} bind a function.
 */
final class ForeignSyscalls implements Syscalls {
    static final ForeignSyscalls INSTANCE = new ForeignSyscalls();

    private static final Class<Integer> INT = int.class;

    /** A pointer, {@code size_t} or {@code ssize_t}. */
    private static final Class<Long> WORD = long.class;

    private static final ForeignFunction
            OPEN = ForeignFunction.variadic("open", 2, INT, WORD, INT, INT),
            CLOSE = ForeignFunction.of("close", INT, INT),
            FLOCK = ForeignFunction.of("flock", INT, INT, INT),
            READ = ForeignFunction.of("read", WORD, INT, WORD, WORD),
            WRITE = ForeignFunction.of("write", WORD, INT, WORD, WORD),
            WRITEV = ForeignFunction.of("writev", WORD, INT, WORD, INT),
            IOCTL = ForeignFunction.variadic("ioctl", 2, INT, INT, WORD, WORD),
            SOCKET = ForeignFunction.of("socket", INT, INT, INT, INT),
            BIND = ForeignFunction.of("bind", INT, INT, WORD, INT),
            LISTEN = ForeignFunction.of("listen", INT, INT, INT),
            ACCEPT = ForeignFunction.of("accept4", INT, INT, WORD, WORD, INT),
            CONNECT = ForeignFunction.of("connect", INT, INT, WORD, INT),
            SETSOCKOPT = ForeignFunction.of("setsockopt", INT, INT, INT, INT, WORD, INT),
            SENDMSG = ForeignFunction.of("sendmsg", WORD, INT, WORD, INT),
            RECVMSG = ForeignFunction.of("recvmsg", WORD, INT, WORD, INT),
            EVENTFD = ForeignFunction.of("eventfd", INT, INT, INT),
            PPOLL = ForeignFunction.of("ppoll", INT, WORD, WORD, WORD, WORD);

    private ForeignSyscalls() {}

    @Override
    public int open(long path, int flags, int mode) {
        return (int) OPEN.call(path, flags, mode);
    }

    @Override
    public int close(int fd) {
        return (int) CLOSE.call(fd);
    }

    @Override
    public int flock(int fd, int operation) {
        return (int) FLOCK.call(fd, operation);
    }

    @Override
    public long read(int fd, long buffer, long length) {
        return READ.call(fd, buffer, length);
    }

    @Override
    public long write(int fd, long buffer, long length) {
        return WRITE.call(fd, buffer, length);
    }

    @Override
    public long writev(int fd, long iovecs, int count) {
        return WRITEV.call(fd, iovecs, count);
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
        return (int) IOCTL.call(fd, request, argument);
    }

    @Override
    public int socket(int domain, int type, int protocol) {
        return (int) SOCKET.call(domain, type, protocol);
    }

    @Override
    public int bind(int fd, long address, int length) {
        return (int) BIND.call(fd, address, length);
    }

    @Override
    public int listen(int fd, int backlog) {
        return (int) LISTEN.call(fd, backlog);
    }

    @Override
    public int accept(int fd, int flags) {
        return (int) ACCEPT.call(fd, 0, 0, flags);
    }

    @Override
    public int connect(int fd, long address, int length) {
        return (int) CONNECT.call(fd, address, length);
    }

    @Override
    public int setsockopt(int fd, int level, int option, long value, int length) {
        return (int) SETSOCKOPT.call(fd, level, option, value, length);
    }

    @Override
    public long sendmsg(int fd, long message, int flags) {
        return SENDMSG.call(fd, message, flags);
    }

    @Override
    public long recvmsg(int fd, long message, int flags) {
        return RECVMSG.call(fd, message, flags);
    }

    @Override
    public int eventfd(int initial, int flags) {
        return (int) EVENTFD.call(initial, flags);
    }

    @Override
    public int ppoll(long pollfds, int count, long timespec) {
        return (int) PPOLL.call(pollfds, count, timespec, 0);
    }

    @Override
    public long address(ByteBuffer direct) {
        return Foreign.address(direct);
    }
}
