package io.usernet.ip;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ipv4;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Writes IPv4 headers and transport checksums, and cuts datagrams into fragments (RFC 791 section 3.2).
 * A fragment's payload slices point into the datagram's memory; no payload is copied.
 */
public final class Ipv4Output {
    private static final int COUNTERS = 256, FRAGMENT_COUNTERS = 1_024;

    /** Every hop takes packets so long (RFC 791 section 3.2). */
    private static final int MIN_MTU = 68;

    private final FramePool frames;
    private final int ttl;
    private final int secret;
    // Identifiers count up from somewhere, apart for (nearly) each pair of hosts: atomic datagrams
    // (RFC 6864 section 4.1) need none, but middleboxes that clear DF and cut exist.
    private final short[] ids = new short[COUNTERS];
    // Those of datagrams that are cut, or may be on their way, must not come again soon (RFC 6864
    // section 4.3): nothing else uses these up.
    private final short[] fragmentIds = new short[FRAGMENT_COUNTERS];

    /**
     * @param frames where fragments come from
     * @param seed where identifiers begin
     */
    public Ipv4Output(Sysctls sysctls, FramePool frames, long seed) {
        this.frames = frames;
        ttl = sysctls.getInt(Sysctl.IP_DEFAULT_TTL);
        SplittableRandom random = new SplittableRandom(seed);
        secret = random.nextInt();
        for (int i = 0; i < COUNTERS; i++) ids[i] = (short) random.nextInt();
        for (int i = 0; i < FRAGMENT_COUNTERS; i++) fragmentIds[i] = (short) random.nextInt();
    }

    /** The time to live of datagrams whose sender asks for no other: ip_default_ttl. */
    public int ttl() {
        return ttl;
    }

    /**
     * Puts the IP header before what {@code out} holds.
     *
     * @param dontFragment whether routers must not cut it (DF)
     */
    public void header(Frame out, int src, int dst, int protocol, int tos, boolean dontFragment) {
        header(out, src, dst, protocol, tos, dontFragment, ttl);
    }

    /** The same with a time to live, instead of ip_default_ttl. */
    public void header(
            Frame out, int src, int dst, int protocol, int tos, boolean dontFragment, int ttl) {
        int length = out.length() + Ipv4.HEADER;
        int at = out.prepend(Ipv4.HEADER);
        int h = (src ^ secret) * 0x9E37_79B9 + dst;
        int id =
                dontFragment
                        ? ids[(h * 0x85EB_CA6B >>> 24) % COUNTERS]++ & 0xFFFF
                        : fragmentId(src, dst, protocol);
        int flags = dontFragment ? Ipv4.DONT_FRAGMENT : 0;
        Ipv4.write(out.bytes(), at, tos, length, id, flags, 0, ttl, protocol, src, dst);
    }

    private int fragmentId(int src, int dst, int protocol) {
        int h = ((src ^ secret) * 0x9E37_79B9 + dst) * 0x85EB_CA6B + protocol;
        return fragmentIds[(h * 0x9E37_79B9 >>> 16) % FRAGMENT_COUNTERS]++ & 0xFFFF;
    }

    /**
     * How many fragments {@link #cut} makes of {@code length} bytes behind the IP header; 0: that cannot
     * be done.
     */
    public static int fragments(int length, int mtu) {
        if (mtu < MIN_MTU || length + Ipv4.HEADER > Ipv4.MAX_LENGTH) return 0;
        int each = perFragment(mtu);
        return (length + each - 1) / each;
    }

    private static int perFragment(int mtu) {
        return mtu - Ipv4.HEADER & ~7;
    }

    /**
     * Cuts a datagram into fragments with their IP headers.
     *
     * @param datagram without an IP header, longer than {@code mtu} with one; becomes the first
     *     fragment. A checksum that was left to the link is filled in
     * @param mtu most bytes of a fragment with its header, at least 68
     * @param ttl time to live
     * @return the first, with the others behind it by {@link Frame#next}
     */
    public Frame cut(Frame datagram, int src, int dst, int protocol, int tos, int mtu, int ttl) {
        complete(datagram);
        int id = fragmentId(src, dst, protocol);
        int length = datagram.length();
        int each = perFragment(mtu);
        Frame last = datagram;
        for (int from = each; from < length; from += each) {
            int n = Math.min(each, length - from);
            Frame f = part(datagram, from, n);
            int flags = from + n < length ? Ipv4.MORE_FRAGMENTS : 0;
            header(f, src, dst, protocol, tos, id, flags, from, ttl);
            last.next = f;
            last = f;
        }
        datagram.trim(each);
        header(datagram, src, dst, protocol, tos, id, Ipv4.MORE_FRAGMENTS, 0, ttl);
        return datagram;
    }

    private static void header(
            Frame f,
            int src,
            int dst,
            int protocol,
            int tos,
            int id,
            int flags,
            int offset,
            int ttl) {
        int length = f.length() + Ipv4.HEADER;
        int at = f.prepend(Ipv4.HEADER);
        Ipv4.write(f.bytes(), at, tos, length, id, flags, offset, ttl, protocol, src, dst);
    }

    /**
     * A frame of a range of another one. What lies in the other's header slice, which nothing keeps, is
     * copied; the rest is referred to.
     */
    private Frame part(Frame whole, int from, int length) {
        Frame part = frames.take();
        part.begin();
        int skip = from;
        int left = length;
        for (int i = 0; left > 0; i++) {
            int have = whole.length(i);
            int n = Math.min(have - skip, left);
            if (n <= 0) {
                skip -= have;
                continue;
            }
            int at = whole.at(i) + skip;
            if (i == 0) part.bytes().put(part.prepend(n), whole.bytes(), at, n);
            else part.append(whole.region(i), whole.holder(i), at, n);
            skip = 0;
            left -= n;
        }
        return part;
    }

    /** Sums what was left to the link: no part of a datagram holds all of it. */
    private static void complete(Frame out) {
        if (out.checksum != Frame.Checksum.PARTIAL) return;
        int sum = Checksum.complement(out.sum(out.checksumStart - out.start()));
        // 0 and 0xFFFF are the same sum, and 0 would mean that there is none (RFC 768).
        out.bytes().putShort(out.checksumOffset, (short) (sum == 0 ? 0xFFFF : sum));
        out.checksum = Frame.Checksum.UNKNOWN;
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
