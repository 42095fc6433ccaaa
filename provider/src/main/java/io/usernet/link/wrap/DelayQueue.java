package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import java.util.Arrays;

/**
 * Frames by the time at which they are due; those of equal times in the order in which they came. A
 * binary heap, whose entries are used again. Confined to the loop.
 */
final class DelayQueue {
    /** No frame is due, ever. */
    static final long NEVER = Long.MAX_VALUE;

    private static final int INITIAL = 64;

    private static final class Entry {
        long dueNs;
        long order;
        Frame frame;
        boolean corrupted;

        boolean isBefore(Entry other) {
            return dueNs != other.dueNs ? dueNs < other.dueNs : order < other.order;
        }
    }

    // heap[0..size): entry i is not before entry (i - 1) / 2; behind them, entries to use again.
    private Entry[] heap = new Entry[0];
    private int size;
    private long added;

    int size() {
        return size;
    }

    /** When the first frame is due, or NEVER. */
    long dueNs() {
        return size == 0 ? NEVER : heap[0].dueNs;
    }

    /** The first frame; there is one. */
    Frame first() {
        return heap[0].frame;
    }

    boolean isFirstCorrupted() {
        return heap[0].corrupted;
    }

    void add(Frame frame, long dueNs, boolean corrupted) {
        if (size == heap.length) grow();
        Entry entry = heap[size];
        entry.dueNs = dueNs;
        entry.order = added++;
        entry.frame = frame;
        entry.corrupted = corrupted;
        int i = size++;
        for (int above = i - 1 >> 1; i > 0 && entry.isBefore(heap[above]); above = i - 1 >> 1) {
            heap[i] = heap[above];
            i = above;
        }
        heap[i] = entry;
    }

    /** Doubles the room: rare, and never more than the limit of the impairment needs. */
    private void grow() {
        int room = Math.max(INITIAL, heap.length * 2);
        int had = heap.length;
        heap = Arrays.copyOf(heap, room);
        for (int i = had; i < room; i++) heap[i] = new Entry();
    }

    /** Takes the first frame out; there is one. */
    Frame poll() {
        Entry free = heap[0];
        Entry last = heap[--size];
        int i = 0;
        for (int child = 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1].isBefore(heap[child])) child++;
            if (!heap[child].isBefore(last)) break;
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = last;
        heap[size] = free;
        Frame frame = free.frame;
        free.frame = null;
        return frame;
    }
}
