package io.usernet.tcp;

import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.wire.Tcp;

/**
 * The first four steps of RFC 9293 section 3.10.7.4: whether a segment belongs to what is going on, or
 * is old, or forged. RFC 7323 (PAWS) and RFC 5961 (blind attacks) amend them.
 */
final class Acceptance {
    /** As Linux's tcp_invalid_ratelimit: between two answers to unacceptable segments without text. */
    private static final long ANSWER_INTERVAL_NS = 500_000_000;

    private final Counters counters;
    private final Receiver receiver;
    private final Timestamps timestamps;
    private long answeredNs = -1; // an unacceptable segment without text, last; -1: never

    Acceptance(Counters counters, Receiver receiver, Timestamps timestamps) {
        this.counters = counters;
        this.receiver = receiver;
        this.timestamps = timestamps;
    }

    /** CONTINUE for a segment that the fifth step looks at; PEER_RESET for a reset that counts. */
    Verdict check(Segment s, long nowNs) {
        Verdict verdict = checkTimestamp(s, nowNs);
        if (verdict == Verdict.CONTINUE) verdict = checkSequence(s, nowNs);
        if (verdict == Verdict.CONTINUE) verdict = checkReset(s);
        if (verdict == Verdict.CONTINUE) verdict = checkSyn(s);
        return verdict;
    }

    /** RFC 7323 section 5.3, R1: PAWS. */
    private Verdict checkTimestamp(Segment s, long nowNs) {
        if (s.has(Tcp.RST) || !timestamps.isOld(s, nowNs)) return Verdict.CONTINUE;
        counters.increment(Counter.PAWS_ESTAB);
        return answer(s, nowNs);
    }

    /** "First, check sequence number ... If an incoming segment is not acceptable, send an ACK". */
    private Verdict checkSequence(Segment s, long nowNs) {
        long start = receiver.position(s.seq);
        if (receiver.isAcceptable(start, s.length())) return Verdict.CONTINUE;
        if (s.has(Tcp.RST)) {
            counters.increment(Counter.TCP_IN_UNACCEPTABLE_RST);
            return Verdict.DROP;
        }
        // What a peer sends that has filled the window, of which the first was lost: as with Linux.
        boolean edge = s.length() == 0 && receiver.position(s.seq) == receiver.rcvAdv();
        if (edge) return Verdict.CONTINUE;
        counters.increment(Counter.TCP_IN_UNACCEPTABLE);
        if (s.has(Tcp.SYN)) return Verdict.CHALLENGE_ACK; // RFC 5961 section 4.2
        if (s.textLength > 0) receiver.onOldSegment(start, s.textLength);
        return answer(s, nowNs);
    }

    /**
     * Text is always answered; what has none, probes of our window and life among them, only so often,
     * lest two peers answer one another for ever.
     */
    private Verdict answer(Segment s, long nowNs) {
        if (s.length() > 0) return Verdict.ACK;
        if (answeredNs >= 0 && nowNs - answeredNs < ANSWER_INTERVAL_NS) {
            counters.increment(Counter.TCP_ACK_SKIPPED);
            return Verdict.DROP;
        }
        answeredNs = nowNs;
        return Verdict.ACK;
    }

    /**
     * RFC 7323 section 4.3 (2) for a segment whose ACK is acceptable too: else whoever guesses a
     * sequence number could make all that follows look old.
     */
    void onAcceptable(Segment s, long nowNs) {
        timestamps.onSegment(s, receiver.position(s.seq) <= receiver.lastAckSent(), nowNs);
    }

    /** "Second, check the RST bit", as RFC 5961 section 3.2 has it. */
    private Verdict checkReset(Segment s) {
        if (!s.has(Tcp.RST)) return Verdict.CONTINUE;
        boolean exact = receiver.position(s.seq) == receiver.rcvNxt();
        return exact ? Verdict.PEER_RESET : Verdict.CHALLENGE_ACK;
    }

    /** "Fourth, check the SYN bit": in a synchronized state, RFC 5961 section 4.2. */
    private Verdict checkSyn(Segment s) {
        if (!s.has(Tcp.SYN)) return Verdict.CONTINUE;
        counters.increment(Counter.TCP_SYN_CHALLENGE);
        return Verdict.CHALLENGE_ACK;
    }
}
