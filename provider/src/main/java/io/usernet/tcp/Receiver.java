package io.usernet.tcp;

import io.usernet.buffer.ReceiveQueue;
import io.usernet.frame.Frame;
import io.usernet.frame.Memory;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The receiving half of a connection: what came, how much more may come, and when to say so.
 *
 * <p>Heads up: RFC 9293 sections 3.8.6.2.2 and 3.8.6.3, RFC 5681 section 4.2, RFC 2018, 2883, 7323.
 *
 * <pre>
 *                  rcvNxt                        rcvAdv
 *   in the queue     |  gap  | kept out of order |  |
 *  ------------------+-------+-------------------+--+--
 *                    |&lt;--------- RCV.WND --------&gt;|
 * </pre>
 *
 * It counts in positions: the peer's SYN is at -1, its first byte at 0. Invariant: {@code rcvAdv} is
 * the most that was advertised and never moves back.
 */
final class Receiver {
    /** Most unread bytes where memory is used up: as much as Linux has for each (tcp_rmem's first). */
    static final int SCARCE_BUFFER = 4096;

    private static final int MAX_WINDOW_FIELD = 0xFFFF;

    private final Stream stream;
    private final ReceiveQueue queue;
    private final Memory memory;
    private final Counters counters;
    private final AckPolicy acks;
    private final int mss; // that we advertise
    private int buffer; // twice SO_RCVBUF
    private int irs;
    private int windShift; // Rcv.Wind.Shift
    private boolean sackPermitted;

    private long rcvNxt;
    private long rcvAdv; // RCV.NXT + RCV.WND
    private long edge; // as the last segment said it, in units of the scale: at most rcvAdv
    private long urgentAt = -1; // the last byte that the peer called urgent
    private long droppedAt = -1; // the same, unless it is part of the stream
    private long finAt = -1; // where the peer's FIN is, once it is known
    private boolean discarding; // nobody will read: text is acknowledged and dropped
    private boolean windowClosed; // what the stream was told: all reading is to be told
    private boolean zeroAdvertised;
    private boolean over; // all reading is to be told, from now on
    private boolean asking; // the reader is to post whatever it reads: it pins memory
    private Reassembly reassembly; // null until something comes out of order

    private long dupStart, dupEnd; // for D-SACK; empty: none

    private long lastAckSent; // Last.ACK.sent

    private final int[] blocks = new int[TcpOptions.MAX_SACK_BLOCKS];

    Receiver(Stream stream, Memory memory, Counters counters, int mss) {
        this.stream = stream;
        this.queue = stream.receiveQueue();
        this.memory = memory;
        this.counters = counters;
        this.mss = mss;
        this.acks = new AckPolicy(stream, mss);
        onOptions();
    }

    /** SO_RCVBUF or TCP_QUICKACK may have changed. */
    void onOptions() {
        acks.onOptions();
        buffer = stream.receiveBuffer;
        stream.windowStep(Math.min(2 * mss, buffer / 2));
    }

    /** The peer's SYN came. */
    void onSyn(int irs) {
        this.irs = irs;
    }

    /**
     * The handshake is over.
     *
     * @param rcvWnd what was advertised
     */
    void open(int windShift, boolean sackPermitted, int rcvWnd) {
        this.windShift = windShift;
        this.sackPermitted = sackPermitted;
        rcvAdv = edge = rcvNxt + rcvWnd;
    }

    // -- getters

    int seq(long position) {
        return irs + 1 + (int) position;
    }

    /** The position near RCV.NXT that has this sequence number. */
    long position(int seq) {
        return rcvNxt + (seq - seq(rcvNxt));
    }

    long rcvNxt() {
        return rcvNxt;
    }

    int rcvNxtSeq() {
        return seq(rcvNxt);
    }

    /** RCV.WND. */
    int rcvWnd() {
        return (int) (rcvAdv - rcvNxt);
    }

    /** RCV.NXT + RCV.WND. */
    long rcvAdv() {
        return rcvAdv;
    }

    long lastAckSent() {
        return lastAckSent;
    }

