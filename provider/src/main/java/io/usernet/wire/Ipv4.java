package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * IPv4 header read and written in place; {@code at} is its first byte (RFC 791 section 3.1).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+-------------------------------+
 * |Version|  IHL  |Type of Service|          Total Length         |
 * +-------+-------+---------------+-----+-------------------------+
 * |         Identification        |Flags|     Fragment Offset     |
 * +---------------+---------------+-----+-------------------------+
 * | Time to Live  |    Protocol   |        Header Checksum        |
 * +---------------+---------------+-------------------------------+
 * |                        Source Address                         |
 * +---------------------------------------------------------------+
 * |                     Destination Address                       |
 * +---------------------------------------------------------------+
 * |                     Options, if IHL &gt; 5                     |
 * +---------------------------------------------------------------+
 * </pre>
 */
public final class Ipv4 {
    /** What {@link #version} says of one. */
    public static final int VERSION = 4;

    /** Length in bytes of a header without options. */
    public static final int HEADER = 20;

    /** Most bytes of a datagram, header included. */
    public static final int MAX_LENGTH = 65_535;

    /** Protocol numbers. */
    public static final int ICMP = 1, IGMP = 2, TCP = 6, UDP = 17;

    /** Length in bytes of a header with the Router Alert option alone (RFC 2113). */
    public static final int ALERT_HEADER = HEADER + 4;

    /** Flags, as bits of {@link #flags}. */
    public static final int DONT_FRAGMENT = 2, MORE_FRAGMENTS = 1;

    private static final int VERSION_IHL = 0,
            TOS = 1,
            TOTAL_LENGTH = 2,
            ID = 4,
            FLAGS_OFFSET = 6,
            TTL = 8,
            PROTOCOL = 9,
            CHECKSUM = 10,
            SRC = 12,
            DST = 16;

    /** Router Alert: a type that is copied to fragments, four bytes, and value 0. */
    private static final int ROUTER_ALERT = 0x9404_0000;

    private Ipv4() {}

    /**
     * {@return the header's length with options, or -1 if malformed: not version 4, a header that does
     * not fit, or a total length that the bytes up to {@code end} do not hold} The checksum is not
     * part of it.
     */
    public static int check(ByteBuffer b, int at, int end) {
        if (end - at < HEADER) return -1;
        int versionIhl = b.get(at + VERSION_IHL);
        int header = (versionIhl & 0xF) * 4;
        int total = b.getShort(at + TOTAL_LENGTH) & 0xFFFF;
        boolean sound = versionIhl >>> 4 == VERSION && header >= HEADER && header <= total;
        return sound && total <= end - at ? header : -1;
    }

    /** {@return the first four bits, which every version of IP has; reads one byte} */
    public static int version(ByteBuffer b, int at) {
        return b.get(at + VERSION_IHL) >>> 4 & 0xF;
    }

    /** {@return the header's length with options, 20 to 60 bytes once {@link #check} found it sound} */
    public static int headerLength(ByteBuffer b, int at) {
        return (b.get(at + VERSION_IHL) & 0xF) * 4;
    }

    /** {@return the second byte: the six bits of DSCP (RFC 2474), then the two of ECN (RFC 3168)} */
    public static int tos(ByteBuffer b, int at) {
        return b.get(at + TOS) & 0xFF;
    }

    /** {@return bytes of header and payload} */
    public static int totalLength(ByteBuffer b, int at) {
        return b.getShort(at + TOTAL_LENGTH) & 0xFFFF;
    }

    /** {@return the identification, 0 to 65535, which all fragments of a datagram share} */
    public static int id(ByteBuffer b, int at) {
        return b.getShort(at + ID) & 0xFFFF;
    }

    /** {@return the three flag bits} */
    public static int flags(ByteBuffer b, int at) {
        return b.getShort(at + FLAGS_OFFSET) >>> 13 & 7;
    }

