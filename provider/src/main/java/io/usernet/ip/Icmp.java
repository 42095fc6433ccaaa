package io.usernet.ip;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Slab;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.wire.Checksum;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import java.nio.ByteBuffer;

/**
 * ICMP (RFC 792, RFC 1122 section 3.2.2): answers echo requests, reads errors about what we sent, and
 * writes destination unreachable messages, at most icmp_msgs_per_sec of them.
 */
public final class Icmp {
    /** The way out, and up. */
    public interface Owner {
        /** Sends a message and takes it over; {@code out} begins with the ICMP header. */
        void transmit(Frame out, int src, int dst);

        /**
         * An error about a datagram of ours (RFC 1122 section 3.2.2.1).
         *
         * @param code of Icmp4.UNREACHABLE
         * @param mtu of the next hop, with FRAGMENTATION_NEEDED; 0 if it does not say
         * @param ports source and destination port as sent
         * @param seq the four bytes after the ports: TCP's sequence number
         * @return whether anything of ours matches
         */
        boolean unreachable(int code, int mtu, int src, int dst, int protocol, int ports, int seq);
    }

    /** Burst of icmp_msgs_per_sec: Linux's default. */
    private static final int BURST = 50;

    /** Most bytes of the datagram that an error quotes; RFC 792 demands its header and 8 bytes. */
    private static final int QUOTE = 128;

    private final Addresses addresses;
    private final Counters counters;
    private final FramePool frames;
    private final Owner owner;
    private final boolean ignoreEchos;
    private final TokenBucket errors;

    public Icmp(
            Addresses addresses,
            Sysctls sysctls,
            Counters counters,
            FramePool frames,
            Owner owner) {
        this.addresses = addresses;
        this.counters = counters;
        this.frames = frames;
        this.owner = owner;
        this.ignoreEchos = sysctls.isOn(Sysctl.ICMP_ECHO_IGNORE_ALL);
        this.errors = new TokenBucket(sysctls.get(Sysctl.ICMP_MSGS_PER_SEC), BURST);
    }

    /**
     * A message came in.
     *
     * @param in begins with the ICMP header; stays the caller's
     * @param group whether it came by broadcast, of IP or of the link
     * @param mtu most bytes of an IP packet on the way back
     */
    public void receive(Frame in, int src, int dst, boolean group, int mtu) {
        counters.increment(Counter.ICMP_IN_MSGS);
        ByteBuffer b = in.bytes();
        int at = in.start();
        boolean sound = Icmp4.check(b, at, in.end()) > 0;
        if (!sound || in.checksum == Frame.Checksum.UNKNOWN && in.sum(0) != 0xFFFF) {
            counters.increment(Counter.ICMP_IN_ERRORS);
            return;
        }
        switch (Icmp4.type(b, at)) {
            case Icmp4.ECHO_REQUEST -> {
                if (group || ignoreEchos) counters.increment(Counter.ICMP_IN_IGNORED);
                else echo(in, src, dst, mtu);
            }
            case Icmp4.UNREACHABLE -> unreachable(b, at, in.end());
            default -> counters.increment(Counter.ICMP_IN_IGNORED);
        }
    }

    private void echo(Frame in, int src, int dst, int mtu) {
        counters.increment(Counter.ICMP_IN_ECHOS);
        int length = in.length() - Icmp4.HEADER;
        Slab slab = null;
        if (length > 0) {
            slab = length + Icmp4.HEADER + Ipv4.HEADER <= mtu ? take(length) : null;
            if (slab == null) {
                counters.increment(Counter.IP_OUT_DISCARDS);
                return;
            }
        }
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Icmp4.HEADER);
        ByteBuffer b = out.bytes();
        Icmp4.write(b, at, Icmp4.ECHO_REPLY, 0, Icmp4.rest(in.bytes(), in.start()));
        if (slab != null) {
            in.copy(Icmp4.HEADER, length, slab.region().bytes(), slab.base());
            out.append(slab.region(), slab, slab.base(), length);
            slab.release(); // the frame keeps it
        }
        Icmp4.putChecksum(b, at, Checksum.complement(out.sum(0)));
        counters.increment(Counter.ICMP_OUT_ECHO_REPS);
        owner.transmit(out, dst, src);
    }

    private Slab take(int length) {
        for (Slab.Size size : Slab.Size.values()) {
            if (length <= size.bytes()) return frames.memory().take(size);
        }
        return null;
    }

    private void unreachable(ByteBuffer b, int at, int end) {
        int quote = at + Icmp4.HEADER;
        // Ipv4.check does not do here: the datagram is longer than what is quoted of it.
        boolean header = end - quote >= Ipv4.HEADER;
        int length = header ? Ipv4.headerLength(b, quote) : 0;
        if (length < Ipv4.HEADER || end - quote < length + 8) {
            counters.increment(Counter.ICMP_IN_ERRORS);
            return;
        }
        int code = Icmp4.code(b, at);
        int mtu = code == Icmp4.FRAGMENTATION_NEEDED ? Icmp4.nextHopMtu(b, at) : 0;
        boolean matches =
                addresses.isLocal(Ipv4.src(b, quote))
                        && Ipv4.fragmentOffset(b, quote) == 0
                        && owner.unreachable(
                                code,
                                mtu,
                                Ipv4.src(b, quote),
                                Ipv4.dst(b, quote),
                                Ipv4.protocol(b, quote),
                                b.getInt(quote + length),
                                b.getInt(quote + length + 4));
        counters.increment(matches ? Counter.ICMP_IN_DEST_UNREACHS : Counter.ICMP_IN_UNMATCHED);
    }

    /**
     * Answers a datagram that came in with destination unreachable, unless RFC 1122 section 3.2.2
     * forbids it.
     *
     * @param in whose first slice holds the IP header at {@code ipAt}
     * @param group whether it came by broadcast, of IP or of the link
     */
    public void sendUnreachable(int code, Frame in, int ipAt, boolean group, long nowNs) {
        ByteBuffer b = in.bytes();
        int src = Ipv4.src(b, ipAt);
        if (group || !Ipv4Address.isUnicast(src) || Ipv4.fragmentOffset(b, ipAt) != 0) return;
        if (!errors.take(nowNs)) {
            counters.increment(Counter.ICMP_OUT_RATE_LIMITED);
            return;
        }
        int quote = Math.min(QUOTE, in.end() - ipAt);
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Icmp4.HEADER + quote);
        Icmp4.write(out.bytes(), at, Icmp4.UNREACHABLE, code, 0);
        out.bytes().put(at + Icmp4.HEADER, b, ipAt, quote);
        Icmp4.putChecksum(out.bytes(), at, Checksum.complement(out.sum(0)));
        counters.increment(Counter.ICMP_OUT_DEST_UNREACHS);
        owner.transmit(out, Ipv4.dst(b, ipAt), src);
    }
}
