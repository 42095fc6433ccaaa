package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WaiterTest {
    private static final VarHandle NEWS;

    static {
        try {
            NEWS = MethodHandles.lookup().findVarHandle(WaiterTest.class, "news", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // by NEWS
    private long news;

    @Test
    void oneClaimForEveryPrepare() {
        ThreadWaiter waiter = new ThreadWaiter();
        assertFalse(waiter.claim());
        waiter.prepare();
        assertTrue(waiter.claim());
        assertFalse(waiter.claim());
        waiter.prepare();
        waiter.finish();
        assertFalse(waiter.claim());
    }

    /**
     * The Dekker pair: the sleeper says WAITING and looks for news; the other publishes news with the
     * weakest store there is and looks for WAITING. Both must not miss each other.
     */
    @Test
    void newsPublishedByAReleaseStoreIsNotSleptThrough() throws InterruptedException {
        int rounds = 300_000;
        ThreadWaiter waiter = new ThreadWaiter();
        long[] slept = {0};
        Thread sleeper =
                new Thread(
                        () -> {
                            waiter.own();
                            long seen = 0;
                            while (seen < rounds) {
                                waiter.prepare();
                                long now = (long) NEWS.getAcquire(this);
                                if (now != seen) {
                                    seen = now;
                                    acknowledged = seen;
                                    continue;
                                }
                                long before = System.nanoTime();
                                LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2));
                                slept[0] = Math.max(slept[0], System.nanoTime() - before);
                            }
                            waiter.disown();
                        });
        sleeper.start();
        for (long i = 1; i <= rounds; i++) {
            NEWS.setRelease(this, i);
            if (waiter.claim()) waiter.wake();
            while (acknowledged < i && sleeper.isAlive()) Thread.onSpinWait();
        }
        sleeper.join();
        assertEquals(rounds, acknowledged);
        assertTrue(slept[0] < TimeUnit.SECONDS.toNanos(2), "news was slept through");
    }

    private volatile long acknowledged;
}
