package io.usernet.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A program of java.net sockets in a JVM of its own, whose factories are ours. */
@Timeout(120)
class PlainSocketsTest {
    private static final String OURS =
            "-Djava.nio.channels.spi.SelectorProvider=io.usernet.UsernetProvider";

    private static final String EXPECTED =
            """
            echo: hello
            many clients: 50
            objects: [a, 1, 2.5]
            timeouts: Read timed out
            http: 505000
            rmi: hello world
            tls: secret.secret.
            datagrams: query
            groups: hello by true, 3
            """;

    /** What a JVM printed; its exit status must be 0. */
    private static String run(Class<?> main, String... properties)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of("-ea", "-cp", System.getProperty("java.class.path")));
        command.add("-Djava.rmi.server.hostname=127.0.0.1");
        command.addAll(List.of(properties));
        command.add(main.getName());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String said = new String(process.getInputStream().readAllBytes());
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), said);
            assertEquals(0, process.exitValue(), said);
            return said;
        } finally {
            process.destroyForcibly();
        }
    }

    private static String withoutLog(String said) {
        return said.replaceAll("(?m)^.*io\\.usernet\\.\\w+ \\w+\\R?|^INFO: .*\\R?", "");
    }

    @Test
    void runsOnTheJdk() throws Exception {
        assertEquals(EXPECTED, run(PlainSockets.class));
    }

    @Test
    void runsOnTheStack() throws Exception {
        String said = run(PlainSocketsOnUsernet.class, OURS);
        assertEquals(EXPECTED + "on the stack: true\n", withoutLog(said));
    }

    @Test
    void runsInTheKernelWhereTheRulesSaySo() throws Exception {
        String said =
                run(
                        PlainSocketsOnUsernet.class,
                        "-Dusernet.passthrough=loopback",
                        "-Dusernet.passthrough.wildcard=kernel",
                        "--add-opens=java.base/java.net=ALL-UNNAMED",
                        "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED");
        assertEquals(EXPECTED + "on the stack: false\n", withoutLog(said));
    }

    @Test
    void aFactoryOfSomebodyElseIsOneLine() throws Exception {
        String said = run(PlainSocketsOnUsernet.class, "-Dtaken=true");
        assertTrue(said.startsWith("java.net.Socket has a factory already"), said);
        assertEquals(1, said.lines().count(), said);
        assertFalse(said.contains("Exception"), said);
    }

    @Test
    void whatIsNotOpenIsOneLine() throws Exception {
        ProcessBuilder process =
                new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Dusernet.passthrough=loopback",
                        "-Dusernet.passthrough.wildcard=kernel",
                        PlainSocketsOnUsernet.class.getName());
        Process started = process.redirectErrorStream(true).start();
        String said = new String(started.getInputStream().readAllBytes());
        assertEquals(1, started.waitFor(), said);
        assertTrue(said.contains("--add-opens java.base/java.net=ALL-UNNAMED"), said);
    }
}
