package io.usernet.neighbor;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.neighbor.Neighbor.State;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Arp;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4Address;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * ARP for IPv4 over Ethernet: RFC 826, with the states of RFC 4861 as Linux has them, and the
 * announcement and defence of our own addresses (RFC 5227). Read those first.
 *
 * <pre>
 *              transmit                reply               reachable_time over
 *   (nothing) ----------&gt; INCOMPLETE ---------&gt; REACHABLE ------------------&gt; STALE
 *                          |   ^                  ^    ^                        |
 *       mcast_solicit over |   | transmit   reply |    | confirm       transmit |
 *                          v   |                  |    |                        v
 *                         FAILED &lt;------------- PROBE &lt;---------------------- DELAY
 *                               ucast_solicit over    delay_first_probe_time over
 * </pre>
 *
 * <p>Datagrams that wait for an address are owned by their {@link Neighbor}; the oldest goes when
 * there are too many. The table is bounded: the stale or failed neighbour that was used least recently
 * makes room. Hearing of a neighbour changes an entry that exists; a new one is made only for whom we
 * send to, and for who asks for us. No timer runs for a neighbour that nobody sends to.
 *
 * <p>Confined to the loop. No clock, no I/O: time is an argument, frames go to {@link Owner}.
 */
public final class NeighborTable {
    /** The table's way out. */
    public interface Owner {
        /** Puts a frame on the link and takes it over. */
        void transmit(Frame frame);

        /** The neighbour did not answer: {@code datagram}, which stays the table's, will not be sent. */
        void unreachable(Frame datagram, long nowNs);

        /** {@code mac} uses our {@code address} too. At most once in 10 s for an address. */
        void conflict(int address, long mac, long nowNs);
    }

    /** A neighbour's hardware address is not replaced more often: two that fight are not followed. */
    private static final long LOCKTIME_NS = TimeUnit.SECONDS.toNanos(1);

    /** ANNOUNCE_NUM, ANNOUNCE_INTERVAL and DEFEND_INTERVAL of RFC 5227 section 1.1. */
    private static final int ANNOUNCE_NUM = 2;

    private static final long ANNOUNCE_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long DEFEND_INTERVAL_NS = TimeUnit.SECONDS.toNanos(10);

    /** The wheel's entry for the announcements that are still to come. */
    private final class Announcements extends TimerWheel.Alarm {
        int done;

        @Override
        public void expire(long nowNs) {
            announce(nowNs);
        }
    }

    private final long mac;
    private final Cidr[] own;
    private final long[] defendedNs; // of each of `own`
    private final Counters counters;
    private final TimerWheel wheel;
    private final FramePool frames;
    private final Owner owner;
    private final SplittableRandom random;
    private final Announcements announcements = new Announcements();

    private final long baseReachableNs, retransNs, delayNs;
    private final int mcastSolicit, ucastSolicit, unresQlen, limit;

    private final Neighbor[] slots; // heads of chains; a power of two of them
    private int size;

    /**
     * @param mac ours
     * @param addresses ours
     * @param seed for the spread of reachable times (RFC 4861 section 6.3.2)
     */
    public NeighborTable(
            long mac,
            List<Cidr> addresses,
            Sysctls sysctls,
            Counters counters,
            TimerWheel wheel,
            FramePool frames,
            long seed,
            Owner owner) {
        this.mac = mac;
        this.own = addresses.toArray(new Cidr[0]);
        this.defendedNs = new long[own.length];
        java.util.Arrays.fill(defendedNs, -DEFEND_INTERVAL_NS);
        this.counters = counters;
        this.wheel = wheel;
        this.frames = frames;
        this.owner = owner;
        this.random = new SplittableRandom(seed);
        this.baseReachableNs =
                TimeUnit.MILLISECONDS.toNanos(sysctls.get(Sysctl.NEIGH_BASE_REACHABLE_TIME_MS));
        this.retransNs = TimeUnit.MILLISECONDS.toNanos(sysctls.get(Sysctl.NEIGH_RETRANS_TIME_MS));
        this.delayNs = TimeUnit.SECONDS.toNanos(sysctls.get(Sysctl.NEIGH_DELAY_FIRST_PROBE_TIME));
        this.mcastSolicit = sysctls.getInt(Sysctl.NEIGH_MCAST_SOLICIT);
        this.ucastSolicit = sysctls.getInt(Sysctl.NEIGH_UCAST_SOLICIT);
        this.unresQlen = sysctls.getInt(Sysctl.NEIGH_UNRES_QLEN);
        this.limit = sysctls.getInt(Sysctl.NEIGH_GC_THRESH3);
        this.slots = new Neighbor[Integer.highestOneBit(Math.min(limit, 1 << 12)) << 1];
    }

