package io.usernet.stack;

import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.igmp.IgmpHost;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkDevice.Transmit;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.neighbor.NeighborTable;
import io.usernet.time.TimerWheel;
import io.usernet.view.InterfaceView;
import io.usernet.view.InterfaceView.Flag;
import io.usernet.view.InterfaceView.Traffic;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4Address;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * One link of a stack, with its neighbours, and the frames that wait because the link is full.
 * Confined to the loop, except {@link #isBlocked}.
 */
final class Interface {
    /** What the stack hears of it. */
    interface Owner {
        /** A neighbour did not answer: {@code datagram}, which stays the interface's, is not sent. */
        void unreachable(Frame datagram, long nowNs);

        /** {@code mac} uses our {@code address} too. */
        void conflict(int address, long mac);
    }

    /** Most frames that wait; segments are not even made then. */
    private static final int MAX_PENDING = 256;

    private final int index;
    private final LinkDevice link;
    private final LinkCapabilities capabilities;
    private final Counters counters;
    private final NeighborTable neighbors; // null on layer 3
    private final IgmpHost igmp;
    private Frame pendingFirst, pendingLast;
    private int pending;
    private volatile boolean blocked; // pendingFirst != null; written in the loop
    private long bytesIn,
            packetsIn,
            bytesOut,
            packetsOut,
            discarded; // headers of the link included
    private boolean gone; // nothing can be sent any more

    /**
     * @param index its place among the links, from 0 on
     * @param own our addresses on it
     */
    Interface(
            int index,
            LinkDevice link,
            List<Cidr> own,
            Sysctls sysctls,
            Counters counters,
            TimerWheel wheel,
            FramePool frames,
            long seed,
            Owner owner) {
        this.index = index;
        this.link = link;
        this.capabilities = link.capabilities();
        link.attach(frames.memory());
        this.counters = counters;
        this.neighbors =
                capabilities.layer() == 3
                        ? null
                        : new NeighborTable(
                                capabilities.mac(),
                                own,
                                sysctls,
                                counters,
                                wheel,
                                frames,
                                seed,
                                new ArpOwner(owner));
        this.igmp =
                new IgmpHost(
                        own.isEmpty() ? 0 : own.get(0).address(),
                        capabilities.mtu(),
                        sysctls,
                        counters,
                        wheel,
                        frames,
                        ~seed,
                        this::report);
    }

    private void report(Frame datagram, int dst, long nowNs) {
        counters.increment(Counter.IP_OUT_REQUESTS);
        counters.increment(Counter.IP_OUT_MCAST_PKTS);
        transmit(datagram, dst, true, nowNs);
    }

    private final class ArpOwner implements NeighborTable.Owner {
        private final Owner owner;

        ArpOwner(Owner owner) {
            this.owner = owner;
        }

        @Override
        public void transmit(Frame frame) {
            toLink(frame);
        }

        @Override
        public void unreachable(Frame datagram, long nowNs) {
            owner.unreachable(datagram, nowNs);
        }

        @Override
        public void conflict(int address, long mac, long nowNs) {
            owner.conflict(address, mac);
        }
    }

    int index() {
        return index;
    }

    LinkDevice link() {
        return link;
    }

    LinkCapabilities capabilities() {
        return capabilities;
    }

    /** Null on layer 3. */
    NeighborTable neighbors() {
        return neighbors;
    }

    /** Which groups are received here, and who tells the routers. */
    IgmpHost igmp() {
        return igmp;
    }

    /** Announces our addresses. */
    void start(long nowNs) {
        if (neighbors != null) neighbors.start(nowNs);
    }

    /** As a view; addresses are all of ours on it. */
    InterfaceView view(List<Cidr> addresses) {
        boolean layer2 = capabilities.layer() == 2;
        Set<Flag> flags = EnumSet.of(Flag.MULTICAST, Flag.UP, Flag.LOWER_UP);
        flags.addAll(layer2 ? Set.of(Flag.BROADCAST) : Set.of(Flag.POINTOPOINT, Flag.NOARP));
        return new InterfaceView(
                index + 2, // 1 is the loopback
                capabilities.name(),
                flags,
                capabilities.mtu(),
                capabilities.mac(),
                addresses,
                new Traffic(bytesIn, packetsIn),
                new Traffic(bytesOut, packetsOut),
                link.dropped() + discarded);
    }

    /** Whether frames wait because the link is full; any thread. */
    boolean isBlocked() {
        return blocked;
    }

    // -- in

    /**
     * Takes the next frame off the link.
     *
     * @param into an empty frame
     * @return false if there is none
     */
    boolean receive(Frame into) {
        if (!link.receive(into)) return false;
        counters.increment(Counter.LINK_IN);
        packetsIn++;
        bytesIn += into.length();
        return true;
    }

    // -- out

    /**
     * Sends a datagram and takes it over.
     *
     * @param nextHop where to; of a multicast, the group
     * @param group whether it is a multicast, or for all on the link
     */
    void transmit(Frame datagram, int nextHop, boolean group, long nowNs) {
        if (neighbors == null) {
            toLink(datagram);
        } else if (group) {
            boolean multicast = Ipv4Address.isMulticast(nextHop);
            long dst = multicast ? Ethernet.ofGroup(nextHop) : Ethernet.BROADCAST;
            int at = datagram.prepend(Ethernet.HEADER);
            Ethernet.write(datagram.bytes(), at, dst, capabilities.mac(), Ethernet.IPV4);
            toLink(datagram);
        } else {
            neighbors.transmit(datagram, nextHop, nowNs);
        }
    }

    /**
     * Whether so many datagrams would go out now, or wait, without one of them being dropped.
     *
     * @param group whether they are multicasts, or for all on the link
     */
    boolean hasRoom(int datagrams, int nextHop, boolean group, long nowNs) {
        if (gone || pendingFirst != null && pending + datagrams > MAX_PENDING) return false;
        return neighbors == null || group || neighbors.hasRoom(nextHop, datagrams, nowNs);
    }

    private void toLink(Frame frame) {
        if (gone || pendingFirst != null && pending == MAX_PENDING) {
            counters.increment(Counter.IP_OUT_DISCARDS);
            discarded++;
            frame.release();
            return;
        }
        try {
            if (pendingFirst == null && offer(frame)) return;
        } catch (Throwable t) {
            frame.release();
            throw t;
        }
        if (pendingLast == null) pendingFirst = frame;
        else pendingLast.next = frame;
        pendingLast = frame;
        pending++;
        if (!blocked) blocked = true;
    }

    /** False if the link is full. */
    private boolean offer(Frame frame) {
        int length = frame.length();
        Transmit became = link.transmit(frame);
        if (became == Transmit.FULL) return false;
        if (became == Transmit.DONE) frame.release();
        counters.increment(Counter.LINK_OUT);
        packetsOut++;
        bytesOut += length;
        return true;
    }

    /** Sends what waits, as far as the link has room. */
    void flush() {
        while (pendingFirst != null) {
            Frame frame = pendingFirst;
            Frame next = frame.next;
            frame.next = null; // the link may queue it
            boolean taken = false;
            try {
                taken = offer(frame);
            } finally {
                if (!taken) frame.next = next;
            }
            if (!taken) return;
            pendingFirst = next;
            if (next == null) pendingLast = null;
            pending--;
        }
        if (blocked) blocked = false;
    }

    /** The link failed: what is to be sent from now on is dropped. */
    void gone() {
        gone = true;
    }

    /** Releases the frames that wait here. */
    void close() {
        if (neighbors != null) neighbors.close();
        while (pendingFirst != null) {
            Frame frame = pendingFirst;
            pendingFirst = frame.next;
            frame.next = null;
            frame.release();
        }
        pendingLast = null;
        pending = 0;
    }
}
