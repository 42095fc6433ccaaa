package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * One packet while it is printed: its bytes, how far they go, and the text so far. Every read is
 * preceded by {@link #has}; a packet that ends too early is printed as far as it goes, and then {@link
 * #truncated}.
 */
final class Dump {
    final StringBuilder out;
    final ByteBuffer b;

    /** Where the bytes at hand end; lowered while an inner packet is printed. */
    int end;

    /** Where the packet's last byte would be if all of it were at hand; {@code end} if it is. */
    private final int wholeEnd;

    /** The sum of the bytes from the first {@code end} to {@code wholeEnd}. */
    private final int restSum;

    private final int firstEnd;

    Dump(StringBuilder out, ByteBuffer b, int end, int wholeEnd, int restSum) {
        this.out = out;
        this.b = b;
        this.end = end;
        this.firstEnd = end;
        this.wholeEnd = wholeEnd;
        this.restSum = restSum;
    }

    boolean has(int at, int length) {
        return at + length <= end;
    }

    int u8(int at) {
        return b.get(at) & 0xFF;
    }

    int u16(int at) {
        return b.getShort(at) & 0xFFFF;
    }

    long u32(int at) {
        return b.getInt(at) & 0xFFFF_FFFFL;
    }

    /** Whether the sum of these bytes is known: they are at hand, or their rest has been summed. */
    boolean canSum(int at, int length) {
        return has(at, length) || end == firstEnd && at <= end && at + length == wholeEnd;
    }

    /** The one's complement sum of bytes for which {@link #canSum} holds. */
    int sum(int at, int length) {
        if (has(at, length)) return Checksum.sum(b, at, length);
        return Checksum.append(Checksum.sum(b, at, end - at), end - at, restSum);
    }

    /**
     * What a checksum field should hold.
     *
     * @param found what it holds
     * @param sum the sum of everything it covers, itself included
     */
    static int shouldBe(int found, int sum) {
        int wrongBy = Checksum.complement(sum);
        int right = Checksum.fold((long) found + wrongBy);
        return right == 0 ? 0xFFFF : right;
    }

    Dump s(String text) {
        out.append(text);
        return this;
    }

    Dump s(char c) {
        out.append(c);
        return this;
    }

    Dump n(long number) {
        out.append(number);
        return this;
    }

    Dump hex(long number) {
        out.append(Long.toHexString(number));
        return this;
    }

    /** Hexadecimal with leading zeros. */
    Dump hex(long number, int digits) {
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            out.append(Character.forDigit((int) (number >>> shift) & 0xF, 16));
        }
        return this;
    }

    Dump ip(int at) {
        return address(b.getInt(at));
    }

    Dump address(int a) {
        out.append(a >>> 24).append('.').append(a >>> 16 & 0xFF).append('.');
        out.append(a >>> 8 & 0xFF).append('.').append(a & 0xFF);
        return this;
    }

    /** Bytes with colons between, as hardware addresses are written. */
    Dump mac(int at, int length) {
        for (int i = 0; i < length; i++) {
            if (i > 0) out.append(':');
            hex(u8(at + i), 2);
        }
        return this;
    }

    /** The name of a value, or {@code otherwise} with the value in place of {@code #}. */
    Dump name(int value, String[] names, String otherwise) {
        if (value < names.length && names[value] != null) return s(names[value]);
        int place = otherwise.indexOf('#');
        if (place < 0) return s(otherwise);
        return s(otherwise.substring(0, place)).n(value).s(otherwise.substring(place + 1));
    }

    void truncated(String protocol) {
        s(" [|").s(protocol).s(']');
    }

    /** A character as terminals show it: {@code ^M}, {@code M-a}. */
    void character(int c) {
        if (c >= 0x80) s("M-");
        int low = c & 0x7F;
        if (low < 0x20 || low == 0x7F) s('^').s((char) (low ^ 0x40));
        else s((char) low);
    }

    /** Up to {@code length} bytes in hexadecimal, sixteen a line. */
    void hexBytes(int at, int length, String lineBreak) {
        int to = Math.min(end, at + length);
        for (int i = at; i < to; i++) {
            if ((i - at) % 16 == 0) s(lineBreak).s("0x").hex(i - at, 4).s(": ");
            if ((i - at) % 2 == 0) s(' ');
            hex(u8(i), 2);
        }
    }

    /** All bytes from {@code at} on, in hexadecimal and ASCII, sixteen a line. */
    void bytes(int at, String lineBreak) {
        for (int line = at; line < end; line += 16) {
            s(lineBreak).s("0x").hex(line - at, 4).s(": ");
            int n = Math.min(16, end - line);
            for (int i = 0; i < 16; i++) {
                if (i % 2 == 0) s(i < n ? " " : "     ");
                if (i < n) hex(u8(line + i), 2);
                else if (i % 2 != 0 && i == n) s("  ");
            }
            s("  ");
            for (int i = 0; i < n; i++) {
                int c = u8(line + i);
                s(c > 0x20 && c < 0x7F ? (char) c : '.');
            }
        }
    }
}
