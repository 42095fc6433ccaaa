package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** RFC 9937 section 6; a window of 20 segments of 1000 bytes, halved. */
class PrrTest {
    private static final int MSS = 1000;
    private final Prr prr = new Prr();
    private int pipe = 19 * MSS; // one is lost

    PrrTest() {
        prr.begin(20 * MSS, 10 * MSS);
    }

    /** One ACK; answers how many full segments go out. */
    private int arrives(int bytes, boolean safe) {
        pipe -= bytes;
        prr.onAck(bytes, pipe, safe, MSS);
        int n = 0;
        while (prr.budget() >= MSS) {
            prr.onSent(MSS);
            pipe += MSS;
            n++;
        }
        return n;
    }

    @Test
    void oneIsSentForTwoThatArriveUntilTheWindowIsReached() {
        int sent = 0;
        for (int i = 0; i < 18; i++) sent += arrives(MSS, false);
        assertEquals(9, sent);
        assertEquals(10 * MSS, pipe);
        assertEquals(1, arrives(MSS, false));
        assertEquals(10 * MSS, pipe);
    }

    @Test
    void acksThatTellOfMuchReleaseInProportion() {
        assertEquals(4, arrives(8 * MSS, false));
    }

    @Test
    void belowTheWindowOnlyWhatArrivedIsReplacedWhileMoreIsLost() {
        pipe = 4 * MSS;
        assertEquals(1, arrives(MSS, false));
        assertEquals(1, arrives(MSS, false));
        assertEquals(4 * MSS, pipe);
    }

    @Test
    void belowTheWindowItCatchesUpWhenAllIsWell() {
        pipe = 4 * MSS;
        assertEquals(2, arrives(MSS, true));
        assertEquals(2, arrives(MSS, true));
        assertEquals(6 * MSS, pipe);
    }

    @Test
    void neverBeyondTheWindow() {
        pipe = 10 * MSS;
        assertEquals(1, arrives(MSS, true));
        assertEquals(10 * MSS, pipe);
    }

    @Test
    void anAckWithoutNewsAllowsNothing() {
        pipe = 4 * MSS;
        assertEquals(0, arrives(0, true));
    }
}
