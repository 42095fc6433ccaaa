package io.usernet.tcp;

import static io.usernet.metrics.Counter.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RobustnessTest {
    @Nested
    class Resets {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void exactlyAtRcvNxtEndsIt() {
            t.receives("R 1:1(0)").is(State.CLOSED).sendsNothing();
            assertEquals(CloseCause.RESET, t.stream().cause());
            assertTrue(t.stream().isReadable() && t.stream().isTerminated());
            assertEquals(1, t.count(TCP_ESTAB_RESETS));
        }

        @Test
        void receivedTextIsReadBeforeTheReset() {
            t.receives("P. 1:101(100) ack 1").skip().receives("R. 101:101(0) ack 1");
            t.is(State.CLOSED).read(100);
            assertEquals(CloseCause.RESET, t.stream().cause());
            assertEquals(0, t.stream().read(java.nio.ByteBuffer.allocate(1)));
        }

        @Test
        void elsewhereInTheWindowIsChallenged() {
            t.receives("R 2:2(0)").is(State.ESTABLISHED).sends(". 1:1(0) ack 1").sendsNothing();
            t.assertEvents(Map.of(TCP_CHALLENGE_ACK, 1L));
        }

        @Test
        void outsideOfTheWindowIsDropped() {
            t.receives("R 70000:70000(0)").is(State.ESTABLISHED).sendsNothing();
            t.receives("R 0:0(0)").is(State.ESTABLISHED).sendsNothing();
            t.assertEvents(Map.of(TCP_IN_UNACCEPTABLE_RST, 2L));
        }

        @Test
        void inTimeWaitNothingHappens() {
            t.close().skip().receives("F. 1:1(0) ack 2").is(State.TIME_WAIT).skip();
            t.aborts().is(State.TIME_WAIT).sendsNothing();
        }
    }

    @Nested
    class Syns {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void inTheWindowIsChallenged() {
            t.receives("S 5:5(0)").is(State.ESTABLISHED).sends(". 1:1(0) ack 1").sendsNothing();
            t.assertEvents(Map.of(TCP_CHALLENGE_ACK, 1L, TCP_SYN_CHALLENGE, 1L));
        }

        @Test
        void outsideOfTheWindowToo() {
            t.receives("S 90000:90000(0)").is(State.ESTABLISHED).sends(". 1:1(0) ack 1");
            t.assertEvents(Map.of(TCP_CHALLENGE_ACK, 1L, TCP_IN_UNACCEPTABLE, 1L));
        }
    }

    @Nested
    class Limited {
        @RegisterExtension
        final TcpScenario t = TcpScenario.establishedWith(Sysctl.TCP_CHALLENGE_ACK_LIMIT, 2);

        @Test
        void challengeAcksASecond() {
            for (int i = 0; i < 5; i++) t.receives("S 5:5(0)");
            assertEquals(2, t.pending());
            t.skip().advanceMillis(1000).receives("S 5:5(0)").sends(". 1:1(0) ack 1");
            t.assertEvents(
                    Map.of(TCP_CHALLENGE_ACK, 3L, TCP_ACK_SKIPPED, 3L, TCP_SYN_CHALLENGE, 6L));
        }
    }

    @Nested
    class Acks {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void ofWhatWasNeverSentIsChallenged() {
            t.receives("P. 1:11(10) ack 500").sends(". 1:1(0) ack 1");
            assertFalse(t.stream().isReadable());
            t.assertEvents(Map.of(TCP_IN_UNACCEPTABLE_ACK, 1L, TCP_CHALLENGE_ACK, 1L));
        }

        @Test
        void fromLongAgoIsChallenged() {
            for (int i = 0; i < 10; i++) {
                t.write(14_600).skip().receives(". 1:1(0) ack " + (14_600 * (i + 1) + 1));
            }
            // RFC 5961 section 5.2: before SND.UNA - MAX.SND.WND = 146,001 - 65,535
            t.receives("P. 1:11(10) ack 80465").sends(". 146001:146001(0) ack 1");
            t.receives("P. 1:11(10) ack 80466").sends(". 146001:146001(0) ack 11");
            t.assertEvents(Map.of(TCP_IN_UNACCEPTABLE_ACK, 1L, TCP_CHALLENGE_ACK, 1L));
        }

        /** Two peers that are off by one would answer one another for ever. */
        @Test
        void oneOctetTooOldAreAnsweredTwiceASecond() {
            t.receives(". 0:0(0) ack 1").sends(". 1:1(0) ack 1");
            for (int i = 0; i < 10; i++) t.receives(". 0:0(0) ack 1").sendsNothing();
            t.advanceMillis(500).receives(". 0:0(0) ack 1").sends(". 1:1(0) ack 1");
            t.assertEvents(Map.of(TCP_IN_UNACCEPTABLE, 12L, TCP_ACK_SKIPPED, 10L));
        }

        @Test
        void segmentWithoutAckIsDropped() {
            t.receives("P 1:11(10)").sendsNothing();
            assertFalse(t.stream().isReadable());
            t.assertEvents(Map.of(TCP_IN_NO_ACK, 1L));
        }
    }

    @Nested
    class Sequences {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void textOutsideOfTheWindowIsAlwaysAnswered() {
            for (int i = 0; i < 3; i++) {
                t.receives(". 70001:70101(100) ack 1").sends(". 1:1(0) ack 1").sendsNothing();
            }
            t.assertEvents(Map.of(TCP_IN_UNACCEPTABLE, 3L));
        }

        @Test
        void ackOutsideOfTheWindowIsAnsweredTwiceASecond() {
            for (int i = 0; i < 10; i++) t.receives(". 70001:70001(0) ack 1").advanceMillis(100);
            assertEquals(2, t.pending());
            t.skip();
        }

        @Test
        void urgentTextIsOrdinaryText() {
            t.receives("UP. 1:11(10) ack 1").read(10).skip();
        }

        @Test
        void eceAndCwrAreIgnored() {
            t.receives("WEP. 1:11(10) ack 1").read(10).sends(". 1:1(0) ack 11");
        }

        @Test
        void textAfterFinIsDropped() {
            t.receives("F. 1:1(0) ack 1").skip().receives("P. 2:12(10) ack 1").sendsNothing();
            t.is(State.CLOSE_WAIT).assertEvents(Map.of(TCP_IN_AFTER_FIN, 1L));
        }

        @Test
        void repeatedFinIsAcknowledged() {
            t.receives("F. 1:1(0) ack 1").sends(". 1:1(0) ack 2");
            t.receives("F. 1:1(0) ack 1").sends(". 1:1(0) ack 2");
        }
    }

    @Nested
    class Paws {
        @RegisterExtension final TcpScenario t = TcpScenario.fresh();

        private TcpScenario established() {
            Handshake h = new Handshake();
            h.peerMss = 1460;
            h.sackPermitted = true;
            h.timestamps = true;
            h.tsRecent = 5000;
            h.sndWnd = h.rcvWnd = 65_535;
            return t.accepted(h, 64 << 10, 64 << 10);
        }

        @Test
        void oldTimestampIsAnsweredAndDropped() {
            established().receives("P. 1:11(10) ack 1 <nop,nop,TS val 4999 ecr 1000>");
            t.sends(". 1:1(0) ack 1 <nop,nop,TS val 1000 ecr 5000>");
            assertFalse(t.stream().isReadable());
            t.assertEvents(Map.of(PAWS_ESTAB, 1L));
        }

        @Test
        void timestampsWrap() {
            established().receives("P. 1:11(10) ack 1 <nop,nop,TS val 2147488000 ecr 1000>");
            t.sends(". 1:1(0) ack 11 <nop,nop,TS val 1000 ecr 2147488000>");
            t.receives("P. 11:21(10) ack 1 <nop,nop,TS val 4294967295 ecr 1000>").skip();
            t.receives("P. 21:31(10) ack 1 <nop,nop,TS val 3 ecr 1000>").read(30).skip();
        }

        @Test
        void outdatedAfter24Days() {
            established().advance(Duration.ofDays(25));
            t.receives("P. 1:11(10) ack 1 <nop,nop,TS val 4000 ecr 1000>").read(10).skip();
        }

        @Test
        void resetIsNotChecked() {
            established().receives("R. 1:1(0) ack 1 <nop,nop,TS val 1 ecr 1000>").is(State.CLOSED);
        }

        @Test
        void segmentWithoutTimestampIsTaken() {
            established().receives("P. 1:11(10) ack 1").read(10).skip();
        }

        @Test
        void echoIsOfTheSegmentThatIsAcknowledged() {
            // RFC 7323 section 4.3: out of order, TS.Recent stays
            established().receives(". 101:201(100) ack 1 <nop,nop,TS val 5002 ecr 1000>");
            t.sends(". 1:1(0) ack 1 <nop,nop,TS val 1000 ecr 5000,nop,nop,sack 101:201>");
            t.receives(". 1:101(100) ack 1 <nop,nop,TS val 5001 ecr 1000>");
            t.sends(". 1:1(0) ack 201 <nop,nop,TS val 1000 ecr 5001>");
        }

        @Test
        void roundTripIsMeasuredAlsoOfARetransmission() {
            established().write(100).skip().advanceMillis(1000).skip().advanceMillis(30);
            t.receives(". 1:1(0) ack 101 <nop,nop,TS val 5001 ecr 2000>");
            assertEquals(30_000_000, t.connection().srttNs());
        }

        @Test
        void segmentsLeaveRoomForTheOption() {
            established().write(2000).sends(". 1:1449(1448)").sends("P. 1449:2001(552)");
        }
    }

    @Nested
    class TheLastWord {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void ownerKeepsItUntilTheResetIsPolled() {
            t.connection().abort(CloseCause.LOCAL);
            assertEquals(t.connection(), t.connection().successor());
            t.posts(Stream.CLOSE).sends("R. 1:1(0) ack 1");
            assertEquals(null, t.connection().successor());
        }
    }
}
