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
    /** Dropped: an EtherType, or on a layer 3 link an IP version, that we don't speak. */
    LINK_IN_UNKNOWN("LinkInUnknownProtos", Kind.DROP),

    // ARP
    /** Packets received, wrong ones included. */
    ARP_IN("ArpInPkts"),
    /** Requests and replies that were looked at. */
    ARP_IN_DELIVERS("ArpInDelivers"),
    /** Dropped: malformed, or an impossible sender. */
    ARP_IN_ERRORS("ArpInErrs", Kind.DROP),
    /** Dropped: neither about us nor about a neighbour that we know. */
    ARP_IN_IGNORED("ArpInIgnored", Kind.DROP),
    /** Requests that we sent, announcements included. */
    ARP_OUT_REQUESTS("ArpOutRequests"),
    /** Replies that we sent. */
    ARP_OUT_REPLIES("ArpOutReplies"),
    /** Somebody else uses one of our addresses (RFC 5227 section 2.4). */
    ARP_CONFLICTS("ArpConflicts", Kind.EVENT),
    /** Neighbours that did not answer. */
    NEIGH_RES_FAILED("NeighResFailed", Kind.EVENT),
    /** Not sent: too many frames waited for a neighbour's address already. */
    NEIGH_UNRES_DISCARDS("NeighUnresDiscards", Kind.DROP),
    /** Not sent: the neighbour did not answer. */
    NEIGH_FAILED_DISCARDS("NeighFailedDiscards", Kind.DROP),
    /** Not sent: too many neighbours. */
    NEIGH_TABLE_FULLS("NeighTableFulls", Kind.DROP),

    // IPv4
    /** Datagrams received. */
    IP_IN_RECEIVES("IpInReceives"),
    /** Dropped: malformed header or wrong header checksum. */
    IP_IN_HDR_ERRORS("IpInHdrErrors", Kind.DROP),
    /** Dropped: not addressed to us. */
    IP_IN_ADDR_ERRORS("IpInAddrErrors", Kind.DROP),
    /** Dropped: a source address that cannot be (RFC 1122 section 3.2.1.3). */
    IP_IN_MARTIANS("IpInMartians", Kind.DROP),
    /** Fragments received. */
    IP_REASM_REQDS("IpReasmReqds"),
    /** Datagrams put together from fragments. */
    IP_REASM_OKS("IpReasmOKs"),
    /** Given up: datagrams of which fragments came, and malformed fragments. */
    IP_REASM_FAILS("IpReasmFails", Kind.EVENT),
    /** Of these: fragments did not come in time. */
    IP_REASM_TIMEOUT("IpReasmTimeout", Kind.EVENT),
    /** Of these: fragments overlapped. */
    IP_REASM_OVERLAPS("IpExtReasmOverlaps", Kind.EVENT),
    /** Of these: other fragments needed the memory. */
    IP_REASM_EVICTIONS("IpReasmEvictions", Kind.EVENT),
    /** Dropped: fragments that were there already. */
    IP_REASM_DUPLICATES("IpReasmDuplicates", Kind.DROP),
    /** Bytes of fragments that were copied to their place. */
    IP_REASM_COPIED("IpReasmCopiedBytes"),
    /** Dropped: a protocol that we don't speak. */
    IP_IN_UNKNOWN_PROTOS("IpInUnknownProtos", Kind.DROP),
    /** Dropped: for lack of memory. */
    IP_IN_DISCARDS("IpInDiscards", Kind.DROP),
    /** Datagrams handed to TCP, UDP, ICMP or IGMP. */
    IP_IN_DELIVERS("IpInDelivers"),
    /** Datagrams that we sent. */
    IP_OUT_REQUESTS("IpOutRequests"),
    /** Not sent: no route. */
    IP_OUT_NO_ROUTES("IpOutNoRoutes", Kind.DROP),
    /** Not sent: for lack of memory or of room in a queue. */
    IP_OUT_DISCARDS("IpOutDiscards", Kind.DROP),
    /** Multicast datagrams that came in for a group of ours, or were looped back to it. */
    IP_IN_MCAST_PKTS("IpExtInMcastPkts"),
    /** Multicast datagrams that we sent. */
    IP_OUT_MCAST_PKTS("IpExtOutMcastPkts"),
    /** Datagrams that were sent in fragments. */
    IP_FRAG_OKS("IpFragOKs"),
    /** Not sent: longer than the path's MTU, and not to be cut, or no room for all fragments. */
    IP_FRAG_FAILS("IpFragFails", Kind.DROP),
    /** Fragments that we made. */
    IP_FRAG_CREATES("IpFragCreates"),

    // ICMP
    /** Messages received, wrong ones included. */
    ICMP_IN_MSGS("IcmpInMsgs"),
    /** Dropped: malformed or with a wrong checksum. */
    ICMP_IN_ERRORS("IcmpInErrors", Kind.DROP),
    /** Dropped: a type that we don't act on, or echo requests that we must not answer. */
    ICMP_IN_IGNORED("IcmpInIgnored", Kind.DROP),
    /** Echo requests. */
    ICMP_IN_ECHOS("IcmpInEchos"),
    /** Errors that concern one of our endpoints. */
    ICMP_IN_DEST_UNREACHS("IcmpInDestUnreachs"),
    /** Dropped: errors about something that we did not send. */
    ICMP_IN_UNMATCHED("IcmpInUnmatched", Kind.DROP),
    /** Echo replies that we sent. */
    ICMP_OUT_ECHO_REPS("IcmpOutEchoReps"),
    /** Destination unreachable messages that we sent. */
    ICMP_OUT_DEST_UNREACHS("IcmpOutDestUnreachs"),
    /** Time exceeded messages that we sent: fragments were missing. */
    ICMP_OUT_TIME_EXCDS("IcmpOutTimeExcds"),
    /** Errors that we did not send, for there were too many. */
    ICMP_OUT_RATE_LIMITED("IcmpOutRateLimitGlobal", Kind.EVENT),

    // IGMP; Linux counts none of it
    /** Messages received, wrong ones included. */
    IGMP_IN_MSGS("IgmpInMsgs"),
    /** Dropped: malformed, with a wrong checksum, or what must not have been sent like that. */
    IGMP_IN_ERRORS("IgmpInErrors", Kind.DROP),
    /** Dropped: other hosts' reports that don't matter to us, and types that we don't know. */
    IGMP_IN_IGNORED("IgmpInIgnored", Kind.DROP),
    /** Queries that were looked at. */
    IGMP_IN_QUERIES("IgmpInQueries"),
    /** Other hosts' reports about a group of ours, of version 1 or 2. */
    IGMP_IN_REPORTS("IgmpInReports"),
    /** Reports that we sent. */
    IGMP_OUT_REPORTS("IgmpOutReports"),
    /** Leave messages that we sent, of version 2. */
    IGMP_OUT_LEAVES("IgmpOutLeaves"),

    // UDP
    /** Datagrams handed to a socket; a broadcast or multicast counts for each of them. */
    UDP_IN_DATAGRAMS("UdpInDatagrams"),
    /** Dropped: malformed datagrams. Linux counts those with wrong checksums, and so on, here too. */
    UDP_IN_ERRORS("UdpInErrors", Kind.DROP),
    /** Dropped: wrong checksums. */
    UDP_IN_CSUM_ERRORS("UdpInCsumErrors", Kind.DROP),
    /** Dropped: too many bytes waited in the socket already (SO_RCVBUF). */
    UDP_RCVBUF_ERRORS("UdpRcvbufErrors", Kind.DROP),
    /** Dropped: for lack of memory. */
    UDP_MEM_ERRORS("UdpMemErrors", Kind.DROP),
    /** Dropped: datagrams to a port where nobody listens. */
    UDP_NO_PORTS("UdpNoPorts", Kind.DROP),
    /** Dropped: broadcasts and multicasts to a port where nobody listens for them. */
    UDP_IGNORED_MULTI("UdpIgnoredMulti", Kind.DROP),
    /** Datagrams that we sent. */
    UDP_OUT_DATAGRAMS("UdpOutDatagrams"),
    /** Sockets closed by an internal failure. */
    UDP_SOCKET_FAILURES("UdpSocketFailures", Kind.EVENT),

    // Listeners, and what is left of connections
    /** Segments handed to an endpoint. */
    TCP_IN_DELIVERS("TcpInDelivers"),
    /** Dropped: segments that no endpoint wanted; most are answered with a reset. */
    TCP_NO_ENDPOINTS("TcpNoEndpoints", Kind.DROP),
    /** Dropped: SYNs, for the accept queue was full. */
    TCP_LISTEN_DROPS("TcpExtListenDrops", Kind.DROP),
    /** Ignored: the last ACKs of handshakes, for the accept queue was full. */
    TCP_LISTEN_OVERFLOWS("TcpExtListenOverflows", Kind.DROP),
    /** Dropped: too many half-open connections of one listener. */
    TCP_REQ_Q_FULL_DROPS("TcpExtTCPReqQFullDrop", Kind.DROP),
    /** Dropped: segments to a half-open connection that do not complete it. */
    TCP_HALF_OPEN_DISCARDS("TcpHalfOpenDiscards", Kind.DROP),
    /** SYN-ACKs retransmitted. */
    TCP_SYNACK_RETRANS("TcpExtTCPSynAckRetrans", Kind.EVENT),
    /** Connections that went to TIME-WAIT. */
    TCP_TW("TcpExtTW"),
    /** Connections that skipped TIME-WAIT, for there were too many. */
    TCP_TW_OVERFLOWS("TcpExtTCPTimeWaitOverflow", Kind.EVENT),
    /** Connections in TIME-WAIT that a new SYN replaced. */
    TCP_TW_RECYCLED("TcpExtTWRecycled"),
    /** Segments that met TIME-WAIT and changed nothing. */
    TCP_TW_DISCARDS("TcpTWDiscards"),
    /** Endpoints ended by an internal failure. */
    TCP_ENDPOINT_FAILURES("TcpEndpointFailures", Kind.EVENT),

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
    TCP_OUT_RSTS("TcpOutRsts"),
    /** Retransmission timeouts. */
    TCP_TIMEOUTS("TcpExtTCPTimeouts", Kind.EVENT),
    /** Fast recoveries begun by SACK blocks. */
    TCP_SACK_RECOVERY("TcpExtTCPSackRecovery", Kind.EVENT),
    /** Fast recoveries begun by duplicate ACKs of a peer without SACK. */
    TCP_RENO_RECOVERY("TcpExtTCPRenoRecovery", Kind.EVENT),
    /** Retransmissions that were lost too, and were sent again. */
    TCP_LOST_RETRANSMIT("TcpExtTCPLostRetransmit", Kind.EVENT),
    /** Tail loss probes sent. */
    TCP_LOSS_PROBES("TcpExtTCPLossProbes", Kind.EVENT),
    /** Losses that a tail loss probe repaired. */
    TCP_LOSS_PROBE_RECOVERY("TcpExtTCPLossProbeRecovery", Kind.EVENT),
    /** Segments that the peer received after ones sent later. */
    TCP_SACK_REORDER("TcpExtTCPSACKReorder", Kind.EVENT),
    /** Duplicates that peers reported by D-SACK. */
    TCP_DSACK_RECV("TcpExtTCPDSACKRecv", Kind.EVENT),
    /** Reductions of the window taken back: all retransmissions were reported as duplicates. */
    TCP_DSACK_UNDO("TcpExtTCPDSACKUndo", Kind.EVENT),
    /** Fast recoveries taken back: what they retransmitted was late, not lost. */
    TCP_FULL_UNDO("TcpExtTCPFullUndo", Kind.EVENT),
    /** Timeouts taken back: what they retransmitted was late, not lost. */
    TCP_LOSS_UNDO("TcpExtTCPLossUndo", Kind.EVENT),
    /** Acknowledgements that the delayed-ACK timer sent. */
    DELAYED_ACKS("TcpExtDelayedACKs"),
    /** Segments that came out of order and were kept. */
    TCP_OFO_QUEUE("TcpExtTCPOFOQueue", Kind.EVENT),
    /** Dropped, at least a part of it: a segment out of order, for lack of room or memory. */
    TCP_OFO_DROP("TcpExtTCPOFODrop", Kind.DROP),
    /** Dropped, at least a part of it: a segment in order, for lack of memory. */
    TCP_RCVQ_DROP("TcpExtTCPRcvQDrop", Kind.DROP),
    /** Dropped, that part: text beyond the window. */
    TCP_BEYOND_WINDOW("TcpExtBeyondWindow", Kind.DROP),
    /** Duplicates reported by D-SACK: already delivered. */
    TCP_DSACK_OLD_SENT("TcpExtTCPDSACKOldSent", Kind.EVENT),
    /** Duplicates reported by D-SACK: already kept out of order. */
    TCP_DSACK_OFO_SENT("TcpExtTCPDSACKOfoSent", Kind.EVENT),
    /** Dropped: segments outside of the window. */
    TCP_IN_UNACCEPTABLE("TcpInUnacceptable", Kind.DROP),
    /** Dropped: RSTs outside of the window, or in SYN-SENT without an ACK. */
    TCP_IN_UNACCEPTABLE_RST("TcpInUnacceptableRst", Kind.DROP),
    /** Dropped: segments that acknowledge what was never sent, or long ago. */
    TCP_IN_UNACCEPTABLE_ACK("TcpInUnacceptableAck", Kind.DROP),
    /** Dropped: segments without ACK, SYN or RST. */
    TCP_IN_NO_ACK("TcpInNoAck", Kind.DROP),
    /** Dropped: text behind the peer's FIN. */
    TCP_IN_AFTER_FIN("TcpInAfterFin", Kind.DROP),
    /** Dropped: segments for a connection that has just ended. */
    TCP_IN_CLOSED("TcpInClosed", Kind.DROP),
    /** Acknowledged and dropped: text after the application shut its input down. */
    TCP_IN_DISCARDED("TcpInDiscarded", Kind.EVENT),
    /** Dropped: segments with an old timestamp. */
    PAWS_ESTAB("TcpExtPAWSEstab", Kind.DROP),
    /** Challenge ACKs sent (RFC 5961). */
    TCP_CHALLENGE_ACK("TcpExtTCPChallengeACK", Kind.EVENT),
    /** SYNs in synchronized states. */
    TCP_SYN_CHALLENGE("TcpExtTCPSYNChallenge", Kind.DROP),
    /** Segments that were not answered, because too many were. */
    TCP_ACK_SKIPPED("TcpExtTCPACKSkipped", Kind.EVENT),
    /** Windows closed. */
    TCP_TO_ZERO_WINDOW_ADV("TcpExtTCPToZeroWindowAdv", Kind.EVENT),
    /** Windows opened again. */
    TCP_FROM_ZERO_WINDOW_ADV("TcpExtTCPFromZeroWindowAdv", Kind.EVENT),
    /** Zero-window probes sent. */
    TCP_WIN_PROBE("TcpExtTCPWinProbe", Kind.EVENT),
    /** Keep-alive probes sent. */
    TCP_KEEP_ALIVE("TcpExtTCPKeepAlive", Kind.EVENT),
    /** Reset, because data came after the application closed, or it closed with linger 0. */
    TCP_ABORT_ON_DATA("TcpExtTCPAbortOnData", Kind.EVENT),
    /** Reset, because the application closed with data unread. */
    TCP_ABORT_ON_CLOSE("TcpExtTCPAbortOnClose", Kind.EVENT),
    /** Given up after too many timeouts or probes. */
    TCP_ABORT_ON_TIMEOUT("TcpExtTCPAbortOnTimeout", Kind.EVENT),
    /** Given up in FIN-WAIT-2, after the application had closed. */
    TCP_ABORT_ON_LINGER("TcpExtTCPAbortOnLinger", Kind.EVENT),
    /** Dropped: ICMP messages about segments that are not in flight. */
    TCP_OUT_OF_WINDOW_ICMPS("TcpExtOutOfWindowIcmps", Kind.DROP);

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

    /** {@return the name in {@code nstat}'s notation} */
    public String label() {
        return label;
    }

    /** {@return what an increase means: all is well, look here, or a loss} */
    public Kind kind() {
        return kind;
    }
}
