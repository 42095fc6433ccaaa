package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;

/** What the calling thread allocates. By reflection: the module under test reads java.base alone. */
final class Allocation {
    interface Action {
        void run() throws Exception;
    }

    private static final int ROUNDS = 2_000;

    private Allocation() {}

    private static long bytes() throws ReflectiveOperationException {
        Object threads =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        Method method =
                Class.forName("com.sun.management.ThreadMXBean")
                        .getMethod("getThreadAllocatedBytes", long.class);
        return (long) method.invoke(threads, Thread.currentThread().getId());
    }

    /** Less than 8 bytes a round, which is less than any object: the rest is the measurement's own. */
    static void assertNone(Action action) throws Exception {
        for (int i = 0; i < ROUNDS; i++) action.run();
        bytes();
        long before = bytes();
        for (int i = 0; i < ROUNDS; i++) action.run();
        long bytes = bytes() - before;
        assertEquals(0, bytes / (8 * ROUNDS), bytes + " bytes in " + ROUNDS + " rounds");
    }
}
