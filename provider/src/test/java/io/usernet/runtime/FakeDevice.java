package io.usernet.runtime;

import io.usernet.frame.Frame;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import java.util.concurrent.atomic.AtomicInteger;

/** A device with a count for a queue. Any use of it after it was closed is remembered. */
final class FakeDevice implements LinkDevice {
    private int frames; // under this monitor, as all below
    private boolean woken;
    private boolean writable = true;
    private boolean closed;
    private boolean awaiting;
    private boolean awaitingRoom;
    private int awaits;
    private int closes;
    private String usedAfterClose;
    private RuntimeException failure;
    final AtomicInteger flushes = new AtomicInteger();

    private void used(String how) {
        if (closed && usedAfterClose == null) usedAfterClose = how;
    }

    /** A frame arrives. */
    synchronized void arrive() {
        frames++;
        notifyAll();
    }

    /** In the core's turn: how many of at most {@code limit} frames there are. */
    synchronized int take(int limit) {
        used("receive");
        int n = Math.min(limit, frames);
        frames -= n;
        return n;
    }

    synchronized void writable(boolean now) {
        writable = now;
        notifyAll();
    }

    /** The next await fails. */
    synchronized void fail(RuntimeException with) {
        failure = with;
        notifyAll();
    }

    /** Waits until the I/O thread sleeps here. */
    synchronized void untilAwaited() throws InterruptedException {
        while (!awaiting) wait(20_000);
    }

    /** Waits until the I/O thread sleeps here, and wants to hear of room too. */
    synchronized void untilAwaitedForRoom() throws InterruptedException {
        while (!awaitingRoom) wait(20_000);
    }

    synchronized int awaits() {
        return awaits;
    }

    synchronized int closes() {
        return closes;
    }

    synchronized String usedAfterClose() {
        return usedAfterClose;
    }

    @Override
    public LinkCapabilities capabilities() {
        return new LinkCapabilities("fake", 3, 1500, 0, false, 0);
    }

    @Override
    public boolean receive(Frame into) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Transmit transmit(Frame frame) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void flush() {
        flushes.incrementAndGet();
        synchronized (this) {
            used("flush");
        }
    }

    @Override
    public synchronized void await(long timeoutNs, boolean forTransmit) {
        used("await");
        awaits++;
        long until = System.nanoTime() + timeoutNs;
        awaiting = true;
        awaitingRoom = forTransmit;
        notifyAll();
        try {
            while (frames == 0 && !woken && !(forTransmit && writable) && failure == null) {
                if (timeoutNs == Long.MAX_VALUE) {
                    wait();
                    continue;
                }
                long left = until - System.nanoTime();
                if (left <= 0) break;
                wait(left / 1_000_000, (int) (left % 1_000_000));
            }
            if (failure != null) throw failure;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            woken = false;
            awaiting = awaitingRoom = false;
        }
    }

    @Override
    public synchronized void wake() {
        used("wake");
        woken = true;
        notifyAll();
    }

    @Override
    public synchronized void close() {
        closed = true;
        closes++;
    }
}
