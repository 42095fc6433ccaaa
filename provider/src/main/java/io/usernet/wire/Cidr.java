package io.usernet.wire;

/**
 * An IPv4 address with the length of its network's prefix, such as {@code 10.0.0.2/24}.
 *
 * @param address with host bits
 * @param prefixLength 0 to 32
 */
public record Cidr(int address, int prefixLength) {
    /**
     * Checks the length.
     *
     * @throws IllegalArgumentException if it is not in 0..32
     */
    public Cidr {
        if (prefixLength < 0 || prefixLength > 32) {
            throw new IllegalArgumentException(
                    "prefix length " + prefixLength + " is not in 0..32");
        }
    }

    /**
     * Reads an address with a prefix length; without one it is 32.
     *
     * @return the address with its host bits
     * @throws IllegalArgumentException if the text is anything else
     */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) return new Cidr(Ipv4Address.parse(text), 32);
        String length = text.substring(slash + 1);
        if (!length.matches("[0-9]{1,2}")) {
            throw new IllegalArgumentException("not a prefix length: '" + length + "'");
        }
        return new Cidr(Ipv4Address.parse(text.substring(0, slash)), Integer.parseInt(length));
    }

    /** {@return the bits of the network, as an address} */
    public int mask() {
        return prefixLength == 0 ? 0 : -1 << 32 - prefixLength;
    }

    /** {@return the network's first address} */
    public int network() {
        return address & mask();
    }

    /** {@return the network's directed broadcast address; 0 if it has none: below a /31 (RFC 3021)} */
    public int broadcast() {
        return prefixLength >= 31 ? 0 : address | ~mask();
    }

    /** {@return whether an address is in this network; all are in one of length 0} */
    public boolean contains(int other) {
        return ((other ^ address) & mask()) == 0;
    }

    @Override
    public String toString() {
        return Ipv4Address.format(address) + "/" + prefixLength;
    }
}
