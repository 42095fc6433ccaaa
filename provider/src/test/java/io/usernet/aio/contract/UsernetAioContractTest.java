package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.aio.AioProvider;
import io.usernet.config.StackConfig;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.runtime.Engine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/**
 * Our provider under every contract, over the stack's own loopback. Its I/O thread runs the stack, or,
 * with {@code -Dusernet.test.inline=true}, whoever posts.
 */
class UsernetAioContractTest {
    private static final long DRAIN_NS = 5_000_000_000L;

    private static Engine engine;

    private static final AioProvider PROVIDER =
            new AioProvider(new StackSelectorProvider(() -> engine));
    private static final Subject USERNET = () -> PROVIDER;

    @BeforeAll
    static void open() {
        StackConfig config =
                StackConfig.defaults().withInline(Boolean.getBoolean("usernet.test.inline"));
        engine = Engine.open(config, null, "contract");
    }

    @AfterAll
    static void close() {
        PROVIDER.close();
        engine.close(DRAIN_NS);
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    @Nested
    class Connect extends ConnectContract {
        Connect() {
            super(USERNET);
        }
    }

    @Nested
    class Accept extends AcceptContract {
        Accept() {
            super(USERNET);
        }
    }

    @Nested
    class ReadWrite extends ReadWriteContract {
        ReadWrite() {
            super(USERNET);
        }
    }

    @Nested
    class Timeout extends TimeoutContract {
        Timeout() {
            super(USERNET);
        }
    }

    @Nested
    class Cancel extends CancelContract {
        Cancel() {
            super(USERNET);
        }
    }

    @Nested
    class Handler extends HandlerContract {
        Handler() {
            super(USERNET);
        }
    }

    @Nested
    class Group extends GroupContract {
        Group() {
            super(USERNET);
        }
    }

    @Nested
    class Option extends OptionContract {
        Option() {
            super(USERNET);
        }
    }

    @Nested
    class Load extends LoadContract {
        Load() {
            super(USERNET);
        }
    }
}
