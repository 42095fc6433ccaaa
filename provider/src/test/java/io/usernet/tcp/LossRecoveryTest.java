package io.usernet.tcp;

import static io.usernet.metrics.Counter.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LossRecoveryTest {
    private static final int MSS = 1460;

    @Nested
    class RetransmissionTimeout {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void rfc6298Section2() {
            t.write(100).skip().advanceMillis(100).receives(". 1:1(0) ack 101");
            // (2.2) SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 * RTTVAR
            assertEquals(100_000_000, t.connection().srttNs());
            assertEquals(300_000_000, t.connection().rtoNs());
            t.write(100).skip().advanceMillis(180).receives(". 1:1(0) ack 201");
            // (2.3) RTTVAR = 3/4 * 50 + 1/4 * 80 = 57.5, SRTT = 7/8 * 100 + 1/8 * 180 = 110
            assertEquals(110_000_000, t.connection().srttNs());
            assertEquals(340_000_000, t.connection().rtoNs());
        }

        @Test
        void notBelowTheMinimum() {
            t.write(100).skip().advanceMillis(1).receives(". 1:1(0) ack 101");
            assertEquals(200_000_000, t.connection().rtoNs());
        }

        @Test
        void karnTakesNoSampleOfARetransmission() {
            t.write(100).skip().advanceMillis(1000).skip().advanceMillis(10);
            t.receives(". 1:1(0) ack 101");
            assertEquals(-1, t.connection().srttNs());
        }

        @Test
        void slowStartOverWhatWasOutstanding() {
            t.write(10 * MSS).skip().advanceMillis(1000).sends(". 1:1461(1460) ack 1");
            t.sendsNothing();
            assertEquals(MSS, t.connection().cwnd());
            assertEquals(5 * MSS, t.connection().ssthresh());
            t.receives(". 1:1(0) ack 1461").sends(". 1461:2921(1460)", ". 2921:4381(1460)");
            t.sendsNothing().receives(". 1:1(0) ack 14601").sendsNothing();
            t.assertEvents(Map.of(TCP_TIMEOUTS, 1L));
        }

        @Test
        void thresholdIsHeldWhenItExpiresAgain() {
            t.write(10 * MSS).skip().advanceMillis(1000).advanceMillis(2000).skip();
            assertEquals(5 * MSS, t.connection().ssthresh());
        }

        @Test
        void whatWasSackedIsNotSentAgain() {
            t.write(3 * MSS).skip().receives(". 1:1(0) ack 1 <nop,nop,sack 1461:2921>");
            t.advanceMillis(1000).sends(". 1:1461(1460)").receives(". 1:1(0) ack 2921");
            t.sends("P. 2921:4381(1460)").sendsNothing();
        }

        @Test
        void aPeerThatTakesItsSacksBackGetsAll() {
            t.write(3 * MSS).skip().receives(". 1:1(0) ack 1 <nop,nop,sack 1461:4381>");
            t.receives(". 1:1(0) ack 1461").sendsNothing(); // and no more of the SACK
            t.advanceMillis(200).sends(". 1461:2921(1460)");
            t.receives(". 1:1(0) ack 2921").sends("P. 2921:4381(1460)");
        }
    }

    @Nested
    class GivingUp {
        @RegisterExtension
        final TcpScenario t = TcpScenario.establishedWith(Sysctl.TCP_RETRIES2, 3);

        @Test
        void afterRetries2() {
            t.write(10).skip().advanceMillis(1000 + 2000 + 4000).is(State.ESTABLISHED);
            assertEquals(3, t.pending());
            t.skip().advanceMillis(8000).is(State.CLOSED).sendsNothing();
            assertEquals(CloseCause.TIMED_OUT, t.stream().cause());
            t.assertEvents(Map.of(TCP_TIMEOUTS, 3L, TCP_ABORT_ON_TIMEOUT, 1L));
        }

        @Test
        void saysWhatIcmpSaid() {
            t.write(10).skip().unreachable(Endpoint.Unreachable.HOST, 1).is(State.ESTABLISHED);
            t.advanceMillis(15_000).is(State.CLOSED).skip();
            assertEquals(CloseCause.HOST_UNREACHABLE, t.stream().cause());
        }

        @Test
        void progressBeginsTheCountAgain() {
            t.write(20).skip().advanceMillis(7000).receives(". 1:1(0) ack 11").skip();
            t.advanceMillis(7000).is(State.ESTABLISHED).skip();
        }
    }

    @Nested
    class NewReno {
        @RegisterExtension final TcpScenario t = TcpScenario.establishedWithoutSack();

        private void duplicateAcks(int n) {
            for (int i = 0; i < n; i++) t.receives(". 1:1(0) ack 1");
        }

        @Test
        void thirdDuplicateAckRetransmits() {
            t.write(20_000).skip();
            t.receives(". 1:1(0) ack 1").sends(". 14601:16061(1460)"); // RFC 3042
            t.receives(". 1:1(0) ack 1").sends(". 16061:17521(1460)");
            t.receives(". 1:1(0) ack 1").sends(". 1:1461(1460)").sendsNothing();
            assertEquals(5 * MSS, t.connection().ssthresh());
            duplicateAcks(4);
            t.sendsNothing().receives(". 1:1(0) ack 1").sends(". 17521:18981(1460)");
            duplicateAcks(1);
            t.sends("P. 18981:20001(1020)");
            t.receives(". 1:1(0) ack 17521").sendsNothing();
            assertEquals(2480 + MSS, t.connection().cwnd()); // RFC 6582 section 3.2 step 3
            t.assertEvents(Map.of(TCP_RENO_RECOVERY, 1L));
        }

        @Test
        void partialAckRetransmitsTheNextHole() {
            t.write(10 * MSS).skip();
            duplicateAcks(8);
            t.sends(". 1:1461(1460)").sendsNothing();
            t.receives(". 1:1(0) ack 5841").sends(". 5841:7301(1460)").sendsNothing();
            t.receives(". 1:1(0) ack 14601").sendsNothing();
            t.assertEvents(Map.of(TCP_RENO_RECOVERY, 1L));
        }

        @Test
        void duplicateAcksOfTheSameWindowBeginNoSecondRecovery() {
            t.write(10 * MSS).skip();
            duplicateAcks(3);
            t.skip().receives(". 1:1(0) ack 14601").write(10 * MSS).skip();
            for (int i = 0; i < 3; i++) t.receives(". 1:1(0) ack 14601");
            t.skip(); // SND.UNA is not beyond "recover": RFC 6582 section 3.2 step 2
            t.assertEvents(Map.of(TCP_RENO_RECOVERY, 1L));
        }

        @Test
        void textOrAWindowUpdateIsNoDuplicateAck() {
            t.write(10 * MSS).skip();
            for (int i = 0; i < 4; i++) t.receives(". 1:1(0) ack 1 win " + (30_000 + i * 100));
            t.sendsNothing();
            for (int i = 0; i < 4; i++) {
                t.receives("P. %d:%d(10) ack 1 win 30300".formatted(1 + 10 * i, 11 + 10 * i));
            }
            assertEquals(0, t.count(TCP_RETRANS_SEGS));
        }
    }

    @Nested
    class Sack {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void holesAreRetransmittedAsThePipeDrains() {
            t.write(20_000).skip().advanceMillis(10);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:2921>").sends(". 14601:16061(1460)");
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 4381:5841 1461:2921>");
            t.sends(". 16061:17521(1460)");
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 4381:7301 1461:2921>");
            t.sends(". 1:1461(1460)").sendsNothing();
            assertEquals(5 * MSS, t.connection().cwnd());
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 4381:8761 1461:2921>").sendsNothing();
            t.advanceMillis(1);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 4381:13141 1461:2921>");
            t.sends(". 2921:4381(1460)").sendsNothing().advanceMillis(10);
            t.receives(". 1:1(0) ack 2921 <nop,nop,sack 4381:16061>");
            t.sends(". 17521:18981(1460)", "P. 18981:20001(1020)").sendsNothing();
            t.receives(". 1:1(0) ack 17521").sendsNothing();
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L));
        }

        @Test
        void manyBytesAboveAHoleNeedNoThreeDuplicates() {
            t.write(10 * MSS).skip().receives(". 1:1(0) ack 1 <nop,nop,sack 1461:7301>");
            t.sends(". 1:1461(1460)");
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L));
        }

        @Test
        void duplicateAcksWithoutNewsAreNone() {
            t.write(10 * MSS).skip();
            for (int i = 0; i < 5; i++) t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:2921>");
            t.sendsNothing().assertEvents(Map.of());
        }

        @Test
        void blocksOutsideOfWhatIsOutstandingAreIgnored() {
            t.write(10 * MSS).skip();
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 20001:30001 14601:14600>").sendsNothing();
            t.assertEvents(Map.of());
        }

        @Test
        void retransmissionThatIsLostAgainIsFoundByWhatWasSentAfterIt() {
            t.write(60_000).skip().advanceMillis(10);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:14601>").sends(". 1:1461(1460)");
            t.sends(". 14601:16061(1460)", ". 16061:17521(1460)", ". 17521:18981(1460)");
            t.sends(". 18981:20441(1460)").sendsNothing().advanceMillis(10);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:16061>").sends(". 1:1461(1460)").skip();
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L, TCP_LOST_RETRANSMIT, 1L));
        }

        @Test
        void lastSegmentLostIsFoundByTheRetransmissionOfAnother() {
            t.write(6 * MSS).skip().advanceMillis(10);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:5841>").sends(". 1:1461(1460)");
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:7301>").sendsNothing().advanceMillis(10);
            t.receives(". 1:1(0) ack 7301").sends("P. 7301:8761(1460)").sendsNothing();
        }

        @Test
        void halfOfWhatArrivesIsSentFromTheBeginningOfRecoveryOn() {
            t.write(40 * MSS).skip().receives(". 1:1(0) ack 14601").skip(); // 12 in flight
            t.advanceMillis(40);
            int sent = 0;
            for (int n = 2; n <= 12; n++) {
                int edge = 14_601 + n * MSS;
                t.receives(". 1:1(0) ack 14601 <nop,nop,sack 16061:" + edge + ">");
                if (n > 3) sent += t.pending();
                assertTrue(t.pending() <= 2, "no burst after " + n);
                if (n == 7) assertTrue(sent >= 2, "no pause: " + sent);
                t.skip();
            }
            assertTrue(sent >= 4 && sent <= 6, sent + " sent while 9 arrived");
        }

        @Test
        void blockThatEndsWithinASegmentCountsForThoseItCovers() {
            t.write(10 * MSS).skip().receives(". 1:1(0) ack 1 <nop,nop,sack 2000:9000>");
            t.sends(". 1:1461(1460)").sendsNothing();
            t.receives(". 1:1(0) ack 1461 <nop,nop,sack 1461:8761>").sendsNothing();
            t.receives(". 1:1(0) ack 14601");
            // Its second segment was late: it was never sent again.
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L, TCP_SACK_REORDER, 1L));
        }
    }

    /** RFC 8985 section 6. */
    @Nested
    class ReorderingTolerated {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void oneThatWasOvertakenIsWaitedForAQuarterOfTheMinimalRoundTrip() {
            t.write(10 * MSS).skip().advanceMillis(40);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:2921>").advanceMillis(9).sendsNothing();
            t.advanceMillis(1).sends(". 1:1461(1460)").sendsNothing();
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L));
        }

        @Test
        void oneThatComesInTimeIsNotRetransmitted() {
            t.write(10 * MSS).skip().advanceMillis(40);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:2921>").advanceMillis(9);
            t.receives(". 1:1(0) ack 2921").advanceMillis(80).sendsNothing();
            assertEquals(12 * MSS, t.connection().cwnd());
            t.assertEvents(Map.of(TCP_SACK_REORDER, 1L));
        }

        @Test
        void onceReorderingWasSeenManySackedSegmentsProveNothing() {
            t.write(20 * MSS).skip().advanceMillis(40);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:2921>").receives(". 1:1(0) ack 2921");
            t.skip().receives(". 1:1(0) ack 2921 <nop,nop,sack 4381:14601>");
            for (int n = t.pending(); n > 0; n--) t.skip();
            t.advanceMillis(9).sendsNothing().advanceMillis(1).sends(". 2921:4381(1460)").skip();
            t.assertEvents(Map.of(TCP_SACK_REORDER, 1L, TCP_SACK_RECOVERY, 1L));
        }

        @Test
        void batchedAcknowledgementIsNoReordering() {
            t.write(10 * MSS).skip().advanceMillis(40);
            t.receives(". 1:1(0) ack 1461 <nop,nop,sack 2921:4381>");
            t.assertEvents(Map.of());
        }

        @Test
        void windowIsAtLeastOneMillisecondHoweverShortTheRoundTrip() {
            t.write(10 * MSS).skip().advance(Duration.ofNanos(20_000));
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:2921>");
            t.advance(Duration.ofNanos(900_000)).sendsNothing();
            t.advance(Duration.ofNanos(100_000)).sends(". 1:1461(1460)").sendsNothing();
        }
    }

    @Nested
    class WithoutProbes {
        @RegisterExtension
        final TcpScenario t = TcpScenario.establishedWith(Sysctl.TCP_EARLY_RETRANS, 0);

        @Test
        void theTimeoutComesFirst() {
            t.write(MSS).skip().advanceMillis(40).receives(". 1:1(0) ack 1461");
            t.write(2 * MSS).skip().advanceMillis(199).sendsNothing();
            t.advanceMillis(1).sends(". 1461:2921(1460)").sendsNothing();
            t.assertEvents(Map.of(TCP_TIMEOUTS, 1L));
        }

        @Test
        void afterATimeoutWhatWasSentJustBeforeIsNotLost() {
            t.write(2 * MSS).skip().advanceMillis(100).receives(". 1:1(0) ack 2921");
            t.write(MSS).skip().advanceMillis(250).write(MSS).skip().advanceMillis(50);
            t.sends(". 2921:4381(1460)").sendsNothing();
            t.receives(". 1:1(0) ack 4381").sendsNothing();
            t.receives(". 1:1(0) ack 5841").assertEvents(Map.of(TCP_TIMEOUTS, 1L));
        }
    }

    /** RFC 8985 section 7; the round trip is 40 ms. */
    @Nested
    class TailLossProbe {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @BeforeEach
        void measure() {
            t.write(MSS).skip().advanceMillis(40).receives(". 1:1(0) ack 1461");
        }

        @Test
        void lastSegmentIsSentAgainAfterTwoRoundTripsAndShowsTheLoss() {
            t.write(4 * MSS).skip().advanceMillis(40).receives(". 1:1(0) ack 2921");
            t.advanceMillis(89).sendsNothing().advanceMillis(1).sends("P. 5841:7301(1460)");
            t.advanceMillis(40).receives(". 1:1(0) ack 2921 <nop,nop,sack 5841:7301>");
            t.sends(". 2921:4381(1460)").sendsNothing(); // what one that arrived allows
            t.advanceMillis(40).receives(". 1:1(0) ack 4381 <nop,nop,sack 5841:7301>");
            t.sends(". 4381:5841(1460)").receives(". 1:1(0) ack 7301").sendsNothing();
            t.assertEvents(Map.of(TCP_LOSS_PROBES, 1L, TCP_SACK_RECOVERY, 1L));
        }

        @Test
        void lossThatTheProbeRepairsReducesTheWindow() {
            t.write(2 * MSS).skip().advanceMillis(40).receives(". 1:1(0) ack 2921");
            t.advanceMillis(200).skip().receives(". 1:1(0) ack 4381").write(MSS).skip();
            assertEquals(Integer.MAX_VALUE, t.connection().ssthresh());
            t.advanceMillis(40).receives(". 1:1(0) ack 5841");
            assertEquals(2 * MSS, t.connection().ssthresh());
            t.assertEvents(Map.of(TCP_LOSS_PROBES, 1L, TCP_LOSS_PROBE_RECOVERY, 1L));
        }

        @Test
        void needlessProbeThatTheDsackShowsChangesNothing() {
            t.write(2 * MSS).skip().advanceMillis(90).sends("P. 2921:4381(1460)");
            t.receives(". 1:1(0) ack 4381");
            t.receives(". 1:1(0) ack 4381 <nop,nop,sack 2921:4381>").write(MSS).skip();
            t.receives(". 1:1(0) ack 5841");
            assertEquals(Integer.MAX_VALUE, t.connection().ssthresh());
            t.assertEvents(Map.of(TCP_LOSS_PROBES, 1L, TCP_DSACK_RECV, 1L));
        }

        @Test
        void needlessProbeThatARepeatedAckShowsChangesNothing() {
            t.write(2 * MSS).skip().advanceMillis(90).sends("P. 2921:4381(1460)");
            t.receives(". 1:1(0) ack 4381", ". 1:1(0) ack 4381").write(MSS).skip();
            t.receives(". 1:1(0) ack 5841");
            assertEquals(Integer.MAX_VALUE, t.connection().ssthresh());
            t.assertEvents(Map.of(TCP_LOSS_PROBES, 1L));
        }

        @Test
        void newTextIsTheProbeWhereTheWindowIsFull() {
            t.write(20 * MSS).skip().advanceMillis(89).sendsNothing().advanceMillis(1);
            t.sends(". 16061:17521(1460)").sendsNothing();
            t.receives(". 1:1(0) ack 17521").skip().receives(". 1:1(0) ack 30661");
            assertEquals(Integer.MAX_VALUE, t.connection().ssthresh());
            t.assertEvents(Map.of(TCP_LOSS_PROBES, 1L));
        }

        @Test
        void aSingleSegmentIsProbedForInThePlaceOfTheFirstTimeout() {
            t.write(100).skip().advanceMillis(199).sendsNothing();
            t.advanceMillis(1).sends("P. 1461:1561(100)");
            assertEquals(10 * MSS, t.connection().cwnd());
            t.advanceMillis(199).sendsNothing().advanceMillis(1).sends("P. 1461:1561(100)");
            t.assertEvents(Map.of(TCP_LOSS_PROBES, 1L, TCP_TIMEOUTS, 1L));
        }

        @Test
        void severalSmallSegmentsMayBeAcknowledgedLateToo() {
            t.stream().noDelay = true;
            t.write(100).write(100).write(100).skip().advanceMillis(199).sendsNothing();
            t.receives(". 1:1(0) ack 1761").assertEvents(Map.of());
        }

        @Test
        void whatWasSackedIsForRackNotForAProbe() {
            t.write(4 * MSS).skip().advanceMillis(40);
            t.receives(". 1:1(0) ack 1461 <nop,nop,sack 2921:4381>").advanceMillis(10);
            t.sends(". 1461:2921(1460)").advanceMillis(100).sendsNothing();
        }

        @Test
        void theFinIsProbedForToo() {
            t.shutdownOutput().sends("F. 1461:1461(0) ack 1").advanceMillis(200);
            t.sends("F. 1461:1461(0) ack 1").sendsNothing();
        }
    }

    /** RFC 6675's way to find losses, without the time. */
    @Nested
    class WithoutRack {
        @RegisterExtension
        final TcpScenario t = TcpScenario.establishedWith(Sysctl.TCP_RECOVERY, 0);

        @Test
        void threeSegmentsBehindOneShowItsLoss() {
            t.write(10 * MSS).skip().advanceMillis(40);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 4381:7301>").advanceMillis(40).sendsNothing();
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 4381:8761>").sends(". 1:1461(1460)");
            t.sendsNothing().receives(". 1:1(0) ack 1461 <nop,nop,sack 4381:11681>");
            t.sends(". 1461:2921(1460)", ". 2921:4381(1460)").sendsNothing();
            t.receives(". 1:1(0) ack 14601").assertEvents(Map.of(TCP_SACK_RECOVERY, 1L));
        }

        @Test
        void aPartialAckWithoutSacksShowsTheNextHole() {
            t.write(10 * MSS).skip().receives(". 1:1(0) ack 1 <nop,nop,sack 1461:5841>");
            t.sends(". 1:1461(1460)").receives(". 1:1(0) ack 5841").sends(". 5841:7301(1460)");
        }
    }

    @Nested
    class ThresholdOfReordering {
        @RegisterExtension
        final TcpScenario t = TcpScenario.establishedWith(Sysctl.TCP_REORDERING, 5);

        @Test
        void countsAsLongAsNoReorderingWasSeen() {
            t.write(10 * MSS).skip().advanceMillis(40);
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:7301>").sendsNothing();
            t.receives(". 1:1(0) ack 1 <nop,nop,sack 1461:8761>").sends(". 1:1461(1460)");
        }
    }

    /** A window that was reduced for what was late, not lost, is as it was before. */
    @Nested
    class Undone {
        @RegisterExtension final TcpScenario t = TcpScenario.fresh();

        @BeforeEach
        void accept() {
            Handshake h = new Handshake();
            h.peerMss = 1472; // 1460 of text
            h.sackPermitted = h.timestamps = true;
            h.tsRecent = 1;
            h.sndWnd = h.rcvWnd = 65_535;
            t.accepted(h, 256 << 10, 64 << 10);
        }

        private static final int TEXT = 1448;

        private String sack(int ack, int ecr, String blocks) {
            return ". 1:1(0) ack %d <nop,nop,TS val 2 ecr %d,nop,nop,sack %s>"
                    .formatted(ack, ecr, blocks);
        }

        private String ack(int ack, int ecr) {
            return ". 1:1(0) ack %d <nop,nop,TS val 2 ecr %d>".formatted(ack, ecr);
        }

        @Test
        void byTheTimestampOfTheFirstTransmission() {
            t.write(10 * TEXT).skip().advanceMillis(40);
            int before = t.connection().cwnd();
            t.receives(sack(1, 1000, "1449:5793")).sends(". 1:1449(1448)").sendsNothing();
            assertEquals(5 * TEXT, t.connection().ssthresh());
            t.advanceMillis(5).receives(ack(5793, 1000)).sendsNothing();
            assertEquals(Integer.MAX_VALUE, t.connection().ssthresh());
            assertTrue(t.connection().cwnd() >= before);
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L, TCP_FULL_UNDO, 1L));
            // And reordering was learnt of.
            t.receives(sack(5793, 1000, "7241:14481")).sendsNothing();
        }

        @Test
        void notByTheTimestampOfTheRetransmission() {
            t.write(10 * TEXT).skip().advanceMillis(40);
            t.receives(sack(1, 1000, "1449:5793")).sends(". 1:1449(1448)");
            t.advanceMillis(40).receives(ack(5793, 1040));
            assertEquals(5 * TEXT, t.connection().ssthresh());
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L));
        }

        @Test
        void whenAllRetransmissionsWereDuplicates() {
            t.write(10 * TEXT).skip().advanceMillis(40);
            t.receives(sack(1, 1000, "1449:2897 4345:8689"));
            t.sends(". 1:1449(1448)").sendsNothing();
            t.receives(sack(1, 1000, "1449:2897 4345:14481")).sends(". 2897:4345(1448)");
            t.advanceMillis(40).receives(ack(14481, 1040)).write(100).skip();
            t.receives(sack(14481, 1040, "1:1449"));
            assertEquals(5 * TEXT, t.connection().ssthresh());
            t.receives(sack(14481, 1040, "2897:4345"));
            assertEquals(Integer.MAX_VALUE, t.connection().ssthresh());
            assertEquals(10 * TEXT, t.connection().cwnd());
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L, TCP_DSACK_RECV, 2L, TCP_DSACK_UNDO, 1L));
        }

        @Test
        void duplicatesThatTheNetworkMakesProveNothing() {
            t.write(10 * TEXT).skip().advanceMillis(40);
            t.receives(sack(1, 1000, "1449:5793")).sends(". 1:1449(1448)").advanceMillis(40);
            t.receives(ack(5793, 1040)).receives(sack(5793, 1040, "4345:5793"));
            assertEquals(5 * TEXT, t.connection().ssthresh());
            t.assertEvents(Map.of(TCP_SACK_RECOVERY, 1L, TCP_DSACK_RECV, 1L));
        }

        @Test
        void timeoutByTheTimestampOfTheFirstTransmission() {
            t.write(10 * TEXT).skip().advanceMillis(1000).sends(". 1:1449(1448)").sendsNothing();
            assertEquals(TEXT, t.connection().cwnd());
            t.advanceMillis(10).receives(ack(2897, 1000)).sendsNothing();
            assertEquals(12 * TEXT, t.connection().cwnd());
            assertEquals(Integer.MAX_VALUE, t.connection().ssthresh());
            t.assertEvents(Map.of(TCP_TIMEOUTS, 1L, TCP_LOSS_UNDO, 1L));
        }

        @Test
        void eachDuplicateWidensTheWindowOfReordering() {
            t.write(10 * TEXT).skip().advanceMillis(40);
            t.receives(sack(1, 1000, "1449:2897")).advanceMillis(10).sends(". 1:1449(1448)");
            t.advanceMillis(5).receives(ack(2897, 1000)).skip();
            t.receives(sack(2897, 1000, "1:1449")); // the window: twice 10 ms from now on
            t.receives(sack(2897, 1000, "4345:5793")).advanceMillis(19).sendsNothing();
            t.advanceMillis(1).sends(". 2897:4345(1448)");
        }
    }

    @Nested
    class Congestion {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void initialWindowIsTenSegments() {
            t.write(60_000);
            assertEquals(10, t.pending());
            t.skip();
        }

        @Test
        void slowStartAddsWhatIsAcknowledged() {
            t.write(60_000).skip().receives(". 1:1(0) ack 2921");
            assertEquals(12 * MSS, t.connection().cwnd());
            assertEquals(4, t.pending());
            t.skip();
        }

        @Test
        void windowThatIsNotUsedDoesNotGrow() {
            for (int i = 0; i < 50; i++) {
                t.write(100).receives(". 1:1(0) ack " + (101 + 100 * i)).skip();
            }
            assertEquals(10 * MSS, t.connection().cwnd());
        }

        @Test
        void afterIdlenessItRestartsWithTheInitialWindow() {
            t.write(20 * MSS).skip().receives(". 1:1(0) ack 14601").skip();
            t.receives(". 1:1(0) ack 29201").skip();
            assertEquals(14 * MSS, t.connection().cwnd());
            t.advanceMillis(2000).write(30 * MSS);
            assertEquals(10, t.pending());
            t.skip();
        }
    }

    @Nested
    class PathMtu {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void smallerMtuSendsAgainInSmallerPieces() {
            t.write(3 * MSS).skip().pathMtu(1000, 1);
            t.sends(". 1:961(960)", ". 961:1921(960)", ". 1921:2881(960)", ". 2881:3841(960)");
            t.sends("P. 3841:4381(540)").sendsNothing();
            assertEquals(10 * MSS, t.connection().cwnd());
            t.receives(". 1:1(0) ack 4381").write(1000).sends(". 4381:5341(960)");
        }

        @Test
        void messageAboutWhatIsNotInFlightIsIgnored() {
            t.write(100).skip().pathMtu(1000, 200).sendsNothing().pathMtu(1000, 0).sendsNothing();
            assertEquals(MSS, t.connection().sndMss());
            t.assertEvents(Map.of(TCP_OUT_OF_WINDOW_ICMPS, 2L));
        }

        @Test
        void tinyMtuIsNotBelieved() {
            t.write(100).skip().pathMtu(68, 1).sends("P. 1:101(100)");
            assertEquals(512, t.connection().sndMss());
        }
    }
}
