package io.usernet.nio;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.SocketImpl;

/** What the constructors of Socket and ServerSocket want; the adaptors override whatever would use it. */
final class NoSocketImpl extends SocketImpl {
    private static AssertionError used() {
        return new AssertionError("an adaptor left a method of its superclass alone");
    }

    @Override
    protected void create(boolean stream) {
        throw used();
    }

    @Override
    protected void connect(String host, int port) {
        throw used();
    }

    @Override
    protected void connect(InetAddress address, int port) {
        throw used();
    }

    @Override
    protected void connect(SocketAddress address, int timeout) {
        throw used();
    }

    @Override
    protected void bind(InetAddress host, int port) {
        throw used();
    }

    @Override
    protected void listen(int backlog) {
        throw used();
    }

    @Override
    protected void accept(SocketImpl s) {
        throw used();
    }

    @Override
    protected InputStream getInputStream() {
        throw used();
    }

    @Override
    protected OutputStream getOutputStream() {
        throw used();
    }

    @Override
    protected int available() {
        throw used();
    }

    @Override
    protected void close() {
        throw used();
    }

    @Override
    protected void sendUrgentData(int data) {
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
