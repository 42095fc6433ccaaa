package io.usernet.agent;

import io.usernet.nio.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who says what applies, which parts can be switched off, and what is said of a mistake. */
@Timeout(120)
class AgentSettingsTest {
    private static final String NOTHING = "", PREFIX = "usernet.jar as agent: ";

    @TempDir Path directory;

    private Application application;

    @BeforeEach
    void makeTheApplication() throws IOException {
        application = new Application(directory);
    }

    private void assertProperties(List<String> flags, String... namesAndValues) throws Exception {
        StringBuilder names = new StringBuilder("properties");
        for (String one : namesAndValues) names.append(' ').append(one, 0, one.indexOf('='));
        try (Jvm jvm = application.run(flags, names.toString())) {
            jvm.ends(0, String.join("\n", namesAndValues), NOTHING);
        }
    }

    @Test
    void everythingIsOn() throws Exception {
        assertProperties(
                List.of("-javaagent:" + Jvm.AGENT),
                "java.nio.channels.spi.SelectorProvider=io.usernet.UsernetProvider",
                "java.nio.channels.spi.AsynchronousChannelProvider=io.usernet.UsernetAsynchronousProvider",
                "usernet.passthrough=loopback,unix",
                "io.netty.transport.noNative=true",
                "io.grpc.netty.shaded.io.netty.transport.noNative=true");
    }

    @Test
    void anOptionWinsOverAPropertyAndThatOverAFile() throws Exception {
        Path file = directory.resolve("u.properties");
        Files.writeString(file, "gateway=10.0.0.1\npassthrough=none\n");
        assertProperties(
                List.of(
                        "-Dusernet.address=10.0.0.9/24",
                        "-Dusernet.memory=8m",
                        Jvm.agent("config=" + file + ",address=10.0.0.2/24,10.1.0.2/24")),
                "usernet.address=10.0.0.2/24,10.1.0.2/24",
                "usernet.memory=8m",
                "usernet.config=" + file,
                "usernet.gateway=null",
                "usernet.passthrough=null"); // the file says it
    }

    @ParameterizedTest
    @CsvSource({"none", "unix", "unrouted"})
    void whatPassesIsTheUsersChoice(String rule) throws Exception {
        assertProperties(List.of(Jvm.agent("passthrough=" + rule)), "usernet.passthrough=" + rule);
        assertProperties(
                List.of("-Dusernet.passthrough=" + rule, Jvm.agent("")),
                "usernet.passthrough=" + rule);
    }

    @Test
    void nettyIsLeftAlone() throws Exception {
        assertProperties(
                List.of(Jvm.agent("netty=off")),
                "io.netty.transport.noNative=null",
                "io.grpc.netty.shaded.io.netty.transport.noNative=null");
        assertProperties(
                List.of("-Dio.netty.transport.noNative=false", Jvm.agent("")),
                "io.netty.transport.noNative=false",
                "io.grpc.netty.shaded.io.netty.transport.noNative=true");
    }

    @Test
    void asynchronousChannelsAreOursUnlessSwitchedOff() throws Exception {
        try (Jvm jvm = application.run("", "asynchronous")) {
            jvm.ends(0, "io.usernet.UsernetAsynchronousProvider", NOTHING);
        }
        try (Jvm jvm = application.run("asynchronous=off", "asynchronous")) {
            jvm.ends(0, "sun.nio.ch.LinuxAsynchronousChannelProvider", NOTHING);
        }
    }

    /** What a JVM warns about that knows nothing of us is our doing, and can be had. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void nativeCallsAreWarnedAboutIfSwitchedOff() throws Exception {
        String options = application.onTheWire("10.0.0.1") + ",native=off";
        try (Jvm jvm = application.run(options, "end 10.0.0.1:6888")) {
            jvm.endsWarning(0, "WARNING: A restricted method in ");
        }
    }

    @Test
    void internalsAreOpenUnlessSwitchedOff() throws Exception {
        String tests =
                Path.of(Reach.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                        .toString();
        try (Jvm jvm = Jvm.java(Jvm.agent(""), "-cp", tests, Reach.class.getName())) {
            jvm.ends(0, "sun.nio.ch, java.net, loopback,unix", NOTHING);
        }
        try (Jvm jvm = Jvm.java(Jvm.agent("internals=off"), "-cp", tests, Reach.class.getName())) {
            jvm.ends(0, Kernel.howToReach() + "null", NOTHING);
        }
    }

    /** Says what of the JDK is open to the provider. */
    static final class Reach {
        private Reach() {}

        public static void main(String[] args) {
            try {
                System.out.print(Kernel.provider().getClass().getPackageName() + ", ");
            } catch (IOException e) {
                System.out.print(e.getMessage());
            }
            if (Object.class.getModule().isOpen("java.net", Kernel.class.getModule())) {
                System.out.print("java.net, ");
            }
            System.out.println(System.getProperty("usernet.passthrough"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "link=tap:u0,adress=10.0.0.2/24 | adress=10.0.0.2/24: there is no option 'adress'; java -jar usernet.jar lists them",
                "address=10.0.0.2/33 | usernet.address=10.0.0.2/33: prefix length 33 is not in 0..32; write for example 10.0.0.2/24",
                "link=:u0,address=10.0.0.2/24 | usernet.link=:u0: ':u0' has no scheme: write for example tap:usernet0",
                "link.2=tap:u0?host | usernet.link.2=tap:u0?host: 'host' in 'tap:u0?host' is not of the form key=value",
                "config=/no/such/file | usernet.config=/no/such/file: there is no such file",
                "passthrough=loopbck | usernet.passthrough=loopbck: loopbck is no rule: give none, or with commas loopback, unrouted, unix, and networks such as 10.0.0.0/8",
            })
    void aMistakeEndsTheJvmBeforeTheApplicationBegins(String options, String message)
            throws Exception {
        try (Jvm jvm = application.run(options, "provider")) {
            jvm.ends(1, NOTHING, PREFIX + message);
        }
    }

    @Test
    void soDoesAWrongProperty() throws Exception {
        try (Jvm jvm = application.run(List.of("-Dusernet.memry=8m", Jvm.agent("")), "provider")) {
            jvm.ends(
                    1,
                    NOTHING,
                    PREFIX
                            + "usernet.memry=8m: there is no such setting; docs/configuration.md"
                            + " lists them");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SelectorProvider | io.usernet.UsernetProvider; leave this property out",
                "AsynchronousChannelProvider | io.usernet.UsernetAsynchronousProvider; leave this property out, or give the agent asynchronous=off"
            })
    void anotherProviderIsNotOverruled(String name, String remedy) throws Exception {
        String other = "java.nio.channels.spi." + name + "=a.B";
        try (Jvm jvm = application.run(List.of("-D" + other, Jvm.agent("")), "provider")) {
            jvm.ends(1, NOTHING, PREFIX + other + ": the agent sets it to " + remedy);
        }
    }
}
