package io.usernet.nio.contract;

import io.usernet.config.PassThrough;
import java.util.List;

/** Routed, and served by the kernel: whatever is on the loopback. */
class RoutedToKernelNioContractTest extends RoutedNioContract {
    RoutedToKernelNioContractTest() {
        super(new PassThrough(true, false, false, List.of(), PassThrough.Wildcard.STACK));
    }
}
