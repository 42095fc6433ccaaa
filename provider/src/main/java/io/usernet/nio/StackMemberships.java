package io.usernet.nio;

import io.usernet.igmp.SourceFilter;
import io.usernet.runtime.Engine;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.MembershipKey;
import java.nio.channels.MulticastChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The memberships of one channel of the stack's, with the JDK's checks and messages. What the socket
 * listens to is made of them all: several interfaces of the kernel may stand for one link. Thread-safe;
 * closing the channel, which never waits, ends them without coming here.
 */
final class StackMemberships {
    private final MulticastChannel channel;
    private final UdpSocket socket;
    private final Engine engine;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<StackMembership> keys = new ArrayList<>(); // protected by lock
    private volatile boolean used;

    StackMemberships(MulticastChannel channel, UdpSocket socket, Engine engine) {
        this.channel = channel;
        this.socket = socket;
        this.engine = engine;
    }

    MulticastChannel channel() {
        return channel;
    }

    /** Whether the socket may listen to some group, so that it has to be closed although not bound. */
    boolean areUsed() {
        return used;
    }

    static void checkGroup(InetAddress group) {
        if (!group.isMulticastAddress())
            throw new IllegalArgumentException("Group not a multicast address");
    }

    /** What the JDK throws where a socket of IPv4 is to join a group of IPv6. */
    static IllegalArgumentException onlyIpv4() {
        return new IllegalArgumentException("Only IPv6 sockets can join IPv6 multicast group");
    }

    static void checkSource(InetAddress group, InetAddress source) {
        if (source.isAnyLocalAddress())
            throw new IllegalArgumentException("Source address is a wildcard address");
        if (source.isMulticastAddress())
            throw new IllegalArgumentException("Source address is multicast address");
        if (source.getClass() != group.getClass())
            throw new IllegalArgumentException("Source address is different type to group");
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!channel.isOpen()) throw new ClosedChannelException();
    }

    /**
     * Joins, unless it is a member already.
     *
     * @param through one of the kernel's interfaces; null if {@code any}
     * @param any whether no interface need be named
     * @param source null: all
     */
    StackMembership join(
            InetAddress group, NetworkInterface through, boolean any, InetAddress source)
            throws IOException {
        checkGroup(group);
        if (!(group instanceof Inet4Address four)) throw onlyIpv4();
        if (source != null) checkSource(group, source);
        lock.lock();
        try {
            ensureOpen();
            StackMembership known = find(keys, group, through, source);
            if (known != null) return known;
            if (!any) Objects.requireNonNull(through);
            int named =
                    through == null ? UdpSocket.LINK_OF_ROUTE : MulticastLinks.of(through, engine);
            int link = engine.linkToGroup(Ipv4Address.of(four), named);
            used = true;
            ensureOpen(); // once more: whoever closes it looks at that after he has
            StackMembership key = new StackMembership(this, group, through, source, link);
            keys.add(key);
            try {
                listen(key);
            } catch (IOException | RuntimeException e) {
                keys.remove(key);
                throw e;
            }
            return key;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The membership that there is.
     *
     * @param source null: to receive from all
     * @throws IllegalStateException if there is one of the other kind
     */
    static <K extends MembershipKey> K find(
            List<K> keys, InetAddress group, NetworkInterface through, InetAddress source) {
        for (K key : keys) {
            boolean there =
                    key.group().equals(group) && Objects.equals(key.networkInterface(), through);
            if (!there) continue;
            if (source == null && key.sourceAddress() != null)
                throw new IllegalStateException("Already a member to receive all packets");
            if (source != null && key.sourceAddress() == null)
                throw new IllegalStateException("Already have source-specific membership");
            if (Objects.equals(source, key.sourceAddress())) return key;
        }
        return null;
    }

    /** See {@link AdaptedDatagramChannel#membership}. */
    StackMembership find(InetAddress group, NetworkInterface through) {
        lock.lock();
        try {
            return find(keys, group, through, null);
        } finally {
            lock.unlock();
        }
    }

    /** What the socket wants of a key's group on its link, of all keys about that. */
    private void listen(StackMembership about) throws IOException {
        List<SourceFilter> filters = new ArrayList<>();
        for (StackMembership key : keys) {
            if (key.isOn(about.link(), about.group())) filters.add(key.filter());
        }
        int group = Ipv4Address.of((Inet4Address) about.group());
        engine.listen(socket, about.link(), group, SourceFilter.merge(filters));
    }

    /** The same, of what cannot be refused. */
    private void listenAnyway(StackMembership about) {
        try {
            listen(about);
        } catch (ClosedChannelException e) {
            assert !channel.isOpen(); // closed meanwhile: it listens to nothing
        } catch (IOException e) {
            if (engine.isOpen()) throw new UncheckedIOException(e);
        }
    }

    void drop(StackMembership key) {
        lock.lock();
        try {
            if (!key.isValid()) return;
            key.setDropped();
            keys.remove(key);
            listenAnyway(key);
        } finally {
            lock.unlock();
        }
    }

    void block(StackMembership key, InetAddress source) throws IOException {
        lock.lock();
        try {
            if (key.blocked().contains(source)) return;
            ensureValid(key);
            checkSource(key.group(), source);
            key.blocked().add(source);
            try {
                listen(key);
            } catch (IOException | RuntimeException e) {
                key.blocked().remove(source);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    void unblock(StackMembership key, InetAddress source) {
        lock.lock();
        try {
            if (!key.blocked().contains(source)) throw new IllegalStateException("not blocked");
            ensureValid(key);
            key.blocked().remove(source);
            listenAnyway(key);
        } finally {
            lock.unlock();
        }
    }

    private static void ensureValid(StackMembership key) {
        if (!key.isValid()) throw new IllegalStateException("key is no longer valid");
    }
}
