package io.usernet.tuntap;

import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;

/**
 * Opens {@code unixgram:PATH}: a wire to a VM, whose frames are AF_UNIX datagrams, one each, without
 * any header. Both ends have a socket of their own, and send to the other's.
 *
 * <table>
 * <caption>Parameters, as in {@code unixgram:/run/vm/stack.sock?peer=/run/vm/qemu.sock}</caption>
 * <tr><td>{@code peer=PATH}</td><td>the other end's socket, which need not be there yet, and may come
 *     back. Without it, the peer is whoever sends first, or greets; this is what vfkit and krunkit
 *     expect.</td></tr>
 * <tr><td>{@code vfkit=true|false}</td><td>whether we are in the VM's place and greet the peer with the
 *     four bytes {@code VFKT}, at first and when it comes back; by default not.</td></tr>
 * <tr><td>{@code mtu=N}</td><td>1500 unless given, 576 to 65535. Both ends must agree.</td></tr>
 * <tr><td>{@code mac=xx:xx:xx:xx:xx:xx}</td><td>our hardware address. Without it, it is derived from
 *     our path: locally administered, different at both ends, and the same after a restart.</td></tr>
 * </table>
 *
 * <p>Our socket's file is made with the process's umask, replaces one that a dead process left there,
 * and goes when we close it. Stateless and thread-safe.
 */
public final class UnixgramProvider implements LinkProvider {
    private static final Set<String> PARAMETERS = Set.of("peer", "vfkit", "mtu", "mac");

    private static final int DEFAULT_MTU = 1500;

    /** For {@link java.util.ServiceLoader}. */
    public UnixgramProvider() {}

    @Override
    public String scheme() {
        return "unixgram";
    }

    @Override
    public LinkDevice open(LinkUri uri) throws IOException {
        Request request = Request.of(uri);
        Parameters.requireLinux(uri, System.getProperty("os.name"), System.getProperty("os.arch"));
        try {
            NativeCalls calls = NativeCalls.get();
            return new UnixgramLink(
                    calls.sys(),
                    DatagramSocketFile.open(calls, request.own),
                    new LinkCapabilities("unixgram", 2, request.mtu, request.mac, false, 0),
                    request.peer,
                    request.vfkit);
        } catch (IOException e) {
            throw Parameters.failure(uri, e.getMessage(), e);
        }
    }

    /**
     * What the user asked for, checked.
     *
     * @param peer null if not given
     */
    record Request(SocketAddress own, SocketAddress peer, boolean vfkit, int mtu, long mac) {
        static Request of(LinkUri uri) {
            try {
                uri.allow(PARAMETERS);
                SocketAddress own = address(uri.name());
                String given = uri.parameters().get("peer");
                SocketAddress peer = given == null ? null : address(given);
                if (own.equals(peer)) {
                    throw new IllegalArgumentException(
                            "peer=" + given + " is our own socket: give that of the other end");
                }
                boolean vfkit = vfkit(uri.parameters().get("vfkit"));
                if (vfkit && peer == null) {
                    throw new IllegalArgumentException(
                            "vfkit=true greets the peer: give its socket by peer=PATH, or leave"
                                    + " vfkit out to be greeted");
                }
                return new Request(
                        own,
                        peer,
                        vfkit,
                        Parameters.mtu(uri, DEFAULT_MTU, LinkCapabilities.MAX_MTU),
                        mac(uri, own));
            } catch (IllegalArgumentException e) {
                throw Parameters.invalid(uri, e);
            }
        }

        /** Absolute: the peer, wherever it runs, answers to what it sees of our address. */
        private static SocketAddress address(String path) {
            if (path.isEmpty()) {
                throw new IllegalArgumentException(
                        "a socket needs a path, as in unixgram:/run/vm/stack.sock");
            }
            return new SocketAddress(Path.of(path).toAbsolutePath().toString());
        }

        private static boolean vfkit(String text) {
            if (text == null || text.equals("false")) return false;
            if (text.equals("true")) return true;
            throw new IllegalArgumentException("vfkit=" + text + ": give true or false");
        }

        private static long mac(LinkUri uri, SocketAddress own) {
            long given = Parameters.mac(uri);
            if (given != 0) return given;
            long hash = 0;
            for (byte b : own.path().getBytes(StandardCharsets.UTF_8)) hash = 31 * hash + b;
            return Parameters.localMac(hash);
        }
    }
}
