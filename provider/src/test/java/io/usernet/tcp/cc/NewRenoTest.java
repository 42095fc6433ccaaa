package io.usernet.tcp.cc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class NewRenoTest {
    private final NewReno cc = new NewReno(1000, 10);

    private void acks(int n, int bytes) {
        for (int i = 0; i < n; i++) cc.onAck(bytes, cc.window(), -1, 0);
    }

    @Test
    void initialWindowOfRfc6928() {
        assertEquals(10_000, cc.window());
        assertEquals(14_600, new NewReno(1460, 10).window());
        assertEquals(17_920, new NewReno(8960, 10).window()); // max(2 * MSS, 14600)
        assertEquals(1460, new NewReno(1460, 1).window());
    }

    @Test
    void slowStartDoublesInARoundTrip() {
        acks(10, 1000);
        assertEquals(20_000, cc.window());
    }

    @Test
    void slowStartCountsAtMostTwoSegmentsForAnAck() {
        acks(1, 10_000);
        assertEquals(12_000, cc.window());
    }

    @Test
    void congestionAvoidanceAddsASegmentForAWindow() {
        cc.onLoss(20_000, 0);
        assertEquals(10_000, cc.threshold());
        assertEquals(10_000, cc.window());
        acks(9, 1000);
        assertEquals(10_000, cc.window());
        acks(1, 1000);
        assertEquals(11_000, cc.window());
        acks(11, 1000);
        assertEquals(12_000, cc.window());
    }

    @Test
    void lossHalvesWhatWasOutstandingNotTheWindow() {
        cc.onLoss(6_000, 0);
        assertEquals(3_000, cc.threshold());
        cc.onLoss(1_000, 0);
        assertEquals(2_000, cc.threshold()); // RFC 5681 equation (4)
    }

    @Test
    void recoveryEndsWithoutABurst() {
        cc.onLoss(20_000, 0);
        cc.onRecovered(0, 0);
        assertEquals(2_000, cc.window());
        cc.onLoss(20_000, 0);
        cc.onRecovered(50_000, 0);
        assertEquals(10_000, cc.window());
    }

    @Test
    void timeoutBeginsWithOneSegmentAndHoldsTheThreshold() {
        cc.onTimeout(10_000, false, 0);
        assertEquals(1_000, cc.window());
        assertEquals(5_000, cc.threshold());
        cc.onTimeout(1_000, true, 0);
        assertEquals(5_000, cc.threshold());
        acks(1, 4000);
        assertEquals(2_000, cc.window()); // RFC 3465 section 2.3: L = 1 after a timeout
        acks(3, 1000);
        assertEquals(5_000, cc.window());
    }

    @Test
    void windowThatIsNotUsedDoesNotGrow() {
        cc.onAck(1000, 4_000, -1, 0);
        assertEquals(10_000, cc.window());
        cc.onAck(1000, 5_000, -1, 0); // slow start: half of it is enough
        assertEquals(11_000, cc.window());
    }

    @Test
    void idlenessRestartsWithTheInitialWindow() {
        acks(10, 1000);
        cc.onIdle(0);
        assertEquals(10_000, cc.window());
        cc.onTimeout(10_000, false, 0);
        cc.onIdle(0);
        assertEquals(1_000, cc.window());
    }
}
