package io.usernet.benchmarks.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The network namespaces of a comparison. They have no names, so they and all devices in them are gone
 * as soon as their last process is, however that ended.
 */
final class Namespace {
    /** Runs what follows in a network namespace of its own, as the same process. */
    static final List<String> UNSHARE = List.of("unshare", "--net");

    private Namespace() {}

    /**
     * Runs the driver again, in a network namespace of its own (and of a user namespace, where this
     * is not root).
     *
     * @return its exit status
     */
    static int again(String... arguments) throws IOException, InterruptedException {
        List<String> unshare = new ArrayList<>(UNSHARE);
        if (!isRoot()) unshare.addAll(List.of("--user", "--map-root-user"));
        try {
            Child.run(append(unshare, List.of("true")).toArray(String[]::new));
        } catch (IOException e) {
            throw new IOException("--tap takes root, or namespaces for users: " + e.getMessage());
        }
        List<String> command = append(unshare, Variant.java());
        command.add(Compare.class.getName());
        command.addAll(List.of(arguments));
        command.add(Settings.INSIDE);
        // Its input is a pipe from here, which it watches.
        Process inside =
                new ProcessBuilder(command)
                        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        return inside.waitFor();
    }

    private static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    private static List<String> append(List<String> first, List<String> second) {
        List<String> both = new ArrayList<>(first);
        both.addAll(second);
        return both;
    }
}
