package io.usernet.buffer;

import java.util.Arrays;

/**
 * A set of positions in a stream of bytes, kept as ranges {@code [start, end)} in ascending order.
 *
 * <pre>
 *   start(0)   end(0)     start(1)  end(1)          start(count-1)   end(count-1)
 *      [##########)          [#########)     ...          [################)
 * </pre>
 *
 * Invariant: ranges are not empty, and between two of them there is a gap. Not thread-safe.
 */
public final class RangeSet {
    private long[] starts = new long[4];
    private long[] ends = new long[4];
    private int count;
    private long size;

    /** How many ranges there are. */
    public int count() {
        return count;
    }

    /** How many positions are in the set. */
    public long size() {
        return size;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    public long start(int range) {
        return starts[range];
    }

    public long end(int range) {
        return ends[range];
    }

    /** Where the last range ends; the set must not be empty. */
    public long end() {
        return ends[count - 1];
    }

    /** Which range {@code position} is in, or -1. */
    public int find(long position) {
        int at = firstEndingAfter(position);
        return at < count && starts[at] <= position ? at : -1;
    }

    public boolean contains(long position) {
        return find(position) >= 0;
    }

    /** The first position at or after {@code position} that is not in the set. */
    public long nextGap(long position) {
        int at = find(position);
        return at < 0 ? position : ends[at];
    }

    /** The first position at or after {@code position} that is in the set, or Long.MAX_VALUE. */
    public long nextMember(long position) {
        int at = firstEndingAfter(position);
        return at == count ? Long.MAX_VALUE : Math.max(position, starts[at]);
    }

    /** How many positions of {@code [start, end)} are in the set. */
    public long covered(long start, long end) {
        long sum = 0;
        for (int i = firstEndingAfter(start); i < count && starts[i] < end; i++) {
            sum += Math.min(ends[i], end) - Math.max(starts[i], start);
        }
        return sum;
    }

    /**
     * Adds {@code [start, end)}.
     *
     * @return how many positions are new
     */
    public long add(long start, long end) {
        if (start >= end) return 0;
        long before = size;
        int from = firstEndingAfter(start - 1); // the first that the new range touches or precedes
        int to = from;
        long first = start;
        long last = end;
        while (to < count && starts[to] <= end) {
            first = Math.min(first, starts[to]);
            last = Math.max(last, ends[to]);
            size -= ends[to] - starts[to];
            to++;
        }
        replace(from, to, first, last);
        size += last - first;
        assert invariant();
        return size - before;
    }

    private void replace(int from, int to, long start, long end) {
        int grown = count - (to - from) + 1;
        if (grown > starts.length) {
            starts = Arrays.copyOf(starts, 2 * grown);
            ends = Arrays.copyOf(ends, 2 * grown);
        }
        System.arraycopy(starts, to, starts, from + 1, count - to);
        System.arraycopy(ends, to, ends, from + 1, count - to);
        starts[from] = start;
        ends[from] = end;
        count = grown;
    }

    /** Removes all positions before {@code position}. */
    public void removeBefore(long position) {
        int gone = firstEndingAfter(position);
        for (int i = 0; i < gone; i++) size -= ends[i] - starts[i];
        if (gone > 0) {
            System.arraycopy(starts, gone, starts, 0, count - gone);
            System.arraycopy(ends, gone, ends, 0, count - gone);
            count -= gone;
        }
        if (count > 0 && starts[0] < position) {
            size -= position - starts[0];
            starts[0] = position;
        }
        assert invariant();
    }

    public void clear() {
        count = 0;
        size = 0;
    }

    private int firstEndingAfter(long position) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = low + high >>> 1;
            if (ends[middle] > position) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private boolean invariant() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            assert starts[i] < ends[i] : this;
            assert i == 0 || ends[i - 1] < starts[i] : this;
            sum += ends[i] - starts[i];
        }
        assert sum == size : this;
        return true;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : " ").append(starts[i]).append("..").append(ends[i]);
        }
        return text.toString();
    }
}
