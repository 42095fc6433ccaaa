package io.usernet.wire;

/** IPv4 and UDP for {@link PacketPrinter}. */
final class Ipv4Printer {
    private static final int END = 0, NOP = 1, RECORD_ROUTE = 7, TIMESTAMP = 68, SECURITY = 130;
    private static final int LOOSE_ROUTE = 131, STRICT_ROUTE = 137, ROUTER_ALERT = 148;
    private static final int TRACEROUTE = 82;

    /** Protocols as tcpdump names them, by number. */
    static final String[] PROTOCOLS = new String[256];

    static {
        String names =
                "0 Options 1 ICMP 2 IGMP 4 IPIP 6 TCP 8 EGP 9 IGRP 17 UDP 33 DCCP 41 IPv6 43 Routing"
                        + " 44 Fragment 46 RSVP 47 GRE 50 ESP 51 AH 55 Mobile_IP 58 ICMPv6"
                        + " 60 DSTOPT 62 Mobile_IP_(old) 88 EIGRP 89 OSPF 103 PIM 108 Compressed_IP"
                        + " 112 VRRP 113 PGM 132 SCTP 135 Mobility";
        String[] words = names.split(" ");
        for (int i = 0; i < words.length; i += 2) {
            PROTOCOLS[Integer.parseInt(words[i])] = words[i + 1].replace('_', ' ');
        }
    }

    private Ipv4Printer() {}

    /**
     * Prints a packet.
     *
     * @param length how long it may be: what the link or the enclosing packet says
     * @return whether it could be printed to its end
     */
    static boolean print(Dump d, int at, int length) {
        if (d.has(at, 1) && d.u8(at) >>> 4 != 4) return wrongVersion(d, at);
        if (d.has(at, 1)) d.s("IP ");
        if (!d.has(at, Ipv4.HEADER)) {
            d.truncated("ip");
            return false;
        }
        if (length < Ipv4.HEADER) {
            d.s("truncated-ip ").n(length);
            return true;
        }
        int header = Ipv4.headerLength(d.b, at);
        if (header < Ipv4.HEADER) {
            d.s("bad-hlen ").n(header);
            return true;
        }
        int total = Ipv4.totalLength(d.b, at);
        if (length < total) d.s("truncated-ip - ").n(total - length).s(" bytes missing! ");
        if (total < header) {
            d.s("bad-len ").n(total);
            return true;
        }
        int outerEnd = d.end;
        d.end = Math.min(d.end, at + total);
        boolean whole = header(d, at, header);
        if (whole) whole = payload(d, at, header, total - header);
        d.end = outerEnd;
        return whole;
    }

    private static boolean wrongVersion(Dump d, int at) {
        int version = d.u8(at) >>> 4;
        if (version == 6) d.s("IP6, wrong link-layer encapsulation");
        else d.s("IP").n(version);
        d.s(" (invalid)");
        return true;
    }

    private static boolean header(Dump d, int at, int header) {
        int tos = Ipv4.tos(d.b, at);
        d.s("(tos 0x").hex(tos);
        switch (tos & 3) {
            case 1 -> d.s(",ECT(1)");
            case 2 -> d.s(",ECT(0)");
            case 3 -> d.s(",CE");
            default -> {}
        }
        int ttl = Ipv4.ttl(d.b, at);
        if (ttl >= 1) d.s(", ttl ").n(ttl);
        d.s(", id ").n(Ipv4.id(d.b, at));
        d.s(", offset ").n(Ipv4.fragmentOffset(d.b, at)).s(", flags [");
        flags(d, Ipv4.flags(d.b, at));
        int protocol = Ipv4.protocol(d.b, at);
        d.s("], proto ").name(protocol, PROTOCOLS, "unknown").s(" (").n(protocol).s(')');
        d.s(", length ").n(Ipv4.totalLength(d.b, at));
        Options options = Options.WHOLE;
        if (header > Ipv4.HEADER) {
            d.s(", options (");
            options = options(d, at + Ipv4.HEADER, at + header);
            if (options == Options.CUT_OFF) {
                d.truncated("ip");
                return false;
            }
            if (options == Options.CUT_IN_ONE) d.s(" [truncated-option]");
            d.s(')');
        }
        if (d.has(at, header) && !Ipv4.checksumOk(d.b, at)) {
            int found = Ipv4.checksum(d.b, at);
            int right = Dump.shouldBe(found, Checksum.sum(d.b, at, header));
            d.s(", bad cksum ").hex(found).s(" (->").hex(right).s(")!");
        }
        d.s(")\n    ");
        if (options == Options.WHOLE) return true;
        addresses(d, at).s(": ");
        d.truncated("ip");
        return false;
    }

