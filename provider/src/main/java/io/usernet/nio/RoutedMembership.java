package io.usernet.nio;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.channels.MembershipKey;
import java.nio.channels.MulticastChannel;

/** A membership of a routed channel: one of its leg's, which the application doesn't see. Thread-safe. */
final class RoutedMembership extends MembershipKey {
    private final RoutedDatagramChannel channel;
    private final MembershipKey leg;

    RoutedMembership(RoutedDatagramChannel channel, MembershipKey leg) {
        this.channel = channel;
        this.leg = leg;
    }

    @Override
    public boolean isValid() {
        return leg.isValid();
    }

    @Override
    public void drop() {
        leg.drop();
        channel.dropped(leg);
    }

    @Override
    public MembershipKey block(InetAddress source) throws IOException {
        leg.block(source);
        return this;
    }

    @Override
    public MembershipKey unblock(InetAddress source) {
        leg.unblock(source);
        return this;
    }

    @Override
    public MulticastChannel channel() {
        return channel;
    }

    @Override
    public InetAddress group() {
        return leg.group();
    }

    @Override
    public NetworkInterface networkInterface() {
        return leg.networkInterface();
    }

    @Override
    public InetAddress sourceAddress() {
        return leg.sourceAddress();
    }

    @Override
    public String toString() {
        return leg.toString();
    }
}
