package io.usernet.tcp;

import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.tcp.cc.NewReno;
import io.usernet.time.Deadlines;
import io.usernet.view.TcpInfo;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;

/**
 * One TCP connection as a state machine: no thread, no clock, no I/O. Time comes in, segments are
 * polled out.
 *
 * <p>Heads up: before changing this, read RFC 9293 section 3.10; {@link #onSegment} follows 3.10.7
 * step by step, with RFC 5961 and RFC 7323 where they amend it.
 *
 * <p>It owns the two halves, {@link Sender} and {@link Receiver}, which don't know each other, and the
 * deadlines; what a half answers, it carries to the other, to the application's {@link Stream} and to
 * the peer. Confined to the loop. It outlives its own end: what the stream still posts is settled.
 */
public final class Connection extends Endpoint {
    private enum Timer {
        RETRANSMIT,
        /** Before RETRANSMIT: whether the last segments were lost. */
        LOSS_PROBE,
        /** RACK's: a segment that others overtook is late enough to be lost. */
        REORDER,
        PERSIST,
        DELAYED_ACK,
        KEEP_ALIVE,
        FIN_WAIT_2,
        /** Something that the application may have read without a word is to be let go of. */
        REAP;

        static final int KINDS = values().length;
    }

    /** What an IP and a TCP header without options take of an MTU. */
    private static final int HEADERS = 40;

    private static final long REAP_NS = 1_000_000_000L;

    /** As Linux's ip_rt_min_pmtu: a forged ICMP message cannot make segments tiny. */
    private static final int MIN_MTU = 552;

    /** As Linux's tcp_min_snd_mss. */
    private static final int MIN_MSS = 48;

    private static final int MAX_WINDOW_SHIFT = 14; // RFC 7323 section 2.3

    /** A round trip of fewer ms is measured better by a timed segment than by a clock of 1 ms. */
    private static final int COARSE_MS = 10;

    private static final int NS_PER_MS = 1_000_000;

    private final TcpLayer layer;
    private final Counters counters;
    private final TcpSettings settings;
    private final Stream stream;
    private final Sender sender;
    private final Receiver receiver;
    private final Acceptance acceptance;
    private final RttEstimator rtt;
    private final Deadlines<Timer> deadlines = new Deadlines<>(Timer.KINDS);
    private final Timestamps timestamps;
    private final KeepAlive keepAlive;
    private final Patience patience = new Patience();
    private final SegmentWriter writer;

    private State state = State.CLOSED;
    private int pathMss; // what the path takes
    private int peerMss = 536; // RFC 9293 MUST-15
    private boolean windowScaling, sackPermitted;
    private int sndWindShift, rcvWindShift;
    private long sndWl1, sndWl2; // positions: the peer's, ours

    private boolean synRetransmitted;
    private boolean closeRequested; // FIN was asked for during the handshake
    private boolean orphan; // the application has closed
    private boolean abortDue; // as soon as nothing more may be sent
    private boolean inputEnded;
    private boolean resetDue, resetWithAck;
    private int resetSeq;
    private long nowNs; // the latest time it was told
    private Endpoint next = this; // who comes after it

    /** Active open: begins in SYN-SENT. mss: what the link to the peer takes (MTU - 40). */
    public Connection(TcpLayer layer, FourTuple tuple, Stream stream, int mss, long nowNs) {
        this(
                layer,
                tuple,
                stream,
                mss,
                nowNs,
                layer.isn().iss(tuple, nowNs),
                new Timestamps(layer.isn().timestampOffset(tuple), layer.settings.timestamps));
        sackPermitted = settings.sack;
        windowScaling = settings.windowScaling;
        rcvWindShift = windowScaling ? windowShift(layer, stream.receiveBuffer) : 0;
        transition(State.SYN_SENT);
        sender.sendSyn();
    }

    /** Passive open: begins in ESTABLISHED with what a listener's handshake agreed on. */
    public Connection(
            TcpLayer layer,
            FourTuple tuple,
            Stream stream,
            int mss,
            Handshake handshake,
            long nowNs) {
        this(
                layer,
                tuple,
                stream,
                mss,
                nowNs,
                handshake.iss,
                new Timestamps(handshake.tsOffset, handshake.timestamps));
        state = State.SYN_RECEIVED; // where its half-open predecessor was
        peerMss = handshake.peerMss;
        sackPermitted = handshake.sackPermitted;
        windowScaling = handshake.windowScaling;
        sndWindShift = handshake.sndWindShift;
        rcvWindShift = handshake.rcvWindShift;
        synRetransmitted = handshake.retransmitted;
        timestamps.agree(handshake.timestamps, handshake.tsRecent, nowNs);
        if (handshake.rttNs >= 0) rtt.sample(handshake.rttNs, 1);
        receiver.onSyn(handshake.irs);
        receiver.open(rcvWindShift, sackPermitted, handshake.rcvWnd);
        sender.synWasAcked();
        sender.onWindow(0, handshake.sndWnd);
        establish();
    }

