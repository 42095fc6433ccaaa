package io.usernet.tuntap;

import io.usernet.tuntap.UnixSockets.Socket;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A passt of our own, as a child, and the connection to it. It serves one client and ends when that is
 * gone, so it survives neither the link nor the JVM. Its socket's directory exists only until we are
 * connected: nobody else gets in, and nothing is left behind.
 */
final class PasstProcess {
    private static final long START_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long END_MS = 1_000;
    private static final int LINES = 4;

    private final Process process;
    private final Thread listener;
    private final ArrayDeque<String> said = new ArrayDeque<>(); // its last lines; guarded by itself
    private Socket connection;
    private volatile Runnable atEnd; // set once
    private volatile boolean ended;
    private volatile boolean closing;

    private PasstProcess(Process process) {
        this.process = process;
        this.listener = new Thread(this::listen, "usernet-passt");
        listener.setDaemon(true);
        listener.start();
    }

    /**
     * Starts the program and connects to it.
     *
     * @param sockets to connect with
     * @param command without the option for its socket
     * @param temporary where the socket's directory is made
     * @throws IOException with one line for the user, which has what passt said
     */
    static PasstProcess start(UnixSockets sockets, List<String> command, Path temporary)
            throws IOException {
        Path directory = directory(temporary);
        Path socket = directory.resolve("s");
        try {
            requireShort(socket, temporary);
            giveToNobody(directory);
            List<String> words = new ArrayList<>(command);
            words.addAll(List.of("-s", socket.toString()));
            Process process =
                    new ProcessBuilder(words)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .directory(new File("/"))
                            .start();
            PasstProcess passt = new PasstProcess(process);
            try {
                process.getOutputStream().close();
                passt.connect(sockets, socket);
                return passt;
            } catch (Throwable t) {
                passt.close();
                throw t;
            }
        } finally {
            Files.deleteIfExists(socket);
            Files.deleteIfExists(directory);
        }
    }

    private static Path directory(Path temporary) throws IOException {
        try {
            return Files.createTempDirectory(temporary, "usernet-passt-"); // 0700
        } catch (IOException e) {
            throw new IOException(
                    "no directory for passt's socket can be made in "
                            + temporary
                            + " ("
                            + e
                            + "): name another one with -Djava.io.tmpdir=DIRECTORY",
                    e);
        }
    }

    private static void requireShort(Path socket, Path temporary) throws IOException {
        int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length <= SocketAddress.MAX_PATH) return;
        throw new IOException(
                "the path of passt's socket in "
                        + temporary
                        + " would have "
                        + length
                        + " bytes, and a socket's has at most "
                        + SocketAddress.MAX_PATH
                        + ": name another directory with -Djava.io.tmpdir=DIRECTORY");
    }

    /** Of root's passt, which becomes that user before it makes its socket. */
    private static void giveToNobody(Path directory) throws IOException {
        if ((int) Files.getAttribute(directory, "unix:uid") != 0) return;
        try {
            Files.setOwner(
                    directory,
                    directory
                            .getFileSystem()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName("nobody"));
        } catch (FileSystemException | UserPrincipalNotFoundException e) {
            // Root of a user namespace that has no nobody: there passt stays what it is.
        }
    }

    private void connect(UnixSockets sockets, Path socket) throws IOException {
        long until = System.nanoTime() + START_NS;
        while (true) {
            try {
                connection = sockets.connect(socket.toString());
                return;
            } catch (ErrnoException e) {
                if (!process.isAlive()) {
                    join();
                    throw new IOException(end(), e);
                }
                if (!mayPass(e.errno)) throw e;
                if (System.nanoTime() > until) {
                    throw new IOException(
                            "passt did not open its socket in 10 s ("
                                    + e.getMessage()
                                    + ")"
                                    + said(),
                            e);
                }
            }
            pause();
        }
    }

    /** Whether that is how a socket looks which passt is about to make. */
    private static boolean mayPass(int errno) {
        return switch (errno) {
            case Errno.ENOENT, Errno.ECONNREFUSED, Errno.EACCES, Errno.EAGAIN -> true;
            default -> false;
        };
    }

    private void join() throws IOException {
        try {
            listener.join(END_MS);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static void pause() throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(5);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static IOException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IOException("interrupted while passt was started", e);
    }

    /** The connection; whoever takes it closes it. Once. */
    Socket takeConnection() {
        Socket taken = connection;
        connection = null;
        return taken;
    }

    /** Reads what it says, so that its pipe is never full, until it ends. */
    private void listen() {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line; (line = lines.readLine()) != null; ) keep(line.strip());
            process.waitFor();
        } catch (IOException | InterruptedException e) {
            keep("(reading what it says failed: " + e + ")");
        }
        ended = true;
        Runnable run = atEnd;
        if (run != null) run.run();
    }

    private void keep(String line) {
        // Where there is no log daemon, passt complains about each line.
        if (line.isEmpty() || line.startsWith("Failed to send ")) return;
        synchronized (said) {
            if (said.size() == LINES) said.remove();
            said.add(line);
        }
    }

    private String said() {
        synchronized (said) {
            return said.isEmpty() ? "" : "; it said: " + String.join(" | ", said);
        }
    }

    /** Calls {@code atEnd} when it has ended; at once if it has. */
    void onEnd(Runnable atEnd) {
        this.atEnd = atEnd;
        if (ended) atEnd.run();
    }

    /** Whether it ended without our doing. */
    boolean hasEnded() {
        return ended && !closing;
    }

    /** How it ended; what it said may have the reason. */
    String end() {
        String how =
                process.isAlive()
                        ? "passt ended"
                        : "passt ended with status " + process.exitValue();
        return how + said() + " (docs/troubleshooting.md has a section on passt)";
    }

    /** Ends it. */
    void close() {
        closing = true;
        process.destroy();
        try {
            if (connection != null) connection.close();
            if (!process.waitFor(END_MS, TimeUnit.MILLISECONDS)) process.destroyForcibly();
        } catch (IOException e) {
            keep(e.getMessage()); // the descriptor is free even so
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
