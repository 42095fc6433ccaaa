package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Connections that nobody reads must not take all memory, so that the others stand still: with small
 * heaps, which bound direct memory too, they did.
 */
@Timeout(300)
class UnreadConnectionsTest {
    /** Options of the JVM. Each leaves less memory than all connections would fill. */
    static Stream<List<String>> littleMemory() {
        return Stream.of(
                List.of("-Xmx96m"), // our default follows
                List.of("-Xmx256m", "-Dusernet.memory=16m"),
                // the JVM's limit is met, where it collects garbage and sleeps before it says so
                List.of("-Xmx256m", "-XX:MaxDirectMemorySize=24m"));
    }

    @ParameterizedTest
    @MethodSource("littleMemory")
    void othersAreServed(List<String> options) throws Exception {
        assertEquals(
                "all of it is right",
                run(options, UnreadConnectionsProgram.class, "100", "400000"));
    }

    /** As with the JDK's channels: whoever would read it goes too. What is for other hosts is waited for. */
    @Test
    void noneIsWaitedForAtTheEndOfTheJvm() throws Exception {
        assertEquals(
                "ends", run(List.of("-Dusernet.exit.timeout=300000"), UnreadAtExitProgram.class));
    }

    /** What the program said until it ended. */
    private static String run(List<String> options, Class<?> program, String... arguments)
            throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-ea");
        command.addAll(options);
        command.add("-Djava.nio.channels.spi.SelectorProvider=io.usernet.UsernetProvider");
        command.add("-cp");
        command.add(String.join(File.pathSeparator, home(Stack.class), home(program)));
        command.add(program.getName());
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes());
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), said);
            assertEquals(0, process.exitValue(), said);
            return said.strip();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String home(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }
}
