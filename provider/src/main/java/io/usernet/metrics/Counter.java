package io.usernet.metrics;

/**
 * What a stack counts. Names are those of Linux's {@code nstat} where it has one. A frame or segment
 * that is dropped is counted under exactly one of those marked as drops.
 */
public enum Counter {
    // Interfaces
    /** Frames that came off a link. */
    LINK_IN("LinkInFrames"),
    /** Frames that were given to a link. */
    LINK_OUT("LinkOutFrames"),
    /** Dropped: too short for an Ethernet header, or not for us. */
    LINK_IN_DISCARDS("LinkInDiscards", Kind.DROP),
    /** Dropped: an EtherType that we don't speak. */
    LINK_IN_UNKNOWN("LinkInUnknownProtos", Kind.DROP),

    // IPv4
    /** Datagrams received. */
    IP_IN_RECEIVES("IpInReceives"),
    /** Dropped: malformed header or wrong header checksum. */
    IP_IN_HDR_ERRORS("IpInHdrErrors", Kind.DROP),
    /** Dropped: not addressed to us. */
    IP_IN_ADDR_ERRORS("IpInAddrErrors", Kind.DROP),
    /** Dropped: a protocol that we don't speak. */
    IP_IN_UNKNOWN_PROTOS("IpInUnknownProtos", Kind.DROP),
    /** Dropped: for lack of memory. */
    IP_IN_DISCARDS("IpInDiscards", Kind.DROP),
    /** Datagrams handed to TCP, UDP or ICMP. */
    IP_IN_DELIVERS("IpInDelivers"),
    /** Datagrams that we sent. */
    IP_OUT_REQUESTS("IpOutRequests"),
    /** Not sent: no route. */
    IP_OUT_NO_ROUTES("IpOutNoRoutes", Kind.DROP),
    /** Not sent: for lack of memory or of room in a queue. */
    IP_OUT_DISCARDS("IpOutDiscards", Kind.DROP),

    // TCP
    /** Connections that we opened. */
    TCP_ACTIVE_OPENS("TcpActiveOpens"),
    /** Connections that peers opened. */
    TCP_PASSIVE_OPENS("TcpPassiveOpens"),
    /** Handshakes that failed. */
    TCP_ATTEMPT_FAILS("TcpAttemptFails"),
    /** Established connections that a reset ended. */
    TCP_ESTAB_RESETS("TcpEstabResets"),
    /** Segments received, wrong ones included. */
    TCP_IN_SEGS("TcpInSegs"),
    /** Segments sent, without retransmissions. */
    TCP_OUT_SEGS("TcpOutSegs"),
    /** Segments retransmitted. */
    TCP_RETRANS_SEGS("TcpRetransSegs"),
    /** Dropped: malformed segments. */
    TCP_IN_ERRS("TcpInErrs", Kind.DROP),
    /** Dropped: wrong checksums. */
    TCP_IN_CSUM_ERRORS("TcpInCsumErrors", Kind.DROP),
    /** Segments with RST that we sent. */
    TCP_OUT_RSTS("TcpOutRsts");

    /** What counting it means. */
    public enum Kind {
        /** Traffic that goes as it should; tests of events don't list it. */
        TRAFFIC,
        /** Something worth noticing. */
        EVENT,
        /** A frame or segment went no further. */
        DROP
    }

    private final String label;
    private final Kind kind;

    Counter(String label) {
        this(label, Kind.TRAFFIC);
    }

    Counter(String label, Kind kind) {
        this.label = label;
        this.kind = kind;
    }

    /** The name in {@code nstat}'s notation. */
    public String label() {
        return label;
    }

    public Kind kind() {
        return kind;
    }
}
