package io.usernet.wire;

/** As much of IPv6 (RFC 8200) for {@link PacketPrinter} as hosts say to each other on any link. */
final class Ipv6Printer {
    static final int HEADER = 40, SRC = 8, DST = 24;
    private static final int HOP_BY_HOP = 0, ICMP6 = 58;

    /** Record types (RFC 3810 section 5.2.12). */
    private static final String[] RECORDS = {
        null, "is_in", "is_ex", "to_in", "to_ex", "allow", "block"
    };

    private Ipv6Printer() {}

    static boolean print(Dump d, int at, int length) {
        if (!d.has(at, HEADER)) {
            d.truncated("ip6");
            return false;
        }
        if (d.u8(at) >>> 4 != 6) {
            d.s("IP").n(d.u8(at) >>> 4).s(", wrong link-layer encapsulation (invalid)");
            return true;
        }
        d.s("IP6 ");
        int payload = d.u16(at + 4);
        int total = payload + HEADER;
        if (length < total) d.s("truncated-ip6 - ").n(total - length).s(" bytes missing!");
        d.s('(');
        int trafficClass = d.u16(at) >>> 4 & 0xFF;
        if (trafficClass != 0) d.s("class 0x").hex(trafficClass, 2).s(", ");
        long flow = d.u32(at) & 0xF_FFFF;
        if (flow != 0) d.s("flowlabel 0x").hex(flow, 5).s(", ");
        int next = d.u8(at + 6);
        d.s("hlim ").n(d.u8(at + 7)).s(", next-header ");
        d.name(next, Ipv4Printer.PROTOCOLS, "unknown").s(" (").n(next).s(')');
        d.s(" payload length: ").n(payload).s(") ");
        int outerEnd = d.end;
        d.end = Math.min(d.end, at + total);
        boolean whole = payload(d, at, next, payload);
        d.end = outerEnd;
        return whole;
    }

    static Dump addresses(Dump d, int ip) {
        address(d, ip + SRC).s(" > ");
        return address(d, ip + DST);
    }

    private static boolean payload(Dump d, int ip, int protocol, int length) {
        int next = protocol;
        int at = ip + HEADER;
        int left = length;
        if (next != Ipv4.TCP && next != Ipv4.UDP) addresses(d, ip).s(": ");
        if (next == HOP_BY_HOP) {
            int header = hopByHop(d, at);
            if (header < 0) return false;
            next = d.u8(at);
            at += header;
            left -= header;
            if (at > d.end || next == Ipv4.TCP || next == Ipv4.UDP) return true;
        }
        switch (next) {
            case Ipv4.TCP -> {
                return TcpPrinter.print(d, ip, at, left, false);
            }
            case Ipv4.UDP -> {
                return Ipv4Printer.udp(d, ip, at, left, false);
            }
            case ICMP6 -> {
                return icmp(d, ip, at, left);
            }
            default -> Ipv4Printer.other(d, next, left);
        }
        return true;
    }

    /** Returns the length of the header, or -1 if it is not all there. */
    private static int hopByHop(Dump d, int at) {
        if (!d.has(at, 2) || !d.has(at, (d.u8(at + 1) + 1) * 8)) {
            d.s("HBH");
            d.truncated("hbhopt");
            return -1;
        }
        int header = (d.u8(at + 1) + 1) * 8;
        d.s("HBH ");
        for (int i = at + 2; i < at + header; ) {
            int kind = d.u8(i);
            if (kind == 0) {
                d.s("(pad1)");
                i++;
                continue;
            }
            if (i + 2 > at + header) break;
            int length = d.u8(i + 1);
            if (kind == 1) d.s("(padn)");
            else if (kind == 5 && length == 2 && i + 4 <= at + header) {
                d.s("(rtalert: 0x").hex(d.u16(i + 2), 4).s(") ");
            } else d.s("(opt_type 0x").hex(kind, 2).s(": len=").n(length).s(')');
            i += 2 + length;
        }
        d.s(' ');
        return header;
    }

