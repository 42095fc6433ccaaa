package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import io.usernet.wire.MacAddress;
import java.io.File;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who listens and who connects, and what users read when something is not as it should be. */
@Timeout(60)
class UnixProviderTest {
    @TempDir Path directory;

    private static LinkDevice open(String uri) throws IOException {
        return new UnixProvider().open(LinkUri.parse(uri));
    }

    private static String failure(String uri) {
        String message = assertThrows(IOException.class, () -> open(uri).close()).getMessage();
        assertTrue(message.startsWith("usernet.link=" + uri + ": "), message);
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    /** A socket's file that nobody listens on any more, as a killed process leaves it. */
    private Path stale(Path path) throws IOException {
        WirePeer.listen(path).close();
        assertTrue(Files.exists(path));
        return path;
    }

    @Test
    void aPathMayHaveAnyCharactersAndIsTheSameForOthers() throws Exception {
        for (String name : new String[] {"wïre", "線", "w" + "é".repeat(20)}) {
            Path path = directory.resolve(name);
            LinkDevice link = open("unix:" + path);
            WirePeer.connect(path).close();
            link.close();
            try (ServerSocketChannel server = WirePeer.listen(path)) {
                link = open("unix:" + path + "?mode=connect");
                server.accept().close();
                link.close();
            }
            Files.delete(path);
            try (var left = Files.list(directory)) {
                assertEquals(List.of(), left.toList());
            }
        }
        String path = "@" + "é".repeat(Rendezvous.MAX_PATH / 2);
        LinkDevice link = open("unix:" + path);
        try {
            assertThrows(IOException.class, () -> open("unix:" + path + "?mode=listen").close());
        } finally {
            link.close();
        }
    }

    @Test
    void isFoundByItsScheme() {
        Set<String> schemes = new HashSet<>();
        for (LinkProvider p : ServiceLoader.load(LinkProvider.class)) schemes.add(p.scheme());
        assertTrue(schemes.contains("unix"), schemes.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "unix:,                              /run/user/1000/wire",
        "unix:@,                             /run/user/1000/wire",
        "unix:/tmp/,                         /run/user/1000/wire",
        "unix:/tmp/w?mode=server,            'auto, listen or connect'",
        "unix:/tmp/w?mtu=575,                576..65521",
        "unix:/tmp/w?mtu=65522,              576..65521",
        "unix:/tmp/w?mac=01:00:5e:00:00:01,  group",
        "unix:/tmp/w?mac=00:00:00:00:00:00,  zero",
        "unix:/tmp/w?host=10.0.0.1/24,       unknown parameter 'host'",
    })
    void wrongParametersAreNamed(String uri, String expected) {
        String message =
                assertThrows(IllegalArgumentException.class, () -> open(uri).close()).getMessage();
        assertTrue(message.startsWith("usernet.link=" + LinkUri.parse(uri) + ": "), message);
        assertTrue(message.contains(expected), message);
        assertEquals(1, message.lines().count(), message);
    }

    @Test
    void thePathMayHave107Bytes() throws Exception {
        String longest = directory + "/" + "x".repeat(107 - directory.toString().length() - 1);
        try (LinkDevice link = open("unix:" + longest);
                LinkDevice other = open("unix:" + longest + "?mode=connect")) {
            assertEquals(link.capabilities().name(), other.capabilities().name());
            assertTrue(Files.exists(Path.of(longest)), "it was cut short");
        }
        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> open("unix:" + longest + "x").close())
                        .getMessage();
        assertTrue(message.contains("the path has 108 bytes, a socket's at most 107"), message);
    }

    @Test
    void otherPlatformsAreRefused() {
        LinkUri uri = LinkUri.parse("unix:/tmp/w");
        String os =
                assertThrows(
                                IOException.class,
                                () -> Parameters.requireLinux(uri, "Mac OS X", "aarch64"))
                        .getMessage();
        assertTrue(os.contains("this is Mac OS X"), os);
        String cpu =
                assertThrows(
                                IOException.class,
                                () -> Parameters.requireLinux(uri, "Linux", "mips64"))
                        .getMessage();
        assertTrue(cpu.contains("mips64"), cpu);
    }

    @ParameterizedTest
    @CsvSource({"auto", "listen", "connect"})
    void aMissingDirectoryIsNamed(String mode) {
        String message = failure("unix:" + directory + "/no/wire?mode=" + mode);
        assertTrue(message.endsWith(": mkdir -p " + directory + "/no"), message);
    }

