package io.usernet.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The samples, as their users start them: unmodified, the provider named by a system property. */
@Timeout(60)
class SamplesTest {
    private static final String OURS =
            "-Djava.nio.channels.spi.SelectorProvider=io.usernet.UsernetProvider";

    /** What a JVM printed on its standard output; its exit status must be 0. */
    private static String run(String input, String property, Class<?> main, String... args)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of("-ea", "-cp", System.getProperty("java.class.path")));
        command.add(property);
        command.add(main.getName());
        command.addAll(List.of(args));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (OutputStream to = process.getOutputStream()) {
            to.write(input.getBytes());
        }
        String said = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), said);
        return said;
    }

    @ParameterizedTest
    @ValueSource(strings = {OURS, "-Dnothing"})
    void linesComeBack(String property) throws Exception {
        assertEquals(
                "hello\nworld\nexit\n", run("hello\nworld\nexit\n", property, EchoInOneJvm.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {OURS, "-Dnothing"})
    void bulkComesBack(String property) throws Exception {
        String said = run("", property, EchoInOneJvm.class, "--bulk", "8");
        assertTrue(said.contains("match"), said);
    }

    @ParameterizedTest
    @ValueSource(strings = {OURS, "-Dnothing"})
    void datagramsComeBack(String property) throws Exception {
        assertEquals("hello\nworld\n", run("hello\nworld\n", property, DatagramEchoInOneJvm.class));
    }

    @Test
    void twoStacksGreet() throws Exception {
        String said = run("", "-Dnothing", TwoStacks.class);
        assertTrue(said.startsWith("Hello, Alice!\n"), said);
    }

    @Test
    void aHostPrintsItsTables() throws Exception {
        String said = run("", "-Dnothing", HostStatus.class);
        assertTrue(said.contains("\nLISTEN 0      50          10.0.0.2:6888"), said);
        assertTrue(said.contains("\nESTAB  999    0           10.0.0.2:6888"), said);
        assertTrue(said.contains("\n10.0.0.1 dev "), said);
        assertTrue(said.contains("    inet 10.0.0.2/24 brd 10.0.0.255 scope global "), said);
        assertTrue(said.contains("\nTcpPassiveOpens                 1                  0.0"), said);
    }
}
