package io.usernet.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A JVM that a test runs: what it prints, and how it ends. It is killed where the test is left. */
final class Jvm implements AutoCloseable {
    static final Path AGENT = Path.of(System.getProperty("jar.under.test"));

    private static final long LIMIT_S = 60;

    private final Process process;
    private final BufferedReader out;
    private final Path err;

    private Jvm(ProcessBuilder builder) throws IOException {
        err = Files.createTempFile("stderr", ".txt");
        process = builder.redirectError(err.toFile()).start();
        out = process.inputReader();
    }

    /** Runs {@code java} of the JDK that runs the tests. */
    static Jvm java(String... arguments) throws IOException {
        return java(Map.of(), arguments);
    }

    /** The same with more in its environment. */
    static Jvm java(Map<String, String> environment, String... arguments) throws IOException {
        return new Jvm(builder(List.of(), environment, arguments));
    }

    /** The same by another program that takes a command and becomes it, such as {@code unshare}. */
    static Jvm inside(List<String> program, String... arguments) throws IOException {
        return new Jvm(builder(program, Map.of(), arguments));
    }

    private static ProcessBuilder builder(
            List<String> program, Map<String, String> environment, String... arguments) {
        List<String> command = new ArrayList<>(program);
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        builder.environment().putAll(environment);
        return builder;
    }

    /** The flag that makes the jar the agent. */
    static String agent(String options) {
        return "-javaagent:" + AGENT + "=" + options;
    }

    static String path(Path... entries) {
        return String.join(
                File.pathSeparator, List.of(entries).stream().map(Path::toString).toList());
    }

    long pid() {
        return process.pid();
    }

    /** Waits for the next line on standard output, which must be this. */
    void says(String line) throws IOException {
        String said = out.readLine();
        assertTrue(line.equals(said), () -> "said " + said + "; stderr: " + stderr());
    }

    /** Waits until it says that it listens, and returns at which port. */
    int port() throws IOException {
        String said = out.readLine();
        assertTrue(said != null && said.startsWith("ready "), () -> said + "; " + stderr());
        return Integer.parseInt(said.substring("ready ".length()));
    }

    /** Writes a line to its standard input. */
    void hears(String line) throws IOException {
        Writer in = process.outputWriter();
        in.write(line + "\n");
        in.flush();
    }

    /** Sends a signal, such as INT. */
    void signal(String name) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, "" + pid()).start().waitFor());
    }

    /** The processor time that it has used. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** Waits for the end: the rest of standard output, and standard error, must be just this. */
    void ends(int status, String stdout, String stderr) throws Exception {
        String rest = String.join("\n", out.lines().toList());
        assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS), "does not end");
        assertEquals(stderr, stderr().strip(), rest);
        assertEquals(stdout, rest);
        assertEquals(status, process.exitValue());
    }

    /** Waits for the end, where standard error has to begin with this. */
    void endsWarning(int status, String stderr) throws Exception {
        assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS), "does not end");
        assertTrue(stderr().startsWith(stderr), stderr());
        assertEquals(status, process.exitValue());
    }

    /** What it has printed on standard error by now. */
    String stderr() {
        try {
            return Files.readString(err);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        Files.delete(err);
    }
}
