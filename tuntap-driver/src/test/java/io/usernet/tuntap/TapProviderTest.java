package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import io.usernet.link.Links;
import java.io.File;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What users read when something is not as it should be. */
class TapProviderTest {
    private static final String URI = "tap:usernet0?host=10.0.0.1/24";
    private static final String PREPARATION =
            "sudo ip tuntap add dev usernet0 mode tap user "
                    + System.getProperty("user.name")
                    + " && sudo ip addr add 10.0.0.1/24 dev usernet0"
                    + " && sudo ip link set usernet0 up";

    private static LinkDevice open(String uri) throws IOException {
        return new TapProvider().open(LinkUri.parse(uri));
    }

    private static TunTapProvider.Request request(String uri) {
        return TunTapProvider.Request.of(Mode.TAP, LinkUri.parse(uri));
    }

    private static String failure(String uri) {
        String message = assertThrows(IOException.class, () -> open(uri).close()).getMessage();
        assertTrue(message.startsWith("usernet.link=" + uri + ": "), message);
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    @InNetns
    void aLackOfDescriptorsIsOneLineAndLeavesNone() throws Exception {
        failForLackOf("socket"); // the first one loads classes, and opens their jars
        int before = new File("/proc/self/fd").list().length;
        failForLackOf("socket");
        failForLackOf("eventfd");
        assertEquals(before, new File("/proc/self/fd").list().length);
    }

    private static void failForLackOf(String call) {
        Syscalls sys = Natives.failing(call, Errno.EMFILE);
        String message =
                assertThrows(
                                IOException.class,
                                () -> new TapProvider().open(request(URI), sys).close())
                        .getMessage();
        assertTrue(message.startsWith("usernet.link=" + URI + ": " + call), message);
        assertTrue(message.contains("EMFILE, too many open files"), message);
    }

    @Test
    void bothAreFoundByTheirSchemes() {
        Set<String> schemes = new HashSet<>();
        for (LinkProvider p : ServiceLoader.load(LinkProvider.class)) schemes.add(p.scheme());
        assertTrue(schemes.containsAll(Set.of("tap", "tun")), schemes.toString());
    }

    @Test
    void withoutAnAddressNothingIsOpened() {
        assertEquals(
                "usernet.link=tap:usernet0: set usernet.address too, such as 10.0.0.2/24",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Links.open("tap:usernet0", List.of(), false))
                        .getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "tap:,                               characters",
        "tap:a/b,                            characters",
        "tap:..,                             characters",
        "tap:sixteen-letters0,               1 to 15",
        "tap:usernet0?hots=10.0.0.1/24,      hots",
        "tap:usernet0?host=10.0.0.1,         10.0.0.1/24",
        "tap:usernet0?host=10.0.0.1/33,      10.0.0.1/24",
        "tap:usernet0?host=10.0.0.0/24,      host's address",
        "tap:usernet0?host=10.0.0.255/24,    host's address",
        "tap:usernet0?host=224.0.0.1/24,     host's address",
        "tap:usernet0?host=fd00::1/64,       10.0.0.1/24",
        "tap:usernet0?mtu=575,               576..65521",
        "tap:usernet0?mtu=65522,             576..65521",
        "tap:usernet0?mtu=big,               576..65521",
        "tap:usernet0?mac=1:2:3:4:5:6,       1:2:3:4:5:6",
        "tap:usernet0?mac=01:00:5e:00:00:01, group",
        "tap:usernet0?persist=maybe,         true or false",
    })
    void wrongParametersAreNamed(String uri, String expected) {
        String message =
                assertThrows(IllegalArgumentException.class, () -> open(uri).close()).getMessage();
        assertTrue(message.startsWith("usernet.link=" + LinkUri.parse(uri) + ": "), message);
        assertTrue(message.contains(expected), message);
    }

    @Test
    void otherPlatformsAreRefused() {
        TunTapProvider.Request request = request(URI);
        assertTrue(
                assertThrows(
                                IOException.class,
                                () ->
                                        TunTapProvider.requirePlatform(
                                                request, "Mac OS X", "aarch64"))
                        .getMessage()
                        .contains("this is Mac OS X"));
        assertTrue(
                assertThrows(
                                IOException.class,
                                () -> TunTapProvider.requirePlatform(request, "Linux", "mips64"))
                        .getMessage()
                        .contains("mips64"));
    }

