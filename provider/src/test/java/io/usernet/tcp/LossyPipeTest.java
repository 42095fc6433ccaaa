package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.metrics.Counter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transfers through a bad path arrive whole, in bounded virtual time, and leave nothing behind. */
class LossyPipeTest {
    private static final long MIB = 1 << 20;

    /** What both ends think they agreed on. */
    private static Handshake handshake(
            boolean first, boolean sack, boolean timestamps, int window) {
        Handshake h = new Handshake();
        h.iss = first ? TcpScenario.ISS : TcpScenario.IRS;
        h.irs = first ? TcpScenario.IRS : TcpScenario.ISS;
        h.peerMss = 1460;
        h.windowScaling = true;
        h.sndWindShift = h.rcvWindShift = 7;
        h.timestamps = timestamps;
        h.tsRecent = 1000;
        h.sackPermitted = sack;
        h.sndWnd = h.rcvWnd = Math.min(65_535, window);
        return h;
    }

    private static LossyPipe established(
            LossyPipe pipe, boolean sack, boolean timestamps, int sndBuf, int rcvBuf) {
        Sysctls sysctls = Sysctls.defaults();
        Handshake first = handshake(true, sack, timestamps, rcvBuf);
        Handshake second = handshake(false, sack, timestamps, rcvBuf);
        pipe.a.open(sysctls, LossyPipe.tuple(true), first, sndBuf, rcvBuf);
        pipe.b.open(sysctls, LossyPipe.tuple(false), second, sndBuf, rcvBuf);
        return pipe;
    }

    private static void transfer(LossyPipe pipe, long there, long back, long limitMs) {
        pipe.a.toWrite = there;
        pipe.b.toWrite = back;
        long begin = pipe.nowNs;
        pipe.run(limitMs);
        long ms = (pipe.nowNs - begin) / 1_000_000;
        assertEquals(there, pipe.b.read, "bytes there after " + ms + " ms");
        assertEquals(back, pipe.a.read, "bytes back after " + ms + " ms");
        assertTrue(pipe.a.ended && pipe.b.ended, "ends after " + ms + " ms");
        assertTrue(ms < limitMs, ms + " ms");
        pipe.finish();
    }

    @Test
    void cleanPathRetransmitsNothing() {
        LossyPipe pipe =
                established(new LossyPipe(1, 0, 0, 0, 5), true, true, 256 << 10, 256 << 10);
        transfer(pipe, 10 * MIB, 0, 10_000);
        assertEquals(0, pipe.count(pipe.a, Counter.TCP_RETRANS_SEGS));
        assertEquals(0, pipe.count(pipe.b, Counter.TCP_RETRANS_SEGS));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void tenMebibytesAt1PercentLossWithReordering(long seed) {
        LossyPipe pipe = new LossyPipe(seed, 0.01, 0.02, 0.001, 5);
        transfer(established(pipe, true, true, 512 << 10, 512 << 10), 10 * MIB, 0, 60_000);
    }

    /** What is left out is urgent; of two that are under way at a time, the first may be read. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void onlyUrgentBytesAreLeftOut(long seed) {
        LossyPipe pipe = new LossyPipe(seed, 0.02, 0.05, 0.01, 5);
        pipe.urgentEvery = 40_000;
        transfer(established(pipe, true, true, 32 << 10, 32 << 10), MIB, MIB, 600_000);
        assertTrue(pipe.a.leftOut > 20, pipe.a.leftOut + " back");
        assertTrue(pipe.b.leftOut > 20, pipe.b.leftOut + " there");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void urgentBytesStayWhereTheApplicationWantsThem(long seed) {
        LossyPipe pipe = new LossyPipe(seed, 0.02, 0.05, 0.01, 5);
        pipe.urgentEvery = 1000;
        established(pipe, true, true, 32 << 10, 32 << 10);
        pipe.a.stream.oobInline = pipe.b.stream.oobInline = true;
        transfer(pipe, MIB, MIB, 600_000);
        assertEquals(0, pipe.a.leftOut + pipe.b.leftOut);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void withoutSackAndTimestamps(long seed) {
        LossyPipe pipe = new LossyPipe(seed, 0.01, 0, 0, 5);
        transfer(established(pipe, false, false, 512 << 10, 512 << 10), 4 * MIB, 0, 120_000);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void bothWaysWithSmallBuffersAndMuchLoss(long seed) {
        LossyPipe pipe = new LossyPipe(seed, 0.05, 0.05, 0.02, 2);
        transfer(
                established(pipe, seed % 2 == 0, seed % 3 != 0, 8192, 4096),
                200_000,
                300_000,
                600_000);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void simultaneousOpenThroughLoss(long seed) {
        LossyPipe pipe = new LossyPipe(seed, 0.1, 0.1, 0.02, 3);
        Sysctls sysctls = Sysctls.defaults().with(Sysctl.TCP_SYN_RETRIES, 20);
        pipe.a.open(sysctls, LossyPipe.tuple(true), null, 64 << 10, 64 << 10);
        pipe.b.open(sysctls, LossyPipe.tuple(false), null, 64 << 10, 64 << 10);
        transfer(pipe, 100_000, 100_000, 900_000);
    }
}
