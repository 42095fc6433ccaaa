package io.usernet.bundle;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar as it was built; it alone is on the class path, with the tests and JUnit. */
class UsernetJarTest {
    private static final Path JAR = Path.of(System.getProperty("jar.under.test"));

    /** Opening it fails everywhere, but only after the native calls were bound and made. */
    private static final LinkUri NOT_A_TAP = LinkUri.parse("tap:lo");

    private static void assertReachedTheKernel(IOException e) {
        assertTrue(e.getMessage().startsWith("usernet.link=tap:lo: "), e.getMessage());
        assertTrue(
                e.getMessage().matches(".*(/dev/net/tun|not a TAP device|belongs to).*"),
                e.getMessage());
    }

    @Test
    void opensTheBundledDriver() {
        assertReachedTheKernel(
                assertThrows(
                        IOException.class,
                        () -> new BundledProvider.Tap().open(NOT_A_TAP).close()));
    }

    /** A JVM with the jar alone, whose default provider is ours: a connection over the wire. */
    @Test
    void wiresToAnotherJvm(@TempDir Path directory) throws Exception {
        Path wire = directory.resolve("wire");
        Process server = overWire(wire, "10.0.0.1", "-Dserve=true").start();
        Process client = overWire(wire, "10.0.0.2").start();
        try {
            String said = new String(client.getInputStream().readAllBytes());
            assertEquals("hello\n", said);
            assertEquals(0, client.waitFor());
            assertEquals("hello\n", new String(server.getInputStream().readAllBytes()));
            assertEquals(0, server.waitFor());
        } finally {
            server.destroyForcibly();
            client.destroyForcibly();
        }
        assertEquals(0, directory.toFile().list().length, "the wire's file is left");
    }

    private static ProcessBuilder overWire(Path wire, String address, String... options)
            throws URISyntaxException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(
                List.of(
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dusernet.link=unix:" + wire,
                        "-Dusernet.address=" + address + "/24"));
        command.addAll(List.of(options));
        command.addAll(
                List.of("-cp", JAR + File.pathSeparator + testClasses(), Greet.class.getName()));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    /** Sends a greeting, and prints what comes back; or the same from the other side. */
    static final class Greet {
        private Greet() {}

        public static void main(String[] args) throws Exception {
            InetSocketAddress at = new InetSocketAddress("10.0.0.1", 6888);
            if (Boolean.getBoolean("serve")) {
                try (ServerSocketChannel server = ServerSocketChannel.open().bind(at);
                        SocketChannel channel = server.accept()) {
                    channel.write(US_ASCII.encode(print(channel)));
                    channel.shutdownOutput();
                    channel.read(ByteBuffer.allocate(1)); // until the client has closed, too
                }
            } else {
                try (SocketChannel channel = connect(at)) {
                    channel.write(US_ASCII.encode("hello"));
                    channel.shutdownOutput();
                    print(channel);
                }
            }
        }

        private static SocketChannel connect(InetSocketAddress at) throws Exception {
            for (int i = 0; ; i++) {
                try {
                    return SocketChannel.open(at);
                } catch (IOException notYet) {
                    if (i == 100) throw notYet;
                    Thread.sleep(100);
                }
            }
        }

