package io.usernet.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.Main;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Assumptions;
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

    private Application application;

    @BeforeEach
    void makeTheApplication() throws IOException {
        application = new Application(directory);
    }

    /** Two JVMs on one wire: who gets a greeting has a stack, and so has who gets it back. */
    private void greetEachOther(String... start) throws Exception {
        try (Jvm server = Jvm.java(command("10.0.0.1", start, "serve"))) {
            server.says("ready 6888");
            try (Jvm client = Jvm.java(command("10.0.0.2", start, "greet"))) {
                client.ends(0, "hello", NOTHING);
            }
            server.ends(0, "hello", NOTHING);
        }
    }

    private String[] command(String address, String[] start, String what) {
        List<String> command = new ArrayList<>();
        command.add(Jvm.agent(application.onTheWire(address)));
        command.addAll(List.of(start));
        command.addAll(List.of(what, "10.0.0.1:6888"));
        return command.toArray(String[]::new);
    }

    @Test
    void onTheClassPath() throws Exception {
        greetEachOther("-cp", Jvm.path(application.classes, application.library), "app.Main");
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
            Jars.store(jar, "BOOT-INF/lib/lib.jar", Files.readAllBytes(application.library));
        }
        return file;
    }

    /** The provider is in the unnamed module then, and only the modules that are needed are there. */
    @Test
    void asModules() throws Exception {
        Path modules = Files.createDirectory(directory.resolve("modules"));
        module(modules, "lib", "exports app.lib;", Application.LIBRARY);
        module(modules, "app", "requires lib;", Main.class);
        greetEachOther("-p", modules.toString(), "-m", "app/app.Main");
    }

    private void module(Path modules, String name, String directives, Class<?>... types)
            throws IOException {
        Path source = Files.createDirectory(directory.resolve(name)).resolve("module-info.java");
        Files.writeString(source, "module " + name + " { " + directives + " }");
        Path target = modules.resolve(name);
        for (Class<?> type : types) {
            Path file = target.resolve(Jars.path(type));
            Files.createDirectories(file.getParent());
            Files.write(file, Jars.bytes(type));
        }
        String[] arguments = {"-p", "" + modules, "-d", "" + target, "" + source};
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        assertEquals(0, javac.run(null, System.out, System.out, arguments));
    }

    @Test
    void withASystemClassLoaderOfItsOwn() throws Exception {
        Path loader = Jars.jar(directory.resolve("loader.jar"), Map.of(), SystemLoader.class);
        greetEachOther(
                "-XX:-PrintWarnings", // the JVM says that it cannot use its archive,
                "-Xlog:cds=off", // and on newer JDKs by its log
                "-Djava.system.class.loader=" + SystemLoader.class.getName(),
                "-cp",
                Jvm.path(loader, application.classes, application.library),
                "app.Main");
    }

    /** As java.lang.instrument wants them: the JVM refuses all agents where that method is missing. */
    public static final class SystemLoader extends URLClassLoader {
        public SystemLoader(ClassLoader parent) {
            super(new URL[0], parent);
        }

        void appendToClassPathForInstrumentation(String path) throws IOException {
            addURL(Path.of(path).toUri().toURL());
        }
    }

    /**
     * With the first {@code System.Logger} an application's logging begins: its library may set itself
     * up then, before the application has, or complain that it can't any more.
     */
    @Test
    void withoutTheApplicationsLogging() throws Exception {
        Path logging = directory.resolve("logging.jar");
        try (OutputStream out = Files.newOutputStream(logging);
                JarOutputStream jar = new JarOutputStream(out, Jars.manifest(Map.of()))) {
            Jars.add(jar, "", Logging.class);
            jar.putNextEntry(
                    new JarEntry("META-INF/services/" + System.LoggerFinder.class.getName()));
            jar.write(Logging.class.getName().getBytes());
            jar.closeEntry();
        }
        String path = Jvm.path(logging, application.classes, application.library);
        greetEachOther("-cp", path, "app.Main");
        String withoutLink = Jvm.agent("passthrough=none");
        try (Jvm jvm = Jvm.java(withoutLink, "-cp", path, "app.Main", "end", "127.0.0.1:0")) {
            jvm.ends(0, NOTHING, NOTHING);
        }
    }

    /** Says that it was asked for. */
    public static final class Logging extends System.LoggerFinder {
        public Logging() {
            System.out.println("logging begins");
        }

        @Override
        public System.Logger getLogger(String name, Module module) {
            throw new IllegalStateException("logging hasn't begun");
        }
    }

    /** The jar may be on the class path, too. */
    @Test
    void besideItself() throws Exception {
        greetEachOther(
                "-cp", Jvm.path(Jvm.AGENT, application.classes, application.library), "app.Main");
    }

    @Test
    void byTheEnvironment() throws Exception {
        String flag = Jvm.agent(application.onTheWire("10.0.0.1"));
        try (Jvm jvm =
                Jvm.java(
                        Map.of("JAVA_TOOL_OPTIONS", flag),
                        application.command(List.of(), "provider"))) {
            jvm.ends(0, "io.usernet.UsernetProvider", "Picked up JAVA_TOOL_OPTIONS: " + flag);
        }
    }

    /** The command line comes after the environment, so its options win. */
    @Test
    void twice() throws Exception {
        String first = Jvm.agent("address=10.0.0.9/24,gateway=10.0.0.1");
        String[] command =
                application.command(
                        List.of(Jvm.agent("address=10.0.0.2/24")),
                        "properties usernet.address usernet.gateway");
        try (Jvm jvm = Jvm.java(Map.of("JAVA_TOOL_OPTIONS", first), command)) {
            jvm.ends(
                    0,
                    "usernet.address=10.0.0.2/24\nusernet.gateway=10.0.0.1",
                    "Picked up JAVA_TOOL_OPTIONS: " + first);
        }
    }

    @Test
    void onATapDevice() throws Exception {
        List<String> namespace = List.of("unshare", "-n", "--");
        Process probe =
                new ProcessBuilder(
                                "unshare",
                                "-n",
                                "sh",
                                "-c",
                                "ip link set lo up && : <> /dev/net/tun")
                        .redirectErrorStream(true)
                        .start();
        String obstacle = new String(probe.getInputStream().readAllBytes());
        Assumptions.assumeTrue(
                probe.waitFor() == 0, "no namespace with a TAP device here: " + obstacle);
        String options = "link=tap:usernet0?host=10.0.0.1/24,address=10.0.0.2/24";
        try (Jvm server =
                Jvm.inside(
                        namespace,
                        application.command(List.of(Jvm.agent(options)), "serve 10.0.0.2:6888"))) {
            server.says("ready 6888");
            List<String> there = List.of("nsenter", "-t", "" + server.pid(), "-n", "--");
            try (Jvm client =
                    Jvm.inside(there, application.command(List.of(), "greet 10.0.0.2:6888"))) {
                client.ends(0, "hello", NOTHING);
            }
            server.ends(0, "hello", NOTHING);
        }
    }
}
