package io.usernet.samples.apps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Unmodified applications, each a JVM of its own, with what their users see: answers, checksums, what
 * is printed, and that they end. In little with every build, and at length with {@code -Papps}.
 */
class ApplicationsTest {
    private static final boolean FULL = Boolean.getBoolean("apps.full");
    private static final int REQUESTS = FULL ? 5_000 : 500,
            CONNECTIONS = FULL ? 200 : 20,
            BYTES = (FULL ? 64 : 4) << 20,
            ENDLESS = 100_000_000,
            PORT = 18080;
    private static final Duration LIMIT = Duration.ofMinutes(FULL ? 5 : 2);
    private static final String LINK = "tap:usernet0?host=10.0.0.1/24", ADDRESS = "10.0.0.2/24";
    private static final int IDLE_SECONDS = 5, IDLE_PERIODS = 12, TICKS_PER_SECOND = 100;

    @BeforeAll
    static void makeFiles() throws Exception {
        Keys.make();
        NestedJar.make();
    }

    /** Server and client in one JVM, over the stack's loopback. */
    @ParameterizedTest(name = "{0}")
    @EnumSource
    void talksToItself(App app) throws Exception {
        runBoth(app, Jvm.onTheStack(), PORT);
    }

    /** As the agent has it by default: what is bound to 127.0.0.1 is the kernel's. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("passingThrough")
    void talksToItselfThroughTheKernel(App app) throws Exception {
        runBoth(app, Jvm.passingThrough(), Ports.free(2));
    }

    /** In little only some: channels, asynchronous ones, and nested jars. */
    static Stream<App> passingThrough() {
        return FULL ? Stream.of(App.values()) : Stream.of(App.TOMCAT_NIO2, App.SPRING_BOOT);
    }

    /** The oracle: what fails here is not ours. */
    @ParameterizedTest(name = "{0}")
    @EnumSource
    @EnabledIfSystemProperty(named = "apps.full", matches = "true")
    void talksToItselfOnTheKernel(App app) throws Exception {
        runBoth(app, Jvm.onTheKernel(), Ports.free(2));
    }

    private static void runBoth(App app, Jvm jvm, int port) throws Exception {
        if (!FULL) jvm.with("-XX:TieredStopAtLevel=1");
        List<String> command = jvm.command(app, arguments("both", "127.0.0.1", port, REQUESTS));
        try (Run run = new Run(command, LIMIT)) {
            assertPrinted(app, run.awaitEnd(), "serving", true);
        }
    }

    private static String[] arguments(String role, String host, int port, int requests) {
        return new String[] {
            role, host, "" + port, "" + requests, "" + CONNECTIONS, Integer.toString(BYTES)
        };
    }

    private static void assertPrinted(App app, List<String> lines, String first, boolean asks) {
        List<String> expected = new ArrayList<>();
        if (first != null) expected.add(first);
        if (asks) {
            expected.addAll(
                    List.of(
                            "connected",
                            "small " + REQUESTS,
                            "together " + CONNECTIONS,
                            "up " + BYTES,
                            "down " + BYTES));
        }
        expected.add("stopped");
        assertEquals(expected, lines.stream().filter(line -> !app.isExpected(line)).toList());
    }

    // -- the kernel's clients, over a TAP device

    /** The namespace, and in it the server on the stack. */
    private static final class Served implements AutoCloseable {
        private final App app;
        private final Namespace namespace;
        private Run server;

        Served(App app) throws Exception {
            String obstacle = Namespace.obstacle();
            assumeTrue(
                    obstacle.isEmpty(), "no network namespace with a TAP device here: " + obstacle);
            this.app = app;
            namespace = new Namespace();
            try {
                start();
            } catch (Exception | Error e) {
                namespace.close();
                throw e;
            }
        }

        void start() throws Exception {
            Jvm jvm = Jvm.onTheStack(LINK, ADDRESS);
            if (!FULL) jvm.with("-XX:TieredStopAtLevel=1");
            server =
                    new Run(
                            namespace.inside(
                                    jvm.command(
                                            app, arguments("server", "10.0.0.2", PORT, REQUESTS))),
                            LIMIT);
            server.await("serving");
        }

        Run client(int requests, String... flags) throws Exception {
            Jvm jvm = Jvm.onTheKernel().with(flags);
            if (!FULL) jvm.with("-XX:TieredStopAtLevel=1");
            return new Run(
                    namespace.inside(
                            jvm.command(app, arguments("client", "10.0.0.2", PORT, requests))),
                    LIMIT);
        }

        void serveOneClient() throws Exception {
            try (Run client = client(REQUESTS)) {
                assertPrinted(app, client.awaitEnd(), null, true);
            }
        }

        void stop() throws Exception {
            server.endInput();
            assertPrinted(app, server.awaitEnd(), "serving", false);
        }

        @Override
        public void close() {
            if (server != null) server.close();
            namespace.close();
        }
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void servesTheKernel(App app) throws Exception {
        try (Served served = new Served(app)) {
            served.serveOneClient();
            served.stop();
        }
    }

    /** With as many connections open as there are in this test. */
    @ParameterizedTest(name = "{0}")
    @EnumSource
    @EnabledIfSystemProperty(named = "apps.full", matches = "true")
    void isIdleWhenNobodyAsks(App app) throws Exception {
        try (Served served = new Served(app);
                Run client = served.client(REQUESTS, "-Didle=true")) {
            client.await("idle");
            long percent = percentWhenIdle(served.server);
            System.out.printf(Locale.ROOT, "%s, idle: %d %% of a core%n", app, percent);
            assertTrue(percent < 5, () -> percent + " % of a core");
            client.endInput();
            client.awaitEnd();
            served.stop();
        }
    }

    /**
     * The share of a core that it uses: the least of some periods, as compilers have to finish first,
     * for which they need long on a busy machine.
     */
    private static long percentWhenIdle(Run server) throws Exception {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < IDLE_PERIODS && least >= 5; i++) {
            long before = server.cpuTicks();
            server.runsFor(Duration.ofSeconds(IDLE_SECONDS));
            long used = server.cpuTicks() - before;
            least = Math.min(least, used * 100 / (IDLE_SECONDS * TICKS_PER_SECOND));
        }
        return least;
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    @EnabledIfSystemProperty(named = "apps.full", matches = "true")
    void outlivesClientsThatAreKilled(App app) throws Exception {
        try (Served served = new Served(app)) {
            for (int i = 0; i < 3; i++) {
                try (Run client = served.client(ENDLESS)) {
                    client.await("connected");
                    client.runsFor(Duration.ofSeconds(1));
                    client.kill();
                }
            }
            served.serveOneClient();
            served.stop();
        }
    }

    /** At the same address, while the kernel still knows connections of the one before. */
    @ParameterizedTest(name = "{0}")
    @EnumSource
    @EnabledIfSystemProperty(named = "apps.full", matches = "true")
    void servesAgainAfterItWasKilled(App app) throws Exception {
        try (Served served = new Served(app)) {
            try (Run client = served.client(ENDLESS)) {
                client.await("connected");
                client.runsFor(Duration.ofSeconds(1));
                served.server.kill();
            }
            served.start();
            served.serveOneClient();
            served.stop();
        }
    }
}
