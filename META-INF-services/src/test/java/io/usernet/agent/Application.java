package io.usernet.agent;

import app.Main;
import app.lib.AsynchronousGreeting;
import app.lib.Greeting;
import app.lib.PlainGreeting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The application of the tests, as a jar and the jar of a library. */
final class Application {
    /** Its library's classes. */
    static final Class<?>[] LIBRARY = {
        Greeting.class, PlainGreeting.class, AsynchronousGreeting.class
    };

    private final Path directory;
    final Path classes, library;

    /** Makes it in a directory, where its wire is, too. */
    Application(Path directory) throws IOException {
        this.directory = directory;
        classes = Jars.jar(directory.resolve("classes.jar"), Map.of(), Main.class);
        library = Jars.jar(directory.resolve("lib.jar"), Map.of(), LIBRARY);
    }

    /** The options of a stack with an address on the wire. */
    String onTheWire(String address) {
        return "link=unix:" + directory.resolve("wire") + ",address=" + address + "/24";
    }

    /** Runs it from the class path, with the agent. */
    Jvm run(String options, String arguments) throws IOException {
        return run(List.of(Jvm.agent(options)), arguments);
    }

    /** Runs it from the class path, with these flags of the JVM. */
    Jvm run(List<String> flags, String arguments) throws IOException {
        return Jvm.java(command(flags, arguments));
    }

    /** What stands behind {@code java}. */
    String[] command(List<String> flags, String arguments) {
        List<String> command = new ArrayList<>(flags);
        command.addAll(List.of("-cp", Jvm.path(classes, library), "app.Main"));
        command.addAll(List.of(arguments.split(" ")));
        return command.toArray(String[]::new);
    }
}
