package io.usernet.aio;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.util.Queue;

/** A channel of a group, as the group, its poller and its operations see it. */
interface Member {
    /** What it is made of, in non-blocking mode. */
    SelectableChannel selectable();

    /** Adds the operations under way that wait for one of these readiness operations. */
    void waitingFor(int ready, Queue<Runnable> operations);

    /** The operation is over, and another one may begin. Called with its lock. */
    void ended(Operation<?, ?> operation);

    /** The operation may have left things half done: there will be no other. Called with its lock. */
    void abandoned(Operation<?, ?> operation);

    /** Ends what is under way; no handler is called in this thread. */
    void close() throws IOException;
}