    private Connection(
            TcpLayer layer,
            FourTuple tuple,
            Stream stream,
            int mss,
            long nowNs,
            int iss,
            Timestamps timestamps) {
        super(tuple);
        this.layer = layer;
        this.counters = layer.counters();
        this.settings = layer.settings;
        this.stream = stream;
        this.pathMss = mss;
        this.timestamps = timestamps;
        this.nowNs = nowNs;
        keepAlive = new KeepAlive(stream, settings, nowNs);
        writer = new SegmentWriter(tuple, counters);
        sender = new Sender(stream.sendQueue(), iss, settings, counters);
        receiver = new Receiver(stream, layer.memory(), counters, mss);
        acceptance = new Acceptance(counters, receiver, timestamps);
        rtt = new RttEstimator(settings.minRtoNs);
        stream.attach(this);
    }

    /** The shift with which any receive buffer that the settings allow can be advertised. */
    static int windowShift(TcpLayer layer, int receiveBuffer) {
        int most = Math.max(receiveBuffer, layer.settings.maxReceiveBuffer);
        int shift = 0;
        while (shift < MAX_WINDOW_SHIFT && most >> shift > 0xFFFF) shift++;
        return shift;
    }

    // -- getters

    public Stream stream() {
        return stream;
    }

    public State state() {
        return state;
    }

    /** Whether the application has closed it. */
    public boolean isOrphan() {
        return orphan;
    }

    /** Whether something that the application wrote, or its FIN, is not acknowledged. */
    public boolean hasUndelivered() {
        if (state == State.CLOSED || state == State.TIME_WAIT) return false;
        return stream.sendQueue().queued() > 0 || sender.isFinQueued() && !sender.isFinAcked();
    }

    /** SND.UNA, a sequence number. */
    public int sndUna() {
        return sender.sndUnaSeq();
    }

    /** SND.NXT, a sequence number. */
    public int sndNxt() {
        return sender.sndNxtSeq();
    }

    /** RCV.NXT, a sequence number. */
    public int rcvNxt() {
        return receiver.rcvNxtSeq();
    }

    /** Congestion window, bytes; 0 before it is established. */
    public int cwnd() {
        return sender.cwnd();
    }

    /** Slow start threshold, bytes; Integer.MAX_VALUE before the first loss. */
    public int ssthresh() {
        return sender.ssthresh();
    }

    /** Smoothed round trip time in ns, or -1 if none was measured. */
    public long srttNs() {
        return rtt.srttNs();
    }

    /** Retransmission timeout in ns, back-off included. */
    public long rtoNs() {
        return Math.min(RttEstimator.MAX_RTO_NS, rtt.rtoNs() << sender.backoff());
    }

    /** Most payload and options of a segment. */
    public int sndMss() {
        return Math.max(MIN_MSS, Math.min(pathMss, peerMss));
    }

    /** Bytes of sequence space that the peer has not acknowledged, sent or not: as ss's Send-Q. */
    public int unacknowledged() {
        if (state == State.SYN_SENT) return 1;
        return stream.sendQueue().queued() + (sender.isFinQueued() && !sender.isFinAcked() ? 1 : 0);
    }

    /** What {@code ss -i} would say of it. */
    public TcpInfo info() {
        boolean open = sender.congestionControl() != null;
        return new TcpInfo(
                open ? sender.congestionControl().name() : NewReno.NAME,
                open && windowScaling ? sndWindShift : -1,
                open && windowScaling ? rcvWindShift : -1,
                rtoNs() / 1_000,
                sender.backoff(),
                rtt.srttNs() < 0 ? -1 : rtt.srttNs() / 1_000,
                rtt.rttvarNs() / 1_000,
                open ? sender.payload() : 0,
                sender.cwnd(),
                sender.ssthresh(),
                open ? sender.sndWnd() : 0,
                stream.sendQueue().acked(),
                stream.receiveQueue().appended(),
                sender.bytesRetransmitted(),
                sender.retransmits());
    }

    // -- inputs: segments

    @Override
    public void onSegment(Frame in, long nowNs) {
        this.nowNs = nowNs;
        Segment s = layer.segment;
        s.read(in);
        Verdict verdict =
                switch (state) {
                    case SYN_SENT -> onSegmentInSynSent(s, in);
                    case CLOSED, LISTEN, TIME_WAIT -> drop(Counter.TCP_IN_CLOSED);
                    default -> onSegmentOtherwise(s, in);
                };
        switch (verdict) {
            case CONTINUE, DONE, DROP -> {}
            case ACK -> receiver.ackNow();
            case CHALLENGE_ACK -> challenge();
            case RESET -> reset(s.ack, false);
            case PEER_RESET -> {
                end(state == State.SYN_RECEIVED ? CloseCause.REFUSED : CloseCause.RESET);
            }
        }
        scheduleAck();
        assert invariant();
    }

