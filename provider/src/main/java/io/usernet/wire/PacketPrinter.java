package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * Packets in tcpdump's notation, as {@code tcpdump -S -nn -vvv} 4.99 prints them: absolute sequence
 * numbers, no names, checksums verified. An IPv4 packet takes two lines, without a line feed at the
 * end:
 *
 * <pre>
 * IP (tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto TCP (6), length 60)
 *     10.0.0.1.40000 &gt; 10.0.0.2.6888: Flags [S], cksum 0x6f0a (correct), seq 1, win 64240, ...
 * </pre>
 *
 * <p>Differences, on purpose: what TCP and UDP carry is not decoded, whatever the port (tcpdump does
 * that for some hundred well-known ones, such as HTTP on 80 and DNS on 53); nor is what an Ethernet
 * frame carries other than ARP, IPv4 and IPv6; nor DVMRP, PIM and traces in IGMP's guise; of IPv6, only ICMPv6's neighbour discovery, listener
 * reports and echo, TCP and UDP are.
 *
 * <p>Works on any bytes whatever and never throws. Thread-safe; allocates, so not in the loop.
 */
public final class PacketPrinter {
    private static final String[] ARP_OPERATIONS = {
        null,
        "Request",
        "Reply",
        "Reverse Request",
        "Reverse Reply",
        null,
        null,
        null,
        "Inverse Request",
        "Inverse Reply"
    };
    private static final int ARP_FIXED = 8;

    private PacketPrinter() {}

    /**
     * Appends a packet that is whole.
     *
     * @param at its first byte
     * @param end where it ends
     * @param layer 2: it begins with an Ethernet header; 3: with an IP header
     */
    public static void print(StringBuilder out, ByteBuffer b, int at, int end, int layer) {
        print(out, b, at, end, layer, end - at, end - at, 0);
    }

    /**
     * Appends a packet of which only the first bytes are at hand. Where the sum of those that an IP
     * packet has beyond them is known, checksums can be verified nevertheless.
     *
     * @param at its first byte
     * @param end where the bytes at hand end
     * @param layer 2: it begins with an Ethernet header; 3: with an IP header
     * @param length of the whole packet
     * @param summed how many of its bytes are at hand or counted in {@code restSum}
     * @param restSum {@link Checksum#sum} of those that are not at hand
     */
    public static void print(
            StringBuilder out,
            ByteBuffer b,
            int at,
            int end,
            int layer,
            int length,
            int summed,
            int restSum) {
        Dump d = new Dump(out, b, end, at + summed, restSum);
        if (length == 0) d.s("[Invalid header: caplen==0, len==0]");
        else if (layer == 2) ethernet(d, at, length);
        else ip(d, at, length);
    }

    /** Appends a time of day as {@code HH:MM:SS.uuuuuu}. */
    public static void timeOfDay(StringBuilder out, long microsOfDay) {
        int seconds = (int) (microsOfDay / 1_000_000);
        padded(out, seconds / 3600 % 24, 10);
        padded(out.append(':'), seconds / 60 % 60, 10);
        padded(out.append(':'), seconds % 60, 10);
        padded(out.append('.'), (int) (microsOfDay % 1_000_000), 100_000);
    }

    private static void padded(StringBuilder out, int number, int highest) {
        for (int digit = highest; digit > 0; digit /= 10) {
            out.append((char) ('0' + number / digit % 10));
        }
    }

    private static void ip(Dump d, int at, int length) {
        if (!d.has(at, 1)) {
            d.truncated("ip");
            return;
        }
        switch (d.u8(at) >>> 4) {
            case 4 -> Ipv4Printer.print(d, at, length);
            case 6 -> Ipv6Printer.print(d, at, length);
            default -> d.s("unknown ip ").n(d.u8(at) >>> 4);
        }
    }

    private static void ethernet(Dump d, int at, int length) {
        if (!d.has(at, Ethernet.HEADER) || length < Ethernet.HEADER) {
            d.truncated("ether");
            return;
        }
        int type = Ethernet.type(d.b, at);
        int inner = at + Ethernet.HEADER;
        switch (type) {
            case Ethernet.IPV4 -> Ipv4Printer.print(d, inner, length - Ethernet.HEADER);
            case Ethernet.ARP -> arp(d, inner, length - Ethernet.HEADER);
            case Ethernet.IPV6 -> Ipv6Printer.print(d, inner, length - Ethernet.HEADER);
            default -> unknown(d, at, type, length);
        }
    }

    private static void unknown(Dump d, int at, int type, int length) {
        d.mac(at + Ethernet.SRC, 6).s(" > ").mac(at + Ethernet.DST, 6);
        if (type <= 1500) d.s(", 802.3"); // IEEE 802.3: it is a length
        else d.s(", ethertype Unknown (0x").hex(type, 4).s(')');
        d.s(", length ").n(length).s(": ");
        d.bytes(at + Ethernet.HEADER, "\n\t");
    }

    private static void arp(Dump d, int at, int length) {
        if (!d.has(at, ARP_FIXED)) {
            d.truncated("arp");
            return;
        }
        int hln = d.u8(at + 4);
        int pln = d.u8(at + 5);
        int sha = at + ARP_FIXED;
        int spa = sha + hln;
        int tha = spa + pln;
        int tpa = tha + hln;
        if (!d.has(tpa, pln)) {
            d.truncated("arp");
            return;
        }
        d.s("ARP, ");
        int hardware = d.u16(at);
        if (hardware == 1) d.s("Ethernet");
        else d.s("Unknown Hardware (").n(hardware).s(')');
        int protocol = d.u16(at + 2);
        d.s(" (len ").n(hln).s("), ");
        if (protocol == Ethernet.IPV4) d.s("IPv4");
        else d.s("Unknown Protocol (0x").hex(protocol, 4).s(')');
        d.s(" (len ").n(pln).s("), ");
        int op = d.u16(at + 6);
        d.name(op, ARP_OPERATIONS, "Unknown (#)").s(' ');
        switch (op) {
            case Arp.REQUEST -> {
                d.s("who-has ");
                protocolAddress(d, tpa, protocol, pln);
                if (!isZero(d, tha, hln)) {
                    d.s(" (");
                    hardwareAddress(d, tha, hln);
                    d.s(')');
                }
                d.s(" tell ");
                protocolAddress(d, spa, protocol, pln);
            }
            case Arp.REPLY -> {
                protocolAddress(d, spa, protocol, pln);
                d.s(" is-at ");
                hardwareAddress(d, sha, hln);
            }
            case 3, 8 -> {
                d.s("who-is ");
                hardwareAddress(d, tha, hln);
                d.s(" tell ");
                hardwareAddress(d, sha, hln);
            }
            case 4 -> {
                hardwareAddress(d, tha, hln);
                d.s(" at ");
                protocolAddress(d, tpa, protocol, pln);
            }
            case 9 -> {
                hardwareAddress(d, sha, hln);
                d.s(" at ");
                protocolAddress(d, spa, protocol, pln);
            }
            default -> {
                d.bytes(at, "\n\t");
                return;
            }
        }
        d.s(", length ").n(length);
    }

    private static boolean isZero(Dump d, int at, int length) {
        for (int i = 0; i < length; i++) if (d.u8(at + i) != 0) return false;
        return true;
    }

    private static void protocolAddress(Dump d, int at, int protocol, int length) {
        if (protocol != Ethernet.IPV4) d.s("<wrong proto type>");
        else if (length != 4) d.s("<wrong len>");
        else d.ip(at);
    }

    private static void hardwareAddress(Dump d, int at, int length) {
        if (length == 0) d.s("<empty>");
        else d.mac(at, length);
    }
}
