package io.usernet.tcp;

/**
 * What was sent and is not acknowledged, segment by segment: the scoreboard of RFC 6675, with the
 * transmission times that RFC 8985 section 5.1 asks for.
 *
 * <pre>
 *    start                    sentAgainEnd             end
 *      | SACKed | lost | in the network | in the network |
 *        0        1      2                 3                 index
 * </pre>
 *
 * Each segment is in the network, SACKed or lost; one that is sent again is in the network again. So
 * the bytes in the network ({@link #pipe}) are what is neither SACKed nor lost. Segments are in order
 * of position, without gaps. Those never sent again are in order of time too.
 *
 * <p>A SACK block counts for the segments that it covers whole: receivers report merged ranges, and a
 * peer that makes blocks of single bytes cannot make segments of them.
 */
final class InFlight {
    /** Most segments; nothing new is sent beyond. Far above any window of full segments. */
    static final int MOST = 1 << 17;

    static final long NEVER = Long.MAX_VALUE;

    private static final int SACKED = 1, LOST = 2, SENT_AGAIN = 4;

    private static final int INITIAL_CAPACITY = 16;

    // Segment i is at first + i. The arrays slide to the left when they are full, so that a segment
    // costs no allocation in the long run.
    private long[] ends = new long[INITIAL_CAPACITY];
    private long[] sentNs = new long[INITIAL_CAPACITY];
    private byte[] marks = new byte[INITIAL_CAPACITY];
    private int first, count;
    private long start; // of the first segment
    private long sacked, lost; // bytes
    private int sackedSegments;
    private long lostFrom; // nothing before it is lost
    private long sentAgainEnd; // behind the last segment that was sent again

    // -- getters

    int count() {
        return count;
    }

    boolean isFull() {
        return count >= MOST;
    }

    /** Where the first segment begins: SND.UNA. */
    long start() {
        return start;
    }

    long start(int i) {
        return i == 0 ? start : ends[first + i - 1];
    }

    long end(int i) {
        return ends[first + i];
    }

    /** Where the last segment ends. */
    long end() {
        return count == 0 ? start : ends[first + count - 1];
    }

    /** When it was sent last. */
    long sentNs(int i) {
        return sentNs[first + i];
    }

    boolean isSacked(int i) {
        return (marks[first + i] & SACKED) != 0;
    }

    boolean isLost(int i) {
        return (marks[first + i] & LOST) != 0;
    }

    boolean isSentAgain(int i) {
        return (marks[first + i] & SENT_AGAIN) != 0;
    }

    int sackedSegments() {
        return sackedSegments;
    }

    /** Bytes that are lost and were not sent again since. */
    long lost() {
        return lost;
    }

    /** Bytes that ever arrived at the peer, in order or not. */
    long delivered() {
        return start + sacked;
    }

    /** Behind the last segment that was ever sent again; may lie before {@link #start}. */
    long sentAgainEnd() {
        return sentAgainEnd;
    }

    /** Bytes that are believed to be in the network. */
    int pipe() {
        return (int) (end() - start - sacked - lost);
    }

    /** Which segment holds {@code position}, which is in [start, end); or {@code count} behind. */
    int find(long position) {
        int low = first;
        int high = first + count;
        while (low < high) {
            int middle = low + high >>> 1;
            if (ends[middle] > position) high = middle;
            else low = middle + 1;
        }
        return low - first;
    }

    /** Where the first lost segment begins, or {@link #NEVER}. */
    long nextLost() {
        if (lost == 0) return NEVER;
        int i = find(Math.max(lostFrom, start));
        while (!isLost(i)) i++;
        lostFrom = start(i);
        return lostFrom;
    }

    /** How many bytes from {@code position} on, at most about {@code most}, are lost. */
    int lostRun(long position, int most) {
        int i = find(position);
        while (i < count && isLost(i) && start(i) - position < most) i++;
        return (int) Math.max(0, start(i) - position);
    }

    // -- events

    /** New segment up to {@code end}. */
    void sent(long end, long nowNs) {
        assert end > end();
        if (first + count == ends.length) makeRoom();
        int at = first + count++;
        ends[at] = end;
        sentNs[at] = nowNs;
        marks[at] = 0;
    }

    /** {@code [from, to)} is in the network again. */
    void sentAgain(long from, long to, long nowNs) {
        int i = split(from);
        for (; i < count && start(i) < to; i++) {
            if (end(i) > to) split(to);
            assert !isSacked(i);
            if (isLost(i)) lost -= length(i);
            marks[first + i] = SENT_AGAIN;
            sentNs[first + i] = nowNs;
        }
        sentAgainEnd = Math.max(sentAgainEnd, to);
    }

