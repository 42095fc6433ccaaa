package io.usernet.wire;

/** TCP for {@link PacketPrinter}. */
final class TcpPrinter {
    private static final int BAD = -1, TRUNCATED = -2;
    private static final int RST_DATA_SHOWN = 30;
    private static final int FAST_OPEN_MAGIC = 0xF989;
    private static final String FLAGS = "FSRP.UEW"; // by bit, from the lowest

    private TcpPrinter() {}

    static boolean print(Dump d, int ip, int at, int length, boolean fragment) {
        if (!d.has(at, 4)) {
            Ipv4Printer.addresses(d, ip).s(':');
            d.truncated("tcp");
            return false;
        }
        Ipv4Printer.endpoints(d, ip, at).s(": ");
        if (!d.has(at, Tcp.HEADER)) {
            d.truncated("tcp");
            return false;
        }
        int header = Tcp.headerLength(d.b, at);
        if (header < Tcp.HEADER) {
            d.s(" tcp ").n(length - header & 0xFFFF_FFFFL);
            d.s(" [bad hdr length ").n(header).s(" - too short, < 20]");
            return true;
        }
        int flags = Tcp.flags(d.b, at);
        d.s("Flags [");
        if (flags == 0) d.s("none");
        for (int bit = 0; bit < 8; bit++) {
            if ((flags >>> bit & 1) != 0) d.s(FLAGS.charAt(bit));
        }
        d.s(']');
        if (header > length) {
            d.s(" [bad hdr length ").n(header).s(" - too long, > ").n(length).s(']');
            return true;
        }
        if (!fragment && d.canSum(at, length)) checksum(d, ip, at, length);
        int text = length - header;
        long seq = d.u32(at + Tcp.SEQ);
        d.s(", seq ").n(seq);
        if (text > 0) d.s(':').n(seq + text & 0xFFFF_FFFFL);
        if ((flags & Tcp.ACK) != 0) d.s(", ack ").n(d.u32(at + Tcp.ACK_NUMBER));
        d.s(", win ").n(Tcp.window(d.b, at));
        if ((flags & Tcp.URG) != 0) d.s(", urg ").n(Tcp.urgent(d.b, at));
        if (header > Tcp.HEADER) {
            d.s(", options [");
            if (!options(d, at + Tcp.HEADER, at + header)) return false;
        }
        d.s(", length ").n(text);
        if (text > 0 && (flags & Tcp.RST) != 0) resetText(d, at + header, text);
        return true;
    }

    private static void checksum(Dump d, int ip, int at, int length) {
        int found = Tcp.checksum(d.b, at);
        int sum = Ipv4Printer.transportSum(d, ip, at, length, Ipv4.TCP);
        d.s(", cksum 0x").hex(found, 4);
        if (sum == 0xFFFF) d.s(" (correct)");
        else d.s(" (incorrect -> 0x").hex(Dump.shouldBe(found, sum), 4).s(')');
    }

    private static boolean options(Dump d, int at, int end) {
        String comma = "";
        for (int i = at; i < end; ) {
            d.s(comma);
            if (!d.has(i, 1)) {
                d.truncated("tcp");
                return false;
            }
            int kind = d.u8(i);
            if (kind == 0) {
                d.s("eol");
                break;
            }
            if (kind == 1) {
                d.s("nop");
                comma = ",";
                i++;
                continue;
            }
            if (!d.has(i, 2)) {
                d.truncated("tcp");
                return false;
            }
            int length = d.u8(i + 1);
            if (length < 2 || length > end - i) return bad(d, comma);
            int read = option(d, kind, i, length, end);
            if (read == BAD) return bad(d, comma);
            if (read == TRUNCATED) return false;
            comma = ",";
            i += read;
        }
        d.s(']');
        return true;
    }

    private static boolean bad(Dump d, String comma) {
        d.s("[bad opt]");
        if (!comma.isEmpty()) d.s(']');
        return false;
    }

