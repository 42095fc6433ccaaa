package io.usernet.link;

import io.usernet.frame.Frame;
import io.usernet.frame.Memory;

/**
 * A link to the outside. One loop owns it: all methods but {@link #wake} are called by the thread
 * that runs the stack (or, {@link #await}, waits for it), one at a time. None of them blocks, except
 * {@link #await}; none may use an interruptible channel, log, or call foreign code.
 *
 * <p>A failure that the link survives (the interface is down, a full queue) is not an exception: the
 * frame is dropped and counted, or FULL is answered. {@link LinkFailure} means that the link is gone.
 */
public interface LinkDevice extends LinkEvents {
    /** What became of a frame that was to be transmitted. */
    enum Transmit {
        /** The link is finished with it: sent, or dropped and counted. The caller releases it. */
        DONE,
        /** The link keeps it, with all its slices, and releases it later, in the loop. */
        HELD,
        /** No room now: the caller keeps it and tries again when {@link #await} says writable. */
        FULL
    }

    /** {@return what the link can do; it does not change while the link is open} */
    LinkCapabilities capabilities();

    /** {@return the addresses that the other end gives us; does not change while the link is open} */
    default LinkAddresses assigned() {
        return LinkAddresses.NONE;
    }

    /**
     * The stack says what its packet memory is, before anything else: for a link that fills slabs in
     * other threads. A decorator passes it on.
     */
    default void attach(Memory memory) {}

    /**
     * Takes the next frame off the link.
     *
     * @param into an empty frame: the link calls {@link Frame#reserve} and {@link Frame#filled}, or
     *     appends slices of memory that something holds
     * @return false if there is none now; {@code into} is as it was, or reserved and unused
     */
    boolean receive(Frame into);

    /**
     * Puts a frame on the link. The frame's bytes are not changed by it.
     *
     * @return what became of it, and so whose it is now
     */
    Transmit transmit(Frame frame);

    /** {@return frames that the link itself dropped so far, both ways} */
    default long dropped() {
        return 0;
    }
}
