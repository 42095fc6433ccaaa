package io.usernet.stack;

import io.usernet.wire.Arp;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.MacAddress;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;
import java.nio.ByteBuffer;

/** Packets as arrays of bytes, for tests, and the fields of those that a stack sent. */
public final class Packets {
    private Packets() {}

    public static ByteBuffer direct(byte[] bytes) {
        ByteBuffer b = ByteBuffer.allocateDirect(bytes.length);
        b.put(0, bytes);
        return b;
    }

    public static byte[] array(ByteBuffer b) {
        byte[] bytes = new byte[b.capacity()];
        b.get(0, bytes);
        return bytes;
    }

    public static int ip(String address) {
        return Ipv4Address.parse(address);
    }

    public static byte[] ethernet(long dst, long src, int type, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocateDirect(Ethernet.HEADER + payload.length);
        Ethernet.write(b, 0, dst, src, type);
        b.put(Ethernet.HEADER, payload);
        return array(b);
    }

    /** An ARP packet in an Ethernet frame. */
    public static byte[] arp(
            long to, int op, long senderMac, String senderIp, long targetMac, String targetIp) {
        ByteBuffer b = ByteBuffer.allocateDirect(Arp.LENGTH);
        Arp.write(b, 0, op, senderMac, ip(senderIp), targetMac, ip(targetIp));
        return ethernet(to, senderMac, Ethernet.ARP, array(b));
    }

    public static byte[] ipv4(int protocol, String src, String dst, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocateDirect(Ipv4.HEADER + payload.length);
        Ipv4.write(b, 0, 0, b.capacity(), 7, 0, 0, 64, protocol, ip(src), ip(dst));
        b.put(Ipv4.HEADER, payload);
        return array(b);
    }

    /** A fragment of an ICMP message: {@code length} bytes of it beginning at {@code offset}. */
    public static byte[] fragment(
            byte[] message, int id, int offset, int length, String src, String dst) {
        ByteBuffer b = ByteBuffer.allocateDirect(Ipv4.HEADER + length);
        int flags = offset + length < message.length ? Ipv4.MORE_FRAGMENTS : 0;
        int total = b.capacity();
        Ipv4.write(b, 0, 0, total, id, flags, offset, 64, Ipv4.ICMP, ip(src), ip(dst));
        b.put(Ipv4.HEADER, message, offset, length);
        return array(b);
    }

    public static byte[] icmp(int type, int code, int rest, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocateDirect(Icmp4.HEADER + payload.length);
        Icmp4.write(b, 0, type, code, rest);
        b.put(Icmp4.HEADER, payload);
        Icmp4.putChecksum(b, 0, Checksum.complement(Checksum.sum(b, 0, b.capacity())));
        return array(b);
    }

    public static byte[] udp(String src, int srcPort, String dst, int dstPort, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocateDirect(Udp.HEADER + payload.length);
        Udp.write(b, 0, srcPort, dstPort, b.capacity());
        b.put(Udp.HEADER, payload);
        int pseudo = Checksum.pseudoHeader(ip(src), ip(dst), Ipv4.UDP, b.capacity());
        int sum = Checksum.append(pseudo, 0, Checksum.sum(b, 0, b.capacity()));
        b.putShort(Udp.CHECKSUM, (short) Checksum.complement(sum));
        return ipv4(Ipv4.UDP, src, dst, array(b));
    }

    /**
     * A TCP segment in an IP datagram.
     *
     * @param options a multiple of 4 bytes
     */
    public static byte[] tcp(
            String src,
            int srcPort,
            String dst,
            int dstPort,
            int seq,
            int ack,
            int flags,
            int window,
            byte[] options,
            byte[] payload) {
        int header = Tcp.HEADER + options.length;
        ByteBuffer b = ByteBuffer.allocateDirect(header + payload.length);
        Tcp.write(b, 0, srcPort, dstPort, seq, ack, header, flags, window);
        b.put(Tcp.HEADER, options);
        b.put(header, payload);
        int pseudo = Checksum.pseudoHeader(ip(src), ip(dst), Ipv4.TCP, b.capacity());
        int sum = Checksum.append(pseudo, 0, Checksum.sum(b, 0, b.capacity()));
        Tcp.putChecksum(b, 0, Checksum.complement(sum));
        return ipv4(Ipv4.TCP, src, dst, array(b));
    }

    public static byte[] tcp(
            String src, int srcPort, String dst, int dstPort, int seq, int ack, int flags) {
        byte[] none = {};
        return tcp(src, srcPort, dst, dstPort, seq, ack, flags, 65_535, none, none);
    }

    /** A frame in words, such as "arp who-has 10.0.0.1 tell 10.0.0.2" or "10.0.0.2 &gt; 10.0.0.1 icmp 0/0". */
    public static String describe(byte[] frame, int layer) {
        ByteBuffer b = direct(frame);
        int at = 0;
        if (layer == 2) {
            at = Ethernet.HEADER;
            if (Ethernet.type(b, 0) == Ethernet.ARP) return arp(b, at, Ethernet.dst(b, 0));
        }
        String ends =
                Ipv4Address.format(Ipv4.src(b, at)) + " > " + Ipv4Address.format(Ipv4.dst(b, at));
        int next = at + Ipv4.headerLength(b, at);
        return switch (Ipv4.protocol(b, at)) {
            case Ipv4.ICMP -> ends + " icmp " + Icmp4.type(b, next) + "/" + Icmp4.code(b, next);
            case Ipv4.TCP -> ends + " tcp " + tcp(b, next, at + Ipv4.totalLength(b, at));
            default -> ends + " protocol " + Ipv4.protocol(b, at);
        };
    }

    private static String tcp(ByteBuffer b, int at, int end) {
        int flags = Tcp.flags(b, at);
        StringBuilder s = new StringBuilder();
        s.append(Tcp.srcPort(b, at)).append('>').append(Tcp.dstPort(b, at)).append(' ');
        if ((flags & Tcp.SYN) != 0) s.append('S');
        if ((flags & Tcp.FIN) != 0) s.append('F');
        if ((flags & Tcp.RST) != 0) s.append('R');
        if ((flags & Tcp.PSH) != 0) s.append('P');
        if ((flags & Tcp.ACK) != 0) s.append('.');
        s.append(" seq ").append(Integer.toUnsignedString(Tcp.seq(b, at)));
        s.append(" ack ").append(Integer.toUnsignedString(Tcp.ack(b, at)));
        return s.append(" len ").append(end - at - Tcp.headerLength(b, at)).toString();
    }

    private static String arp(ByteBuffer b, int at, long dst) {
        String sender = Ipv4Address.format(Arp.senderIp(b, at));
        String target = Ipv4Address.format(Arp.targetIp(b, at));
        String to = dst == Ethernet.BROADCAST ? "" : " to " + MacAddress.format(dst);
        return Arp.op(b, at) == Arp.REQUEST
                ? "arp who-has " + target + " tell " + sender + to
                : "arp " + sender + " is-at " + MacAddress.format(Arp.senderMac(b, at)) + to;
    }
}
