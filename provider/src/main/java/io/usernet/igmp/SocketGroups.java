package io.usernet.igmp;

import java.util.Arrays;

/**
 * The groups that one socket listens to, each on an interface, with its filter (RFC 3376 section 3.1).
 * A socket receives of a group only where it listens: as on Linux with IP_MULTICAST_ALL off, which the
 * JDK sets. Confined to the loop.
 */
public final class SocketGroups {
    /** Who has the interfaces. */
    public interface Interfaces {
        /**
         * What an interface receives.
         *
         * @param link its place among the stack's links, from 0 on, or -1: the loopback
         */
        Reception reception(int link);

        /** The time of this turn. */
        long now();
    }

    private final Interfaces interfaces;
    private int size;
    private int[] links = {};
    private int[] groups = {};
    private SourceFilter[] filters = {};

    public SocketGroups(Interfaces interfaces) {
        this.interfaces = interfaces;
    }

    /** Whether the socket receives a group's datagram that came from a source on a link. */
    public boolean accepts(int link, int group, int source) {
        int i = indexOf(link, group);
        return i >= 0 && filters[i].passes(source);
    }

    /** What it listens to of a group on a link. */
    public SourceFilter filter(int link, int group) {
        int i = indexOf(link, group);
        return i < 0 ? SourceFilter.NONE : filters[i];
    }

    /** How many groups it listens to, each interface apart. */
    public int size() {
        return size;
    }

    /** From now on it wants this of a group on a link: IPMulticastListen of RFC 3376 section 2. */
    public void listen(int link, int group, SourceFilter filter) {
        int i = indexOf(link, group);
        if (i < 0 && filter.isNone()) return;
        if (i < 0) i = add(link, group);
        filters[i] = filter;
        if (filter.isNone()) remove(i);
        interfaces.reception(link).listen(this, group, filter, interfaces.now());
    }

    /** It listens to nothing any more. */
    public void leaveAll() {
        while (size > 0) listen(links[size - 1], groups[size - 1], SourceFilter.NONE);
    }

    private int indexOf(int link, int group) {
        for (int i = 0; i < size; i++) if (groups[i] == group && links[i] == link) return i;
        return -1;
    }

    private int add(int link, int group) {
        if (size == links.length) {
            int more = Math.max(2, size * 2);
            links = Arrays.copyOf(links, more);
            groups = Arrays.copyOf(groups, more);
            filters = Arrays.copyOf(filters, more);
        }
        links[size] = link;
        groups[size] = group;
        return size++;
    }

    private void remove(int i) {
        size--;
        links[i] = links[size];
        groups[i] = groups[size];
        filters[i] = filters[size];
        filters[size] = null;
    }
}
