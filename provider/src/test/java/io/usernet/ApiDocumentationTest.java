package io.usernet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What users may call has a comment, says what it returns, and what it throws that it declares: doclint's
 * group {@code missing}, but for {@code @param}. Where a parameter needs words it has them; "the first
 * byte" at each of a header's accessors would say what their package says once.
 */
class ApiDocumentationTest {
    private static final Path SOURCES = Path.of("src/main/java");

    @TempDir Path directory;

    /** Packages that the module exports to everybody, with commas between. */
    private static String exported() {
        ModuleDescriptor module =
                ModuleFinder.of(Path.of("target/classes"))
                        .find("io.usernet.provider")
                        .orElseThrow()
                        .descriptor();
        return module.exports().stream()
                .filter(e -> !e.isQualified())
                .map(Exports::source)
                .sorted()
                .collect(Collectors.joining(","));
    }

    /** The lines with a place in which javac reports what doclint misses, without {@code @param}. */
    private List<String> missing(Stream<Path> sources, String packages) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "-d",
                                directory.toString(),
                                "-proc:none",
                                "-Xlint:-removal",
                                "-Xmaxwarns",
                                "10000",
                                "-Xdoclint:missing/protected",
                                "-Xdoclint/package:" + packages));
        sources.map(Path::toString).filter(p -> p.endsWith(".java")).forEach(arguments::add);
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        int status =
                ToolProvider.findFirst("javac")
                        .orElseThrow()
                        .run(out, out, arguments.toArray(String[]::new));
        assertEquals(0, status, said::toString);
        return said.toString()
                .lines()
                .filter(line -> line.matches(".*\\.java:[0-9]+: .*"))
                .filter(line -> !line.contains("@param"))
                .toList();
    }

    @Test
    void whatIsExportedIsDocumented() throws Exception {
        String packages = exported();
        assertTrue(packages.contains("io.usernet.wire"), packages);
        try (Stream<Path> all = Files.walk(SOURCES)) {
            List<String> missing = missing(all, packages);
            assertTrue(missing.isEmpty(), () -> String.join("\n", missing));
        }
    }

    /** The check itself finds what is not there. */
    @Test
    void whatIsMissingIsFound() throws Exception {
        Path source = Files.createDirectories(directory.resolve("some")).resolve("Api.java");
        Files.writeString(
                source,
                "package some;\n"
                        + "/** A class. */\n"
                        + "public class Api {\n"
                        + "    /** Constructor. */\n"
                        + "    public Api() {}\n"
                        + "    public int none;\n"
                        + "    /** Adds. */\n"
                        + "    public int add(int one) { return one + none; }\n"
                        + "    void ours() {}\n"
                        + "}\n");
        List<String> missing = missing(Stream.of(source), "some");
        assertEquals(2, missing.size(), missing::toString);
        assertTrue(missing.stream().anyMatch(text -> text.contains("@return")), missing::toString);
        assertFalse(missing.toString().contains("ours"), missing::toString);
    }
}
