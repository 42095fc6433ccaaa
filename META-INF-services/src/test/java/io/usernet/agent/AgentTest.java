package io.usernet.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.Main;
import app.lib.Greeting;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar as the agent of applications that know nothing of it: each is a JVM of its own, and what it
 * prints is what the application prints, and nothing else, on standard error neither.
 */
@Timeout(120)
class AgentTest {
    private static final String NOTHING = "";

    @TempDir Path directory;

    private Path library, classes;

    @BeforeEach
    void makeTheApplication() throws IOException {
        library = Jars.jar(directory.resolve("lib.jar"), Map.of(), Greeting.class);
        classes = Jars.jar(directory.resolve("classes.jar"), Map.of(), Main.class);
    }

    private String wire(String address) {
        return "link=unix:" + directory.resolve("wire") + ",address=" + address + "/24";
    }

    /** Two JVMs on one wire: who gets a greeting has a stack, and so has who gets it back. */
    private void greetEachOther(String... application) throws Exception {
        try (Jvm server = Jvm.java(with(wire("10.0.0.1"), application, "serve 10.0.0.1 6888"))) {
            server.says("ready");
            try (Jvm client =
                    Jvm.java(with(wire("10.0.0.2"), application, "greet 10.0.0.1 6888"))) {
                client.ends(0, "hello", NOTHING);
            }
            server.ends(0, "hello", NOTHING);
        }
    }

    private static String[] with(String options, String[] application, String arguments) {
        List<String> command = new ArrayList<>(List.of(Jvm.agent(options)));
        command.addAll(List.of(application));
        command.addAll(List.of(arguments.split(" ")));
        return command.toArray(String[]::new);
    }

    /** An application's command line with other arguments. */
    private String[] onClassPath() {
        return new String[] {"-cp", Jvm.path(classes, library), "app.Main"};
    }

    @Test
    void onTheClassPath() throws Exception {
        greetEachOther(onClassPath());
    }

    @Test
    void asAnExecutableJar() throws Exception {
        Path jar =
                Jars.jar(
                        directory.resolve("app.jar"),
                        Map.of("Main-Class", "app.Main", "Class-Path", "lib.jar"),
                        Main.class);
        greetEachOther("-jar", jar.toString());
    }

    /** As Spring Boot's plugin packs an application: classes and jars inside a jar. */
    @Test
    void asNestedJars() throws Exception {
        greetEachOther("-jar", nestedJar().toString());
    }

    private Path nestedJar() throws Exception {
        Path file = directory.resolve("boot.jar");
        Class<?> launcher = Class.forName("org.springframework.boot.loader.launch.JarLauncher");
        Path loader = Path.of(launcher.getProtectionDomain().getCodeSource().getLocation().toURI());
        var attributes =
                Map.of(
                        "Main-Class", launcher.getName(),
                        "Start-Class", "app.Main",
                        "Spring-Boot-Classes", "BOOT-INF/classes/",
                        "Spring-Boot-Lib", "BOOT-INF/lib/");
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out, Jars.manifest(attributes))) {
            Jars.unpack(jar, loader);
            for (String name : List.of("BOOT-INF/", "BOOT-INF/classes/", "BOOT-INF/lib/")) {
                Jars.directory(jar, name);
            }
            Jars.add(jar, "BOOT-INF/classes/", Main.class);
            Jars.store(jar, "BOOT-INF/lib/lib.jar", Files.readAllBytes(library));
        }
        return file;
    }

    /** The provider is in the unnamed module then, and only the modules that are needed are there. */
    @Test
    void asModules() throws Exception {
        Path modules = Files.createDirectory(directory.resolve("modules"));
        module(modules, "lib", "exports app.lib;", Greeting.class);
        module(modules, "app", "requires lib;", Main.class);
        greetEachOther("-p", modules.toString(), "-m", "app/app.Main");
    }

    private void module(Path modules, String name, String directives, Class<?> type)
            throws IOException {
        Path source = Files.createDirectory(directory.resolve(name)).resolve("module-info.java");
        Files.writeString(source, "module " + name + " { " + directives + " }");
        Path target = modules.resolve(name), file = target.resolve(Jars.path(type));
        Files.createDirectories(file.getParent());
        Files.write(file, Jars.bytes(type));
        String[] arguments = {"-p", "" + modules, "-d", "" + target, "" + source};
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        assertEquals(0, javac.run(null, System.out, System.out, arguments));
    }

    @Test
    void byTheEnvironment() throws Exception {
        String flag = Jvm.agent(wire("10.0.0.1"));
        ProcessBuilder builder =
                Jvm.builder(List.of(), "-cp", Jvm.path(classes, library), "app.Main", "provider");
        builder.environment().put("JAVA_TOOL_OPTIONS", flag);
        try (Jvm jvm = Jvm.of(builder)) {
            jvm.ends(0, "io.usernet.UsernetProvider", "Picked up JAVA_TOOL_OPTIONS: " + flag);
        }
    }
}