    private Verdict drop(Counter why) {
        counters.increment(why);
        return Verdict.DROP;
    }

    private void challenge() {
        if (!layer.mayChallenge(nowNs)) {
            counters.increment(Counter.TCP_ACK_SKIPPED);
            return;
        }
        counters.increment(Counter.TCP_CHALLENGE_ACK);
        receiver.ackNow();
    }

    private void reset(int seq, boolean withAck) {
        resetDue = true;
        resetSeq = seq;
        resetWithAck = withAck;
    }

    private void scheduleAck() {
        if (next != this || !receiver.isAckOwed() || receiver.isAckDue()) return;
        if (!deadlines.isArmed(Timer.DELAYED_ACK)) {
            deadlines.arm(Timer.DELAYED_ACK, nowNs + settings.delayedAckNs);
        }
    }

    // -- RFC 9293 section 3.10.7.3: SYN-SENT STATE

    private Verdict onSegmentInSynSent(Segment s, Frame in) {
        Verdict verdict = checkAckOfSyn(s);
        if (verdict == Verdict.CONTINUE) verdict = checkResetOfSyn(s);
        if (verdict == Verdict.CONTINUE) verdict = acceptSyn(s);
        if (verdict == Verdict.CONTINUE) verdict = acceptText(s, in);
        return verdict;
    }

    /** "If SEG.ACK =< ISS or SEG.ACK > SND.NXT, send a reset (unless the RST bit is set)". */
    private Verdict checkAckOfSyn(Segment s) {
        if (!s.has(Tcp.ACK)) return Verdict.CONTINUE;
        long ack = sender.position(s.ack);
        if (ack > sender.sndUna() && ack <= sender.sndNxt()) return Verdict.CONTINUE;
        counters.increment(Counter.TCP_IN_UNACCEPTABLE_ACK);
        return s.has(Tcp.RST) ? Verdict.DROP : Verdict.RESET;
    }

    /** "If the RST bit is set ... If the ACK was acceptable, signal to the user 'connection reset'". */
    private Verdict checkResetOfSyn(Segment s) {
        if (!s.has(Tcp.RST)) return Verdict.CONTINUE;
        if (!s.has(Tcp.ACK)) return drop(Counter.TCP_IN_UNACCEPTABLE_RST);
        end(CloseCause.REFUSED);
        return Verdict.DONE;
    }

    /** "If the SYN bit is on ... RCV.NXT is set to SEG.SEQ+1, IRS is set to SEG.SEQ". */
    private Verdict acceptSyn(Segment s) {
        if (!s.has(Tcp.SYN)) return drop(Counter.TCP_IN_NO_ACK);
        agree(s.options);
        receiver.onSyn(s.seq);
        sndWl1 = -1;
        if (!s.has(Tcp.ACK)) {
            transition(State.SYN_RECEIVED);
            sender.onWindow(0, s.window);
            sender.sendSyn();
            return Verdict.DONE;
        }
        long ack = sender.position(s.ack);
        sampleTimestamp(s);
        sender.onWindow(ack, s.window);
        sndWl2 = ack;
        sender.onAck(ack, false, false, Long.MAX_VALUE, rtt, nowNs);
        heard();
        patience.onAck(true);
        receiver.open(rcvWindShift, sackPermitted, receiver.rcvWnd());
        establish();
        receiver.ackNow();
        s.trimSyn();
        return Verdict.CONTINUE;
    }

    /** What the peer's SYN offers, and we offered too. */
    private void agree(TcpOptions options) {
        if (options.mss > 0) peerMss = options.mss;
        windowScaling &= options.windowScale >= 0;
        sndWindShift = windowScaling ? Math.min(options.windowScale, MAX_WINDOW_SHIFT) : 0;
        if (!windowScaling) rcvWindShift = 0;
        sackPermitted &= options.sackPermitted;
        timestamps.agree(options.timestamps, options.tsVal, nowNs);
    }

    private void establish() {
        transition(State.ESTABLISHED);
        if (synRetransmitted) rtt.assumeSlow();
        int fixed = timestamps.length();
        int segments = synRetransmitted ? 1 : settings.initialSegments; // RFC 5681 section 3.1
        sender.open(sndMss(), fixed, sackPermitted, new NewReno(sndMss() - fixed, segments));
        deadlines.disarm(Timer.RETRANSMIT);
        stream.publishConnected(tuple());
        stream.signals().writable(layer.wakeups());
        armKeepAlive();
        if (closeRequested) finishSending();
    }

