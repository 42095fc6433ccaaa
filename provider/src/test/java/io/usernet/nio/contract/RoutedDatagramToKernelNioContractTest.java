package io.usernet.nio.contract;

import io.usernet.config.PassThrough;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** Channels for datagrams, routed, and served by the kernel: the loopback and the wildcard. */
class RoutedDatagramToKernelNioContractTest {
    private static final RoutedSubject ROUTED =
            new RoutedSubject(
                    new PassThrough(true, false, false, List.of(), PassThrough.Wildcard.KERNEL));

    @BeforeAll
    static void open() {
        ROUTED.open();
    }

    @AfterAll
    static void close() {
        ROUTED.close();
    }

    @Nested
    class DatagramAddress extends DatagramAddressContract {
        DatagramAddress() {
            super(ROUTED);
        }
    }

    @Nested
    class DatagramTransfer extends DatagramTransferContract {
        DatagramTransfer() {
            super(ROUTED);
        }
    }

    @Nested
    class DatagramSelect extends DatagramSelectContract {
        DatagramSelect() {
            super(ROUTED);
        }
    }

    @Nested
    class DatagramBlocking extends DatagramBlockingContract {
        DatagramBlocking() {
            super(ROUTED);
        }
    }

    @Nested
    class DatagramOption extends DatagramOptionContract {
        DatagramOption() {
            super(ROUTED);
        }
    }

    @Nested
    class DatagramMulticast extends DatagramMulticastContract {
        DatagramMulticast() {
            super(ROUTED);
        }
    }

    @Nested
    class DatagramSocketAdaptor extends DatagramSocketAdaptorContract {
        DatagramSocketAdaptor() {
            super(ROUTED);
        }
    }
}
