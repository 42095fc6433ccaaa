package io.usernet.nio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;

/** Whether standard input is a socket, as it is where inetd or systemd has started the JVM for one. */
final class InheritedSocket {
    private static final Path STANDARD_INPUT = Path.of("/proc/self/fd/0");

    private InheritedSocket() {}

    /** As far as Linux says; elsewhere it is unknown, and nobody's. */
    static boolean exists() throws IOException {
        return isSocket(STANDARD_INPUT);
    }

    static boolean isSocket(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (NoSuchFileException | NotLinkException e) {
            return false; // closed, or there is no such file system
        }
    }
}