    boolean isAckDue() {
        return acks.isDue();
    }

    /** Whether something is to be acknowledged, at the latest when DELAYED_ACK expires. */
    boolean isAckOwed() {
        return acks.isOwed();
    }

    boolean hasGaps() {
        return reassembly != null && !reassembly.isEmpty();
    }

    /** Whether all up to the peer's FIN, and the FIN, is here. */
    boolean isFinished() {
        return finAt >= 0 && rcvNxt > finAt;
    }

    // -- inputs

    /** RFC 9293 table 6: whether any of {@code length} octets from {@code start} on is in the window. */
    boolean isAcceptable(long start, int length) {
        if (rcvNxt == rcvAdv) return start == rcvNxt; // text is trimmed; ACK and FIN still count
        if (length == 0) return start >= rcvNxt && start < rcvAdv;
        return start < rcvAdv && start + length > rcvNxt;
    }

    /** Nobody will read any more. */
    void discard() {
        discarding = true;
        if (isWorthAnnouncing()) ackNow(); // what is unread takes no room any more
    }

    /** An ACK is to be sent now. */
    void ackNow() {
        acks.now();
    }

    /** DELAYED_ACK expired. */
    void onDelayedAck() {
        acks.onTimeout();
    }

    /** A segment was outside of the window: what of it we have already is reported by D-SACK. */
    void onOldSegment(long start, int length) {
        reportDuplicate(start, Math.min(start + length, rcvNxt), Counter.TCP_DSACK_OLD_SENT);
    }

    /**
     * Text and FIN of an acceptable segment (RFC 9293 section 3.10.7.4, seventh).
     *
     * @return how many bytes became readable
     */
    int onText(Segment s, Frame in, long idleNs, long nowNs) {
        long start = position(s.seq);
        long end = start + s.textLength;
        boolean cut = end > rcvAdv;
        if (cut) {
            counters.increment(Counter.TCP_BEYOND_WINDOW);
            end = Math.max(start, rcvAdv);
            ackNow();
        }
        if (s.has(Tcp.FIN) && !cut && finAt < 0) finAt = end;
        if (finAt >= 0) end = Math.min(end, finAt);
        if (s.urgent > 0) onUrgent(start + s.urgent - 1);
        droppedAt = stream.oobInline ? -1 : urgentAt;
        acks.onArrival(rcvWnd(), idleNs, nowNs);
        long before = rcvNxt;
        if (end > start) {
            if (start < rcvNxt) {
                reportDuplicate(start, Math.min(end, rcvNxt), Counter.TCP_DSACK_OLD_SENT);
                ackNow();
            }
            if (start > rcvNxt) keep(start, end, in, s.textAt);
            else if (end > rcvNxt) take(start, end, in, s.textAt);
        }
        int delivered = (int) (rcvNxt - before);
        if (droppedAt >= before && droppedAt < rcvNxt) delivered--;
        if (finAt == rcvNxt) {
            if (reassembly != null) reassembly.close(); // text beyond the FIN, which cannot be
            rcvNxt++;
            rcvAdv = Math.max(rcvAdv, rcvNxt);
            ackNow();
        } else if (s.has(Tcp.FIN)) {
            ackNow();
        }
        if (s.has(Tcp.PSH)) {
            acks.onPush();
            if (acks.awaitsReader()) tellStream();
        }
        assert invariant();
        return discarding ? 0 : delivered;
    }

    /**
     * RFC 6093: one byte is urgent, the last one that was said to be. As with sockets everywhere it is not
     * part of the stream, unless SO_OOBINLINE is set when it comes; nobody can ask for it otherwise.
     */
    private void onUrgent(long at) {
        if (at >= rcvNxt) urgentAt = Math.max(urgentAt, at);
    }

    /** Text at RCV.NXT into the queue; how much of it there was room for. */
    private int append(Frame in, int from, int length) {
        if (droppedAt < rcvNxt || droppedAt >= rcvNxt + length)
            return queue.append(in, from, length);
        int before = (int) (droppedAt - rcvNxt);
        int taken = queue.append(in, from, before);
        if (taken < before) return taken;
        return before + 1 + queue.append(in, from + before + 1, length - before - 1);
    }

