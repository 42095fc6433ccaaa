package io.usernet.samples.apps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Unmodified applications, each a JVM of its own, with what their users see: answers, checksums, what
 * is printed, and that they end. In little with every build, and at length with {@code -Papps}.
 */
class ApplicationsTest {
    private static final boolean FULL = Boolean.getBoolean("apps.full");
    private static final int REQUESTS = FULL ? 5_000 : 500,
            CONNECTIONS = FULL ? 200 : 20,
            BYTES = (FULL ? 64 : 4) << 20,
            ENDLESS = 100_000_000;
    private static final Duration LIMIT = Duration.ofMinutes(FULL ? 5 : 2);
    private static final String LINK = "tap:usernet0?host=10.0.0.1/24", ADDRESS = "10.0.0.2/24";
    private static final int IDLE_SECONDS = 5, TICKS_PER_SECOND = 100;

    @BeforeAll
    static void makeKeys() throws Exception {
        Keys.make();
    }

    /** Server and client in one JVM, over the stack's loopback. */
    @ParameterizedTest(name = "{0}")
    @EnumSource
    void talksToItself(App app) throws Exception {
        runBoth(app, Jvm.onTheStack());
    }

    /** The oracle: what fails here is not ours. */
    @ParameterizedTest(name = "{0}")
    @EnumSource
    @EnabledIfSystemProperty(named = "apps.full", matches = "true")
    void talksToItselfOnTheKernel(App app) throws Exception {
        runBoth(app, Jvm.onTheKernel());
    }

    private static void runBoth(App app, Jvm jvm) throws Exception {
        if (!FULL) jvm.with("-XX:TieredStopAtLevel=1");
        List<String> command = jvm.command(app, arguments("both", "127.0.0.1", REQUESTS));
        try (Run run = new Run(command, LIMIT)) {
            assertPrinted(app, run.awaitEnd(), "serving", true);
        }
    }

    private static String[] arguments(String role, String host, int requests) {
        return new String[] {
            role, host, "18080", "" + requests, "" + CONNECTIONS, Integer.toString(BYTES)
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
        assertEquals(
                expected,
                lines.stream()
                        .filter(line -> !app.isExpected(line) && !Jvm.isGreeting(line))
                        .toList());
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
                                    jvm.command(app, arguments("server", "10.0.0.2", REQUESTS))),
                            LIMIT);
            server.await("serving");
        }

        Run client(int requests, String... flags) throws Exception {
            Jvm jvm = Jvm.onTheKernel().with(flags);
            if (!FULL) jvm.with("-XX:TieredStopAtLevel=1");
            return new Run(
                    namespace.inside(jvm.command(app, arguments("client", "10.0.0.2", requests))),
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
            served.server.runsFor(Duration.ofSeconds(IDLE_SECONDS)); // compilers finish
            long before = served.server.cpuTicks();
            served.server.runsFor(Duration.ofSeconds(IDLE_SECONDS));
            long used = served.server.cpuTicks() - before;
            long percent = used * 100 / (IDLE_SECONDS * TICKS_PER_SECOND);
            System.out.printf(Locale.ROOT, "%s, idle: %d %% of a core%n", app, percent);
            assertTrue(percent < 5, () -> percent + " % of a core");
            client.endInput();
            client.awaitEnd();
            served.stop();
        }
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
