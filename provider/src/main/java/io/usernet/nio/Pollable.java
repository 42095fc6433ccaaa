package io.usernet.nio;

import java.io.IOException;

/** What a selector needs of a channel: all selectable channels of this package are one. */
interface Pollable {
    /**
     * Which of some operations would not block now, computed from the queues. Any thread, in the seat
     * too: takes no lock.
     *
     * @param ops bits of SelectionKey
     */
    int ready(int ops);

    /** From now on the key hears of changes. The selector then looks once itself. */
    void attach(StackSelectionKey key);

    /** The key is gone. */
    void detach(StackSelectionKey key);

    /**
     * A key of the channel's was deregistered, by the thread that selects or closes the selector. If the
     * channel was closed, and no selector has it any more, what its close left is done here.
     */
    default void deregistered() throws IOException {}
}
