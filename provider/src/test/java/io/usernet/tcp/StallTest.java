package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.buffer.ThreadWaiter;
import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Situations in which a connection could wait for ever, or be held for ever, and must not. */
class StallTest {
    @Nested
    class Sending {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void silentWindowThatOpensALittleIsUsedSoon() {
            t.receives(". 1:1(0) ack 1 win 0").write(3000);
            t.advanceMillis(40_000).skip().receives(". 1:1(0) ack 1 win 500").sendsNothing();
            t.advanceMillis(1000).sends(". 1:501(500) ack 1").skip(); // not after 32 s
        }

        @Test
        void whatAClosedWindowRefusedIsSentAgainWhenItOpens() {
            t.write(2920).skip().receives(". 1:1(0) ack 1461 win 0");
            t.advanceMillis(200).skip().receives(". 1:1(0) ack 1461 win 0");
            t.advanceMillis(400).skip().receives(". 1:1(0) ack 1461 win 65535");
            t.sends("P. 1461:2921(1460)").sendsNothing();
        }

        @Test
        void ackOfSomethingNewSetsTheWindowWhateverItsPlace() {
            t.receives(". 1461:2921(1460) ack 1 win 5000").skip().write(3000).skip();
            t.receives("P. 1:1461(1460) ack 3001 win 60000").skip().write(14_600);
            assertEquals(10, t.pending());
            t.skip();
        }

        /** Karn: with each timeout forgotten, a path slower than the timer would never be learnt. */
        @Test
        void backOffIsKeptUntilARoundTripIsMeasured() {
            t.write(100).skip().advanceMillis(1000).skip().receives(". 1:1(0) ack 101");
            t.write(100).skip();
            assertEquals(2_000_000_000L, t.connection().rtoNs());
            t.advanceMillis(1500).sendsNothing().receives(". 1:1(0) ack 201");
            assertEquals(1_500_000_000L, t.connection().srttNs());
            assertEquals(4_500_000_000L, t.connection().rtoNs());
        }

        @Test
        void ackFromTheRightEdgeOfTheWindowCounts() {
            // The peer has filled the window, and the first of it was lost.
            TcpScenario small = TcpScenario.fresh().accepted(1460, true, 65_535, 64 << 10, 10_000);
            small.write(100).skip().receives(". 10001:10001(0) ack 101").sendsNothing();
            assertEquals(0, small.stream().sendQueue().queued());
            small.afterEach();
        }

        @Test
        void aLargerSendBufferWakesItsWriter() {
            ThreadWaiter writer = t.stream().signals().writer();
            t.stream().sendQueue().limit(3000);
            t.write(3000).skip();
            writer.prepare();
            t.stream().sendQueue().limit(30_000);
            t.posts(Stream.OPTIONS);
            assertTrue(t.stream().isWritable());
            assertFalse(writer.claim(), "was told");
        }
    }

    @Nested
    class Orphans {
        @RegisterExtension
        final TcpScenario t =
                TcpScenario.with(Sysctls.defaults().with(Sysctl.TCP_ORPHAN_RETRIES, 2))
                        .accepted(1460, true, 0);

        /** RFC 6429: nobody is there who could give it up. */
        @Test
        void windowThatStaysClosedEndsThem() {
            t.write(100).close();
            for (int i = 0; i < 30 && t.connection().state() != State.CLOSED; i++) {
                t.advanceMillis(Math.min(1000L << i, 120_000));
                t.receives(". 1:1(0) ack 1 win 0");
            }
            t.is(State.CLOSED).skip();
            assertEquals(CloseCause.TIMED_OUT, t.stream().cause());
        }

        @Test
        void slowReaderGetsItsText() {
            t.write(100).close().advanceMillis(1000).receives(". 1:1(0) ack 1 win 0");
            t.advanceMillis(2000).receives(". 1:1(0) ack 1 win 0").advanceMillis(4000);
            t.receives(". 1:1(0) ack 1 win 0").advanceMillis(8000).skip();
            t.receives(". 1:1(0) ack 1 win 1000").sends("FP. 1:101(100)");
        }
    }

    @Nested
    class Receiving {
        @RegisterExtension
        final TcpScenario t = TcpScenario.fresh().accepted(1460, true, 65_535, 64 << 10, 2920);