    @Test
    void ownAddressIsAStationsAndLocal() {
        for (long kernel = 0; kernel < 1_000; kernel++) {
            long own = TunTapProvider.ownMac(0, 0x0200_0000_0000L + kernel);
            assertEquals(0x02, own >>> 40 & 0x03);
            assertNotEquals(0x0200_0000_0000L + kernel, own);
        }
        assertEquals(7, TunTapProvider.ownMac(7, 8));
        assertEquals(0, TunTapProvider.ownMac(8, 8));
    }

    @InNetns
    void deviceInUse() throws Exception {
        try (LinkDevice link = open(URI)) {
            assertEquals("usernet0", link.capabilities().name());
            String message = failure(URI);
            assertTrue(message.contains("in use by another process"), message);
            String[] advice = message.split("[()]");
            String holders =
                    sh(advice[1].replace("sudo ", "").replace(" names it", "") + " || true");
            String self = "/proc/" + ProcessHandle.current().pid() + "/fdinfo/";
            assertTrue(holders.contains(self), holders);
        }
    }

    @InNetns(setup = "ip tuntap add dev usernet0 mode tun")
    void notATap() {
        assertTrue(failure(URI).contains("not a TAP"));
    }

    @InNetns(without = "net_admin")
    void noPermissionToCreate() {
        String message = failure(URI);
        assertTrue(message.contains("no permission to create the device"), message);
        assertTrue(message.endsWith(": " + PREPARATION), message);
    }

    @InNetns(setup = "ip tuntap add dev usernet0 mode tap user 4711", without = "net_admin")
    void deviceOfAnotherUser() {
        String message = failure(URI);
        assertTrue(message.contains("belongs to another user"), message);
        assertTrue(message.endsWith(": sudo ip link delete usernet0 && " + PREPARATION), message);
    }

    /** The commands of the message, as given (but for sudo), help: the same URI then opens. */
    @InNetns(
            setup =
                    "ip tuntap add dev usernet0 mode tap user root"
                            + " && ip addr add 10.0.0.1/24 dev usernet0"
                            + " && ip link set usernet0 up",
            without = "net_admin")
    void preparedDeviceNeedsNoPrivilege() throws Exception {
        try (LinkDevice link = open(URI)) {
            assertEquals(1500, link.capabilities().mtu());
        }
        String message = failure(URI + "&mtu=1400");
        assertTrue(message.contains("no permission to set up the interface"), message);
        assertTrue(message.endsWith("set usernet0 mtu 1400 up"), message);
    }

    @InNetns(setup = "rm /dev/net/tun", without = "net_admin")
    void noDeviceNode() {
        String message = failure(URI);
        assertTrue(message.contains("there is no /dev/net/tun here"), message);
        assertTrue(message.contains("sudo modprobe tun"), message);
    }

    @InNetns(setup = "chmod 0 /dev/net/tun", without = "net_admin,dac_override")
    void deviceNodeIsClosedToUs() {
        String message = failure(URI);
        assertTrue(message.contains("no permission to open /dev/net/tun"), message);
        assertTrue(message.endsWith("sudo chmod 666 /dev/net/tun && " + PREPARATION), message);
    }

    @InNetns(setup = "ip tuntap add dev usernet0 mode tap && ip link set usernet0 mtu 500")
    void mtuTooSmall() {
        assertTrue(failure("tap:usernet0").contains("MTU of 500"));
    }

    @InNetns
    void worksOnTheModulePath() throws Exception {
        StringBuilder modules = new StringBuilder();
        String tests = null;
        for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (part.contains("test-classes")) tests = part;
            else if (!part.contains("junit")) modules.append(part).append(File.pathSeparator);
        }
        String said =
                sh(
                        System.getProperty("java.home")
                                + "/bin/java -p '"
                                + modules
                                + "' --add-modules io.usernet.tuntap -cp '"
                                + tests
                                + "' io.usernet.modulepath.OpenTap");
        assertTrue(said.contains("module io.usernet.tuntap usernet0"), said);
    }

    @InNetns
    void failuresLeaveNoDescriptorAndNoDevice() throws Exception {
        failure("tap:lo");
        int before = new File("/proc/self/fd").list().length;
        for (int i = 0; i < 20; i++) failure("tap:lo");
        for (int i = 0; i < 20; i++) open("tap:usernet0").close();
        assertEquals(before, new File("/proc/self/fd").list().length);
        assertFalse(sh("ip link").contains("usernet0"));
    }
}
