package io.usernet.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Packets of all kinds, right and wrong, built byte by byte so that they share no code with ours. */
final class PacketCorpus {
    private static final int A = 0x0A00_0001, B = 0x0A00_0002;
    private static final int FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32;

    private final List<byte[]> packets = new ArrayList<>();

    private PacketCorpus() {}

    /** IP packets. */
    static List<byte[]> layer3() {
        PacketCorpus c = new PacketCorpus();
        c.tcp();
        c.udp();
        c.icmp();
        c.igmp();
        c.ip();
        c.ipv6();
        return c.packets;
    }

    /** Ethernet frames. */
    static List<byte[]> layer2() {
        PacketCorpus c = new PacketCorpus();
        c.arp();
        c.frames();
        return c.packets;
    }

    private void add(byte[] packet) {
        packets.add(packet);
    }

    // -- TCP

    private void tcp() {
        add(segment(SYN, 1, 0, 64_240, hex("020405b40402080a00000001000000000103 0307"), 0));
        add(segment(SYN | ACK, -1, 2, 65_160, hex("020405b40402080a0000000900000001 01030300"), 0));
        for (int flags = 0; flags < 256; flags++)
            add(segment(flags, 7, 9, 502, hex(""), flags % 3));
        add(segment(ACK, -100, 0x8000_0000, 0, hex("0101080a0000000200000001"), 1448));
        add(segment(ACK | PSH, -10, 1, 65_535, hex("0101080affffffff80000000"), 100));
        add(segment(ACK, 5, 6, 7, hex("0101050a0000006400000 0c8"), 0));
        add(segment(ACK, 5, 6, 7, hex("01010512 00000064 000000c8 80000000 ffffffff"), 0));
        add(
                segment(
                        ACK,
                        5,
                        6,
                        7,
                        hex(
                                "0101080a00000001000000020101051a 00000001 00000002 00000003"
                                        + " 00000004 00000005 00000006"),
                        0));
        add(segment(ACK, 5, 6, 7, hex("0101050b 00000001 00000002 00 00"), 0)); // no block
        add(segment(ACK | URG, 5, 6, 7, hex(""), 20));
        String[] options = {
            "00000000",
            "01000000",
            "01010101",
            "02",
            "0204",
            "020405",
            "020405b4",
            "020505b400",
            "020305",
            "0200ffff",
            "0201ffff",
            "03030e",
            "0303ff",
            "0302",
            "030400",
            "0402",
            "040300",
            "0502",
            "0506000000",
            "08",
            "080a0000000100",
            "0808000000010000",
            "080a0000000100000002",
            "080c00000001000000020000",
            "06060000 0001",
            "070600000002",
            "0606000000",
            "0b0600000003",
            "0c0600000004",
            "0d0600000005",
            "130e0102030405060708",
            "1312000102030405060708090a0b0c0d0e0f",
            "1c048005",
            "1c040005",
            "1c03ff",
            "2202",
            "220400ff",
            "220a0102030405060708",
            "2203ff",
            "fe04f989",
            "fe08f98901020304",
            "fd041234",
            "fe061234abcd",
            "fe02",
            "63040102",
            "6302",
            "6300",
            "ff28",
            "0e0301",
            "0f03ff",
            "0f03020202",
        };
        for (String option : options) add(segment(SYN, 1, 0, 100, padded(hex(option)), 0));
        // Without padding to four bytes the header's end cuts the option off.
        for (String option : new String[] {"0101010 2", "01010204", "010305ff", "01010805"}) {
            add(segment(SYN, 1, 0, 100, hex(option), 0));
        }
        add(segmentWith(RST, "connection refused".getBytes()));
        add(segmentWith(RST | ACK, "a reason that takes more than thirty characters".getBytes()));
        add(segmentWith(RST, hex("00 01 7f 80 ff 41 0a 20")));
        add(break_(segment(ACK, 1, 1, 1, hex(""), 11), 36, 1)); // checksum
        add(break_(segment(ACK, 1, 1, 1, hex(""), 12), 45, 0x80)); // payload
        add(zero(segment(ACK, 1, 1, 1, hex(""), 12), 36));
        for (int offset = 0; offset < 16; offset++) {
            byte[] p = segment(ACK, 1, 1, 1, hex("01010101"), 4);
            p[32] = (byte) (offset << 4);
            add(p);
            p = p.clone();
            p[32] |= 0x0F;
            add(p);
        }
        byte[] whole = segment(SYN, 1, 0, 100, hex("020405b4"), 6);
        for (int length = 20; length < whole.length; length++) add(Arrays.copyOf(whole, length));
        for (int length = 20; length < whole.length; length++) {
            add(ip(6, Arrays.copyOfRange(whole, 20, length)));
        }
        Random random = new Random(1);
        for (int i = 0; i < 60; i++) {
            byte[] text = new byte[random.nextInt(1400)];
            random.nextBytes(text);
            add(segmentWith(ACK, text));
        }
    }