    // -- RFC 9293 section 3.10.7.4: OTHER STATES

    private Verdict onSegmentOtherwise(Segment s, Frame in) {
        // A SYN-ACK that crosses ours says, behind the SYN that we have, that ours arrived.
        boolean crossing = state == State.SYN_RECEIVED && s.has(Tcp.SYN);
        if (crossing && receiver.position(s.seq) == -1) s.trimSyn();
        Verdict verdict = acceptance.check(s, nowNs);
        if (verdict == Verdict.CONTINUE) heard();
        if (verdict == Verdict.CONTINUE) verdict = checkAck(s);
        if (verdict == Verdict.CONTINUE) verdict = acceptText(s, in);
        return verdict;
    }

    /** "Fifth, check the ACK field: if the ACK bit is off, drop the segment and return". */
    private Verdict checkAck(Segment s) {
        if (!s.has(Tcp.ACK)) return drop(Counter.TCP_IN_NO_ACK);
        long ack = sender.position(s.ack);
        if (state == State.SYN_RECEIVED) {
            // "If SND.UNA < SEG.ACK =< SND.NXT, then enter ESTABLISHED state"
            if (ack <= sender.sndUna() || ack > sender.sndNxt()) {
                counters.increment(Counter.TCP_IN_UNACCEPTABLE_ACK);
                return Verdict.RESET;
            }
            receiver.open(rcvWindShift, sackPermitted, receiver.rcvWnd());
        }
        // RFC 5961 section 5.2: (SND.UNA - MAX.SND.WND) <= SEG.ACK <= SND.NXT
        if (ack > sender.sndNxt() || ack < sender.sndUna() - Math.max(sender.maxWnd(), 1)) {
            counters.increment(Counter.TCP_IN_UNACCEPTABLE_ACK);
            return Verdict.CHALLENGE_ACK;
        }
        acceptance.onAcceptable(s, nowNs);
        takeAck(s, ack);
        if (state == State.SYN_RECEIVED) establish();
        return onFinAcked();
    }

    private void takeAck(Segment s, long ack) {
        int wnd = s.opens ? s.window : s.window << sndWindShift; // RFC 7323 section 2.2
        boolean sameWindow = ack + wnd == sender.sndUna() + sender.sndWnd();
        boolean outstanding = sender.isOutstanding();
        long echoedNs = timestamps.echoedNs(s, nowNs);
        boolean fresh = sender.onSack(s.options, ack, echoedNs, nowNs);
        updateWindow(s, ack, wnd);
        boolean progress = ack > sender.sndUna();
        boolean duplicate;
        if (sackPermitted) duplicate = fresh;
        else duplicate = outstanding && s.length() == 0 && sameWindow && ack == sender.sndUna();
        if (progress) sampleTimestamp(s);
        boolean repeated = !progress && s.length() == 0 && s.options.sackBlocks == 0 && sameWindow;
        onLossesDetected(sender.onAck(ack, duplicate, repeated, echoedNs, rtt, nowNs));
        if (fresh && !progress) armLossProbe();
        patience.onAck(progress);
        if (!progress) return;
        if (sender.release()) stream.signals().writable(layer.wakeups());
        if (sender.isOutstanding()) armRetransmit();
        else deadlines.disarm(Timer.RETRANSMIT);
        armLossProbe();
    }

    private void onLossesDetected(boolean recoveryBegins) {
        if (recoveryBegins) {
            counters.increment(
                    sackPermitted ? Counter.TCP_SACK_RECOVERY : Counter.TCP_RENO_RECOVERY);
            armRetransmit();
        }
        if (sender.isRecovering()) deadlines.disarm(Timer.LOSS_PROBE);
        armReorder();
    }

    /** RFC 8985 section 7.2: never later than the timeout. */
    private void armLossProbe() {
        long waitNs = sender.probeTimeoutNs(rtt.srttNs());
        if (waitNs == Long.MAX_VALUE) deadlines.disarm(Timer.LOSS_PROBE);
        else {
            long timeoutNs = deadlines.get(Timer.RETRANSMIT);
            deadlines.arm(Timer.LOSS_PROBE, Math.min(nowNs + waitNs, timeoutNs));
        }
    }

    private void armReorder() {
        if (sender.reorderAtNs() == Long.MAX_VALUE) deadlines.disarm(Timer.REORDER);
        else deadlines.arm(Timer.REORDER, sender.reorderAtNs());
    }

