package io.usernet.benchmarks.compare;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs {@link Workloads} on the JDK's provider and on ours, one after the other and again, each time
 * in JVMs of their own, and prints medians and ratios.
 *
 * <p>Status 0: all was measured; 1: something failed or hung, and the message says what; 2: the
 * command line is wrong. Its processes end with it, however it ends.
 */
public final class Compare {
    private static final String SETUP = "%-13s%s%n";

    private Compare() {}

    public static void main(String[] args) throws InterruptedException {
        try {
            Settings settings = Settings.parse(args);
            if (settings.inside()) Child.endWithParent();
            if (settings.tap() && !settings.inside()) System.exit(Namespace.again(args));
            run(settings, settings.tap() ? new TapRunner(settings) : loopback(settings));
        } catch (UsageException e) {
            System.err.println("compare: " + e.getMessage());
            System.exit(2);
        } catch (IOException e) {
            System.err.println("compare: " + e.getMessage());
            System.exit(1);
        }
    }

    /** How one variant is measured once. */
    interface Runner {
        String describe(Variant variant);

        /** Lines of {@code WORKLOAD METRIC VALUE}. */
        List<String> run(Variant variant) throws IOException, InterruptedException;
    }

    private static void run(Settings settings, Runner runner)
            throws IOException, InterruptedException {
        List<Variant> variants = Variant.of(settings);
        List<Samples> samples = new ArrayList<>();
        for (Variant variant : variants) {
            samples.add(new Samples());
            List<String> words = new ArrayList<>(List.of(runner.describe(variant)));
            words.addAll(variant.options());
            System.out.printf(SETUP, variant.name(), String.join(" ", words));
        }
        describeMachine(settings);
        System.out.flush();
        CpuTime begun = CpuTime.now();
        for (int round = 1; round <= settings.rounds(); round++) {
            for (int i = 0; i < variants.size(); i++) {
                Variant variant = variants.get(i);
                System.err.printf("round %d of %d: %s%n", round, settings.rounds(), variant.name());
                samples.get(i).add(runner.run(variant));
            }
        }
        if (begun != null) {
            double others = 100 * CpuTime.now().othersSince(begun);
            String load = String.format("others used %.0f %% of the processors", others);
            System.out.printf(SETUP, "meanwhile", load);
        }
        System.out.println();
        System.out.print(Table.of(settings, variants, samples));
    }

    private static void describeMachine(Settings settings) {
        var system = ManagementFactory.getOperatingSystemMXBean();
        System.out.printf(
                SETUP,
                "machine",
                String.format(
                        "%d processors, load average %.1f, %s %s, Java %s",
                        system.getAvailableProcessors(),
                        system.getSystemLoadAverage(),
                        system.getName(),
                        system.getVersion(),
                        Runtime.version()));
        System.out.printf(
                SETUP,
                "each",
                String.format(
                        "%d rounds of %d s after %d ms; ping-pong of %d bytes, %d connections on"
                                + " selectors; bulk in %d KiB",
                        settings.rounds(),
                        settings.seconds(),
                        settings.warmupMs(),
                        WorkloadServer.MESSAGE,
                        settings.connections(),
                        WorkloadServer.BULK >> 10));
    }

    private static Runner loopback(Settings settings) {
        return new Runner() {
            @Override
            public String describe(Variant variant) {
                return "loopback, server and client in one JVM";
            }

            @Override
            public List<String> run(Variant variant) throws IOException, InterruptedException {
                List<String> command = variant.command(List.of(), settings.workloadArguments());
                try (Child child = Child.start(variant.name() + ", loopback", command)) {
                    return results(child, settings);
                }
            }
        };
    }

    /** What a client measured. If it hangs, it tells where, and so do those it talks to. */
    static List<String> results(Child client, Settings settings, Child... peers)
            throws IOException, InterruptedException {
        try {
            return client.readToEnd(Workloads.RESULT, settings.bound());
        } catch (IOException e) {
            client.dumpThreads();
            for (Child peer : peers) peer.dumpThreads();
            throw e;
        }
    }
}