    private static byte[] padded(byte[] options) {
        return Arrays.copyOf(options, options.length + 3 & ~3);
    }

    private static byte[] segment(
            int flags, int seq, int ack, int window, byte[] options, int text) {
        byte[] payload = new byte[text];
        for (int i = 0; i < text; i++) payload[i] = (byte) ('a' + i % 26);
        return segment(flags, seq, ack, window, options, payload);
    }

    private static byte[] segmentWith(int flags, byte[] text) {
        return segment(flags, 1, 1, 100, hex(""), text);
    }

    private static byte[] segment(
            int flags, int seq, int ack, int window, byte[] options, byte[] text) {
        ByteBuffer b = ByteBuffer.allocate(20 + options.length + text.length);
        b.putShort((short) 40_000).putShort((short) 6888).putInt(seq).putInt(ack);
        b.put((byte) (5 + options.length / 4 << 4)).put((byte) flags).putShort((short) window);
        b.putShort((short) 0).putShort((short) ((flags & URG) != 0 ? 3 : 0));
        b.put(options).put(text);
        b.putShort(16, (short) checksum(b.array(), A, B, 6));
        return ip(6, b.array());
    }

    // -- UDP

    private void udp() {
        add(datagram(100, true));
        add(datagram(0, true));
        add(datagram(7, false));
        add(break_(datagram(7, true), 26, 3));
        byte[] whole = datagram(20, true);
        for (int length = 20; length < whole.length; length++) add(Arrays.copyOf(whole, length));
        for (int length = 20; length < whole.length; length++) {
            add(ip(17, Arrays.copyOfRange(whole, 20, length)));
        }
        for (int said : new int[] {0, 7, 8, 9, 27, 29, 65_535}) {
            byte[] p = datagram(20, true);
            p[24] = (byte) (said >>> 8);
            p[25] = (byte) said;
            add(p);
        }
    }

    private static byte[] datagram(int text, boolean sum) {
        ByteBuffer b = ByteBuffer.allocate(8 + text);
        b.putShort((short) 40_000).putShort((short) 6889).putShort((short) (8 + text));
        for (int i = 0; i < text; i++) b.put(8 + i, (byte) i);
        if (sum) b.putShort(6, (short) checksum(b.array(), A, B, 17));
        return ip(17, b.array());
    }

    // -- ICMP

