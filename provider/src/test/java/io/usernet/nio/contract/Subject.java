package io.usernet.nio.contract;

import java.net.InetAddress;
import java.nio.channels.spi.SelectorProvider;

/** A provider under the contract, and what its surroundings are like. */
interface Subject {
    SelectorProvider provider();

    /** Where servers listen; clients of the same provider reach them there. */
    default InetAddress serverAddress() {
        return InetAddress.getLoopbackAddress();
    }

    /** An address that no interface has, so that nothing can be bound to it. */
    InetAddress foreignAddress();
}
