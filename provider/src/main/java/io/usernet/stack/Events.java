package io.usernet.stack;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;

/**
 * What happened in a turn and is worth a line in the log. The loop adds, and a thread that exists only
 * while there is something to say writes: a log is foreign code, and may itself write to a socket of
 * this stack, so neither a turn nor the I/O thread can wait for it. Bounded: what does not fit is
 * counted.
 */
final class Events {
    private static final int CAPACITY = 64;

    private record Event(String message, Throwable failure) {}

    private final BiConsumer<String, Throwable> log;
    private final AtomicReferenceArray<Event> ring = new AtomicReferenceArray<>(CAPACITY);
    private final AtomicBoolean writing = new AtomicBoolean();
    private int added; // loop
    private int polled; // whoever set `writing`
    private int lostSaid; // whoever set `writing`
    private volatile int lost; // by the loop

    /**
     * @param log takes a message, and its cause or null; may block
     */
    Events(BiConsumer<String, Throwable> log) {
        this.log = log;
    }

    /** In the seat. Allocates: for what is rare. */
    void add(String message, Throwable failure) {
        if (ring.get(added) != null) {
            lost = lost + 1;
            return;
        }
        ring.set(added, new Event(message, failure));
        added = (added + 1) % CAPACITY;
    }

    /** Has another thread write what there is, if there is anything. Outside of the seat. */
    void writeLater() {
        if (!hasNews() || !writing.compareAndSet(false, true)) return;
        Thread thread = new Thread(this::write, "usernet-log");
        thread.setDaemon(true);
        thread.start();
    }

    private boolean hasNews() {
        return ring.get(polled) != null || lost != lostSaid;
    }

    private void write() {
        do {
            try {
                drain();
            } finally {
                writing.set(false);
            }
        } while (hasNews() && writing.compareAndSet(false, true));
    }

    private void drain() {
        for (Event e = ring.getAndSet(polled, null); e != null; e = ring.getAndSet(polled, null)) {
            polled = (polled + 1) % CAPACITY;
            log.accept(e.message(), e.failure());
        }
        int now = lost;
        if (now != lostSaid) log.accept((now - lostSaid) + " events not logged", null);
        lostSaid = now;
    }
}
