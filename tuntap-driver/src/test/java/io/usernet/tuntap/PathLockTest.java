package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A lock that threads and processes have one at a time. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class PathLockTest {
    private static final long SHORT_NS = TimeUnit.MILLISECONDS.toNanos(100);

    @TempDir Path directory;

    /** A program that takes and releases the lock, or says why it cannot. */
    static final class Other {
        private Other() {}

        public static void main(String[] args) throws IOException {
            try {
                PathLock.on(NativeCalls.get().sys(), Path.of(args[0]), SHORT_NS).release();
                System.out.println("got it");
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private static String otherProcess(Path file) throws Exception {
        Process process =
                new ProcessBuilder(
                                System.getProperty("java.home") + "/bin/java",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Other.class.getName(),
                                file.toString())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try {
            byte[] said = process.getInputStream().readAllBytes();
            assertEquals(0, process.waitFor());
            return new String(said, StandardCharsets.UTF_8).strip();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String refusal(Syscalls sys, Path file) {
        return assertThrows(IOException.class, () -> PathLock.on(sys, file, SHORT_NS)).getMessage();
    }

    /** Also after another thread has tried in vain, which has opened and closed the same file. */
    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void isHeldUntilItIsReleased(Natives natives) throws Exception {
        Syscalls sys = natives.calls().sys();
        Path file = directory.resolve("wire.lock");
        PathLock lock = PathLock.on(sys, file, SHORT_NS);
        String held = "another process has kept " + file + " locked";
        String said = otherProcess(file);
        assertTrue(said.startsWith(held), said);
        assertTrue(refusal(sys, file).startsWith(held));
        said = otherProcess(file);
        assertTrue(said.startsWith(held), said);
        lock.release();
        assertFalse(Files.exists(file));
        assertEquals("got it", otherProcess(file));
        assertFalse(Files.exists(file));
    }

    /** The file that a killed process left is nobody's. */
    @Test
    void aFileAloneIsNoLock() throws Exception {
        Path file = Files.writeString(directory.resolve("wire.lock"), "left behind");
        PathLock.on(NativeCalls.get().sys(), file, SHORT_NS).release();
        assertFalse(Files.exists(file));
    }

    /** Somebody else's file is neither locked nor removed because a link of our name leads there. */
    @Test
    void aSymbolicLinkIsNotFollowed() throws Exception {
        Path target = Files.writeString(directory.resolve("target"), "theirs");
        Path file = Files.createSymbolicLink(directory.resolve("wire.lock"), target);
        String message = refusal(NativeCalls.get().sys(), file);
        assertTrue(message.contains(file.toString()), message);
        assertEquals("theirs", Files.readString(target));
    }
}