    private void take(long start, long end, Frame in, int textAt) {
        int length = (int) (end - rcvNxt);
        int from = textAt + (int) (rcvNxt - start);
        reap();
        int taken = discarding ? length : append(in, from, length);
        rcvNxt += taken;
        if (discarding) counters.increment(Counter.TCP_IN_DISCARDED);
        if (taken < length) {
            counters.increment(Counter.TCP_RCVQ_DROP);
            if (hasGaps()) {
                // What is behind must not keep the memory that this needs (RFC 2018 section 8).
                counters.increment(Counter.TCP_OFO_DROP);
                reassembly.close();
            }
            ackNow();
        }
        if (hasGaps()) {
            rcvNxt = reassembly.deliver(rcvNxt, droppedAt, discarding ? null : queue);
            ackNow(); // RFC 5681 section 4.2: at once, if it fills a gap
        }
        if (!discarding) queue.publish();
        acks.onInOrder((int) (end - start), rcvNxt - lastAckSent);
        if (acks.awaitsReader()) tellStream();
    }

    private void keep(long start, long end, Frame in, int textAt) {
        acks.onOutOfOrder(rcvWnd());
        if (reassembly == null) reassembly = new Reassembly(memory);
        if (reassembly.ranges().covered(start, end) == end - start) {
            reportDuplicate(start, end, Counter.TCP_DSACK_OFO_SENT);
            reassembly.touch(start);
            return;
        }
        boolean kept = reassembly.insert(start, end, in, textAt, chargeLimit());
        counters.increment(kept ? Counter.TCP_OFO_QUEUE : Counter.TCP_OFO_DROP);
    }

    /** The window bounds the bytes; what the pieces cost beyond them may be as much again. */
    private int chargeLimit() {
        return (int) Math.min(2L * buffer, Integer.MAX_VALUE);
    }

    private void reportDuplicate(long start, long end, Counter counter) {
        if (!sackPermitted || start >= end) return;
        dupStart = start;
        dupEnd = end;
        counters.increment(counter);
    }

    /** The application has read. */
    void onConsumed() {
        reap();
        ackWhatWasRead();
    }

    private void ackWhatWasRead() {
        boolean drained = queue.consumed() == queue.appended();
        if (isWorthAnnouncing() || drained && acks.awaitsReader()) ackNow();
    }

    /** Lets go of what the application has read. */
    void reap() {
        queue.reap();
        asking &= queue.consumed() < queue.appended();
    }

    /**
     * Text that is read in small pieces, of which the reader tells nothing, must not pin its slab for
     * ever: lets go of what was read, and has the reader tell of the rest.
     */
    void onReap() {
        reap();
        asking = queue.consumed() < queue.appended();
        tellStream();
    }

    /** The receive buffer; less where memory is scarce, for others wait for some of it too. */
    static int most(int buffer, Memory memory) {
        return (int) Math.min(buffer, Math.max(SCARCE_BUFFER, memory.shareForReceiving()));
    }

    private int most() {
        return most(buffer, memory);
    }

    private boolean isScarce() {
        return most() < buffer;
    }

    private int free() {
        long unread = queue.isClosed() || discarding ? 0 : queue.appended() - queue.consumed();
        // What is promised to one can't be promised to others: at most as much again as came. A
        // sender in slow start doubles likewise.
        long promise = Math.max(MAX_WINDOW_FIELD, 2 * rcvNxt);
        return (int) Math.min(Math.max(0, most() - unread), promise);
    }

    /** RFC 9293 section 3.8.6.2.2: by how much the window must grow, at least. */
    private int step() {
        return Math.min(most() / 2, mss);
    }

    /** What the peer knows of RCV.WND. */
    private int said() {
        return (int) Math.max(0, edge - rcvNxt);
    }

