package io.usernet.tuntap;

import io.usernet.tuntap.UnixSockets.Listener;
import io.usernet.tuntap.UnixSockets.Socket;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.TimeUnit;

/**
 * How two processes that know a path find each other: one listens there, the other connects. Who does
 * what is decided once, here; a file that a killed listener left is replaced. Those who would listen
 * take turns, by a lock on a file beside the path that is gone afterwards, so that no one takes
 * another's fresh socket for a stale one.
 */
final class Rendezvous {
    enum Mode {
        AUTO,
        LISTEN,
        CONNECT
    }

    /** Bytes of sun_path but for the NUL at its end. */
    static final int MAX_PATH = 107;

    private static final int S_IFMT = 0170000, S_IFSOCK = 0140000;
    private static final long LOCK_NS = TimeUnit.SECONDS.toNanos(5);

    /** A refusal may come from somebody between bind and listen: it is believed after so many. */
    private static final int REFUSALS = 5;

    private final UnixSockets sockets; // null: there is no other connection than the first
    private final String path; // null likewise
    private final Listener listener; // null: we connect
    private final Identity file; // the listener's; null if it has none
    private final Thread atExit; // null likewise
    private Socket first; // connected already, until it is taken

    private Rendezvous(
            UnixSockets sockets, String path, Listener listener, Identity file, Socket first) {
        this.sockets = sockets;
        this.path = path;
        this.listener = listener;
        this.file = file;
        this.first = first;
        this.atExit = file == null ? null : new Thread(this::removeFile, "usernet-unix");
        if (atExit != null) Runtime.getRuntime().addShutdownHook(atExit);
    }

    private static Rendezvous connecting(UnixSockets sockets, String path, Socket first) {
        return new Rendezvous(sockets, path, null, null, first);
    }

    private static Rendezvous listening(UnixSockets sockets, String path) throws IOException {
        Listener listener = sockets.listen(socketPath(path));
        try {
            Identity file = isAbstract(path) ? null : Identity.of(Path.of(path));
            return new Rendezvous(sockets, path, listener, file, null);
        } catch (Throwable t) {
            listener.close();
            throw t;
        }
    }

    /** For a connection that is there already and has no successor. */
    static Rendezvous with(Socket connection) {
        return connecting(null, null, connection);
    }

    /** What a file is, as opposed to what it is called. */
    private record Identity(Object key, FileTime modified) {
        static Identity of(Path path) throws IOException {
            BasicFileAttributes is =
                    Files.readAttributes(
                            path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return new Identity(is.fileKey(), is.lastModifiedTime());
        }
    }

    /**
     * Listens or connects. Where it shall connect and nobody listens yet, that is not a failure.
     *
     * @param path or {@code @} and an abstract name
     * @throws IOException with a message for the user: what, why, and what helps
     */
    static Rendezvous at(NativeCalls calls, String path, Mode mode) throws IOException {
        UnixSockets sockets = calls.sockets();
        if (mode != Mode.LISTEN) {
            Socket peer = tryConnect(sockets, path);
            if (peer != null || mode == Mode.CONNECT) return connecting(sockets, path, peer);
        }
        if (isAbstract(path)) return listen(sockets, path, mode);
        try {
            PathLock lock = PathLock.on(calls.sys(), Path.of(path + ".lock"), LOCK_NS);
            try {
                return listen(sockets, path, mode);
            } finally {
                lock.release();
            }
        } catch (ErrnoException e) {
            throw failure(path, e);
        } catch (AccessDeniedException e) {
            throw new IOException(noPermission(path), e);
        } catch (NoSuchFileException e) {
            throw new IOException(noDirectory(path), e);
        }
    }

    /** The only one that does this here now. */
    private static Rendezvous listen(UnixSockets sockets, String path, Mode mode)
            throws IOException {
        for (int refusals = 0; ; ) {
            try {
                Socket peer = sockets.connect(socketPath(path));
                if (mode == Mode.AUTO) return connecting(sockets, path, peer);
                peer.close();
                throw new IOException(somebodyListens(path));
            } catch (ErrnoException e) {
                if (e.errno == Errno.EAGAIN) { // somebody listens who is busy
                    if (mode == Mode.AUTO) return connecting(sockets, path, null);
                    throw new IOException(somebodyListens(path), e);
                }
                if (e.errno == Errno.ECONNREFUSED && !isAbstract(path)) {
                    requireSocket(path);
                    if (++refusals < REFUSALS) {
                        PathLock.pause();
                        continue;
                    }
                    Files.deleteIfExists(Path.of(path));
                } else if (e.errno != Errno.ENOENT && e.errno != Errno.ECONNREFUSED) {
                    throw failure(path, e);
                }
            }
            try {
                return listening(sockets, path);
            } catch (ErrnoException e) {
                // Somebody else was faster, who knows nothing of our lock: look again.
                if (e.errno != Errno.EADDRINUSE || ++refusals > 2 * REFUSALS) {
                    throw failure(path, e);
                }
                if (!isAbstract(path)) requireSocket(path);
                PathLock.pause();
            }
        }
    }