    private static boolean icmp(Dump d, int ip, int at, int length) {
        if (!d.has(at, 4)) {
            d.truncated("icmp6");
            return false;
        }
        if (d.canSum(at, length)) {
            int sum = Ipv4Printer.transportSum(d, ip, at, length, ICMP6);
            int found = d.u16(at + 2);
            if (sum == 0xFFFF) {
                d.s("[icmp6 sum ok] ");
            } else {
                d.s("[bad icmp6 cksum 0x").hex(found, 4).s(" -> 0x");
                d.hex(Dump.shouldBe(found, sum), 4).s("!] ");
            }
        }
        d.s("ICMP6, ");
        int type = d.u8(at);
        boolean whole = d.has(at, 8);
        switch (type) {
            case 128, 129 -> {
                d.s(type == 128 ? "echo request" : "echo reply");
                if (whole) d.s(", id ").n(d.u16(at + 4)).s(", seq ").n(d.u16(at + 6));
            }
            case 133 -> d.s("router solicitation");
            case 134 -> d.s("router advertisement");
            case 135, 136 -> {
                d.s(type == 135 ? "neighbor solicitation" : "neighbor advertisement");
            }
            case 143 -> d.s("multicast listener report v2");
            default -> d.s("type-#").n(type);
        }
        if (!whole) {
            d.truncated("icmp6");
            return false;
        }
        switch (type) {
            case 133 -> options(d.s(", length ").n(length), at + 8);
            case 135 -> {
                if (!d.has(at, 24)) break;
                address(d.s(", length ").n(length).s(", who has "), at + 8);
                options(d, at + 24);
            }
            case 136 -> {
                if (!d.has(at, 24)) break;
                address(d.s(", length ").n(length).s(", tgt is "), at + 8).s(", Flags [");
                int flags = d.u8(at + 4);
                String comma = "";
                if ((flags & 0x80) != 0) {
                    d.s("router");
                    comma = ", ";
                }
                if ((flags & 0x40) != 0) {
                    d.s(comma).s("solicited");
                    comma = ", ";
                }
                if ((flags & 0x20) != 0) d.s(comma).s("override");
                if (flags >>> 5 == 0) d.s("none");
                options(d.s(']'), at + 24);
            }
            case 143 -> listenerReport(d, at);
            case 128, 129 -> {}
            default -> d.s(", length ").n(length);
        }
        return true;
    }

    /** RFC 3810 section 5.2. */
    private static void listenerReport(Dump d, int at) {
        int records = d.u16(at + 6);
        d.s(", ").n(records).s(" group record(s)");
        int i = at + 8;
        for (int n = 0; n < records; n++) {
            int sources = d.has(i, 20) ? d.u16(i + 2) : 0;
            if (!d.has(i, 20 + 16 * sources)) {
                d.truncated("icmp6");
                return;
            }
            address(d.s(" [gaddr "), i + 4).s(' ');
            d.name(d.u8(i), RECORDS, " [v2-report-#]").s(" {");
            for (int source = 0; source < sources; source++) {
                address(d.s(' '), i + 20 + 16 * source);
            }
            d.s(" }]");
            i += 20 + 16 * sources + 4 * d.u8(i + 1);
        }
    }

    /** Neighbour discovery's options (RFC 4861 section 4.6). */
    private static void options(Dump d, int at) {
        for (int i = at; d.has(i, 2); ) {
            int length = d.u8(i + 1) * 8;
            if (length == 0 || !d.has(i, length)) return;
            int kind = d.u8(i);
            d.s("\n\t  ");
            if (kind == 1) d.s("source link-address");
            else if (kind == 2) d.s("destination link-address");
            else d.s("unknown");
            d.s(" option (").n(kind).s("), length ").n(length).s(" (").n(length / 8).s("): ");
            if (kind == 1 || kind == 2) d.mac(i + 2, length - 2);
            d.hexBytes(i + 2, length - 2, "\n\t    ");
            i += length;
        }
    }

    /** RFC 5952: the longest run of two or more zero groups becomes two colons. */
    static Dump address(Dump d, int at) {
        int from = -1;
        int most = 1;
        for (int i = 0; i < 8; i++) {
            int n = 0;
            while (i + n < 8 && d.u16(at + 2 * (i + n)) == 0) n++;
            if (n > most) {
                from = i;
                most = n;
            }
            i += n;
        }
        for (int i = 0; i < 8; i++) {
            if (i == from) {
                d.s("::");
                i += most - 1;
                continue;
            }
            if (i > 0 && i != from + most) d.s(':');
            else if (i > 0 && from < 0) d.s(':');
            d.hex(d.u16(at + 2 * i));
        }
        return d;
    }
}
