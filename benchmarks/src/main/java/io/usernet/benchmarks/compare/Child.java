package io.usernet.benchmarks.compare;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process whose output is read line by line, with a bound on every wait. One thread uses it.
 *
 * <p>Its standard input is a pipe from here that ends when this JVM does, however it does: a JVM that
 * was told {@code --with-parent} then ends too.
 */
final class Child implements AutoCloseable {
    private static final String END = new String("end of output"); // compared by identity
    private static final int KEPT = 60;
    private static final long SHORT_SECONDS = 5;

    private final String name;
    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    /** The last lines, for the message of a failure. */
    private final Deque<String> kept = new ArrayDeque<>();

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
        Thread reader = new Thread(this::read, "output of " + name);
        reader.setDaemon(true);
        reader.start();
    }

    static Child start(String name, List<String> command) throws IOException {
        return new Child(name, new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** Runs a short command; what it prints is its failure's message. */
    static void run(String... command) throws IOException, InterruptedException {
        try (Child child = start(String.join(" ", command), List.of(command))) {
            child.readToEnd("", SHORT_SECONDS);
        }
    }

    /** Has this JVM end at once when its standard input does. */
    static void endWithParent() {
        Thread watch =
                new Thread(
                        () -> {
                            try {
                                while (System.in.read() >= 0) {}
                            } catch (IOException e) {
                                System.err.println("no parent any more: " + e);
                            }
                            Runtime.getRuntime().halt(1);
                        },
                        "parent's watch");
        watch.setDaemon(true);
        watch.start();
    }

    private void read() {
        try (BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line; (line = reader.readLine()) != null; ) lines.add(line);
        } catch (IOException e) {
            lines.add("its output cannot be read: " + e);
        }
        lines.add(END);
    }

    long pid() {
        return process.pid();
    }

    /** The rest of the next line that begins so. */
    String next(String prefix, long seconds) throws IOException, InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (String line; (line = poll(until, seconds)) != END; ) {
            if (line.startsWith(prefix)) return line.substring(prefix.length());
        }
        throw failed("ended without '" + prefix.strip() + "'");
    }

    /** The rests of all lines that begin so; the process must end with status 0. */
    List<String> readToEnd(String prefix, long seconds) throws IOException, InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        List<String> found = new ArrayList<>();
        for (String line; (line = poll(until, seconds)) != END; ) {
            if (line.startsWith(prefix)) found.add(line.substring(prefix.length()));
        }
        if (!process.waitFor(SHORT_SECONDS, TimeUnit.SECONDS)) throw failed("does not end");
        if (process.exitValue() != 0) throw failed("ended with status " + process.exitValue());
        return found;
    }

    /** The next line, or END. */
    private String poll(long untilNs, long seconds) throws IOException, InterruptedException {
        String line = lines.poll(untilNs - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null) throw failed("hangs: over " + seconds + " s");
        if (line != END) keep(line);
        return line;
    }

    private void keep(String line) {
        if (kept.size() == KEPT) kept.remove();
        kept.add(line);
    }

    private IOException failed(String how) {
        for (String line; (line = lines.poll()) != null; ) if (line != END) keep(line);
        StringBuilder message = new StringBuilder(name).append(" ").append(how);
        for (String line : kept) message.append("\n    ").append(line);
        return new IOException(message.toString());
    }

    /** Has a JVM that hangs print what its threads do; shown in the failure's message. */
    void dumpThreads() throws IOException, InterruptedException {
        if (!process.isAlive()) return;
        kept.clear();
        run("kill", "-QUIT", Long.toString(pid()));
        String line = lines.poll(SHORT_SECONDS, TimeUnit.SECONDS);
        while (line != null && line != END) {
            System.err.println("    " + line);
            line = lines.poll(1, TimeUnit.SECONDS);
        }
    }

    /** Kills it, and waits until it has ended, or the calling thread is interrupted. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            if (process.waitFor(SHORT_SECONDS, TimeUnit.SECONDS)) return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.err.println("compare: " + name + " (process " + pid() + ") has not ended yet");
    }
}