        @Test
        void shutInputOpensTheWindowThatUnreadTextClosed() {
            t.receives(". 1:1461(1460) ack 1").receives(". 1461:2921(1460) ack 1").skip();
            t.posts(Stream.SHUTDOWN_INPUT).sends(". 1:1(0) ack 2921 win 2920").sendsNothing();
            t.receives(". 2921:4381(1460) ack 1").advanceMillis(40).sends(". 1:1(0) ack 4381");
        }
    }

    @Nested
    class Scaled {
        @RegisterExtension final TcpScenario t = TcpScenario.fresh();

        private void accepted(int shift, int receiveBuffer) {
            Handshake h = new Handshake();
            h.peerMss = 1460;
            h.windowScaling = true;
            h.rcvWindShift = shift;
            h.sndWnd = 65_535;
            h.rcvWnd = receiveBuffer;
            t.accepted(h, 64 << 10, receiveBuffer);
        }

        @Test
        void bufferSmallerThanTheUnitOfTheWindowIsAdvertised() {
            accepted(14, 8192);
            for (int at = 1; at < 8192; at += 1024) {
                t.receives(". %d:%d(1024) ack 1".formatted(at, at + 1024));
            }
            t.advanceMillis(40).skip();
            t.read(8192).sends(". 1:1(0) ack 8193 win 1").sendsNothing();
        }

        @Test
        void tinySegmentsCannotPushTheEdge() {
            accepted(7, 2048);
            for (int at = 1; at < 4000; at++) { // each is acknowledged: the timer has expired
                t.receives(". %d:%d(1) ack 1".formatted(at, at + 1)).advanceMillis(40).skip();
            }
            int queued = t.stream().receiveQueue().available();
            assertTrue(queued < 2048 + 128, queued + " bytes in a buffer of 2048");
        }

        @Test
        void windowOfACrossingSynAckIsNotScaled() {
            t.connects().skip().receives("S 0:0(0) win 1000 <mss 1460,nop,wscale 7>").skip();
            t.receives("S. 0:0(0) ack 1 win 1000").is(State.ESTABLISHED).skip();
            t.write(3000).sends(". 1:1001(1000)").sendsNothing();
        }
    }

    @Nested
    class Timestamps {
        @RegisterExtension final TcpScenario t = TcpScenario.fresh();

        @Test
        void segmentWithAWrongAckDoesNotSetTsRecent() {
            Handshake h = new Handshake();
            h.timestamps = true;
            h.tsRecent = 5000;
            h.sndWnd = h.rcvWnd = 65_535;
            t.accepted(h, 64 << 10, 64 << 10);
            t.receives("P. 1:11(10) ack 90000 <nop,nop,TS val 2000000000 ecr 1000>").skip();
            t.receives("P. 1:11(10) ack 1 <nop,nop,TS val 5001 ecr 1000>").read(10).skip();
        }
    }

    @Nested
    class Memory {
        @RegisterExtension final TcpScenario t = TcpScenario.established();

        @Test
        void textOutOfOrderGivesWayToTextInOrder() {
            t.receives(". 1461:2921(1460) ack 1").skip().exhaustMemory();
            assertEquals(1, t.slicesHeld());
            t.receives(". 1:101(100) ack 1").skip();
            assertEquals(0, t.slicesHeld());
            t.memoryIsBack().receives(". 1:101(100) ack 1").read(100).skip();
            t.receives(". 101:2921(2820) ack 1").read(2820).skip();
        }

        @Test
        void writerIsToldWhenMemoryIsBack() {
            ThreadWaiter writer = t.stream().signals().writer();
            t.exhaustMemory();
            assertTrue(t.stream().isWritable()); // as far as anybody knows
            assertEquals(0, t.stream().write(ByteBuffer.allocate(10)));
            assertFalse(t.stream().isWritable());
            t.posts(Stream.STARVED);
            writer.prepare();
            t.feedsStarved();
            assertTrue(writer.claim(), "nothing to tell yet");
            writer.prepare();
            t.memoryIsBack().feedsStarved();
            assertFalse(writer.claim(), "was told");
            assertTrue(t.stream().isWritable());
            t.write(10).sends("P. 1:11(10)");
        }
    }
}
