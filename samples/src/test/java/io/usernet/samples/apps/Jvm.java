package io.usernet.samples.apps;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** How the JVM of an application is started: the one place that knows of Usernet. */
final class Jvm {
    private static final String JAR = System.getProperty("usernet.jar");

    private final List<String> command = new ArrayList<>();
    private final List<String> classPath = new ArrayList<>();
    private Path executable;

    private Jvm(String provider) {
        command.addAll(
                List.of(
                        System.getProperty("java.home") + "/bin/java",
                        provider,
                        "-ea",
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:+IgnoreUnrecognizedVMOptions", // the next is unknown to JDK 17
                        "--sun-misc-unsafe-memory-access=allow", // the applications' own
                        "-Djava.util.logging.SimpleFormatter.format=%4$s %3$s %5$s%6$s%n",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        // an empty namespace has no network card to take it from, and Netty says so
                        "-Dio.netty.machineId=02:00:00:00:00:00:00:01",
                        "-Dio.grpc.netty.shaded.io.netty.machineId=02:00:00:00:00:00:00:01"));
    }

    /** With the JDK's own provider, and what applications have in native code. */
    static Jvm onTheKernel() {
        return new Jvm("--enable-native-access=ALL-UNNAMED");
    }

    /** With the stack's loopback alone. */
    static Jvm onTheStack() {
        return new Jvm("-javaagent:" + JAR + "=passthrough=none");
    }

    /** The same with an address of its own. */
    static Jvm onTheStackAt(String address) {
        return new Jvm("-javaagent:" + JAR + "=passthrough=none,address=" + address);
    }

    /** With the agent as it is without options: the loopback is the kernel's. */
    static Jvm passingThrough() {
        return new Jvm("-javaagent:" + JAR);
    }

    /** With the stack on a link, such as {@code tap:usernet0}, and the stack's address on it. */
    static Jvm onTheStack(String link, String address) {
        return new Jvm("-javaagent:" + JAR + "=link=" + link + ",address=" + address);
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

    /** The classes of the tests are on the class path, too, or in the executable jar. */
    List<String> command(String main, String... arguments) {
        if (executable != null) {
            command.addAll(List.of("-jar", executable.toString()));
        } else {
            classPath.add(Path.of(System.getProperty("test.classes")).toString());
            command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), main));
        }
        command.addAll(List.of(arguments));
        return command;
    }

    /** With a jar that names its main class and has all its libraries. */
    Jvm withExecutable(Path jar) {
        executable = jar;
        return this;
    }

    /** With the jars that {@link #libraries} finds. */
    Jvm withLibraries(List<String> groups) {
        classPath.addAll(libraries(groups));
        return this;
    }

    /**
     * The jars of the class path of the test that are of these groups.
     *
     * @param groups names that those of the groups begin with
     */
    static List<String> libraries(List<String> groups) {
        if (groups.isEmpty()) return List.of();
        String any = String.join("|", groups).replace('.', '/');
        Pattern jar = Pattern.compile(".*/(" + any + ")[/-].*\\.jar");
        return Stream.of(testClassPath().split(File.pathSeparator))
                .filter(entry -> jar.matcher(entry).matches())
                .toList();
    }

    /** With all the jars of a directory. */
    Jvm withLibraries(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            files.map(Path::toString).filter(name -> name.endsWith(".jar")).forEach(classPath::add);
        }
        return this;
    }

    private static String testClassPath() {
        String surefire = System.getProperty("surefire.test.class.path");
        return surefire != null ? surefire : System.getProperty("java.class.path");
    }
}
