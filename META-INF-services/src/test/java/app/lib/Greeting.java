package app.lib;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** What an application does with channels; in a library of its own. */
public final class Greeting {
    private Greeting() {}

    /** Says when it listens; prints what the first client sends, and sends it back. */
    public static void serve(InetSocketAddress at) throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(at)) {
            System.out.println("ready");
            try (SocketChannel channel = server.accept()) {
                String greeting = read(channel);
                System.out.println(greeting);
                channel.write(US_ASCII.encode(greeting));
                channel.shutdownOutput();
                read(channel); // until the client has closed, too
            }
        }
    }

    /** Says when it listens, and then waits for clients that don't come. */
    public static void idle(InetSocketAddress at) throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(at);
                Selector selector = Selector.open()) {
            server.configureBlocking(false).register(selector, SelectionKey.OP_ACCEPT);
            System.out.println("ready");
            while (selector.select() >= 0) System.out.println("selected");
        }
    }

    /** Sends a greeting, and prints what comes back. */
    public static void greet(InetSocketAddress at) throws IOException {
        try (SocketChannel channel = SocketChannel.open(at)) {
            channel.write(US_ASCII.encode("hello"));
            channel.shutdownOutput();
            System.out.println(read(channel));
        }
    }

    private static String read(SocketChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(100);
        while (channel.read(bytes) >= 0) {
            // more of it
        }
        return US_ASCII.decode(bytes.flip()).toString();
    }
}