    /** "If (SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)), set SND.WND". */
    private void updateWindow(Segment s, long ack, int wnd) {
        long seq = receiver.position(s.seq);
        if (ack < sender.sndUna()) return;
        boolean progress = ack > sender.sndUna(); // then it is news, also on a retransmission
        if (!progress && (sndWl1 > seq || sndWl1 == seq && sndWl2 > ack)) return;
        sndWl1 = Math.max(sndWl1, seq);
        sndWl2 = ack;
        sender.onWindow(ack, wnd);
        if (wnd == 0 || patience.persists() == 0) return;
        patience.onWindowOpen();
        deadlines.disarm(Timer.PERSIST); // a silly window is overridden soon
    }

    /** RFC 7323 section 4.1: RTTM; only an ACK of new data tells a round trip. */
    private void sampleTimestamp(Segment s) {
        int ms = timestamps.elapsedMs(s, nowNs);
        if (ms < 0) return;
        boolean needed = rtt.srttNs() < 0 || sender.backoff() > 0 || sender.isRecovering();
        if (ms < COARSE_MS && !needed) return;
        int expected = Math.max(1, sender.outstanding() / (2 * sndMss()));
        rtt.sample((long) ms * NS_PER_MS, expected);
        sender.onRoundTrip();
    }

    private Verdict onFinAcked() {
        if (!sender.isFinAcked()) return Verdict.CONTINUE;
        switch (state) {
            case FIN_WAIT_1 -> {
                // "if the FIN segment is now acknowledged, then enter FIN-WAIT-2"
                transition(State.FIN_WAIT_2);
                outputDone();
                armFinWait2();
            }
            case CLOSING -> {
                // "if the ACK acknowledges our FIN, then enter the TIME-WAIT state"
                outputDone();
                enterTimeWait();
                return Verdict.DONE;
            }
            case LAST_ACK -> {
                // "If our FIN is now acknowledged, delete the TCB, enter the CLOSED state"
                end(null);
                return Verdict.DONE;
            }
            default -> {}
        }
        return Verdict.CONTINUE;
    }

    /** "Seventh, process the segment text", and "Eighth, check the FIN bit". */
    private Verdict acceptText(Segment s, Frame in) {
        if (s.textLength == 0 && !s.has(Tcp.FIN)) return Verdict.CONTINUE;
        if (!state.mayReceive()) return drop(Counter.TCP_IN_AFTER_FIN);
        if (orphan && receiver.position(s.seq) + s.textLength > receiver.rcvNxt()) {
            // Nobody will ever read it: RFC 9293 section 3.10.4, as Linux does.
            counters.increment(Counter.TCP_ABORT_ON_DATA);
            reset(s.ack, false);
            end(CloseCause.LOCAL);
            return Verdict.DONE;
        }
        int readable = receiver.onText(s, in, rtt.rtoNs(), nowNs);
        if (readable > 0) {
            stream.signals().readable(layer.wakeups());
            if (!deadlines.isArmed(Timer.REAP)) deadlines.arm(Timer.REAP, nowNs + REAP_NS);
        }
        if (receiver.isFinished()) onFin();
        return Verdict.DONE;
    }

    private void onFin() {
        inputEnded = true;
        stream.publishInputEnded();
        stream.signals().readable(layer.wakeups());
        switch (state) {
            case ESTABLISHED -> transition(State.CLOSE_WAIT);
            case FIN_WAIT_1 -> transition(State.CLOSING);
            case FIN_WAIT_2 -> enterTimeWait();
            default -> throw new AssertionError(state);
        }
    }

    private void heard() {
        keepAlive.heard(nowNs);
        patience.onHeard();
    }

    // -- inputs: time

    @Override
    public void onTimeout(long nowNs) {
        this.nowNs = nowNs;
        if (deadlines.take(Timer.DELAYED_ACK, nowNs)) {
            receiver.onDelayedAck();
            if (receiver.isAckDue()) counters.increment(Counter.DELAYED_ACKS);
        }
        if (deadlines.take(Timer.REAP, nowNs)) receiver.onReap();
        // The probe has a timeout's time for its answer.
        if (deadlines.take(Timer.LOSS_PROBE, nowNs) && sender.onLossProbe()) armRetransmit();
        if (deadlines.take(Timer.REORDER, nowNs)) {
            onLossesDetected(sender.onReorderTimeout(rtt.srttNs(), nowNs));
        }
        if (deadlines.take(Timer.RETRANSMIT, nowNs)) onRetransmit();
        if (deadlines.take(Timer.PERSIST, nowNs)) onPersist();
        if (deadlines.take(Timer.KEEP_ALIVE, nowNs)) onKeepAlive();
        if (deadlines.take(Timer.FIN_WAIT_2, nowNs) && state == State.FIN_WAIT_2) {
            counters.increment(Counter.TCP_ABORT_ON_LINGER);
            end(null);
        }
        assert invariant();
    }

