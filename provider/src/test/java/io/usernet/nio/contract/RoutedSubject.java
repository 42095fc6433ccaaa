package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.config.PassThrough;
import io.usernet.config.StackConfig;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.runtime.Engine;
import io.usernet.wire.Ipv4Address;
import java.net.InetAddress;
import java.nio.channels.spi.SelectorProvider;

/** Our provider with rules of pass-through, on a stack that has the loopback alone. */
class RoutedSubject implements Subject {
    private static final long DRAIN_NS = 5_000_000_000L;

    private final SelectorProvider provider;
    private Engine engine;

    RoutedSubject(PassThrough rules) {
        this.provider = new StackSelectorProvider(() -> engine, () -> rules);
    }

    void open() {
        StackConfig config =
                StackConfig.defaults().withInline(Boolean.getBoolean("usernet.test.inline"));
        engine = Engine.open(config, null, "routed");
    }

    void close() {
        engine.close(DRAIN_NS);
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    @Override
    public SelectorProvider provider() {
        return provider;
    }

    /** TEST-NET-1 of RFC 5737. */
    @Override
    public InetAddress foreignAddress() {
        return Ipv4Address.toInetAddress(Ipv4Address.parse("192.0.2.1"));
    }
}
