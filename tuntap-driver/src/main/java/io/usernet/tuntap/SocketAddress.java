package io.usernet.tuntap;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The path of an AF_UNIX socket as a {@code struct sockaddr_un}. */
record SocketAddress(String path) {
    /** Bytes for any such address, and of what stands before the path. */
    static final int ROOM = 112, FAMILY = 2;

    /** Most bytes of a path; a NUL follows. */
    static final int MAX_PATH = 107;

    static final int AF_UNIX = 1;

    private static final int SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;

    SocketAddress {
        int length = path.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_PATH || path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "'"
                            + path
                            + "' cannot be the path of a socket, which has 1 to "
                            + MAX_PATH
                            + " bytes, not "
                            + length);
        }
    }

    /** Writes the structure, in the machine's byte order, and returns its length. */
    int put(ByteBuffer buffer, int at) {
        return put(path, buffer, at);
    }

    /**
     * Likewise.
     *
     * @param path or a NUL and an abstract name, which ends where the structure does
     */
    static int put(String path, ByteBuffer buffer, int at) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        buffer.putShort(at, (short) AF_UNIX);
        buffer.put(at + FAMILY, bytes);
        if (path.charAt(0) == '\0') return FAMILY + bytes.length;
        buffer.put(at + FAMILY + bytes.length, (byte) 0);
        return FAMILY + bytes.length + 1;
    }

    /** A datagram socket that has no address yet. */
    static int socket(Syscalls sys) throws ErrnoException {
        int fd = sys.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) throw new ErrnoException("socket", fd);
        return fd;
    }
}
