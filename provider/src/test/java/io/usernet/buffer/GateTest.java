package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class GateTest {
    @Test
    void closeWhileTheApplicationIsInsideIsSettledWhenItHasLeft() {
        Gate gate = new Gate();
        assertTrue(gate.enter());
        assertFalse(gate.tryTake());
        assertFalse(gate.close());
        assertFalse(gate.settle());
        gate.leave();
        assertFalse(gate.enter());
        assertTrue(gate.settle());
        assertFalse(gate.settle());
        assertFalse(gate.close());
    }

    @Test
    void closeOfAnIdleGateFreesAtOnceAndOnce() {
        Gate gate = new Gate();
        assertTrue(gate.close());
        assertFalse(gate.close());
        assertFalse(gate.settle());
        assertFalse(gate.enter());
        assertTrue(gate.isClosed());
    }

    /** Whatever the order: freed exactly once, and never while the application is inside. */
    @Test
    @Timeout(60)
    void closeRaces() throws Exception {
        for (int round = 0; round < 3_000; round++) {
            Gate gate = new Gate();
            AtomicInteger inside = new AtomicInteger();
            CyclicBarrier start = new CyclicBarrier(2);
            Thread user =
                    new Thread(
                            () -> {
                                await(start);
                                for (int i = 0; i < 20 && gate.enter(); i++) {
                                    inside.incrementAndGet();
                                    inside.decrementAndGet();
                                    gate.leave();
                                }
                            });
            user.start();
            await(start);
            int freed = 0;
            for (int i = 0; i < round % 50; i++) Thread.onSpinWait();
            if (gate.tryTake()) {
                assertEquals(0, inside.get());
                gate.giveBack();
            }
            if (gate.close()) {
                assertEquals(0, inside.get());
                freed++;
            }
            user.join();
            if (gate.settle()) freed++;
            assertEquals(1, freed, "round " + round);
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