    private static void flags(Dump d, int flags) {
        if (flags == 0) d.s("none");
        String comma = "";
        if ((flags & Ipv4.MORE_FRAGMENTS) != 0) {
            d.s("+");
            comma = ", ";
        }
        if ((flags & Ipv4.DONT_FRAGMENT) != 0) {
            d.s(comma).s("DF");
            comma = ", ";
        }
        if ((flags & 4) != 0) d.s(comma).s("rsvd");
    }

    /** How far the options of a header are at hand. */
    private enum Options {
        WHOLE,
        /** The bytes end within the data of an option. */
        CUT_IN_ONE,
        CUT_OFF
    }

    private static Options options(Dump d, int at, int end) {
        String comma = "";
        for (int i = at; i < end; ) {
            d.s(comma);
            comma = ",";
            if (!d.has(i, 1)) return Options.CUT_OFF;
            int kind = d.u8(i);
            optionName(d, kind);
            int length = 1;
            if (kind > NOP) {
                if (!d.has(i, 2)) return Options.CUT_OFF;
                length = d.u8(i + 1);
                if (length < 2 || length > end - i) {
                    d.s(" [bad length ").n(length).s(']');
                    return Options.WHOLE;
                }
            }
            if (!d.has(i, length)) return Options.CUT_IN_ONE;
            switch (kind) {
                case END -> {
                    return Options.WHOLE;
                }
                case RECORD_ROUTE, LOOSE_ROUTE, STRICT_ROUTE -> route(d, i, length);
                case TIMESTAMP -> timestamps(d, i, length);
                case ROUTER_ALERT -> {
                    if (length < 4) d.s(" [bad length ").n(length).s(']');
                    else if (d.u16(i + 2) != 0) d.s(" value ").n(d.u16(i + 2));
                }
                default -> {}
            }
            i += length;
        }
        return Options.WHOLE;
    }

    private static void optionName(Dump d, int kind) {
        switch (kind) {
            case END -> d.s("EOL");
            case NOP -> d.s("NOP");
            case RECORD_ROUTE -> d.s("RR");
            case TIMESTAMP -> d.s("timestamp");
            case TRACEROUTE -> d.s("traceroute");
            case SECURITY -> d.s("security");
            case LOOSE_ROUTE -> d.s("LSRR");
            case STRICT_ROUTE -> d.s("SSRR");
            case ROUTER_ALERT -> d.s("RA");
            default -> d.s("unknown ").n(kind);
        }
    }

    private static void route(Dump d, int at, int length) {
        if (length < 3) {
            d.s(" [bad length ").n(length).s(']');
            return;
        }
        if ((length + 1 & 3) != 0) d.s(" [bad length ").n(length).s(']');
        int pointer = d.u8(at + 2) - 1; // of the next free place, from 0
        if (pointer < 3 || (pointer + 1 & 3) != 0 || pointer > length + 1) {
            d.s(" [bad ptr ").n(d.u8(at + 2)).s(']');
        }
        for (int i = 3; i < length && d.has(at + i, 4); i += 4) {
            d.s(' ').ip(at + i);
            if (pointer > i) d.s(',');
        }
    }

    private static void timestamps(Dump d, int at, int length) {
        if (length < 4) {
            d.s("[bad length ").n(length).s(']');
            return;
        }
        d.s(" TS{");
        int kind = d.u8(at + 3) & 0xF;
        int hop = kind == 0 ? 4 : 8;
        if ((length - 4 & hop - 1) != 0) d.s("[bad length ").n(length).s(']');
        int pointer = d.u8(at + 2) - 1;
        if (pointer < 4 || (pointer - 4 & hop - 1) != 0 || pointer > length + 1) {
            d.s("[bad ptr ").n(d.u8(at + 2)).s(']');
        }
        int i = 4;
        switch (kind) {
            case 0 -> d.s("TSONLY");
            case 1 -> d.s("TS+ADDR");
            case 3 -> d.s("PRESPEC");
            default -> {
                d.s("[bad ts type ").n(kind).s(']');
                i = 0;
            }
        }
        for (; i > 0 && i < length && d.has(at + i, hop); i += hop) {
            d.s(pointer == i ? " ^ " : " ").n(d.u32(at + i + hop - 4)).s('@');
            if (hop == 8) d.ip(at + i);
        }
        if (pointer == i) d.s(" ^ ");
        int missed = d.u8(at + 3) >>> 4;
        if (missed != 0) d.s(" [").n(missed).s(" hops not recorded]} ");
        else d.s("}");
    }

    /** Source and destination of an IP packet of either version. */
    static Dump addresses(Dump d, int at) {
        if (d.u8(at) >>> 4 == 6) return Ipv6Printer.addresses(d, at);
        return d.address(Ipv4.src(d.b, at)).s(" > ").address(Ipv4.dst(d.b, at));
    }

