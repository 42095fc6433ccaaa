package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkUri;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is different with {@code tun:}; the rest is {@link TapProviderTest}'s. */
class TunProviderTest {
    private static final String URI = "tun:usernet0?host=10.0.0.1/24";
    private static final String PREPARATION =
            "sudo ip tuntap add dev usernet0 mode tun user "
                    + System.getProperty("user.name")
                    + " && sudo ip addr add 10.0.0.1/24 dev usernet0"
                    + " && sudo ip link set usernet0 up";

    private static LinkDevice open(String uri) throws IOException {
        return new TunProvider().open(LinkUri.parse(uri));
    }

    private static String failure(String uri) {
        String message = assertThrows(IOException.class, () -> open(uri).close()).getMessage();
        assertTrue(message.startsWith("usernet.link=" + uri + ": "), message);
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    @ParameterizedTest
    @CsvSource({
        "tun:a/b,                                as in tun:usernet0",
        "tun:usernet0?mac=02:00:00:00:00:02,     unknown parameter 'mac'",
        "tun:usernet0?mtu=65536,                 576..65535",
        "tun:usernet0?host=10.0.0.0/24,          host's address",
    })
    void wrongParametersAreNamed(String uri, String expected) {
        String message =
                assertThrows(IllegalArgumentException.class, () -> open(uri).close()).getMessage();
        assertTrue(message.startsWith("usernet.link=" + LinkUri.parse(uri) + ": "), message);
        assertTrue(message.contains(expected), message);
    }

    @InNetns
    void theKernelsEndIsBroughtUpWithItsNetwork() throws Exception {
        try (LinkDevice link = open("tun:usernet0?host=10.11.12.13/20&mtu=9000")) {
            assertEquals(3, link.capabilities().layer());
            assertEquals(0, link.capabilities().mac());
            assertEquals(9000, link.capabilities().mtu());
            String said = sh("ip addr show dev usernet0");
            assertTrue(said.contains("inet 10.11.12.13/20 "), said);
            assertTrue(said.contains("POINTOPOINT") && said.contains(",UP"), said);
            assertTrue(sh("ip -o route show dev usernet0").startsWith("10.11.0.0/20 "));
            assertTrue(sh("ip -d link show usernet0").contains("tun type tun pi off"));
        }
        assertFalse(sh("ip link").contains("usernet0"), "a device that we made goes with us");
    }

    @InNetns
    void aLargeMtuIsSet() throws Exception {
        try (LinkDevice link = open("tun:usernet0?mtu=65535&persist=true")) {
            assertEquals(65_535, link.capabilities().mtu());
        }
        open("tun:usernet0?persist=false").close();
        assertFalse(sh("ip link").contains("usernet0"));
    }

    @InNetns(setup = "ip tuntap add dev usernet0 mode tap")
    void notATun() {
        assertTrue(failure(URI).contains("not a TUN device"));
    }

    @InNetns(without = "net_admin")
    void noPermissionToCreate() {
        String message = failure(URI);
        assertTrue(message.contains("no permission to create the device"), message);
        assertTrue(message.endsWith(": " + PREPARATION), message);
    }

    /** What the advice makes is taken as it is. */
    @InNetns(
            setup =
                    "ip tuntap add dev usernet0 mode tun user root"
                            + " && ip addr add 10.0.0.1/24 dev usernet0"
                            + " && ip link set usernet0 up",
            without = "net_admin")
    void preparedDeviceNeedsNoPrivilege() throws Exception {
        try (LinkDevice link = open(URI)) {
            assertEquals(1500, link.capabilities().mtu());
        }
    }
}
