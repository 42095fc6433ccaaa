package io.usernet.nio;

import io.usernet.igmp.SourceFilter;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.channels.MembershipKey;
import java.nio.channels.MulticastChannel;
import java.util.HashSet;
import java.util.Set;

/** A membership of a channel of the stack's. Thread-safe: {@link StackMemberships} has the lock. */
final class StackMembership extends MembershipKey {
    private final StackMemberships all;
    private final InetAddress group;
    private final NetworkInterface through; // null: the application named none
    private final InetAddress source; // null: all
    private final int link;
    private final Set<InetAddress> blocked = new HashSet<>(); // protected by the lock
    private volatile boolean dropped; // changed under the lock

    /**
     * @param link which of the stack's is meant, from 0 on, or -1: the loopback
     */
    StackMembership(
            StackMemberships all,
            InetAddress group,
            NetworkInterface through,
            InetAddress source,
            int link) {
        this.all = all;
        this.group = group;
        this.through = through;
        this.source = source;
        this.link = link;
    }

    boolean isOn(int otherLink, InetAddress otherGroup) {
        return link == otherLink && group.equals(otherGroup);
    }

    int link() {
        return link;
    }

    Set<InetAddress> blocked() {
        return blocked;
    }

    void setDropped() {
        dropped = true;
    }

    /** What it lets pass. */
    SourceFilter filter() {
        if (source != null) return SourceFilter.include(address(source));
        return SourceFilter.exclude(blocked.stream().mapToInt(StackMembership::address).toArray());
    }

    private static int address(InetAddress four) {
        return Ipv4Address.of((Inet4Address) four);
    }

    @Override
    public boolean isValid() {
        return !dropped && channel().isOpen();
    }

    @Override
    public void drop() {
        all.drop(this);
    }

    @Override
    public MembershipKey block(InetAddress toBlock) throws IOException {
        if (source != null) throw new IllegalStateException("key is source-specific");
        all.block(this, toBlock);
        return this;
    }

    @Override
    public MembershipKey unblock(InetAddress toUnblock) {
        all.unblock(this, toUnblock);
        return this;
    }

    @Override
    public MulticastChannel channel() {
        return all.channel();
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
        return describe(group, through, source);
    }

    /** As the JDK does. */
    static String describe(InetAddress group, NetworkInterface through, InetAddress source) {
        StringBuilder text = new StringBuilder("<").append(group.getHostAddress());
        if (through != null) text.append(',').append(through.getName());
        if (source != null) text.append(',').append(source.getHostAddress());
        return text.append('>').toString();
    }
}
