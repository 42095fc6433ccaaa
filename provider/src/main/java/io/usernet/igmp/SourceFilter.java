package io.usernet.igmp;

import io.usernet.wire.Ipv4Address;
import java.util.Arrays;
import java.util.List;

/**
 * From which sources a group's datagrams are wanted: from these alone (INCLUDE), or from all but these
 * (EXCLUDE; RFC 3376 section 2). Immutable.
 */
public final class SourceFilter {
    private static final int[] EMPTY = {};

    /** INCLUDE without a source: none of the group's datagrams are wanted. */
    public static final SourceFilter NONE = new SourceFilter(false, EMPTY);

    /** EXCLUDE without a source: all are. */
    public static final SourceFilter ALL = new SourceFilter(true, EMPTY);

    private final boolean exclude;
    private final int[] sources; // sorted, each once

    private SourceFilter(boolean exclude, int[] sources) {
        this.exclude = exclude;
        this.sources = sources;
    }

    /** From these sources alone. */
    public static SourceFilter include(int... sources) {
        return new SourceFilter(false, set(sources));
    }

    /** From all but these. */
    public static SourceFilter exclude(int... sources) {
        return new SourceFilter(true, set(sources));
    }

    private static int[] set(int[] sources) {
        return Arrays.stream(sources).sorted().distinct().toArray();
    }

    public boolean isExclude() {
        return exclude;
    }

    /** Whether nothing is wanted. */
    public boolean isNone() {
        return !exclude && sources.length == 0;
    }

    /** How many sources it names. */
    public int size() {
        return sources.length;
    }

    /** The sources that it names, in some order; a copy. */
    public int[] sources() {
        return sources.clone();
    }

    /** Whether a source is named, whatever that means. */
    public boolean names(int source) {
        return Arrays.binarySearch(sources, source) >= 0;
    }

    /** Whether datagrams of a source are wanted. */
    public boolean passes(int source) {
        return sources.length == 0 ? exclude : names(source) != exclude;
    }

    /** The same with one source more. */
    public SourceFilter with(int source) {
        int[] more = Arrays.copyOf(sources, sources.length + 1);
        more[sources.length] = source;
        return new SourceFilter(exclude, set(more));
    }

    /** The same with one source less. */
    public SourceFilter without(int source) {
        return new SourceFilter(exclude, Arrays.stream(sources).filter(s -> s != source).toArray());
    }

    /**
     * What whoever has several filters of a group wants, such as an interface for its sockets (RFC 3376 section 3.2): if one of them excludes,
     * all but what every such socket excludes and no other includes; else what any includes.
     */
    public static SourceFilter merge(List<SourceFilter> filters) {
        boolean excludes = false;
        int named = 0;
        for (SourceFilter f : filters) {
            excludes |= f.exclude;
            named += f.sources.length;
            if (f.exclude && f.sources.length == 0) return ALL;
        }
        if (filters.isEmpty()) return NONE;
        if (filters.size() == 1) return filters.get(0);
        int[] merged = new int[named];
        int n = 0;
        for (SourceFilter f : filters) {
            if (f.exclude != excludes) continue;
            for (int source : f.sources) {
                if (!excludes || !isWanted(source, filters)) merged[n++] = source;
            }
        }
        return new SourceFilter(excludes, set(Arrays.copyOf(merged, n)));
    }

    private static boolean isWanted(int source, List<SourceFilter> filters) {
        for (SourceFilter f : filters) if (f.passes(source)) return true;
        return false;
    }

    /** The sources that this names and the other one doesn't. */
    int[] minus(SourceFilter other) {
        return Arrays.stream(sources).filter(s -> !other.names(s)).toArray();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof SourceFilter f
                && f.exclude == exclude
                && Arrays.equals(f.sources, sources);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sources) * 2 + (exclude ? 1 : 0);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(exclude ? "EXCLUDE {" : "INCLUDE {");
        String comma = "";
        for (int source : sources) {
            text.append(comma).append(Ipv4Address.format(source));
            comma = ", ";
        }
        return text.append('}').toString();
    }
}
