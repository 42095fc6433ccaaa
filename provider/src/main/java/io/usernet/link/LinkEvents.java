package io.usernet.link;

/** What is to be waited for: the side of a link, or of several, that the loop's I/O thread sees. */
public interface LinkEvents extends AutoCloseable {
    /**
     * After a turn, by the thread that ran it, once it has left the seat: a link inside the JVM wakes
     * its peer here. Must be safe while another thread runs the next turn.
     */
    default void flush() {}

    /**
     * Waits until a frame can be received, {@link #wake} is called (also before the wait), the time is
     * over, or, if asked for, a frame can be transmitted. Level-triggered; may return early. Only the
     * loop's I/O thread calls it, without the seat.
     *
     * @param timeoutNs 0: don't wait; Long.MAX_VALUE: for ever
     */
    void await(long timeoutNs, boolean forTransmit);

    /** Ends the present or the next {@link #await}. Any thread, also inside a signal-like context. */
    void wake();

    /** Frees the link. Called once, by the I/O thread, when nobody uses it any more. */
    @Override
    void close();
}
