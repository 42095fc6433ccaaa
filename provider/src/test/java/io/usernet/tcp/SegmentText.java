package io.usernet.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.frame.Frame;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A TCP segment in packetdrill's notation: {@code P. 1:101(100) ack 1 win 320 <nop,nop,TS val 5 ecr
 * 7>}. Text is what {@link #byteAt} says for its position in the stream.
 */
final class SegmentText {
    private static final Pattern FORM =
            Pattern.compile(
                    "([SFPR.WEU]+) (\\d+):(\\d+)\\((\\d+)\\)(?: ack (\\d+))?(?: win (\\d+))?(?: urg (\\d+))?"
                            + "(?: <(.*)>)?");
    private static final String LETTERS = "FSRP.UEW";

    int flags, length;
    long seq;
    long ack = -1; // -1: not given
    int window = -1; // -1: not given
    int urgent; // the pointer; 0: none
    String options; // null: not given
    private byte[] payload;

    /** The byte at a position of either stream. */
    static byte byteAt(long position) {
        return (byte) (position * 31 ^ position >> 7);
    }

    static SegmentText parse(String text) {
        Matcher m = FORM.matcher(text);
        if (!m.matches()) throw new IllegalArgumentException(text);
        SegmentText s = new SegmentText();
        for (char letter : m.group(1).toCharArray()) s.flags |= 1 << LETTERS.indexOf(letter);
        s.seq = Long.parseLong(m.group(2));
        s.length = Integer.parseInt(m.group(4));
        assertEquals(s.seq + s.length, Long.parseLong(m.group(3)), text);
        if (m.group(5) != null) s.ack = Long.parseLong(m.group(5));
        if (m.group(6) != null) s.window = Integer.parseInt(m.group(6));
        if (m.group(7) != null) s.urgent = Integer.parseInt(m.group(7));
        s.options = m.group(8);
        return s;
    }

    /** This one with ACK, window and options only where {@code other} gives them. */
    SegmentText like(SegmentText other) {
        if (other.ack < 0) ack = -1;
        if (other.window < 0) window = -1;
        if (other.options == null) options = null;
        return this;
    }

    String render() {
        StringBuilder b = new StringBuilder();
        for (char letter : "SFPR.UEW".toCharArray()) {
            if ((flags & 1 << LETTERS.indexOf(letter)) != 0) b.append(letter);
        }
        b.append(' ').append(seq).append(':').append(seq + length).append('(').append(length);
        b.append(')');
        if (ack >= 0) b.append(" ack ").append(ack);
        if (window >= 0) b.append(" win ").append(window);
        if (urgent > 0) b.append(" urg ").append(urgent);
        if (options != null && !options.isEmpty()) b.append(" <").append(options).append('>');
        return b.toString();
    }

    /** As octets; the ACK and SACK blocks are relative to {@code otherIsn}. */
    byte[] toBytes(int isn, int otherIsn, int srcPort, int dstPort) {
        ByteBuffer opts = ByteBuffer.allocate(64);
        int at = 0;
        if (options != null && !options.isEmpty()) {
            for (String option : options.split(",")) at = put(opts, at, option.trim(), otherIsn);
        }
        while (at % 4 != 0) opts.put(at++, (byte) 0);
        int header = Tcp.HEADER + at;
        ByteBuffer b = ByteBuffer.allocate(header + length);
        int win = window < 0 ? 65_535 : window;
        int ackNumber = (flags & Tcp.ACK) != 0 ? otherIsn + (int) ack : 0;
        Tcp.write(b, 0, srcPort, dstPort, isn + (int) seq, ackNumber, header, flags, win);
        Tcp.putUrgent(b, 0, urgent);
        b.put(Tcp.HEADER, opts.array(), 0, at);
        long first = (flags & Tcp.SYN) != 0 ? seq : seq - 1; // a SYN is an octet before its text
        for (int i = 0; i < length; i++) b.put(header + i, byteAt(first + i));
        return b.array();
    }

    private static int put(ByteBuffer b, int at, String option, int otherIsn) {
        String[] words = option.split(" ");
        switch (words[0]) {
            case "nop" -> b.put(at, (byte) 1);
            case "mss" -> {
                return TcpOptions.writeMss(b, at, Integer.parseInt(words[1]));
            }
            case "wscale" -> {
                b.put(at, (byte) 3).put(at + 1, (byte) 3);
                b.put(at + 2, Byte.parseByte(words[1]));
                return at + 3;
            }
            case "sackOK" -> {
                b.put(at, (byte) 4).put(at + 1, (byte) 2);
                return at + 2;
            }
            case "TS" -> {
                b.put(at, (byte) 8).put(at + 1, (byte) 10);
                b.putInt(at + 2, (int) Long.parseLong(words[2]));
                b.putInt(at + 6, (int) Long.parseLong(words[4]));
                return at + 10;
            }
            case "sack" -> {
                b.put(at, (byte) 5).put(at + 1, (byte) (2 + 8 * (words.length - 1)));
                at += 2;
                for (int i = 1; i < words.length; i++) {
                    String[] edges = words[i].split(":");
                    b.putInt(at, otherIsn + (int) Long.parseLong(edges[0]));
                    b.putInt(at + 4, otherIsn + (int) Long.parseLong(edges[1]));
                    at += 8;
                }
                return at;
            }
            default -> throw new IllegalArgumentException(option);
        }
        return at + 1;
    }

    /** All bytes of a frame in one piece. */
    static byte[] bytes(Frame frame) {
        ByteBuffer b = ByteBuffer.allocate(frame.length());
        frame.copy(0, b.capacity(), b, 0);
        return b.array();
    }

    /** Reads octets of a segment whose sender began at {@code isn}. */
    static SegmentText read(byte[] bytes, int isn, int otherIsn) {
        ByteBuffer b = ByteBuffer.wrap(bytes);
        SegmentText s = new SegmentText();
        int header = Tcp.headerLength(b, 0);
        s.flags = Tcp.flags(b, 0);
        s.seq = Integer.toUnsignedLong(Tcp.seq(b, 0) - isn);
        if ((s.flags & Tcp.ACK) != 0) s.ack = Integer.toUnsignedLong(Tcp.ack(b, 0) - otherIsn);
        s.window = Tcp.window(b, 0);
        s.urgent = Tcp.urgent(b, 0);
        s.length = bytes.length - header;
        s.payload = new byte[s.length];
        b.get(header, s.payload);
        s.options = options(b, Tcp.HEADER, header, otherIsn);
        return s;
    }

    private static String options(ByteBuffer b, int at, int end, int otherIsn) {
        List<String> list = new ArrayList<>();
        while (at < end) {
            int kind = b.get(at);
            if (kind == 0) break;
            if (kind == 1) {
                list.add("nop");
                at++;
                continue;
            }
            int length = b.get(at + 1);
            list.add(option(b, at, kind, length, otherIsn));
            at += length;
        }
        return String.join(",", list);
    }

    private static String option(ByteBuffer b, int at, int kind, int length, int otherIsn) {
        return switch (kind) {
            case 2 -> "mss " + (b.getShort(at + 2) & 0xFFFF);
            case 3 -> "wscale " + b.get(at + 2);
            case 4 -> "sackOK";
            case 8 ->
                    "TS val "
                            + Integer.toUnsignedString(b.getInt(at + 2))
                            + " ecr "
                            + Integer.toUnsignedString(b.getInt(at + 6));
            case 5 -> {
                StringBuilder text = new StringBuilder("sack");
                for (int i = at + 2; i < at + length; i += 8) {
                    text.append(' ').append(Integer.toUnsignedLong(b.getInt(i) - otherIsn));
                    text.append(':').append(Integer.toUnsignedLong(b.getInt(i + 4) - otherIsn));
                }
                yield text.toString();
            }
            default -> "kind " + kind;
        };
    }

    void verifyPayload() {
        for (int i = 0; i < length; i++) {
            assertEquals(byteAt(seq - 1 + i), payload[i], "byte " + i + " of " + render());
        }
    }
}
