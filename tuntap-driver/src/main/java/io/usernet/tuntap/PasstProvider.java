package io.usernet.tuntap;

import io.usernet.link.LinkAddresses;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Opens {@code passt}: a way to the machine's network that needs neither privilege nor preparation. It
 * starts an installed passt(1), which speaks with the kernel's sockets for us, and ends it when the link
 * is closed or the JVM ends, however that happens. Servers on the machine's own 127.0.0.1 are at the
 * gateway's address.
 *
 * <table>
 * <caption>Parameters, as in {@code passt:?tcp=8080}</caption>
 * <tr><td>{@code address=ADDRESS/LENGTH}</td><td>the stack's, if usernet.address does not say otherwise;
 *     10.0.2.15/24 if not given.</td></tr>
 * <tr><td>{@code gateway=ADDRESS}</td><td>another host of that network: passt. If not given, the network's
 *     second address, or the first where that one is ours.</td></tr>
 * <tr><td>{@code tcp=PORTS}, {@code udp=PORTS}</td><td>ports of the machine that lead to the same ports of
 *     the stack, in passt's notation, such as {@code 8080}, {@code 8000-8010}, {@code 2222:22}, {@code
 *     127.0.0.1/8080}; {@code none} if not given.</td></tr>
 * <tr><td>{@code mtu=N}</td><td>65520 if not given, 1280 to 65520.</td></tr>
 * <tr><td>{@code mac=xx:xx:xx:xx:xx:xx}</td><td>our hardware address; random if not given.</td></tr>
 * </table>
 *
 * <p>If passt ends before we do, the link is gone, and the failure says what passt said. Stateless and
 * thread-safe.
 */
public final class PasstProvider implements LinkProvider {
    private static final Set<String> PARAMETERS =
            Set.of("address", "gateway", "mac", "mtu", "tcp", "udp");

    private static final int MAX_MTU = 65_520, MIN_MTU = 1_280;

    private static final String PORTS = "none|all|auto|[0-9~][0-9A-Za-z~,:./%_-]*";

    /** For {@link java.util.ServiceLoader}. */
    public PasstProvider() {}

    @Override
    public String scheme() {
        return "passt";
    }

    @Override
    public boolean assignsAddresses() {
        return true;
    }

    @Override
    public LinkDevice open(LinkUri uri) throws IOException {
        Request request = Request.of(uri);
        Parameters.requireLinux(uri, System.getProperty("os.name"), System.getProperty("os.arch"));
        try {
            Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
            return open(request, NativeCalls.get(), System.getenv("PATH"), temporary);
        } catch (IOException e) {
            throw Parameters.failure(uri, e.getMessage(), e);
        }
    }

    static LinkDevice open(Request request, NativeCalls calls, String path, Path temporary)
            throws IOException {
        LinkCapabilities capabilities =
                new LinkCapabilities("passt", 2, request.mtu, request.mac, false, 0);
        LinkAddresses addresses = new LinkAddresses(List.of(request.address), request.gateway);
        PasstProcess passt = PasstProcess.start(calls.sockets(), command(request, path), temporary);
        try {
            return new PasstLink(wire(calls, passt, capabilities), passt, addresses);
        } catch (Throwable t) {
            passt.close();
            throw t;
        }
    }

    private static UnixLink wire(
            NativeCalls calls, PasstProcess passt, LinkCapabilities capabilities)
            throws IOException {
        Rendezvous connection = Rendezvous.with(passt.takeConnection());
        try {
            return new UnixLink(calls.sys(), connection, capabilities);
        } catch (Throwable t) {
            connection.close();
            throw t;
        }
    }

