package io.usernet.ip;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Ipv4;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Puts fragments together (RFC 791 section 3.2). Each fragment's payload is copied once, to its place
 * in the small slabs of its datagram, so that no fragment keeps the large slab that it was read into:
 *
 * <pre>
 *   datagram's payload  | 0 .. 2047 | 2048 .. 4095 | ...                    | .. 65535 |
 *   slabs                 slab 0      slab 1         (none: nothing came yet)  slab 31
 *   becomes a frame of  | IP header, first 128 bytes | rest of slab 0 | slab 1 | ...
 * </pre>
 *
 * A fragment that repeats what is there is ignored. One that overlaps it otherwise, or contradicts it
 * about the end, discards all of the datagram: RFC 5722's rule for IPv6, which Linux applies to IPv4
 * too. Transport checksums are verified on the whole.
 *
 * <p>Slabs are bounded by ipfrag_high_thresh and an eighth of the packet memory. When they are used up,
 * another datagram's go: of those of which a single fragment came, the one that has waited longest; of
 * those that have made progress only if they hold more than half, or there are no others. So whoever
 * floods us with first fragments evicts his own, and a datagram whose fragments follow one another
 * gets through. Confined to the loop.
 */
final class Fragments {
    /** Payload bytes that go into the header slice: the longest TCP header, and what ICMP quotes. */
    private static final int HEAD = 128;

    private static final int SLAB = Slab.Size.SMALL.bytes();
    private static final int MAX_SLABS = (Ipv4.MAX_LENGTH + SLAB - 1) / SLAB;
    private static final int MAX_HEADER = 60;

    /** Offsets count units of 8 bytes; there is one bit for each, in words of 64. */
    private static final int UNIT = 8, WORD = 64 * UNIT;

    private static final int MAX_WORDS = (Ipv4.MAX_LENGTH + WORD - 1) / WORD;
    private static final int FEW_WORDS = 8;

    /** Most objects that are kept for use again. */
    private static final int MAX_UNUSED = 64;

    private final Counters counters;
    private final Memory memory;
    private final TimerWheel wheel;
    private final Icmp icmp;
    private final long timeoutNs;
    private final int limit; // slabs
    private final long k0, k1; // of the hash

    private Incomplete[] slots; // heads of chains, a power of two of them; null before the first
    private final Queue singles = new Queue(); // of which one fragment came
    private final Queue several = new Queue(); // of which more came
    private Incomplete unused;
    private int unuseds;

    /** What has come of a datagram. Its timer says until when the rest must. */
    private final class Incomplete extends TimerWheel.Alarm {
        int src, dst, protocol, id;
        Incomplete nextInSlot;
        Incomplete older, newer; // in its queue

        final Slab[] slabs = new Slab[MAX_SLABS];
        int held; // slabs that are not null
        long[] seen = new long[FEW_WORDS]; // a bit for each unit that is there
        int fragments;
        int have; // bytes
        int highest; // where the furthest fragment ends
        int end; // of the payload, or -1: the last fragment has not come
        int ecns; // bit n: a fragment had the ECN codepoint n (RFC 3168 section 5)
        final byte[] header = new byte[MAX_HEADER]; // of the first fragment
        int headerLength; // 0: it has not come
        boolean group; // the first came by broadcast

        @Override
        public void expire(long nowNs) {
            giveUp(this, nowNs);
        }
    }

    /** A list of datagrams by when a fragment of theirs last came. */
    private static final class Queue {
        Incomplete oldest, newest;
        int slabs; // held by all

        void add(Incomplete d) {
            d.older = newest;
            if (newest == null) oldest = d;
            else newest.newer = d;
            newest = d;
            slabs += d.held;
        }

        void remove(Incomplete d) {
            if (d.older == null) oldest = d.newer;
            else d.older.newer = d.newer;
            if (d.newer == null) newest = d.older;
            else d.newer.older = d.older;
            d.older = d.newer = null;
            slabs -= d.held;
        }
    }

    /**
     * @param icmp says to senders that time is over
     * @param seed of a hash that senders cannot guess
     */
    Fragments(
            Sysctls sysctls,
            Counters counters,
            Memory memory,
            TimerWheel wheel,
            Icmp icmp,
            long seed) {
        this.counters = counters;
        this.memory = memory;
        this.wheel = wheel;
        this.icmp = icmp;
        timeoutNs = TimeUnit.SECONDS.toNanos(sysctls.get(Sysctl.IPFRAG_TIME));
        long bytes = Math.min(sysctls.get(Sysctl.IPFRAG_HIGH_THRESH), memory.budget() / 8);
        limit = (int) (bytes / SLAB);
        SplittableRandom random = new SplittableRandom(seed);
        k0 = random.nextLong();
        k1 = random.nextLong() | 1;
    }

