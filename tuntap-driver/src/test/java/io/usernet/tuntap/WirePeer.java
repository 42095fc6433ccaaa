package io.usernet.tuntap;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** The other end of a wire, with the JDK's sockets and a second implementation of the framing. */
final class WirePeer implements AutoCloseable {
    final SocketChannel channel;

    WirePeer(SocketChannel channel) {
        this.channel = channel;
    }

    static WirePeer connect(Path path) throws IOException {
        return new WirePeer(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    }

    static ServerSocketChannel listen(Path path) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        return server.bind(UnixDomainSocketAddress.of(path));
    }

    /** The frames as they are on the wire. */
    static byte[] encoded(byte[]... frames) {
        int length = 0;
        for (byte[] frame : frames) length += 4 + frame.length;
        ByteBuffer b = ByteBuffer.allocate(length);
        for (byte[] frame : frames) b.putInt(frame.length).put(frame);
        return b.array();
    }

    void send(byte[]... frames) throws IOException {
        sendRaw(encoded(frames));
    }

    void sendRaw(byte[] bytes) throws IOException {
        ByteBuffer b = ByteBuffer.wrap(bytes);
        while (b.hasRemaining()) channel.write(b);
    }

    /** The next frame. */
    byte[] receive() throws IOException {
        int length = ByteBuffer.wrap(read(4)).getInt();
        if (length < 14 || length > 1 << 17) throw new IOException("a frame of " + length);
        return read(length);
    }

    byte[] read(int length) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(length);
        while (b.hasRemaining()) {
            if (channel.read(b) < 0) throw new EOFException("after " + b.position() + " bytes");
        }
        return b.array();
    }

    /** Waits for the end of the connection; what comes before it is thrown away. */
    void awaitEnd() throws IOException {
        ByteBuffer b = ByteBuffer.allocate(1 << 16);
        try {
            while (channel.read(b.clear()) >= 0) {}
        } catch (IOException reset) {
            if (!"Connection reset".equals(reset.getMessage())) throw reset;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