    /**
     * What to run: in a session of its own where there is setsid(1), so that a terminal's Ctrl-C doesn't
     * end passt before the JVM has delivered what it wrote.
     */
    private static List<String> command(Request request, String path) throws IOException {
        String passt = program("passt", path);
        if (passt == null) {
            throw new IOException(
                    "there is no program passt in PATH: sudo apt-get install passt (Fedora: sudo dnf"
                            + " install passt; others: https://passt.top)");
        }
        List<String> words = new ArrayList<>();
        String setsid = program("setsid", path);
        if (setsid != null) words.add(setsid); // it becomes passt: the process is the same
        words.addAll(request.options(passt));
        return words;
    }

    /** The first program of that name in the directories of {@code PATH}, or null. */
    private static String program(String name, String path) {
        for (String directory : (path == null ? "" : path).split(File.pathSeparator)) {
            if (directory.isEmpty()) continue;
            Path program = Path.of(directory, name);
            if (Files.isRegularFile(program) && Files.isExecutable(program)) {
                return program.toString();
            }
        }
        return null;
    }

    /** What the user asked for, checked. */
    record Request(Cidr address, int gateway, int mtu, long mac, String tcp, String udp) {
        static Request of(LinkUri uri) {
            try {
                uri.allow(PARAMETERS);
                if (!uri.name().isEmpty()) {
                    throw new IllegalArgumentException(
                            "passt has no name, only parameters: write passt, or passt:?tcp=8080");
                }
                Cidr address = address(uri.parameters().getOrDefault("address", "10.0.2.15/24"));
                int mtu = Parameters.mtu(uri, MAX_MTU, MIN_MTU, MAX_MTU);
                long mac = Parameters.mac(uri);
                return new Request(
                        address,
                        gateway(uri.parameters().get("gateway"), address),
                        mtu,
                        mac != 0 ? mac : Parameters.localMac(new SecureRandom().nextLong()),
                        ports(uri, "tcp"),
                        ports(uri, "udp"));
            } catch (IllegalArgumentException e) {
                throw Parameters.invalid(uri, e);
            }
        }

        private static Cidr address(String text) {
            Cidr address;
            try {
                address = Cidr.parse(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("address=" + text + ": " + e.getMessage(), e);
            }
            if (address.prefixLength() == 0
                    || address.prefixLength() > 30
                    || !isHost(address.address(), address)) {
                throw new IllegalArgumentException(
                        "address="
                                + text
                                + " is not a host's address in a network of at least two hosts;"
                                + " write for example 10.0.2.15/24");
            }
            return address;
        }

        private static int gateway(String text, Cidr own) {
            if (text == null) {
                int second = own.network() + 2;
                return second != own.address() ? second : own.network() + 1;
            }
            int gateway = Ipv4Address.parse(text);
            if (gateway == own.address() || !isHost(gateway, own)) {
                throw new IllegalArgumentException(
                        "gateway="
                                + text
                                + " is no other host in the network of address="
                                + own
                                + ": give one, or leave it out");
            }
            return gateway;
        }

        private static boolean isHost(int address, Cidr network) {
            return Ipv4Address.isUnicast(address)
                    && network.contains(address)
                    && address != network.network()
                    && address != network.broadcast();
        }

        private static String ports(LinkUri uri, String key) {
            String ports = uri.parameters().getOrDefault(key, "none");
            if (!ports.matches(PORTS)) {
                throw new IllegalArgumentException(
                        key
                                + "="
                                + ports
                                + " does not name ports in passt's notation: write for example 8080,"
                                + " 8000-8010, 2222:22 or none");
            }
            return ports;
        }

        /** In the foreground, quiet, for one client, IPv4; all these are in passt's first releases, too. */
        List<String> options(String program) {
            List<String> words = new ArrayList<>(List.of(program, "-f", "-q", "-1", "-4"));
            words.addAll(List.of("-a", Ipv4Address.format(address.address())));
            words.addAll(List.of("-n", Integer.toString(address.prefixLength())));
            words.addAll(List.of("-g", Ipv4Address.format(gateway)));
            words.addAll(List.of("-m", Integer.toString(mtu), "-t", tcp, "-u", udp));
            return words;
        }
    }
}
