package io.usernet.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.CRC32;

/** Makes jars of the classes of the tests. */
final class Jars {
    private Jars() {}

    static Manifest manifest(Map<String, String> attributes) {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.forEach((name, value) -> manifest.getMainAttributes().putValue(name, value));
        return manifest;
    }

    static Path jar(Path file, Map<String, String> attributes, Class<?>... classes)
            throws IOException {
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out, manifest(attributes))) {
            for (Class<?> type : classes) add(jar, "", type);
        }
        return file;
    }

    /** Adds a class below a directory, which is empty or ends with a slash. */
    static void add(JarOutputStream jar, String below, Class<?> type) throws IOException {
        jar.putNextEntry(new JarEntry(below + path(type)));
        jar.write(bytes(type));
        jar.closeEntry();
    }

    /** Where a class is below its root. */
    static String path(Class<?> type) {
        return type.getName().replace('.', '/') + ".class";
    }

    static byte[] bytes(Class<?> type) throws IOException {
        try (InputStream in = type.getResourceAsStream("/" + path(type))) {
            return in.readAllBytes();
        }
    }

    /** Adds a directory, whose name ends with a slash. */
    static void directory(JarOutputStream jar, String name) throws IOException {
        jar.putNextEntry(new JarEntry(name));
        jar.closeEntry();
    }

    /** Adds what another jar has, but not its manifest. */
    static void unpack(JarOutputStream jar, Path other) throws IOException {
        try (JarFile from = new JarFile(other.toFile())) {
            for (JarEntry entry : Collections.list(from.entries())) {
                if (entry.getName().equals(JarFile.MANIFEST_NAME)) continue;
                jar.putNextEntry(new JarEntry(entry.getName()));
                from.getInputStream(entry).transferTo(jar);
                jar.closeEntry();
            }
        }
    }

    /** Adds a jar as it is, which is how loaders of nested jars want them. */
    static void store(JarOutputStream jar, String name, byte[] bytes) throws IOException {
        JarEntry entry = new JarEntry(name);
        entry.setMethod(JarEntry.STORED);
        entry.setSize(bytes.length);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        entry.setCrc(crc.getValue());
        jar.putNextEntry(entry);
        jar.write(bytes);
        jar.closeEntry();
    }
}
