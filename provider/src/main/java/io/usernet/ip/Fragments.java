package io.usernet.ip;

import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;

/**
 * What becomes of fragments. We never send any (DF is set), announce an MSS that needs none, and so
 * only a host that ignores both can send us one: each is dropped and counted.
 */
final class Fragments {
    private final Counters counters;

    Fragments(Counters counters) {
        this.counters = counters;
    }

    /**
     * A fragment came in.
     *
     * @param in begins with the IP header
     * @return whether {@code in} is now a whole datagram
     */
    boolean accept(Frame in) {
        counters.increment(Counter.IP_REASM_FAILS);
        return false;
    }
}