    private void icmp() {
        for (int type = 0; type < 48; type++) add(message(type, 0, 0x0001_0002, new byte[56]));
        for (int code = 0; code < 18; code++) {
            add(
                    message(
                            3,
                            code,
                            1400,
                            Arrays.copyOf(segment(SYN, 1, 0, 100, hex("020405b4"), 0), 28)));
            add(message(3, code, 0, datagram(30, true)));
        }
        add(message(3, 3, 0, ip(1, new byte[8])));
        add(message(3, 3, 0, datagram(500, true)));
        add(message(3, 3, 0, Arrays.copyOf(datagram(500, true), 300)));
        add(message(3, 1, 0, message(8, 0, 0x0007_0001, new byte[56])));
        add(message(3, 1, 0, message(3, 1, 0, Arrays.copyOf(datagram(9, true), 28))));
        for (int code = 0; code < 5; code++) {
            byte[] about = Arrays.copyOf(datagram(30, true), 28);
            add(message(5, code, A, about));
            add(message(11, code, 0, about));
            add(message(12, code, 20 << 24, about));
            add(message(4, code, 0, about));
        }
        add(message(9, 0, 2 << 24 | 2 << 16 | 1800, hex("0a000001 00000000 0a000002 80000000")));
        add(message(9, 0, 2 << 24 | 2 << 16 | 30, hex("0a000001 00000000")));
        add(message(9, 0, 1 << 24 | 3 << 16 | 9000, hex("0a000001 00000000")));
        add(message(14, 0, 0x0001_0002, hex("00000001 05265bff 01020304")));
        add(message(18, 0, 0x0001_0002, hex("ffffff00")));
        add(break_(message(8, 0, 1, new byte[9]), 22, 1));
        add(break_(message(8, 0, 1, new byte[9]), 35, 0x40));
        for (int type : new int[] {0, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 17, 18, 40}) {
            byte[] whole = message(type, type == 3 ? 3 : 0, 0, datagram(4, true));
            for (int n = 0; n < whole.length - 20; n++) {
                add(ip(1, Arrays.copyOfRange(whole, 20, 20 + n)));
            }
            for (int n = 0; n < whole.length; n += 3) add(Arrays.copyOf(whole, n));
        }
        byte[] about = Arrays.copyOf(datagram(500, true), 128);
        byte[] mpls = hex("2000 0000 0008 0101 0001 0140");
        put16(mpls, 2, complementOfSum(mpls));
        add(message(11, 0, 0, concat(about, mpls)));
        byte[] objects = hex("2000 0000 000c 0207 01020304 05060708 0008 6301 00000000");
        put16(objects, 2, complementOfSum(objects));
        add(message(11, 0, 17 << 16, concat(about, objects)));
        add(
                message(
                        11,
                        0,
                        17 << 16,
                        concat(about, hex("2000 1234 0008 0a01 00010140 00000000 00000000"))));
        add(
                message(
                        11,
                        0,
                        17 << 16,
                        concat(about, hex("3000 1234 0008 0a01 00010140 00000000 00000000"))));
    }

    private static byte[] message(int type, int code, int rest, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(8 + payload.length);
        b.put((byte) type).put((byte) code).putShort((short) 0).putInt(rest).put(payload);
        b.putShort(2, (short) complementOfSum(b.array()));
        return ip(1, b.array());
    }

    // -- IP

    // -- IGMP

    private void igmp() {
        String[] messages = {
            "1100 0000 00000000", // queries of version 1,
            "1164 0000 00000000", // of version 2,
            "1114 0000 ef010203",
            "1164 0000 00000000 027d0000", // and of version 3
            "110a 0000 ef010203 027d0000",
            "1180 0000 ef010203 027d0002 0a000001 0a000002",
            "11ff 0000 ef010203 0a800003 0a000001 0a000002", // too few sources
            "11a5 0000 00000000 027d0000",
            "1164 0000 ef010203 027d", // too short for version 3
            "1164 0000 00000000 027d0000 00",
            "1200 0000 ef010203",
            "1200 0000 ef010203 00000000",
            "1600 0000 ef010203",
            "1600 0000 ef010203 00000000",
            "1700 0000 ef010203",
            "2200 0000 00000001 04000000 ef010203",
            "2200 0000 00000002 01000001 ef010203 0a000001 02000000 ef010204",
            "2200 0000 00000002 03000000 ef010203 05000002 ef010204 0a000001 0a000002",
            "2200 0000 00000001 06000001 ef010203 0a000001",
            "2200 0000 00000001 07000000 ef010203", // no such record
            "2200 0000 00000003 04000000 ef010203", // too few records,
            "2200 0000 00000001 04000002 ef010203 0a000001", // and sources
            "2200 0000 00000000",
            "2200 0000 00000001 04000000 ef010203 00",
            "2200 0000 00000000 04000000 ef010203", // more than it says
            "3000 0000 ef010203",
        };
        for (String message : messages) {
            byte[] bytes = hex(message);
            put16(bytes, 2, complementOfSum(bytes));
            add(ip(2, bytes));
            add(ip(2, bytes, hex("94040000"))); // Router Alert
        }
        add(ip(2, hex("1164 1234 00000000"))); // wrong sums
        add(ip(2, hex("2200 1234 00000001 04000000 ef010203")));
        for (String cut : new String[] {"11", "1164", "1164 0000 0000", "16", "2200 0000 0000"}) {
            add(ip(2, hex(cut)));
        }
    }

