package io.usernet.tcp;

import static io.usernet.metrics.Counter.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AcknowledgementTest {
    @Nested
    class Delayed {
        @RegisterExtension final TcpScenario t = TcpScenario.established();
        private int at = 1;

        private void receive(int n) {
            t.receives("P. %d:%d(%d) ack 1".formatted(at, at + n, n));
            at += n;
        }

        /** The first segments of a connection are acknowledged at once. */
        private void afterTheBeginning() {
            for (int i = 0; i < 16; i++) {
                receive(10);
                t.sends(". 1:1(0) ack " + at).sendsNothing();
            }
        }

        @Test
        void smallTextIsAcknowledgedAfter40Ms() {
            afterTheBeginning();
            receive(10);
            t.sendsNothing().advanceMillis(39).sendsNothing().advanceMillis(1);
            t.sends(". 1:1(0) ack 171").sendsNothing();
            assertEquals(1, t.count(DELAYED_ACKS));
            t.assertEvents(Map.of());
        }

        @Test
        void everySecondFullSegmentIsAcknowledgedAtOnce() {
            afterTheBeginning();
            receive(1460);
            t.sendsNothing();
            receive(1460);
            t.sends(". 1:1(0) ack 3081").sendsNothing();
        }

        @Test
        void timerIsNotMovedBySecondSegment() {
            afterTheBeginning();
            receive(10);
            t.advanceMillis(30);
            receive(10);
            t.sendsNothing().advanceMillis(10).sends(". 1:1(0) ack 181");
        }

        @Test
        void ackRidesOnText() {
            afterTheBeginning();
            receive(10);
            t.write(5).sends("P. 1:6(5) ack 171").advanceMillis(100).sendsNothing();
        }

        @Test
        void conversationIsNotAcknowledgedAtOnce() {
            receive(10);
            t.skip().write(5).skip(); // we answer: so the next answer may carry the ACK
            t.receives("P. 11:21(10) ack 6").sendsNothing();
            t.advanceMillis(40).sends(". 6:6(0) ack 21");
            t.receives("P. 21:31(10) ack 6").sends(". 6:6(0) ack 31"); // no conversation after all
        }

        /** A sender whose SO_SNDBUF holds no second one waits for that. */
        @Test
        void fullSegmentIsAcknowledgedOnceReadOnlyIfItIsPushed() {
            afterTheBeginning();
            t.receives(". 161:1621(1460) ack 1").read(1620).sendsNothing();
            t.advanceMillis(40).sends(". 1:1(0) ack 1621");
            t.receives(". 1621:3081(1460) ack 1").read(1460).sendsNothing();
            t.advanceMillis(40).sends(". 1:1(0) ack 3081");
            t.receives("P. 3081:4541(1460) ack 1").sendsNothing().read(1460);
            t.sends(". 1:1(0) ack 4541").sendsNothing();
        }

        @Test
        void afterIdlenessQuickly() {
            afterTheBeginning();
            t.advance(Duration.ofSeconds(5));
            receive(10);
            t.sends(". 1:1(0) ack 171");
        }

        @Test
        void quickAckOptionAsksForWhatIsOwed() {
            afterTheBeginning();
            receive(10);
            t.sendsNothing().stream().quickAck = true;
            t.posts(Stream.OPTIONS).sends(". 1:1(0) ack 171").sendsNothing();
        }

        @Test
        void switchedOffItWaitsForAnAnswerUntilTheTimeout() {
            t.stream().quickAck = false;
            t.posts(Stream.OPTIONS);
            receive(10);
            t.read(10).sendsNothing().advanceMillis(39).sendsNothing();
            assertFalse(t.stream().quickAck);
            t.advanceMillis(1).sends(". 1:1(0) ack 11");
            assertTrue(t.stream().quickAck);
            receive(10);
            t.sends(". 1:1(0) ack 21");
        }

        @Test
        void anAnswerSwitchesItOff() {
            receive(10);
            t.skip();
            assertTrue(t.stream().quickAck);
            t.write(5).skip();
            assertFalse(t.stream().quickAck);
        }

        @Test
        void smallTextIsAcknowledgedOnceAllIsRead() {
            afterTheBeginning();
            t.read(160);
            for (int i = 0; i < 20; i++) {
                receive(10);
                t.sendsNothing().read(9).sendsNothing();
                t.read(1).sends(". 1:1(0) ack " + at).sendsNothing();
            }
            t.advanceMillis(100).sendsNothing();
            assertEquals(0, t.count(DELAYED_ACKS));
        }

        @Test
        void readingInAConversationIsNotAcknowledged() {
            afterTheBeginning();
            t.write(5).skip().read(160);
            t.receives("P. 161:171(10) ack 6").read(10).sendsNothing();
            t.write(5).sends("P. 6:11(5) ack 171").sendsNothing();
        }

        @Test
        void theReaderIsAskedToTellOnlyWhileAnAckIsOwed() {
            afterTheBeginning();
            t.read(150);
            receive(10);
            t.advanceMillis(40).sends(". 1:1(0) ack 171").stream().read(ByteBuffer.allocate(20));
            assertFalse(t.stream().shouldAnnounce());
        }

        @Test
        void fillingAGapIsAcknowledgedAtOnce() {
            afterTheBeginning();
            t.receives(". 171:181(10) ack 1").sends(". 1:1(0) ack 161 <nop,nop,sack 171:181>");
            t.receives(". 161:171(10) ack 1").sends(". 1:1(0) ack 181 <>");
        }

        @Test
        void oneAckForABatch() {
            t.receivesAtOnce(
                    ". 1:1461(1460) ack 1", ". 1461:2921(1460) ack 1", ". 2921:4381(1460) ack 1");
            t.sends(". 1:1(0) ack 4381").sendsNothing();
        }

        @Test
        void oneDuplicateAckForEachOfABatch() {
            t.receivesAtOnce(
                    ". 101:201(100) ack 1", ". 201:301(100) ack 1", ". 301:401(100) ack 1");
            for (int i = 0; i < 3; i++) t.sends(". 1:1(0) ack 1 <nop,nop,sack 101:401>");
            t.sendsNothing();
        }

        @Test
        void shutInputIsAcknowledgedAndDropped() {
            t.posts(Stream.SHUTDOWN_INPUT)
                    .receives("P. 1:101(100) ack 1")
                    .sends(". 1:1(0) ack 101");
            assertEquals(0, t.stream().receiveQueue().available());
            t.receives(". 201:301(100) ack 1").skip().receives(". 101:201(100) ack 1");
            t.sends(". 1:1(0) ack 301 win 65235").receives("F. 301:301(0) ack 1").readsEnd().skip();
        }
    }

    @Nested
    class SmallWindow {
        @RegisterExtension
        final TcpScenario t = TcpScenario.fresh().accepted(1460, true, 65_535, 64 << 10, 10_000);

        @Test
        void quickAcksAreAsManyAsFillHalfOfIt() {
            for (int i = 0; i < 10_000 / (2 * 536); i++) {
                t.receives("P. %d:%d(1) ack 1".formatted(1 + i, 2 + i));
                t.sends(". 1:1(0) ack " + (2 + i));
            }
            t.receives("P. 10:11(1) ack 1").sendsNothing();
        }
    }

    @Nested
    class NoDelay {
        @RegisterExtension
        final TcpScenario t = TcpScenario.establishedWith(Sysctl.TCP_DELACK_US, 0);

        @Test
        void delayOfZeroIsDueAtOnce() {
            for (int i = 0; i < 17; i++) {
                t.receives("P. %d:%d(10) ack 1".formatted(1 + 10 * i, 11 + 10 * i));
            }
            t.advanceMillis(0);
            assertEquals(17, t.pending());
            t.skip();
        }
    }

    /** RFC 2018 section 4: eight segments of 500 bytes. */
    @Nested
    class Rfc2018 {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        private void segment(int n) {
            int at = 1 + 500 * (n - 1);
            t.receives(". %d:%d(500) ack 1".formatted(at, at + 500));
        }

        @Test
        void case1LastFourAreDropped() {
            for (int n = 1; n <= 4; n++) {
                segment(n);
                t.sends(". 1:1(0) ack " + (1 + 500 * n) + " <>");
            }
            t.sendsNothing();
        }

        @Test
        void case2FirstIsDropped() {
            for (int n = 2; n <= 8; n++) {
                segment(n);
                t.sends(". 1:1(0) ack 1 <nop,nop,sack 501:%d>".formatted(1 + 500 * n));
            }
            segment(1);
            t.sends(". 1:1(0) ack 4001 <>");
        }

        @Test
        void case3EverySecondIsDropped() {
            segment(1);
            t.sends(". 1:1(0) ack 501 <>");
            segment(3);
            t.sends(". 1:1(0) ack 501 <nop,nop,sack 1001:1501>");
            segment(5);
            t.sends(". 1:1(0) ack 501 <nop,nop,sack 2001:2501 1001:1501>");
            segment(7);
            t.sends(". 1:1(0) ack 501 <nop,nop,sack 3001:3501 2001:2501 1001:1501>");
            segment(4);
            t.sends(". 1:1(0) ack 501 <nop,nop,sack 1001:2501 3001:3501>");
            segment(2);
            t.sends(". 1:1(0) ack 2501 <nop,nop,sack 3001:3501>");
        }

        @Test
        void atMostFourBlocksTheLatestFirst() {
            for (int n = 2; n <= 12; n += 2) segment(n);
            t.skip();
            segment(14);
            t.sends(". 1:1(0) ack 1 <nop,nop,sack 6501:7001 5501:6001 4501:5001 3501:4001>");
        }

        @Test
        void blocksRideOnText() {
            segment(2);
            t.skip().write(2000).sends(". 1:1449(1448) ack 1 <nop,nop,sack 501:1001>");
            t.sends("P. 1449:2001(552) ack 1 <nop,nop,sack 501:1001>");
        }
    }

    /** RFC 2883 section 4. */
    @Nested
    class DuplicateSack {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void ofDeliveredTextIsReportedOnce() {
            t.receives(". 1:501(500) ack 1").skip().receives(". 1:501(500) ack 1");
            t.sends(". 1:1(0) ack 501 <nop,nop,sack 1:501>").receives(". 501:1001(500) ack 1");
            t.sends(". 1:1(0) ack 1001 <>");
            t.assertEvents(Map.of(TCP_DSACK_OLD_SENT, 1L, TCP_IN_UNACCEPTABLE, 1L));
        }

        @Test
        void ofTextOutOfOrderComesBeforeItsBlock() {
            t.receives(". 501:1001(500) ack 1", ". 1001:1501(500) ack 1").skip();
            t.receives(". 1001:1501(500) ack 1");
            t.sends(". 1:1(0) ack 1 <nop,nop,sack 1001:1501 501:1501>");
            t.assertEvents(Map.of(TCP_OFO_QUEUE, 2L, TCP_DSACK_OFO_SENT, 1L));
        }

        @Test
        void ofAPartIsReported() {
            t.receives(". 1:501(500) ack 1").skip().receives(". 251:751(500) ack 1");
            t.sends(". 1:1(0) ack 751 <nop,nop,sack 251:501>").read(750);
        }
    }

    @Nested
    class WithoutSack {
        @RegisterExtension final TcpScenario t = TcpScenario.establishedWithoutSack();

        @Test
        void duplicateAcksCarryNoBlocks() {
            t.receives(". 501:1001(500) ack 1").sends(". 1:1(0) ack 1 <>");
            t.receives(". 501:1001(500) ack 1").sends(". 1:1(0) ack 1 <>");
        }
    }

    @Nested
    class OutOfOrder {
        @RegisterExtension
        final TcpScenario t = TcpScenario.fresh().accepted(1460, true, 65_535, 64 << 10, 10_000);

        @Test
        void overlappingPiecesAreTrimmed() {
            t.receives(". 501:1001(500) ack 1", ". 251:751(500) ack 1", ". 901:1601(700) ack 1");
            t.receives(". 401:1701(1300) ack 1", ". 1:301(300) ack 1").read(1700);
            t.skip();
        }

        @Test
        void textInOrderThatCoversKeptPiecesReplacesThem() {
            t.receives(". 501:601(100) ack 1", ". 701:801(100) ack 1", ". 1:1001(1000) ack 1");
            t.read(1000).skip();
        }

        @Test
        void smallPiecesAreBounded() {
            for (int i = 0; i < 1000; i++)
                t.receives(". %d:%d(1) ack 1".formatted(3 + 2 * i, 4 + 2 * i));
            assertEquals(2 * 10_000 / (Reassembly.OVERHEAD + 1), t.count(TCP_OFO_QUEUE));
            assertEquals(1000 - t.count(TCP_OFO_QUEUE), t.count(TCP_OFO_DROP));
            t.skip();
        }

        @Test
        void keptTextIsFreedWhenTheConnectionEnds() {
            t.receives(". 501:1001(500) ack 1").skip().receives("R. 1:1(0) ack 1");
            t.is(State.CLOSED).sendsNothing();
        }
    }
}
