package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.wire.Arp;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Peers beyond the link that are cut off, by their addresses. Immutable. */
final class Peers {
    static final Peers NONE = new Peers(List.of());

    private final int[] networks;
    private final int[] masks;
    private final List<Cidr> cidrs;

    private Peers(List<Cidr> cidrs) {
        this.cidrs = List.copyOf(cidrs);
        networks = this.cidrs.stream().mapToInt(Cidr::network).toArray();
        masks = this.cidrs.stream().mapToInt(Cidr::mask).toArray();
    }

    private static Cidr canonical(Cidr cidr) {
        return new Cidr(cidr.network(), cidr.prefixLength());
    }

    Peers with(Cidr cidr) {
        Cidr one = canonical(cidr);
        if (cidrs.contains(one)) return this;
        List<Cidr> all = new ArrayList<>(cidrs);
        all.add(one);
        return new Peers(all);
    }

    Peers without(Cidr cidr) {
        List<Cidr> all = new ArrayList<>(cidrs);
        all.remove(canonical(cidr));
        return new Peers(all);
    }

    List<Cidr> cidrs() {
        return cidrs;
    }

    /**
     * Whether a frame goes to one of them, or comes from one: an IPv4 packet by its address, ARP by
     * who asks or is asked for.
     */
    boolean concerns(Frame frame, int layer, boolean out) {
        if (networks.length == 0 || frame.slices() == 0) return false;
        ByteBuffer b = frame.bytes();
        int at = frame.start();
        int end = frame.end();
        if (layer == 2) {
            if (Ethernet.check(b, at, end) < 0) return false;
            int type = Ethernet.type(b, at);
            at += Ethernet.HEADER;
            if (type == Ethernet.ARP && Arp.check(b, at, end) > 0) {
                return contains(out ? Arp.targetIp(b, at) : Arp.senderIp(b, at));
            }
            if (type != Ethernet.IPV4) return false;
        }
        if (end - at < Ipv4.HEADER || b.get(at) >>> 4 != 4) return false;
        return contains(out ? Ipv4.dst(b, at) : Ipv4.src(b, at));
    }

    private boolean contains(int address) {
        for (int i = 0; i < networks.length; i++) {
            if ((address & masks[i]) == networks[i]) return true;
        }
        return false;
    }
}
