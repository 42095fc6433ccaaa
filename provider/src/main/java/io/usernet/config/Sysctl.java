package io.usernet.config;

import java.util.Arrays;

/**
 * Settings with Linux's names, units and meaning. A user sets one as {@code usernet.NAME}, such as
 * {@code -Dusernet.net.ipv4.tcp_retries2=8}; one with several numbers takes them with blanks between,
 * or only the first.
 */
public enum Sysctl {
    /** Upper bound of a listener's backlog. */
    SOMAXCONN("net.core.somaxconn", 1, 65_535, 4_096),
    /** Bytes that a new UDP socket holds for its reader; each datagram costs 256 bytes more. */
    RMEM_DEFAULT("net.core.rmem_default", 2_048, 1 << 30, 212_992),
    /** Most bytes that a UDP socket holds for its reader, whatever its SO_RCVBUF. */
    RMEM_MAX("net.core.rmem_max", 2_048, 1 << 30, 4 << 20),
    /** Bytes that a new UDP socket holds to be sent; each datagram costs 256 bytes more. */
    WMEM_DEFAULT("net.core.wmem_default", 2_048, 1 << 30, 212_992),
    /** Most bytes that a UDP socket holds to be sent, whatever its SO_SNDBUF. */
    WMEM_MAX("net.core.wmem_max", 2_048, 1 << 30, 4 << 20),
    /** First and last port of outgoing connections, and of sockets that don't choose theirs. */
    IP_LOCAL_PORT_RANGE("net.ipv4.ip_local_port_range", 1, 65_535, 32_768, 60_999),
    /** TTL of what we send. */
    IP_DEFAULT_TTL("net.ipv4.ip_default_ttl", 1, 255, 64),
    /** Most bytes of memory for fragments that wait for others; at most an eighth of usernet.memory. */
    IPFRAG_HIGH_THRESH("net.ipv4.ipfrag_high_thresh", 0, 1 << 30, 4 << 20),
    /** Seconds for which a fragment waits for others. */
    IPFRAG_TIME("net.ipv4.ipfrag_time", 1, 3_600, 30),
    /** Seconds for which a path MTU is believed that a router named. */
    ROUTE_MTU_EXPIRES("net.ipv4.route.mtu_expires", 1, 86_400, 600),
    /** Whether echo requests are left unanswered, 0 or 1. */
    ICMP_ECHO_IGNORE_ALL("net.ipv4.icmp_echo_ignore_all", 0, 1, 0),
    /** ICMP errors we send a second. */
    ICMP_MSGS_PER_SEC("net.ipv4.icmp_msgs_per_sec", 0, 1_000_000, 1_000),
    /** Most multicast groups that a socket joins, counted for each interface. */
    IGMP_MAX_MEMBERSHIPS("net.ipv4.igmp_max_memberships", 0, 1 << 16, 20),
    /** Most sources that a socket's filter of a group names. */
    IGMP_MAX_MSF("net.ipv4.igmp_max_msf", 0, 4_096, 10),
    /** How often a change of membership is reported, unless a querier says it (RFC 3376 section 8.1). */
    IGMP_QRV("net.ipv4.igmp_qrv", 1, 7, 2),
    /** The version of IGMP to speak, 1 to 3; 0: the one of the querier that is heard, at first 3. */
    FORCE_IGMP_VERSION("net.ipv4.conf.all.force_igmp_version", 0, 3, 0),
    /** Bytes that a connection holds for its reader: least, of a new socket, most. */
    TCP_RMEM("net.ipv4.tcp_rmem", 2_048, 1 << 30, 4_096, 512 << 10, 6 << 20),
    /** Bytes that a connection holds, unacknowledged ones included: least, of a new socket, most. */
    TCP_WMEM("net.ipv4.tcp_wmem", 2_048, 1 << 30, 4_096, 512 << 10, 4 << 20),
    /** Retransmission timeouts after which a connection is given up. */
    TCP_RETRIES2("net.ipv4.tcp_retries2", 1, 255, 15),
    /** Retransmissions of a SYN before a connect fails. */
    TCP_SYN_RETRIES("net.ipv4.tcp_syn_retries", 1, 127, 6),
    /** Retransmissions of a SYN-ACK before a half-open connection is dropped. */
    TCP_SYNACK_RETRIES("net.ipv4.tcp_synack_retries", 1, 255, 5),
    /** Retransmissions of data or FIN of a connection that no application has any more. */
    TCP_ORPHAN_RETRIES("net.ipv4.tcp_orphan_retries", 0, 255, 8),
    /** Seconds in FIN-WAIT-2 of a connection that no application has any more. */
    TCP_FIN_TIMEOUT("net.ipv4.tcp_fin_timeout", 1, 86_400, 60),
    /** Seconds in TIME-WAIT: 2 MSL of RFC 9293. Linux's is a constant. */
    TCP_TIME_WAIT("net.ipv4.tcp_tw_timeout", 1, 600, 60),
    /** Most connections in TIME-WAIT; more end at once. */
    TCP_MAX_TW_BUCKETS("net.ipv4.tcp_max_tw_buckets", 0, 1 << 24, 65_536),
    /** Most half-open connections of a listener. */
    TCP_MAX_SYN_BACKLOG("net.ipv4.tcp_max_syn_backlog", 1, 1 << 20, 1_024),
    /** Seconds of silence before the first keep-alive probe. */
    TCP_KEEPALIVE_TIME("net.ipv4.tcp_keepalive_time", 1, 32_767, 7_200),
    /** Seconds between keep-alive probes. */
    TCP_KEEPALIVE_INTVL("net.ipv4.tcp_keepalive_intvl", 1, 32_767, 75),
    /** Unanswered keep-alive probes before a connection is given up. */
    TCP_KEEPALIVE_PROBES("net.ipv4.tcp_keepalive_probes", 1, 127, 9),
    /** Whether SACK is permitted, 0 or 1. */
    TCP_SACK("net.ipv4.tcp_sack", 0, 1, 1),
    /**
     * How losses are found with SACK: 1 by the time since they were sent (RACK), 0 by the number of
     * segments SACKed behind them (RFC 6675). Linux's further bits are not known.
     */
    TCP_RECOVERY("net.ipv4.tcp_recovery", 0, 1, 1),
    /** Whether tail losses are probed for (TLP, RFC 8985): 3 and 4 yes, 0 to 2 no. */
    TCP_EARLY_RETRANS("net.ipv4.tcp_early_retrans", 0, 4, 3),
    /** Segments that arrive before one counts as lost, as long as no reordering was seen. */
    TCP_REORDERING("net.ipv4.tcp_reordering", 1, 300, 3),
    /** Whether timestamps are used, 0 or 1. */
    TCP_TIMESTAMPS("net.ipv4.tcp_timestamps", 0, 1, 1),
    /** Whether windows are scaled, 0 or 1. */
    TCP_WINDOW_SCALING("net.ipv4.tcp_window_scaling", 0, 1, 1),
    /** Lower bound of the retransmission timeout, microseconds. */
    TCP_RTO_MIN_US("net.ipv4.tcp_rto_min_us", 1_000, 60_000_000, 200_000),
    /** Longest delay of an acknowledgement, microseconds. Linux's is a constant. */
    TCP_DELACK_US("net.ipv4.tcp_delack_us", 0, 500_000, 40_000),
    /** Initial congestion window, segments (RFC 6928). Linux has it as a route's attribute. */
    TCP_INITCWND("net.ipv4.tcp_initcwnd", 1, 1_000, 10),
    /** Challenge ACKs a second (RFC 5961 section 7). */
    TCP_CHALLENGE_ACK_LIMIT("net.ipv4.tcp_challenge_ack_limit", 0, 1 << 30, 1_000),
    /** Milliseconds for which a neighbour counts as reachable after it was confirmed. */
    NEIGH_BASE_REACHABLE_TIME_MS(
            "net.ipv4.neigh.default.base_reachable_time_ms", 1_000, 86_400_000, 30_000),
    /** Milliseconds between probes of a neighbour. */
    NEIGH_RETRANS_TIME_MS("net.ipv4.neigh.default.retrans_time_ms", 10, 60_000, 1_000),
    /** Broadcast probes before a neighbour is given up. */
    NEIGH_MCAST_SOLICIT("net.ipv4.neigh.default.mcast_solicit", 1, 100, 3),
    /** Unicast probes before a stale neighbour is asked for by broadcast. */
    NEIGH_UCAST_SOLICIT("net.ipv4.neigh.default.ucast_solicit", 0, 100, 3),
    /** Seconds between the first use of a stale entry and its probe. */
    NEIGH_DELAY_FIRST_PROBE_TIME("net.ipv4.neigh.default.delay_first_probe_time", 1, 3_600, 5),
    /** Most frames that wait for one neighbour's address. */
    NEIGH_UNRES_QLEN("net.ipv4.neigh.default.unres_qlen", 1, 10_000, 101),
    /** Most neighbours. */
    NEIGH_GC_THRESH3("net.ipv4.neigh.default.gc_thresh3", 16, 1 << 20, 1_024);

