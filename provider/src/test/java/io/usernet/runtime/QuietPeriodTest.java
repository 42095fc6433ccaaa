package io.usernet.runtime;

import static io.usernet.runtime.QuietPeriod.BUSY_NS;
import static io.usernet.runtime.QuietPeriod.IDLE_NS;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class QuietPeriodTest {
    private final QuietPeriod quiet = new QuietPeriod(7, 0);

    @Test
    void nothingForTheWholePeriodIsTheEnd() {
        assertFalse(quiet.isOver(7, false, false, IDLE_NS - 1));
        assertTrue(quiet.isOver(7, false, false, IDLE_NS));
    }

    @Test
    void progressBeginsItAnew() {
        assertFalse(quiet.isOver(8, false, false, IDLE_NS));
        assertFalse(quiet.isOver(8, false, false, 2 * IDLE_NS - 1));
        assertTrue(quiet.isOver(8, false, false, 2 * IDLE_NS));
    }

    @Test
    void aWriterThatLacksRoomIsAwaitedHoweverLongItTakes() {
        for (int i = 1; i < 1000; i++) assertFalse(quiet.isOver(7, true, false, i * BUSY_NS));
        assertTrue(quiet.isOver(7, false, false, 999 * BUSY_NS + IDLE_NS));
    }

    @Test
    void aThreadThatRunsMayStillWrite() {
        for (long t = IDLE_NS; t < BUSY_NS; t += IDLE_NS) {
            assertFalse(quiet.isOver(7, false, true, t));
        }
        assertFalse(quiet.isOver(8, false, false, BUSY_NS));
    }

    @Test
    void threadsThatComputeForEverAreNotAwaited() {
        assertFalse(quiet.isOver(7, false, true, BUSY_NS - 1));
        assertTrue(quiet.isOver(7, false, true, BUSY_NS));
    }

    @Test
    @Timeout(60)
    void aThreadRunsWhileItComputesAndNotWhileItWaits() throws InterruptedException {
        CountDownLatch computed = new CountDownLatch(1);
        Thread thread =
                new Thread(
                        () -> {
                            while (!Thread.interrupted()) Thread.onSpinWait();
                            computed.countDown();
                            while (!Thread.interrupted()) LockSupport.park();
                        });
        assertFalse(ApplicationThreads.runs(thread));
        thread.start();
        try {
            // Not at once: it is nowhere before its first instruction.
            while (!ApplicationThreads.runs(thread)) Thread.onSpinWait();
            assertTrue(ApplicationThreads.anyRuns());
            thread.interrupt();
            assertTrue(computed.await(30, TimeUnit.SECONDS));
            while (thread.getState() != Thread.State.WAITING) Thread.onSpinWait();
            assertFalse(ApplicationThreads.runs(thread));
        } finally {
            thread.interrupt();
            thread.join();
        }
    }
}