    void sack(int i) {
        assert !isSacked(i);
        if (isLost(i)) lost -= length(i);
        marks[first + i] = (byte) (marks[first + i] & ~LOST | SACKED);
        sacked += length(i);
        sackedSegments++;
    }

    void lose(int i) {
        if ((marks[first + i] & (LOST | SACKED)) != 0) return;
        marks[first + i] |= LOST;
        lost += length(i);
        lostFrom = Math.min(lostFrom, start(i));
    }

    /** All that is not SACKED is lost. */
    void loseAll() {
        for (int i = 0; i < count; i++) lose(i);
    }

    /**
     * RFC 6675 IsLost: what has {@code dupThresh} SACKed segments behind it is lost, unless it was sent
     * again.
     */
    void loseBehind(int dupThresh) {
        if (sackedSegments < dupThresh) return;
        int seen = 0;
        for (int i = count - 1; i >= 0; i--) {
            if (isSacked(i)) seen++;
            else if (seen >= dupThresh && !isSentAgain(i)) lose(i);
        }
    }

    /** Nothing is lost after all: it is all on its way. */
    void loseNothing() {
        for (int i = 0; lost > 0; i++) {
            if (!isLost(i)) continue;
            marks[first + i] &= ~LOST;
            lost -= length(i);
        }
    }

    /** The peer took its word back (RFC 2018 section 8). */
    void forgetSacks() {
        for (int i = 0; i < count; i++) marks[first + i] &= ~SACKED;
        sacked = sackedSegments = 0;
    }

    /** Everything before {@code position} is acknowledged. */
    void removeBefore(long position) {
        while (count > 0 && ends[first] <= position) {
            forget(length(0));
            if (isSacked(0)) sackedSegments--;
            start = ends[first++];
            count--;
        }
        if (count > 0) forget(position - start);
        else first = 0;
        start = Math.max(start, position);
        lostFrom = Math.max(lostFrom, start);
    }

    private void forget(long bytes) {
        if (isSacked(0)) sacked -= bytes;
        if (isLost(0)) lost -= bytes;
    }

    private long length(int i) {
        return end(i) - start(i);
    }

    /** Makes a segment begin at {@code position}; answers which. */
    private int split(long position) {
        int i = find(position);
        if (i == count || start(i) == position) return i;
        if (first + count == ends.length) makeRoom();
        int at = first + i;
        System.arraycopy(ends, at, ends, at + 1, count - i);
        System.arraycopy(sentNs, at, sentNs, at + 1, count - i);
        System.arraycopy(marks, at, marks, at + 1, count - i);
        ends[at] = position;
        if (isSacked(i)) sackedSegments++;
        count++;
        return i + 1;
    }

    private void makeRoom() {
        int capacity = count > ends.length / 2 ? 2 * ends.length : ends.length;
        ends = moved(ends, capacity == ends.length ? ends : new long[capacity]);
        sentNs = moved(sentNs, capacity == sentNs.length ? sentNs : new long[capacity]);
        byte[] to = capacity == marks.length ? marks : new byte[capacity];
        System.arraycopy(marks, first, to, 0, count);
        marks = to;
        first = 0;
    }

    private long[] moved(long[] from, long[] to) {
        System.arraycopy(from, first, to, 0, count);
        return to;
    }

    /** The sums are those of the segments. */
    boolean invariant() {
        long sackedSum = 0;
        long lostSum = 0;
        int segments = 0;
        for (int i = 0; i < count; i++) {
            assert start(i) < end(i) : this;
            assert !(isSacked(i) && isLost(i)) : this;
            assert !isLost(i) || end(i) > lostFrom : lostFrom + " " + this;
            assert isSentAgain(i) || i == 0 || isSentAgain(i - 1) || sentNs(i) >= sentNs(i - 1)
                    : this;
            if (isSacked(i)) {
                sackedSum += length(i);
                segments++;
            }
            if (isLost(i)) lostSum += length(i);
        }
        assert sackedSum == sacked && lostSum == lost && segments == sackedSegments : this;
        assert pipe() >= 0 : this;
        return true;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("sacked=" + sacked + " lost=" + lost);
        for (int i = 0; i < count; i++) {
            text.append(' ').append(start(i)).append("..").append(end(i));
            if (isSacked(i)) text.append('S');
            if (isLost(i)) text.append('L');
            if (isSentAgain(i)) text.append('R');
        }
        return text.toString();
    }
}
