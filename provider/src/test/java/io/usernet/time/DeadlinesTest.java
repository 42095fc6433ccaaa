package io.usernet.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DeadlinesTest {
    private enum Kind {
        A,
        B
    }

    private final Deadlines<Kind> deadlines = new Deadlines<>(2);

    @Test
    void earliestOfThoseThatAreArmed() {
        assertEquals(TimerWheel.NEVER, deadlines.earliest());
        deadlines.arm(Kind.A, 5);
        deadlines.arm(Kind.B, 3);
        assertEquals(3, deadlines.earliest());
        deadlines.disarm(Kind.B);
        assertEquals(5, deadlines.earliest());
        assertFalse(deadlines.isArmed(Kind.B));
        deadlines.disarmAll();
        assertEquals(TimerWheel.NEVER, deadlines.earliest());
    }

    @Test
    void oneThatIsDueIsTakenOnce() {
        deadlines.arm(Kind.A, 5);
        assertFalse(deadlines.take(Kind.A, 4));
        assertTrue(deadlines.take(Kind.A, 5));
        assertFalse(deadlines.take(Kind.A, 5));
        assertFalse(deadlines.take(Kind.B, Long.MAX_VALUE - 1));
    }

    @Test
    void armingAgainMovesIt() {
        deadlines.arm(Kind.A, 5);
        deadlines.arm(Kind.A, 9);
        assertEquals(9, deadlines.get(Kind.A));
    }
}