    private static boolean payload(Dump d, int ip, int header, int length) {
        int protocol = Ipv4.protocol(d.b, ip);
        if (Ipv4.fragmentOffset(d.b, ip) != 0) {
            addresses(d, ip).s(": ip-proto-").n(protocol);
            return true;
        }
        boolean printsAddresses = protocol == Ipv4.TCP || protocol == Ipv4.UDP;
        if (!printsAddresses) addresses(d, ip).s(": ");
        int at = ip + header;
        if (at > d.end) {
            d.s(" [remaining caplen(").n(d.end - ip);
            d.s(") < header length(").n(header).s(")]");
            d.truncated("ip");
            return false;
        }
        boolean fragment = (Ipv4.flags(d.b, ip) & Ipv4.MORE_FRAGMENTS) != 0;
        return switch (protocol) {
            case Ipv4.TCP -> TcpPrinter.print(d, ip, at, length, fragment);
            case Ipv4.UDP -> udp(d, ip, at, length, fragment);
            case Ipv4.ICMP -> Icmp4Printer.print(d, at, length, fragment);
            case Ipv4.IGMP -> IgmpPrinter.print(d, at, length);
            default -> {
                other(d, protocol, length);
                yield true;
            }
        };
    }

    static void other(Dump d, int protocol, int length) {
        switch (protocol) {
            case 59 -> d.s("no next header");
            case 77 -> d.s(" nd ").n(length);
            default -> d.s(" ip-proto-").n(protocol).s(' ').n(length);
        }
    }

    /** Addresses with the ports in the first bytes of the payload. */
    static Dump endpoints(Dump d, int ip, int at) {
        if (d.u8(ip) >>> 4 == 6) {
            Ipv6Printer.address(d, ip + Ipv6Printer.SRC).s('.').n(d.u16(at)).s(" > ");
            return Ipv6Printer.address(d, ip + Ipv6Printer.DST).s('.').n(d.u16(at + 2));
        }
        d.address(Ipv4.src(d.b, ip)).s('.').n(d.u16(at)).s(" > ");
        return d.address(Ipv4.dst(d.b, ip)).s('.').n(d.u16(at + 2));
    }

    /** The sum of a transport header, its payload and the pseudo header. */
    static int transportSum(Dump d, int ip, int at, int length, int protocol) {
        int pseudo;
        if (d.u8(ip) >>> 4 == 6) {
            int addresses = Checksum.sum(d.b, ip + Ipv6Printer.SRC, 32);
            pseudo = Checksum.fold((long) addresses + protocol + length);
        } else {
            int dst = finalDestination(d, ip);
            pseudo = Checksum.pseudoHeader(Ipv4.src(d.b, ip), dst, protocol, length);
        }
        return Checksum.append(pseudo, 0, d.sum(at, length));
    }

    /** The destination, or what a source route says is the last one (RFC 1122 section 3.2.1.8c). */
    private static int finalDestination(Dump d, int ip) {
        int end = ip + Ipv4.headerLength(d.b, ip);
        for (int i = ip + Ipv4.HEADER; i < end && d.has(i, 2); ) {
            int kind = d.u8(i);
            if (kind == END) break;
            int length = kind == NOP ? 1 : d.u8(i + 1);
            if (length < 1 || kind != NOP && length < 2 || length > end - i) break;
            if ((kind == LOOSE_ROUTE || kind == STRICT_ROUTE) && length >= 7) {
                return d.b.getInt(i + length - 4);
            }
            i += length;
        }
        return Ipv4.dst(d.b, ip);
    }

    static boolean udp(Dump d, int ip, int at, int length, boolean fragment) {
        if (!d.has(at, 4)) {
            addresses(d, ip).s(": ");
            d.truncated("udp");
            return false;
        }
        endpoints(d, ip, at).s(": ");
        if (length < Udp.HEADER) {
            d.s("truncated-udp ").n(length);
            return true;
        }
        if (!d.has(at, Udp.HEADER)) {
            d.truncated("udp");
            return false;
        }
        int said = Udp.length(d.b, at);
        if (said < Udp.HEADER) {
            d.s("truncated-udplength ").n(said);
            return true;
        }
        int covered = Math.min(said, length);
        if (!fragment) {
            int found = Udp.checksum(d.b, at);
            if (found == 0) {
                d.s("[no cksum] ");
            } else if (d.canSum(at, covered)) {
                int sum = transportSum(d, ip, at, covered, Ipv4.UDP);
                if (sum == 0xFFFF) {
                    d.s("[udp sum ok] ");
                } else {
                    d.s("[bad udp cksum 0x").hex(found, 4).s(" -> 0x");
                    d.hex(Dump.shouldBe(found, sum), 4).s("!] ");
                }
            }
        }
        if (said > covered && !fragment) {
            d.s("UDP, bad length ").n(said - Udp.HEADER).s(" > ").n(covered - Udp.HEADER);
        } else {
            d.s("UDP, length ").n(said - Udp.HEADER);
        }
        return true;
    }
}