    /** Announces our addresses: now, and once more later (RFC 5227 section 2.3). */
    public void start(long nowNs) {
        announce(nowNs);
    }

    private void announce(long nowNs) {
        for (Cidr address : own) request(address.address(), address.address(), Ethernet.BROADCAST);
        if (++announcements.done < ANNOUNCE_NUM) {
            wheel.schedule(announcements, nowNs + ANNOUNCE_INTERVAL_NS);
        }
    }

    // -- frames out

    /**
     * Sends a datagram to a neighbour, now or when its address is known; takes it over.
     *
     * @param datagram begins with the IP header
     */
    public void transmit(Frame datagram, int nextHop, long nowNs) {
        Neighbor n = find(nextHop);
        if (n == null) {
            n = add(nextHop, nowNs);
            if (n == null) {
                counters.increment(Counter.NEIGH_TABLE_FULLS);
                datagram.release();
                return;
            }
            n.state = State.FAILED;
        }
        n.usedNs = nowNs;
        switch (n.state(nowNs)) {
            case FAILED -> {
                n.state = State.INCOMPLETE;
                n.probes = 0;
                hold(n, datagram);
                solicit(n, nowNs);
                return;
            }
            case INCOMPLETE -> {
                hold(n, datagram);
                return;
            }
            case STALE -> {
                n.state = State.DELAY;
                wheel.schedule(n, nowNs + delayNs);
            }
            default -> {}
        }
        emit(datagram, n.mac);
    }

    /**
     * Whether so many datagrams to a neighbour would go out now, or wait, without one of them being
     * dropped. If not, its address is asked for, so that it may be known the next time.
     */
    public boolean hasRoom(int nextHop, int datagrams, long nowNs) {
        Neighbor n = find(nextHop);
        boolean known = n != null && n.state != State.INCOMPLETE && n.state != State.FAILED;
        int waiting = n == null ? 0 : n.waiting;
        if (known || datagrams <= unresQlen - waiting) return true;
        if (n == null) {
            n = add(nextHop, nowNs);
            if (n == null) return false;
            n.state = State.FAILED;
        }
        if (n.state == State.FAILED) {
            n.state = State.INCOMPLETE;
            n.probes = 0;
            solicit(n, nowNs);
        }
        return false;
    }

    /**
     * A higher layer has seen that the neighbour receives what we send (RFC 4861 section 7.3.1): the
     * peer acknowledged something new.
     */
    public void confirm(int address, long nowNs) {
        Neighbor n = find(address);
        if (n == null || n.state == State.INCOMPLETE || n.state == State.FAILED) return;
        reachable(n, nowNs);
    }

    private void reachable(Neighbor n, long nowNs) {
        if (n.state != State.REACHABLE) {
            n.state = State.REACHABLE;
            n.reachableNs = baseReachableNs / 2 + random.nextLong(baseReachableNs);
            wheel.cancel(n);
        }
        n.confirmedNs = nowNs;
    }

    private void emit(Frame datagram, long to) {
        int at = datagram.prepend(Ethernet.HEADER);
        Ethernet.write(datagram.bytes(), at, to, mac, Ethernet.IPV4);
        owner.transmit(datagram);
    }

    private void hold(Neighbor n, Frame datagram) {
        if (n.waiting == unresQlen) {
            Frame oldest = takeWaiting(n);
            counters.increment(Counter.NEIGH_UNRES_DISCARDS);
            oldest.release();
        }
        if (n.waitingLast == null) n.waitingFirst = datagram;
        else n.waitingLast.next = datagram;
        n.waitingLast = datagram;
        n.waiting++;
    }

    private static Frame takeWaiting(Neighbor n) {
        Frame frame = n.waitingFirst;
        if (frame == null) return null;
        n.waitingFirst = frame.next;
        if (n.waitingFirst == null) n.waitingLast = null;
        frame.next = null;
        n.waiting--;
        return frame;
    }

