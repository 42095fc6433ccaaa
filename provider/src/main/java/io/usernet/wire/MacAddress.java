package io.usernet.wire;

/** Hardware addresses as the low 48 bits of a {@code long}. Conversions allocate: not for hot paths. */
public final class MacAddress {
    private MacAddress() {}

    /** {@return six hexadecimal bytes with colons between, in lower case} */
    public static String format(long mac) {
        StringBuilder s = new StringBuilder(17);
        for (int shift = 40; shift >= 0; shift -= 8) {
            if (shift < 40) s.append(':');
            s.append(Character.forDigit((int) (mac >>> shift + 4 & 0xF), 16));
            s.append(Character.forDigit((int) (mac >>> shift & 0xF), 16));
        }
        return s.toString();
    }

    /**
     * Reads six hexadecimal bytes with colons between.
     *
     * @return the address in the low 48 bits
     * @throws IllegalArgumentException if the text is anything else
     */
    public static long parse(String text) {
        if (!text.matches("(?i)[0-9a-f]{2}(:[0-9a-f]{2}){5}")) {
            throw new IllegalArgumentException("not a hardware address: '" + text + "'");
        }
        return Long.parseLong(text.replace(":", ""), 16);
    }
}
