package io.usernet.samples.apps;

import java.util.ArrayList;
import java.util.List;

/** Requests that wait for one another, of a server. Any thread. */
final class Meeting {
    private final List<Runnable> waiting = new ArrayList<>();

    /** Answers all of them, on the thread of the last one, once so many have come. */
    void join(int expected, Runnable answer) {
        List<Runnable> all;
        synchronized (waiting) {
            waiting.add(answer);
            if (waiting.size() < expected) return;
            all = List.copyOf(waiting);
            waiting.clear();
        }
        all.forEach(Runnable::run);
    }
}
