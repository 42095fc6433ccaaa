package io.usernet.agent;

import app.Poller;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is the stack's under the agent, and what is the kernel's. */
@Timeout(120)
class AgentTransportTest {
    private static final String NOTHING = "";

    @TempDir Path directory;

    private Application application;

    @BeforeEach
    void makeTheApplication() throws IOException {
        application = new Application(directory);
    }

    /** A server on this machine's kernel, which knows nothing of us. */
    private Jvm kernelServer(String at) throws IOException {
        return application.run(List.of(), "serve " + at);
    }

    @ParameterizedTest
    @CsvSource({
        "serve-plain, greet-plain",
        "serve-plain, greet-asynchronous",
        "serve-asynchronous, greet-plain",
        "serve-asynchronous, greet-asynchronous"
    })
    void socketsAndAsynchronousChannelsAreOnTheStack(String serve, String greet) throws Exception {
        try (Jvm server =
                application.run(application.onTheWire("10.0.0.1"), serve + " 10.0.0.1:6888")) {
            server.says("ready 6888");
            try (Jvm client =
                    application.run(application.onTheWire("10.0.0.2"), greet + " 10.0.0.1:6888")) {
                client.ends(0, "hello", NOTHING);
            }
            server.ends(0, "hello", NOTHING);
        }
    }

    @ParameterizedTest
    @CsvSource({"greet", "greet-plain", "greet-asynchronous"})
    void loopbackIsTheKernels(String greet) throws Exception {
        try (Jvm server = kernelServer("127.0.0.1:0")) {
            String at = " 127.0.0.1:" + server.port();
            try (Jvm client = application.run(application.onTheWire("10.0.0.2"), greet + at)) {
                client.ends(0, "hello", NOTHING);
            }
            server.ends(0, "hello", NOTHING);
        }
    }

    /** A server on the stack whose database is on this machine. */
    @Test
    void aServerOnTheStackHasABackendOfTheKernels() throws Exception {
        try (Jvm backend = kernelServer("127.0.0.1:0")) {
            relay("127.0.0.1:" + backend.port());
            backend.ends(0, "hello", NOTHING);
        }
    }

    @Test
    void andOneOnAUnixDomainSocket() throws Exception {
        Path socket = directory.resolve("socket");
        try (Jvm backend = kernelServer(socket.toString())) {
            backend.says("ready");
            relay(socket.toString());
            backend.ends(0, "hello", NOTHING);
        }
        Files.delete(socket);
    }

    private void relay(String backend) throws Exception {
        try (Jvm relay =
                application.run(
                        application.onTheWire("10.0.0.1"), "relay 10.0.0.1:6888 " + backend)) {
            relay.says("ready 6888");
            try (Jvm client =
                    application.run(application.onTheWire("10.0.0.2"), "greet 10.0.0.1:6888")) {
                client.ends(0, "hello", NOTHING);
            }
            relay.ends(0, NOTHING, NOTHING);
        }
    }

    @ParameterizedTest
    @CsvSource({"sockets=off, greet-plain", "asynchronous=off, greet-asynchronous"})
    void whatIsOffIsTheKernels(String off, String greet) throws Exception {
        try (Jvm server = kernelServer("127.0.0.1:0")) {
            String at = " 127.0.0.1:" + server.port();
            try (Jvm client = application.run("passthrough=none," + off, greet + at)) {
                client.ends(0, "hello", NOTHING);
            }
            server.ends(0, "hello", NOTHING);
        }
    }

    /** Aeron's, which puts its own set of selected keys into a selector. */
    @Test
    void aPollerOfAgronaFindsOurSelector() throws Exception {
        Path poller = Jars.jar(directory.resolve("poller.jar"), Map.of(), Poller.class);
        Class<?> agronas = Poller.class.getSuperclass();
        Path agrona = Path.of(agronas.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Jvm jvm =
                Jvm.java(
                        Jvm.agent("passthrough=none"),
                        "-cp",
                        Jvm.path(poller, agrona),
                        "app.Poller")) {
            jvm.ends(0, "hello of 1\nhello of 1", NOTHING);
        }
    }
}
