package io.usernet.wire;

/** ICMP for {@link PacketPrinter}. */
final class Icmp4Printer {
    private static final int SOURCE_QUENCH = 4, REDIRECT = 5, ROUTER_ADVERTISEMENT = 9;
    private static final int ROUTER_SOLICITATION = 10, TIMESTAMP = 13, TIMESTAMP_REPLY = 14;
    private static final int INFORMATION = 15, INFORMATION_REPLY = 16;
    private static final int MASK = 17, MASK_REPLY = 18;
    private static final int INNER = 8; // where the packet that an error is about begins
    private static final int INNER_DST = INNER + 16;
    private static final int EXTENSION = 8 + 128; // RFC 4884 section 4

    private Icmp4Printer() {}

    static boolean print(Dump d, int at, int length, boolean fragment) {
        int mark = d.out.length();
        d.s("ICMP ");
        if (!d.has(at, 2) || !describe(d, at)) {
            d.out.setLength(mark);
            d.truncated("icmp");
            return false;
        }
        d.s(", length ").n(length);
        if (!fragment && d.canSum(at, length)) {
            int sum = d.sum(at, length);
            if (sum != 0xFFFF) {
                if (!d.has(at, 4)) {
                    d.truncated("icmp");
                    return false;
                }
                int found = Icmp4.checksum(d.b, at);
                d.s(" (wrong icmp cksum ").hex(found).s(" (->");
                d.hex(Dump.shouldBe(found, sum)).s(")!)");
            }
        }
        if (!isError(Icmp4.type(d.b, at))) return true;
        d.s("\n\t");
        if (!d.has(at + INNER, 4)) {
            d.truncated("icmp");
            return false;
        }
        int total = d.u16(at + INNER + 2);
        if (total == 0) {
            d.truncated("icmp");
            return false;
        }
        int outerEnd = d.end;
        d.end = Math.min(outerEnd, at + INNER + total);
        boolean whole = Ipv4Printer.print(d, at + INNER, total);
        d.end = outerEnd;
        return whole && extension(d, at, length);
    }

    private static boolean isError(int type) {
        return type == Icmp4.UNREACHABLE
                || type == SOURCE_QUENCH
                || type == REDIRECT
                || type == Icmp4.TIME_EXCEEDED
                || type == Icmp4.PARAMETER_PROBLEM;
    }

    private static boolean describe(Dump d, int at) {
        int type = Icmp4.type(d.b, at);
        int code = Icmp4.code(d.b, at);
        switch (type) {
            case Icmp4.ECHO_REQUEST, Icmp4.ECHO_REPLY -> {
                if (!d.has(at, 8)) return false;
                d.s("echo ").s(type == Icmp4.ECHO_REQUEST ? "request" : "reply");
                d.s(", id ").n(d.u16(at + 4)).s(", seq ").n(d.u16(at + 6));
            }
            case Icmp4.UNREACHABLE -> {
                return unreachable(d, at, code);
            }
            case REDIRECT -> {
                return redirect(d, at, code);
            }
            case Icmp4.TIME_EXCEEDED -> {
                if (!d.has(at + INNER_DST, 4)) return false;
                if (code == 0) d.s("time exceeded in-transit");
                else if (code == 1) d.s("ip reassembly time exceeded");
                else d.s("time exceeded-#").n(code);
            }
            case Icmp4.PARAMETER_PROBLEM -> {
                if (code != 0) {
                    d.s("parameter problem - code ").n(code);
                } else {
                    if (!d.has(at + 4, 1)) return false;
                    d.s("parameter problem - octet ").n(d.u8(at + 4));
                }
            }
            case MASK_REPLY -> {
                if (!d.has(at + 8, 4)) return false;
                d.s("address mask is 0x").hex(d.u32(at + 8), 8);
            }
            case TIMESTAMP -> {
                if (!d.has(at, 8)) return false;
                d.s("time stamp query id ").n(d.u16(at + 4)).s(" seq ").n(d.u16(at + 6));
            }
            case TIMESTAMP_REPLY -> {
                if (!d.has(at + 16, 4)) return false;
                d.s("time stamp reply id ").n(d.u16(at + 4)).s(" seq ").n(d.u16(at + 6));
                time(d.s(": org "), d.u32(at + 8));
                time(d.s(", recv "), d.u32(at + 12));
                time(d.s(", xmit "), d.u32(at + 16));
            }
            case ROUTER_ADVERTISEMENT -> {
                return routerAdvertisement(d, at);
            }
            case SOURCE_QUENCH -> d.s("source quench");
            case ROUTER_SOLICITATION -> d.s("router solicitation");
            case INFORMATION -> d.s("information request");
            case INFORMATION_REPLY -> d.s("information reply");
            case MASK -> d.s("address mask request");
            default -> d.s("type-#").n(type);
        }
        return true;
    }

