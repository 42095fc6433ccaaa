package io.usernet.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a JVM says that opens all links of the jar, with an agent and without. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class NativeAccessTest {
    private static final Path JAR = Path.of(System.getProperty("jar.under.test"));
    private static final String DENY = "--illegal-native-access=deny";
    private static final String FLAG = "--enable-native-access=ALL-UNNAMED";

    @TempDir Path directory;

    /** An agent like usernet.jar's. */
    static final class Agent {
        private Agent() {}

        public static void premain(String options, Instrumentation instrumentation) {
            NativeAccess.allow(instrumentation);
            NativeAccess.allow(instrumentation);
        }
    }

    /** One on a JDK that lets agents do less. */
    static final class PowerlessAgent {
        private PowerlessAgent() {}

        public static void premain(String options) {
            NativeAccess.allow(
                    (Instrumentation)
                            Proxy.newProxyInstance(
                                    PowerlessAgent.class.getClassLoader(),
                                    new Class<?>[] {Instrumentation.class},
                                    (proxy, method, arguments) -> {
                                        throw new UnsupportedOperationException();
                                    }));
        }
    }

    /** A program that opens links of each kind, and then says what it may do itself. */
    static final class OpenAll {
        private OpenAll() {}

        public static void main(String[] args) throws ReflectiveOperationException {
            // The devices fail, by what the kernel says; passt may not work here.
            List<String> uris =
                    List.of(
                            "tap:lo",
                            "tun:lo",
                            "unix:" + args[0] + "/wire",
                            "unixgram:" + args[0] + "/gram",
                            "passt");
            for (String uri : uris) {
                LinkUri link = LinkUri.parse(uri);
                for (LinkProvider provider : ServiceLoader.load(LinkProvider.class)) {
                    if (provider.scheme().equals(link.scheme())) tryOpen(provider, link);
                }
            }
            Module ours = OpenAll.class.getModule();
            System.out.println("java.lang: " + Object.class.getModule().isOpen("java.lang", ours));
            if (Runtime.version().feature() >= 24) {
                System.out.println(
                        "native: " + Module.class.getMethod("isNativeAccessEnabled").invoke(ours));
            }
        }

        private static void tryOpen(LinkProvider provider, LinkUri uri) {
            try (LinkDevice link = provider.open(uri)) {
                link.wake();
                link.await(Long.MAX_VALUE, false);
                System.out.println("opened " + uri.scheme());
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private record Said(String out, String err) {
        void assertOpened() {
            assertTrue(out.contains("opened unix\n"), toString());
            assertTrue(out.contains("opened unixgram\n"), toString());
            assertTrue(out.contains("usernet.link=tap:lo: "), toString());
            assertTrue(out.contains("usernet.link=tun:lo: "), toString());
            assertFalse(out.contains("refuse"), toString());
        }

        void assertOneWarning() {
            List<String> lines = err.lines().filter(line -> !line.isEmpty()).toList();
            assertEquals(4, lines.size(), err);
            assertTrue(lines.get(0).startsWith("WARNING: A restricted method in java.lang"), err);
            assertTrue(lines.get(2).contains(FLAG), err);
        }
    }

    private Said openAll(String... options) throws Exception {
        Path out = directory.resolve("out"), err = directory.resolve("err");
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of(options));
        Path tests =
                Path.of(
                        NativeAccessTest.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI());
        command.addAll(List.of("-cp", JAR + File.pathSeparator + tests));
        command.addAll(List.of(OpenAll.class.getName(), directory.toString()));
        Process process =
                new ProcessBuilder(command)
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile())
                        .start();
        try {
            assertTrue(process.waitFor(50, TimeUnit.SECONDS), "it did not end");
        } finally {
            process.destroyForcibly();
        }
        Said said = new Said(Files.readString(out), Files.readString(err));
        assertEquals(0, process.exitValue(), said.toString());
        return said;
    }

    /** The option for an agent, whose class is among the tests'. */
    private String agent(Class<?> type) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Premain-Class", type.getName());
        main.putValue("Can-Redefine-Classes", "true");
        Path jar = directory.resolve("agent.jar");
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
        return "-javaagent:" + jar;
    }

    @Test
    void anAgentMakesItQuiet() throws Exception {
        Said said = openAll(agent(Agent.class));
        said.assertOpened();
        assertEquals("", said.err);
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void anAgentIsEnoughWhereTheJvmRefuses() throws Exception {
        Said said = openAll(agent(Agent.class), DENY);
        said.assertOpened();
        assertEquals("", said.err);
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void theApplicationGetsNothingOfIt() throws Exception {
        Said said = openAll(agent(Agent.class));
        assertTrue(said.out.contains("java.lang: false\n"), said.out);
        assertTrue(said.out.contains("native: false\n"), said.out);
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void oneWarningWithoutAgentOrFlag() throws Exception {
        Said said = openAll();
        said.assertOpened();
        said.assertOneWarning();
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void theWarningIsLeftToTheJdkWhereTheAgentCannot() throws Exception {
        Said said = openAll(agent(PowerlessAgent.class));
        said.assertOpened();
        said.assertOneWarning();
        Said refused = openAll(agent(PowerlessAgent.class), DENY);
        assertEquals(5, refused.out.lines().filter(l -> l.contains(FLAG)).count(), refused.out);
        openAll(agent(PowerlessAgent.class), DENY, FLAG).assertOpened();
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void noneWithTheFlag() throws Exception {
        Said said = openAll(FLAG);
        said.assertOpened();
        assertEquals("", said.err);
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void noClassOfTheLibrariesIsLoaded() throws Exception {
        Path log = directory.resolve("classes");
        openAll(agent(Agent.class), "-Xlog:class+load:file=" + log).assertOpened();
        String loaded = Files.readString(log);
        assertTrue(loaded.contains(" io.usernet.tuntap.UnixLink "), loaded);
        for (String name : List.of(" jnr.", " com.kenai.", " org.objectweb.")) {
            assertFalse(loaded.contains(name), name);
        }
    }
}
