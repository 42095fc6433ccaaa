package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.config.PassThrough;
import io.usernet.config.PassThrough.Wildcard;
import io.usernet.config.StackConfig;
import io.usernet.link.Wire;
import io.usernet.nio.Routing.Transport;
import io.usernet.runtime.Engine;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The table, on a stack with 10.0.0.2/24 on a link, and no gateway; the machine has
 * 192.0.2.7.
 */
class RoutingTest {
    private static final int HOST = Ipv4Address.parse("192.0.2.7");

    private Engine engine;
    private StackSelectorProvider provider;

    @BeforeEach
    void open() {
        StackConfig config = StackConfig.defaults().withLink("10.0.0.2/24").withHost(List.of(HOST));
        engine = Engine.open(config, new Wire().left(), "routing");
        provider = new StackSelectorProvider(() -> engine);
    }

    @AfterEach
    void close() {
        engine.close(0);
    }

    private Routing routing(String rule) {
        return switch (rule) {
            case "none" -> routing(false, false, List.of(), Wildcard.STACK);
            case "loopback" -> routing(true, false, List.of(), Wildcard.STACK);
            case "unrouted" -> routing(false, true, List.of(), Wildcard.STACK);
            case "kernel" -> routing(false, false, List.of(), Wildcard.KERNEL);
            case "both" -> routing(false, false, List.of(), Wildcard.BOTH);
            default -> routing(false, false, List.of(Cidr.parse(rule)), Wildcard.STACK);
        };
    }

    private Routing routing(
            boolean loopback, boolean unrouted, List<Cidr> networks, Wildcard wildcard) {
        return new Routing(new PassThrough(loopback, unrouted, false, networks, wildcard), engine);
    }

    @ParameterizedTest
    @CsvSource({
        "none, 127.0.0.1, STACK",
        "none, ::1, STACK",
        "none, 192.0.2.1, STACK",
        "none, 2001:db8::1, STACK",
        "loopback, 127.0.0.1, KERNEL",
        "loopback, 127.1.2.3, KERNEL",
        "loopback, 0.0.0.0, KERNEL",
        "loopback, ::1, KERNEL",
        "loopback, 192.0.2.7, KERNEL",
        "loopback, 10.0.0.2, STACK",
        "loopback, 10.0.0.1, STACK",
        "loopback, 192.0.2.1, STACK",
        "loopback, 2001:db8::1, STACK",
        "unrouted, 127.0.0.1, STACK",
        "unrouted, 10.0.0.1, STACK",
        "unrouted, 10.0.0.2, STACK",
        "unrouted, 192.0.2.1, KERNEL",
        "unrouted, 2001:db8::1, KERNEL",
        "10.0.0.0/8, 10.0.0.1, KERNEL",
        "10.0.0.0/8, 10.0.0.2, STACK",
        "10.0.0.0/8, 10.255.0.1, KERNEL",
        "10.0.0.0/8, 192.0.2.1, STACK",
        "127.0.0.0/8, 127.0.0.1, KERNEL",
    })
    void whoConnects(String rule, String address, Transport served) throws IOException {
        InetSocketAddress remote = new InetSocketAddress(address, 6888);
        assertEquals(served, routing(rule).connect(remote));
        assertEquals(served, routing(rule).send(remote, null));
    }

    @ParameterizedTest
    @CsvSource({
        "none, 0.0.0.0, STACK",
        "kernel, 0.0.0.0, KERNEL",
        "both, 0.0.0.0, BOTH",
        "both, ::, BOTH",
        "none, 127.0.0.1, STACK",
        "loopback, 127.0.0.1, KERNEL",
        "loopback, ::1, KERNEL",
        "loopback, 192.0.2.7, KERNEL",
        "loopback, 10.0.0.2, STACK",
        "loopback, 0.0.0.0, STACK",
        "unrouted, 10.0.0.2, STACK",
        "unrouted, 198.51.100.1, KERNEL",
        "10.0.0.0/8, 10.0.0.2, STACK",
        "10.0.0.0/8, 10.0.0.1, KERNEL",
    })
    void whoIsBound(String rule, String address, Transport served) {
        assertEquals(served, routing(rule).bind(new InetSocketAddress(address, 0)));
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1", "::1", "0.0.0.0", "192.0.2.7"})
    void ownServerOfTheStackWins(String address) throws IOException {
        try (ServerSocketChannel server = provider.openServerSocketChannel().bind(null)) {
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            Routing routing = routing("loopback");
            InetSocketAddress there = new InetSocketAddress(address, port);
            assertEquals(Transport.STACK, routing.connect(there));
            assertEquals(Transport.KERNEL, routing.send(there, null));
        }
    }

    @Test
    void ownDatagramSocketOfTheStackWins() throws IOException {
        try (DatagramChannel channel = provider.openDatagramChannel().bind(null)) {
            int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
            InetSocketAddress there = new InetSocketAddress("127.0.0.1", port);
            assertEquals(Transport.STACK, routing("loopback").send(there, null));
            assertEquals(Transport.KERNEL, routing("loopback").connect(there));
        }
    }

    @Test
    void theMachinesAddressLeadsToTheOwnServer() throws IOException {
        try (ServerSocketChannel server = provider.openServerSocketChannel().bind(null)) {
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            InetSocketAddress there = new InetSocketAddress("192.0.2.7", port);
            try (var client = provider.openSocketChannel()) {
                client.connect(there);
                assertEquals(there, client.getRemoteAddress());
                try (var accepted = server.accept()) {
                    assertEquals(there, accepted.getLocalAddress());
                    assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
                }
            }
        }
    }
}
