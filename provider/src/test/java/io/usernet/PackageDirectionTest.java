package io.usernet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;

/** A package uses only those above it in this list, and the whole of it only java.base. */
class PackageDirectionTest {
    private static final Path CLASSES = Path.of("target", "classes");

    /** As the design has them, top down. */
    private static final List<String> ORDER =
            List.of(
                    "io.usernet.wire",
                    "io.usernet.time",
                    "io.usernet.frame",
                    "io.usernet.buffer",
                    "io.usernet.metrics",
                    "io.usernet.view",
                    "io.usernet.config",
                    "io.usernet.link",
                    "io.usernet.link.wrap",
                    "io.usernet.neighbor",
                    "io.usernet.igmp",
                    "io.usernet.ip",
                    "io.usernet.tcp.cc",
                    "io.usernet.tcp",
                    "io.usernet.udp",
                    "io.usernet.stack",
                    "io.usernet.runtime",
                    "io.usernet.nio",
                    "io.usernet.aio",
                    "io.usernet.socket",
                    "io.usernet");

    private static final Pattern EDGE = Pattern.compile("\\s+(io\\.usernet\\S*)\\s+-> (\\S+)\\s.*");

    private record Use(String from, String to) {}

    private static String jdeps(String... arguments) {
        ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
        StringWriter out = new StringWriter();
        PrintWriter writer = new PrintWriter(out);
        assertEquals(0, jdeps.run(writer, writer, arguments), out::toString);
        return out.toString();
    }

    private static Set<Use> uses() {
        String text = jdeps("--multi-release", "17", "-verbose:package", CLASSES.toString());
        Set<Use> uses = new HashSet<>();
        for (String line : text.split("\\R")) {
            Matcher edge = EDGE.matcher(line);
            if (edge.matches()) uses.add(new Use(edge.group(1), edge.group(2)));
        }
        return uses;
    }

    @Test
    void packagesPointUpwardsOnly() {
        List<Use> wrong = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Use use : uses()) {
            assertTrue(ORDER.contains(use.from), use.from + " is not in the list");
            seen.add(use.from);
            if (!use.to.startsWith("io.usernet")) continue;
            if (ORDER.indexOf(use.to) > ORDER.indexOf(use.from)) wrong.add(use);
        }
        assertEquals(List.of(), wrong);
        assertTrue(seen.containsAll(List.of("io.usernet.wire", "io.usernet.stack")), "" + seen);
    }

    @Test
    void needsJavaBaseAlone() {
        String summary = jdeps("--multi-release", "17", "-summary", CLASSES.toString());
        assertEquals("io.usernet.provider -> java.base", summary.trim());
    }
}
