package io.usernet.wire;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** IPv4 addresses as {@code int}s, most significant byte first. Conversions allocate: not for hot paths. */
public final class Ipv4Address {
    /** 0.0.0.0, 255.255.255.255 and 127.0.0.1. */
    public static final int ANY = 0, BROADCAST = -1, LOOPBACK = 0x7F00_0001;

    private Ipv4Address() {}

    /** {@return whether it is in 127.0.0.0/8} */
    public static boolean isLoopback(int address) {
        return address >>> 24 == 127;
    }

    /** {@return whether it is a group: in 224.0.0.0/4} */
    public static boolean isMulticast(int address) {
        return address >>> 28 == 0xE;
    }

    /** {@return whether it may be a host's own address: not zero, group, broadcast or class E} */
    public static boolean isUnicast(int address) {
        return address >>> 24 != 0 && address >>> 28 < 0xE;
    }

    /** {@return an address in dotted decimal, such as {@code 10.0.0.2}} */
    public static String format(int address) {
        return (address >>> 24)
                + "."
                + (address >>> 16 & 0xFF)
                + "."
                + (address >>> 8 & 0xFF)
                + "."
                + (address & 0xFF);
    }

    /**
     * Reads four decimal numbers of 0 to 255 with dots between.
     *
     * @return the address, most significant byte first
     * @throws IllegalArgumentException if the text is anything else
     */
    public static int parse(String text) {
        String[] parts = text.split("\\.", -1);
        int address = 0;
        boolean sound = parts.length == 4;
        for (int i = 0; sound && i < 4; i++) {
            sound = parts[i].matches("[0-9]{1,3}") && Integer.parseInt(parts[i]) <= 255;
            if (sound) address = address << 8 | Integer.parseInt(parts[i]);
        }
        if (!sound) throw new IllegalArgumentException("not an IPv4 address: '" + text + "'");
        return address;
    }

    /** {@return an address of {@code java.net} as an {@code int}} */
    public static int of(Inet4Address address) {
        byte[] b = address.getAddress();
        return (b[0] & 0xFF) << 24 | (b[1] & 0xFF) << 16 | (b[2] & 0xFF) << 8 | b[3] & 0xFF;
    }

    /** {@return an address as {@code java.net} has it; no name is looked up} */
    public static InetAddress toInetAddress(int address) {
        byte[] b = {
            (byte) (address >>> 24), (byte) (address >>> 16), (byte) (address >>> 8), (byte) address
        };
        try {
            return InetAddress.getByAddress(b);
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }
}
