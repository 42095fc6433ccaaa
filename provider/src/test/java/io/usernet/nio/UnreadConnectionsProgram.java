package io.usernet.nio;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * A server sends to clients of which none reads at first, and then one after the other reads to its end.
 * Arguments: how many clients, and how many bytes each is sent. Asks only java.nio.
 */
final class UnreadConnectionsProgram {
    private UnreadConnectionsProgram() {}

    public static void main(String[] args) throws Exception {
        int clients = Integer.parseInt(args[0]);
        int each = Integer.parseInt(args[1]);
        List<SocketChannel> unread = new ArrayList<>();
        try (ServerSocketChannel listener = ServerSocketChannel.open();
                Selector selector = Selector.open()) {
            InetAddress here = InetAddress.getLoopbackAddress();
            listener.bind(new InetSocketAddress(here, 0), clients);
            for (int i = 0; i < clients; i++) {
                unread.add(SocketChannel.open(listener.getLocalAddress()));
                SocketChannel served = listener.accept();
                served.configureBlocking(false);
                served.register(selector, SelectionKey.OP_WRITE, pattern(i, each));
            }
            while (selector.select(200) > 0) write(selector); // until all are full
            Thread server =
                    new Thread(
                            () -> {
                                try {
                                    while (!selector.keys().isEmpty()) {
                                        selector.select();
                                        write(selector);
                                        selector.selectNow(); // flushes the keys of what was closed
                                    }
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            });
            server.start();
            for (int i = 0; i < clients; i++) read(unread.get(i), pattern(i, each));
            server.join();
        }
        System.out.println("all of it is right");
    }

    private static ByteBuffer pattern(int seed, int bytes) {
        byte[] pattern = new byte[bytes];
        for (int i = 0; i < bytes; i++) pattern[i] = (byte) (seed * 31 + i % 251);
        return ByteBuffer.wrap(pattern);
    }

    private static void write(Selector selector) throws IOException {
        for (SelectionKey key : selector.selectedKeys()) {
            SocketChannel to = (SocketChannel) key.channel();
            ByteBuffer left = (ByteBuffer) key.attachment();
            to.write(left);
            if (!left.hasRemaining()) to.close();
        }
        selector.selectedKeys().clear();
    }

    private static void read(SocketChannel from, ByteBuffer expected) throws IOException {
        ByteBuffer got = ByteBuffer.allocate(expected.capacity());
        while (from.read(got) > 0) {}
        if (!got.flip().equals(expected)) throw new AssertionError(got + " of " + expected);
        from.close();
    }
}
