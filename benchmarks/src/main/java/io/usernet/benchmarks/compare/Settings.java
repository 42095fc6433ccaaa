package io.usernet.benchmarks.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What the command line says.
 *
 * @param tap two processes, over TAP and veth, rather than one on its loopback
 * @param inside already in the network namespace that {@code tap} takes
 * @param warmupMs milliseconds before each measurement
 * @param options JVM options of ours
 * @param vsOptions JVM options of ours in a third column; none: there is no such column
 */
record Settings(
        boolean tap,
        boolean inside,
        int rounds,
        int seconds,
        int warmupMs,
        int connections,
        Set<Workload> workloads,
        List<String> options,
        List<String> vsOptions) {

    static final String USAGE =
            "--tap, --rounds=N, --seconds=N, --warmup=MILLISECONDS, --connections=N,"
                    + " --only=WORKLOAD,... (of "
                    + Workload.ids()
                    + "), --option=-Dusernet.x=y, --vs-option=-Dusernet.x=y";

    /** Compilation is most of what the first seconds measure. */
    private static final int DEFAULT_WARMUP_MS = 2500;

    /** How the driver tells itself that it is in the namespace. */
    static final String INSIDE = "--inside";

    static Settings parse(String... line) throws UsageException {
        Arguments arguments = new Arguments(line);
        Settings settings =
                new Settings(
                        arguments.flag("--tap"),
                        arguments.flag(INSIDE),
                        arguments.number("--rounds", 3, 1, 1000),
                        arguments.number("--seconds", 2, 1, 3600),
                        arguments.number("--warmup", DEFAULT_WARMUP_MS, 0, 3_600_000),
                        arguments.number("--connections", Workloads.DEFAULT_CONNECTIONS, 1, 10_000),
                        Workload.parse(arguments.one("--only", Workload.ids())),
                        jvmOptions(arguments, "--option"),
                        jvmOptions(arguments, "--vs-option"));
        arguments.end(USAGE);
        return settings;
    }

    private static List<String> jvmOptions(Arguments arguments, String name) throws UsageException {
        List<String> options = arguments.all(name);
        for (String option : options) {
            if (!option.startsWith("-")) {
                throw new UsageException(
                        name + "=" + option + ": not a JVM option such as -Dusernet.x=y");
            }
        }
        return options;
    }

    /** What the measured program is told. */
    List<String> workloadArguments() {
        List<String> arguments = new ArrayList<>();
        arguments.add("--only=" + String.join(",", workloads.stream().map(w -> w.id).toList()));
        arguments.add("--seconds=" + seconds);
        arguments.add("--warmup=" + warmupMs);
        arguments.add("--connections=" + connections);
        return arguments;
    }

    /** Seconds after which a run counts as hanging. */
    long bound() {
        return workloads.size() * (seconds + warmupMs / 1000 + 3L) + 15;
    }
}
