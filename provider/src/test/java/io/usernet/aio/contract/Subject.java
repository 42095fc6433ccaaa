package io.usernet.aio.contract;

import java.net.InetAddress;
import java.nio.channels.spi.AsynchronousChannelProvider;

/** A provider under the contract. */
interface Subject {
    AsynchronousChannelProvider provider();

    /** Where servers listen; clients of the same provider reach them there. */
    default InetAddress serverAddress() {
        return InetAddress.getLoopbackAddress();
    }
}
