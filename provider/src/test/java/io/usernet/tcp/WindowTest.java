package io.usernet.tcp;

import static io.usernet.metrics.Counter.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WindowTest {
    @Nested
    class Persist {
        @RegisterExtension
        final TcpScenario t =
                TcpScenario.with(Sysctls.defaults().with(Sysctl.TCP_RETRIES2, 3))
                        .accepted(1460, true, 0);

        @Test
        void zeroWindowIsProbedWithBackOff() {
            t.write(100).sendsNothing().advanceMillis(999).sendsNothing();
            t.advanceMillis(1).sends(". 0:0(0) ack 1").receives(". 1:1(0) ack 1 win 0");
            t.advanceMillis(1999).sendsNothing().advanceMillis(1).sends(". 0:0(0) ack 1");
            t.receives(". 1:1(0) ack 1 win 1000").sends("P. 1:101(100) ack 1");
            t.assertEvents(Map.of(TCP_WIN_PROBE, 2L));
        }

        @Test
        void aPeerThatAnswersIsProbedForEver() {
            t.write(100);
            for (int i = 0; i < 40; i++) {
                t.advanceMillis(Math.min(1000L << i, 120_000)).sends(". 0:0(0)").sendsNothing();
                t.receives(". 1:1(0) ack 1 win 0");
            }
            t.is(State.ESTABLISHED).sendsNothing();
        }

        @Test
        void aPeerThatDoesNotAnswerIsGivenUp() {
            t.write(100).advanceMillis(7000).is(State.ESTABLISHED).advanceMillis(8000);
            t.is(State.CLOSED).skip();
            assertEquals(CloseCause.TIMED_OUT, t.stream().cause());
        }

        @Test
        void finWaitsForTheWindow() {
            t.shutdownOutput().sendsNothing().advanceMillis(1000).sends(". 0:0(0) ack 1");
            t.receives(". 1:1(0) ack 1 win 10").sends("F. 1:1(0) ack 1");
        }
    }

    @Nested
    class Sending {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void sillyWindowIsNotUsed() {
            t.receives(". 1:1(0) ack 1 win 1000").write(3000).sendsNothing();
            t.advanceMillis(1000).sends(". 1:1001(1000) ack 1").sendsNothing(); // overridden
        }

        @Test
        void halfOfTheLargestWindowIsEnough() {
            t.receives(". 1:1(0) ack 1 win 1000");
            TcpScenario small = TcpScenario.fresh().accepted(1460, true, 1000);
            small.write(3000).sends(". 1:1001(1000) ack 1");
            small.receives(". 1:1(0) ack 1001 win 500").sends(". 1001:1501(500) ack 1");
            small.receives(". 1:1(0) ack 1501 win 499").sendsNothing().afterEach();
        }

        @Test
        void windowLimits() {
            t.receives(". 1:1(0) ack 1 win 2920").write(10_000);
            t.sends(". 1:1461(1460)", ". 1461:2921(1460)").sendsNothing();
        }

        @Test
        void oldSegmentDoesNotSetTheWindow() {
            t.receives("P. 1:11(10) ack 1 win 5000").skip().write(1460).skip();
            t.receives(". 11:11(0) ack 1461 win 60000");
            t.receives(". 11:11(0) ack 1 win 0").write(1460).sends("P. 1461:2921(1460)");
        }

        @Test
        void shrunkenWindowIsSurvived() {
            t.write(5840).skip().receives(". 1:1(0) ack 1461 win 1000").sendsNothing();
            t.advanceMillis(200).sends(". 1461:2461(1000)").sendsNothing();
            t.receives(". 1:1(0) ack 2461 win 65535").sends(". 2461:3921(1460)").skip();
            t.receives(". 1:1(0) ack 5841 win 65535").sendsNothing();
            assertEquals(0, t.stream().sendQueue().queued());
        }

        @Test
        void closedWindowWithDataInFlightIsSurvived() {
            t.write(2920).skip().receives(". 1:1(0) ack 1461 win 0");
            t.advanceMillis(200).sends("P. 1461:2921(1460)").receives(". 1:1(0) ack 1461 win 0");
            t.advanceMillis(400).sends("P. 1461:2921(1460)");
            t.receives(". 1:1(0) ack 2921 win 5000").is(State.ESTABLISHED).sendsNothing();
        }
    }

    @Nested
    class Nagle {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void secondSmallSegmentWaitsForTheFirst() {
            t.write(100).sends("P. 1:101(100)").write(50).sendsNothing().write(20).sendsNothing();
            t.receives(". 1:1(0) ack 101").sends("P. 101:171(70)");
        }

        @Test
        void fullSegmentsDoNotWait() {
            t.write(100).skip().write(1500).sends(". 101:1561(1460)").sendsNothing();
        }

        @Test
        void smallEndOfALargeWriteDoesNotWait() {
            t.write(2000).sends(". 1:1461(1460)", "P. 1461:2001(540)"); // Minshall
        }

        @Test
        void noDelaySendsAtOnce() {
            t.stream().noDelay = true;
            t.posts(Stream.OPTIONS)
                    .write(100)
                    .sends("P. 1:101(100)")
                    .write(5)
                    .sends("P. 101:106(5)");
        }

        @Test
        void settingNoDelaySendsWhatWaits() {
            t.write(100).skip().write(5).sendsNothing();
            t.stream().noDelay = true;
            t.posts(Stream.OPTIONS).sends("P. 101:106(5)");
        }

        @Test
        void finDoesNotWait() {
            t.write(100).skip().write(5).sendsNothing().shutdownOutput().sends("FP. 101:106(5)");
        }
    }

    @Nested
    class Receiving {
        @RegisterExtension
        final TcpScenario t = TcpScenario.fresh().accepted(1460, true, 65_535, 64 << 10, 10_000);

        private void fill() {
            for (int i = 0; i < 6; i++) {
                int at = 1 + 1460 * i;
                t.receives(". %d:%d(1460) ack 1".formatted(at, at + 1460));
            }
            t.receives("P. 8761:10001(1240) ack 1");
        }

        @Test
        void rightEdgeStaysWhileNothingIsRead() {
            t.receives(". 1:1461(1460) ack 1").sends(". 1:1(0) ack 1461 win 8540");
            t.receives(". 1461:2921(1460) ack 1").sends(". 1:1(0) ack 2921 win 7080");
        }

        @Test
        void windowOpensBySegmentsOnly() {
            fill();
            for (int win : new int[] {8540, 7080, 5620, 4160, 2700, 1240}) {
                t.sends(". 1:1(0) ack %d win %d".formatted(10_001 - 1240 - win + 1240, win));
            }
            t.sends(". 1:1(0) ack 10001 win 0").sendsNothing();
            t.read(1000).sendsNothing().read(459).sendsNothing();
            t.read(1).sends(". 1:1(0) ack 10001 win 1460").sendsNothing();
            t.assertEvents(Map.of(TCP_TO_ZERO_WINDOW_ADV, 1L, TCP_FROM_ZERO_WINDOW_ADV, 1L));
        }

        @Test
        void windowUpdateIsNotRepeatedForEachRead() {
            fill();
            t.skip().read(10_000).sends(". 1:1(0) ack 10001 win 10000").sendsNothing();
        }

        @Test
        void aLargeWindowNeedsNoUpdate() {
            t.receives(". 1:1461(1460) ack 1").skip().read(1460).sendsNothing();
        }

        @Test
        void probeOfAClosedWindowIsAnswered() {
            fill();
            t.skip().receives(". 10000:10000(0) ack 1").sends(". 1:1(0) ack 10001 win 0");
            t.receives("P. 10001:10002(1) ack 1").sends(". 1:1(0) ack 10001 win 0");
            assertEquals(1, t.count(TCP_BEYOND_WINDOW));
            assertEquals(10_000, t.stream().receiveQueue().available());
        }

        @Test
        void ackIsTakenWhileTheWindowIsClosed() {
            fill();
            t.skip().write(100).sends("P. 1:101(100)").receives(". 10001:10001(0) ack 101");
            assertEquals(0, t.stream().sendQueue().queued());
        }

        @Test
        void textBeyondTheWindowIsCut() {
            fill();
            t.skip().read(10_000).skip();
            t.receives(". 19001:20461(1460) ack 1").sends(". 1:1(0) ack 10001").skip();
            assertEquals(1, t.count(TCP_BEYOND_WINDOW));
        }

        @Test
        void finIsTakenWhileTheWindowIsClosed() {
            fill();
            t.skip().receives("F. 10001:10001(0) ack 1").is(State.CLOSE_WAIT).skip();
        }

        @Test
        void bufferThatShrinksDoesNotMoveTheEdgeBack() {
            t.stream().receiveBuffer = 4096;
            t.posts(Stream.OPTIONS)
                    .receives(". 1:101(100) ack 1")
                    .sends(". 1:1(0) ack 101 win 9900");
        }

        @Test
        void bufferThatGrowsOpensTheWindow() {
            t.stream().receiveBuffer = 60_000;
            t.posts(Stream.OPTIONS).receives(". 1:101(100) ack 1");
            t.sends(". 1:1(0) ack 101 win 59900");
        }

        @Test
        void smallReadsAreNotPostedWhileTheWindowIsOpen() {
            t.receives(". 1:1461(1460) ack 1").skip().read(100);
            assertFalse(t.stream().shouldAnnounce());
        }
    }

    @Nested
    class Scaled {
        @RegisterExtension final TcpScenario t = TcpScenario.fresh();

        private Handshake scaled() {
            Handshake h = new Handshake();
            h.peerMss = 1460;
            h.windowScaling = true;
            h.sndWindShift = 2;
            h.rcvWindShift = 7;
            h.sndWnd = 65_535;
            h.rcvWnd = 65_535;
            return h;
        }

        @Test
        void edgeIsRoundedButNeverMovesBack() {
            t.accepted(scaled(), 64 << 10, 65_535);
            // 65,535 - 10 is not a multiple of 128: rounded up to 512 * 128
            t.receives("P. 1:11(10) ack 1").sends(". 1:1(0) ack 11 win 512");
            t.receives("P. 11:139(128) ack 1").sends(". 1:1(0) ack 139 win 511");
        }

        @Test
        void peersWindowIsShifted() {
            t.accepted(scaled(), 64 << 10, 65_535).receives(". 1:1(0) ack 1 win 730");
            t.write(10_000).sends(". 1:1461(1460)", ". 1461:2921(1460)").sendsNothing();
        }
    }

    @Nested
    class Writability {
        @RegisterExtension
        final TcpScenario t = TcpScenario.fresh().accepted(1460, true, 65_535, 3000, 64 << 10);

        @Test
        void aThirdOfTheBufferMakesItWritable() {
            assertTrue(t.stream().isWritable());
            t.write(2500).skip();
            assertFalse(t.stream().isWritable());
            t.receives(". 1:1(0) ack 401");
            assertFalse(t.stream().isWritable());
            t.receives(". 1:1(0) ack 501");
            assertTrue(t.stream().isWritable());
        }
    }
}
