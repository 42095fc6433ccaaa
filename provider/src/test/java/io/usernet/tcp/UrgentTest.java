package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Urgent data as RFC 6093 found it everywhere: a byte, and a pointer behind it. */
class UrgentTest {
    @Nested
    class Sending {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void pointerIsBehindTheByte() {
            t.writeUrgent().sends("P.U 1:2(1) ack 1 urg 1");
        }

        @Test
        void textBehindItIsNotUrgent() {
            t.writeUrgent().skip().receives(". 1:1(0) ack 2").write(10).sends("P. 2:12(10) ack 1");
        }

        @Test
        void itDoesNotWaitForAnAcknowledgement() {
            t.write(1).sends("P. 1:2(1) ack 1").write(1).sendsNothing();
            t.writeUrgent().sends("P.U 2:4(2) ack 1 urg 2");
        }

        @Test
        void itIsUrgentWhenItIsSentAgain() {
            t.write(5).writeUrgent().skip().advanceMillis(1100);
            t.sends("P.U 1:7(6) ack 1 urg 6");
        }

        @Test
        void theLatestCounts() {
            t.writeUrgent().writeUrgent().skip().advanceMillis(1100);
            t.sends("P.U 1:3(2) ack 1 urg 2");
        }

        @Test
        void byteForWhichThereIsNoRoomMarksNothing() {
            t.receives(". 1:1(0) ack 1 win 0");
            ByteBuffer all = ByteBuffer.allocate(t.stream().sendQueue().room());
            for (int i = 0; i < all.capacity(); i++) all.put(i, SegmentText.byteAt(i));
            assertEquals(all.capacity(), t.stream().write(all));
            assertEquals(0, t.stream().writeUrgent(ByteBuffer.wrap(new byte[1])));
            t.posts(Stream.WRITTEN).receives(". 1:1(0) ack 1 win 2000");
            t.sends(". 1:1461(1460) ack 1");
        }
    }

    @Nested
    class SendingLater {
        @RegisterExtension final TcpScenario t = TcpScenario.fresh().accepted(1460, true, 0);

        @Test
        void textBeforeItPointsAhead() {
            t.write(2000).writeUrgent().skip().receives(". 1:1(0) ack 1 win 5000");
            t.sends(".U 1:1461(1460) ack 1 urg 2001", "P.U 1461:2002(541) ack 1 urg 541");
        }

        @Test
        void pointerThatDoesNotReachItWaits() {
            t.write(100_000).writeUrgent().skip().receives(". 1:1(0) ack 1 win 65535");
            int seq = 1;
            for (int round = 0; round < 3; round++) {
                for (int n = t.pending(); n > 0; n--, seq += 1460) {
                    int ahead = 100_002 - seq;
                    boolean reaches = ahead <= 65_535;
                    String flags = reaches ? ".U " : ". ";
                    String pointer = reaches ? " urg " + ahead : "";
                    t.sends(flags + seq + ":" + (seq + 1460) + "(1460) ack 1" + pointer);
                }
                t.receives(". 1:1(0) ack " + seq + " win 65535");
            }
            assertTrue(seq > 40_000, "it was reached");
            t.skip();
        }
    }

    @Nested
    class Receiving {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void itIsLeftOutOfTheStream() {
            t.receives("P.U 1:4(3) ack 1 urg 2").read(1).misses().read(1).skip();
        }

        @Test
        void itStaysInTheStreamIfTheApplicationWantsThat() {
            t.stream().oobInline = true;
            t.receives("P.U 1:4(3) ack 1 urg 2").read(3).skip();
        }

        @Test
        void aloneItIsAcknowledgedAndMakesNothingReadable() {
            t.receives("P.U 1:2(1) ack 1 urg 1");
            assertFalse(t.stream().isReadable());
            t.advanceMillis(500).sends(". 1:1(0) ack 2").misses();
            t.receives("P. 2:3(1) ack 1").read(1).skip();
        }

        @Test
        void oneAfterTheOtherEachIsLeftOut() {
            for (int seq = 1; seq < 20; seq++) {
                t.receives("P.U " + seq + ":" + (seq + 1) + "(1) ack 1 urg 1").misses();
                assertFalse(t.stream().isReadable());
            }
            t.receives("P. 20:21(1) ack 1").read(1).skip();
        }

        @Test
        void pointerMayBeAheadOfTheSegment() {
            t.receives(".U 1:11(10) ack 1 urg 15", "P. 11:21(10) ack 1");
            t.read(14).misses().read(5).skip();
        }

        @Test
        void itMayComeOutOfOrder() {
            t.receives("P.U 11:21(10) ack 1 urg 5", "P. 1:11(10) ack 1");
            t.read(14).misses().read(5).skip();
        }

        @Test
        void itMayBeAllThatComesOutOfOrder() {
            t.receives("P.U 11:12(1) ack 1 urg 1", "P. 12:20(8) ack 1", "P. 1:11(10) ack 1");
            t.read(10).misses().read(8).skip();
        }

        @Test
        void ofTwoThatArePendingTheLastOneIsLeftOut() {
            t.receives("P.U 11:21(10) ack 1 urg 1", "P.U 21:31(10) ack 1 urg 1");
            t.receives("P. 1:11(10) ack 1").read(20).misses().read(9).skip();
        }

        @Test
        void copyOfASegmentLeavesNothingElseOut() {
            t.receives("P.U 1:11(10) ack 1 urg 10").read(9).misses();
            t.receives("P.U 1:21(20) ack 1 urg 10").read(10).skip();
        }

        @Test
        void pointerOfNothingIsNone() {
            t.receives("P.U 1:11(10) ack 1").read(10).skip();
        }

        @Test
        void pointerWithoutItsFlagIsNone() {
            t.receives("P. 1:11(10) ack 1 urg 5").read(10).skip();
        }

        @Test
        void longTextIsSplitAroundIt() {
            t.receives(".U 1:1461(1460) ack 1 urg 700").read(699).misses().read(760).skip();
        }

        @Test
        void textThatFoundNoMemoryComesAgain() {
            t.exhaustMemory().receives("P.U 1:11(10) ack 1 urg 5");
            assertFalse(t.stream().isReadable());
            t.memoryIsBack().receives("P.U 1:11(10) ack 1 urg 5");
            t.read(4).misses().read(5).skip();
        }

        @Test
        void lastByteBeforeFinMayBeUrgent() {
            t.receives("FP.U 1:3(2) ack 1 urg 2").read(1).misses().readsEnd().skip();
        }
    }
}
