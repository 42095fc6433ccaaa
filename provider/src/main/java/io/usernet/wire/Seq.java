package io.usernet.wire;

/**
 * Sequence number arithmetic modulo 2<sup>32</sup> (RFC 9293 section 3.4). A sequence number is an
 * {@code int}; two of them are never compared with {@code <}.
 */
public final class Seq {
    private Seq() {}

    /** {@return whether {@code a} comes before {@code b}} */
    public static boolean before(int a, int b) {
        return a - b < 0;
    }

    /** {@return whether {@code a} comes after {@code b}} */
    public static boolean after(int a, int b) {
        return b - a < 0;
    }

    /** {@return whether {@code a} is {@code b} or comes before it} */
    public static boolean atMost(int a, int b) {
        return a - b <= 0;
    }

    /** {@return whether {@code a} is {@code b} or comes after it} */
    public static boolean atLeast(int a, int b) {
        return a - b >= 0;
    }

    /** {@return whether {@code first <= s < first + size}} */
    public static boolean inWindow(int s, int first, int size) {
        return Integer.compareUnsigned(s - first, size) < 0;
    }

    /** {@return the later of the two} */
    public static int latest(int a, int b) {
        return a - b >= 0 ? a : b;
    }

    /** {@return the earlier of the two} */
    public static int earliest(int a, int b) {
        return a - b <= 0 ? a : b;
    }

    /** {@return how far {@code to} is behind {@code from}; {@code from} must not come after {@code to}} */
    public static int distance(int from, int to) {
        assert to - from >= 0
                : Integer.toUnsignedString(from) + " after " + Integer.toUnsignedString(to);
        return to - from;
    }
}
