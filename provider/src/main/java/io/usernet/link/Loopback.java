package io.usernet.link;

import io.usernet.frame.Frame;
import io.usernet.frame.Holder;
import java.util.ArrayDeque;

/**
 * The interface that leads back to the stack itself. A frame that is transmitted stays where it is;
 * what is received is another frame with the same slices, and the first goes back to its pool when the
 * last slice of the second is let go. No byte is copied, no checksum summed, nothing allocated.
 *
 * <p>Transmitting only enqueues, so that a stack never runs into itself. Confined to the loop. Not a
 * {@link LinkDevice}: nobody waits for it.
 */
public final class Loopback {
    /** Most frames on their way; more are refused. */
    public static final int CAPACITY = 1_024;

    private final FrameObserver observer; // or null
    private final ArrayDeque<Loan> unused = new ArrayDeque<>();
    private Frame first, last;
    private int queued;
    private long bytes, packets, refused;

    /**
     * One that nothing is on its way on.
     *
     * @param observer sees what is transmitted; null: nobody
     */
    public Loopback(FrameObserver observer) {
        this.observer = observer;
    }

    /** Keeps a transmitted frame until nobody looks at its slices any more. */
    private final class Loan extends Holder {
        private Frame lent;

        Loan(Frame frame) {
            lent = frame;
        }

        void lendAgain(Frame frame) {
            revive();
            lent = frame;
        }

        @Override
        protected void free() {
            Frame back = lent;
            lent = null;
            unused.addLast(this);
            back.release();
        }
    }

    /**
     * Takes a frame over, unless too many are on their way.
     *
     * @return false if it did not: the frame stays the caller's
     */
    public boolean transmit(Frame frame) {
        if (queued == CAPACITY) {
            refused++;
            return false;
        }
        bytes += frame.length();
        packets++;
        if (observer != null) observer.onFrame(frame);
        if (last == null) first = frame;
        else last.next = frame;
        last = frame;
        queued++;
        return true;
    }

    /** {@return how many bytes were transmitted so far} */
    public long bytes() {
        return bytes;
    }

    /** {@return how many frames were transmitted so far} */
    public long packets() {
        return packets;
    }

    /** {@return how many frames were refused so far, being too many} */
    public long refused() {
        return refused;
    }

    /** {@return how many frames are on their way} */
    public int queued() {
        return queued;
    }

    /**
     * Takes the oldest frame on its way.
     *
     * @param into an empty frame
     * @return false if there is none
     */
    public boolean receive(Frame into) {
        Frame sent = first;
        if (sent == null) return false;
        first = sent.next;
        if (first == null) last = null;
        sent.next = null;
        queued--;
        Loan loan = unused.pollLast();
        if (loan == null) loan = new Loan(sent);
        else loan.lendAgain(sent);
        for (int i = 0; i < sent.slices(); i++) {
            into.append(sent.region(i), loan, sent.at(i), sent.length(i));
        }
        into.checksum = Frame.Checksum.VALID;
        into.segmentSize = sent.segmentSize;
        into.copyForLink = sent.copyForLink;
        loan.release(); // the slices keep it
        return true;
    }

    /** Releases the frames on their way. */
    public void close() {
        while (first != null) {
            Frame frame = first;
            first = frame.next;
            frame.next = null;
            frame.release();
        }
        last = null;
        queued = 0;
    }
}