    private static Socket tryConnect(UnixSockets sockets, String path) throws IOException {
        try {
            return sockets.connect(socketPath(path));
        } catch (ErrnoException e) {
            if (e.errno == Errno.ECONNREFUSED && !isAbstract(path)) requireSocket(path);
            if (e.errno == Errno.ENOENT && !isAbstract(path)) requireDirectory(path);
            if (isTransient(e.errno)) return null;
            throw failure(path, e);
        }
    }

    /** Whether connecting may succeed later without anybody's doing here. */
    private static boolean isTransient(int errno) {
        return errno == Errno.ENOENT || errno == Errno.ECONNREFUSED || errno == Errno.EAGAIN;
    }

    /** The listener, to be polled; -1 if we connect. */
    int listenerFd() {
        return listener == null ? -1 : listener.fd();
    }

    boolean isListening() {
        return listener != null;
    }

    /** A connection, or null if there is none now. Never waits. Not in a turn. */
    Socket next() {
        if (first != null) {
            Socket socket = first;
            first = null;
            return socket;
        }
        if (path == null) return null;
        try {
            return listener != null ? listener.accept() : sockets.connect(socketPath(path));
        } catch (IOException e) {
            // Whatever it is now, it was possible when the link was opened, and is tried again.
            return null;
        }
    }

    /** Nobody connects here any more. */
    void close() throws IOException {
        if (first != null) first.close();
        if (listener == null) return;
        if (atExit != null) {
            removeFile();
            try {
                Runtime.getRuntime().removeShutdownHook(atExit);
            } catch (IllegalStateException e) {
                // The JVM ends, and the hook runs by itself.
            }
        }
        listener.close();
    }

    /** Removes the listener's file, unless somebody has put another one there. */
    private void removeFile() {
        Path at = Path.of(path);
        try {
            if (Identity.of(at).equals(file)) Files.deleteIfExists(at);
        } catch (IOException e) {
            // It is gone, or cannot be removed any more: whoever listens next replaces it.
        }
    }

    // -- paths

    static boolean isAbstract(String path) {
        return path.startsWith("@");
    }

    private static String socketPath(String path) {
        return isAbstract(path) ? "\0" + path.substring(1) : path;
    }

    private static Path directory(String path) {
        return Path.of(path).toAbsolutePath().getParent();
    }

    private static void requireSocket(String path) throws IOException {
        int mode;
        try {
            mode = (int) Files.getAttribute(Path.of(path), "unix:mode", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return; // it went away meanwhile
        }
        if ((mode & S_IFMT) != S_IFSOCK) {
            throw new IOException(
                    path + " is there and is no socket: remove it, or choose another path");
        }
    }

    private static void requireDirectory(String path) throws IOException {
        if (!Files.isDirectory(directory(path))) throw new IOException(noDirectory(path));
    }

    // -- what users read

    private static IOException failure(String path, ErrnoException e) {
        String what =
                switch (e.errno) {
                    case Errno.ENOENT, Errno.ENOTDIR -> noDirectory(path);
                    case Errno.EACCES, Errno.EPERM -> noPermission(path);
                    case Errno.EADDRINUSE -> somebodyListens(path);
                    case Errno.EPROTOTYPE ->
                            path
                                    + " is a socket of another type, such as unixgram:'s: choose"
                                    + " another path";
                    default -> e.getMessage();
                };
        return new IOException(what, e);
    }

    private static String noDirectory(String path) {
        return "there is no directory " + directory(path) + ": mkdir -p " + directory(path);
    }

    private static String noPermission(String path) {
        return "no permission: this user must be able to write to "
                + path
                + " if it is there, else to "
                + directory(path)
                + "; choose a path in a directory of your own, or start both ends as one user";
    }

    private static String somebodyListens(String path) {
        return "somebody listens on "
                + path
                + " already: end that (ss -xlp src "
                + path
                + " names it), leave mode=listen out to connect to it, or choose another path";
    }
}
