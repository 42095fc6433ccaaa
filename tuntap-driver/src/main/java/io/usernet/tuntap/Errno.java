package io.usernet.tuntap;

/** Error numbers of Linux (asm-generic/errno.h) that the driver tells apart. */
final class Errno {
    static final int EPERM = 1,
            ENOENT = 2,
            EINTR = 4,
            EIO = 5,
            ENXIO = 6,
            EBADF = 9,
            EAGAIN = 11,
            ENOMEM = 12,
            EACCES = 13,
            EFAULT = 14,
            EBUSY = 16,
            ENODEV = 19,
            ENOTDIR = 20,
            EINVAL = 22,
            ENFILE = 23,
            EMFILE = 24,
            EPIPE = 32,
            ELOOP = 40,
            EBADFD = 77,
            ENOTSOCK = 88,
            EMSGSIZE = 90,
            EPROTOTYPE = 91,
            EADDRINUSE = 98,
            ECONNRESET = 104,
            ENOBUFS = 105,
            ECONNREFUSED = 111;

    private Errno() {}

    /** Name and meaning, such as {@code EPERM, operation not permitted}. */
    static String text(long errno) {
        return switch ((int) errno) {
            case EPERM -> "EPERM, operation not permitted";
            case ENOENT -> "ENOENT, no such file";
            case EINTR -> "EINTR, interrupted";
            case EIO -> "EIO, input/output error";
            case ENXIO -> "ENXIO, no such device";
            case EBADF -> "EBADF, bad file descriptor";
            case EAGAIN -> "EAGAIN, try again";
            case ENOMEM -> "ENOMEM, out of memory";
            case EACCES -> "EACCES, permission denied";
            case EFAULT -> "EFAULT, bad address";
            case EBUSY -> "EBUSY, device busy";
            case ENODEV -> "ENODEV, no such device";
            case ENOTDIR -> "ENOTDIR, not a directory";
            case EINVAL -> "EINVAL, invalid argument";
            case ENFILE -> "ENFILE, too many open files in the system";
            case EMFILE -> "EMFILE, too many open files in this process: raise ulimit -n";
            case EPIPE -> "EPIPE, broken pipe";
            case ELOOP -> "ELOOP, a symbolic link";
            case EBADFD -> "EBADFD, file descriptor in bad state";
            case ENOTSOCK -> "ENOTSOCK, not a socket";
            case EMSGSIZE -> "EMSGSIZE, message too long";
            case EPROTOTYPE -> "EPROTOTYPE, another type of socket";
            case EADDRINUSE -> "EADDRINUSE, address already in use";
            case ECONNRESET -> "ECONNRESET, connection reset";
            case ENOBUFS -> "ENOBUFS, no buffer space";
            case ECONNREFUSED -> "ECONNREFUSED, connection refused";
            default -> "errno " + errno;
        };
    }
}
