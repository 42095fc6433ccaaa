package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import io.usernet.modulepath.OpenUnix;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a JVM says that opens all links of the driver, and what it loads. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class QuietTest {
    private static final String FLAG = "--enable-native-access=";

    @TempDir Path directory;

    /** A program with links of each kind, whose arguments are a directory and how often. */
    static final class OpenAll {
        private OpenAll() {}

        public static void main(String[] args) {
            for (int i = 0; i < Integer.parseInt(args[1]); i++) {
                tryOpen(new TapProvider(), "tap:lo"); // fails, by what the kernel says
                tryOpen(new TunProvider(), "tun:lo");
                tryOpen(new UnixProvider(), "unix:" + args[0] + "/wire");
                tryOpen(new UnixgramProvider(), "unixgram:" + args[0] + "/gram");
                tryOpen(new PasstProvider(), "passt"); // or fails where passt cannot work
            }
        }

        private static void tryOpen(LinkProvider provider, String uri) {
            try (LinkDevice link = provider.open(LinkUri.parse(uri))) {
                link.wake();
                link.await(Long.MAX_VALUE, false);
                System.out.println("opened " + uri);
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private record Said(String out, String err) {}

    private Said run(List<String> options, String... program) throws Exception {
        Path out = directory.resolve("out"), err = directory.resolve("err");
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(options);
        command.addAll(List.of(program));
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

    private Said openAll(int times, String... options) throws Exception {
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return run(all, OpenAll.class.getName(), directory.toString(), Integer.toString(times));
    }

    /** Both ends of a wire, by a program that has the driver on the module path. */
    private Said openOnModulePath(String... options) throws Exception {
        StringBuilder modules = new StringBuilder();
        String tests = null;
        for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (part.contains("test-classes")) tests = part;
            else if (!part.contains("junit")) modules.append(part).append(File.pathSeparator);
        }
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("-p", modules.toString(), "--add-modules", "io.usernet.tuntap"));
        all.addAll(List.of("-cp", tests));
        return run(all, OpenUnix.class.getName(), directory.resolve("wire").toString());
    }

    private static void assertOpened(Said said) {
        assertTrue(said.out.contains("opened unix:"), said.toString());
        assertTrue(said.out.contains("opened unixgram:"), said.toString());
        assertTrue(said.out.contains("usernet.link=tap:lo: "), said.toString());
        assertTrue(said.out.contains("usernet.link=tun:lo: "), said.toString());
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void oneWarningWithoutAFlag() throws Exception {
        Said said = openAll(2);
        assertOpened(said);
        List<String> lines = said.err.lines().filter(line -> !line.isEmpty()).toList();
        assertEquals(4, lines.size(), said.err); // of one warning
        assertTrue(lines.get(0).contains("A restricted method in java.lang.foreign"), said.err);
        assertTrue(lines.get(1).contains("io.usernet.tuntap"), said.err);
        assertTrue(lines.get(2).contains(FLAG + "ALL-UNNAMED"), said.err);
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void noneWithTheFlag() throws Exception {
        Said said = openAll(1, FLAG + "ALL-UNNAMED", "--illegal-native-access=deny");
        assertOpened(said);
        assertEquals("", said.err);
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void noneWithTheFlagOnTheModulePath() throws Exception {
        Said said = openOnModulePath(FLAG + "io.usernet.tuntap", "--illegal-native-access=deny");
        assertEquals("module io.usernet.tuntap wire\n", said.out);
        assertEquals("", said.err);
    }

    /** Again and again: it is no state of the JVM that the first failure leaves. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void refusedItNamesTheFlag() throws Exception {
        Said said = openAll(2, "--illegal-native-access=deny");
        assertEquals("", said.err);
        assertEquals(10, said.out.lines().count(), said.out);
        said.out
                .lines()
                .forEach(
                        line -> {
                            assertTrue(line.startsWith("usernet.link="), line);
                            assertTrue(line.contains(FLAG + "ALL-UNNAMED"), line);
                        });
    }

    @Test
    @EnabledForJreRange(max = JRE.JAVA_23)
    void saysNothingBefore() throws Exception {
        Said said = openAll(1);
        assertOpened(said);
        assertEquals("", said.err);
    }

    @Test
    void loadsOneImplementationOnly() throws Exception {
        Path log = directory.resolve("classes");
        assertOpened(openAll(1, "-Xlog:class+load:file=" + log));
        String loaded = Files.readString(log);
        assertTrue(loaded.contains(" io.usernet.tuntap.UnixLink "), loaded);
        boolean foreign = Runtime.version().feature() >= 24;
        for (String name : List.of(" jnr.", " com.kenai.", " org.objectweb.")) {
            assertEquals(!foreign, loaded.contains(name), name);
        }
        assertEquals(foreign, loaded.contains(" io.usernet.tuntap.Foreign"));
        assertFalse(foreign && loaded.contains("io.usernet.tuntap.Jnr"));
    }
}
