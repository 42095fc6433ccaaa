package io.usernet.samples.apps;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A process that runs, and the lines that it prints. Used by one thread. */
final class Run implements AutoCloseable {
    private static final String END = new String("end"); // told from a line by its identity

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> said = new ArrayList<>();
    private final long deadline;

    /**
     * @param limit until it has to be at its end
     */
    Run(List<String> command, Duration limit) throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        deadline = System.nanoTime() + limit.toNanos();
        Thread reader = new Thread(this::readLines, "output of " + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    private void readLines() {
        try (BufferedReader from =
                new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            for (String line; (line = from.readLine()) != null; ) lines.add(line);
        } catch (IOException killed) {
            lines.add("output: " + killed.getMessage());
        }
        lines.add(END);
    }

    /** Until it has printed this line. */
    void await(String line) throws IOException, InterruptedException {
        for (String next = next(); next != END; next = next()) {
            said.add(next);
            if (next.equals(line)) return;
        }
        fail("it ended before it said '" + line + "'; it printed:\n" + String.join("\n", said));
    }

    private String next() throws IOException, InterruptedException {
        String line = lines.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null) {
            fail("too late; it printed:\n" + String.join("\n", said) + "\n" + threads());
        }
        return line;
    }

    /**
     * Until it has ended, by itself and with status 0.
     *
     * @return all that it printed
     */
    List<String> awaitEnd() throws IOException, InterruptedException {
        for (String next = next(); next != END; next = next()) said.add(next);
        if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            fail("it does not end; its threads are at:\n" + threads());
        }
        if (process.exitValue() != 0) {
            fail("status " + process.exitValue() + "; it printed:\n" + String.join("\n", said));
        }
        return said;
    }

    /** Ends its standard input. */
    void endInput() throws IOException {
        process.getOutputStream().close();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** That it runs on for so long; what it was told to do does not end by itself. */
    void runsFor(Duration time) throws InterruptedException {
        if (process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS)) {
            fail("it ended; it printed:\n" + String.join("\n", lines));
        }
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** What it has used up to now, in user and system mode, in ticks of 10 ms. */
    long cpuTicks() throws IOException {
        String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    String threads() throws IOException, InterruptedException {
        Process jstack =
                new ProcessBuilder(
                                System.getProperty("java.home") + "/bin/jstack",
                                Long.toString(process.pid()))
                        .redirectErrorStream(true)
                        .start();
        String dump = new String(jstack.getInputStream().readAllBytes());
        jstack.waitFor();
        return dump;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