    private void onRetransmit() {
        if (!sender.isOutstanding()) return;
        boolean windowClosed = sender.sndWnd() == 0 && state.isSynchronized() && !orphan;
        if (patience.onTimeout(windowClosed, maxRetries())) {
            giveUp();
            return;
        }
        counters.increment(Counter.TCP_TIMEOUTS);
        if (!state.isSynchronized()) synRetransmitted = true;
        sender.onTimeout(rtt.srttNs(), nowNs);
        deadlines.disarm(Timer.LOSS_PROBE);
        armReorder();
        armRetransmit();
    }

    private int maxRetries() {
        if (!state.isSynchronized()) return settings.synRetries;
        return orphan ? settings.orphanRetries : settings.retries;
    }

    private void giveUp() {
        counters.increment(Counter.TCP_ABORT_ON_TIMEOUT);
        end(patience.reason());
    }

    private void onPersist() {
        if (!sender.isStalled()) return;
        boolean hopeless = orphan && persistNs() == RttEstimator.MAX_RTO_NS;
        if (patience.onPersist(maxRetries(), hopeless)) giveUp();
        else sender.onPersist();
    }

    private void onKeepAlive() {
        if (!keepAlive.isOn() || !state.isSynchronized()) return;
        switch (keepAlive.onTimeout(sender.isOutstanding() || sender.hasUnsent(), nowNs)) {
            case WAIT -> {}
            case PROBE -> {
                counters.increment(Counter.TCP_KEEP_ALIVE);
                sender.sendProbe();
            }
            case GIVE_UP -> {
                counters.increment(Counter.TCP_ABORT_ON_TIMEOUT);
                abort(CloseCause.TIMED_OUT);
                return;
            }
        }
        armKeepAlive();
    }

    private void armKeepAlive() {
        if (!keepAlive.isOn() || !state.isSynchronized()) deadlines.disarm(Timer.KEEP_ALIVE);
        else deadlines.arm(Timer.KEEP_ALIVE, keepAlive.deadlineNs(nowNs));
    }

    private void armRetransmit() {
        deadlines.arm(Timer.RETRANSMIT, nowNs + rtoNs());
    }

    private void armFinWait2() {
        if (orphan) deadlines.arm(Timer.FIN_WAIT_2, nowNs + settings.finTimeoutNs);
    }

    // -- inputs: ICMP

    @Override
    public void onUnreachable(Unreachable what, int seq, long nowNs) {
        this.nowNs = nowNs;
        if (!isInFlight(seq)) return;
        CloseCause cause =
                switch (what) {
                    case PORT, PROTOCOL -> CloseCause.REFUSED;
                    case NET -> CloseCause.NET_UNREACHABLE;
                    case HOST, PROHIBITED -> CloseCause.HOST_UNREACHABLE;
                };
        if (!state.isSynchronized()) end(cause);
        else if (cause != CloseCause.REFUSED) patience.onSoftError(cause);
    }

    @Override
    public void onPathMtu(int mtu, int seq, long nowNs) {
        this.nowNs = nowNs;
        if (!isInFlight(seq)) return;
        int mss = Math.max(mtu, MIN_MTU) - HEADERS;
        if (mss >= sndMss()) return;
        pathMss = mss;
        if (state.isSynchronized()) {
            sender.shrink(sndMss());
            armReorder();
        }
        assert invariant();
    }

    /** RFC 5927 section 4.1: a message about something else is old, or forged. */
    private boolean isInFlight(int seq) {
        long position = sender.position(seq);
        boolean live = state != State.CLOSED && state != State.TIME_WAIT;
        if (live && position >= sender.sndUna() && position < sender.sndNxt()) return true;
        counters.increment(Counter.TCP_OUT_OF_WINDOW_ICMPS);
        return false;
    }

    // -- commands

    /** From the stream: bits of Stream.WRITTEN and so on. */
    void onPosted(int what, long nowNs) {
        this.nowNs = nowNs;
        if (state != State.CLOSED && state != State.TIME_WAIT) {
            if ((what & Stream.OPTIONS) != 0) {
                receiver.onOptions();
                stream.signals().writable(layer.wakeups()); // SO_SNDBUF may have grown
                armKeepAlive();
            }
            if ((what & Stream.STARVED) != 0) layer.starved(stream);
            if ((what & Stream.CONSUMED) != 0) receiver.onConsumed();
            else receiver.reap();
            if ((what & Stream.SHUTDOWN_INPUT) != 0) receiver.discard();
            if ((what & Stream.SHUTDOWN_OUTPUT) != 0) finishSending();
            if ((what & Stream.CLOSE) != 0) close();
        } else if ((what & Stream.CLOSE) != 0) {
            abandon();
        } else if (!stream.receiveQueue().isClosed()) {
            stream.receiveQueue().reap();
        }
        stream.sendQueue().settle();
        stream.receiveQueue().settle();
        assert invariant();
    }

