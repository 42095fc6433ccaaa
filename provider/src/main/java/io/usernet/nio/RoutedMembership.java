package io.usernet.nio;

import io.usernet.nio.Routing.Transport;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.nio.channels.MulticastChannel;
import java.util.HashSet;
import java.util.Set;

/**
 * A membership of a routed channel: one of its legs', or of both, which the application doesn't see. Legs
 * come and go; it stays. Thread-safe.
 */
final class RoutedMembership extends MembershipKey {
    private final RoutedDatagramChannel channel;
    private final InetAddress group;
    private final NetworkInterface through; // null: the application named none
    private final InetAddress source; // null: all
    private final Transport transport;

    // -- fields protected by this object's monitor
    private final Set<InetAddress> blocked = new HashSet<>();
    private MembershipKey ofStack, ofKernel; // null, or invalid: of no leg there is
    private boolean dropped;

    // -- end of fields protected by the monitor

    /**
     * @param transport whose legs are members
     */
    RoutedMembership(
            RoutedDatagramChannel channel,
            InetAddress group,
            NetworkInterface through,
            InetAddress source,
            Transport transport) {
        this.channel = channel;
        this.group = group;
        this.through = through;
        this.source = source;
        this.transport = transport;
    }

    /** Whether a leg of the stack's, or of the kernel's, is to be a member, and none is. */
    synchronized boolean lacks(Transport leg) {
        if (dropped || transport != leg && transport != Transport.BOTH) return false;
        MembershipKey key = leg == Transport.STACK ? ofStack : ofKernel;
        return key == null || !key.isValid();
    }

    /** Makes a leg a member. */
    synchronized void joinOn(DatagramChannel leg) throws IOException {
        if (dropped) return; // since it was found lacking
        MembershipKey key;
        if (leg instanceof StackDatagramChannel ours && through == null) {
            key = ours.joinAnywhere(group);
        } else {
            NetworkInterface on = through != null ? through : kernelsInterface(leg);
            key = source == null ? leg.join(group, on) : leg.join(group, on, source);
        }
        try {
            for (InetAddress one : blocked) key.block(one);
        } catch (IOException | RuntimeException e) {
            key.drop();
            throw e;
        }
        if (leg instanceof StackDatagramChannel) ofStack = key;
        else ofKernel = key;
    }

    /** That of the option, or else any that can. */
    private NetworkInterface kernelsInterface(DatagramChannel leg) throws IOException {
        NetworkInterface set = leg.getOption(StandardSocketOptions.IP_MULTICAST_IF);
        if (set != null) return set;
        boolean four = group instanceof Inet4Address;
        for (NetworkInterface one : NetworkInterface.networkInterfaces().toList()) {
            if (!one.isUp() || !one.supportsMulticast()) continue;
            if (one.inetAddresses().anyMatch(has -> has instanceof Inet4Address == four)) {
                return one;
            }
        }
        throw new SocketException("no network interface that is up supports multicast");
    }

    @Override
    public synchronized boolean isValid() {
        return !dropped && channel.isOpen();
    }

    @Override
    public void drop() {
        try {
            synchronized (this) {
                if (!isValid()) return;
                dropped = true;
                if (ofStack != null) ofStack.drop();
                if (ofKernel != null) ofKernel.drop();
            }
        } finally {
            channel.dropped(this);
        }
    }

    @Override
    public synchronized MembershipKey block(InetAddress toBlock) throws IOException {
        if (source != null) throw new IllegalStateException("key is source-specific");
        if (blocked.contains(toBlock)) return this;
        ensureValid();
        StackMemberships.checkSource(group, toBlock);
        boolean stack = isHeld(ofStack);
        if (stack) ofStack.block(toBlock);
        try {
            if (isHeld(ofKernel)) ofKernel.block(toBlock);
        } catch (IOException | RuntimeException e) {
            if (stack) ofStack.unblock(toBlock);
            throw e;
        }
        blocked.add(toBlock);
        return this;
    }

    @Override
    public synchronized MembershipKey unblock(InetAddress toUnblock) {
        if (!blocked.contains(toUnblock)) throw new IllegalStateException("not blocked");
        ensureValid();
        if (isHeld(ofStack)) ofStack.unblock(toUnblock);
        if (isHeld(ofKernel)) ofKernel.unblock(toUnblock);
        blocked.remove(toUnblock);
        return this;
    }

    private static boolean isHeld(MembershipKey key) {
        return key != null && key.isValid();
    }

    private void ensureValid() {
        if (!isValid()) throw new IllegalStateException("key is no longer valid");
    }

    @Override
    public MulticastChannel channel() {
        return channel;
    }

    @Override
    public InetAddress group() {
        return group;
    }

    @Override
    public NetworkInterface networkInterface() {
        return through;
    }

    @Override
    public InetAddress sourceAddress() {
        return source;
    }

    @Override
    public String toString() {
        return StackMembership.describe(group, through, source);
    }
}
