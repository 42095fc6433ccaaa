package io.usernet.tcp;

import static io.usernet.metrics.Counter.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TransferTest {
    @Nested
    class InEstablished {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void textIsRead() {
            t.receives("P. 1:101(100) ack 1").read(100).sends(". 1:1(0) ack 101").sendsNothing();
            t.assertEvents(Map.of());
        }

        @Test
        void textIsSentAcrossTheWrap() {
            t.write(3000);
            t.sends(". 1:1461(1460) ack 1", ". 1461:2921(1460) ack 1", "P. 2921:3001(80) ack 1");
            t.receives(". 1:1(0) ack 3001").sendsNothing();
            assertEquals(0, t.stream().sendQueue().queued());
            t.assertEvents(Map.of());
        }

        @Test
        void lostTextIsRetransmittedWithBackOff() {
            t.write(100).sends("P. 1:101(100) ack 1");
            t.advanceMillis(999).sendsNothing().advanceMillis(1).sends("P. 1:101(100) ack 1");
            t.advanceMillis(1999).sendsNothing().advanceMillis(1).sends("P. 1:101(100) ack 1");
            t.receives(". 1:1(0) ack 101").advanceMillis(60_000).sendsNothing();
            t.assertEvents(Map.of(TCP_TIMEOUTS, 2L));
            assertEquals(2, t.count(TCP_RETRANS_SEGS));
        }

        @Test
        void outOfOrderTextIsKept() {
            t.receives(". 101:201(100) ack 1").sends(". 1:1(0) ack 1 <nop,nop,sack 101:201>");
            assertFalse(t.stream().isReadable());
            t.receives(". 1:101(100) ack 1").sends(". 1:1(0) ack 201 <>").read(200);
            t.assertEvents(Map.of(TCP_OFO_QUEUE, 1L));
        }

        @Test
        void writableIsToldWhenAThirdIsFree() {
            t.write(65_535);
            assertTrue(t.stream().isWritable());
            t.skip();
        }
    }

    @Nested
    class Closing {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void activeClose() {
            t.close().is(State.FIN_WAIT_1).sends("F. 1:1(0) ack 1");
            t.receives(". 1:1(0) ack 2").is(State.FIN_WAIT_2);
            assertTrue(t.stream().isTerminated());
            t.receives("F. 1:1(0) ack 2").is(State.TIME_WAIT).sends(". 2:2(0) ack 2");
            assertTrue(t.connection().successor() instanceof TimeWait);
        }

        @Test
        void finAckInOneSegment() {
            t.close().sends("F. 1:1(0) ack 1").receives("F. 1:1(0) ack 2").is(State.TIME_WAIT);
            t.sends(". 2:2(0) ack 2");
        }

        @Test
        void passiveClose() {
            t.receives("F. 1:1(0) ack 1").is(State.CLOSE_WAIT).sends(". 1:1(0) ack 2").readsEnd();
            t.close().is(State.LAST_ACK).sends("F. 1:1(0) ack 2");
            t.receives(". 2:2(0) ack 2").is(State.CLOSED).sendsNothing();
            assertEquals(null, t.stream().cause());
            t.assertEvents(Map.of());
        }

        @Test
        void simultaneousClose() {
            t.close().sends("F. 1:1(0) ack 1").receives("F. 1:1(0) ack 1").is(State.CLOSING);
            t.sends(". 2:2(0) ack 2").receives(". 2:2(0) ack 2").is(State.TIME_WAIT);
        }

        @Test
        void halfCloseStillReceives() {
            t.write(10).shutdownOutput().sends("P. 1:11(10) ack 1", "F. 11:11(0) ack 1");
            t.receives(". 1:1(0) ack 12").is(State.FIN_WAIT_2);
            t.receives(". 1:501(500) ack 12").read(500).skip().advanceMillis(600_000);
            t.is(State.FIN_WAIT_2).receives("F. 501:501(0) ack 12").is(State.TIME_WAIT).readsEnd();
        }

        @Test
        void halfCloseStillSends() {
            t.receives("F. 1:1(0) ack 1").skip().write(10).sends("P. 1:11(10) ack 2");
            t.receives(". 2:2(0) ack 11").is(State.CLOSE_WAIT);
        }

        @Test
        void finIsRetransmitted() {
            t.close().sends("F. 1:1(0) ack 1").advanceMillis(1000).sends("F. 1:1(0) ack 1");
            t.receives(". 1:1(0) ack 2").is(State.FIN_WAIT_2);
            t.assertEvents(Map.of(TCP_TIMEOUTS, 1L));
        }

        @Test
        void finFollowsAllThatWasWritten() {
            t.write(20_000).close().skip().is(State.FIN_WAIT_1);
            t.receives(". 1:1(0) ack 14601");
            t.sends(". 14601:16061(1460) ack 1", ". 16061:17521(1460) ack 1");
            t.sends(". 17521:18981(1460) ack 1", "FP. 18981:20001(1020) ack 1").sendsNothing();
        }

        @Test
        void finOutOfOrderWaits() {
            t.receives("F. 101:101(0) ack 1").is(State.ESTABLISHED).skip();
            t.receives(". 1:101(100) ack 1").is(State.CLOSE_WAIT).sends(". 1:1(0) ack 102");
            t.read(100).readsEnd();
        }
    }
}
