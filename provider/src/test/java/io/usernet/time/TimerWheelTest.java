package io.usernet.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerWheelTest {
    private static final long TICK = 1 << 17;
    private static final long DAY = 86_400_000_000_000L;

    private final TimerWheel wheel = new TimerWheel();

    private static final class Timer extends TimerWheel.Timer {
        final int id;

        Timer(int id) {
            this.id = id;
        }

        @Override
        public String toString() {
            return id + " at " + deadlineNs();
        }
    }

    @Test
    void firesAtItsDeadlineOrUpToOneTickLater() {
        for (long deadline : new long[] {0, 1, TICK - 1, TICK, TICK + 1, 64 * TICK, DAY}) {
            TimerWheel wheel = new TimerWheel();
            Timer timer = new Timer(0);
            wheel.schedule(timer, deadline);
            assertTrue(timer.isScheduled());
            if (deadline > 0) assertNull(wheel.poll(deadline - 1));
            assertSame(timer, wheel.poll(deadline + TICK - 1));
            assertFalse(timer.isScheduled());
            assertEquals(0, wheel.size());
        }
    }

    @Test
    void aTimerInThePastIsDueNow() {
        wheel.poll(DAY);
        Timer timer = new Timer(0);
        wheel.schedule(timer, 5);
        assertTrue(wheel.earliest() <= DAY);
        assertSame(timer, wheel.poll(DAY));
    }

    @Test
    void scheduleMovesAndCancelRemoves() {
        Timer timer = new Timer(0);
        wheel.schedule(timer, 10 * TICK);
        wheel.schedule(timer, 100 * TICK);
        assertEquals(1, wheel.size());
        assertNull(wheel.poll(99 * TICK));
        wheel.schedule(timer, 200 * TICK);
        wheel.cancel(timer);
        wheel.cancel(timer);
        assertEquals(0, wheel.size());
        assertEquals(TimerWheel.NEVER, wheel.earliest());
        assertNull(wheel.poll(DAY));
    }

    /** Crossing each level's boundary, with the deadline shortly behind it. */
    @Test
    void nothingFiresEarlyAtABoundary() {
        for (int bits = 6; bits < 46; bits++) {
            TimerWheel wheel = new TimerWheel();
            long boundary = (1L << bits) * TICK;
            wheel.poll(boundary - 3 * TICK);
            Timer near = new Timer(0), far = new Timer(1);
            wheel.schedule(near, boundary + 2 * TICK);
            wheel.schedule(far, boundary + 5000 * TICK);
            for (long now = boundary - 3 * TICK; now < boundary + 2 * TICK; now += TICK) {
                assertNull(wheel.poll(now), "boundary of " + bits + " bits");
            }
            assertSame(near, wheel.poll(boundary + 2 * TICK));
            assertNull(wheel.poll(boundary + 4999 * TICK));
            assertSame(far, wheel.poll(boundary + 5000 * TICK));
        }
    }

    @Test
    void theLastDeadlinesThereAre() {
        Timer last = new Timer(0);
        wheel.schedule(last, Long.MAX_VALUE);
        assertTrue(wheel.earliest() >= 0);
        assertNull(wheel.poll(200L * 365 * DAY));
        assertSame(last, wheel.poll(Long.MAX_VALUE));
    }

    @Test
    void sleepingUntilEarliestMakesProgress() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            TimerWheel wheel = new TimerWheel();
            long now = (random.nextLong() >>> 1) >>> random.nextInt(40) + 2;
            wheel.poll(now);
            int timers = 1 + random.nextInt(20);
            for (int i = 0; i < timers; i++) wheel.schedule(new Timer(i), now + delay(random));
            int fired = 0;
            for (int sleeps = 0; fired < timers; sleeps++) {
                assertTrue(sleeps < 10 * timers, "seed " + seed + ": stuck, " + wheel);
                long until = wheel.earliest();
                assertTrue(until >= now, "seed " + seed + ": due already, but not polled");
                now = until;
                while (wheel.poll(now) != null) fired++;
            }
            assertEquals(TimerWheel.NEVER, wheel.earliest());
        }
    }

    private static long delay(Random random) {
        return (random.nextLong() >>> 1) >>> random.nextInt(56) + 7;
    }

    /** Against a set of deadlines, searched naively. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void behavesAsASetOfDeadlines(long seed) {
        Random random = new Random(seed);
        List<Timer> timers = new ArrayList<>();
        for (int i = 0; i < 300; i++) timers.add(new Timer(i));
        Set<Timer> scheduled = new HashSet<>();
        long now = random.nextInt(1000);
        for (int step = 0; step < 8_000; step++) {
            Timer timer = timers.get(random.nextInt(timers.size()));
            switch (random.nextInt(5)) {
                case 0, 1, 2 -> {
                    wheel.schedule(timer, Math.max(0, now - 5 + delay(random) % (DAY * 200)));
                    scheduled.add(timer);
                }
                case 3 -> {
                    wheel.cancel(timer);
                    scheduled.remove(timer);
                }
                default -> {
                    now += delay(random) % (random.nextInt(100) == 0 ? DAY * 20 : 100 * TICK);
                    fire(now, scheduled);
                }
            }
            assertEquals(scheduled.size(), wheel.size());
            assertEquals(scheduled.contains(timer), timer.isScheduled());
            long earliest = wheel.earliest();
            for (Timer t : scheduled) {
                assertTrue(earliest <= t.deadlineNs() + TICK - 1, t + " but earliest " + earliest);
            }
        }
    }

    private void fire(long now, Set<Timer> scheduled) {
        for (TimerWheel.Timer t = wheel.poll(now); t != null; t = wheel.poll(now)) {
            assertTrue(t.deadlineNs() <= now, t + " fired at " + now);
            assertTrue(scheduled.remove((Timer) t), t + " was not scheduled");
        }
        for (Timer t : scheduled) {
            assertTrue(t.deadlineNs() + TICK > now, t + " did not fire at " + now);
        }
    }
}
