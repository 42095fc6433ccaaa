package io.usernet.tuntap;

import io.usernet.frame.Frame;
import io.usernet.link.LinkAddresses;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import java.nio.ByteBuffer;

/**
 * A wire to a passt of our own. It has all connections' other ends, so when it ends they do, and the
 * link fails for good: that is told at once, with the reason, where another passt would leave them to
 * their timeouts.
 */
final class PasstLink implements LinkDevice {
    private final UnixLink wire;
    private final PasstProcess passt;
    private final LinkAddresses addresses;

    PasstLink(UnixLink wire, PasstProcess passt, LinkAddresses addresses) {
        this.wire = wire;
        this.passt = passt;
        this.addresses = addresses;
        passt.onEnd(this::ended);
    }

    private synchronized void ended() {
        if (passt.hasEnded()) wire.wake();
    }

    private void requirePasst() {
        if (passt.hasEnded()) throw new LinkFailure("passt: " + passt.end());
    }

    @Override
    public LinkCapabilities capabilities() {
        return wire.capabilities();
    }

    @Override
    public LinkAddresses assigned() {
        return addresses;
    }

    @Override
    public boolean receive(Frame into) {
        return wire.receive(into);
    }

    @Override
    public Transmit transmit(Frame frame) {
        return endsWithText(frame) ? transmitApart(frame) : wire.transmit(frame);
    }

    /** Whether it is a segment with text and FIN, its headers in a slice of their own. */
    private static boolean endsWithText(Frame frame) {
        ByteBuffer b = frame.bytes();
        int ip = frame.start() + Ethernet.HEADER;
        if (frame.slices() == 1 || frame.length(0) < Ethernet.HEADER + Ipv4.HEADER) return false;
        if (Ethernet.type(b, frame.start()) != Ethernet.IPV4) return false;
        int tcp = ip + Ipv4.headerLength(b, ip);
        return Ipv4.protocol(b, ip) == Ipv4.TCP
                && !Ipv4.isFragment(b, ip)
                && (Tcp.flags(b, tcp) & Tcp.FIN) != 0
                && tcp + Tcp.headerLength(b, tcp) == frame.end();
    }

    private Transmit transmitApart(Frame frame) {
        Frame text = withHeadersOf(frame);
        for (int i = 1; i < frame.slices(); i++) {
            text.append(frame.region(i), frame.holder(i), frame.at(i), frame.length(i));
        }
        finish(text, 0, Tcp.FIN);
        Transmit became = wire.transmit(text);
        if (became != Transmit.HELD) text.release();
        if (became == Transmit.FULL) return became;
        Frame fin = withHeadersOf(frame);
        finish(fin, frame.length() - frame.length(0), Tcp.PSH);
        // If there is no room for it, it is lost, and TCP sends it again.
        if (wire.transmit(fin) != Transmit.HELD) fin.release();
        return Transmit.DONE;
    }

    /** A frame with a copy of another's first slice. */
    private static Frame withHeadersOf(Frame frame) {
        Frame copy = frame.pool().take();
        copy.begin();
        int at = copy.prepend(frame.length(0));
        copy.bytes().put(at, frame.bytes(), frame.start(), frame.length(0));
        return copy;
    }

    /**
     * Makes the headers those of what the frame holds.
     *
     * @param advance what is added to the sequence number
     * @param without the control bits to clear
     */
    private static void finish(Frame frame, int advance, int without) {
        ByteBuffer b = frame.bytes();
        int ip = frame.start() + Ethernet.HEADER;
        int tcp = ip + Ipv4.headerLength(b, ip);
        int length = frame.length() - Ethernet.HEADER;
        int src = Ipv4.src(b, ip), dst = Ipv4.dst(b, ip);
        Ipv4.write(
                b,
                ip,
                Ipv4.tos(b, ip),
                length,
                Ipv4.id(b, ip),
                Ipv4.flags(b, ip),
                0,
                Ipv4.ttl(b, ip),
                Ipv4.TCP,
                src,
                dst);
        Tcp.write(
                b,
                tcp,
                Tcp.srcPort(b, tcp),
                Tcp.dstPort(b, tcp),
                Tcp.seq(b, tcp) + advance,
                Tcp.ack(b, tcp),
                Tcp.headerLength(b, tcp),
                Tcp.flags(b, tcp) & ~without,
                Tcp.window(b, tcp));
        int text = length - (tcp - ip);
        int pseudo = Checksum.pseudoHeader(src, dst, Ipv4.TCP, text);
        int sum = Checksum.append(pseudo, 0, frame.sum(tcp - frame.start()));
        Tcp.putChecksum(b, tcp, Checksum.complement(sum));
    }

    @Override
    public void flush() {
        wire.flush();
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        requirePasst();
        wire.await(timeoutNs, forTransmit);
        requirePasst();
    }

    @Override
    public void wake() {
        wire.wake();
    }

    @Override
    public long dropped() {
        return wire.dropped();
    }

    /** Not while {@link #ended} wakes the wire, whose descriptor is closed here. */
    @Override
    public synchronized void close() {
        passt.close();
        wire.close();
    }
}
