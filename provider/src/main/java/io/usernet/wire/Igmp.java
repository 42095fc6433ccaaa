package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * IGMP messages of all three versions (RFC 1112 appendix I, RFC 2236 section 2, RFC 3376 section 4) read
 * and written in place; {@code at} is the first byte.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |     Type      | Max Resp Code |           Checksum            |
 * +---------------+---------------+-------------------------------+
 * |                         Group Address                         |
 * +-------+-+-----+---------------+-------------------------------+  queries of
 * | Resv  |S| QRV |     QQIC      |     Number of Sources (N)     |  version 3
 * +-------+-+-----+---------------+-------------------------------+
 * |                      Source Address [1..N]                    |
 * +---------------------------------------------------------------+
 *
 * +---------------+---------------+-------------------------------+
 * |  Type = 0x22  |   Reserved    |           Checksum            |  reports of
 * +---------------+---------------+-------------------------------+  version 3
 * |            Reserved           |  Number of Group Records (M)  |
 * +---------------+---------------+-------------------------------+
 * |  Record Type  |  Aux Data Len |     Number of Sources (N)     |  a record,
 * +---------------+---------------+-------------------------------+  M times
 * |                       Multicast Address                       |
 * +---------------------------------------------------------------+
 * |                      Source Address [1..N]                    |
 * +---------------------------------------------------------------+
 * </pre>
 */
public final class Igmp {
    /** Length in bytes of what all messages have. */
    public static final int HEADER = 8;

    /** Length in bytes of a query of version 3, without sources. */
    public static final int QUERY = 12;

    /** Length in bytes of a record of a report of version 3, without sources. */
    public static final int RECORD = 8;

    /** Types: queries are of all versions; reports are of one; leave is of version 2. */
    public static final int MEMBERSHIP_QUERY = 0x11,
            V1_REPORT = 0x12,
            V2_REPORT = 0x16,
            V2_LEAVE = 0x17,
            V3_REPORT = 0x22;

    /** Types of a record: what the filter is; what it has become; what was added to it. */
    public static final int IS_INCLUDE = 1,
            IS_EXCLUDE = 2,
            TO_INCLUDE = 3,
            TO_EXCLUDE = 4,
            ALLOW = 5,
            BLOCK = 6;

    /** 224.0.0.1, all systems; 224.0.0.2, all routers; 224.0.0.22, all routers that speak version 3. */
    public static final int ALL_SYSTEMS = 0xE000_0001,
            ALL_ROUTERS = 0xE000_0002,
            V3_ROUTERS = 0xE000_0016;

    private static final int CODE = 1,
            CHECKSUM = 2,
            GROUP = 4,
            RECORDS = 6,
            QRV = 8,
            QQIC = 9,
            SOURCES = 10;

    private Igmp() {}

    /**
     * {@return the length of the fixed part, or -1 if malformed: too short, or a query of version 3 whose
     * sources the bytes do not hold} The checksum is not part of it.
     */
    public static int check(ByteBuffer b, int at, int end) {
        int length = end - at;
        if (length < HEADER) return -1;
        if (type(b, at) != MEMBERSHIP_QUERY || length == HEADER) return HEADER;
        if (length < QUERY || length < QUERY + 4 * sources(b, at)) return -1;
        return QUERY;
    }

    /** {@return the message's type, 0 to 255} */
    public static int type(ByteBuffer b, int at) {
        return b.get(at) & 0xFF;
    }

    /** {@return Max Resp Code as it stands there: see {@link #number}} */
    public static int code(ByteBuffer b, int at) {
        return b.get(at + CODE) & 0xFF;
    }

    /** {@return what a query, or a report before version 3, is about; 0: all groups} */
    public static int group(ByteBuffer b, int at) {
        return b.getInt(at + GROUP);
    }

    /** {@return of a query of version 3, Querier's Robustness Variable, 0 to 7} */
    public static int robustness(ByteBuffer b, int at) {
        return b.get(at + QRV) & 7;
    }

    /** {@return of a query of version 3, Querier's Query Interval Code; see {@link #number}} */
    public static int interval(ByteBuffer b, int at) {
        return b.get(at + QQIC) & 0xFF;
    }

    /** {@return how many sources a query of version 3 names} */
    public static int sources(ByteBuffer b, int at) {
        return b.getShort(at + SOURCES) & 0xFFFF;
    }

    /** {@return one of the sources that a query of version 3 names} */
    public static int source(ByteBuffer b, int at, int index) {
        return b.getInt(at + QUERY + 4 * index);
    }

    /** {@return what a code of version 3 means: below 128 itself, else a floating-point number (section 4.1.1)} */
    public static int number(int code) {
        if (code < 128) return code;
        int mantissa = code & 0xF;
        int exponent = code >>> 4 & 7;
        return (mantissa | 0x10) << exponent + 3;
    }

    /** Writes a message before version 3, with checksum 0. */
    public static void write(ByteBuffer b, int at, int type, int code, int group) {
        b.putInt(at, type << 24 | code << 16);
        b.putInt(at + GROUP, group);
    }

    /** Writes the head of a report of version 3, with checksum 0. */
    public static void writeReport(ByteBuffer b, int at, int records) {
        b.putInt(at, V3_REPORT << 24);
        b.putInt(at + GROUP, records);
    }

    /** {@return how many records a report of version 3 has} */
    public static int records(ByteBuffer b, int at) {
        return b.getShort(at + RECORDS) & 0xFFFF;
    }

    /** Writes a record without its sources. */
    public static void writeRecord(ByteBuffer b, int at, int type, int sources, int group) {
        b.putInt(at, type << 24 | sources);
        b.putInt(at + GROUP, group);
    }

    /** Writes the checksum, whose low 16 bits count. */
    public static void putChecksum(ByteBuffer b, int at, int checksum) {
        b.putShort(at + CHECKSUM, (short) checksum);
    }
}