    /**
     * A fragment came in.
     *
     * @param in begins with the IP header, sound and for us, and holds the datagram's bytes alone
     * @param group whether it came by broadcast, of IP or of the link
     * @return whether {@code in} is now a whole datagram, with all headers in the first slice
     */
    boolean accept(Frame in, boolean group, long nowNs) {
        counters.increment(Counter.IP_REASM_REQDS);
        ByteBuffer b = in.bytes();
        int at = in.start();
        int header = Ipv4.headerLength(b, at);
        int offset = Ipv4.fragmentOffset(b, at);
        int length = in.length() - header;
        boolean more = (Ipv4.flags(b, at) & Ipv4.MORE_FRAGMENTS) != 0;
        boolean malformed = length == 0 || more && length % UNIT != 0;
        if (malformed || header + offset + length > Ipv4.MAX_LENGTH) {
            counters.increment(Counter.IP_REASM_FAILS);
            return false;
        }
        Incomplete d = find(b, at);
        if (d == null) d = begin(b, at, nowNs);
        else queueOf(d).remove(d); // what makes room for it must not be itself
        int before = d.fragments;
        if (!add(d, in, header, offset, length, more)) {
            counters.increment(Counter.IP_REASM_FAILS);
            forget(d);
            return false;
        }
        if (offset == 0 && d.fragments != before) {
            d.headerLength = header;
            d.group = group;
            b.get(at, d.header, 0, header);
        }
        if (d.have != d.end) {
            queueOf(d).add(d);
            return false;
        }
        boolean whole = assemble(d, in);
        counters.increment(whole ? Counter.IP_REASM_OKS : Counter.IP_REASM_FAILS);
        forget(d);
        return whole;
    }

    private Queue queueOf(Incomplete d) {
        return d.fragments > 1 ? several : singles;
    }

    /** Copies a fragment to its place; false if the datagram must go. */
    private boolean add(Incomplete d, Frame in, int header, int offset, int length, boolean more) {
        int end = offset + length;
        boolean last = !more;
        // Two ends, or something behind the end.
        if (d.end >= 0 && (last ? end != d.end : end > d.end)) return false;
        if (last && end < d.highest) return false;
        int there = count(d, offset, end);
        int units = (length + UNIT - 1) / UNIT;
        if (there == units) {
            counters.increment(Counter.IP_REASM_DUPLICATES);
            return true;
        }
        if (there > 0) {
            counters.increment(Counter.IP_REASM_OVERLAPS);
            return false;
        }
        if (!reserve(d, offset, end)) return false;
        copy(d, in, header, offset, length);
        mark(d, offset, end);
        d.fragments++;
        d.have += length;
        d.highest = Math.max(d.highest, end);
        if (last) d.end = end;
        d.ecns |= 1 << (Ipv4.tos(in.bytes(), in.start()) & 3);
        return true;
    }

    /** How many units of a range are there. */
    private static int count(Incomplete d, int offset, int end) {
        int n = 0;
        int to = Math.min(end, d.seen.length * WORD);
        for (int from = offset; from < to; from = (from / WORD + 1) * WORD) {
            n += Long.bitCount(d.seen[from / WORD] & bits(from, to));
        }
        return n;
    }

    private static void mark(Incomplete d, int offset, int end) {
        if (end > d.seen.length * WORD) d.seen = Arrays.copyOf(d.seen, MAX_WORDS);
        for (int from = offset; from < end; from = (from / WORD + 1) * WORD) {
            d.seen[from / WORD] |= bits(from, end);
        }
    }

    /** The bits of a range in the word that its first byte is in. */
    private static long bits(int from, int end) {
        int first = from % WORD / UNIT;
        int units = Math.min((end - from + UNIT - 1) / UNIT, 64 - first);
        return -1L >>> 64 - units << first;
    }

    /** Sees to it that there are slabs for a range. */
    private boolean reserve(Incomplete d, int offset, int end) {
        for (int i = offset / SLAB; i <= (end - 1) / SLAB; i++) {
            if (d.slabs[i] != null) continue;
            while (d.held + singles.slabs + several.slabs >= limit) if (!evict()) return false;
            Slab slab = memory.take(Slab.Size.SMALL);
            while (slab == null) {
                if (!evict()) return false;
                slab = memory.take(Slab.Size.SMALL);
            }
            d.slabs[i] = slab;
            d.held++;
        }
        return true;
    }

    private void copy(Incomplete d, Frame in, int header, int offset, int length) {
        counters.add(Counter.IP_REASM_COPIED, length);
        for (int done = 0; done < length; ) {
            int to = offset + done;
            int n = Math.min(SLAB - to % SLAB, length - done);
            Slab slab = d.slabs[to / SLAB];
            in.copy(header + done, n, slab.region().bytes(), slab.base() + to % SLAB);
            done += n;
        }
    }

    /** Makes {@code in} the whole datagram; false if it cannot be one. */
    private boolean assemble(Incomplete d, Frame in) {
        int ecn = ecn(d.ecns);
        int total = d.headerLength + d.end;
        if (ecn < 0 || total > Ipv4.MAX_LENGTH) return false;
        in.begin();
        int head = Math.min(HEAD, d.end);
        int at = in.prepend(d.headerLength + head);
        ByteBuffer b = in.bytes();
        b.put(at, d.header, 0, d.headerLength);
        Ipv4.putWhole(b, at, Ipv4.tos(b, at) & ~3 | ecn, total);
        Slab first = d.slabs[0];
        b.put(at + d.headerLength, first.region().bytes(), first.base(), head);
        for (int i = 0; i * SLAB < d.end; i++) {
            Slab slab = d.slabs[i];
            int from = i == 0 ? head : 0;
            int to = Math.min(SLAB, d.end - i * SLAB);
            if (to > from) in.append(slab.region(), slab, slab.base() + from, to - from);
        }
        return true;
    }

