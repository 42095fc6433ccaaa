package io.usernet.tuntap;

import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Set;

/**
 * AF_UNIX stream wires, {@code unix:PATH}, to another JVM, to QEMU ({@code -netdev stream}) or to
 * passt: layer 2, each Ethernet frame after its length in four bytes of network order. No privilege is
 * needed. {@code @NAME} is a name of Linux's abstract namespace.
 *
 * <p>The first to come listens, the second connects, and both keep to that. What a killed listener
 * left behind is replaced; a file that is no socket is not touched. The listener removes its file when
 * it is closed and when the JVM exits. Whoever may write to that file may connect (the umask decides):
 * one at a time, others are turned away. When the peer is gone, frames are dropped and counted until
 * it, or another one, is back: who connects tries again after 50 ms, in steps up to 2 s.
 *
 * <table>
 * <caption>Parameters</caption>
 * <tr><td>{@code mode=auto|listen|connect}</td><td>who listens. {@code auto}, the default: see above.
 *     {@code listen} fails if somebody does already; {@code connect} waits for somebody who does.
 *     </td></tr>
 * <tr><td>{@code mtu=N}</td><td>most bytes of an IP packet, 576 to 65521, 65520 if not given: passt's,
 *     and the largest that suits QEMU too; large packets are what makes the wire fast. Both ends must
 *     be set to the same: a longer frame that comes in is dropped and counted.</td></tr>
 * <tr><td>{@code mac=xx:xx:xx:xx:xx:xx}</td><td>our hardware address. Without it, who listens has one
 *     derived from the path, the same after a restart; who connects has a random one, since several
 *     may connect to one path where a switch listens. Both are locally administered.</td></tr>
 * </table>
 *
 * <p>Stateless and thread-safe.
 */
public final class UnixProvider implements LinkProvider {
    private static final Set<String> PARAMETERS = Set.of("mac", "mode", "mtu");

    private static final int DEFAULT_MTU = 65_520;

    /** With the header of 14 bytes a frame has at most 65535: passt takes no longer ones. */
    private static final int MAX_MTU = 65_521;

    /** For {@link java.util.ServiceLoader}. */
    public UnixProvider() {}

    @Override
    public String scheme() {
        return "unix";
    }

    @Override
    public LinkDevice open(LinkUri uri) throws IOException {
        Request request = Request.of(uri);
        Parameters.requireLinux(uri, System.getProperty("os.name"), System.getProperty("os.arch"));
        try {
            NativeCalls calls = NativeCalls.get();
            Rendezvous rendezvous = Rendezvous.at(calls, uri.name(), request.mode);
            try {
                return new UnixLink(calls.sys(), rendezvous, request.capabilities(rendezvous));
            } catch (Throwable t) {
                rendezvous.close();
                throw t;
            }
        } catch (IOException e) {
            throw Parameters.failure(uri, e.getMessage(), e);
        }
    }

    /**
     * What the user asked for, checked.
     *
     * @param mac 0 if not given
     */
    record Request(String path, Rendezvous.Mode mode, int mtu, long mac) {
        static Request of(LinkUri uri) {
            try {
                uri.allow(PARAMETERS);
                return new Request(
                        path(uri.name()),
                        mode(uri.parameters().get("mode")),
                        Parameters.mtu(uri, DEFAULT_MTU, MAX_MTU),
                        Parameters.mac(uri));
            } catch (IllegalArgumentException e) {
                throw Parameters.invalid(uri, e);
            }
        }

        private static String path(String path) {
            int length = path.getBytes(StandardCharsets.UTF_8).length;
            if (path.isEmpty()
                    || path.equals("@")
                    || path.endsWith("/")
                    || path.indexOf('\0') >= 0) {
                throw new IllegalArgumentException(
                        "give the path of a socket, as in unix:/run/user/1000/wire");
            }
            if (length > Rendezvous.MAX_PATH) {
                throw new IllegalArgumentException(
                        "the path has "
                                + length
                                + " bytes, a socket's at most "
                                + Rendezvous.MAX_PATH
                                + ": choose a shorter one");
            }
            return path;
        }

        private static Rendezvous.Mode mode(String text) {
            if (text == null) return Rendezvous.Mode.AUTO;
            return switch (text) {
                case "auto" -> Rendezvous.Mode.AUTO;
                case "listen" -> Rendezvous.Mode.LISTEN;
                case "connect" -> Rendezvous.Mode.CONNECT;
                default ->
                        throw new IllegalArgumentException(
                                "mode=" + text + ": give auto, listen or connect");
            };
        }

        LinkCapabilities capabilities(Rendezvous rendezvous) {
            long own = mac != 0 ? mac : ownMac(rendezvous.isListening());
            return new LinkCapabilities(name(), 2, mtu, own, false, 0);
        }

        private long ownMac(boolean listening) {
            if (!listening) return Parameters.localMac(new SecureRandom().nextLong());
            String full = Rendezvous.isAbstract(path) ? path : Path.of(path).toAbsolutePath() + "";
            long hash = 0;
            for (byte b : full.getBytes(StandardCharsets.UTF_8)) hash = 31 * hash + b;
            return Parameters.localMac(hash);
        }

        private String name() {
            return path.substring(path.lastIndexOf('/') + 1);
        }
    }
}
