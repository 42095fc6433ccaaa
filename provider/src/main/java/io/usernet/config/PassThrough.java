package io.usernet.config;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Which addresses the kernel serves in the place of the stack. Immutable. How the rules are applied to
 * a bind and a connect is said in {@code docs/pass-through.md}.
 *
 * @param loopback 127.0.0.0/8, ::1 and the kernel's own addresses that no link of the stack leads to,
 *     unless a server of the program listens there on the stack
 * @param unrouted whatever the stack has no route to
 * @param unix UNIX-domain sockets, which the stack itself has none of
 * @param networks the rest
 * @param wildcard who serves a socket that is bound to the wildcard address
 */
public record PassThrough(
        boolean loopback, boolean unrouted, boolean unix, List<Cidr> networks, Wildcard wildcard) {
    /** Who serves a socket that is bound to the wildcard address. */
    public enum Wildcard {
        /** The stack alone: the kernel has no such port. */
        STACK,
        /** The kernel alone: nobody on the stack's links reaches it. */
        KERNEL,
        /** Both, with one port: a listener accepts connections of each side. */
        BOTH
    }

    /** Everything is the stack's. */
    public static final PassThrough NONE =
            new PassThrough(false, false, false, List.of(), Wildcard.STACK);

    private static final String REMEDY =
            "give none, or with commas loopback, unrouted, unix, and networks such as 10.0.0.0/8";

    /** Copies the networks. */
    public PassThrough {
        networks = List.copyOf(networks);
    }

    /** {@return whether the kernel may serve a socket of TCP or UDP at all} */
    public boolean isInet() {
        return loopback || unrouted || !networks.isEmpty() || wildcard != Wildcard.STACK;
    }

    /** {@return whether an IPv4 address is in one of the networks} */
    public boolean contains(int address) {
        for (Cidr network : networks) if (network.contains(address)) return true;
        return false;
    }

    /**
     * Reads the values of the two properties.
     *
     * @throws IllegalArgumentException with one line that names the property, its value and the remedy
     */
    static PassThrough parse(String rules, String wildcard) {
        boolean loopback = false, unrouted = false, unix = false;
        List<Cidr> networks = new ArrayList<>();
        String[] words = rules.isEmpty() ? new String[0] : rules.split("[,\\s]+");
        for (String word : words) {
            switch (word) {
                case "none" -> {
                    if (words.length > 1) {
                        throw wrong(rules, "none goes with nothing else");
                    }
                }
                case "loopback" -> loopback = true;
                case "unrouted" -> unrouted = true;
                case "unix" -> unix = true;
                default -> networks.add(network(rules, word));
            }
        }
        return new PassThrough(loopback, unrouted, unix, networks, wildcard(wildcard));
    }

    private static Cidr network(String rules, String word) {
        try {
            Cidr cidr = Cidr.parse(word);
            if (cidr.network() == cidr.address()) return cidr;
            String network = Ipv4Address.format(cidr.network()) + "/" + cidr.prefixLength();
            throw wrong(rules, word + " is an address in a network; did you mean " + network + "?");
        } catch (IllegalArgumentException e) {
            if (e.getMessage().startsWith(Settings.PASSTHROUGH)) throw e;
            throw wrong(rules, word + " is no rule: " + REMEDY);
        }
    }

    private static IllegalArgumentException wrong(String rules, String remedy) {
        return Settings.wrong(Settings.PASSTHROUGH, rules, remedy);
    }

    private static Wildcard wildcard(String text) {
        for (Wildcard one : Wildcard.values()) {
            if (one.name().toLowerCase(Locale.ROOT).equals(text)) return one;
        }
        throw Settings.wrong(
                Settings.PASSTHROUGH_WILDCARD,
                text,
                "give stack, kernel or both; the default is stack");
    }
}