    private void ip() {
        for (int protocol = 0; protocol < 256; protocol++) {
            // tcpdump decodes these; we do not.
            String decoded =
                    " 0 1 2 4 6 8 9 17 33 41 43 44 46 47 50 51 54 55 58 60 88 89 103 108 112 113 132 135 143 ";
            if (!decoded.contains(" " + protocol + " ")) add(ip(protocol, new byte[16]));
        }
        for (int tos = 0; tos < 256; tos += 5) add(change(datagram(3, true), 1, tos));
        for (int flags = 0; flags < 8; flags++) {
            add(change(datagram(3, true), 6, flags << 5));
            add(change(datagram(3, true), 6, flags << 5 | 1));
            add(change(segment(ACK, 1, 1, 1, hex(""), 3), 6, flags << 5));
            add(change(segment(ACK, 1, 1, 1, hex(""), 3), 7, flags));
            add(change(message(8, 0, 1, new byte[3]), 6, flags << 5));
            add(change(message(8, 0, 1, new byte[3]), 6, flags << 5 | 0x1F));
        }
        add(change(datagram(3, true), 8, 0)); // TTL
        add(change(datagram(3, true), 8, 255));
        add(break_(datagram(3, true), 10, 0x10)); // header checksum
        add(break_(datagram(3, true), 4, 0x10));
        for (int version = 0; version < 16; version++) {
            byte[] p = datagram(3, true);
            p[0] = (byte) (version << 4 | 5);
            if (version != 6) add(p);
        }
        for (int ihl = 0; ihl < 16; ihl++) {
            byte[] p = datagram(3, true);
            p[0] = (byte) (4 << 4 | ihl);
            if (ihl != 6 && ihl != 7) add(p);
        }
        for (int total : new int[] {0, 1, 19, 20, 27, 28, 31, 32, 100, 65_535}) {
            byte[] p = datagram(3, true);
            put16(p, 2, total);
            add(p);
        }
        String[] options = {
            "00000000",
            "01010100",
            "07070400000000",
            "070b0801020304000000 0000",
            "07030400",
            "07020000",
            "07050400ff00",
            "070b0501020304000000 0000",
            "070bff01020304000000 0000",
            "83070401020304",
            "830b0801020304 05060708",
            "890b0401020304 05060708",
            "44080500 00000001",
            "440c0900 00000001 00000002",
            "440c0d01 01020304 00000002",
            "440c0503 01020304 00000002",
            "440c0521 01020304 00000002",
            "44080504 00000001",
            "44030500",
            "44040500",
            "440605000102",
            "94040000",
            "94040001",
            "94030000",
            "820b0000000000000000 0000",
            "520c000000000000 00000000",
            "1e040102",
            "1e000102",
            "1e010102",
            "1e080102",
        };
        for (String option : options) {
            add(ip(17, datagramPayload(), padded(hex(option))));
            byte[] syn = Arrays.copyOfRange(segment(SYN, 1, 0, 100, hex(""), 0), 20, 40);
            add(ip(6, syn, padded(hex(option))));
        }
        byte[] routed = ip(17, datagramPayload(), padded(hex("830b0401020304 05060708")));
        for (int n = 0; n < routed.length; n++) add(Arrays.copyOf(routed, n));
    }

    private static byte[] datagramPayload() {
        return Arrays.copyOfRange(datagram(3, true), 20, 31);
    }

    // -- IPv6

