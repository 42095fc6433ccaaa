package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.aio.AioProvider;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** Ours on the JDK's non-blocking channels: it needs nothing of a provider but its API. */
class KernelAioContractTest {
    private static final AioProvider PROVIDER = new AioProvider(SelectorProvider.provider());
    private static final Subject KERNEL = () -> PROVIDER;

    @AfterAll
    static void close() {
        PROVIDER.close();
    }

    @Nested
    class Connect extends ConnectContract {
        Connect() {
            super(KERNEL);
        }
    }

    @Nested
    class Accept extends AcceptContract {
        Accept() {
            super(KERNEL);
        }
    }

    @Nested
    class ReadWrite extends ReadWriteContract {
        ReadWrite() {
            super(KERNEL);
        }

        /** The JDK's channel that a selector has is reset when that selects again. */
        @Override
        void seesTheClose(Future<Integer> peerReading) throws Exception {
            assertEquals(-1, result(peerReading));
        }
    }

    @Nested
    class Timeout extends TimeoutContract {
        Timeout() {
            super(KERNEL);
        }
    }

    @Nested
    class Cancel extends CancelContract {
        Cancel() {
            super(KERNEL);
        }
    }

    @Nested
    class Handler extends HandlerContract {
        Handler() {
            super(KERNEL);
        }
    }

    @Nested
    class Group extends GroupContract {
        Group() {
            super(KERNEL);
        }
    }

    @Nested
    class Option extends OptionContract {
        Option() {
            super(KERNEL);
        }
    }

    @Nested
    class Load extends LoadContract {
        Load() {
            super(KERNEL);
        }
    }
}
