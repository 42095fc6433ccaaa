package io.usernet.nio;

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
}
