package io.usernet.metrics;

/**
 * What an impairment did to the frames of a link so far. A snapshot; each number is exact, but a turn
 * may run between two of them.
 */
public record ImpairmentCounts(Direction in, Direction out) {
    /** Nothing happened yet. */
    public static final ImpairmentCounts NONE =
            new ImpairmentCounts(Direction.NONE, Direction.NONE);

    /** {@return the sum, such as that of two links} */
    public ImpairmentCounts plus(ImpairmentCounts other) {
        return new ImpairmentCounts(in.plus(other.in), out.plus(other.out));
    }

    /**
     * One direction. What came in and its duplicates have passed, are lost, overflowed or partitioned,
     * or are still {@link #waiting}.
     *
     * @param frames came to the impairment
     * @param passed went on, late, twice or corrupted as they may be
     * @param lost dropped: {@code loss}
     * @param overflowed dropped: {@code limit} frames were delayed already, or there was no memory that
     *     outlives the turn
     * @param partitioned dropped: from or to a peer that is cut off
     * @param duplicated copies made
     * @param delayed had to wait: {@code delay}, {@code jitter} or {@code rate}
     * @param reordered were not delayed: {@code reorder}
     * @param corrupted went on with one bit wrong
     */
    public record Direction(
            long frames,
            long passed,
            long lost,
            long overflowed,
            long partitioned,
            long duplicated,
            long delayed,
            long reordered,
            long corrupted) {
        static final Direction NONE = new Direction(0, 0, 0, 0, 0, 0, 0, 0, 0);

        Direction plus(Direction other) {
            return new Direction(
                    frames + other.frames,
                    passed + other.passed,
                    lost + other.lost,
                    overflowed + other.overflowed,
                    partitioned + other.partitioned,
                    duplicated + other.duplicated,
                    delayed + other.delayed,
                    reordered + other.reordered,
                    corrupted + other.corrupted);
        }

        /** {@return frames that are delayed now} */
        public long waiting() {
            return frames + duplicated - passed - lost - overflowed - partitioned;
        }
    }
}
