package io.usernet.nio.contract;

import io.usernet.config.PassThrough;
import io.usernet.wire.Cidr;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** Routed, and served by the stack: the rules are of a network that nobody asks for. */
class RoutedToStackNioContractTest {
    private static final RoutedSubject ROUTED =
            new RoutedSubject(
                    new PassThrough(
                            false,
                            false,
                            false,
                            List.of(Cidr.parse("203.0.113.0/24")),
                            PassThrough.Wildcard.STACK));

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
