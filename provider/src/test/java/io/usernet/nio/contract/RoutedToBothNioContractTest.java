package io.usernet.nio.contract;

import io.usernet.config.PassThrough;
import io.usernet.wire.Ipv4Address;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** Routed, with servers at the wildcard, which are on the stack and in the kernel. */
class RoutedToBothNioContractTest {
    private static final RoutedSubject ROUTED =
            new RoutedSubject(
                    new PassThrough(false, false, false, List.of(), PassThrough.Wildcard.BOTH)) {
                @Override
                public InetAddress serverAddress() {
                    return Ipv4Address.toInetAddress(Ipv4Address.ANY);
                }
            };

    @BeforeAll
    static void open() {
        ROUTED.open();
    }

    @AfterAll
    static void close() {
        ROUTED.close();
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

        /** Not a test here: where servers listen is the wildcard, which no connection has. */
        @Override
        void wildcardListenerIsReachedAtTheHostsAddress() {}
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
    class ServerSocketAdaptor extends ServerSocketAdaptorContract {
        ServerSocketAdaptor() {
            super(ROUTED);
        }
    }
}
