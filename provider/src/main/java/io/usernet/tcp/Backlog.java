package io.usernet.tcp;

import io.usernet.buffer.Post;
import io.usernet.buffer.Signals;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What an application's threads and the loop share of a listener: established connections that wait
 * to be accepted. The loop offers, one thread at a time polls; when it is closed, the loop polls too.
 */
public final class Backlog extends Post {
    /** Request: stop listening, and reset what was not accepted. */
    public static final int CLOSE = 1;

    private final AtomicReferenceArray<Stream> ring;
    private final int limit;
    private final Signals signals = new Signals();
    private volatile int offered; // by the loop
    private final AtomicInteger polled = new AtomicInteger(); // by the application
    private volatile boolean closed; // by the loop

    private Listener listener; // the loop's

    /**
     * @param limit most connections that wait, at least 1
     */
    public Backlog(int limit) {
        this.limit = limit;
        this.ring = new AtomicReferenceArray<>(Integer.highestOneBit(limit) << 1);
    }

    public Signals signals() {
        return signals;
    }

    /** Most connections that wait. */
    public int limit() {
        return limit;
    }

    /** How many connections wait now. */
    public int size() {
        return offered - polled.get();
    }

    /** The oldest connection that waits, or null. One thread at a time, and the loop after a close. */
    public Stream poll() {
        for (; ; ) {
            int at = polled.get();
            if (at == offered) return null;
            int slot = at & ring.length() - 1;
            Stream stream = ring.get(slot);
            // Whoever loses this looks again; the ring is longer than the limit, so that the slot
            // is
            // not offered again before it is cleared.
            if (!polled.compareAndSet(at, at + 1)) continue;
            ring.compareAndSet(slot, stream, null);
            return stream;
        }
    }

    /** Whether the loop no longer offers anything. */
    public boolean isClosed() {
        return closed;
    }

    // -- the loop's side

    boolean isFull() {
        return size() >= limit;
    }

    void offer(Stream stream) {
        assert !isFull() && !closed;
        ring.set(offered & ring.length() - 1, stream);
        offered++;
    }

    void publishClosed() {
        closed = true;
    }

    void attach(Listener listener) {
        this.listener = listener;
    }

    /** What the loop has for it. */
    public Listener listener() {
        return listener;
    }

    @Override
    protected void act(int what, long nowNs) {
        listener.onPosted(what, nowNs);
    }
}
