package io.usernet.link;

/**
 * What a link can do.
 *
 * @param name short, for traces and views, such as {@code usernet0}
 * @param layer 2: frames begin with an Ethernet header; 3: with the IP header
 * @param mtu most bytes of an IP packet, 576 to 65535
 * @param mac our hardware address on a layer 2 link, else 0
 * @param checksum whether the link takes frames whose transport checksum is {@link
 *     io.usernet.frame.Frame.Checksum#PARTIAL}
 * @param segmentBytes longest IP packet that the link cuts into segments itself; 0 if it does not
 */
public record LinkCapabilities(
        String name, int layer, int mtu, long mac, boolean checksum, int segmentBytes) {
    /** Smallest and largest MTU. */
    public static final int MIN_MTU = 576, MAX_MTU = 65_535;

    /**
     * Checks the whole.
     *
     * @throws IllegalArgumentException if the layer or the MTU is out of range; the message names it
     */
    public LinkCapabilities {
        if (layer != 2 && layer != 3) {
            throw new IllegalArgumentException("layer " + layer + " is neither 2 nor 3");
        }
        if (mtu < MIN_MTU || mtu > MAX_MTU) {
            throw new IllegalArgumentException(
                    "mtu " + mtu + " is not in " + MIN_MTU + ".." + MAX_MTU);
        }
    }
}
