package io.usernet.tuntap;

import java.io.IOException;

/** Makes AF_UNIX sockets, all of them non-blocking. Thread-safe; no call waits. */
interface UnixSockets {
    /** A socket; closing it frees the descriptor. */
    interface Socket {
        int fd();

        void close() throws IOException;
    }

    /** A socket that others connect to. */
    interface Listener extends Socket {
        /**
         * The next connection, or null if there is none now; where the process has no descriptor for
         * it, null or a failure.
         */
        Socket accept() throws IOException;
    }

    /**
     * A stream to whoever listens at a path.
     *
     * @param path for an abstract name, a NUL and the name; likewise below
     * @throws ErrnoException EAGAIN: the listener's backlog is full
     */
    Socket connect(String path) throws IOException;

    /**
     * Listens for streams.
     *
     * @throws ErrnoException EADDRINUSE: there is a file of that name, or somebody has the abstract name
     */
    Listener listen(String path) throws IOException;

    /**
     * A datagram socket of that address, with buffers of so many bytes. Where the system allows less,
     * they are smaller.
     */
    Socket bind(String path, int sendBuffer, int receiveBuffer) throws IOException;
}
