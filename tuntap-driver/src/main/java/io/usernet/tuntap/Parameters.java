package io.usernet.tuntap;

import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkUri;
import io.usernet.wire.MacAddress;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;

/** What links' URIs have in common: parameters, and what users read about them. */
final class Parameters {
    /** Architectures with 64-bit pointers and the numbers of asm-generic. */
    private static final Set<String> ARCHITECTURES =
            Set.of("amd64", "x86_64", "aarch64", "riscv64", "loongarch64");

    private Parameters() {}

    /** {@code mtu=}, or what it is without. */
    static int mtu(LinkUri uri, int without, int most) {
        return mtu(uri, without, LinkCapabilities.MIN_MTU, most);
    }

    static int mtu(LinkUri uri, int without, int least, int most) {
        String text = uri.parameters().get("mtu");
        if (text == null) return without;
        int mtu = text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : 0;
        if (mtu < least || mtu > most) {
            throw new IllegalArgumentException(
                    "mtu=" + text + " is not a whole number in " + least + ".." + most);
        }
        return mtu;
    }

    /** {@code mac=}; 0 without. */
    static long mac(LinkUri uri) {
        String text = uri.parameters().get("mac");
        if (text == null) return 0;
        long mac = MacAddress.parse(text);
        if (mac == 0 || (mac & 0x0100_0000_0000L) != 0) {
            throw new IllegalArgumentException(
                    "mac=" + text + " is not a station's address: zero or a group's");
        }
        return mac;
    }

    /** A station's address, locally administered; from seeds near each other, ones far apart. */
    static long localMac(long seed) {
        long mixed = seed + 0x9E37_79B9_7F4A_7C15L; // the finaliser of splitmix64
        mixed = (mixed ^ mixed >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D0_49BB_1331_11EBL;
        mixed ^= mixed >>> 31;
        return mixed & 0xFCFF_FFFF_FFFFL | 0x0200_0000_0000L;
    }

    static void requireLinux(LinkUri uri, String os, String architecture) throws IOException {
        if (!os.equals("Linux")) {
            throw failure(
                    uri,
                    uri.scheme()
                            + ": links are of Linux, this is "
                            + os
                            + ": leave usernet.link unset",
                    null);
        }
        if (!ARCHITECTURES.contains(architecture.toLowerCase(Locale.ROOT))) {
            throw failure(
                    uri,
                    "the driver does not know the architecture "
                            + architecture
                            + ": it runs on x86_64, aarch64, riscv64 and loongarch64",
                    null);
        }
    }

    /** One line: the property, its value, what is wrong and what helps. */
    static IOException failure(LinkUri uri, String what, Throwable cause) {
        return new IOException("usernet.link=" + uri + ": " + what, cause);
    }

    /** The same, of a parameter. */
    static IllegalArgumentException invalid(LinkUri uri, IllegalArgumentException what) {
        return new IllegalArgumentException("usernet.link=" + uri + ": " + what.getMessage(), what);
    }
}
