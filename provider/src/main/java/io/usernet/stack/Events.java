package io.usernet.stack;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What happened in a turn and is worth a line in the log, kept until somebody outside of the seat
 * writes it. Bounded: what does not fit is counted. The loop adds, the I/O thread polls.
 */
final class Events {
    private static final int CAPACITY = 64;

    /**
     * Something to log.
     *
     * @param failure its cause, or null
     */
    record Event(String message, Throwable failure) {}

    private final AtomicReferenceArray<Event> ring = new AtomicReferenceArray<>(CAPACITY);
    private int added; // loop
    private int polled; // I/O thread
    private volatile int lost;

    /** In the seat. Allocates: for what is rare. */
    void add(String message, Throwable failure) {
        int slot = added % CAPACITY;
        if (ring.get(slot) != null) {
            lost = lost + 1;
            return;
        }
        ring.set(slot, new Event(message, failure));
        added = (added + 1) % CAPACITY;
    }

    /** The oldest event, or null. */
    Event poll() {
        Event event = ring.getAndSet(polled, null);
        if (event != null) polled = (polled + 1) % CAPACITY;
        return event;
    }

    /** How many events did not fit so far. */
    int lost() {
        return lost;
    }
}
