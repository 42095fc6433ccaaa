package io.usernet.nio.contract;

import io.usernet.config.PassThrough;
import io.usernet.config.PassThrough.Wildcard;
import io.usernet.wire.Cidr;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** The oracle's tables, for channels of the stack, and for routed ones, whoever serves them. */
class OracleTablesTest {
    private static PassThrough rules(boolean loopback, List<Cidr> networks, Wildcard wildcard) {
        return new PassThrough(loopback, false, false, networks, wildcard);
    }

    @Nested
    class OnTheStack extends OracleTables {
        OnTheStack() {
            super(new RoutedSubject(PassThrough.NONE));
        }
    }

    /** The rules are of a network that nobody asks for. */
    @Nested
    class RoutedToTheStack extends OracleTables {
        RoutedToTheStack() {
            super(
                    new RoutedSubject(
                            rules(false, List.of(Cidr.parse("203.0.113.0/24")), Wildcard.STACK)));
        }
    }

    @Nested
    class RoutedToTheKernel extends OracleTables {
        RoutedToTheKernel() {
            super(new RoutedSubject(rules(true, List.of(), Wildcard.KERNEL)));
        }
    }
}
