package io.usernet.config;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.util.List;

/**
 * How one stack is set up; immutable.
 *
 * @param addresses our IPv4 addresses on the link, each with the prefix of its network; may be empty
 * @param gateway the next hop to everywhere else, inside one of the networks; 0: none
 * @param sysctls settings with Linux's names
 * @param memory most bytes of packet memory, at least 4 MiB; writers wait and frames are dropped
 *     where it is used up
 * @param inline whether application threads may run the stack themselves rather than wake its thread
 */
public record StackConfig(
        List<Cidr> addresses, int gateway, Sysctls sysctls, long memory, boolean inline) {
    /** Least packet memory, in bytes. */
    public static final long MIN_MEMORY = 4 << 20;

    /** Packet memory unless said otherwise: 64 MiB. */
    public static final long DEFAULT_MEMORY = 64 << 20;

    /**
     * @throws IllegalArgumentException naming what is wrong, and its value
     */
    public StackConfig {
        addresses = List.copyOf(addresses);
        for (Cidr a : addresses) {
            if (!isHost(a)) throw new IllegalArgumentException(a + " cannot be a host's address");
        }
        if (gateway != 0 && !isNeighbor(gateway, addresses)) {
            throw new IllegalArgumentException(
                    "the gateway "
                            + Ipv4Address.format(gateway)
                            + " is in none of the networks "
                            + addresses);
        }
        if (memory < MIN_MEMORY) {
            throw new IllegalArgumentException(
                    "memory of " + memory + " bytes is below " + MIN_MEMORY);
        }
    }

    /** Whether a host on a link can have this address. */
    static boolean isHost(Cidr cidr) {
        boolean network = cidr.prefixLength() < 31 && cidr.address() == cidr.network();
        return Ipv4Address.isUnicast(cidr.address())
                && !Ipv4Address.isLoopback(cidr.address())
                && !network
                && cidr.address() != cidr.broadcast();
    }

    /** Whether another host can have this address in one of the networks. */
    static boolean isNeighbor(int address, List<Cidr> networks) {
        return Ipv4Address.isUnicast(address)
                && networks.stream()
                        .anyMatch(
                                own ->
                                        own.contains(address)
                                                && address != own.address()
                                                && address != own.broadcast());
    }

    /** No addresses but the loopback's, and everything else as it is by default. */
    public static StackConfig defaults() {
        return new StackConfig(List.of(), 0, Sysctls.defaults(), DEFAULT_MEMORY, false);
    }

    /** The same with one address, such as {@code 10.0.0.2/24}, added. */
    public StackConfig withAddress(String cidr) {
        List<Cidr> more = new java.util.ArrayList<>(addresses);
        more.add(Cidr.parse(cidr));
        return new StackConfig(more, gateway, sysctls, memory, inline);
    }

    /** The same with another gateway. */
    public StackConfig withGateway(String address) {
        return new StackConfig(addresses, Ipv4Address.parse(address), sysctls, memory, inline);
    }

    /** The same with other settings. */
    public StackConfig withSysctls(Sysctls other) {
        return new StackConfig(addresses, gateway, other, memory, inline);
    }

    /** The same with one setting changed. */
    public StackConfig with(Sysctl sysctl, long value) {
        return withSysctls(sysctls.with(sysctl, value));
    }

    /** The same with another budget of packet memory, in bytes. */
    public StackConfig withMemory(long bytes) {
        return new StackConfig(addresses, gateway, sysctls, bytes, inline);
    }

    /** The same with application threads running the stack themselves, or not. */
    public StackConfig withInline(boolean on) {
        return new StackConfig(addresses, gateway, sysctls, memory, on);
    }
}
