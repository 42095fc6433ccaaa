package io.usernet.nio;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.util.Arrays;

/**
 * What the kernel watches for one key: channels of the JDK's, each with a key of its own in the JDK's
 * selector. Thread-safe. The only locks that are taken under this monitor are those of a leg.
 */
final class KernelLegs {
    private static final SelectionKey[] NONE = {};

    /** Of a key that is gone. */
    static final KernelLegs ENDED = new KernelLegs(null, null);

    private final StackSelectionKey key;
    private final KernelSide side; // null: none may be watched any more

    // -- changed under this monitor
    private volatile SelectionKey[] legs = NONE;
    private boolean ended;

    // -- end of fields changed under this monitor

    KernelLegs(StackSelectionKey key, KernelSide side) {
        this.key = key;
        this.side = side;
        this.ended = side == null;
    }

    /** Watches another one. Does nothing if the key is gone, or the leg is closed. */
    synchronized void watch(SelectableChannel leg) {
        if (ended) return;
        SelectionKey legKey = register(leg);
        if (legKey == null) return;
        SelectionKey[] more = Arrays.copyOf(legs, legs.length + 1);
        more[legs.length] = legKey;
        legs = more;
        followInterest(); // if it changed meanwhile
    }

    private SelectionKey register(SelectableChannel leg) {
        while (true) {
            try {
                int ops = key.wantedOps() & leg.validOps();
                return leg.register(side.selector(), ops, key);
            } catch (CancelledKeyException e) {
                flush(); // it was unwatched a moment ago, and the one that selects has still to
                // leave
                Thread.onSpinWait();
            } catch (ClosedChannelException | ClosedSelectorException e) {
                return null; // whoever closed it cancels the key
            }
        }
    }

    /** Does nothing if it isn't watched. */
    void unwatch(SelectableChannel leg) {
        if (remove(leg)) flush();
    }

    private synchronized boolean remove(SelectableChannel leg) {
        for (int i = 0; i < legs.length; i++) {
            if (legs[i].channel() != leg) continue;
            SelectionKey[] fewer = Arrays.copyOf(legs, legs.length - 1);
            System.arraycopy(legs, i + 1, fewer, i, fewer.length - i);
            legs[i].cancel();
            legs = fewer;
            return true;
        }
        return false;
    }

    private void flush() {
        try {
            side.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Nothing is watched any more, from now on.
     *
     * @return whether something was: then the caller flushes
     */
    synchronized boolean end() {
        SelectionKey[] last = legs;
        for (SelectionKey legKey : last) legKey.cancel();
        legs = NONE;
        ended = true;
        return last.length > 0;
    }

    /**
     * The kernel looks for what the key is interested in, from its next look on. Of threads that change
     * the interest at the same time, each looks again after it has written: the last one agrees with it.
     *
     * @return whether there is a leg: then a thread that sleeps in the kernel must be woken, to look
     */
    boolean followInterest() {
        SelectionKey[] watched;
        int ops;
        do {
            ops = key.wantedOps();
            watched = legs;
            for (SelectionKey legKey : watched) follow(legKey, ops);
        } while (ops != key.wantedOps());
        return watched.length > 0;
    }

    private static void follow(SelectionKey legKey, int ops) {
        try {
            legKey.interestOps(ops & legKey.channel().validOps());
        } catch (CancelledKeyException | ClosedSelectorException e) {
            assert !legKey.isValid() || !legKey.selector().isOpen(); // then it hears nothing more
        }
    }
}