        private static String print(SocketChannel channel) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(100);
            while (channel.read(bytes) >= 0) {}
            String text = US_ASCII.decode(bytes.flip()).toString();
            System.out.print(text + "\n");
            return text;
        }
    }

    @Test
    void opensTheBundledDriverOfTuns() {
        IOException e =
                assertThrows(
                        IOException.class,
                        () -> new BundledProvider.Tun().open(LinkUri.parse("tun:lo")).close());
        assertTrue(
                e.getMessage().matches(".*(/dev/net/tun|not a TUN device|belongs to).*"),
                e.getMessage());
    }

    @Test
    void hasNoLibraryAtTheTop() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> strangers = new ArrayList<>();
            for (JarEntry entry : Collections.list(jar.entries())) {
                String name = entry.getName();
                if (!name.startsWith("META-INF/") && !name.matches("io/(usernet/.*)?")) {
                    strangers.add(name);
                }
            }
            assertEquals(List.of(), strangers);
            var manifest = jar.getManifest().getMainAttributes();
            assertEquals("io.usernet.bundle", manifest.getValue("Automatic-Module-Name"));
            assertNotNull(manifest.getValue("Implementation-Version"));
            for (String text :
                    List.of("LICENSE", "NOTICE", "licenses/asm.txt", "licenses/epl-2.0.txt")) {
                assertNotNull(jar.getEntry("META-INF/" + text), text);
            }
        }
        assertThrows(ClassNotFoundException.class, () -> Class.forName("jnr.ffi.LibraryLoader"));
        assertThrows(
                ClassNotFoundException.class, () -> Class.forName("io.usernet.tuntap.TapProvider"));
    }

    @Test
    void serviceFilesNameClassesOfTheJar() throws Exception {
        List<String> schemes = new ArrayList<>();
        for (LinkProvider p : ServiceLoader.load(LinkProvider.class)) schemes.add(p.scheme());
        for (String scheme : List.of("tap", "tun", "unix", "unixgram", "passt")) {
            assertEquals(1, Collections.frequency(schemes, scheme), schemes.toString());
        }
        URL url =
                getClass().getResource("/META-INF/services/java.nio.channels.spi.SelectorProvider");
        assertNotNull(url);
        try (InputStream in = url.openStream()) {
            assertEquals("io.usernet.UsernetProvider", new String(in.readAllBytes()).trim());
        }
    }

    @Test
    void itsProviderIsTheDefault() throws IOException {
        SelectorProvider provider = SelectorProvider.provider();
        assertEquals("io.usernet.UsernetProvider", provider.getClass().getName());
        try (ServerSocketChannel server = ServerSocketChannel.open();
                SocketChannel client = SocketChannel.open()) {
            assertSame(provider, client.provider());
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            client.connect(server.getLocalAddress());
            try (SocketChannel accepted = server.accept()) {
                assertEquals(5, client.write(ByteBuffer.wrap("hello".getBytes(US_ASCII))));
                ByteBuffer bytes = ByteBuffer.allocate(5);
                while (bytes.hasRemaining()) assertTrue(accepted.read(bytes) > 0);
                assertEquals("hello", new String(bytes.array(), US_ASCII));
            }
        }
    }

    /** With the property too, and where nothing else is on the class path. */
    @Test
    void wrongSettingsAreAnErrorOfOneLine() throws Exception {
        Process process =
                new ProcessBuilder(
                                System.getProperty("java.home") + "/bin/java",
                                "-Djava.nio.channels.spi.SelectorProvider=io.usernet.UsernetProvider",
                                "-Dusernet.link=tap:usernet0?hots=10.0.0.1/24",
                                "-Dusernet.address=10.0.0.2/24",
                                "-cp",
                                JAR + File.pathSeparator + testClasses(),
                                OpenChannel.class.getName())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(OpenChannel.FAILED, process.waitFor(), said);
        assertTrue(said.contains("usernet.link=tap:usernet0?hots=10.0.0.1/24"), said);
        assertTrue(said.contains("unknown parameter 'hots'"), said);
        assertEquals(1, said.lines().count(), said);
    }

    private static String testClasses() throws URISyntaxException {
        return Path.of(
                        UsernetJarTest.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI())
                .toString();
    }

    /** A program that opens a channel. */
    static final class OpenChannel {
        static final int FAILED = 3;

        private OpenChannel() {}

        public static void main(String[] args) {
            try (SocketChannel channel = SocketChannel.open()) {
                System.out.println("opened " + channel);
            } catch (IOException | RuntimeException e) {
                System.out.println(e.getMessage());
                System.exit(FAILED);
            }
        }
    }

    /** An application with classes of the same names, which do not work, ahead of our jar. */
    @Test
    void otherVersionsOfTheLibrariesDoNotClash(@TempDir Path application) throws Exception {
        for (String name :
                List.of(
                        "jnr.ffi.LibraryLoader",
                        "com.kenai.jffi.Foreign",
                        "org.objectweb.asm.Type")) {
            int dot = name.lastIndexOf('.');
            Path source = application.resolve(name.substring(dot + 1) + ".java");
            Files.writeString(
                    source,
                    "package "
                            + name.substring(0, dot)
                            + "; public class "
                            + name.substring(dot + 1)
                            + " { static { if (true) throw new Error(\"the application's\"); } }");
            assertEquals(
                    0,
                    ToolProvider.getSystemJavaCompiler()
                            .run(null, null, null, "-d", "" + application, "" + source));
        }
        URL[] path = {application.toUri().toURL(), JAR.toUri().toURL()};
        try (URLClassLoader loader =
                new URLClassLoader(path, ClassLoader.getPlatformClassLoader())) {
            assertThrows(Error.class, () -> Class.forName("jnr.ffi.LibraryLoader", true, loader));
            Class<?> uri = loader.loadClass(LinkUri.class.getName());
            Object tapLo = uri.getMethod("parse", String.class).invoke(null, "tap:lo");
            Class<?> provider = loader.loadClass(BundledProvider.Tap.class.getName());
            assertNotSame(BundledProvider.Tap.class, provider);
            Object tap = provider.getConstructor().newInstance();
            InvocationTargetException e =
                    assertThrows(
                            InvocationTargetException.class,
                            () -> provider.getMethod("open", uri).invoke(tap, tapLo));
            assertReachedTheKernel((IOException) e.getCause());
        }
    }

    @Test
    void loaderPrefersItsOwnAndSharesTheRest() throws Exception {
        BundleLoader loader = new BundleLoader(BundledProvider.class, BundleLoader.ROOT);
        assertSame(LinkUri.class, loader.loadClass(LinkUri.class.getName()));
        assertSame(String.class, loader.loadClass("java.lang.String"));
        Class<?> own = loader.loadClass("jnr.ffi.LibraryLoader");
        assertSame(loader, own.getClassLoader());
        assertEquals(JAR.toUri().toURL(), own.getProtectionDomain().getCodeSource().getLocation());
        assertThrows(ClassNotFoundException.class, () -> loader.loadClass("jnr.ffi.NoSuch"));

        String stub = "jni/x86_64-Linux/libjffi-1.2.so";
        assertNotNull(loader.getResource(stub));
        assertNotNull(own.getResource("/" + stub), "as jffi asks for it");
        assertEquals(1, Collections.list(loader.getResources(stub)).size());
        try (InputStream in = loader.getResourceAsStream(stub)) {
            assertEquals(0x7F, in.read(), "ELF");
        }
        assertNotNull(loader.getResource("META-INF/NOTICE"), "of the jar");
        assertEquals(null, loader.getResource("no/such/thing"));
    }

    @Test
    void manyThreadsLoadTheSameClass() throws Exception {
        BundleLoader loader = new BundleLoader(BundledProvider.class, BundleLoader.ROOT);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            Callable<Class<?>> load = () -> Class.forName("jnr.ffi.Platform", true, loader);
            List<Future<Class<?>>> loaded = threads.invokeAll(Collections.nCopies(64, load));
            for (Future<Class<?>> f : loaded) assertSame(loaded.get(0).get(), f.get());
        } finally {
            threads.shutdownNow();
        }
    }
}
