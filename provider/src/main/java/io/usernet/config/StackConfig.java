package io.usernet.config;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.util.ArrayList;
import java.util.List;

/**
 * How one stack is set up; immutable.
 *
 * @param links our IPv4 addresses on each link, each with the prefix of its network; may be empty
 * @param anyAddress whether datagrams to any address are taken as if it were ours
 * @param gateway the next hop to everywhere else, inside one of the networks; 0: none
 * @param sysctls settings with Linux's names
 * @param memory most bytes of packet memory, at least 4 MiB; writers wait and frames are dropped
 *     where it is used up
 * @param inline whether application threads may run the stack themselves rather than wake its thread
 * @param host addresses of the kernel that lead to ourselves too: see {@link PassThrough#loopback}
 */
public record StackConfig(
        List<List<Cidr>> links,
        boolean anyAddress,
        int gateway,
        Sysctls sysctls,
        long memory,
        boolean inline,
        List<Integer> host) {
    /** Least packet memory, in bytes. */
    public static final long MIN_MEMORY = 4 << 20;

    /** Packet memory unless said otherwise: 64 MiB. */
    public static final long DEFAULT_MEMORY = 64 << 20;

    /**
     * Checks the whole.
     *
     * @throws IllegalArgumentException naming what is wrong, and its value
     */
    public StackConfig {
        links = links.stream().map(List::copyOf).toList();
        host = List.copyOf(host);
        List<Cidr> addresses = links.stream().flatMap(List::stream).toList();
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

    /** {@return no addresses but the loopback's, and everything else as it is by default} */
    public static StackConfig defaults() {
        return new StackConfig(
                List.of(), false, 0, Sysctls.defaults(), DEFAULT_MEMORY, false, List.of());
    }

    /** {@return the addresses on all links} */
    public List<Cidr> addresses() {
        return links.stream().flatMap(List::stream).toList();
    }

    /** {@return {@link #host} as networks of one address each} */
    public List<Cidr> hostNetworks() {
        return host.stream().map(address -> new Cidr(address, 32)).toList();
    }

    /** {@return whether an address is one of {@link #host}; boxes nothing} */
    public boolean isOfHost(int address) {
        for (int own : host) if (own == address) return true;
        return false;
    }

    /** {@return the same with one address, such as {@code 10.0.0.2/24}, added on the last link} */
    public StackConfig withAddress(String cidr) {
        List<List<Cidr>> more = new ArrayList<>(links);
        List<Cidr> last = new ArrayList<>();
        if (!more.isEmpty()) last.addAll(more.remove(more.size() - 1));
        last.add(Cidr.parse(cidr));
        more.add(last);
        return new StackConfig(more, anyAddress, gateway, sysctls, memory, inline, host);
    }

    /** {@return the same with one more link, and an address on it} */
    public StackConfig withLink(String cidr) {
        List<List<Cidr>> more = new ArrayList<>(links);
        more.add(List.of(Cidr.parse(cidr)));
        return new StackConfig(more, anyAddress, gateway, sysctls, memory, inline, host);
    }

    /** {@return the same, but datagrams to any address are taken} */
    public StackConfig withAnyAddress() {
        return new StackConfig(links, true, gateway, sysctls, memory, inline, host);
    }

    /** {@return the same with another gateway} */
    public StackConfig withGateway(String address) {
        return new StackConfig(
                links, anyAddress, Ipv4Address.parse(address), sysctls, memory, inline, host);
    }

    /** {@return the same with other settings} */
    public StackConfig withSysctls(Sysctls other) {
        return new StackConfig(links, anyAddress, gateway, other, memory, inline, host);
    }

    /** {@return the same with one setting changed} */
    public StackConfig with(Sysctl sysctl, long value) {
        return withSysctls(sysctls.with(sysctl, value));
    }

    /** {@return the same with another budget of packet memory, in bytes} */
    public StackConfig withMemory(long bytes) {
        return new StackConfig(links, anyAddress, gateway, sysctls, bytes, inline, host);
    }

    /** {@return the same with other addresses of the kernel that lead to ourselves} */
    public StackConfig withHost(List<Integer> addresses) {
        return new StackConfig(links, anyAddress, gateway, sysctls, memory, inline, addresses);
    }

    /** {@return the same with application threads running the stack themselves, or not} */
    public StackConfig withInline(boolean on) {
        return new StackConfig(links, anyAddress, gateway, sysctls, memory, on, host);
    }
}
