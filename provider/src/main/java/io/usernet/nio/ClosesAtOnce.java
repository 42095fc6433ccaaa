package io.usernet.nio;

import java.io.IOException;

/**
 * A channel that can be closed as one that no selector has, although one does. Asynchronous channels,
 * whose selector is nobody's business, are closed so.
 */
public interface ClosesAtOnce {
    /** Any thread. */
    void closeAtOnce() throws IOException;
}
