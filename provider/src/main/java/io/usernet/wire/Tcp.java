package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * TCP header read and written in place; {@code at} is its first byte (RFC 9293 section 3.1).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          Source Port          |       Destination Port        |
 * +-------------------------------+-------------------------------+
 * |                        Sequence Number                        |
 * +---------------------------------------------------------------+
 * |                    Acknowledgment Number                      |
 * +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 * | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |
 * +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 * |           Checksum            |         Urgent Pointer        |
 * +-------------------------------+-------------------------------+
 * |                           [Options]                           |
 * +---------------------------------------------------------------+
 * </pre>
 */
public final class Tcp {
    /** Length in bytes of a header without options, and of the longest one. */
    public static final int HEADER = 20, MAX_HEADER = 60;

    /** Control bits. */
    public static final int FIN = 0x01,
            SYN = 0x02,
            RST = 0x04,
            PSH = 0x08,
            ACK = 0x10,
            URG = 0x20,
            ECE = 0x40,
            CWR = 0x80;

    /** Where the checksum stands in the header. */
    public static final int CHECKSUM = 16;

    static final int SRC_PORT = 0,
            DST_PORT = 2,
            SEQ = 4,
            ACK_NUMBER = 8,
            DATA_OFFSET = 12,
            FLAGS = 13,
            WINDOW = 14,
            URGENT = 18;

    private Tcp() {}

    /** {@return the header's length with options, or -1 if malformed} */
    public static int check(ByteBuffer b, int at, int end) {
        if (end - at < HEADER) return -1;
        int length = b.get(at + DATA_OFFSET) >>> 2 & 0x3C;
        return length >= HEADER && length <= end - at ? length : -1;
    }

    /** {@return the header's length with options, 20 to 60 bytes once {@link #check} found it sound} */
    public static int headerLength(ByteBuffer b, int at) {
        return b.get(at + DATA_OFFSET) >>> 2 & 0x3C;
    }

    /** {@return the source port, 0 to 65535} */
    public static int srcPort(ByteBuffer b, int at) {
        return b.getShort(at + SRC_PORT) & 0xFFFF;
    }

    /** {@return the destination port, 0 to 65535} */
    public static int dstPort(ByteBuffer b, int at) {
        return b.getShort(at + DST_PORT) & 0xFFFF;
    }

    /** {@return the sequence number of the first byte, or of SYN: see {@link Seq}} */
    public static int seq(ByteBuffer b, int at) {
        return b.getInt(at + SEQ);
    }

    /** {@return the next sequence number that its sender expects; of no meaning without {@link #ACK}} */
    public static int ack(ByteBuffer b, int at) {
        return b.getInt(at + ACK_NUMBER);
    }

    /** {@return the eight control bits} */
    public static int flags(ByteBuffer b, int at) {
        return b.get(at + FLAGS) & 0xFF;
    }

    /** {@return the window field as it stands in the header, unscaled} */
    public static int window(ByteBuffer b, int at) {
        return b.getShort(at + WINDOW) & 0xFFFF;
    }

    /** {@return the checksum as it stands there, 0 to 65535, unchecked} */
    public static int checksum(ByteBuffer b, int at) {
        return b.getShort(at + CHECKSUM) & 0xFFFF;
    }

    /** {@return the urgent pointer, 0 to 65535; of no meaning without {@link #URG}} */
    public static int urgent(ByteBuffer b, int at) {
        return b.getShort(at + URGENT) & 0xFFFF;
    }

    /**
     * Writes the fixed part of the header with a zero checksum and urgent pointer.
     *
     * @param headerLength with options, a multiple of 4
     * @param window unscaled, 0..65535
     */
    public static void write(
            ByteBuffer b,
            int at,
            int srcPort,
            int dstPort,
            int seq,
            int ack,
            int headerLength,
            int flags,
            int window) {
        b.putInt(at + SRC_PORT, srcPort << 16 | dstPort);
        b.putInt(at + SEQ, seq);
        b.putInt(at + ACK_NUMBER, ack);
        b.putInt(at + DATA_OFFSET, headerLength << 26 | flags << 16 | window);
        b.putInt(at + CHECKSUM, 0);
    }

    /** Writes the urgent pointer, which counts only with {@link #URG}. */
    public static void putUrgent(ByteBuffer b, int at, int pointer) {
        b.putShort(at + URGENT, (short) pointer);
    }

    /** Writes the checksum, whose low 16 bits count. */
    public static void putChecksum(ByteBuffer b, int at, int checksum) {
        b.putShort(at + CHECKSUM, (short) checksum);
    }
}