    private boolean isWorthAnnouncing() {
        int free = free();
        int said = said();
        return free - said >= step() && free >= 2L * said;
    }

    // -- outputs

    /** The window of a SYN, which is never scaled. */
    int synWindow() {
        int wnd = Math.min(free(), MAX_WINDOW_FIELD);
        rcvAdv = edge = rcvNxt + wnd;
        return wnd;
    }

    /** The window field of a segment that is being sent; its right edge is advertised thereby. */
    int selectWindow() {
        int free = free();
        // Where memory is scarce, less is offered than was; what was sent meanwhile is still taken.
        int wnd = isScarce() ? Math.min(said(), free) : rcvWnd();
        boolean opens = free - said() >= step();
        int unit = 1 << windShift;
        int field = (opens ? Math.max(free, wnd) : wnd) >> windShift;
        // Rounded up, so that it neither moves back nor is scaled away; but never further than a
        // unit
        // beyond the buffer: many tiny segments would push it on (RFC 7323 section 2.4).
        boolean shy = field << windShift < wnd || opens && field << windShift == said();
        if (shy && (field + 1L << windShift) < (long) free + unit) field++;
        field = Math.min(field, MAX_WINDOW_FIELD);
        int selected = field << windShift;
        edge = rcvNxt + selected;
        rcvAdv = Math.max(rcvAdv, edge);
        boolean zero = field == 0;
        if (zero && !zeroAdvertised) counters.increment(Counter.TCP_TO_ZERO_WINDOW_ADV);
        if (!zero && zeroAdvertised) counters.increment(Counter.TCP_FROM_ZERO_WINDOW_ADV);
        zeroAdvertised = zero;
        tellStream();
        return field;
    }

    /** So that a reader which frees less than a step knows whether somebody waits for that. */
    private void tellStream() {
        boolean closed = over || asking || acks.awaitsReader() || said() < step() || isScarce();
        if (closed == windowClosed) return;
        windowClosed = closed;
        stream.windowClosed(closed);
        if (!closed) return;
        VarHandle
                .fullFence(); // the reader looks at the flag after it has freed: one sees the other
        ackWhatWasRead();
    }

    /** A segment with ACK is on its way. */
    void onAckSent() {
        boolean awaited = acks.awaitsReader();
        acks.onAckSent();
        lastAckSent = rcvNxt;
        dupStart = dupEnd = 0;
        if (awaited) tellStream();
    }

    /** Text of ours is on its way. */
    void onTextSent(long withinNs, long nowNs) {
        acks.onTextSent(withinNs, nowNs);
    }

    /** How many SACK blocks a segment now carries, at most {@code most}. */
    int sackBlocks(int most) {
        if (!sackPermitted) return 0;
        int n = (dupEnd > dupStart ? 1 : 0) + (hasGaps() ? reassembly.ranges().count() : 0);
        return Math.min(n, most);
    }

    /** Writes {@code n} blocks; returns where the next option goes. */
    int writeSack(ByteBuffer b, int at, int n) {
        at = TcpOptions.writeSackHead(b, at, n);
        if (dupEnd > dupStart) {
            at = TcpOptions.writeSackBlock(b, at, seq(dupStart), seq(dupEnd));
            n--;
        }
        if (n == 0) return at;
        int found = reassembly.latestBlocks(blocks, n);
        assert found == n;
        for (int i = 0; i < n; i++) {
            long start = reassembly.ranges().start(blocks[i]);
            long end = reassembly.ranges().end(blocks[i]);
            at = TcpOptions.writeSackBlock(b, at, seq(start), seq(end));
        }
        return at;
    }

    /** The connection is over: what came out of order is dropped, and all reading is to be told. */
    void close() {
        if (reassembly != null) reassembly.close();
        over = true;
        tellStream();
        queue.reap();
    }

    boolean invariant() {
        assert rcvNxt <= rcvAdv : rcvNxt + " > " + rcvAdv;
        assert reassembly == null || reassembly.invariant();
        assert !hasGaps() || reassembly.ranges().start(0) > rcvNxt;
        return true;
    }
}