    /** Sends what waited, in order; each counts as a use. */
    private void sendWaiting(Neighbor n, long nowNs) {
        // Bounded: a frame does not come back to a neighbour whose address is known.
        for (Frame frame = takeWaiting(n); frame != null; frame = takeWaiting(n)) {
            transmit(frame, n.address, nowNs);
        }
    }

    // -- time

    void onTimeout(Neighbor n, long nowNs) {
        switch (n.state) {
            case INCOMPLETE -> {
                if (n.probes < mcastSolicit) solicit(n, nowNs);
                else fail(n, nowNs);
            }
            case DELAY -> {
                n.state = State.PROBE;
                n.probes = 0;
                if (ucastSolicit > 0) solicit(n, nowNs);
                else fail(n, nowNs);
            }
            case PROBE -> {
                if (n.probes < ucastSolicit) solicit(n, nowNs);
                else fail(n, nowNs);
            }
            default -> throw new IllegalStateException("no timer runs in " + n.state);
        }
    }

    private void solicit(Neighbor n, long nowNs) {
        n.probes++;
        long to = n.state == State.PROBE ? n.mac : Ethernet.BROADCAST;
        request(sourceFor(n.address), n.address, to);
        wheel.schedule(n, nowNs + retransNs);
    }

    private void fail(Neighbor n, long nowNs) {
        n.state = State.FAILED;
        n.mac = 0;
        counters.increment(Counter.NEIGH_RES_FAILED);
        for (Frame frame = takeWaiting(n); frame != null; frame = takeWaiting(n)) {
            counters.increment(Counter.NEIGH_FAILED_DISCARDS);
            owner.unreachable(frame, nowNs);
            frame.release();
        }
    }

    // -- frames in

    /**
     * An ARP packet came in.
     *
     * @param in begins with the ARP header; stays the caller's
     */
    public void onArp(Frame in, long nowNs) {
        counters.increment(Counter.ARP_IN);
        ByteBuffer b = in.bytes();
        int at = in.start();
        if (Arp.check(b, at, in.end()) < 0 || !isSound(b, at)) {
            counters.increment(Counter.ARP_IN_ERRORS);
            return;
        }
        int senderIp = Arp.senderIp(b, at);
        long senderMac = Arp.senderMac(b, at);
        int ownIndex = indexOf(senderIp);
        if (ownIndex >= 0) {
            counters.increment(Counter.ARP_IN_DELIVERS);
            if (senderMac != mac) conflict(ownIndex, senderMac, nowNs);
            return;
        }
        boolean request = Arp.op(b, at) == Arp.REQUEST;
        boolean forUs = indexOf(Arp.targetIp(b, at)) >= 0;
        Neighbor n = find(senderIp);
        // Whoever asks for us will hear from us (RFC 826, "Packet Reception").
        if (n == null && request && forUs && senderIp != 0) n = add(senderIp, nowNs);
        if (n != null) {
            boolean answer = !request && forUs && Arp.targetMac(b, at) == mac;
            learn(n, senderMac, answer, nowNs);
        }
        if (request && forUs) reply(Arp.targetIp(b, at), senderIp, senderMac);
        boolean ofUse = n != null || request && forUs;
        counters.increment(ofUse ? Counter.ARP_IN_DELIVERS : Counter.ARP_IN_IGNORED);
    }

    private static boolean isSound(ByteBuffer b, int at) {
        int op = Arp.op(b, at);
        int senderIp = Arp.senderIp(b, at);
        long senderMac = Arp.senderMac(b, at);
        boolean probe = op == Arp.REQUEST && senderIp == 0; // RFC 5227 section 2.1.1
        boolean sender =
                probe || Ipv4Address.isUnicast(senderIp) && !Ipv4Address.isLoopback(senderIp);
        boolean station = senderMac != 0 && !Ethernet.isGroup(senderMac);
        return (op == Arp.REQUEST || op == Arp.REPLY) && sender && station;
    }

