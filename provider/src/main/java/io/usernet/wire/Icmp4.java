package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * ICMP for IPv4 (RFC 792) read and written in place; {@code at} is its first byte. All messages begin
 * with type, code, checksum and four bytes whose meaning depends on the type.
 */
public final class Icmp4 {
    /** Length in bytes of the header that all messages have. */
    public static final int HEADER = 8;

    /** Types (RFC 792). */
    public static final int ECHO_REPLY = 0,
            UNREACHABLE = 3,
            ECHO_REQUEST = 8,
            TIME_EXCEEDED = 11,
            PARAMETER_PROBLEM = 12;

    /** Code of {@link #TIME_EXCEEDED}: fragments are missing. */
    public static final int REASSEMBLY_TIME_EXCEEDED = 1;

    /** Codes of {@link #UNREACHABLE} (RFC 792, RFC 1122 section 3.2.2.1). */
    public static final int NET_UNREACHABLE = 0,
            HOST_UNREACHABLE = 1,
            PROTOCOL_UNREACHABLE = 2,
            PORT_UNREACHABLE = 3,
            FRAGMENTATION_NEEDED = 4,
            NET_UNKNOWN = 6,
            HOST_UNKNOWN = 7,
            NET_PROHIBITED = 9,
            HOST_PROHIBITED = 10,
            ADMIN_PROHIBITED = 13;

    private static final int TYPE = 0, CODE = 1, CHECKSUM = 2, REST = 4;

    private Icmp4() {}

    /** {@return the header's length, or -1 if the message is too short to have one} */
    public static int check(ByteBuffer b, int at, int end) {
        return end - at < HEADER ? -1 : HEADER;
    }

    /** {@return the type, 0 to 255} */
    public static int type(ByteBuffer b, int at) {
        return b.get(at + TYPE) & 0xFF;
    }

    /** {@return the code, 0 to 255, whose meaning depends on the type} */
    public static int code(ByteBuffer b, int at) {
        return b.get(at + CODE) & 0xFF;
    }

    /** {@return the checksum as it stands there, 0 to 65535, unchecked} */
    public static int checksum(ByteBuffer b, int at) {
        return b.getShort(at + CHECKSUM) & 0xFFFF;
    }

    /** {@return the four bytes after the checksum: identifier and sequence number of an echo} */
    public static int rest(ByteBuffer b, int at) {
        return b.getInt(at + REST);
    }

    /**
     * {@return the next hop's MTU of a {@link #FRAGMENTATION_NEEDED} message (RFC 1191 section 4); 0
     * if unknown}
     */
    public static int nextHopMtu(ByteBuffer b, int at) {
        return b.getInt(at + REST) & 0xFFFF;
    }

    /** Writes the header with a zero checksum. */
    public static void write(ByteBuffer b, int at, int type, int code, int rest) {
        b.putInt(at, type << 24 | code << 16);
        b.putInt(at + REST, rest);
    }

    /** Writes the checksum, whose low 16 bits count; it covers the whole message. */
    public static void putChecksum(ByteBuffer b, int at, int checksum) {
        b.putShort(at + CHECKSUM, (short) checksum);
    }
}
