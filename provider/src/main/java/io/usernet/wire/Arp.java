package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * ARP for IPv4 over Ethernet (RFC 826) read and written in place; {@code at} is its first byte.
 *
 * <pre>
 *  0    2    4  5  6    8       14     18      24     28
 * +----+----+--+--+----+-------+------+-------+------+
 * |hrd |pro |hl|pl|op  |sha    |spa   |tha    |tpa   |
 * +----+----+--+--+----+-------+------+-------+------+
 * </pre>
 */
public final class Arp {
    /** Length in bytes. */
    public static final int LENGTH = 28;

    /** Operations. */
    public static final int REQUEST = 1, REPLY = 2;

    private static final int HRD = 0, HLN = 4, OP = 6, SHA = 8, SPA = 14, THA = 18, TPA = 24;

    private Arp() {}

    /** {@return the length, or -1 if this isn't ARP for IPv4 over Ethernet} */
    public static int check(ByteBuffer b, int at, int end) {
        if (end - at < LENGTH) return -1;
        boolean ethernetAndIpv4 = b.getInt(at + HRD) == (1 << 16 | Ethernet.IPV4);
        return ethernetAndIpv4 && b.getShort(at + HLN) == (6 << 8 | 4) ? LENGTH : -1;
    }

    /** {@return the operation, {@link #REQUEST} or {@link #REPLY}, or what else the packet has, 0 to 65535} */
    public static int op(ByteBuffer b, int at) {
        return b.getShort(at + OP) & 0xFFFF;
    }

    /** {@return the sender's hardware address, in the low 48 bits} */
    public static long senderMac(ByteBuffer b, int at) {
        return Ethernet.mac(b, at + SHA);
    }

    /** {@return the sender's IPv4 address; 0 in a probe (RFC 5227 section 1.1)} */
    public static int senderIp(ByteBuffer b, int at) {
        return b.getInt(at + SPA);
    }

    /** {@return the target's hardware address, in the low 48 bits; of no meaning in a request} */
    public static long targetMac(ByteBuffer b, int at) {
        return Ethernet.mac(b, at + THA);
    }

    /** {@return the IPv4 address that is asked for, or of whom the reply is for} */
    public static int targetIp(ByteBuffer b, int at) {
        return b.getInt(at + TPA);
    }

    /** Writes a whole packet. */
    public static void write(
            ByteBuffer b,
            int at,
            int op,
            long senderMac,
            int senderIp,
            long targetMac,
            int targetIp) {
        b.putInt(at + HRD, 1 << 16 | Ethernet.IPV4);
        b.putShort(at + HLN, (short) (6 << 8 | 4));
        b.putShort(at + OP, (short) op);
        Ethernet.putMac(b, at + SHA, senderMac);
        b.putInt(at + SPA, senderIp);
        Ethernet.putMac(b, at + THA, targetMac);
        b.putInt(at + TPA, targetIp);
    }
}
