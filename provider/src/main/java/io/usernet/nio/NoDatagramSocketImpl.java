package io.usernet.nio;

import java.net.DatagramPacket;
import java.net.DatagramSocketImpl;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;

/** What the constructor of DatagramSocket wants; the adaptor overrides whatever would use it. */
final class NoDatagramSocketImpl extends DatagramSocketImpl {
    private static AssertionError used() {
        return new AssertionError("an adaptor left a method of its superclass alone");
    }

    @Override
    protected void create() {
        throw used();
    }

    @Override
    protected void bind(int port, InetAddress address) {
        throw used();
    }

    @Override
    protected void send(DatagramPacket p) {
        throw used();
    }

    @Override
    protected int peek(InetAddress i) {
        throw used();
    }

    @Override
    protected int peekData(DatagramPacket p) {
        throw used();
    }

    @Override
    protected void receive(DatagramPacket p) {
        throw used();
    }

    @Deprecated
    @Override
    protected void setTTL(byte ttl) {
        throw used();
    }

    @Deprecated
    @Override
    protected byte getTTL() {
        throw used();
    }

    @Override
    protected void setTimeToLive(int ttl) {
        throw used();
    }

    @Override
    protected int getTimeToLive() {
        throw used();
    }

    @Override
    protected void join(InetAddress group) {
        throw used();
    }

    @Override
    protected void leave(InetAddress group) {
        throw used();
    }

    @Override
    protected void joinGroup(SocketAddress group, NetworkInterface through) {
        throw used();
    }

    @Override
    protected void leaveGroup(SocketAddress group, NetworkInterface through) {
        throw used();
    }

    @Override
    protected void close() {
        throw used();
    }

    @Override
    public void setOption(int optID, Object value) {
        throw used();
    }

    @Override
    public Object getOption(int optID) {
        throw used();
    }
}
