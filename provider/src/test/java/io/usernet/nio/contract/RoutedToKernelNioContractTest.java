package io.usernet.nio.contract;

import io.usernet.config.PassThrough;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Routed, and served by the kernel: whatever is on the loopback. */
class RoutedToKernelNioContractTest {
    private static final RoutedSubject ROUTED =
            new RoutedSubject(
                    new PassThrough(true, false, false, List.of(), PassThrough.Wildcard.STACK));

    @BeforeAll
    static void open() {
        ROUTED.open();
    }

    @AfterAll
    static void close() {
        ROUTED.close();
    }

    @Nested
    class SocketChannelConnect extends SocketChannelConnectContract {
        SocketChannelConnect() {
            super(ROUTED);
        }
    }

    @Nested
    class ReadWrite extends ReadWriteContract {
        ReadWrite() {
            super(ROUTED);
        }
    }

    @Nested
    class AsynchronousClose extends AsynchronousCloseContract {
        AsynchronousClose() {
            super(ROUTED);
        }
    }

    @Nested
    class RegisteredClose extends RegisteredCloseContract {
        RegisteredClose() {
            super(ROUTED);
        }

        /** A channel of the JDK's that is blocking again has left the JDK's selector. */
        @Override
        @Test
        void inBlockingModeAgainItSaysNothingUntilTheSelection() throws Exception {
            closeInBlockingModeAgain();
            assertPeerIsReset();
        }
    }

    @Nested
    class Interrupt extends InterruptContract {
        Interrupt() {
            super(ROUTED);
        }
    }

    @Nested
    class ServerSocketChannel extends ServerSocketChannelContract {
        ServerSocketChannel() {
            super(ROUTED);
        }
    }

    @Nested
    class Selector extends SelectorContract {
        Selector() {
            super(ROUTED);
        }
    }

    @Nested
    class Select extends SelectContract {
        Select() {
            super(ROUTED);
        }
    }

    @Nested
    class SelectorConcurrency extends SelectorConcurrencyContract {
        SelectorConcurrency() {
            super(ROUTED);
        }
    }

    @Nested
    class SocketAdaptor extends SocketAdaptorContract {
        SocketAdaptor() {
            super(ROUTED);
        }
    }

    @Nested
    class ServerSocketAdaptor extends ServerSocketAdaptorContract {
        ServerSocketAdaptor() {
            super(ROUTED);
        }
    }

    @Nested
    class SocketOption extends SocketOptionContract {
        SocketOption() {
            super(ROUTED);
        }
    }
}
