package io.usernet.ip;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.util.List;

/** Which addresses are ours, and which are broadcasts on our networks; immutable. */
public final class Addresses {
    private final int[] own;
    private final int[] broadcast;

    public Addresses(List<Cidr> addresses) {
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

    /** 255.255.255.255, or a broadcast address of one of our networks. */
    public boolean isBroadcast(int address) {
        if (address == Ipv4Address.BROADCAST) return true;
        for (int a : broadcast) if (a == address) return true;
        return false;
    }
}
