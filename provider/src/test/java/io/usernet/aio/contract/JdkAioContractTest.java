package io.usernet.aio.contract;

import java.nio.channels.spi.AsynchronousChannelProvider;
import org.junit.jupiter.api.Nested;

/** The oracle: the JDK's own provider under every contract. */
class JdkAioContractTest {
    private static final Subject JDK = AsynchronousChannelProvider::provider;

    @Nested
    class Connect extends ConnectContract {
        Connect() {
            super(JDK);
        }
    }

    @Nested
    class Accept extends AcceptContract {
        Accept() {
            super(JDK);
        }
    }

    @Nested
    class ReadWrite extends ReadWriteContract {
        ReadWrite() {
            super(JDK);
        }
    }

    @Nested
    class Timeout extends TimeoutContract {
        Timeout() {
            super(JDK);
        }
    }

    @Nested
    class Cancel extends CancelContract {
        Cancel() {
            super(JDK);
        }
    }

    @Nested
    class Handler extends HandlerContract {
        Handler() {
            super(JDK);
        }
    }

    @Nested
    class Group extends GroupContract {
        Group() {
            super(JDK);
        }
    }

    @Nested
    class Option extends OptionContract {
        Option() {
            super(JDK);
        }
    }

    @Nested
    class Load extends LoadContract {
        Load() {
            super(JDK);
        }
    }
}
