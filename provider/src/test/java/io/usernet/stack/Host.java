package io.usernet.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.config.StackConfig;
import io.usernet.frame.Memory;
import io.usernet.metrics.Counter;
import io.usernet.tcp.FourTuple;
import io.usernet.tcp.InitialSequence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One stack on a {@link TestLink}, in virtual time. Sequence numbers begin near the wrap. */
public final class Host {
    public static final int ISS = 0xFFFF_FF00;

    private static final int MAX_TURNS = 100_000;

    /** Every connection begins at the same number. */
    static final InitialSequence SEQUENCE =
            new InitialSequence() {
                @Override
                public int iss(FourTuple tuple, long nowNs) {
                    return ISS;
                }

                @Override
                public int timestampOffset(FourTuple tuple) {
                    return 0;
                }
            };

    public final TestLink link;
    public final NetworkStack stack;
    private final int layer;
    private long nowNs = 1_000_000_000;

    public Host(StackConfig config, int layer) {
        this.layer = layer;
        link = layer == 0 ? null : new TestLink(layer, 1500);
        stack = new NetworkStack(config, link, new Memory(config.memory()), SEQUENCE, 42);
    }

    public long now() {
        return nowNs;
    }

    /** Runs turns until there is no work left. */
    public void run() {
        for (int n = 0; n < MAX_TURNS; n++) {
            boolean more = stack.turn(nowNs);
            if (!more && (link == null || link.waiting() == 0)) return;
        }
        throw new AssertionError("still busy after " + MAX_TURNS + " turns");
    }

    /** Lets time pass, with a turn at each deadline. */
    public void advance(Duration duration) {
        long until = nowNs + duration.toNanos();
        for (int n = 0; n < MAX_TURNS; n++) {
            long next = stack.earliest();
            if (next > until) {
                nowNs = until;
                run();
                return;
            }
            nowNs = Math.max(nowNs, next);
            run();
        }
        throw new AssertionError("more than " + MAX_TURNS + " deadlines");
    }

    /** A frame comes in. */
    public void receives(byte[] frame) {
        link.arrives(frame);
        run();
    }

    /** What went out since the last look, in words. */
    public List<String> sent() {
        List<String> all = new ArrayList<>();
        for (byte[] frame : link.allSent()) all.add(Packets.describe(frame, layer));
        return all;
    }

    public void assertSent(String... expected) {
        assertEquals(List.of(expected), sent());
    }

    public void assertCount(long expected, Counter counter) {
        assertEquals(expected, stack.counters().get(counter), counter.label());
    }

    /** Nothing is left over that a frame came in or goes out with. */
    public void assertNoFramesOut() {
        assertEquals(0, stack.framesOut(), "frames out");
    }
}
