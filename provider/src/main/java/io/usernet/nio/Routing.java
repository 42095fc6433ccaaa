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
    private record Receiver(int address, int port, int fromPort, int version, boolean is) {
        boolean is(int otherAddress, int otherPort, int otherFromPort, int otherVersion) {
            return otherAddress == address
                    && otherPort == port
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
        return to(remote, Protocol.TCP, 0);
    }

    /**
     * Who serves a connection from an address to another one: between the two families it is the
     * kernel's to say no.
     *
     * @param local resolved; null: not bound
     * @param remote as above
     * @throws IOException if the stack is closed
     */
    public Transport connect(InetSocketAddress local, InetSocketAddress remote) throws IOException {
        boolean bound = local != null && !local.getAddress().isAnyLocalAddress();
        boolean mixed = bound && Addresses.isIpv6(local) != Addresses.isIpv6(remote);
        return mixed && isReserved(local) ? Transport.KERNEL : connect(remote);
    }

    /**
     * Who serves a datagram to an address, and a datagram socket that is connected to it.
     *
     * @param remote resolved; the wildcard means this host
     * @param fromPort of the socket that sends it; 0: not bound yet
     * @throws IOException if the stack is closed
     */
    public Transport send(InetSocketAddress remote, int fromPort) throws IOException {
        return to(remote, Protocol.UDP, fromPort);
    }

    private Transport to(InetSocketAddress remote, Protocol protocol, int fromPort)
            throws IOException {
        InetAddress host = remote.getAddress();
        if (!host.isAnyLocalAddress() && !isLoopback(host)) return host(host);
        if (!rules.loopback() && !isInNetworks(host)) return Transport.STACK;
        int address = host instanceof Inet4Address v4 ? Ipv4Address.of(v4) : 0;
        if (address == 0) address = Ipv4Address.LOOPBACK;
        int port = remote.getPort();
        boolean ours =
                protocol == Protocol.TCP
                        ? engine.isListening(address, port)
                        : isReceiving(address, port, fromPort);
        return ours ? Transport.STACK : Transport.KERNEL;
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
    private boolean isReceiving(int address, int port, int fromPort) throws IOException {
        Receiver known = lastReceiver;
        int version = engine.receiversVersion(); // before the question: the answer is no older
        if (known == null || !known.is(address, port, fromPort, version)) {
            boolean is = engine.isReceiving(address, port, fromPort);
            lastReceiver = known = new Receiver(address, port, fromPort, version, is);
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
     * Whether a client of TCP that is bound to an address has it reserved on the stack, and is decided
     * for when it connects: so at the wildcard, and at an address that both have. Bound to 127.0.0.1, or
     * ::1, it reaches the program's own server and the kernel's.
     *
     * @param local resolved
     */
    public boolean isReserved(InetSocketAddress local) {
        InetAddress host = local.getAddress();
        boolean six = !(host instanceof Inet4Address) && host.isLoopbackAddress();
        return isOfBoth(local) || six && bind(local) == Transport.KERNEL;
    }

    /**
     * Whether a socket for datagrams that is bound to an address has one of the stack and one of the
     * kernel: so at the wildcard, and at an address of this host that the stack has as well as the
     * kernel. That is not ::1, as whom the stack could not answer.
     *
     * @param local resolved
     */
    public boolean isOfBoth(InetSocketAddress local) {
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

    /**
     * Who has an interface that an application names.
     *
     * @return null: the interface says nothing, since the kernel's stand for the stack's network
     */
    Transport through(NetworkInterface named) {
        if (MulticastLinks.isOwn(named, engine)) return Transport.STACK;
        boolean loopback = MulticastLinks.isLoopback(named);
        boolean kernels =
                loopback && rules.loopback() || named.inetAddresses().anyMatch(this::isInNetworks);
        if (kernels) return Transport.KERNEL;
        return loopback ? Transport.STACK : null;
    }

    /**
     * Who serves a multicast group: datagrams to it, and, with a socket of each, memberships. So whoever
     * joins and sends in the same way meets himself.
     *
     * @param through who has the interface; null: that isn't said
     * @return BOTH: a member is one on each, a sender sends by the stack
     */
    Transport group(InetAddress group, Transport through) {
        if (!(group instanceof Inet4Address)) {
            return rules.unrouted() ? Transport.KERNEL : Transport.STACK;
        }
        if (isInNetworks(group)) return Transport.KERNEL;
        if (through != null) return through;
        if (rules.unrouted() && !engine.reachesGroups()) return Transport.KERNEL;
        return wildcard();
    }

    /** Who has the loopback, for multicasts of a socket that is bound there. */
    Transport loopback() {
        return bind(Addresses.of(Ipv4Address.LOOPBACK, 0));
    }

    private boolean isInNetworks(InetAddress host) {
        return host instanceof Inet4Address v4 && rules.contains(Ipv4Address.of(v4));
    }
}
