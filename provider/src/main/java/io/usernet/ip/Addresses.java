package io.usernet.ip;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.util.List;

/** Which addresses are ours, and which are broadcasts on our networks; immutable. */
public final class Addresses {
    private final int[] own;
    private final int[] broadcast;
    private final boolean any;

    public Addresses(List<Cidr> addresses) {
        this(addresses, false);
    }

    /**
     * @param any whether datagrams to any address are taken as if it were ours
     */
    public Addresses(List<Cidr> addresses, boolean any) {
        this.any = any;
        own = addresses.stream().mapToInt(Cidr::address).toArray();
        broadcast = addresses.stream().mapToInt(Cidr::broadcast).filter(a -> a != 0).toArray();
    }

    /** Whether it is one of the configured addresses. */
    public boolean isOwn(int address) {
        for (int a : own) if (a == address) return true;
        return false;
    }

    /** Whether it is ours: configured, or in 127.0.0.0/8. */
    public boolean isLocal(int address) {
        return Ipv4Address.isLoopback(address) || isOwn(address);
    }

    /** Whether a datagram to an address that came off a link is for us. */
    public boolean accepts(int address) {
        return isOwn(address)
                || isBroadcast(address)
                || any && Ipv4Address.isUnicast(address) && !Ipv4Address.isLoopback(address);
    }

    /** Whether what we send may come from it: it is ours, or every address is. */
    public boolean isSource(int address) {
        return isLocal(address) || any && Ipv4Address.isUnicast(address);
    }

    /** Whether it stands for several hosts: a multicast group, or a broadcast address. */
    public boolean isGroup(int address) {
        return Ipv4Address.isMulticast(address) || isBroadcast(address);
    }

    /** 255.255.255.255, or a broadcast address of one of our networks. */
    public boolean isBroadcast(int address) {
        if (address == Ipv4Address.BROADCAST) return true;
        for (int a : broadcast) if (a == address) return true;
        return false;
    }
}
