package io.usernet.agent;

import java.util.Locale;

/** What the agent does besides settings; each is on unless the option of its name says {@code off}. */
enum Part {
    /** Opens packages of the JDK to the provider, without which nothing passes to the kernel. */
    INTERNALS,
    /** Routes the sockets of {@code java.net}. */
    SOCKETS,
    /** Makes ours the provider of asynchronous channels. */
    ASYNCHRONOUS,
    /** Keeps Netty, and gRPC's copy of it, from its native transports. */
    NETTY,
    /** Has Agrona, with it Aeron, and Ignite find our selectors. */
    SELECTORS,
    /** Permits native calls to the drivers, of which new JDKs warn. */
    NATIVE;

    /** The option. */
    String option() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The part that an option switches, or null. */
    static Part of(String option) {
        for (Part part : values()) if (part.option().equals(option)) return part;
        return null;
    }
}
