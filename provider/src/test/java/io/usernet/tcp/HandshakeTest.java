package io.usernet.tcp;

import static io.usernet.metrics.Counter.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.tcp.Endpoint.Unreachable;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HandshakeTest {
    private static final String SYN_ACK =
            "S. 0:0(0) ack 1 win 65535 <mss 1400,sackOK,TS val 700 ecr 1000,nop,wscale 7>";

    @Nested
    class InSynSent {
        @RegisterExtension final TcpScenario t = TcpScenario.fresh();

        @Test
        void synOffersEverything() {
            t.connects().is(State.SYN_SENT);
            t.sends("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1000 ecr 0,nop,wscale 7>");
            t.sendsNothing();
            assertFalse(t.stream().isDecided());
        }

        @Test
        void synAckEstablishes() {
            t.connects().skip().advanceMillis(20).receives(SYN_ACK).is(State.ESTABLISHED);
            t.sends(". 1:1(0) ack 1 win 512 <nop,nop,TS val 1020 ecr 700>").sendsNothing();
            assertTrue(t.stream().isConnected());
            assertTrue(t.stream().isWritable());
            assertEquals(20_000_000, t.connection().srttNs());
            assertEquals(1400, t.connection().sndMss());
            assertEquals(1, t.count(TCP_ACTIVE_OPENS));
            t.assertEvents(Map.of());
        }

        @Test
        void optionsThatThePeerDoesNotSendAreNotUsed() {
            t.connects().skip().receives("S. 0:0(0) ack 1 win 1000 <mss 1460>");
            t.sends(". 1:1(0) ack 1 win 65535").write(500).sends("P. 1:501(500) ack 1 win 65535");
        }

        @Test
        void withoutAnMssOptionItIs536() {
            t.connects().skip().receives("S. 0:0(0) ack 1 win 65535").skip();
            t.write(600).sends(". 1:537(536) ack 1", "P. 537:601(64) ack 1");
        }

        @Test
        void synIsRetransmittedWithBackOffAndGivenUp() {
            t.connects().skip();
            for (int i = 0; i < 6; i++) {
                t.advanceMillis((1000L << i) - 1).sendsNothing();
                t.advanceMillis(1).sends("S 0:0(0)").sendsNothing();
            }
            t.advanceMillis(63_999).is(State.SYN_SENT).advanceMillis(1).is(State.CLOSED);
            t.sendsNothing();
            assertEquals(CloseCause.TIMED_OUT, t.stream().cause());
            assertNull(t.connection().successor());
            assertEquals(1, t.count(TCP_ATTEMPT_FAILS));
            assertEquals(6, t.count(TCP_RETRANS_SEGS));
            t.assertEvents(Map.of(TCP_TIMEOUTS, 6L, TCP_ABORT_ON_TIMEOUT, 1L));
        }

        @Test
        void retransmittedSynBeginsWithOneSegmentAnd3SecondsOfRto() {
            t.connects().skip().advanceMillis(1000).skip();
            t.receives("S. 0:0(0) ack 1 win 65535 <mss 1460>").skip();
            assertEquals(1460, t.connection().cwnd());
            assertEquals(3_000_000_000L, t.connection().rtoNs());
        }

        @Test
        void resetRefuses() {
            t.connects().skip().receives("R. 0:0(0) ack 1 win 0").is(State.CLOSED).sendsNothing();
            assertEquals(CloseCause.REFUSED, t.stream().cause());
            assertTrue(t.stream().isTerminated());
        }

        @Test
        void resetWithoutAnAcceptableAckIsDropped() {
            t.connects().skip().receives("R 0:0(0) win 0").is(State.SYN_SENT);
            t.receives("R. 0:0(0) ack 2 win 0").is(State.SYN_SENT).sendsNothing();
            t.assertEvents(Map.of(TCP_IN_UNACCEPTABLE_RST, 1L, TCP_IN_UNACCEPTABLE_ACK, 1L));
        }

        @Test
        void ackOfSomethingElseIsReset() {
            t.connects().skip().receives(". 5:5(0) ack 77").sends("R 77:77(0) win 0");
            t.is(State.SYN_SENT).receives(SYN_ACK).is(State.ESTABLISHED);
        }

        @Test
        void icmpErrorsAreHard() {
            t.connects().skip().unreachable(Unreachable.PORT, 0).is(State.CLOSED);
            assertEquals(CloseCause.REFUSED, t.stream().cause());
        }

        @Test
        void icmpErrorAboutAnotherSegmentIsIgnored() {
            t.connects().skip().unreachable(Unreachable.HOST, 1).is(State.SYN_SENT);
            t.assertEvents(Map.of(TCP_OUT_OF_WINDOW_ICMPS, 1L));
        }

        @Test
        void closeEndsItSilently() {
            t.connects().skip().close().is(State.CLOSED).sendsNothing();
        }

        @Test
        void shutdownBeforeItIsConnectedSendsFinAfterwards() {
            t.connects().skip().shutdownOutput().sendsNothing().receives(SYN_ACK);
            t.sends("F. 1:1(0) ack 1").is(State.FIN_WAIT_1);
        }

        @Test
        void textOnTheSynAckIsTaken() {
            t.connects().skip().receives("S. 0:3(3) ack 1 win 65535 <mss 1460>");
            t.sends(". 1:1(0) ack 4").read(3);
        }
    }

    @Nested
    class SimultaneousOpen {
        @RegisterExtension final TcpScenario t = TcpScenario.fresh();

        private static final String SYN =
                "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 700 ecr 0,nop,wscale 7>";

        @Test
        void crossingSynIsAnsweredWithSynAck() {
            t.connects().skip().receives(SYN).is(State.SYN_RECEIVED);
            t.sends("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 1000 ecr 700,nop,wscale 7>");
            t.receives(". 1:1(0) ack 1 <nop,nop,TS val 701 ecr 1000>").is(State.ESTABLISHED);
        }

        @Test
        void crossingSynAckEstablishes() {
            // RFC 9293 figure 8
            t.connects().skip().receives(SYN).skip();
            t.receives("S. 0:0(0) ack 1 win 65535 <nop,nop,TS val 701 ecr 1000>");
            t.is(State.ESTABLISHED);
            assertTrue(t.stream().isConnected());
            t.write(10).sends("P. 1:11(10) ack 1");
        }

        @Test
        void synAckIsRetransmitted() {
            t.connects().skip().receives(SYN).skip();
            t.advanceMillis(1000).sends("S. 0:0(0) ack 1").sendsNothing();
        }

        @Test
        void wrongAckIsReset() {
            t.connects().skip().receives(SYN).skip().receives(". 1:1(0) ack 5");
            t.sends("R 5:5(0)").is(State.SYN_RECEIVED);
        }

        @Test
        void resetRefuses() {
            t.connects().skip().receives(SYN).skip().receives("R 1:1(0)").is(State.CLOSED);
            assertEquals(CloseCause.REFUSED, t.stream().cause());
        }

        @Test
        void closeSendsFinOnceItIsEstablished() {
            t.connects().skip().receives(SYN).skip().close();
            t.receives(". 1:1(0) ack 1").is(State.FIN_WAIT_1).sends("F. 1:1(0) ack 1");
        }
    }

    @Nested
    class WithoutOptions {
        @RegisterExtension
        final TcpScenario t =
                TcpScenario.with(
                        Sysctls.defaults()
                                .with(Sysctl.TCP_TIMESTAMPS, 0)
                                .with(Sysctl.TCP_SACK, 0)
                                .with(Sysctl.TCP_WINDOW_SCALING, 0));

        @Test
        void synOffersMssAlone() {
            t.connects().sends("S 0:0(0) win 65535 <mss 1460>");
        }
    }
}
