package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InFlightTest {
    private final InFlight f = new InFlight();

    private void send(int segments) {
        for (int i = 0; i < segments; i++) f.sent(f.end() + 100, f.end());
    }

    @Test
    void segmentIsInTheNetworkSackedOrLost() {
        send(5);
        f.sack(1);
        f.lose(0);
        f.lose(2);
        assertEquals(200, f.pipe());
        assertEquals(0, f.nextLost());
        assertEquals(100, f.lostRun(0, 1000));
        f.sentAgain(0, 100, 7);
        assertEquals(300, f.pipe());
        assertEquals(200, f.nextLost());
        f.sack(0);
        assertEquals(200, f.pipe());
        assertTrue(f.invariant());
    }

    @Test
    void sendingPartOfASegmentAgainCutsIt() {
        send(3);
        f.loseAll();
        f.sentAgain(100, 130, 7);
        assertEquals(4, f.count());
        assertTrue(f.isSentAgain(1));
        assertFalse(f.isSentAgain(2));
        assertEquals(130, f.lostRun(130, 30) + 100 - 70 + 100 - 70);
        f.removeBefore(115);
        assertEquals(15, f.pipe());
        assertEquals(130, f.nextLost());
        assertTrue(f.invariant());
    }

    @Test
    void anAcknowledgementWithinASegmentKeepsTheRest() {
        send(2);
        f.sack(1);
        f.lose(0);
        f.removeBefore(40);
        assertEquals(60, f.lost());
        f.removeBefore(140);
        assertEquals(0, f.pipe());
        assertEquals(1, f.sackedSegments());
        f.removeBefore(200);
        assertEquals(0, f.sackedSegments());
        assertTrue(f.invariant());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void bytesOutstandingAreInTheNetworkSackedOrLostWhateverHappens(long seed) {
        Random random = new Random(seed);
        for (int n = 0; n < 50_000; n++) {
            int i = f.count() == 0 ? 0 : random.nextInt(f.count());
            switch (random.nextInt(9)) {
                case 0, 1, 2 -> {
                    if (f.count() < 200) f.sent(f.end() + 1 + random.nextInt(1448), n);
                }
                case 3 -> {
                    if (f.count() > 0 && !f.isSacked(i)) f.sack(i);
                }
                case 4 -> {
                    if (f.count() > 0) f.lose(i);
                }
                case 5 -> {
                    long at = f.nextLost();
                    if (at == InFlight.NEVER) break;
                    assertTrue(f.isLost(f.find(at)));
                    int length = Math.min(1 + random.nextInt(2000), f.lostRun(at, 2000));
                    int before = f.pipe();
                    f.sentAgain(at, at + length, n);
                    assertEquals(before + length, f.pipe());
                }
                case 6 -> {
                    if (random.nextInt(10) == 0) f.loseNothing();
                    if (random.nextInt(50) == 0) f.loseAll();
                    if (random.nextInt(50) == 0) f.forgetSacks();
                }
                case 7 -> f.loseBehind(3);
                default -> {
                    if (random.nextInt(3) > 0) break;
                    f.removeBefore(f.start() + random.nextInt((int) (f.end() - f.start()) + 1));
                }
            }
            assertTrue(f.invariant());
        }
    }
}
