package io.usernet.tuntap;

import java.io.IOException;

/** AF_UNIX sockets by the system calls themselves. */
final class SyscallUnixSockets implements UnixSockets {
    private static final int SOCK_STREAM = 1,
            SOCK_DGRAM = 2,
            SOCK_NONBLOCK = 0x800,
            SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1, SO_SNDBUF = 7, SO_RCVBUF = 8;
    private static final int BACKLOG = 16;

    private final Syscalls sys;

    SyscallUnixSockets(Syscalls sys) {
        this.sys = sys;
    }

    private static class Descriptor implements Socket {
        final Syscalls sys;
        private final int fd;
        private boolean closed; // the number may be another's by then; guarded by this

        Descriptor(Syscalls sys, int fd) {
            this.sys = sys;
            this.fd = fd;
        }

        @Override
        public int fd() {
            return fd;
        }

        @Override
        public synchronized void close() throws IOException {
            if (closed) return;
            closed = true;
            require("close", sys.close(fd));
        }
    }

    private static final class Listening extends Descriptor implements Listener {
        Listening(Syscalls sys, int fd) {
            super(sys, fd);
        }

        @Override
        public Socket accept() throws IOException {
            int fd;
            do {
                fd = sys.accept(fd(), SOCK_NONBLOCK | SOCK_CLOEXEC);
            } while (fd == -Errno.EINTR);
            if (fd == -Errno.EAGAIN) return null;
            return new Descriptor(sys, require("accept", fd));
        }
    }

    /** Calls a function with the address of a path. */
    private interface Call {
        int with(long address, int length);
    }

    @Override
    public Socket connect(String path) throws IOException {
        int fd = socket(SOCK_STREAM);
        try {
            call("connect", path, (address, length) -> sys.connect(fd, address, length));
            return new Descriptor(sys, fd);
        } catch (IOException e) {
            sys.close(fd);
            throw e;
        }
    }

    @Override
    public Listener listen(String path) throws IOException {
        int fd = socket(SOCK_STREAM);
        try {
            call("bind", path, (address, length) -> sys.bind(fd, address, length));
            require("listen", sys.listen(fd, BACKLOG));
            return new Listening(sys, fd);
        } catch (IOException e) {
            sys.close(fd);
            throw e;
        }
    }

    @Override
    public Socket bind(String path, int sendBuffer, int receiveBuffer) throws IOException {
        int fd = socket(SOCK_DGRAM);
        try {
            call("bind", path, (address, length) -> sys.bind(fd, address, length));
            setBuffer(fd, SO_SNDBUF, sendBuffer);
            setBuffer(fd, SO_RCVBUF, receiveBuffer);
            return new Descriptor(sys, fd);
        } catch (IOException e) {
            sys.close(fd);
            throw e;
        }
    }

    private int socket(int type) throws ErrnoException {
        int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
        return require("socket", sys.socket(SocketAddress.AF_UNIX, type | flags, 0));
    }

    private void call(String name, String path, Call call) throws ErrnoException {
        NativeBuffer address = new NativeBuffer(sys, SocketAddress.ROOM);
        int length = SocketAddress.put(path, address.bytes, 0);
        int result = call.with(address.address, length);
        address.keep();
        require(name, result);
    }

    private void setBuffer(int fd, int option, int bytes) throws ErrnoException {
        NativeBuffer value = new NativeBuffer(sys, 4);
        value.bytes.putInt(0, bytes);
        int result = sys.setsockopt(fd, SOL_SOCKET, option, value.address, 4);
        value.keep();
        require("setsockopt", result);
    }

    private static int require(String call, int result) throws ErrnoException {
        if (result < 0) throw new ErrnoException(call, result);
        return result;
    }
}
