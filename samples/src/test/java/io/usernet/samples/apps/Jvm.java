package io.usernet.samples.apps;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** How the JVM of an application is started: the one place that knows of Usernet. */
final class Jvm {
    private static final String JAR = System.getProperty("usernet.jar");

    private final List<String> command = new ArrayList<>();
    private final List<String> classPath = new ArrayList<>();

    private Jvm() {
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(
                List.of(
                        "-ea",
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:+IgnoreUnrecognizedVMOptions", // the next two are unknown to JDK 17
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Djava.util.logging.SimpleFormatter.format=%4$s %3$s %5$s%6$s%n",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        // an empty namespace has no network card to take it from, and Netty says so
                        "-Dio.netty.machineId=02:00:00:00:00:00:00:01",
                        "-Dio.grpc.netty.shaded.io.netty.machineId=02:00:00:00:00:00:00:01"));
    }

    /** With the JDK's own provider. */
    static Jvm onTheKernel() {
        return new Jvm();
    }

    /** With the stack's loopback alone. */
    static Jvm onTheStack() {
        Jvm jvm = new Jvm();
        jvm.classPath.add(JAR);
        return jvm;
    }

    /** With the stack on a link, such as {@code tap:usernet0}, and the stack's address on it. */
    static Jvm onTheStack(String link, String address) {
        Jvm jvm = onTheStack();
        jvm.command.add("-Dusernet.link=" + link);
        jvm.command.add("-Dusernet.address=" + address);
        return jvm;
    }

    Jvm with(String... flags) {
        command.addAll(List.of(flags));
        return this;
    }

    /** The application's flags, libraries and main class, behind what was given up to now. */
    List<String> command(App app, String... arguments) throws IOException {
        command.addAll(app.flags());
        app.addLibraries(this);
        return command(app.main().getName(), arguments);
    }

    /** The classes of the tests are on the class path, too. */
    List<String> command(String main, String... arguments) {
        classPath.add(Path.of(System.getProperty("test.classes")).toString());
        command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), main));
        command.addAll(List.of(arguments));
        return command;
    }

    /**
     * With the jars of the class path of the test that are of these groups.
     *
     * @param groups names that those of the groups begin with
     */
    Jvm withLibraries(List<String> groups) {
        String any = String.join("|", groups).replace('.', '/');
        Pattern jar = Pattern.compile(".*/(" + any + ")[/-].*\\.jar");
        for (String entry : testClassPath().split(File.pathSeparator)) {
            if (!groups.isEmpty() && jar.matcher(entry).matches()) classPath.add(entry);
        }
        return this;
    }

    /** With all the jars of a directory. */
    Jvm withLibraries(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            files.map(Path::toString).filter(name -> name.endsWith(".jar")).forEach(classPath::add);
        }
        return this;
    }

    /** Whether the stack says that about itself, once, at its start. */
    static boolean isGreeting(String line) {
        return line.startsWith("INFO io.usernet ");
    }

    private static String testClassPath() {
        String surefire = System.getProperty("surefire.test.class.path");
        return surefire != null ? surefire : System.getProperty("java.class.path");
    }
}
