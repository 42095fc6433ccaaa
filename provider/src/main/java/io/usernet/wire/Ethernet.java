package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * Ethernet II header read and written in place; {@code at} is its first byte. Hardware addresses are
 * the low 48 bits of a {@code long}.
 *
 * <pre>
 *  0           6           12    14
 * +-----------+-----------+-----+---------
 * |destination|  source   |type | payload
 * +-----------+-----------+-----+---------
 * </pre>
 */
public final class Ethernet {
    /** Length of the header in bytes. */
    public static final int HEADER = 14;

    /** EtherType of IPv4. */
    public static final int IPV4 = 0x0800;

    /** EtherType of ARP. */
    public static final int ARP = 0x0806;

    /** EtherType of IPv6. */
    public static final int IPV6 = 0x86DD;

    /** The broadcast address. */
    public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private static final long IPV4_GROUPS = 0x0100_5E00_0000L;

    static final int DST = 0, SRC = 6, TYPE = 12;

    private Ethernet() {}

    /** {@return the header's length, or -1 if the frame is too short to have one} */
    public static int check(ByteBuffer b, int at, int end) {
        return end - at < HEADER ? -1 : HEADER;
    }

    /** {@return the destination's hardware address, in the low 48 bits} */
    public static long dst(ByteBuffer b, int at) {
        return mac(b, at + DST);
    }

    /** {@return the source's hardware address, in the low 48 bits} */
    public static long src(ByteBuffer b, int at) {
        return mac(b, at + SRC);
    }

    /** {@return the EtherType, 0 to 65535; below 1536 it is a length (IEEE 802.3)} */
    public static int type(ByteBuffer b, int at) {
        return b.getShort(at + TYPE) & 0xFFFF;
    }

    /** Writes a whole header. */
    public static void write(ByteBuffer b, int at, long dst, long src, int type) {
        putMac(b, at + DST, dst);
        putMac(b, at + SRC, src);
        b.putShort(at + TYPE, (short) type);
    }

    /** {@return whether the group bit is set: multicast, or broadcast} */
    public static boolean isGroup(long mac) {
        return (mac >>> 40 & 1) != 0;
    }

    /** {@return where a datagram to an IPv4 group goes; 32 groups have the same (RFC 1112 section 6.4)} */
    public static long ofGroup(int group) {
        return IPV4_GROUPS | group & 0x7F_FFFF;
    }

    static long mac(ByteBuffer b, int at) {
        return (b.getShort(at) & 0xFFFFL) << 32 | b.getInt(at + 2) & 0xFFFF_FFFFL;
    }

    static void putMac(ByteBuffer b, int at, long mac) {
        b.putShort(at, (short) (mac >>> 32));
        b.putInt(at + 2, (int) mac);
    }
}
