package io.usernet.benchmarks.compare;

import java.util.ArrayList;
import java.util.List;

/**
 * A column of the table: a provider and its settings.
 *
 * @param ours whether it is our provider
 * @param options more options of its JVMs
 */
record Variant(String name, boolean ours, List<String> options) {
    private static final String PROVIDER =
            "-Djava.nio.channels.spi.SelectorProvider=io.usernet.UsernetProvider";

    /** Native access is what a TAP takes; older JDKs may not know the option. */
    private static final List<String> NATIVE_ACCESS =
            List.of("-XX:+IgnoreUnrecognizedVMOptions", "--enable-native-access=ALL-UNNAMED");

    /** The first is the yardstick. */
    static List<Variant> of(Settings settings) {
        List<Variant> variants = new ArrayList<>();
        variants.add(new Variant("JDK", false, List.of()));
        variants.add(new Variant("usernet", true, settings.options()));
        if (!settings.vsOptions().isEmpty()) {
            variants.add(new Variant("usernet, vs", true, settings.vsOptions()));
        }
        return List.copyOf(variants);
    }

    /** A JVM with the measured program, and this provider as its default. */
    List<String> command(List<String> stackOptions, List<String> arguments) {
        List<String> command = new ArrayList<>(java());
        if (ours) {
            command.addAll(NATIVE_ACCESS);
            command.add(PROVIDER);
            command.addAll(stackOptions);
        }
        command.addAll(options);
        command.add(Workloads.class.getName());
        command.add("--with-parent");
        command.addAll(arguments);
        return command;
    }

    /** This JVM's launcher and class path. */
    static List<String> java() {
        return List.of(
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"));
    }
}
