package io.usernet.nio.contract;

import io.usernet.config.PassThrough;
import io.usernet.wire.Cidr;
import java.util.List;

/** Routed, and served by the stack: the rules are of a network that nobody asks for. */
class RoutedToStackNioContractTest extends RoutedNioContract {
    RoutedToStackNioContractTest() {
        super(
                new PassThrough(
                        false,
                        false,
                        false,
                        List.of(Cidr.parse("203.0.113.0/24")),
                        PassThrough.Wildcard.STACK));
    }
}
