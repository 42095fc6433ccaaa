package io.usernet.igmp;

import io.usernet.wire.Ethernet;
import io.usernet.wire.Igmp;
import io.usernet.wire.Ipv4;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Which groups an interface receives, and from which sources: what its sockets want, merged (RFC 3376
 * section 3.2). Looked at for each multicast datagram that comes in, which allocates nothing. Confined
 * to the loop.
 */
public final class Reception {
    /** Who is told of changes. */
    public interface Observer {
        /** What is received of a group has changed. */
        void changed(int group, SourceFilter before, SourceFilter after, long nowNs);
    }

    /** A group that some socket listens to. */
    static final class Group {
        final int address;
        SourceFilter filter = SourceFilter.NONE;
        private final List<SocketGroups> sockets = new ArrayList<>();
        private final List<SourceFilter> filters = new ArrayList<>(); // of each socket
        private Group next; // in the slot

        private Group(int address) {
            this.address = address;
        }
    }

    private static final int FEW_SLOTS = 16;

    private final Observer observer; // or null
    private Group[] slots = new Group[FEW_SLOTS];
    private int groups;

    /**
     * @param observer null: nobody
     */
    public Reception(Observer observer) {
        this.observer = observer;
    }

    /** Whether a datagram to a group is for somebody here. IGMP is, whoever sent it. */
    public boolean accepts(int group, int source, int protocol) {
        if (group == Igmp.ALL_SYSTEMS) return true;
        Group known = find(group);
        return known != null && (protocol == Ipv4.IGMP || known.filter.passes(source));
    }

    /** Whether an Ethernet frame to a group of hosts may be for us: some others are let through. */
    public boolean accepts(long mac) {
        if (mac == Ethernet.ofGroup(Igmp.ALL_SYSTEMS)) return true;
        if (groups == 0) return false;
        for (Group slot : slots) {
            for (Group g = slot; g != null; g = g.next) {
                if (Ethernet.ofGroup(g.address) == mac) return true;
            }
        }
        return false;
    }

    /** What is received of a group. */
    public SourceFilter filter(int group) {
        Group known = find(group);
        return known == null ? SourceFilter.NONE : known.filter;
    }

    /** How many groups are received, 224.0.0.1 only if a socket has asked for it. */
    public int size() {
        return groups;
    }

    /** All groups that sockets have asked for; the action changes nothing here. */
    void forEach(Consumer<Group> action) {
        for (Group slot : slots) for (Group g = slot; g != null; g = g.next) action.accept(g);
    }

    /** From now on a socket wants this of a group; see {@link SocketGroups#listen}. */
    void listen(SocketGroups socket, int group, SourceFilter filter, long nowNs) {
        Group known = find(group);
        if (known == null && filter.isNone()) return;
        Group g = known == null ? add(group) : known;
        int i = g.sockets.indexOf(socket);
        if (filter.isNone()) {
            if (i < 0) return;
            g.sockets.remove(i);
            g.filters.remove(i);
        } else if (i < 0) {
            g.sockets.add(socket);
            g.filters.add(filter);
        } else {
            g.filters.set(i, filter);
        }
        SourceFilter before = g.filter;
        g.filter = SourceFilter.merge(g.filters);
        if (g.sockets.isEmpty()) remove(g);
        boolean told = group != Igmp.ALL_SYSTEMS && observer != null;
        if (told && !g.filter.equals(before)) observer.changed(group, before, g.filter, nowNs);
    }

    // -- the table

    private static int slot(int group, int slots) {
        return group * 0x9E37_79B9 >>> Integer.numberOfLeadingZeros(slots) + 1;
    }

    private Group find(int group) {
        if (groups == 0) return null;
        Group g = slots[slot(group, slots.length)];
        while (g != null && g.address != group) g = g.next;
        return g;
    }

    private Group add(int group) {
        if (groups == slots.length) grow();
        Group g = new Group(group);
        link(g);
        groups++;
        return g;
    }

    private void link(Group g) {
        int slot = slot(g.address, slots.length);
        g.next = slots[slot];
        slots[slot] = g;
    }

    private void grow() {
        Group[] before = slots;
        slots = new Group[before.length * 2];
        for (Group slot : before) {
            for (Group g = slot; g != null; ) {
                Group next = g.next;
                link(g);
                g = next;
            }
        }
    }

    private void remove(Group gone) {
        int slot = slot(gone.address, slots.length);
        Group previous = null;
        Group g = slots[slot];
        while (g != gone) {
            previous = g;
            g = g.next;
        }
        if (previous == null) slots[slot] = g.next;
        else previous.next = g.next;
        groups--;
    }
}
