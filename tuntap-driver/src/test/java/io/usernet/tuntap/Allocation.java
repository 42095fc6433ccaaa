package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What the calling thread allocates once it is compiled. */
final class Allocation {
    interface Round {
        void run() throws Exception;
    }

    private static final int ROUNDS = 10_000, ATTEMPTS = 100;

    /**
     * The JDK slices the segment that takes errno at each call. Its compiler does away with that, but it may
     * compile a caller before there is a profile of the JDK's stub, as it does on a busy machine; it then
     * leaves a part of the stub as a call to which the slice is handed, for as long as the JVM lives.
     */
    private static final int SLICE = 40;

    private Allocation() {}

    /**
     * Expects none; of calls by the JDK's foreign functions at most a slice each.
     *
     * @param calls how many system calls there are in a round
     */
    static void assertNone(int calls, Natives natives, Round round) throws Exception {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long id = Thread.currentThread().getId();
        long allocated = Long.MAX_VALUE;
        for (int i = 0; i < ATTEMPTS && allocated >= ROUNDS; i++) {
            long before = threads.getThreadAllocatedBytes(id);
            for (int j = 0; j < ROUNDS; j++) round.run();
            allocated = threads.getThreadAllocatedBytes(id) - before;
        }
        int slices = natives == Natives.FOREIGN ? SLICE * calls : 0;
        assertTrue(
                allocated < ROUNDS * (slices + 1L),
                allocated + " bytes in " + ROUNDS + " rounds of " + calls + " calls");
    }

    /** The same, of what a link calls on this JDK. */
    static void assertNone(int calls, Round round) throws Exception {
        assertNone(calls, Natives.ofLinks(), round);
    }
}
