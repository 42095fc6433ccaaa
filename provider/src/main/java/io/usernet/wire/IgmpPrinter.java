package io.usernet.wire;

/** IGMP for {@link PacketPrinter}. */
final class IgmpPrinter {
    private static final String[] RECORDS = {
        null, "is_in", "is_ex", "to_in", "to_ex", "allow", "block"
    };

    /** Max Resp Code that goes without saying: 10 s. */
    private static final int USUAL_CODE = 100;

    private static final int MINUTE = 600; // tenths of a second

    private IgmpPrinter() {}

    /**
     * Prints a message.
     *
     * @param length of it
     * @return whether it could be printed to its end
     */
    static boolean print(Dump d, int at, int length) {
        if (!d.has(at, 1)) return cut(d);
        int type = d.u8(at);
        boolean whole =
                switch (type) {
                    case Igmp.MEMBERSHIP_QUERY -> query(d.s("igmp query"), at, length);
                    case Igmp.V1_REPORT -> about(d, "igmp v1 report ", at, length);
                    case Igmp.V2_REPORT -> about(d, "igmp v2 report ", at, length);
                    case Igmp.V2_LEAVE -> about(d, "igmp leave ", at, length);
                    case Igmp.V3_REPORT -> report(d.s("igmp v3 report"), at, length);
                    default -> {
                        d.s("igmp-").n(type);
                        yield true;
                    }
                };
        if (!whole) return cut(d);
        if (length >= 4 && d.has(at, length) && d.sum(at, length) != 0xFFFF) {
            d.s(" bad igmp cksum ").hex(d.u16(at + 2)).s('!');
        }
        return true;
    }

    private static boolean cut(Dump d) {
        d.truncated("igmp");
        return false;
    }

    private static boolean about(Dump d, String what, int at, int length) {
        if (!d.has(at, Igmp.HEADER)) return false;
        d.s(what).ip(at + 4);
        boolean v1 = d.u8(at) == Igmp.V1_REPORT;
        if (v1 && length != Igmp.HEADER) d.s(" [len ").n(length).s(']');
        return true;
    }

    private static boolean query(Dump d, int at, int length) {
        if (length >= Igmp.QUERY) return query3(d.s(" v3"), at, length);
        if (!d.has(at, 2)) return false;
        int code = d.u8(at + 1);
        d.s(code == 0 ? " v1" : " v2");
        if (code != 0 && code != USUAL_CODE) d.s(" [max resp time ").n(code).s(']');
        if (!d.has(at, Igmp.HEADER)) return false;
        if (d.u32(at + 4) != 0) d.s(" [gaddr ").ip(at + 4).s(']');
        if (length != Igmp.HEADER) d.s(" [len ").n(length).s(']');
        return true;
    }

    private static boolean query3(Dump d, int at, int length) {
        if (length % 4 != 0) {
            d.s(" [invalid len ").n(length).s(']');
            return true;
        }
        if (!d.has(at, 2)) return false;
        if (d.u8(at + 1) != USUAL_CODE) {
            d.s(" [max resp time ");
            time(d, Igmp.number(d.u8(at + 1)));
            d.s(']');
        }
        if (!d.has(at, Igmp.HEADER)) return false;
        if (d.u32(at + 4) == 0) return true;
        d.s(" [gaddr ").ip(at + 4);
        if (!d.has(at, Igmp.QUERY)) return false;
        int sources = d.u16(at + 10);
        if (sources > 0 && length < Igmp.QUERY + 4 * sources) {
            d.s(" [invalid number of sources]");
        } else if (sources > 0 && !sources(d, at + Igmp.QUERY, sources)) {
            return false;
        }
        d.s(']');
        return true;
    }

    private static void time(Dump d, int tenths) {
        int rest = tenths % MINUTE;
        if (tenths < MINUTE) {
            d.n(rest / 10).s('.').n(rest % 10).s('s');
            return;
        }
        d.n(tenths / MINUTE).s('m');
        if (rest != 0) d.n(rest / 10).s('s');
    }

    private static boolean sources(Dump d, int at, int n) {
        d.s(" {");
        for (int i = 0; i < n; i++) {
            if (!d.has(at + 4 * i, 4)) return false;
            d.s(' ').ip(at + 4 * i);
        }
        d.s(" }");
        return true;
    }

    private static boolean report(Dump d, int at, int length) {
        if (length < Igmp.HEADER + Igmp.RECORD || length % 4 != 0) {
            d.s(" [invalid len ").n(length).s(']');
            return true;
        }
        if (!d.has(at, Igmp.HEADER)) return false;
        int records = d.u16(at + 6);
        d.s(", ").n(records).s(" group record(s)");
        int from = Igmp.HEADER;
        for (int i = 0; i < records; i++) {
            if (length < from + Igmp.RECORD) {
                d.s(" [invalid number of groups]");
                return true;
            }
            int record = at + from;
            if (!d.has(record, Igmp.RECORD)) return false;
            int type = d.u8(record);
            d.s(" [gaddr ").ip(record + 4).s(' ');
            if (type > 0 && type < RECORDS.length) d.s(RECORDS[type]);
            else d.s(" [v3-report-#").n(type).s(']');
            int sources = d.u16(record + 2);
            if (length < from + Igmp.RECORD + 4 * sources) {
                d.s(" [invalid number of sources ").n(sources).s(']');
                return true;
            }
            if (!sources(d, record + Igmp.RECORD, sources)) return false;
            from += Igmp.RECORD + 4 * sources;
            d.s(']');
        }
        return true;
    }
}
