package io.usernet.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.wire.Cidr;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private static Settings from(String... namesAndValues) {
        Properties p = new Properties();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            p.setProperty(namesAndValues[i], namesAndValues[i + 1]);
        }
        return Settings.from(p);
    }

    @Test
    void nothingSetMeansLoopbackAlone() {
        Settings s = from("java.version", "17", "user.name", "x");
        assertNull(s.link());
        assertNull(s.trace());
        assertNull(s.capture());
        assertEquals(List.of(), s.addresses());
        assertEquals(0, s.gateway());
        assertEquals(256 << 20, s.memory());
    }

    @Test
    void allAreRead() {
        Settings s =
                from(
                        "usernet.gateway", "10.0.0.1",
                        "usernet.link", "tap:u0?host=10.0.0.1/24",
                        "usernet.address", "10.0.0.2/24, 192.168.7.9/31",
                        "usernet.trace", "stderr",
                        "usernet.capture", "x.pcapng",
                        "usernet.capture.snaplen", "96",
                        "usernet.capture.buffer", "3m",
                        "usernet.capture.size", "100m",
                        "usernet.capture.files", "7",
                        "usernet.impair", "loss=1%,seed=7",
                        "usernet.memory", "64m",
                        "usernet.exit.timeout", "5",
                        "usernet.inline.writers", "true",
                        "usernet.net.ipv4.tcp_retries2", "8",
                        "usernet.net.ipv4.tcp_rmem", "4096 70000 80000");
        assertEquals("tap:u0?host=10.0.0.1/24", s.link());
        assertEquals(
                List.of(Cidr.parse("10.0.0.2/24"), Cidr.parse("192.168.7.9/31")), s.addresses());
        assertEquals(0x0A00_0001, s.gateway());
        assertEquals("stderr", s.trace());
        assertEquals(new CaptureConfig("x.pcapng", 96, 3 << 20, 100 << 20, 7), s.capture());
        assertEquals("loss=1%,seed=7", s.impair().toString());
        assertEquals(64 << 20, s.memory());
        assertEquals(5, s.exitTimeoutMs());
        assertTrue(s.inlineWriters());
        assertEquals(8, s.sysctls().get(Sysctl.TCP_RETRIES2));
        assertEquals(70_000, s.sysctls().get(Sysctl.TCP_RMEM, 1));
        assertEquals(15, Sysctls.defaults().get(Sysctl.TCP_RETRIES2), "defaults stay as they were");
    }

    @Test
    void tellsSettingsFromOtherNames() throws IllegalAccessException {
        List<String> names = new ArrayList<>();
        for (Field field : Settings.class.getFields()) {
            if (field.getType() != String.class || field.getName().equals("PREFIX")) continue;
            names.add((String) field.get(null));
        }
        assertTrue(names.contains("usernet.link") && names.contains("usernet.config"), "" + names);
        for (Sysctl sysctl : Sysctl.values()) names.add("usernet." + sysctl.key());
        names.addAll(List.of("usernet.link.2", "usernet.address.9"));
        for (String name : names) assertTrue(Settings.isSetting(name), name);
        for (String name :
                List.of(
                        "",
                        "usernet.",
                        "link",
                        "usernet.lnk",
                        "usernet.link.1",
                        "usernet.link.10",
                        "usernet.gateway.2",
                        "usernet.Link",
                        "usernet.link ")) {
            assertFalse(Settings.isSetting(name), name);
        }
    }

    @Test
    void whatIsGivenIsNamedInFull(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("u.properties");
        Files.writeString(file, "passthrough=unix\naddress=10.0.0.9/24\n");
        Properties properties = new Properties();
        properties.setProperty("usernet.config", file.toString());
        properties.setProperty("usernet.address", " 10.0.0.2/24 ");
        properties.setProperty("java.version", "17");
        assertEquals(
                Map.of("usernet.passthrough", "unix", "usernet.address", "10.0.0.2/24"),
                Settings.given(properties));
    }

    @Test
    void aFileIsReadAndSystemPropertiesWin(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("u.properties");
        Files.writeString(
                file, "address=10.0.0.9/24\nusernet.gateway=10.0.0.1\nnet.ipv4.tcp_sack=0\n");
        Settings s = from("usernet.config", file.toString(), "usernet.address", "10.0.0.2/24");
        assertEquals(List.of(Cidr.parse("10.0.0.2/24")), s.addresses());
        assertEquals(0x0A00_0001, s.gateway());
        assertEquals(0, s.sysctls().get(Sysctl.TCP_SACK));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "usernet.adress | 10.0.0.2/24 | there is no such setting",
                "usernet.tcp_sack | 1 | did you mean usernet.net.ipv4.tcp_sack?",
                "usernet.address | 10.0.0.256/24 | not an IPv4 address",
                "usernet.address | 10.0.0.2 | such as 10.0.0.2/24; /32: it has no neighbours",
                "usernet.address | 10.0.0.0/24 | give a host's own address",
                "usernet.address | 10.0.0.255/24 | give a host's own address",
                "usernet.address | 127.0.0.1/8 | give a host's own address",
                "usernet.address | 10.0.0.2/33 | is not in 0..32",
                "usernet.gateway | 10.0.0 | not an IPv4 address",
                "usernet.gateway | 10.9.9.9 | set usernet.address too",
                "usernet.impair | loss | is not of the form part=value: write for example loss=1%",
                "usernet.impair | loss=2 | loss=2: give a share of 0% to 100%",
                "usernet.impair | lost=2% | there is no such part; there are loss, delay",
                "usernet.address.2 | 10.0.0.0/24 | give a host's own address",
                "usernet.link.10 | tap:usernet0 | there is no such setting",
                "usernet.any.address | yes | give true or false",
                "usernet.memory | much | give bytes",
                "usernet.memory | 1k | give 4m to 1024g",
                "usernet.memory | 1025g | give 4m to 1024g",
                "usernet.memory | 999999999999g | give 4m to 1024g",
                "usernet.capture.snaplen | 63 | give bytes, 64 to 262144",
                "usernet.capture.snaplen | 262145 | give bytes, 64 to 262144",
                "usernet.capture.snaplen | all | give bytes, 64 to 262144",
                "usernet.capture.buffer | 1023k | give 1m to 1g",
                "usernet.capture.buffer | 2g | give 1m to 1g",
                "usernet.capture.size | big | give bytes",
                "usernet.capture.size | 127k | give 128k to 1024g",
                "usernet.capture.size | 1025g | give 128k to 1024g",
                "usernet.capture.files | 3 | set usernet.capture.size too",
                "usernet.capture.files | 100001 | give a number, 1 to 100000",
                "usernet.exit.timeout | -1 | give milliseconds",
                "usernet.inline.writers | yes | give true or false",
                "usernet.net.ipv4.tcp_sack | 2 | in 0..1",
                "usernet.net.ipv4.tcp_rmem | 9 8 7 | in 2048..",
                "usernet.net.ipv4.ip_local_port_range | 5000 4000 | do not fall",
                "usernet.config | /nowhere/at/all | there is no such file",
            })
    void whatIsWrongIsOneLineWithNameValueAndRemedy(String name, String value, String remedy) {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> from(name, value));
        String message = e.getMessage();
        assertTrue(message.startsWith(name + "=" + value + ": "), message);
        assertTrue(message.contains(remedy), message);
        assertEquals(1, message.lines().count(), message);
    }

    @Test
    void aFileThatIsNoTextIsNamed(@TempDir Path dir) throws IOException {
        Path file = Files.write(dir.resolve("usernet.jar"), new byte[] {'P', 'K', (byte) 0x80});
        IllegalArgumentException e =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> from(Settings.CONFIG, file.toString()));
        assertEquals(
                "usernet.config=" + file + ": this is no properties file: it is not text in UTF-8",
                e.getMessage());
    }

    @Test
    void moreLinksHaveNumbers() {
        Settings s =
                from(
                        "usernet.link", "tap:a",
                        "usernet.address", "10.0.0.2/24",
                        "usernet.link.2", "tap:b",
                        "usernet.address.2", "10.0.1.2/24");
        assertEquals("tap:a", s.link());
        assertEquals("tap:b", s.links().get(1).link());
        assertEquals(List.of(Cidr.parse("10.0.1.2/24")), s.links().get(1).addresses());
        assertEquals(2, s.addresses().size());
    }

    @Test
    void anEmptyNameOfAFileIsNone() {
        assertEquals(Settings.defaults(), from(Settings.CONFIG, ""));
    }

    @Test
    void theDocumentationListsEverySettingWithItsDefaultAndRange() throws IOException {
        Path doc = Path.of("..", "docs", "configuration.md");
        List<String> lines = Files.readAllLines(doc);
        List<String> missing = new ArrayList<>();
        for (Sysctl s : Sysctl.values()) {
            String row =
                    "| `usernet."
                            + s.key()
                            + "` | `"
                            + s
                            + "` | "
                            + s.min()
                            + " | "
                            + s.max()
                            + " |";
            if (lines.stream().noneMatch(l -> l.startsWith(row))) missing.add(row);
        }
        for (String name :
                List.of(
                        Settings.LINK,
                        Settings.ADDRESS,
                        Settings.ANY_ADDRESS,
                        Settings.GATEWAY,
                        Settings.TRACE,
                        Settings.CAPTURE,
                        Settings.CAPTURE_SNAPLEN,
                        Settings.CAPTURE_BUFFER,
                        Settings.CAPTURE_SIZE,
                        Settings.CAPTURE_FILES,
                        Settings.IMPAIR,
                        Settings.MEMORY,
                        Settings.EXIT_TIMEOUT,
                        Settings.INLINE_WRITERS,
                        Settings.CONFIG,
                        DefaultThreadPool.INITIAL_SIZE,
                        DefaultThreadPool.THREAD_FACTORY)) {
            if (lines.stream().noneMatch(l -> l.startsWith("| `" + name + "` |"))) {
                missing.add(name);
            }
        }
        assertEquals(List.of(), missing);
    }
}
