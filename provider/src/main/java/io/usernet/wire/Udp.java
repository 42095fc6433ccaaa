package io.usernet.wire;

import java.nio.ByteBuffer;

/** UDP header (RFC 768) read and written in place; {@code at} is its first byte. */
public final class Udp {
    /** Length of the header in bytes. */
    public static final int HEADER = 8;

    /** Where the checksum stands in the header. */
    public static final int CHECKSUM = 6;

    private static final int SRC_PORT = 0, DST_PORT = 2, LENGTH = 4;

    private Udp() {}

    /**
     * {@return the header's length, or -1 if malformed: too short, or a length that the bytes do not
     * hold}
     */
    public static int check(ByteBuffer b, int at, int end) {
        if (end - at < HEADER) return -1;
        int length = b.getShort(at + LENGTH) & 0xFFFF;
        return length >= HEADER && length <= end - at ? HEADER : -1;
    }

    /** {@return the source port, 0 to 65535; 0: none} */
    public static int srcPort(ByteBuffer b, int at) {
        return b.getShort(at + SRC_PORT) & 0xFFFF;
    }

    /** {@return the destination port, 0 to 65535} */
    public static int dstPort(ByteBuffer b, int at) {
        return b.getShort(at + DST_PORT) & 0xFFFF;
    }

    /** {@return bytes of header and payload} */
    public static int length(ByteBuffer b, int at) {
        return b.getShort(at + LENGTH) & 0xFFFF;
    }

    /** {@return the checksum as it stands there, 0 to 65535; 0: the sender made none (RFC 768)} */
    public static int checksum(ByteBuffer b, int at) {
        return b.getShort(at + CHECKSUM) & 0xFFFF;
    }

    /** Writes the header with a zero checksum. */
    public static void write(ByteBuffer b, int at, int srcPort, int dstPort, int length) {
        b.putInt(at + SRC_PORT, srcPort << 16 | dstPort);
        b.putInt(at + LENGTH, length << 16);
    }
}
