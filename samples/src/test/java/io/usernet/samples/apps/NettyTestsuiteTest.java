package io.usernet.samples.apps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Netty's own tests of its transports, as they are published, on the stack's loopback; but for those that
 * {@code netty-testsuite.txt} names.
 */
class NettyTestsuiteTest {
    private static final String PACKAGE = "io.netty.testsuite.transport.socket";
    private static final boolean FULL = Boolean.getBoolean("apps.full");

    /** What takes most of the time, by many combinations of TLS, or waits. */
    private static final List<String> LONG =
            List.of(
                    "SocketSslEchoTest",
                    "TrafficShapingHandlerTest",
                    "SocketChannelNotYetConnectedTest",
                    "SocketReadPendingTest");

    /** How many there are at least, so that an empty run is none that passes. */
    private static final int LEAST = FULL ? 170 : 60;

    private static final Duration LIMIT = Duration.ofMinutes(10);

    @TempDir Path reports;

    /** A network card, since the test of multicast binds to the address of one. */
    private static final String CARD =
            "ip link add card0 type veth peer name card1 && ip link set card1 up"
                    + " && ip addr add 10.9.0.2/24 dev card0 && ip link set card0 up";

    @Test
    void passesOnTheStack() throws Exception {
        run(command(Jvm.onTheStack()), LEAST);
    }

    @Test
    void multicastPassesOnAStackWithTheCardsAddress() throws Exception {
        multicast(Jvm.onTheStackAt("10.9.0.2/24"));
    }

    /** By the agent's defaults the card's address is the stack's as well as the kernel's. */
    @Test
    void multicastPassesWithThePassThroughThatIsTheDefault() throws Exception {
        multicast(Jvm.passingThrough());
    }

    private void multicast(Jvm jvm) throws Exception {
        String obstacle = Namespace.obstacle();
        assumeTrue(obstacle.isEmpty(), "no network namespace for multicast here: " + obstacle);
        try (Namespace namespace = new Namespace(CARD)) {
            String test = "--select-class=" + PACKAGE + ".DatagramMulticastTest";
            run(namespace.inside(command(jvm, List.of(test))), 1);
        }
    }

    /** The oracle: what fails here is not ours. */
    @Test
    @EnabledIfSystemProperty(named = "apps.full", matches = "true")
    void passesOnTheKernel() throws Exception {
        String obstacle = Namespace.obstacle();
        assumeTrue(obstacle.isEmpty(), "no network namespace for multicast here: " + obstacle);
        try (Namespace namespace = new Namespace()) {
            run(namespace.inside(command(Jvm.onTheKernel())), LEAST);
        }
    }

    private void run(List<String> command, int least) throws Exception {
        try (Run run = new Run(command, LIMIT)) {
            List<String> said = run.awaitEnd();
            Document report =
                    DocumentBuilderFactory.newInstance()
                            .newDocumentBuilder()
                            .parse(reports.resolve("TEST-junit-jupiter.xml").toFile());
            NodeList cases = report.getElementsByTagName("testcase");
            int passed = 0;
            List<String> failed = new ArrayList<>();
            for (int i = 0; i < cases.getLength(); i++) {
                Element one = (Element) cases.item(i);
                if (has(one, "failure") || has(one, "error")) failed.add(name(one));
                else if (!has(one, "skipped")) passed++;
            }
            assertEquals(List.of(), failed, () -> String.join("\n", said));
            assertTrue(passed >= least, passed + " tests only");
        }
    }

    private static boolean has(Element testcase, String what) {
        return testcase.getElementsByTagName(what).getLength() > 0;
    }

    private static String name(Element testcase) {
        return testcase.getAttribute("classname") + "#" + testcase.getAttribute("name");
    }

    private List<String> command(Jvm jvm) throws IOException {
        List<String> selection = new ArrayList<>(List.of("--select-package=" + PACKAGE));
        for (String left : excluded()) selection.add(exclusion(left));
        if (!FULL) LONG.forEach(left -> selection.add(exclusion(left)));
        return command(jvm, selection);
    }

    private List<String> command(Jvm jvm, List<String> selection) throws IOException {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "execute",
                                "--disable-banner",
                                "--disable-ansi-colors",
                                "--details=summary",
                                "--config=junit.jupiter.execution.timeout.default=60s",
                                "--reports-dir=" + reports));
        arguments.addAll(selection);
        return jvm.withLibraries(
                        List.of(
                                "io.netty",
                                "org.junit",
                                "org.opentest4j",
                                "org.apiguardian",
                                "org.assertj",
                                "org.mockito",
                                "org.objenesis",
                                "net.bytebuddy",
                                "org.bouncycastle",
                                "org.tukaani",
                                "org.slf4j"))
                .command(
                        "org.junit.platform.console.ConsoleLauncher",
                        arguments.toArray(String[]::new));
    }

    private static String exclusion(String classOrMethod) {
        String pattern = "^" + PACKAGE.replace(".", "\\.") + "\\." + classOrMethod;
        return classOrMethod.contains("#")
                ? "--exclude-methodname=" + pattern + ".*"
                : "--exclude-classname=" + pattern + "$";
    }

    private static List<String> excluded() throws IOException {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                NettyTestsuiteTest.class.getResourceAsStream(
                                        "netty-testsuite.txt")))) {
            return lines.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split("\\s+")[0])
                    .toList();
        }
    }
}
