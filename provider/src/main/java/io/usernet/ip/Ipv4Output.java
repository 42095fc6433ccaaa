package io.usernet.ip;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ipv4;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Writes IPv4 headers and transport checksums. Everything we send has DF set (RFC 1191). */
public final class Ipv4Output {
    private static final int COUNTERS = 256;

    private final int ttl;
    private final int secret;
    // Identifiers count up from somewhere, apart for (nearly) each pair of hosts: atomic datagrams
    // (RFC 6864 section 4.1) need none, but middleboxes that clear DF and cut exist.
    private final short[] ids = new short[COUNTERS];

    /**
     * @param seed where identifiers begin
     */
    public Ipv4Output(Sysctls sysctls, long seed) {
        ttl = sysctls.getInt(Sysctl.IP_DEFAULT_TTL);
        SplittableRandom random = new SplittableRandom(seed);
        secret = random.nextInt();
        for (int i = 0; i < COUNTERS; i++) ids[i] = (short) random.nextInt();
    }

    /** Puts the IP header before what {@code out} holds. */
    public void header(Frame out, int src, int dst, int protocol, int tos) {
        int length = out.length() + Ipv4.HEADER;
        int at = out.prepend(Ipv4.HEADER);
        int h = (src ^ secret) * 0x9E37_79B9 + dst;
        int id = ids[(h * 0x85EB_CA6B >>> 24) % COUNTERS]++ & 0xFFFF;
        Ipv4.write(
                out.bytes(), at, tos, length, id, Ipv4.DONT_FRAGMENT, 0, ttl, protocol, src, dst);
    }

    /**
     * Fills in the checksum of a transport header that covers a pseudo header.
     *
     * @param out begins with the transport header, whose checksum field is 0
     * @param field where that field stands in the header
     * @param partial leave the sum to the link: only the pseudo header's goes into the field
     */
    public static void checksum(
            Frame out, int src, int dst, int protocol, int field, boolean partial) {
        ByteBuffer b = out.bytes();
        int at = out.start();
        int pseudo = Checksum.pseudoHeader(src, dst, protocol, out.length());
        if (partial) {
            b.putShort(at + field, (short) pseudo);
            out.checksum = Frame.Checksum.PARTIAL;
            out.checksumStart = at;
            out.checksumOffset = at + field;
        } else {
            int sum = Checksum.complement(Checksum.append(pseudo, 0, out.sum(0)));
            // RFC 768: 0 says that there is none; the other zero of one's complement says it is 0.
            if (sum == 0 && protocol == Ipv4.UDP) sum = 0xFFFF;
            b.putShort(at + field, (short) sum);
        }
    }

    /** Whether the checksum of a transport header is right, or known not to matter. */
    public static boolean checksumOk(Frame in, int src, int dst, int protocol) {
        if (in.checksum != Frame.Checksum.UNKNOWN) return true;
        int pseudo = Checksum.pseudoHeader(src, dst, protocol, in.length());
        return Checksum.append(pseudo, 0, in.sum(0)) == 0xFFFF;
    }
}
