package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.config.StackConfig;
import io.usernet.link.Wire;
import io.usernet.nio.Routing.Transport;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who serves what: the table of the documentation, for a stack at 10.0.0.2/24 without a gateway. */
class RoutingTest {
    private static final int PORT = 6888;

    private static Engine engine;

    @BeforeAll
    static void open() {
        StackConfig config = StackConfig.defaults().withAddress("10.0.0.2/24");
        engine = Engine.open(config, new Wire().left(), "routing");
    }

    @AfterAll
    static void close() {
        engine.close(0);
    }

    private static Routing routing(String rules) {
        return new Routing(Rules.of(rules.replace(' ', ','), "stack"), engine);
    }

    private static InetSocketAddress at(String address) throws IOException {
        return new InetSocketAddress(InetAddress.getByName(address), PORT);
    }

    @ParameterizedTest
    @CsvSource({
        "none,                     127.0.0.1,   STACK",
        "none,                     192.0.2.1,   STACK",
        "none,                     ::1,         STACK",
        "loopback,                 127.0.0.1,   KERNEL",
        "loopback,                 127.9.9.9,   KERNEL",
        "loopback,                 ::1,         KERNEL",
        "loopback,                 0.0.0.0,     KERNEL", // this host
        "loopback,                 10.0.0.2,    STACK",
        "loopback,                 10.0.0.7,    STACK",
        "loopback,                 192.0.2.1,   STACK",
        "unrouted,                 127.0.0.1,   STACK",
        "unrouted,                 10.0.0.2,    STACK",
        "unrouted,                 10.0.0.7,    STACK",
        "unrouted,                 192.0.2.1,   KERNEL",
        "unrouted,                 2001:db8::1, KERNEL",
        "192.0.2.0/24,             192.0.2.1,   KERNEL",
        "192.0.2.0/24,             192.0.3.1,   STACK",
        "192.0.2.0/24,             2001:db8::1, STACK",
        "10.0.0.0/8,               10.0.0.7,    KERNEL",
        "10.0.0.0/8,               10.0.0.2,    STACK", // the stack's own
        "127.1.0.0/16,             127.1.0.1,   KERNEL",
        "127.1.0.0/16,             127.0.0.1,   STACK",
        "loopback 192.0.2.0/24,    192.0.2.1,   KERNEL",
        "loopback 192.0.2.0/24,    127.0.0.1,   KERNEL",
    })
    void connect(String rules, String to, Transport expected) throws IOException {
        assertEquals(expected, routing(rules).connect(at(to)));
    }

    @ParameterizedTest
    @CsvSource({
        "loopback,     0.0.0.0,   127.0.0.1, STACK",
        "loopback,     0.0.0.0,   127.0.0.9, STACK",
        "loopback,     0.0.0.0,   0.0.0.0,   STACK",
        "loopback,     0.0.0.0,   ::1,       STACK",
        "loopback,     127.0.0.1, 127.0.0.1, STACK",
        "loopback,     127.0.0.1, 127.0.0.2, KERNEL",
        "loopback,     10.0.0.2,  127.0.0.1, KERNEL",
        "127.0.0.0/8,  0.0.0.0,   127.0.0.1, STACK",
    })
    void ownListenerWins(String rules, String listener, String to, Transport expected)
            throws IOException {
        StackSelectorProvider provider = new StackSelectorProvider(() -> engine);
        try (ServerSocketChannel server = provider.openServerSocketChannel()) {
            server.bind(at(listener));
            assertEquals(expected, routing(rules).connect(at(to)));
        }
        assertEquals(Transport.KERNEL, routing(rules).connect(at(to)));
    }

    @ParameterizedTest
    @CsvSource({
        "none,         127.0.0.1,   STACK",
        "loopback,     127.0.0.1,   KERNEL",
        "loopback,     ::1,         KERNEL",
        "loopback,     10.0.0.2,    STACK",
        "loopback,     192.0.2.1,   STACK",
        "unrouted,     127.0.0.1,   STACK",
        "unrouted,     192.0.2.1,   KERNEL",
        "192.0.2.0/24, 192.0.2.1,   KERNEL",
        "10.0.0.0/8,   10.0.0.2,    STACK",
        "127.1.0.0/16, 127.1.0.1,   KERNEL",
        "127.1.0.0/16, 127.0.0.1,   STACK",
        "loopback,     0.0.0.0,     STACK",
        "loopback,     ::,          STACK",
    })
    void bind(String rules, String to, Transport expected) throws IOException {
        assertEquals(expected, routing(rules).bind(at(to)));
    }

    @ParameterizedTest
    @CsvSource({"stack, STACK", "kernel, KERNEL", "both, BOTH"})
    void bindToTheWildcard(String wildcard, Transport expected) throws IOException {
        Routing routing = new Routing(Rules.of("none", wildcard), engine);
        assertEquals(expected, routing.bind(at("0.0.0.0")));
        assertEquals(expected, routing.bind(at("::")));
        assertEquals(Transport.STACK, routing.bind(at("127.0.0.1")));
    }
}
