package io.usernet.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.PassThrough.Wildcard;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PassThroughTest {
    private static PassThrough parse(String rules) {
        return PassThrough.parse(rules, "stack");
    }

    @Test
    void nothingPassesUnlessAsked() {
        assertEquals(PassThrough.NONE, parse(""));
        assertEquals(PassThrough.NONE, parse("none"));
        assertFalse(PassThrough.NONE.isInet());
        assertFalse(parse("unix").isInet());
    }

    @Test
    void rulesAreListed() {
        PassThrough rules =
                PassThrough.parse("loopback, unrouted,unix 10.0.0.0/8,192.0.2.1", "both");
        List<Cidr> networks = List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("192.0.2.1/32"));
        assertEquals(new PassThrough(true, true, true, networks, Wildcard.BOTH), rules);
        assertTrue(rules.isInet());
        assertTrue(rules.contains(Ipv4Address.parse("10.255.0.1")));
        assertFalse(rules.contains(Ipv4Address.parse("11.0.0.1")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "all; all is no rule",
                "none,unix; none goes with nothing else",
                "10.0.0.1/8; did you mean 10.0.0.0/8?",
                "10.0.0.0/33; 10.0.0.0/33 is no rule",
            })
    void wrongRulesAreRefusedWithTheRemedy(String rules, String remedy) {
        String said = assertThrows(IllegalArgumentException.class, () -> parse(rules)).getMessage();
        assertTrue(said.startsWith("usernet.passthrough=" + rules + ": "), said);
        assertTrue(said.contains(remedy), said);
    }

    @Test
    void wrongWildcardIsRefused() {
        String said =
                assertThrows(IllegalArgumentException.class, () -> PassThrough.parse("unix", "all"))
                        .getMessage();
        assertEquals(
                "usernet.passthrough.wildcard=all: give stack, kernel or both; the default is"
                        + " stack",
                said);
    }
}
