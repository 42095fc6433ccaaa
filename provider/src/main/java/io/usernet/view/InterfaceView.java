package io.usernet.view;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.MacAddress;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An interface with its addresses, as {@code ip addr} sees it.
 *
 * @param index from 1 on; 1 is the loopback
 * @param flags in the tool's order
 * @param mtu most bytes of an IP packet
 * @param mac our hardware address; 0 where there is none
 * @param addresses ours, with their networks' prefixes
 * @param received what came in
 * @param sent what went out
 * @param dropped packets that the link lost, either way, or that found no room on it
 */
public record InterfaceView(
        int index,
        String name,
        Set<Flag> flags,
        int mtu,
        long mac,
        List<Cidr> addresses,
        Traffic received,
        Traffic sent,
        long dropped) {
    /** What can be said of an interface. */
    public enum Flag {
        /** It is {@code lo}: what is sent there comes back. */
        LOOPBACK,
        /** It has a broadcast address: layer 2. */
        BROADCAST,
        /** Layer 3: there is one other end. */
        POINTOPOINT,
        /** It reaches multicast groups. */
        MULTICAST,
        /** Nobody is asked for a hardware address. */
        NOARP,
        /** Always: an interface is there as long as the stack is open. */
        UP,
        /** There is somebody at the other end, as far as is known. */
        LOWER_UP
    }

    /**
     * Counts of one direction.
     *
     * @param bytes headers of the link included
     */
    public record Traffic(long bytes, long packets) {}

    /** Copies the flags and the addresses. */
    public InterfaceView {
        flags = Collections.unmodifiableSet(flags.isEmpty() ? Set.of() : EnumSet.copyOf(flags));
        addresses = List.copyOf(addresses);
    }

    /** As {@code ip addr} prints it: some lines, without one's end at the end. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder();
        s.append(index).append(": ").append(name).append(": <").append(flagNames());
        s.append("> mtu ").append(mtu).append(" qdisc noqueue state ").append(state());
        s.append("\n    link/").append(link());
        for (Cidr address : addresses) {
            s.append("\n    inet ").append(address);
            if (flags.contains(Flag.BROADCAST) && address.broadcast() != 0) {
                s.append(" brd ").append(Ipv4Address.format(address.broadcast()));
            }
            s.append(" scope ").append(flags.contains(Flag.LOOPBACK) ? "host " : "global ");
            s.append(name).append("\n       valid_lft forever preferred_lft forever");
        }
        return s.toString();
    }

    private String flagNames() {
        return flags.stream().map(Flag::name).collect(Collectors.joining(","));
    }

    /** Of the loopback and the like nobody knows whether something is plugged in. */
    private String state() {
        if (!flags.contains(Flag.BROADCAST)) return "UNKNOWN";
        return flags.contains(Flag.LOWER_UP) ? "UP" : "DOWN";
    }

    private String link() {
        if (flags.contains(Flag.LOOPBACK)) {
            return "loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00";
        }
        if (mac == 0) return "none";
        return "ether " + MacAddress.format(mac) + " brd ff:ff:ff:ff:ff:ff";
    }
}