    private void close() {
        orphan = true;
        if (state == State.SYN_SENT) {
            end(CloseCause.LOCAL);
            return;
        }
        boolean unread = stream.receiveQueue().available() > 0;
        receiver.discard();
        stream.receiveQueue().close();
        if (unread || stream.linger == 0) {
            // RFC 2525 section 2.17: the peer must learn that what it sent was not read
            counters.increment(unread ? Counter.TCP_ABORT_ON_CLOSE : Counter.TCP_ABORT_ON_DATA);
            // Behind what was written: the kernel sends, within write, what the windows let out.
            abortDue = true;
            return;
        }
        finishSending();
        if (state == State.FIN_WAIT_2) armFinWait2();
    }

    private void finishSending() {
        switch (state) {
            case SYN_SENT, SYN_RECEIVED -> closeRequested = true;
            case ESTABLISHED -> transition(State.FIN_WAIT_1);
            case CLOSE_WAIT -> transition(State.LAST_ACK);
            default -> {}
        }
        if (state.isSynchronized()) sender.finish();
    }

    /** Ends it at once: RST to the peer if synchronized, cause to the application. */
    public void abort(CloseCause cause) {
        if (state == State.CLOSED || state == State.TIME_WAIT) return;
        if (state != State.SYN_SENT) reset(sender.sndNxtSeq(), true);
        end(cause);
    }

    /** After its end, of whatever kind: nobody will read what came. */
    public void abandon() {
        orphan = true;
        stream.receiveQueue().close();
    }

    // -- ends

    private void transition(State next) {
        state = State.transition(state, next, tuple(), counters);
    }

    /** FIN is acknowledged: everything was delivered. */
    private void outputDone() {
        stream.sendQueue().close();
        stream.publishTerminated();
        stream.signals().all(layer.wakeups());
    }

    private void enterTimeWait() {
        transition(State.TIME_WAIT);
        deadlines.disarmAll();
        receiver.close();
        int window = receiver.selectWindow();
        next =
                new TimeWait(
                        layer,
                        tuple(),
                        sender.sndNxtSeq(),
                        receiver.rcvNxtSeq(),
                        window,
                        timestamps.isOn(),
                        timestamps.recent(),
                        timestamps.offset(),
                        nowNs);
    }

    /**
     * @param cause null: in good order
     */
    private void end(CloseCause cause) {
        transition(State.CLOSED);
        next = null;
        deadlines.disarmAll();
        receiver.close();
        if (cause != null) stream.publishCause(cause);
        stream.sendQueue().close();
        if (orphan) stream.receiveQueue().close();
        stream.publishTerminated();
        stream.signals().all(layer.wakeups());
    }

    // -- outputs

    @Override
    public boolean pollTransmit(Frame out, long nowNs) {
        this.nowNs = nowNs;
        if (resetDue) return writeReset(out);
        if (state == State.CLOSED) return false;
        if (state == State.TIME_WAIT) return receiver.isAckDue() && writeAck(out);
        int blocks = state.isSynchronized() ? receiver.sackBlocks(mostBlocks()) : 0;
        int options = timestamps.length() + sackLength(blocks);
        Sender.Plan plan = sender.plan(sndMss() - options, stream.noDelay, rtt.rtoNs(), nowNs);
        switch (plan) {
            case SYN -> writeSyn(out);
            case NEW, RETRANSMIT, TAIL -> writeText(out, plan, blocks);
            case PROBE -> writeProbe(out);
            case NOTHING -> {
                if (abortDue) {
                    abort(CloseCause.LOCAL);
                    return resetDue && writeReset(out);
                }
                if (receiver.isAckDue()) return writeAck(out);
                armPersist();
                return false;
            }
        }
        if (!deadlines.isArmed(Timer.RETRANSMIT) && sender.isOutstanding()) armRetransmit();
        if (plan == Sender.Plan.NEW) armLossProbe();
        return true;
    }

    /** What waits for the window alone is tried again, more and more rarely (RFC 9293, 3.8.6.1). */
    private void armPersist() {
        if (!state.isSynchronized() || !sender.isStalled()) {
            deadlines.disarm(Timer.PERSIST);
        } else if (!deadlines.isArmed(Timer.PERSIST)) {
            deadlines.arm(Timer.PERSIST, nowNs + persistNs());
        }
    }

    private long persistNs() {
        long wait = rtt.rtoNs() << Math.min(patience.persists(), 20);
        return Math.min(wait, RttEstimator.MAX_RTO_NS);
    }

