package io.usernet.tuntap;

import io.usernet.link.LinkCapabilities;
import java.util.Set;

/** The two kinds of device behind /dev/net/tun. */
enum Mode {
    /** Ethernet frames: its MTU leaves room for their header in 65535 bytes. */
    TAP("tap", 0x2, 2, 18, 65_521, Set.of("host", "mac", "mtu", "persist")),
    /** IP packets, without a header before them; nobody has a hardware address. */
    TUN("tun", 0x1, 3, 0, LinkCapabilities.MAX_MTU, Set.of("host", "mtu", "persist"));

    /** The link's scheme, and what {@code ip tuntap} calls it. */
    final String scheme;

    /** IFF_TAP or IFF_TUN of TUNSETIFF. */
    final int flag;

    final int layer;

    /** Most bytes before what the MTU counts: Ethernet's header and an 802.1Q tag. */
    final int maxHeader;

    final int maxMtu;

    /** What its URI may say. */
    final Set<String> parameters;

    Mode(String scheme, int flag, int layer, int maxHeader, int maxMtu, Set<String> parameters) {
        this.scheme = scheme;
        this.flag = flag;
        this.layer = layer;
        this.maxHeader = maxHeader;
        this.maxMtu = maxMtu;
        this.parameters = parameters;
    }
}
