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
import io.usernet.wire.Udp;
import java.nio.ByteBuffer;

/**
 * ICMP (RFC 792, RFC 1122 section 3.2.2): answers echo requests, reads errors about what we sent, and
 * writes destination unreachable and time exceeded messages, at most icmp_msgs_per_sec of them.
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

    /** Nobody knows any more. */
    private static final int QUOTED_TTL = 1;

    private final Addresses addresses;
    private final Counters counters;
    private final FramePool frames;
    private final Owner owner;
    private final boolean ignoreEchos;
    private final TokenBucket errors;
    private final PathMtus pathMtus;

    /**
     * @param pathMtus learns what routers say about datagrams of ours
     */
    public Icmp(
            Addresses addresses,
            Sysctls sysctls,
            Counters counters,
            FramePool frames,
            PathMtus pathMtus,
            Owner owner) {
        this.pathMtus = pathMtus;
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
     */
    public void receive(Frame in, int src, int dst, boolean group, long nowNs) {
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
                else echo(in, src, dst);
            }
            case Icmp4.UNREACHABLE -> unreachable(b, at, in.end(), nowNs);
            default -> counters.increment(Counter.ICMP_IN_IGNORED);
        }
    }

    private void echo(Frame in, int src, int dst) {
        counters.increment(Counter.ICMP_IN_ECHOS);
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Icmp4.HEADER);
        ByteBuffer b = out.bytes();
        Icmp4.write(b, at, Icmp4.ECHO_REPLY, 0, Icmp4.rest(in.bytes(), in.start()));
        if (!copy(in, out)) {
            counters.increment(Counter.IP_OUT_DISCARDS);
            out.release();
            return;
        }
        Icmp4.putChecksum(b, at, Checksum.complement(out.sum(0)));
        counters.increment(Counter.ICMP_OUT_ECHO_REPS);
        owner.transmit(out, dst, src);
    }

    /** Appends a copy of a message's text; false if there is no memory for it. */
    private boolean copy(Frame in, Frame out) {
        int length = in.length() - Icmp4.HEADER;
        for (int done = 0; done < length; ) {
            int left = length - done;
            Slab.Size size = left > Slab.Size.SMALL.bytes() ? Slab.Size.MEDIUM : Slab.Size.SMALL;
            Slab slab = frames.memory().take(size);
            if (slab == null) return false;
            int n = Math.min(left, size.bytes());
            in.copy(Icmp4.HEADER + done, n, slab.region().bytes(), slab.base());
            out.append(slab.region(), slab, slab.base(), n);
            slab.release(); // the frame keeps it
            done += n;
        }
        return true;
    }

    private void unreachable(ByteBuffer b, int at, int end, long nowNs) {
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
                addresses.isSource(Ipv4.src(b, quote))
                        && Ipv4.fragmentOffset(b, quote) == 0
                        && owner.unreachable(
                                code,
                                mtu,
                                Ipv4.src(b, quote),
                                Ipv4.dst(b, quote),
                                Ipv4.protocol(b, quote),
                                b.getInt(quote + length),
                                b.getInt(quote + length + 4));
        matches |= aboutEchoReply(b, quote, quote + length);
        counters.increment(matches ? Counter.ICMP_IN_DEST_UNREACHS : Counter.ICMP_IN_UNMATCHED);
        // A connection keeps its own path MTU. What would have fitted evokes no such message.
        boolean learn = matches && code == Icmp4.FRAGMENTATION_NEEDED;
        if (learn && Ipv4.protocol(b, quote) != Ipv4.TCP && mtu < Ipv4.totalLength(b, quote)) {
            pathMtus.learn(Ipv4.dst(b, quote), mtu, nowNs);
        }
    }

    private boolean aboutEchoReply(ByteBuffer b, int quote, int message) {
        return addresses.isSource(Ipv4.src(b, quote))
                && Ipv4.fragmentOffset(b, quote) == 0
                && Ipv4.protocol(b, quote) == Ipv4.ICMP
                && Icmp4.type(b, message) == Icmp4.ECHO_REPLY;
    }

    /**
     * Answers a UDP datagram that is no longer there with port unreachable. What is quoted of it are
     * headers, as far as they are known.
     */
    public void sendPortUnreachable(int src, int srcPort, int dst, int dstPort, long nowNs) {
        if (!errors.take(nowNs)) {
            counters.increment(Counter.ICMP_OUT_RATE_LIMITED);
            return;
        }
        int quote = Ipv4.HEADER + Udp.HEADER;
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Icmp4.HEADER + quote);
        ByteBuffer b = out.bytes();
        Icmp4.write(b, at, Icmp4.UNREACHABLE, Icmp4.PORT_UNREACHABLE, 0);
        int ip = at + Icmp4.HEADER;
        Ipv4.write(b, ip, 0, quote, 0, 0, 0, QUOTED_TTL, Ipv4.UDP, src, dst);
        Udp.write(b, ip + Ipv4.HEADER, srcPort, dstPort, Udp.HEADER);
        Icmp4.putChecksum(b, at, Checksum.complement(out.sum(0)));
        counters.increment(Counter.ICMP_OUT_DEST_UNREACHS);
        owner.transmit(out, dst, src);
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
        if (isLimited(nowNs)) return;
        int quote = Math.min(QUOTE, in.end() - ipAt);
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Icmp4.HEADER + quote);
        out.bytes().put(at + Icmp4.HEADER, b, ipAt, quote);
        counters.increment(Counter.ICMP_OUT_DEST_UNREACHS);
        sendError(Icmp4.UNREACHABLE, code, out, Ipv4.dst(b, ipAt), src);
    }

    /**
     * Tells the sender of fragments that others of them did not come in time (RFC 792, RFC 1122 section
     * 3.2.2.4), unless RFC 1122 section 3.2.2 forbids it.
     *
     * @param header of the first fragment, the first {@code headerLength} bytes
     * @param payload begins with {@code length} bytes that it carried
     * @param group whether it came by broadcast, of IP or of the link
     */
    void sendReassemblyTimeExceeded(
            byte[] header, int headerLength, Slab payload, int length, boolean group, long nowNs) {
        if (group || isLimited(nowNs)) return;
        int quote = Math.min(QUOTE - headerLength, length);
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Icmp4.HEADER + headerLength + quote);
        int quoted = at + Icmp4.HEADER;
        ByteBuffer b = out.bytes();
        b.put(quoted, header, 0, headerLength);
        b.put(quoted + headerLength, payload.region().bytes(), payload.base(), quote);
        counters.increment(Counter.ICMP_OUT_TIME_EXCDS);
        sendError(
                Icmp4.TIME_EXCEEDED,
                Icmp4.REASSEMBLY_TIME_EXCEEDED,
                out,
                Ipv4.dst(b, quoted),
                Ipv4.src(b, quoted));
    }

    private boolean isLimited(long nowNs) {
        if (errors.take(nowNs)) return false;
        counters.increment(Counter.ICMP_OUT_RATE_LIMITED);
        return true;
    }

    /** Writes the header before what is quoted, and sends the message. */
    private void sendError(int type, int code, Frame out, int src, int dst) {
        int at = out.start();
        Icmp4.write(out.bytes(), at, type, code, 0);
        Icmp4.putChecksum(out.bytes(), at, Checksum.complement(out.sum(0)));
        owner.transmit(out, src, dst);
    }
}
