package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.config.PassThrough;
import io.usernet.config.StackConfig;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.runtime.Engine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** Channels of TCP that are routed, by one set of rules, under every contract of theirs. */
abstract class RoutedNioContract {
    private static final long DRAIN_NS = 5_000_000_000L;

    private static Engine engine;

    private final Subject subject;

    RoutedNioContract(PassThrough rules) {
        this.subject =
                new UsernetNioContractTest.OnLoopback(
                        new StackSelectorProvider(() -> engine, rules));
    }

    @BeforeAll
    static void open() {
        StackConfig config =
                StackConfig.defaults().withInline(Boolean.getBoolean("usernet.test.inline"));
        engine = Engine.open(config, null, "routed");
    }

    @AfterAll
    static void close() {
        engine.close(DRAIN_NS);
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    @Nested
    class SocketChannelConnect extends SocketChannelConnectContract {
        SocketChannelConnect() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class ReadWrite extends ReadWriteContract {
        ReadWrite() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class AsynchronousClose extends AsynchronousCloseContract {
        AsynchronousClose() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class Interrupt extends InterruptContract {
        Interrupt() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class ServerSocketChannel extends ServerSocketChannelContract {
        ServerSocketChannel() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class Selector extends SelectorContract {
        Selector() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class Select extends SelectContract {
        Select() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class SelectorConcurrency extends SelectorConcurrencyContract {
        SelectorConcurrency() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class SocketAdaptor extends SocketAdaptorContract {
        SocketAdaptor() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class ServerSocketAdaptor extends ServerSocketAdaptorContract {
        ServerSocketAdaptor() {
            super(RoutedNioContract.this.subject);
        }
    }

    @Nested
    class SocketOption extends SocketOptionContract {
        SocketOption() {
            super(RoutedNioContract.this.subject);
        }
    }
}