    @ParameterizedTest
    @CsvSource({"auto", "listen", "connect"})
    void aFileThatIsNoSocketIsNotTouched(String mode) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "dear");
        String message = failure("unix:" + file + "?mode=" + mode);
        assertTrue(message.contains("is no socket"), message);
        assertEquals("dear", Files.readString(file));
        Path link = directory.resolve("link");
        Files.createSymbolicLink(link, directory.resolve("nothing"));
        if (!mode.equals("connect")) {
            assertTrue(failure("unix:" + link + "?mode=" + mode).contains("is no socket"));
        }
        assertTrue(Files.isSymbolicLink(link));
        assertEquals(2, directory.toFile().list().length);
    }

    @ParameterizedTest
    @CsvSource({"auto", "listen"})
    void whatAKilledListenerLeftIsReplaced(String mode) throws Exception {
        Path path = stale(directory.resolve("wire"));
        try (LinkDevice link = open("unix:" + path + "?mode=" + mode);
                WirePeer peer = WirePeer.connect(path)) {
            assertTrue(peer.channel.isConnected());
            assertEquals("wire", link.capabilities().name());
        }
        assertEquals(0, directory.toFile().list().length);
    }

    @Test
    void listeningWhereSomebodyDoesIsAnError() throws Exception {
        Path path = directory.resolve("wire");
        try (ServerSocketChannel server = WirePeer.listen(path)) {
            String message = failure("unix:" + path + "?mode=listen");
            assertTrue(message.contains("somebody listens on " + path + " already"), message);
            assertTrue(server.isOpen());
        }
        assertTrue(Files.exists(path), "it is not ours to remove");
    }

    /** As a user, who may not do everything. */
    @InNetns(without = "dac_override,dac_read_search")
    void noPermission() throws Exception {
        Path closed = Files.createDirectory(Files.createTempDirectory("usernet").resolve("d"));
        try {
            Files.setPosixFilePermissions(closed, Set.of());
            for (String mode : List.of("auto", "listen", "connect")) {
                String message = failure("unix:" + closed + "/wire?mode=" + mode);
                assertTrue(message.contains("no permission"), message);
                assertTrue(message.contains(closed.toString()), message);
            }
        } finally {
            Files.delete(closed);
            Files.delete(closed.getParent());
        }
    }

    /** The file of a socket that is another's by now stays. */
    @Test
    void onlyTheOwnFileIsRemoved() throws Exception {
        Path path = directory.resolve("wire");
        LinkDevice link = open("unix:" + path);
        Files.delete(path);
        try (ServerSocketChannel another = WirePeer.listen(path)) {
            link.close();
            assertTrue(another.isOpen());
            WirePeer.connect(path).close();
        }
    }

    @Test
    void whoeverHoldsTheLockForEverIsNamed() throws Exception {
        Path lock = directory.resolve("wire.lock");
        PathLock held = PathLock.on(NativeCalls.get().sys(), lock, 0);
        try {
            String message = failure("unix:" + directory.resolve("wire"));
            assertTrue(message.contains(lock + " locked"), message);
        } finally {
            held.release();
        }
        Files.createFile(lock);
        open("unix:" + directory.resolve("wire")).close(); // the file alone does no harm
        assertEquals(0, directory.toFile().list().length);
    }

    /** However many start at once, over a stale file or none: one listens. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void ofManyThatStartAtOnceOneListens(boolean overStale) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            for (int round = 0; round < 10; round++) {
                Path path = directory.resolve("wire" + round);
                if (overStale) stale(path);
                List<Callable<LinkDevice>> starts = new ArrayList<>();
                for (int i = 0; i < 6; i++) starts.add(() -> open("unix:" + path));
                Set<Long> addresses = new HashSet<>();
                List<LinkDevice> links = new ArrayList<>();
                for (Future<LinkDevice> f : threads.invokeAll(starts)) links.add(f.get());
                for (LinkDevice link : links) addresses.add(link.capabilities().mac());
                assertEquals(6, addresses.size(), "two listen: theirs would be the same");
                for (LinkDevice link : links) link.close();
                assertEquals(0, directory.toFile().list().length);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void failuresLeaveNoDescriptor() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        failure("unix:" + file);
        int before = new File("/proc/self/fd").list().length;
        for (int i = 0; i < 20; i++) {
            failure("unix:" + file);
            failure("unix:" + directory + "/no/wire");
            open("unix:" + directory.resolve("wire")).close();
            open("unix:" + directory.resolve("wire") + "?mode=connect").close();
        }
        assertEquals(before, new File("/proc/self/fd").list().length);
    }

    @Test
    void worksOnTheModulePath() throws Exception {
        StringBuilder modules = new StringBuilder();
        String tests = null;
        for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (part.contains("test-classes")) tests = part;
            else if (!part.contains("junit")) modules.append(part).append(File.pathSeparator);
        }
        Process process =
                new ProcessBuilder(
                                System.getProperty("java.home") + "/bin/java",
                                "-p",
                                modules.toString(),
                                "--add-modules",
                                "io.usernet.tuntap",
                                "-cp",
                                tests,
                                "io.usernet.modulepath.OpenUnix",
                                directory.resolve("wire").toString())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), said);
        assertTrue(said.contains("module io.usernet.tuntap wire"), said);
        assertEquals(0, process.exitValue(), said);
    }

    @Test
    void seedsOfAddressesAreMixed() {
        Set<Long> seen = new HashSet<>();
        for (long seed = 0; seed < 1_000; seed++) {
            long mac = Parameters.localMac(seed);
            assertEquals(0x02, mac >>> 40 & 0x03, "local, a station's");
            assertTrue(seen.add(mac));
        }
        assertArrayEquals(
                new long[] {Parameters.localMac(7)},
                new long[] {MacAddress.parse(MacAddress.format(Parameters.localMac(7)))});
    }
}