    private int mostBlocks() {
        int left = Math.min(Tcp.MAX_HEADER - Tcp.HEADER, sndMss() - 8) - timestamps.length();
        return Math.max(0, Math.min(TcpOptions.MAX_SACK_BLOCKS, (left - 4) / 8));
    }

    private static int sackLength(int blocks) {
        if (blocks == 0) return 0;
        return TcpOptions.SACK_BASE_LENGTH + blocks * TcpOptions.SACK_BLOCK_LENGTH;
    }

    private void writeText(Frame out, Sender.Plan plan, int blocks) {
        sender.gather(out);
        int flags = Tcp.ACK;
        if (sender.isPush()) flags |= Tcp.PSH;
        if (sender.planFin()) flags |= Tcp.FIN;
        int urgent = sender.planUrgent();
        if (urgent > 0) flags |= Tcp.URG;
        write(out, sender.planSeq(), flags, blocks, plan != Sender.Plan.NEW);
        if (urgent > 0) Tcp.putUrgent(out.bytes(), out.start(), urgent);
        if (sender.planLength() > 0) receiver.onTextSent(settings.delayedAckNs, nowNs);
        sender.onSent(plan, nowNs);
        // A head that was lost again has all the time that it had at first.
        if (plan == Sender.Plan.RETRANSMIT && sender.planSeq() == sender.sndUnaSeq()) {
            armRetransmit();
        }
    }

    private void writeProbe(Frame out) {
        if (sender.isStalled()) counters.increment(Counter.TCP_WIN_PROBE);
        write(
                out,
                sender.seq(sender.sndUna() - 1),
                Tcp.ACK,
                receiver.sackBlocks(mostBlocks()),
                false);
        sender.onSent(Sender.Plan.PROBE, nowNs);
    }

    /** True. */
    private boolean writeAck(Frame out) {
        write(out, sender.sndNxtSeq(), Tcp.ACK, receiver.sackBlocks(mostBlocks()), false);
        return true;
    }

    private void write(Frame out, int seq, int flags, int blocks, boolean again) {
        int length = Tcp.HEADER + timestamps.length() + sackLength(blocks);
        int window = receiver.selectWindow();
        int at = writer.header(out, seq, receiver.rcvNxtSeq(), length, flags, window);
        if (timestamps.isOn()) {
            int tsVal = timestamps.value(nowNs);
            at = TcpOptions.writeTimestamps(out.bytes(), at, tsVal, timestamps.recent());
        }
        if (blocks > 0) receiver.writeSack(out.bytes(), at, blocks);
        writer.count(again);
        deadlines.disarm(Timer.DELAYED_ACK);
        receiver.onAckSent();
    }

    private void writeSyn(Frame out) {
        boolean withAck = state == State.SYN_RECEIVED;
        SegmentWriter.Offer offer =
                new SegmentWriter.Offer(
                        pathMss,
                        sackPermitted,
                        timestamps.isOn(),
                        timestamps.value(nowNs),
                        withAck ? timestamps.recent() : 0,
                        windowScaling,
                        rcvWindShift);
        int flags = Tcp.SYN | (withAck ? Tcp.ACK : 0);
        int ack = withAck ? receiver.rcvNxtSeq() : 0;
        boolean again = sender.sndNxt() >= 0;
        writer.syn(out, sender.seq(-1), ack, flags, receiver.synWindow(), offer, again);
        sender.onSent(Sender.Plan.SYN, nowNs);
    }

    private boolean writeReset(Frame out) {
        resetDue = false;
        if (resetWithAck) writer.reset(out, resetSeq, receiver.rcvNxtSeq(), Tcp.RST | Tcp.ACK);
        else writer.reset(out, resetSeq, 0, Tcp.RST);
        return true;
    }

    @Override
    public long nextDeadlineNs() {
        return deadlines.earliest();
    }

    /**
     * {@inheritDoc}
     *
     * <p>As long as the last ACK or an RST waits to be polled, that is this connection itself: the owner
     * looks again after it has polled.
     */
    @Override
    public Endpoint successor() {
        boolean speaks = resetDue || state == State.TIME_WAIT && receiver.isAckDue();
        return speaks ? this : next;
    }

    @Override
    public int trafficClass() {
        return stream.trafficClass;
    }

    /** What holds between any two calls; throws what does not. */
    boolean invariant() {
        assert sender.invariant();
        assert receiver.invariant();
        assert (next == this) == (state != State.CLOSED && state != State.TIME_WAIT) : state;
        assert !inputEnded || !state.mayReceive() : state;
        boolean live = next == this;
        assert !live || !sender.isOutstanding() || deadlines.isArmed(Timer.RETRANSMIT) : "no RTO";
        assert live || deadlines.earliest() == Long.MAX_VALUE;
        return true;
    }

    @Override
    public String toString() {
        return tuple() + " " + state;
    }
}
