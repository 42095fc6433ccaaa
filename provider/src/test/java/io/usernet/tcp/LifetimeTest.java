package io.usernet.tcp;

import static io.usernet.metrics.Counter.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LifetimeTest {
    @Nested
    class Aborting {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void closeWithUnreadTextResets() {
            t.receives("P. 1:11(10) ack 1").skip().close().sends("R. 1:1(0) ack 11");
            t.is(State.CLOSED).sendsNothing();
            t.assertEvents(Map.of(TCP_ABORT_ON_CLOSE, 1L));
        }

        @Test
        void closeWithUnreadTextAfterShutdownFinishesBeforeItResets() {
            t.receives("P. 1:11(10) ack 1").skip().write(100);
            t.posts(Stream.SHUTDOWN_OUTPUT | Stream.CLOSE);
            t.sends("P. 1:101(100) ack 11")
                    .sends("F. 101:101(0) ack 11")
                    .sends("R. 102:102(0) ack 11")
                    .is(State.CLOSED);
        }

        @Test
        void lingerZeroResets() {
            t.stream().linger = 0;
            t.write(100).skip().close().sends("R. 101:101(0) ack 1").is(State.CLOSED);
            t.assertEvents(Map.of(TCP_ABORT_ON_DATA, 1L));
        }

        @Test
        void resetComesBehindWhatWasWritten() {
            t.stream().linger = 0;
            t.write(100).close().sends("P. 1:101(100) ack 1").sends("R. 101:101(0) ack 1");
            t.is(State.CLOSED).assertEvents(Map.of(TCP_ABORT_ON_DATA, 1L));
        }

        @Test
        void answerToTextThatWasNotReadComesBeforeTheReset() {
            t.receives("P. 1:11(10) ack 1").skip().write(100).close();
            t.sends("P. 1:101(100) ack 11").sends("R. 101:101(0) ack 11").is(State.CLOSED);
            t.assertEvents(Map.of(TCP_ABORT_ON_CLOSE, 1L));
        }

        @Test
        void resetDoesNotWaitForTheWindow() {
            t.receives(". 1:1(0) ack 1 win 0").skip();
            t.stream().linger = 0;
            t.write(100).close().sends("R. 1:1(0) ack 1").is(State.CLOSED);
            t.assertEvents(Map.of(TCP_ABORT_ON_DATA, 1L));
        }

        @Test
        void resetIsDueAlsoWhereTheEndOfInputComesFirst() {
            t.shutdownOutput().skip().receives(". 1:1(0) ack 2").is(State.FIN_WAIT_2);
            t.receives("P. 1:11(10) ack 2").skip().close().receives("F. 11:11(0) ack 2").skip();
            assertTrue(t.stream().receiveQueue().isClosed());
        }

        @Test
        void textAfterCloseResets() {
            t.close().skip().receives("P. 1:11(10) ack 2").sends("R 2:2(0)").is(State.CLOSED);
            t.assertEvents(Map.of(TCP_ABORT_ON_DATA, 1L));
        }

        @Test
        void textAfterCloseIsNoConcernWhileOnlyOutputIsShut() {
            t.shutdownOutput().skip().receives("P. 1:11(10) ack 2").is(State.FIN_WAIT_2).read(10);
            t.skip();
        }

        @Test
        void abortTellsTheApplication() {
            t.write(10).skip().aborts().sends("R. 11:11(0) ack 1");
            assertEquals(CloseCause.LOCAL, t.stream().cause());
            assertTrue(t.stream().isTerminated());
            assertTrue(t.stream().sendQueue().isClosed());
        }

        @Test
        void postsAfterTheEndAreHarmless() {
            t.receives("P. 1:11(10) ack 1").skip().receives("R 11:11(0)");
            t.posts(Stream.WRITTEN).read(10).posts(Stream.CONSUMED | Stream.OPTIONS);
            t.posts(Stream.SHUTDOWN_INPUT | Stream.SHUTDOWN_OUTPUT).close().close().sendsNothing();
            assertTrue(t.stream().receiveQueue().isClosed());
        }
    }

    @Nested
    class Orphans {
        @RegisterExtension
        final TcpScenario t =
                TcpScenario.with(
                                Sysctls.defaults()
                                        .with(Sysctl.TCP_ORPHAN_RETRIES, 2)
                                        .with(Sysctl.TCP_FIN_TIMEOUT, 30))
                        .accepted(1460, true, 65_535);

        @Test
        void finWait2EndsAfterFinTimeout() {
            t.close().skip().receives(". 1:1(0) ack 2").is(State.FIN_WAIT_2);
            t.advanceMillis(29_999).is(State.FIN_WAIT_2).advanceMillis(1).is(State.CLOSED);
            assertNull(t.stream().cause());
            t.sendsNothing().assertEvents(Map.of(TCP_ABORT_ON_LINGER, 1L));
        }

        @Test
        void finWait2OfALivingApplicationDoesNotEnd() {
            t.shutdownOutput().skip().receives(". 1:1(0) ack 2").advance(Duration.ofDays(1));
            t.is(State.FIN_WAIT_2).close().advanceMillis(30_000).is(State.CLOSED).skip();
        }

        @Test
        void orphanIsGivenUpEarlier() {
            t.write(10).close().skip();
            assertTrue(t.connection().isOrphan());
            assertTrue(t.connection().hasUndelivered());
            t.advanceMillis(1000 + 2000).is(State.FIN_WAIT_1).advanceMillis(4000).is(State.CLOSED);
            assertEquals(2, t.pending());
            assertFalse(t.connection().hasUndelivered());
            t.skip();
        }

        @Test
        void deliveredMeansThatFinIsAcknowledged() {
            t.close().skip();
            assertTrue(t.connection().hasUndelivered());
            t.receives(". 1:1(0) ack 2");
            assertFalse(t.connection().hasUndelivered());
        }
    }

    @Nested
    class KeepAlive {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        private void turnOn() {
            t.stream().keepAlive = true;
            t.stream().keepIdle = 10;
            t.stream().keepInterval = 2;
            t.stream().keepCount = 3;
            t.posts(Stream.OPTIONS);
        }

        @Test
        void probesAreAnswered() {
            turnOn();
            t.advanceMillis(9_999).sendsNothing().advanceMillis(1).sends(". 0:0(0) ack 1");
            t.receives(". 1:1(0) ack 1").advanceMillis(9_999).sendsNothing();
            t.advanceMillis(1).sends(". 0:0(0) ack 1").is(State.ESTABLISHED);
            t.assertEvents(Map.of(TCP_KEEP_ALIVE, 2L));
        }

        @Test
        void unansweredProbesEndIt() {
            turnOn();
            t.advanceMillis(10_000 + 2 * 2_000);
            t.sends(". 0:0(0) ack 1", ". 0:0(0) ack 1", ". 0:0(0) ack 1").sendsNothing();
            t.advanceMillis(2_000).is(State.CLOSED).sends("R. 1:1(0) ack 1");
            assertEquals(CloseCause.TIMED_OUT, t.stream().cause());
            t.assertEvents(Map.of(TCP_KEEP_ALIVE, 3L, TCP_ABORT_ON_TIMEOUT, 1L));
        }

        @Test
        void trafficPutsItOff() {
            turnOn();
            t.advanceMillis(9_000).receives("P. 1:11(10) ack 1").skip();
            t.advanceMillis(9_999).sendsNothing().advanceMillis(1).sends(". 0:0(0) ack 11");
        }

        @Test
        void offByDefault() {
            t.advance(Duration.ofDays(1)).sendsNothing();
        }

        @Test
        void defaultsAreTheConfiguredOnes() {
            t.stream().keepAlive = true;
            t.posts(Stream.OPTIONS).advance(Duration.ofSeconds(7_200)).sends(". 0:0(0) ack 1");
            t.advance(Duration.ofSeconds(75)).sends(". 0:0(0) ack 1");
        }

        @Test
        void peersProbeIsAnswered() {
            t.receives(". 0:0(0) ack 1").sends(". 1:1(0) ack 1").sendsNothing();
            t.receives(". 0:1(1) ack 1").sends(". 1:1(0) ack 1").sendsNothing();
        }
    }

    @Nested
    class Icmp {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void hardErrorsAreSoftOnceEstablished() {
            t.write(10).skip();
            for (Endpoint.Unreachable what : Endpoint.Unreachable.values()) t.unreachable(what, 1);
            t.is(State.ESTABLISHED).sendsNothing();
            assertNull(t.stream().cause());
        }
    }

    @Nested
    class Memory {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        private void receive() {
            t.receives(". 1:601(600) ack 1").skip();
        }

        @Test
        void textThatWasReadWithoutAWordIsLetGoOf() {
            receive();
            t.read(600);
            assertEquals(1, t.slicesHeld());
            t.advanceMillis(1000);
            assertEquals(0, t.slicesHeld());
            assertEquals(Long.MAX_VALUE, t.connection().nextDeadlineNs()); // no periodic work
        }

        @Test
        void anAnswerLetsGoOfTheQuestion() {
            receive();
            t.read(600).write(10).skip();
            assertEquals(0, t.slicesHeld());
        }

        @Test
        void textThatIsReadLateIsLetGoOf() {
            receive();
            t.advance(Duration.ofHours(1)).read(100);
            assertEquals(1, t.slicesHeld());
            t.read(500);
            assertEquals(0, t.slicesHeld());
        }

        @Test
        void textThatIsReadInTimeWaitIsLetGoOf() {
            t.shutdownOutput().skip().receives("F. 1:601(600) ack 2").is(State.TIME_WAIT).skip();
            t.read(600).readsEnd();
            assertEquals(0, t.slicesHeld());
        }

        @Test
        void textThatIsReadAfterTheEndIsLetGoOf() {
            receive();
            t.receives("R 601:601(0)").is(State.CLOSED).read(600);
            assertEquals(0, t.slicesHeld());
        }
    }
}
