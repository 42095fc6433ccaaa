package io.usernet.samples.apps;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.CRC32;

/** The Spring Boot application as its plugin packs one: the loader, classes, and jars in a jar. */
final class NestedJar {
    static final Path FILE = Path.of(System.getProperty("apps.directory", "."), "spring-boot.jar");

    private static final String LOADER = "spring-boot-loader-";
    private static final String CLASSES = "BOOT-INF/classes/", LIBRARIES = "BOOT-INF/lib/";

    private NestedJar() {}

    /** Makes it anew, in place of one that may still be in use. */
    static void make() throws IOException {
        Files.createDirectories(FILE.getParent());
        Path made = Files.createTempFile(FILE.getParent(), "spring-boot", ".jar");
        write(made);
        Files.move(made, FILE, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void write(Path file) throws IOException {
        List<Path> jars =
                Jvm.libraries(
                                List.of(
                                        "org.springframework",
                                        "io.micrometer",
                                        "org.apache.tomcat",
                                        "jakarta.annotation"))
                        .stream()
                        .map(Path::of)
                        .toList();
        try (JarOutputStream out =
                new JarOutputStream(Files.newOutputStream(file), manifest(SpringBootHttp.class))) {
            for (String directory : List.of("BOOT-INF/", CLASSES, LIBRARIES)) put(out, directory);
            for (Path jar : jars) {
                if (isLoader(jar)) unpack(out, jar);
                else store(out, LIBRARIES + jar.getFileName(), Files.readAllBytes(jar));
            }
            addClasses(out, Path.of(System.getProperty("test.classes")));
        }
    }

    private static Manifest manifest(Class<?> main) {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(
                Attributes.Name.MAIN_CLASS, "org.springframework.boot.loader.launch.JarLauncher");
        attributes.putValue("Start-Class", main.getName());
        attributes.putValue("Spring-Boot-Classes", CLASSES);
        attributes.putValue("Spring-Boot-Lib", LIBRARIES);
        return manifest;
    }

    private static boolean isLoader(Path jar) {
        return jar.getFileName().toString().startsWith(LOADER);
    }

    private static void put(JarOutputStream out, String name) throws IOException {
        out.putNextEntry(new JarEntry(name));
        out.closeEntry();
    }

    private static void unpack(JarOutputStream out, Path jar) throws IOException {
        try (JarFile from = new JarFile(jar.toFile())) {
            for (JarEntry entry : Collections.list(from.entries())) {
                if (entry.getName().equals(JarFile.MANIFEST_NAME)) continue;
                out.putNextEntry(new JarEntry(entry.getName()));
                from.getInputStream(entry).transferTo(out);
                out.closeEntry();
            }
        }
    }

    /** As it is, which is how the loader wants jars. */
    private static void store(JarOutputStream out, String name, byte[] bytes) throws IOException {
        JarEntry entry = new JarEntry(name);
        entry.setMethod(JarEntry.STORED);
        entry.setSize(bytes.length);
        CRC32 sum = new CRC32();
        sum.update(bytes);
        entry.setCrc(sum.getValue());
        out.putNextEntry(entry);
        out.write(bytes);
        out.closeEntry();
    }

    /** Those of this package. */
    private static void addClasses(JarOutputStream out, Path root) throws IOException {
        Path directory = root.resolve(NestedJar.class.getPackageName().replace('.', '/'));
        try (var files = Files.list(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(CLASSES + root.relativize(file)));
                Files.copy(file, out);
                out.closeEntry();
            }
        }
    }
}
