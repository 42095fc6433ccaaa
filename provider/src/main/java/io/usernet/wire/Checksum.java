package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * The Internet checksum (RFC 1071). A <em>sum</em> is the folded one's complement sum of 16-bit words
 * in 0..0xFFFF; the checksum on the wire is its complement.
 */
public final class Checksum {
    private Checksum() {}

    /**
     * {@return the sum of {@code length} bytes at {@code at}; an odd last byte counts as the high half
     * of a word}
     */
    public static int sum(ByteBuffer b, int at, int length) {
        long sum = 0;
        int i = at;
        int end8 = at + (length & ~7);
        for (; i < end8; i += 8) {
            long w = b.getLong(i);
            sum += (w >>> 32) + (w & 0xFFFF_FFFFL);
        }
        int end = at + length;
        if (end - i >= 4) {
            sum += b.getInt(i) & 0xFFFF_FFFFL;
            i += 4;
        }
        if (end - i >= 2) {
            sum += b.getShort(i) & 0xFFFF;
            i += 2;
        }
        if (end > i) sum += (b.get(i) & 0xFF) << 8;
        return fold(sum);
    }

    /**
     * {@return the sum of a byte string followed by another one}
     *
     * @param firstLength length in bytes of the first; where it is odd the second sum is byte-swapped
     */
    public static int append(int first, int firstLength, int second) {
        int s = (firstLength & 1) == 0 ? second : (second >>> 8 | second << 8) & 0xFFFF;
        return fold((long) first + s);
    }

    /** {@return a sum of words, folded into 16 bits} */
    public static int fold(long sum) {
        sum = (sum >>> 32) + (sum & 0xFFFF_FFFFL);
        sum = (sum >>> 32) + (sum & 0xFFFF_FFFFL);
        sum = (sum >>> 16) + (sum & 0xFFFF);
        sum = (sum >>> 16) + (sum & 0xFFFF);
        return (int) ((sum >>> 16) + (sum & 0xFFFF));
    }

    /**
     * {@return the sum of the IPv4 pseudo header (RFC 9293 section 3.1): addresses, protocol and
     * length}
     */
    public static int pseudoHeader(int src, int dst, int protocol, int length) {
        return fold(
                (src & 0xFFFF_FFFFL) + (dst & 0xFFFF_FFFFL) + protocol + (length & 0xFFFF_FFFFL));
    }

    /** {@return what goes on the wire for a sum: its complement} */
    public static int complement(int sum) {
        return ~sum & 0xFFFF;
    }
}