    private final String key;
    private final long min;
    private final long max;
    private final long[] defaults;

    Sysctl(String key, long min, long max, long... defaults) {
        this.key = key;
        this.min = min;
        this.max = max;
        this.defaults = defaults;
    }

    /** {@return Linux's name with dots} */
    public String key() {
        return key;
    }

    /** {@return the least that each of its numbers may be} */
    public long min() {
        return min;
    }

    /** {@return the most that each of its numbers may be} */
    public long max() {
        return max;
    }

    /** {@return how many numbers it has} */
    public int arity() {
        return defaults.length;
    }

    /** {@return what applies if it is not set} */
    public long[] defaults() {
        return defaults.clone();
    }

    /**
     * Reads a value: as many numbers as it has, or only the first.
     *
     * @return as many numbers as it has; its defaults where the text leaves them out, but none less than
     *     the one before it
     * @throws IllegalArgumentException naming the setting, the value and what is allowed
     */
    public long[] parse(String text) {
        String[] words = text.trim().split("\\s+");
        long[] values = defaults.clone();
        boolean sound = words.length == 1 || words.length == values.length;
        for (int i = 0; sound && i < words.length; i++) {
            sound = words[i].matches("[0-9]{1,18}");
            if (!sound) break;
            values[i] = Long.parseLong(words[i]);
            sound = values[i] >= min && values[i] <= max;
        }
        for (int i = 1; sound && i < values.length; i++) {
            if (words.length == 1) values[i] = Math.max(values[i], values[i - 1]);
            sound = values[i] >= values[i - 1];
        }
        if (!sound) {
            String form =
                    arity() == 1 ? "a whole number" : arity() + " whole numbers that do not fall,";
            throw new IllegalArgumentException(
                    "usernet."
                            + key
                            + "="
                            + text
                            + ": give "
                            + form
                            + " in "
                            + min
                            + ".."
                            + max
                            + "; the default is "
                            + this);
        }
        return values;
    }

    /** The default, as a user would write it. */
    @Override
    public String toString() {
        return Arrays.toString(defaults).replaceAll("[\\[\\],]", "");
    }
}
