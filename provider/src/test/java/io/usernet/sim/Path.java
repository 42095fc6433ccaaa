package io.usernet.sim;

/**
 * What one direction of a simulated link does to frames. Probabilities are 0 to 1.
 *
 * @param bitsPerSecond 0: infinitely fast
 * @param latencyNs of each frame, after it was put on the wire
 * @param jitterNs most that is added to the latency, at random; order is kept
 * @param queue frames that wait for the wire; more are dropped
 * @param loss of each frame
 * @param reorder that a frame takes {@code reorderNs} longer than those behind it
 * @param reorderNs how much longer
 * @param duplicate that a frame comes twice
 * @param corrupt that one bit of a frame is turned
 */
public record Path(
        long bitsPerSecond,
        long latencyNs,
        long jitterNs,
        int queue,
        double loss,
        double reorder,
        long reorderNs,
        double duplicate,
        double corrupt) {
    private static final long MS = 1_000_000;

    /** 100 Mbit/s, 5 ms, 200 frames, and nothing else. */
    public static Path clean() {
        return new Path(100_000_000, 5 * MS, 0, 200, 0, 0, 0, 0, 0);
    }

    public Path withRate(long bits) {
        return new Path(
                bits, latencyNs, jitterNs, queue, loss, reorder, reorderNs, duplicate, corrupt);
    }

    public Path withLatencyMs(long ms) {
        return withLatencyNs(ms * MS);
    }

    public Path withLatencyNs(long ns) {
        return new Path(
                bitsPerSecond, ns, jitterNs, queue, loss, reorder, reorderNs, duplicate, corrupt);
    }

    public Path withJitterMs(long ms) {
        return new Path(
                bitsPerSecond,
                latencyNs,
                ms * MS,
                queue,
                loss,
                reorder,
                reorderNs,
                duplicate,
                corrupt);
    }

    public Path withLoss(double p) {
        return new Path(
                bitsPerSecond,
                latencyNs,
                jitterNs,
                queue,
                p,
                reorder,
                reorderNs,
                duplicate,
                corrupt);
    }

    public Path withReorder(double p, long ms) {
        return new Path(
                bitsPerSecond, latencyNs, jitterNs, queue, loss, p, ms * MS, duplicate, corrupt);
    }

    public Path withDuplicate(double p) {
        return new Path(
                bitsPerSecond, latencyNs, jitterNs, queue, loss, reorder, reorderNs, p, corrupt);
    }

    public Path withCorrupt(double p) {
        return new Path(
                bitsPerSecond, latencyNs, jitterNs, queue, loss, reorder, reorderNs, duplicate, p);
    }
}
