package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Turns one bit of a frame over, so that the receiver's checksum finds it and nothing else does. One
 * bit always changes the sum: it is worth a power of two, which is not 0 modulo 65,535.
 *
 * <p>Not every byte is fit for that. TCP's data offset and options, and UDP's length, would make the
 * segment malformed; UDP's checksum might become 0, which means none (RFC 768).
 */
final class Corruption {
    private Corruption() {}

    /** Where the transport header begins, in bytes from the frame's start, or -1 if it has no checksum. */
    private static int transport(Frame frame, int layer) {
        ByteBuffer b = frame.bytes();
        int start = frame.start();
        int at = start;
        if (layer == 2) {
            boolean ipv4 =
                    Ethernet.check(b, at, frame.end()) > 0 && Ethernet.type(b, at) == Ethernet.IPV4;
            if (!ipv4) return -1;
            at += Ethernet.HEADER;
        }
        if (frame.end() - at < Ipv4.HEADER) return -1;
        int header = Ipv4.check(b, at, start + frame.length());
        if (header < 0 || Ipv4.isFragment(b, at)) return -1;
        return at - start + header;
    }

    /**
     * A frame with the same bytes in memory of its own, but for one bit.
     *
     * @return null if the frame has no checksum that would tell, or there is no memory; it is as it
     *     was, as it is otherwise
     */
    static Frame copyOf(Frame frame, int layer, SplittableRandom random) {
        if (frame.slices() == 0) return null;
        int transport = transport(frame, layer);
        if (transport < 0) return null;
        int length = frame.length();
        Frame copy = frame.pool().take();
        copy.reserve(length);
        if (copy.holder(0) != null) {
            frame.copy(0, length, copy.bytes(), copy.start());
            copy.filled(length);
            copy.segmentSize = frame.segmentSize;
            boolean summed = frame.checksum == Frame.Checksum.UNKNOWN;
            int ip = copy.start() + (layer == 2 ? Ethernet.HEADER : 0);
            if (flip(copy.bytes(), ip, copy.start() + transport, summed, random)) return copy;
        }
        copy.release();
        return null;
    }

    /**
     * @param at where the transport header begins
     * @param summed whether the checksum field holds what a wire carries; if not, it is put there
     */
    private static boolean flip(
            ByteBuffer b, int ip, int at, boolean summed, SplittableRandom random) {
        int end = ip + Ipv4.totalLength(b, ip);
        int protocol = Ipv4.protocol(b, ip);
        int spared; // bytes from here ...
        int behind; // ... up to here stay as they are
        int field;
        switch (protocol) {
            case Ipv4.TCP -> {
                int header = Tcp.check(b, at, end);
                if (header < 0) return false;
                field = Tcp.CHECKSUM;
                // The fixed header's first 12 bytes, and the payload: options lie between.
                spared = 12;
                behind = header;
            }
            case Ipv4.UDP -> {
                if (Udp.check(b, at, end) < 0) return false;
                if (summed && Udp.checksum(b, at) == 0) return false;
                end = at + Udp.length(b, at);
                field = Udp.CHECKSUM;
                spared = 4;
                behind = Udp.HEADER;
            }
            case Ipv4.ICMP -> {
                if (Icmp4.check(b, at, end) < 0) return false;
                field = 2;
                spared = behind = 0;
            }
            default -> {
                return false;
            }
        }
        if (!summed) complete(b, ip, at, end, protocol, field);
        int bit = random.nextInt((end - at - (behind - spared)) * 8);
        int byteAt = bit / 8 < spared ? bit / 8 : bit / 8 + behind - spared;
        b.put(at + byteAt, (byte) (b.get(at + byteAt) ^ 1 << bit % 8));
        return true;
    }

    private static void complete(ByteBuffer b, int ip, int at, int end, int protocol, int field) {
        b.putShort(at + field, (short) 0);
        int length = end - at;
        int sum = Checksum.sum(b, at, length);
        if (protocol != Ipv4.ICMP) {
            int pseudo = Checksum.pseudoHeader(Ipv4.src(b, ip), Ipv4.dst(b, ip), protocol, length);
            sum = Checksum.append(pseudo, 0, sum);
        }
        int checksum = Checksum.complement(sum);
        b.putShort(at + field, (short) (checksum == 0 && protocol == Ipv4.UDP ? 0xFFFF : checksum));
    }
}
