package io.usernet.tuntap;

import io.usernet.frame.Region;
import java.nio.ByteBuffer;

/**
 * The system calls that the driver makes, with the kernel's own convention: a result that is not
 * negative, or minus an {@link Errno}. Pointers are native addresses; whoever passes one keeps the
 * memory reachable until the call is over. Implementations are thread-safe and allocate nothing.
 */
interface Syscalls {
    /** {@code path} ends with a NUL; {@code mode} is that of a file which is made. */
    int open(long path, int flags, int mode);

    int close(int fd);

    int flock(int fd, int operation);

    long read(int fd, long buffer, long length);

    long write(int fd, long buffer, long length);

    /** {@code iovecs} is an array of {@code struct iovec}. */
    long writev(int fd, long iovecs, int count);

    int ioctl(int fd, long request, long argument);

    int socket(int domain, int type, int protocol);

    /** {@code address} is a {@code struct sockaddr}. */
    int bind(int fd, long address, int length);

    int listen(int fd, int backlog);

    /** As {@code accept4}, without asking for the peer's address. */
    int accept(int fd, int flags);

    /** {@code address} is a {@code struct sockaddr}. */
    int connect(int fd, long address, int length);

    /** {@code value} points at {@code length} bytes. */
    int setsockopt(int fd, int level, int option, long value, int length);

    /** {@code message} is a {@code struct msghdr}. */
    long sendmsg(int fd, long message, int flags);

    /** {@code message} is a {@code struct msghdr}, which it changes. */
    long recvmsg(int fd, long message, int flags);

    int eventfd(int initial, int flags);

    /** Leaves the signal mask alone; {@code timespec} 0 waits for ever. */
    int ppoll(long pollfds, int count, long timespec);

    /** The address of the first byte of a direct buffer, wherever its position is. */
    long address(ByteBuffer direct);

    /** The address of a region's first byte, computed once. Allocates the first time. */
    default long address(Region region) {
        long address = region.address();
        if (address == 0) {
            address = address(region.bytes());
            region.address(address);
        }
        return address;
    }
}
