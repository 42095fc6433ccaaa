package io.usernet.aio;

import java.util.Queue;

/** The operations of one kind on a channel, of which one at a time may be under way. By the channel's lock. */
final class Lane {
    private Operation<?, ?> current; // or null
    private boolean abandoned; // no more, since nobody knows what the last one did

    boolean isBusy() {
        return current != null;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    void begin(Operation<?, ?> operation) {
        assert current == null;
        current = operation;
    }

    /** Does nothing if it is another's. */
    void end(Operation<?, ?> operation) {
        if (current == operation) current = null;
    }

    void abandon() {
        abandoned = true;
    }

    /** Or null. */
    Operation<?, ?> current() {
        return current;
    }

    void addTo(Queue<Runnable> operations) {
        if (current != null) operations.add(current);
    }
}