    /** The whole's ECN codepoint (RFC 3168 section 5.3), or -1: some had none, and others did. */
    private static int ecn(int ecns) {
        boolean mixed = (ecns & 1) != 0 && ecns != 1;
        if (mixed) return -1;
        if ((ecns & 8) != 0) return 3; // congestion was experienced
        return (ecns & 4) != 0 ? 2 : ecns >> 1;
    }

    // -- making room, and time

    /** Drops a datagram that another one makes way for; false if there is none. */
    private boolean evict() {
        Queue from = several.slabs > limit / 2 || singles.oldest == null ? several : singles;
        Incomplete d = from.oldest;
        if (d == null) return false;
        from.remove(d);
        counters.increment(Counter.IP_REASM_FAILS);
        counters.increment(Counter.IP_REASM_EVICTIONS);
        forget(d);
        return true;
    }

    /** The rest did not come in time. */
    private void giveUp(Incomplete d, long nowNs) {
        counters.increment(Counter.IP_REASM_TIMEOUT);
        counters.increment(Counter.IP_REASM_FAILS);
        queueOf(d).remove(d);
        // RFC 1122 section 3.2.2.4: only if the first fragment came.
        if (d.headerLength > 0) {
            Slab slab = d.slabs[0];
            int there = Long.numberOfTrailingZeros(~d.seen[0]) * UNIT;
            icmp.sendReassemblyTimeExceeded(d.header, d.headerLength, slab, there, d.group, nowNs);
        }
        forget(d);
    }

    // -- the table; an Incomplete that is in no queue is being worked on

    private Incomplete find(ByteBuffer b, int at) {
        if (slots == null) return null;
        int src = Ipv4.src(b, at);
        int dst = Ipv4.dst(b, at);
        int protocol = Ipv4.protocol(b, at);
        int id = Ipv4.id(b, at);
        Incomplete d = slots[slot(src, dst, protocol, id)];
        while (d != null
                && (d.id != id || d.src != src || d.dst != dst || d.protocol != protocol)) {
            d = d.nextInSlot;
        }
        return d;
    }

    private Incomplete begin(ByteBuffer b, int at, long nowNs) {
        Incomplete d = unused;
        if (d == null) {
            d = new Incomplete();
        } else {
            unused = d.nextInSlot;
            unuseds--;
        }
        d.src = Ipv4.src(b, at);
        d.dst = Ipv4.dst(b, at);
        d.protocol = Ipv4.protocol(b, at);
        d.id = Ipv4.id(b, at);
        d.end = -1;
        if (slots == null) slots = new Incomplete[Integer.highestOneBit(limit | 63) << 1];
        int slot = slot(d.src, d.dst, d.protocol, d.id);
        d.nextInSlot = slots[slot];
        slots[slot] = d;
        wheel.schedule(d, nowNs + timeoutNs);
        return d;
    }

    /** Lets go of a datagram that is in no queue. */
    private void forget(Incomplete d) {
        wheel.cancel(d);
        int slot = slot(d.src, d.dst, d.protocol, d.id);
        Incomplete previous = null;
        for (Incomplete i = slots[slot]; i != d; i = i.nextInSlot) previous = i;
        if (previous == null) slots[slot] = d.nextInSlot;
        else previous.nextInSlot = d.nextInSlot;
        d.nextInSlot = null;
        for (int i = 0; d.held > 0; i++) {
            if (d.slabs[i] == null) continue;
            d.slabs[i].release();
            d.slabs[i] = null;
            d.held--;
        }
        if (unuseds == MAX_UNUSED) return;
        Arrays.fill(d.seen, 0);
        d.fragments = d.have = d.highest = d.ecns = d.headerLength = 0;
        d.nextInSlot = unused;
        unused = d;
        unuseds++;
    }

    /** Forgets everything. */
    void close() {
        for (Queue queue : new Queue[] {singles, several}) {
            for (Incomplete d = queue.oldest; d != null; d = queue.oldest) {
                queue.remove(d);
                forget(d);
            }
        }
    }

    /** How many datagrams are incomplete. */
    int size() {
        int n = 0;
        for (Incomplete d = singles.oldest; d != null; d = d.newer) n++;
        for (Incomplete d = several.oldest; d != null; d = d.newer) n++;
        return n;
    }

    private int slot(int src, int dst, int protocol, int id) {
        long x = ((long) src << 32 | dst & 0xFFFF_FFFFL) ^ k0;
        long y = ((long) protocol << 16 | id) * 0x9E37_79B9_7F4A_7C15L ^ k1;
        long h = Math.multiplyHigh(x, y) ^ x * y;
        h = (h ^ h >>> 32) * k1;
        return (int) (h >>> 32) & slots.length - 1;
    }
}