    private void ipv6() {
        String all = "ff02000000000000000000000000 0002";
        String local = "fe800000000000000011 22fffe334455";
        add(ip6(58, 255, local, all, icmp6("85000000 00000000 0101 001122334455")));
        add(ip6(58, 255, local, all, icmp6("85000000 00000000")));
        String asked = "fe800000000000000000000000000001";
        add(
                ip6(
                        58,
                        255,
                        "0".repeat(32),
                        all,
                        icmp6("87000000 00000000" + asked + "0e01010203040506")));
        add(ip6(58, 255, local, all, icmp6("87000000 00000000" + asked + "0101001122334455")));
        add(ip6(58, 255, local, all, icmp6("88000000 60000000" + asked + "0201001122334455")));
        add(ip6(58, 255, local, all, icmp6("88000000 00000000" + asked)));
        add(ip6(58, 64, local, all, icmp6("80000000 00010002 0102030405")));
        add(ip6(58, 64, local, all, icmp6("81000000 00010002")));
        String group = "04000000 ff0200000000000000000001ff334455";
        String reportHead = "3a00050200000100";
        add(ip6(0, 1, local, all, concat(hex(reportHead), icmp6("8f000000 00000001" + group))));
        add(
                ip6(
                        0,
                        1,
                        local,
                        all,
                        concat(
                                hex(reportHead),
                                icmp6(
                                        "8f000000 00000002"
                                                + group
                                                + "03000002"
                                                + all
                                                + local
                                                + all))));
        String one = "20010db8000000000001000000000001", two = "20010db8000000010001000100010001";
        byte[] syn = Arrays.copyOfRange(segment(SYN, 1, 0, 100, hex("020405b4"), 0), 20, 44);
        add(ip6(6, 64, one, two, syn));
        add(ip6(17, 64, one, two, datagramPayload()));
        add(ip6(59, 64, one, two, hex("")));
        byte[] classed = ip6(59, 64, one, two, hex(""));
        classed[0] = 0x6B;
        classed[1] = (byte) 0x81;
        classed[3] = 7;
        add(classed);
        byte[] whole = ip6(17, 64, one, two, datagramPayload());
        for (int n = 1; n < whole.length; n += 5) add(Arrays.copyOf(whole, n));
    }

    private static byte[] icmp6(String message) {
        return hex(message);
    }

