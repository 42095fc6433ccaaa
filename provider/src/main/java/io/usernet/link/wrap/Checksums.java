package io.usernet.link.wrap;

import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;
import java.nio.ByteBuffer;

/** Puts into our copies of packets the checksums that a wire would carry. */
final class Checksums {
    private static final int IPV4_CHECKSUM = 10;

    private Checksums() {}

    /**
     * In a packet whose checksums the stack left to the link, or had no need to compute, puts the
     * right ones: that of the IPv4 header if there is none, and that of TCP or UDP unless the packet
     * is a fragment, or not all of it was summed. UDP's "no checksum" stays.
     *
     * @param b a ring's bytes
     * @param record where the packet's record begins in it
     */
    static void complete(ByteBuffer b, int record) {
        if (b.get(record + PacketRing.TRUSTED) == 0) return;
        int at = record + PacketRing.BYTES;
        int end = at + b.getInt(record + PacketRing.CAPTURED);
        int ip = at;
        if (b.get(record + PacketRing.LAYER) == 2) {
            if (Ethernet.check(b, at, end) < 0 || Ethernet.type(b, at) != Ethernet.IPV4) return;
            ip += Ethernet.HEADER;
        }
        int summedEnd = at + b.getInt(record + PacketRing.SUMMED);
        if (end - ip < Ipv4.HEADER) return;
        int header = Ipv4.check(b, ip, summedEnd);
        if (header < 0 || header > end - ip) return;
        if (Ipv4.checksum(b, ip) == 0) {
            int sum = Checksum.sum(b, ip, header);
            b.putShort(ip + IPV4_CHECKSUM, (short) Checksum.complement(sum));
        }
        if (Ipv4.isFragment(b, ip)) return;
        transport(b, ip, header, end, summedEnd, b.getInt(record + PacketRing.REST_SUM));
    }

    private static void transport(
            ByteBuffer b, int ip, int header, int end, int summedEnd, int restSum) {
        int ipEnd = ip + Ipv4.totalLength(b, ip);
        int from = ip + header;
        boolean hasRest = ipEnd > end;
        if (hasRest && ipEnd != summedEnd) return;
        int here = Math.min(ipEnd, end);
        int protocol = Ipv4.protocol(b, ip);
        int field;
        if (protocol == Ipv4.TCP && Tcp.check(b, from, here) > 0) {
            field = from + Tcp.CHECKSUM;
        } else if (protocol == Ipv4.UDP && here - from >= Udp.HEADER) {
            field = from + Udp.CHECKSUM;
            if (b.getShort(field) == 0) return;
        } else {
            return;
        }
        b.putShort(field, (short) 0);
        int length = ipEnd - from;
        int pseudo = Checksum.pseudoHeader(Ipv4.src(b, ip), Ipv4.dst(b, ip), protocol, length);
        int sum = Checksum.append(pseudo, 0, Checksum.sum(b, from, here - from));
        if (hasRest) sum = Checksum.append(sum, here - from, restSum);
        int checksum = Checksum.complement(sum);
        b.putShort(field, (short) (checksum == 0 && protocol == Ipv4.UDP ? 0xFFFF : checksum));
    }
}
