package io.usernet.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "255.255.255.255", "10.0.0.2", "192.168.100.1"})
    void addressesAreReadAsTheyAreWritten(String text) {
        int address = Ipv4Address.parse(text);
        assertEquals(text, Ipv4Address.format(address));
        assertEquals(address, Ipv4Address.of((Inet4Address) Ipv4Address.toInetAddress(address)));
        assertEquals(text, Ipv4Address.toInetAddress(address).getHostAddress());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.",
                ".1.2.3",
                "1..2.3",
                "256.0.0.1",
                "1.2.3.-4",
                "1.2.3.4 ",
                " 1.2.3.4",
                "1.2.3.1000",
                "a.b.c.d",
                "0x1.2.3.4",
                "1.2.3.+4",
                "::1",
                "1.2.3.4/24"
            })
    void anythingElseIsNoAddress(String text) {
        Exception e = assertThrows(IllegalArgumentException.class, () -> Ipv4Address.parse(text));
        assertTrue(e.getMessage().contains("'" + text + "'"), e.getMessage());
    }

    @Test
    void kindsOfAddresses() {
        assertTrue(Ipv4Address.isLoopback(Ipv4Address.parse("127.1.2.3")));
        assertFalse(Ipv4Address.isLoopback(Ipv4Address.parse("128.0.0.1")));
        assertTrue(Ipv4Address.isMulticast(Ipv4Address.parse("224.0.0.1")));
        assertTrue(Ipv4Address.isMulticast(Ipv4Address.parse("239.255.255.255")));
        assertFalse(Ipv4Address.isMulticast(Ipv4Address.parse("240.0.0.0")));
        assertTrue(Ipv4Address.isUnicast(Ipv4Address.parse("223.255.255.255")));
        for (String no : new String[] {"0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1"}) {
            assertFalse(Ipv4Address.isUnicast(Ipv4Address.parse(no)), no);
        }
        assertFalse(Ipv4Address.isUnicast(Ipv4Address.BROADCAST));
    }

    @Test
    void networks() {
        Cidr cidr = Cidr.parse("10.1.2.3/20");
        assertEquals("10.1.2.3/20", cidr.toString());
        assertEquals("10.1.0.0", Ipv4Address.format(cidr.network()));
        assertEquals("10.1.15.255", Ipv4Address.format(cidr.broadcast()));
        assertTrue(cidr.contains(Ipv4Address.parse("10.1.15.1")));
        assertFalse(cidr.contains(Ipv4Address.parse("10.1.16.1")));
        assertEquals(32, Cidr.parse("10.1.2.3").prefixLength());
        assertEquals(0, Cidr.parse("10.1.2.2/31").broadcast(), "RFC 3021");
        assertEquals(0, Cidr.parse("10.1.2.3/32").broadcast());
        Cidr all = Cidr.parse("0.0.0.0/0");
        assertTrue(all.contains(-1) && all.contains(0));
        assertEquals(0, all.mask());
        assertEquals(-1, Cidr.parse("1.2.3.4/32").mask());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.1/33",
                "10.0.0.1/",
                "10.0.0.1/-1",
                "10.0.0.1/a",
                "10.0.0.1/8/8",
                "10.0.0/8",
                "/8"
            })
    void anythingElseIsNoNetwork(String text) {
        assertThrows(IllegalArgumentException.class, () -> Cidr.parse(text));
    }

    @Test
    void hardwareAddresses() {
        assertEquals("02:00:00:00:00:ff", MacAddress.format(0x0200_0000_00FFL));
        assertEquals(0x02AB_CDEF_0102L, MacAddress.parse("02:AB:cd:ef:01:02"));
        for (String no :
                new String[] {"", "02:00:00:00:00", "02-00-00-00-00-00", "02:00:00:00:00:0g"}) {
            assertThrows(IllegalArgumentException.class, () -> MacAddress.parse(no));
        }
    }
}
