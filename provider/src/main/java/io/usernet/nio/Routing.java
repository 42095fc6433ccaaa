package io.usernet.nio;

import io.usernet.config.PassThrough;
import io.usernet.runtime.Engine;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;

/**
 * Who serves a socket: the stack or the kernel. This is the whole of the table in {@code
 * docs/pass-through.md}. Thread-safe.
 */
public final class Routing {
    /** Who. */
    public enum Transport {
        STACK,
        KERNEL,
        /** Each with a socket of its own. */
        BOTH
    }

    private enum Protocol {
        TCP,
        UDP
    }

    /** What the stack answered last. */
    private record Receiver(
            int address, int port, int from, int fromPort, int version, boolean is) {
        boolean is(
                int otherAddress,
                int otherPort,
                int otherFrom,
                int otherFromPort,
                int otherVersion) {
            return otherAddress == address
                    && otherPort == port
                    && otherFrom == from
                    && otherFromPort == fromPort
                    && otherVersion == version;
        }
    }

    private final PassThrough rules;
    private final Engine engine;
    private volatile Receiver lastReceiver; // or null

    public Routing(PassThrough rules, Engine engine) {
        this.rules = rules;
        this.engine = engine;
    }

    /**
     * Who serves a TCP connection to an address.
     *
     * @param remote resolved; the wildcard means this host
     * @throws IOException if the stack is closed
     */
    public Transport connect(InetSocketAddress remote) throws IOException {
        return to(remote, Protocol.TCP, null);
    }

    /**
     * Who serves a datagram to an address, and a datagram socket that is connected to it.
     *
     * @param remote resolved; the wildcard means this host
     * @param from where the sender is bound on the stack, or would be; null: it is not bound yet
     * @throws IOException if the stack is closed
     */
    public Transport send(InetSocketAddress remote, InetSocketAddress from) throws IOException {
        return to(remote, Protocol.UDP, from);
    }

    private Transport to(InetSocketAddress remote, Protocol protocol, InetSocketAddress from)
            throws IOException {
        InetAddress host = remote.getAddress();
        if (!host.isAnyLocalAddress() && !isLoopback(host)) return host(host);
        if (!rules.loopback() && !isInNetworks(host)) return Transport.STACK;
        int address = ipv4OrAny(host);
        if (address == 0) address = Ipv4Address.LOOPBACK;
        boolean ours =
                protocol == Protocol.TCP
                        ? engine.isListening(address, remote.getPort())
                        : isReceiving(address, remote.getPort(), from);
        return ours ? Transport.STACK : Transport.KERNEL;
    }

    private static int ipv4OrAny(InetAddress host) {
        return host instanceof Inet4Address v4 ? Ipv4Address.of(v4) : 0;
    }

    /** Whether what is sent there never leaves the machine, as far as the kernel is concerned. */
    private boolean isLoopback(InetAddress host) {
        if (host.isLoopbackAddress()) return true;
        if (!rules.loopback()) return false;
        if (host instanceof Inet4Address v4) {
            return engine.config().isOfHost(Ipv4Address.of(v4));
        }
        try {
            return NetworkInterface.getByInetAddress(host) != null;
        } catch (SocketException e) {
            return false; // nobody can say: then it is some other host
        }
    }

    /** Asked for every datagram, so the stack isn't. */
    private boolean isReceiving(int address, int port, InetSocketAddress sender)
            throws IOException {
        int from = sender == null ? 0 : ipv4OrAny(sender.getAddress());
        int fromPort = sender == null ? 0 : sender.getPort();
        Receiver known = lastReceiver;
        int version = engine.receiversVersion(); // before the question: the answer is no older
        if (known == null || !known.is(address, port, from, fromPort, version)) {
            boolean is = engine.isReceiving(address, port, from, fromPort);
            known = new Receiver(address, port, from, fromPort, version, is);
            lastReceiver = known;
        }
        return known.is();
    }

    /**
     * Who serves a socket that is bound to an address, and is not connected.
     *
     * @param local resolved
     */
    public Transport bind(InetSocketAddress local) {
        InetAddress host = local.getAddress();
        if (host.isAnyLocalAddress()) return wildcard();
        if (isLoopback(host)) {
            boolean kernel = rules.loopback() || isInNetworks(host);
            return kernel ? Transport.KERNEL : Transport.STACK;
        }
        return host(host);
    }

    /**
     * Whether a client that is bound to an address has it reserved on the stack, and is decided for when
     * it connects: so at the wildcard, and at an address of this host that the stack has as well as the
     * kernel. Bound to 127.0.0.1, it reaches the program's own server and the kernel's.
     *
     * @param local resolved
     */
    boolean isReserved(InetSocketAddress local) {
        InetAddress host = local.getAddress();
        if (host.isAnyLocalAddress()) return true;
        return host instanceof Inet4Address v4
                && engine.isLocal(Ipv4Address.of(v4))
                && bind(local) == Transport.KERNEL;
    }

    private Transport wildcard() {
        return switch (rules.wildcard()) {
            case STACK -> Transport.STACK;
            case KERNEL -> Transport.KERNEL;
            case BOTH -> Transport.BOTH;
        };
    }

    /** A host that is not this machine, or an address of the stack's. */
    private Transport host(InetAddress host) {
        if (!(host instanceof Inet4Address v4)) {
            return rules.unrouted() ? Transport.KERNEL : Transport.STACK;
        }
        int address = Ipv4Address.of(v4);
        if (engine.isLocal(address)) return Transport.STACK;
        boolean kernel = rules.contains(address) || rules.unrouted() && !engine.hasRoute(address);
        return kernel ? Transport.KERNEL : Transport.STACK;
    }

    private boolean isInNetworks(InetAddress host) {
        return host instanceof Inet4Address v4 && rules.contains(Ipv4Address.of(v4));
    }
}
