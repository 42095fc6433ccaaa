package io.usernet.tcp;

import io.usernet.buffer.Post;
import io.usernet.buffer.ThreadWaiter;
import io.usernet.buffer.Wakeups;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A peer's wish to connect to where nobody listens, until somebody has decided about it: its SYN is not
 * answered before. What the deciding thread and the loop share.
 */
public final class Flow extends Post {
    /**
     * Requests of whoever has the decision: complete the handshake; answer with a reset; forget it,
     * also after ACCEPT, with the connection if there is one by then.
     */
    public static final int ACCEPT = 1, REJECT = 2, FORGET = 4;

    /** Who carries decisions out; in the loop. */
    public interface Owner {
        /** A request came while the handshake goes on. */
        void decided(Flow flow, int request, long nowNs);

        /** Nobody wants the connection, which is there already. */
        void unwanted(Stream stream);
    }

    private final FourTuple tuple;
    private final Owner owner;
    private final ThreadWaiter waiter = new ThreadWaiter();
    private final AtomicBoolean claimed = new AtomicBoolean();
    private HalfOpen halfOpen; // the loop's
    private volatile Stream stream; // by the loop, once established
    private volatile boolean ended; // by the loop: there is no handshake any more

    public Flow(FourTuple tuple, Owner owner) {
        this.tuple = tuple;
        this.owner = owner;
    }

    /** Any thread. */
    public FourTuple tuple() {
        return tuple;
    }

    /** True for the one caller that decides; any thread. */
    public boolean claim() {
        return claimed.compareAndSet(false, true);
    }

    /** The connection, once the handshake is complete, or null; any thread. */
    public Stream stream() {
        return stream;
    }

    /** Whether {@link #stream} is there, or never will be; any thread. */
    public boolean isOver() {
        return ended;
    }

    /** The place of the thread that waits for {@link #isOver}; callers exclude one another. */
    public ThreadWaiter waiter() {
        return waiter;
    }

    // -- the loop's

    void attach(HalfOpen handshake) {
        halfOpen = handshake;
    }

    /** The handshake, as long as it goes on; also for a while afterwards. */
    public HalfOpen halfOpen() {
        return halfOpen;
    }

    void established(Stream connected, Wakeups wakeups) {
        stream = connected;
        end(wakeups);
    }

    void end(Wakeups wakeups) {
        ended = true;
        if (waiter.claim()) wakeups.add(waiter);
    }

    @Override
    protected void act(int what, long nowNs) {
        if (!ended) owner.decided(this, what, nowNs);
        else if (stream != null && (what & FORGET) != 0) owner.unwanted(stream);
    }
}
