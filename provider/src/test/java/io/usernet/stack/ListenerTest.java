package io.usernet.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.metrics.Counter;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.Stream;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * A listener at 10.0.0.2:80 on a link without Ethernet, and the segments of a peer by hand. The peer's
 * ISN is 1000, ours {@link Host#ISS}.
 */
class ListenerTest {
    private static final String US = "10.0.0.2", PEER = "10.0.0.1";
    private static final byte[] NONE = {};
    private static final int IRS = 1000;
    private static final String ISS = Integer.toUnsignedString(Host.ISS);
    private static final String SYN_ACK = "80>999 S. seq " + ISS + " ack 1001 len 0";

    private Host host = new Host(config(), 3);
    private Backlog backlog;
    private Binding binding;

    private static StackConfig config() {
        return StackConfig.defaults().withAddress("10.0.0.2/24");
    }

    @BeforeEach
    void listen() throws IOException {
        listen(2);
    }

    private void listen(int limit) throws IOException {
        binding = host.stack.bind(0, 80, Reuse.NONE.withAddress(true));
        backlog = host.stack.listen(binding, limit, 0);
    }

    @AfterEach
    void noLeak() {
        host.assertNoFramesOut();
    }

    private void receives(int port, int seq, int ack, int flags, byte[] options, byte[] data) {
        host.receives(Packets.tcp(PEER, port, US, 80, seq, ack, flags, 1000, options, data));
    }

    private void receives(int port, int seq, int ack, int flags) {
        receives(port, seq, ack, flags, NONE, NONE);
    }

    private void assertSent(String... segments) {
        String[] all = new String[segments.length];
        for (int i = 0; i < all.length; i++) all[i] = US + " > " + PEER + " tcp " + segments[i];
        host.assertSent(all);
    }

    private void syn(int port) {
        receives(port, IRS, 0, Tcp.SYN);
    }

    private void handshake(int port) {
        syn(port);
        receives(port, IRS + 1, Host.ISS + 1, Tcp.ACK);
        host.sent();
    }

    private static byte[] options(int mss, int shift, int tsVal) {
        ByteBuffer b = ByteBuffer.allocateDirect(20);
        int at = TcpOptions.writeMss(b, 0, mss);
        at = TcpOptions.writeSackPermittedAndTimestamps(b, at, tsVal, 0);
        TcpOptions.writeWindowScale(b, at, shift);
        return Packets.array(b);
    }

    private static byte[] timestamps(int tsVal) {
        ByteBuffer b = ByteBuffer.allocateDirect(12);
        TcpOptions.writeTimestamps(b, 0, tsVal, 0);
        return Packets.array(b);
    }

    @Nested
    class Handshakes {
        @Test
        void synSynAckAck() {
            syn(999);
            assertSent(SYN_ACK);
            assertEquals(0, backlog.size());
            receives(999, IRS + 1, Host.ISS + 1, Tcp.ACK);
            assertSent();
            assertEquals(1, backlog.size());
            Stream stream = backlog.poll();
            assertTrue(stream.isConnected());
            assertEquals(999, stream.tuple().remotePort());
            host.assertCount(1, Counter.TCP_PASSIVE_OPENS);
        }

        @Test
        void ecnSetupSynIsASyn() {
            receives(999, IRS, 0, Tcp.SYN | Tcp.ECE | Tcp.CWR);
            assertSent(SYN_ACK);
        }

        @Test
        void synWithFinIsNot() {
            receives(999, IRS, 0, Tcp.SYN | Tcp.FIN);
            assertEquals(0, host.stack.endpoints());
        }

        @Test
        void optionsAreAgreedOn() {
            receives(999, IRS, 0, Tcp.SYN, options(1400, 5, 77), NONE);
            byte[] synAck = host.link.sent();
            TcpOptions options = new TcpOptions();
            ByteBuffer b = Packets.direct(synAck);
            options.parse(b, Ipv4.HEADER + Tcp.HEADER, synAck.length);
            assertEquals(1460, options.mss);
            assertTrue(options.sackPermitted);
            assertTrue(options.timestamps);
            assertEquals(77, options.tsEcr);
            assertEquals(7, options.windowScale); // for tcp_rmem[2] of 6 MiB
        }

        @Test
        void settingsForbidOptions() throws IOException {
            host =
                    new Host(
                            config().with(Sysctl.TCP_SACK, 0)
                                    .with(Sysctl.TCP_TIMESTAMPS, 0)
                                    .with(Sysctl.TCP_WINDOW_SCALING, 0),
                            3);
            listen(2);
            receives(999, IRS, 0, Tcp.SYN, options(1400, 5, 77), NONE);
            byte[] synAck = host.link.sent();
            assertEquals(Ipv4.HEADER + Tcp.HEADER + TcpOptions.MSS_LENGTH, synAck.length);
        }

        @Test
        void dataOnTheLastAckIsDelivered() {
            syn(999);
            receives(999, IRS + 1, Host.ISS + 1, Tcp.ACK | Tcp.PSH, NONE, "hello".getBytes());
            ByteBuffer got = ByteBuffer.allocate(10);
            assertEquals(5, backlog.poll().read(got));
        }

        @Test
        void lastAckWithoutTimestampsIsTaken() {
            receives(999, IRS, 0, Tcp.SYN, options(1400, 5, 77), NONE);
            receives(999, IRS + 1, Host.ISS + 1, Tcp.ACK);
            assertEquals(1, backlog.size());
        }

        @Test
        void lastAckWithAnOldTimestampIsNot() {
            receives(999, IRS, 0, Tcp.SYN, options(1400, 5, 77), NONE);
            receives(999, IRS + 1, Host.ISS + 1, Tcp.ACK, timestamps(76), NONE);
            assertEquals(0, backlog.size());
            receives(999, IRS + 1, Host.ISS + 1, Tcp.ACK, timestamps(78), NONE);
            assertEquals(1, backlog.size());
        }

        @Test
        void synAckIsRetransmittedAndGivenUp() {
            syn(999);
            assertSent(SYN_ACK);
            for (int seconds = 1; seconds <= 16; seconds *= 2) {
                host.advance(Duration.ofSeconds(seconds).minusMillis(10));
                assertSent();
                host.advance(Duration.ofMillis(11));
                assertSent(SYN_ACK);
            }
            host.advance(Duration.ofSeconds(33));
            assertSent();
            assertEquals(0, host.stack.endpoints());
            host.assertCount(5, Counter.TCP_SYNACK_RETRANS);
            host.assertCount(1, Counter.TCP_ATTEMPT_FAILS);
        }

        @Test
        void aSynAgainIsAnsweredAgain() {
            syn(999);
            syn(999);
            assertSent(SYN_ACK, SYN_ACK);
            assertEquals(1, host.stack.endpoints());
        }

        @Test
        void anotherSynIsChallenged() {
            syn(999);
            host.sent();
            receives(999, IRS + 500, 0, Tcp.SYN);
            assertSent(
                    "80>999 . seq " + Integer.toUnsignedString(Host.ISS + 1) + " ack 1001 len 0");
        }

        @Test
        void aWrongAckIsReset() {
            syn(999);
            host.sent();
            receives(999, IRS + 1, 55, Tcp.ACK);
            assertSent("80>999 R seq 55 ack 0 len 0");
            receives(999, IRS + 1, Host.ISS + 1, Tcp.ACK);
            assertEquals(1, backlog.size());
        }

        @Test
        void onlyAnExactResetEndsIt() {
            syn(999);
            host.sent();
            receives(999, IRS + 7, 0, Tcp.RST);
            assertSent(
                    "80>999 . seq " + Integer.toUnsignedString(Host.ISS + 1) + " ack 1001 len 0");
            assertEquals(1, host.stack.endpoints());
            receives(999, IRS + 1, 0, Tcp.RST);
            assertSent();
            assertEquals(0, host.stack.endpoints());
        }

        @Test
        void resetsAndAcksToAListener() {
            receives(999, IRS, 0, Tcp.RST);
            assertSent();
            receives(999, IRS, 77, Tcp.ACK);
            assertSent("80>999 R seq 77 ack 0 len 0");
        }
    }

    @Nested
    class Queues {
        @Test
        void noMoreHalfOpenThanTheBacklog() {
            for (int port = 1; port <= 3; port++) syn(port);
            assertEquals(2, host.stack.endpoints());
            host.assertCount(1, Counter.TCP_REQ_Q_FULL_DROPS);
            receives(1, IRS + 1, 0, Tcp.RST);
            syn(3);
            assertEquals(2, host.stack.endpoints());
            host.sent();
        }

        @Test
        void theOldestHalfOpenConnectionGivesWayOnceASynAckIsUnanswered() {
            syn(1);
            host.advance(Duration.ofMillis(500));
            syn(2);
            host.advance(Duration.ofMillis(490));
            host.sent();
            syn(3);
            assertSent();
            host.advance(Duration.ofMillis(20));
            host.sent();
            syn(3);
            syn(4); // port 2 has been waiting for half a second only
            assertEquals(2, host.stack.endpoints());
            host.assertCount(2, Counter.TCP_REQ_Q_FULL_DROPS);
            host.assertCount(1, Counter.TCP_ATTEMPT_FAILS);
            host.sent();
            receives(3, IRS + 1, Host.ISS + 1, Tcp.ACK);
            receives(2, IRS + 1, Host.ISS + 1, Tcp.ACK);
            assertEquals(2, backlog.size());
            assertSent();
        }

        @Test
        void aFloodOfSynsKeepsPeersOutForASecondMore() {
            for (int port = 1000; port < 2000; port++) syn(port);
            assertEquals(2, host.stack.endpoints());
            host.advance(Duration.ofMillis(1_010));
            host.sent();
            handshake(1);
            handshake(2);
            assertEquals(2, backlog.size());
            assertEquals(3, host.stack.endpoints());
        }

        @Test
        void synIsDroppedWhileTheAcceptQueueIsFull() {
            handshake(1);
            handshake(2);
            syn(3);
            assertSent();
            host.assertCount(1, Counter.TCP_LISTEN_DROPS);
            assertNotNull(backlog.poll());
            syn(3);
            assertEquals(1, host.sent().size());
        }

        @Test
        void lastAckIsIgnoredWhileTheAcceptQueueIsFull() {
            syn(1);
            syn(2);
            receives(1, IRS + 1, Host.ISS + 1, Tcp.ACK);
            syn(3);
            receives(2, IRS + 1, Host.ISS + 1, Tcp.ACK);
            host.sent();
            receives(3, IRS + 1, Host.ISS + 1, Tcp.ACK);
            assertSent();
            host.assertCount(1, Counter.TCP_LISTEN_OVERFLOWS);
            backlog.poll();
            host.advance(Duration.ofMillis(1_001));
            assertEquals(1, host.sent().size()); // the SYN-ACK again
            receives(3, IRS + 1, Host.ISS + 1, Tcp.ACK);
            assertEquals(2, backlog.size());
        }

        @Test
        void closingFreesWhatNobodyRead() {
            handshake(1);
            handshake(2);
            long before = host.stack.memory().inUse();
            receives(1, IRS + 1, Host.ISS + 1, Tcp.ACK, NONE, new byte[100]);
            receives(2, IRS + 1, Host.ISS + 1, Tcp.ACK, NONE, new byte[100]);
            receives(2, IRS + 101, 0, Tcp.RST);
            host.stack.inbox().post(backlog, Backlog.CLOSE);
            host.run();
            host.sent();
            assertEquals(before, host.stack.memory().inUse());
        }

        @Test
        void closingResetsWhatWasNotAcceptedAndForgetsTheRest() throws IOException {
            handshake(1);
            syn(2);
            host.sent();
            host.stack.inbox().post(backlog, Backlog.CLOSE);
            host.stack.inbox().post(binding, Binding.RELEASE);
            host.run();
            assertSent("80>1 R. seq " + Integer.toUnsignedString(Host.ISS + 1) + " ack 1001 len 0");
            assertTrue(backlog.isClosed());
            assertEquals(0, host.stack.endpoints());
            assertEquals(0, host.stack.ports());
            receives(2, IRS + 1, Host.ISS + 1, Tcp.ACK);
            assertEquals(1, host.sent().size()); // a reset: nobody is there any more
            listen(1);
            syn(5);
            assertEquals(1, host.sent().size());
        }
    }

    @Nested
    class TimeWaits {
        private Stream stream;
        private int sndNxt; // ours, after the FIN

        @BeforeEach
        void closeFirst() {
            receives(999, IRS, 0, Tcp.SYN, options(1460, 0, 100), NONE);
            receives(999, IRS + 1, Host.ISS + 1, Tcp.ACK, timestamps(100), NONE);
            stream = backlog.poll();
            host.stack.inbox().post(stream, Stream.CLOSE);
            host.run();
            sndNxt = Host.ISS + 2;
            receives(999, IRS + 1, sndNxt, Tcp.FIN | Tcp.ACK, timestamps(101), NONE);
            host.sent();
            host.assertCount(1, Counter.TCP_TW);
        }

        private String ackOf(int ack) {
            return "80>999 . seq " + Integer.toUnsignedString(sndNxt) + " ack " + ack + " len 0";
        }

        @Test
        void endsAfterAMinute() {
            host.advance(Duration.ofMillis(59_900));
            assertEquals(1, host.stack.endpoints());
            host.advance(Duration.ofMillis(200));
            assertEquals(0, host.stack.endpoints());
        }

        @Test
        void aFinAgainIsAcknowledgedAndRestartsTheWait() {
            host.advance(Duration.ofSeconds(40));
            receives(999, IRS + 1, sndNxt, Tcp.FIN | Tcp.ACK, timestamps(101), NONE);
            assertSent(ackOf(IRS + 2));
            host.advance(Duration.ofSeconds(40));
            assertEquals(1, host.stack.endpoints());
        }

        @Test
        void resetsAreIgnored() {
            receives(999, IRS + 2, 0, Tcp.RST);
            assertSent();
            assertEquals(1, host.stack.endpoints());
        }

        @Test
        void aNewSynWithALaterTimestampTakesItsPlace() {
            receives(999, IRS - 500, 0, Tcp.SYN, options(1460, 0, 102), NONE);
            int iss = sndNxt + 65_537; // beyond all that was sent
            assertSent("80>999 S. seq " + Integer.toUnsignedString(iss) + " ack " + 501 + " len 0");
            host.assertCount(1, Counter.TCP_TW_RECYCLED);
            receives(999, IRS - 499, iss + 1, Tcp.ACK, timestamps(103), NONE);
            assertEquals(1, backlog.size());
        }

        @Test
        void anOldSynIsChallenged() {
            receives(999, IRS + 9_000, 0, Tcp.SYN, options(1460, 0, 99), NONE);
            assertSent(ackOf(IRS + 2));
            assertEquals(1, host.stack.endpoints());
        }

        @Test
        void aSynWithoutTimestampsHasToBeginBeyond() {
            receives(999, IRS - 9_000, 0, Tcp.SYN);
            assertSent(ackOf(IRS + 2));
            receives(999, IRS + 9_000, 0, Tcp.SYN);
            host.assertCount(1, Counter.TCP_TW_RECYCLED);
            host.sent();
        }

        @Test
        void keepsThePortFromThoseWhoDoNotReuse() throws IOException {
            host.stack.inbox().post(backlog, Backlog.CLOSE);
            host.stack.inbox().post(binding, Binding.RELEASE);
            host.run();
            org.junit.jupiter.api.Assertions.assertThrows(
                    java.net.BindException.class, () -> host.stack.bind(0, 80, Reuse.NONE));
            assertNotNull(host.stack.bind(0, 80, Reuse.NONE.withAddress(true)));
        }
    }

    @Test
    void timeWaitsAreBounded() throws IOException {
        host = new Host(config().with(Sysctl.TCP_MAX_TW_BUCKETS, 1), 3);
        listen(4);
        for (int port = 1; port <= 2; port++) {
            handshake(port);
            host.stack.inbox().post(backlog.poll(), Stream.CLOSE);
            host.run();
            receives(port, IRS + 1, Host.ISS + 2, Tcp.FIN | Tcp.ACK);
            assertTrue(host.sent().get(1).endsWith("ack 1002 len 0"), "the last ACK");
        }
        assertEquals(1, host.stack.endpoints());
        host.assertCount(1, Counter.TCP_TW_OVERFLOWS);
    }

    @Nested
    class IcmpErrors {
        private Stream connecting;
        private int port;

        @BeforeEach
        void connect() throws IOException {
            connecting = new Stream(host.stack.memory(), 65_536, 65_536);
            port = host.stack.connect(connecting, null, Packets.ip(PEER), 7).port();
            host.run();
            assertEquals(1, host.sent().size());
        }

        private void error(int code, int seq) {
            byte[] quoted = Packets.tcp(US, port, PEER, 7, seq, 0, Tcp.SYN);
            byte[] error =
                    Packets.icmp(Icmp4.UNREACHABLE, code, 0, java.util.Arrays.copyOf(quoted, 28));
            host.receives(Packets.ipv4(Ipv4.ICMP, PEER, US, error));
        }

        @Test
        void hostUnreachableEndsAConnect() {
            error(Icmp4.HOST_UNREACHABLE, Host.ISS);
            assertSame(CloseCause.HOST_UNREACHABLE, connecting.cause());
            host.assertCount(1, Counter.ICMP_IN_DEST_UNREACHS);
            assertEquals(0, host.stack.endpoints());
        }

        @Test
        void portUnreachableRefuses() {
            error(Icmp4.PORT_UNREACHABLE, Host.ISS);
            assertSame(CloseCause.REFUSED, connecting.cause());
        }

        @Test
        void somebodyElsesSequenceNumberDoesNothing() {
            error(Icmp4.HOST_UNREACHABLE, Host.ISS + 5);
            assertNull(connecting.cause());
        }

        @Test
        void anotherConnectionsErrorIsUnmatched() {
            port++;
            error(Icmp4.HOST_UNREACHABLE, Host.ISS);
            assertFalse(connecting.isDecided());
            host.assertCount(1, Counter.ICMP_IN_UNMATCHED);
        }
    }
}