    private static byte[] ip6(int next, int hops, String src, String dst, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(40 + payload.length);
        b.putInt(6 << 28).putShort((short) payload.length).put((byte) next).put((byte) hops);
        b.put(hex(src)).put(hex(dst)).put(payload);
        int icmp = next == 58 ? 40 : next == 0 ? 48 : -1;
        if (icmp > 0) {
            long sum = 58 + b.capacity() - icmp;
            for (int i = 8; i < 40; i += 2) sum += b.getShort(i) & 0xFFFF;
            byte[] message = Arrays.copyOfRange(b.array(), icmp, b.capacity());
            sum += ~complementOfSum(message) & 0xFFFF;
            while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >>> 16);
            b.putShort(icmp + 2, (short) ~sum);
        }
        return b.array();
    }

    // -- Ethernet

    private void arp() {
        add(arp(1, 1, 0x0800, 6, 4, "020000000001", "0a000001", "000000000000", "0a000002"));
        add(arp(2, 1, 0x0800, 6, 4, "020000000001", "0a000001", "020000000002", "0a000002"));
        add(arp(1, 1, 0x0800, 6, 4, "020000000001", "0a000001", "ffffffffffff", "0a000001"));
        for (int op : new int[] {3, 4, 8, 9}) {
            add(arp(op, 1, 0x0800, 6, 4, "020000000001", "0a000001", "020000000002", "0a000002"));
        }
        byte[] padded =
                arp(1, 1, 0x0800, 6, 4, "020000000001", "0a000001", "000000000000", "0a000002");
        add(Arrays.copyOf(padded, 60));
        add(arp(0, 1, 0x0800, 6, 4, "020000000001", "0a000001", "000000000000", "0a000002"));
        add(arp(99, 1, 0x0800, 6, 4, "020000000001", "0a000001", "000000000000", "0a000002"));
        add(arp(1, 2, 0x0800, 6, 4, "020000000001", "0a000001", "000000000000", "0a000002"));
        add(arp(1, 1, 0x9999, 6, 4, "020000000001", "0a000001", "000000000000", "0a000002"));
        add(arp(1, 1, 0x0800, 4, 4, "02000000", "0a000001", "00000000", "0a000002"));
        add(arp(2, 1, 0x0800, 0, 4, "", "0a000001", "", "0a000002"));
        add(
                arp(
                        2,
                        1,
                        0x0800,
                        6,
                        6,
                        "020000000001",
                        "0a0000010000",
                        "000000000000",
                        "0a0000020000"));
        add(arp(1, 1, 0x0800, 255, 4, "020000000001", "0a000001", "000000000000", "0a000002"));
        for (int n = 14; n < 42; n++) add(Arrays.copyOf(padded, n));
    }

    private static byte[] arp(
            int op,
            int hrd,
            int pro,
            int hln,
            int pln,
            String sha,
            String spa,
            String tha,
            String tpa) {
        byte[] addresses = hex(sha + spa + tha + tpa);
        ByteBuffer b = ByteBuffer.allocate(8 + addresses.length);
        b.putShort((short) hrd).putShort((short) pro).put((byte) hln).put((byte) pln);
        b.putShort((short) op).put(addresses);
        return ethernet(0x0806, b.array());
    }

    private void frames() {
        add(ethernet(0x0800, segment(SYN, 1, 0, 64_240, hex("020405b4"), 0)));
        add(Arrays.copyOf(ethernet(0x0800, segment(ACK, 1, 1, 502, hex(""), 0)), 60)); // padded
        add(Arrays.copyOf(ethernet(0x0800, datagram(1, true)), 60));
        add(ethernet(0x0800, message(8, 0, 0x0001_0001, new byte[56])));
        for (int type : new int[] {0x1234, 0x05DD, 0xFFFE}) {
            byte[] payload = new byte[50];
            for (int i = 0; i < payload.length; i++) payload[i] = (byte) (i * 7);
            add(ethernet(type, payload));
        }
        for (int n = 0; n < 20; n++)
            add(ethernet(0x1234, "printable text here!".substring(n).getBytes()));
        byte[] whole = ethernet(0x0800, datagram(3, true));
        for (int n = 1; n < whole.length; n++) add(Arrays.copyOf(whole, n));
        byte[] wrong = ethernet(0x0800, datagram(3, true));
        wrong[14] = 0x65;
        add(wrong);
        byte[] wrong6 = ethernet(0x86DD, datagram(3, true));
        add(wrong6);
        add(ethernet(0x86DD, ip6(59, 64, "0".repeat(31) + "1", "0".repeat(31) + "1", hex(""))));
    }

    private static byte[] ethernet(int type, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(14 + payload.length);
        b.put(hex("020000000002 020000000001")).putShort((short) type).put(payload);
        return b.array();
    }

    // -- pieces

    private static byte[] ip(int protocol, byte[] payload) {
        return ip(protocol, payload, new byte[0]);
    }

    private static byte[] ip(int protocol, byte[] payload, byte[] options) {
        int header = 20 + options.length;
        ByteBuffer b = ByteBuffer.allocate(header + payload.length);
        b.put((byte) (4 << 4 | header / 4)).put((byte) 0).putShort((short) b.capacity());
        b.putShort((short) 7).putShort((short) 0x4000).put((byte) 64).put((byte) protocol);
        b.putShort((short) 0).putInt(A).putInt(B).put(options).put(payload);
        sumHeader(b.array());
        return b.array();
    }

    private static void sumHeader(byte[] packet) {
        put16(packet, 10, 0);
        int header = (packet[0] & 0xF) * 4;
        put16(packet, 10, complementOfSum(Arrays.copyOf(packet, header)));
    }

    /** Changes one byte of an IP header, and its checksum with it. */
    private static byte[] change(byte[] packet, int at, int value) {
        packet[at] = (byte) value;
        sumHeader(packet);
        return packet;
    }

    private static byte[] break_(byte[] packet, int at, int mask) {
        packet[at] ^= (byte) mask;
        return packet;
    }

    private static byte[] zero(byte[] packet, int at) {
        put16(packet, at, 0);
        return packet;
    }

    private static void put16(byte[] b, int at, int value) {
        b[at] = (byte) (value >>> 8);
        b[at + 1] = (byte) value;
    }

    private static int checksum(byte[] transport, int src, int dst, int protocol) {
        ByteBuffer b = ByteBuffer.allocate(12 + transport.length);
        b.putInt(src).putInt(dst).putShort((short) protocol).putShort((short) transport.length);
        b.put(transport);
        return complementOfSum(b.array());
    }

    private static int complementOfSum(byte[] bytes) {
        long sum = 0;
        for (int i = 0; i < bytes.length; i++) sum += (bytes[i] & 0xFF) << (i % 2 == 0 ? 8 : 0);
        while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >>> 16);
        return (int) ~sum & 0xFFFF;
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }
}