    /** Milliseconds since midnight UTC (RFC 792, Timestamp). */
    private static void time(Dump d, long millis) {
        long seconds = millis / 1000;
        two(d, seconds / 3600);
        two(d.s(':'), seconds / 60 % 60);
        two(d.s(':'), seconds % 60);
        d.s('.').n(millis / 100 % 10).n(millis / 10 % 10).n(millis % 10);
    }

    private static void two(Dump d, long number) {
        if (number < 10) d.s('0');
        d.n(number);
    }

    private static boolean unreachable(Dump d, int at, int code) {
        if (!d.has(at + INNER_DST, 4)) return false;
        int dst = at + INNER_DST;
        switch (code) {
            case 0 -> d.s("net ").ip(dst).s(" unreachable");
            case 1 -> d.s("host ").ip(dst).s(" unreachable");
            case 2 -> {
                d.ip(dst).s(" protocol ").n(d.u8(at + INNER + 9)).s(" unreachable");
            }
            case 3 -> {
                return portUnreachable(d, at + INNER);
            }
            case 4 -> {
                d.ip(dst).s(" unreachable - need to frag");
                int mtu = Icmp4.nextHopMtu(d.b, at);
                if (mtu != 0) d.s(" (mtu ").n(mtu).s(")");
            }
            case 5 -> d.ip(dst).s(" unreachable - source route failed");
            case 6 -> d.s("net ").ip(dst).s(" unreachable - unknown");
            case 7 -> d.s("host ").ip(dst).s(" unreachable - unknown");
            case 8 -> d.ip(dst).s(" unreachable - source host isolated");
            case 9 -> d.s("net ").ip(dst).s(" unreachable - admin prohibited");
            case 10 -> d.s("host ").ip(dst).s(" unreachable - admin prohibited");
            case 11 -> d.s("net ").ip(dst).s(" unreachable - tos prohibited");
            case 12 -> d.s("host ").ip(dst).s(" unreachable - tos prohibited");
            case 13 -> d.s("host ").ip(dst).s(" unreachable - admin prohibited filter");
            case 14 -> d.s("host ").ip(dst).s(" unreachable - host precedence violation");
            case 15 -> d.s("host ").ip(dst).s(" unreachable - precedence cutoff");
            default -> d.ip(dst).s(" unreachable - #").n(code);
        }
        return true;
    }

    private static boolean portUnreachable(Dump d, int inner) {
        int ports = inner + Ipv4.headerLength(d.b, inner);
        if (!d.has(ports + 2, 2)) return false;
        int port = d.u16(ports + 2);
        int protocol = Ipv4.protocol(d.b, inner);
        d.address(Ipv4.dst(d.b, inner));
        switch (protocol) {
            case Ipv4.TCP -> d.s(" tcp port ").n(port);
            case Ipv4.UDP -> d.s(" udp port ").n(port);
            default -> d.s(" protocol ").n(protocol).s(" port ").n(port);
        }
        d.s(" unreachable");
        return true;
    }

