package io.usernet.samples.apps;

import java.io.IOException;

/** One application's way to put the same questions to its server. Used by one thread. */
interface Client extends AutoCloseable {
    /** Asks for {@link Payload#SMALL} so many times, on a few connections. */
    void small(int times) throws Exception;

    /** So many connections, none of which is answered before all are there; they stay open. */
    void together(int connections) throws Exception;

    /**
     * Sends so many bytes of {@link Payload}.
     *
     * @return their checksum, according to the server
     */
    long upload(int bytes) throws Exception;

    /**
     * Receives so many bytes of {@link Payload}.
     *
     * @return the checksum of what came
     */
    long download(int bytes) throws Exception;

    @Override
    void close() throws IOException;
}