    /** {@return where this fragment stands in the datagram's payload, in bytes} */
    public static int fragmentOffset(ByteBuffer b, int at) {
        return (b.getShort(at + FLAGS_OFFSET) & 0x1FFF) * 8;
    }

    /** {@return whether this is a piece of a datagram rather than a whole one} */
    public static boolean isFragment(ByteBuffer b, int at) {
        return (b.getShort(at + FLAGS_OFFSET) & 0x3FFF) != 0;
    }

    /** {@return how many more hops it may make, 0 to 255} */
    public static int ttl(ByteBuffer b, int at) {
        return b.get(at + TTL) & 0xFF;
    }

    /** {@return the number of the protocol inside, 0 to 255, such as {@link #TCP}} */
    public static int protocol(ByteBuffer b, int at) {
        return b.get(at + PROTOCOL) & 0xFF;
    }

    /** {@return the header's checksum as it stands there: see {@link #checksumOk}} */
    public static int checksum(ByteBuffer b, int at) {
        return b.getShort(at + CHECKSUM) & 0xFFFF;
    }

    /** {@return the source address, most significant byte first} */
    public static int src(ByteBuffer b, int at) {
        return b.getInt(at + SRC);
    }

    /** {@return the destination address, most significant byte first} */
    public static int dst(ByteBuffer b, int at) {
        return b.getInt(at + DST);
    }

    /** {@return whether the header checksum is right} */
    public static boolean checksumOk(ByteBuffer b, int at) {
        return Checksum.sum(b, at, headerLength(b, at)) == 0xFFFF;
    }

    /** Makes a fragment's header that of the whole datagram, checksum included. */
    public static void putWhole(ByteBuffer b, int at, int tos, int totalLength) {
        b.put(at + TOS, (byte) tos);
        b.putShort(at + TOTAL_LENGTH, (short) totalLength);
        b.putShort(at + FLAGS_OFFSET, (short) 0);
        b.putShort(at + CHECKSUM, (short) 0);
        int sum = Checksum.sum(b, at, headerLength(b, at));
        b.putShort(at + CHECKSUM, (short) Checksum.complement(sum));
    }

    /** Writes a header without options, checksum included. */
    public static void write(
            ByteBuffer b,
            int at,
            int tos,
            int totalLength,
            int id,
            int flags,
            int fragmentOffset,
            int ttl,
            int protocol,
            int src,
            int dst) {
        b.putInt(at, 0x45 << 24 | tos << 16 | totalLength);
        b.putInt(at + ID, id << 16 | flags << 13 | fragmentOffset >>> 3);
        b.putInt(at + TTL, ttl << 24 | protocol << 16);
        b.putInt(at + SRC, src);
        b.putInt(at + DST, dst);
        b.putShort(at + CHECKSUM, (short) Checksum.complement(Checksum.sum(b, at, HEADER)));
    }

    /** Puts the Router Alert option behind a header that was written with room for it. */
    public static void putRouterAlert(ByteBuffer b, int at) {
        b.put(at + VERSION_IHL, (byte) 0x46);
        b.putInt(at + HEADER, ROUTER_ALERT);
        b.putShort(at + CHECKSUM, (short) 0);
        b.putShort(at + CHECKSUM, (short) Checksum.complement(Checksum.sum(b, at, ALERT_HEADER)));
    }

    /** {@return whether a header that {@link #check} found sound has the Router Alert option, RFC 2113} */
    public static boolean hasRouterAlert(ByteBuffer b, int at) {
        int end = at + headerLength(b, at);
        for (int i = at + HEADER; i < end; ) {
            int type = b.get(i) & 0xFF;
            if (type == 0) return false; // the end of the list
            if (type == ROUTER_ALERT >>> 24) return true;
            int length = type == 1 ? 1 : i + 1 < end ? b.get(i + 1) & 0xFF : 0;
            if (length < 1 || type != 1 && length < 2) return false;
            i += length;
        }
        return false;
    }
}
