package io.usernet.buffer;

import io.usernet.frame.Holder;
import io.usernet.frame.Region;

/**
 * The slots of a queue of datagrams: a slot for each slice, those of a datagram in a row. One
 * producer, one consumer; positions count slots from 0, and who may look at which, the queue around it
 * says. Where a run of slots is full, a larger one is linked behind it: so a queue that is never long
 * is small, and one that was long allocates no more.
 *
 * <pre>
 *          run 1 (full, left when consumed)      run 2 (larger)
 *   positions  ... | 5 | 6 | 7 | ---- next ----&gt; | 8 | 9 | ...
 * </pre>
 */
final class SliceRing {
    private static final int FIRST_RUN = 8, LARGEST_RUN = 1 << 12;

    /** Slots beginning with position {@code first}, used over and over until there is a next run. */
    static final class Run {
        final long first;
        final int mask;
        final Region[] region; // null: a slice without bytes
        final Holder[] holder;
        final int[] at;
        final int[] length;

        // Of a datagram; valid in its first slot.
        final int[] slices;
        final int[] charge;
        final long[] peer;
        final long[] how;

        private Run next; // set before a position in it is published

        Run(long first, int slots) {
            this.first = first;
            mask = slots - 1;
            region = new Region[slots];
            holder = new Holder[slots];
            at = new int[slots];
            length = new int[slots];
            slices = new int[slots];
            charge = new int[slots];
            peer = new long[slots];
            how = new long[slots];
        }

        int index(long position) {
            return (int) position & mask;
        }
    }

    final Run first = new Run(0, FIRST_RUN);
    private Run last = first; // the producer's

    /**
     * For the producer: the run with the slot for the next position.
     *
     * @param freed all slots before this position can be used again
     */
    Run forWriting(long position, long freed) {
        Run run = last;
        if (position - Math.max(freed, run.first) <= run.mask) return run;
        Run more = new Run(position, Math.min(2 * run.mask + 2, LARGEST_RUN));
        run.next = more;
        last = more;
        return more;
    }

    /** For whoever comes behind: the run with a published position, at or after the one he was in. */
    static Run find(Run from, long position) {
        Run run = from;
        for (Run next = run.next; next != null && next.first <= position; next = run.next) {
            run = next;
        }
        return run;
    }
}