    private static boolean redirect(Dump d, int at, int code) {
        if (!d.has(at + INNER_DST, 4)) return false;
        switch (code) {
            case 0, 1 -> d.s("redirect ");
            case 2, 3 -> d.s("redirect-tos ");
            default -> d.s("redirect-#").n(code).s(' ');
        }
        d.ip(at + INNER_DST).s(" to ");
        if (code < 4) d.s(code % 2 == 0 ? "net " : "host ");
        d.ip(at + 4);
        return true;
    }

    private static boolean routerAdvertisement(Dump d, int at) {
        if (!d.has(at, 8)) return false;
        d.s("router advertisement lifetime ");
        int lifetime = d.u16(at + 6);
        if (lifetime < 60) d.n(lifetime);
        else if (lifetime < 3600) two(d.n(lifetime / 60).s(':'), lifetime % 60);
        else {
            two(d.n(lifetime / 3600).s(':'), lifetime / 60 % 60);
            two(d.s(':'), lifetime % 60);
        }
        int count = d.u8(at + 4);
        int size = d.u8(at + 5);
        d.s(' ').n(count).s(':');
        if (size != 2) {
            d.s(" [size ").n(size).s(']');
            return true;
        }
        for (int i = 0; i < count; i++) {
            if (!d.has(at + 8 + 8 * i, 8)) return false;
            d.s(" {").ip(at + 8 + 8 * i).s(' ').n(d.u32(at + 12 + 8 * i)).s('}');
        }
        return true;
    }

    /** RFC 4884: objects after the first 128 bytes of the packet that the error is about. */
    private static boolean extension(Dump d, int at, int length) {
        int type = Icmp4.type(d.b, at);
        boolean may =
                type == Icmp4.UNREACHABLE
                        || type == Icmp4.TIME_EXCEEDED
                        || type == Icmp4.PARAMETER_PROBLEM;
        int left = length - EXTENSION;
        if (!may || left <= 0) return true;
        int head = at + EXTENSION;
        if (!d.has(head, 5)) {
            d.truncated("icmp");
            return false;
        }
        boolean sound = d.canSum(head, left) && d.sum(head, left) == 0xFFFF;
        if (d.u8(at + 5) == 0 && d.canSum(head, left) && !sound) return true; // just more payload
        int version = d.u8(head) >>> 4;
        d.s("\n\tICMP Multi-Part extension v").n(version);
        if (version != 2) {
            d.s(" packet not supported");
            return true;
        }
        if (d.canSum(head, left)) {
            d.s(", checksum 0x").hex(d.u16(head + 2), 4).s(sound ? " (correct)" : " (incorrect)");
            d.s(", length ").n(left);
        }
        return objects(d, head + 4, left - 4);
    }

    private static boolean objects(Dump d, int at, int length) {
        int i = at;
        for (int left = length; left > 4; ) {
            if (!d.has(i, 4)) {
                d.truncated("icmp");
                return false;
            }
            int objectLength = d.u16(i);
            int kind = d.u8(i + 2);
            d.s("\n\t  ");
            d.s(
                    kind == 1
                            ? "MPLS Stack Entry"
                            : kind == 2 ? "Interface Identification" : "unknown");
            d.s(" Object (").n(kind).s("), Class-Type: ").n(d.u8(i + 3));
            d.s(", length ").n(objectLength);
            if (kind == 0 || objectLength < 4) return true;
            if (kind == 1 && d.u8(i + 3) == 1) {
                if (!d.has(i + 4, 4)) {
                    d.truncated("icmp");
                    return false;
                }
                mplsEntry(d, d.u32(i + 4));
            } else {
                d.hexBytes(i + 4, objectLength - 4, "\n\t    ");
            }
            left -= objectLength;
            i += objectLength;
        }
        return true;
    }

    /** RFC 3032 section 2.1. */
    private static void mplsEntry(Dump d, long entry) {
        d.s("\n\t    label ").n(entry >>> 12).s(", tc ").n(entry >>> 9 & 7);
        if ((entry >>> 8 & 1) != 0) d.s(", [S]");
        d.s(", ttl ").n(entry & 0xFF);
    }
}
