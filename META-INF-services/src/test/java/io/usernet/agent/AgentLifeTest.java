package io.usernet.agent;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The agent among other agents, in a JVM that runs already, and when the JVM idles or ends. */
@Timeout(120)
class AgentLifeTest {
    private static final String NOTHING = "", OURS = "io.usernet.UsernetProvider";

    @TempDir Path directory;

    private Application application;

    @BeforeEach
    void makeTheApplication() throws IOException {
        application = new Application(directory);
    }

    @Test
    void exitIsTheApplications() throws Exception {
        String options = application.onTheWire("10.0.0.1");
        try (Jvm jvm = application.run(options, "exit 10.0.0.1:6888")) {
            jvm.ends(7, NOTHING, NOTHING);
        }
    }

    /** An open channel doesn't hold the JVM, as it doesn't with the JDK's provider. */
    @Test
    void theEndOfMainIsTheEnd() throws Exception {
        String options = application.onTheWire("10.0.0.1");
        try (Jvm jvm = application.run(options, "end 10.0.0.1:6888")) {
            jvm.ends(0, NOTHING, NOTHING);
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void signalsEndIt(String signal, int status) throws Exception {
        String options = application.onTheWire("10.0.0.1");
        try (Jvm jvm = application.run(options, "idle 10.0.0.1:6888")) {
            jvm.says("ready 6888");
            jvm.signal(signal);
            jvm.ends(status, NOTHING, NOTHING);
        }
    }

    /** The JIT compiler may have something left to do at first, but a thread that spins never ends. */
    @Test
    void anIdleServerUsesNoProcessor() throws Exception {
        String options = application.onTheWire("10.0.0.1");
        try (Jvm jvm = application.run(options, "idle 10.0.0.1:6888")) {
            jvm.says("ready 6888");
            Duration used = Duration.ZERO;
            for (int seconds = 0; seconds < 20; seconds++) {
                Duration before = jvm.cpu();
                Thread.sleep(1000);
                used = jvm.cpu().minus(before);
                if (used.toMillis() <= 20) return;
            }
            throw new AssertionError("in the last second: " + used);
        }
    }

    @Test
    void anotherAgentMayOpenChannelsLater() throws Exception {
        List<String> flags = List.of(Jvm.agent(""), "-javaagent:" + opener());
        try (Jvm jvm = application.run(flags, "provider")) {
            jvm.ends(0, OURS, NOTHING);
        }
    }

    @Test
    void anotherAgentThatOpenedChannelsIsNoticed() throws Exception {
        List<String> flags = List.of("-javaagent:" + opener(), Jvm.agent(""));
        try (Jvm jvm = application.run(flags, "provider")) {
            jvm.ends(
                    1,
                    NOTHING,
                    "usernet.jar as agent: it is too late, this JVM has opened channels by "
                            + theJdks()
                            + "; start it with -javaagent:usernet.jar=..., before other agents");
        }
    }

    private Path opener() throws IOException {
        return Jars.jar(
                directory.resolve("opener.jar"),
                Map.of("Premain-Class", Opener.class.getName()),
                Opener.class);
    }

    /** An agent that makes the JVM choose its provider; it opens nothing, or we would need a link. */
    public static final class Opener {
        private Opener() {}

        public static void premain(String options) {
            SelectorProvider.provider();
        }
    }

    /** The name of the JDK's own provider, whatever the default of this JVM is. */
    private static String theJdks() {
        return "sun.nio.ch.EPollSelectorProvider";
    }

    /** A debugger, a recording and an archive of classes, which a JVM with agents uses in part. */
    @Test
    void aCrowdIsQuiet() throws Exception {
        Path archive = directory.resolve("app.jsa");
        List<String> dump = List.of("-XX:ArchiveClassesAtExit=" + archive, "-Xlog:disable");
        try (Jvm jvm = application.run(dump, "provider")) {
            jvm.ends(0, theJdks(), NOTHING);
        }
        List<String> flags =
                List.of(
                        Jvm.agent(application.onTheWire("10.0.0.1")),
                        "-javaagent:" + opener(),
                        "-XX:SharedArchiveFile=" + archive,
                        "-Xlog:cds=off", // from JDK 24 on the JVM reports any agent
                        "-XX:StartFlightRecording:filename=" + directory.resolve("recording.jfr"),
                        "-Xlog:jfr+startup=error",
                        "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,quiet=y,address=127.0.0.1:0");
        try (Jvm jvm = application.run(flags, "end 10.0.0.1:6888")) {
            jvm.ends(0, NOTHING, NOTHING);
        }
    }

    @Test
    void aJvmThatRunsMayLoadIt() throws Exception {
        try (Jvm jvm = application.run(List.of("-XX:+EnableDynamicAgentLoading"), "asked")) {
            jvm.says("ready");
            load(jvm, application.onTheWire("10.0.0.1"));
            jvm.hears("go on");
            jvm.ends(0, OURS, NOTHING);
        }
    }

    @Test
    void unlessItHasOpenedChannels() throws Exception {
        try (Jvm jvm =
                application.run(List.of("-XX:+EnableDynamicAgentLoading"), "asked channel")) {
            jvm.says("ready");
            assertThrows(AgentInitializationException.class, () -> load(jvm, ""));
            jvm.hears("go on");
            jvm.says(theJdks());
            assertTrue(jvm.stderr().contains("it is too late"), jvm.stderr());
        }
    }

    /** A mistake doesn't end a JVM that runs. */
    @Test
    void andTheOptionsAreRight() throws Exception {
        try (Jvm jvm = application.run(List.of("-XX:+EnableDynamicAgentLoading"), "asked")) {
            jvm.says("ready");
            assertThrows(AgentInitializationException.class, () -> load(jvm, "adress=10.0.0.2/24"));
            jvm.hears("go on");
            jvm.says(theJdks());
            assertTrue(jvm.stderr().contains("there is no option 'adress'"), jvm.stderr());
        }
    }

    private static void load(Jvm jvm, String options) throws Exception {
        VirtualMachine machine = VirtualMachine.attach(Long.toString(jvm.pid()));
        try {
            machine.loadAgent(Jvm.AGENT.toString(), options);
        } finally {
            machine.detach();
        }
    }
}