    private void learn(Neighbor n, long senderMac, boolean answer, long nowNs) {
        boolean known = n.state != State.INCOMPLETE && n.state != State.FAILED && n.mac != 0;
        boolean changed = n.mac != senderMac;
        if (known && changed && nowNs - n.updatedNs < LOCKTIME_NS) return;
        boolean asked = n.state == State.INCOMPLETE || n.state == State.PROBE;
        if (changed) {
            n.mac = senderMac;
            n.updatedNs = nowNs;
        }
        if (answer && asked) {
            reachable(n, nowNs);
        } else if (changed || !known) {
            n.state = State.STALE;
            wheel.cancel(n);
        }
        sendWaiting(n, nowNs);
    }

    private void conflict(int ownIndex, long otherMac, long nowNs) {
        int address = own[ownIndex].address();
        counters.increment(Counter.ARP_CONFLICTS);
        if (nowNs - defendedNs[ownIndex] < DEFEND_INTERVAL_NS) return;
        defendedNs[ownIndex] = nowNs;
        owner.conflict(address, otherMac, nowNs);
        request(address, address, Ethernet.BROADCAST);
    }

    private void request(int senderIp, int targetIp, long to) {
        counters.increment(Counter.ARP_OUT_REQUESTS);
        send(Arp.REQUEST, senderIp, 0, targetIp, to);
    }

    private void reply(int senderIp, int targetIp, long targetMac) {
        counters.increment(Counter.ARP_OUT_REPLIES);
        send(Arp.REPLY, senderIp, targetMac, targetIp, targetMac);
    }

    private void send(int op, int senderIp, long targetMac, int targetIp, long to) {
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Arp.LENGTH);
        Arp.write(out.bytes(), at, op, mac, senderIp, targetMac, targetIp);
        at = out.prepend(Ethernet.HEADER);
        Ethernet.write(out.bytes(), at, to, mac, Ethernet.ARP);
        owner.transmit(out);
    }

    private int indexOf(int address) {
        for (int i = 0; i < own.length; i++) if (own[i].address() == address) return i;
        return -1;
    }

    private int sourceFor(int target) {
        for (Cidr address : own) if (address.contains(target)) return address.address();
        return own.length == 0 ? 0 : own[0].address();
    }

    // -- the table

    /** What is known of an address, or null. */
    public Neighbor find(int address) {
        for (Neighbor n = slots[slot(address)]; n != null; n = n.nextInSlot) {
            if (n.address == address) return n;
        }
        return null;
    }

    /** How many neighbours are known. */
    public int size() {
        return size;
    }

    public void forEach(Consumer<Neighbor> action) {
        for (Neighbor head : slots) {
            for (Neighbor n = head; n != null; n = n.nextInSlot) action.accept(n);
        }
    }

    /** Releases the frames that wait, and forgets everything. */
    public void close() {
        for (int i = 0; i < slots.length; i++) {
            for (Neighbor n = slots[i]; n != null; n = n.nextInSlot) {
                wheel.cancel(n);
                for (Frame f = takeWaiting(n); f != null; f = takeWaiting(n)) f.release();
            }
            slots[i] = null;
        }
        wheel.cancel(announcements);
        size = 0;
    }

    /** A new entry, in STALE and without a hardware address; null if there is no room for it. */
    private Neighbor add(int address, long nowNs) {
        if (size >= limit && !evict(nowNs)) return null;
        Neighbor n = new Neighbor(this, address);
        n.usedNs = nowNs;
        int slot = slot(address);
        n.nextInSlot = slots[slot];
        slots[slot] = n;
        size++;
        return n;
    }

    private boolean evict(long nowNs) {
        Neighbor oldest = null;
        for (Neighbor head : slots) {
            for (Neighbor n = head; n != null; n = n.nextInSlot) {
                boolean older = oldest == null || n.usedNs < oldest.usedNs;
                if (older && n.isIdle(nowNs)) oldest = n;
            }
        }
        if (oldest == null) return false;
        remove(oldest);
        return true;
    }

    private void remove(Neighbor gone) {
        int slot = slot(gone.address);
        Neighbor previous = null;
        for (Neighbor n = slots[slot]; n != gone; n = n.nextInSlot) previous = n;
        if (previous == null) slots[slot] = gone.nextInSlot;
        else previous.nextInSlot = gone.nextInSlot;
        size--;
    }

    private int slot(int address) {
        int h = address * 0x9E37_79B9;
        return (h ^ h >>> 15) & slots.length - 1;
    }
}
