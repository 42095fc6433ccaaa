package io.usernet.link.wrap;

/**
 * What a capture file says of an interface.
 *
 * @param mac 0: none
 * @param always whether files describe it also while it has no packet. Not so the loopback: libpcap
 *     reads no file with interfaces of two types
 */
record CaptureInterface(PacketSource source, String name, int mtu, long mac, boolean always) {
    int linkType() {
        return source.layer == 2 ? Pcapng.ETHERNET : Pcapng.RAW;
    }
}