    /**
     * One option with a length. Kinds of a fixed length are read as if they had it; where they say
     * otherwise, that is reported.
     *
     * @return how many bytes were read, or BAD or TRUNCATED
     */
    private static int option(Dump d, int kind, int at, int length, int end) {
        int data = at + 2;
        int expected =
                switch (kind) {
                    case 2, 28 -> 4;
                    case 3 -> 3;
                    case 4 -> 2;
                    case 6, 7, 11, 12, 13 -> 6;
                    case 8 -> 10;
                    case 19 -> 18;
                    default -> length;
                };
        name(d, kind);
        if (at + expected > end || kind == 254 && length < 4) return BAD;
        if (!d.has(at, expected)) {
            d.truncated("tcp");
            return TRUNCATED;
        }
        switch (kind) {
            case 2 -> d.s(' ').n(d.u16(data));
            case 3 -> d.s(' ').n(d.u8(data));
            case 4 -> {}
            case 5 -> sack(d, data, length - 2);
            case 6, 7, 11, 12, 13 -> d.s(' ').n(d.u32(data));
            case 8 -> d.s(" val ").n(d.u32(data)).s(" ecr ").n(d.u32(data + 4));
            case 19 -> {
                d.s(" shared secret not supplied with -M, can't check - ");
                hex(d, data, 16);
            }
            case 28 -> userTimeout(d, d.u16(data));
            case 34 -> fastOpen(d.s(' '), data, length - 2);
            case 254 -> experiment(d, data, length - 2);
            default -> {
                if (length > 2) hex(d.s(" 0x"), data, length - 2);
            }
        }
        if (length != expected) d.s("[len ").n(length).s(']');
        return expected;
    }

    /** RFC 5482: minutes if the lowest bit is set; tcpdump 4.99 takes the highest for part of the number. */
    private static void userTimeout(Dump d, int value) {
        d.s(" 0x").hex(value).s(' ').n((value >>> 1) * ((value & 1) != 0 ? 60 : 1));
    }

    private static void name(Dump d, int kind) {
        switch (kind) {
            case 2 -> d.s("mss");
            case 3 -> d.s("wscale");
            case 4 -> d.s("sackOK");
            case 5 -> d.s("sack");
            case 6 -> d.s("echo");
            case 7 -> d.s("echoreply");
            case 8 -> d.s("TS");
            case 11 -> d.s("cc");
            case 12 -> d.s("ccnew");
            case 13 -> {} // CC.ECHO: tcpdump 4.99 has no name for it
            case 19 -> d.s("md5");
            case 20 -> d.s("scps");
            case 28 -> d.s("uto");
            case 29 -> d.s("tcp-ao");
            case 30 -> d.s("mptcp");
            case 34 -> d.s("tfo");
            case 254 -> d.s("exp");
            default -> d.s("unknown-").n(kind);
        }
    }

    private static void sack(Dump d, int at, int length) {
        if (length % 8 != 0) {
            d.s(" invalid sack");
            return;
        }
        d.s(' ').n(length / 8).s(' ');
        for (int i = at; i < at + length; i += 8) {
            d.s('{').n(d.u32(i)).s(':').n(d.u32(i + 4)).s('}');
        }
    }

    private static void fastOpen(Dump d, int at, int length) {
        if (length == 0) d.s(" cookiereq");
        else if (length % 2 != 0 || length < 4 || length > 16) d.s(" (invalid)");
        else hex(d.s(" cookie "), at, length);
    }

    /** RFC 6994: the first two bytes say whose experiment it is. */
    private static void experiment(Dump d, int at, int length) {
        int magic = d.u16(at);
        if (magic == FAST_OPEN_MAGIC) fastOpen(d.s("-tfo"), at + 2, length - 2);
        else d.s('-').hex(magic, 4);
    }

    private static void hex(Dump d, int at, int length) {
        for (int i = 0; i < length; i++) d.hex(d.u8(at + i), 2);
    }

    /** RFC 9293 section 3.5.3 lets a RST say in its data why it was sent. */
    private static void resetText(Dump d, int at, int length) {
        d.s(d.canSum(at, length) ? " [RST" : " [!RST");
        if (length > RST_DATA_SHOWN) d.s('+');
        d.s(' ');
        int shown = Math.min(length, RST_DATA_SHOWN);
        for (int i = 0; i < shown && d.has(at + i, 1); i++) d.character(d.u8(at + i));
        d.s(']');
    }
}
