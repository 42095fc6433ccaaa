package io.usernet.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.usernet.config.Impairment;
import io.usernet.config.Settings;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentOptionsTest {
    private static Map<String, String> settings(String options) {
        return AgentOptions.parse(options).settings();
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " ", ",", ",,"})
    void nothingIsNothing(String text) {
        assertEquals(new AgentOptions(Map.of(), Set.of()), AgentOptions.parse(text));
    }

    @Test
    void valuesMayHaveCommas() {
        assertEquals(
                Map.of(
                        "usernet.link", "passt:?tcp=8080,8443&udp=5353",
                        "usernet.address", "10.0.0.2/24,10.1.0.2/24",
                        "usernet.impair", "loss=1%,in.delay=5ms,seed=7",
                        "usernet.passthrough", "loopback,unix,10.2.0.0/16",
                        "usernet.net.ipv4.tcp_rmem", "4096 8192 16384"),
                settings(
                        "link=passt:?tcp=8080,8443&udp=5353,address=10.0.0.2/24,10.1.0.2/24,"
                                + "impair=loss=1%,in.delay=5ms,seed=7,"
                                + "passthrough=loopback,unix,10.2.0.0/16,"
                                + "net.ipv4.tcp_rmem=4096 8192 16384"));
    }

    @Test
    void namesMayHaveThePrefixAndBlanks() {
        assertEquals(
                Map.of(
                        "usernet.link", "tap:u0",
                        "usernet.address.2", "10.1.0.2/24,10.3.0.2/24",
                        "usernet.trace", ""),
                settings("usernet.link=tap:u0 , address.2 = 10.1.0.2/24 , 10.3.0.2/24,, trace=,"));
    }

    @ParameterizedTest
    @EnumSource
    void partsAreSwitched(Part part) {
        String name = part.option();
        assertEquals(EnumSet.of(part), AgentOptions.parse("link=tap:u0," + name + "=off").off());
        assertEquals(Set.of(), AgentOptions.parse(name + "=on").off());
        assertFalse(Settings.isSetting(Settings.PREFIX + name), "it would mean two things");
    }

    /** A key of ours between the parts of an impairment would cut it in two. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "loss",
                "delay",
                "jitter",
                "reorder",
                "duplicate",
                "corrupt",
                "rate",
                "limit",
                "seed"
            })
    void noOptionIsAPartOfAnImpairment(String part) {
        String value =
                switch (part) {
                    case "delay", "jitter" -> "1ms";
                    case "limit", "seed" -> "7";
                    case "rate" -> "1mbit";
                    default -> "1%";
                };
        Impairment.parse(
                "in.delay=9ms,out.delay=9ms," + part + "=" + value); // there is such a part
        assertFalse(Settings.isSetting(Settings.PREFIX + part));
        assertEquals(null, Part.of(part));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tap:u0 | tap:u0: write key=value,key=value, such as"
                        + " link=tap:usernet0,address=10.0.0.2/24",
                "adress=10.0.0.2/24 | adress=10.0.0.2/24: there is no option 'adress';"
                        + " java -jar usernet.jar lists them",
                "link=tap:u0,adress=10.0.0.2/24 | adress=10.0.0.2/24: there is no option 'adress';"
                        + " java -jar usernet.jar lists them",
                "link=tap:u0,inline.writers | inline.writers: give it a value, with =",
                "link=tap:u0,netty | netty: give it a value, with =",
                "netty=no | netty=no: give on or off; the default is on",
                "link=tap:u0,link=tap:u1 | link=tap:u1: link is given twice",
                "link=tap:u0,usernet.link=tap:u1 | usernet.link=tap:u1: link is given twice",
            })
    void mistakesAreOneLine(String options, String message) {
        var e = assertThrows(IllegalArgumentException.class, () -> AgentOptions.parse(options));
        assertEquals(message, e.getMessage());
    }
}
