package io.usernet.samples.apps;

import java.net.InetSocketAddress;

/** A server and its client, made of one library. */
interface Application {
    /**
     * Starts the server.
     *
     * @return what ends it, and all of its threads
     */
    AutoCloseable serve(InetSocketAddress at) throws Exception;

    Client connect(InetSocketAddress server) throws Exception;
}
