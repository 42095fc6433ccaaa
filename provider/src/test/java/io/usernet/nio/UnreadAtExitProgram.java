package io.usernet.nio;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Ends while one thread writes to a peer in this JVM that doesn't read, and two talk to one another. */
final class UnreadAtExitProgram {
    private UnreadAtExitProgram() {}

    private interface Loop {
        void run() throws IOException;
    }

    public static void main(String[] args) throws Exception {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        SocketChannel full = SocketChannel.open(listener.getLocalAddress());
        SocketChannel unread = listener.accept();
        daemon(
                () -> {
                    ByteBuffer much = ByteBuffer.allocate(1 << 16);
                    while (true) full.write(much.clear());
                });
        SocketChannel one = SocketChannel.open(listener.getLocalAddress());
        SocketChannel other = listener.accept();
        for (SocketChannel c : new SocketChannel[] {one, other}) {
            daemon(
                    () -> {
                        ByteBuffer some = ByteBuffer.allocate(100);
                        while (c.read(some.clear()) > 0) c.write(some.flip());
                    });
        }
        one.write(ByteBuffer.allocate(1));
        while (unread.read(ByteBuffer.allocate(1)) == 0) {}
        System.out.println("ends");
    }

    private static void daemon(Loop loop) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                loop.run();
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
        thread.setDaemon(true);
        thread.start();
    }
}
