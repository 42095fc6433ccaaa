package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GateTest {
    @Test
    void closingWhileNobodyIsInside() {
        Gate gate = new Gate();
        assertTrue(gate.enter());
        gate.leave();
        assertTrue(gate.close());
        assertTrue(gate.isClosed());
        assertFalse(gate.enter());
        assertFalse(gate.close(), "frees once");
        assertFalse(gate.settle());
    }

    @Test
    void closingWhileTheApplicationCopies() {
        Gate gate = new Gate();
        assertTrue(gate.enter());
        assertFalse(gate.close());
        assertTrue(gate.isClosed());
        assertFalse(gate.settle(), "it is still inside");
        gate.leave();
        assertTrue(gate.settle());
        assertFalse(gate.settle(), "frees once");
        assertFalse(gate.enter());
    }

    @Test
    void theLoopTakesMemoryOnlyWhileNobodyIsInside() {
        Gate gate = new Gate();
        assertTrue(gate.tryTake());
        gate.giveBack();
        assertTrue(gate.enter());
        assertFalse(gate.tryTake());
        gate.leave();
    }

    /** Whoever closes while another goes in and out: it is closed, freed once, and by then left. */
    @Test
    void closesForGoodWhileTheApplicationGoesInAndOut() throws InterruptedException {
        for (int round = 0; round < 300; round++) {
            Gate gate = new Gate();
            AtomicBoolean started = new AtomicBoolean();
            AtomicInteger inside = new AtomicInteger();
            Thread user =
                    new Thread(
                            () -> {
                                while (gate.enter()) {
                                    inside.set(1);
                                    started.set(true);
                                    inside.set(0);
                                    gate.leave();
                                }
                            });
            user.start();
            while (!started.get()) Thread.onSpinWait();
            for (int i = 0; i < 20; i++) if (gate.tryTake()) gate.giveBack();
            int freed = gate.close() ? 1 : 0;
            if (freed == 1) assertEquals(0, inside.get());
            assertTrue(gate.isClosed());
            user.join();
            if (gate.settle()) freed++;
            assertEquals(1, freed);
        }
    }
}
