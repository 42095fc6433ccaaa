package app.lib;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** What an application does with channels; in a library of its own. */
public final class Greeting {
    private Greeting() {}

    /** Says that it listens; prints what the first client sends, and sends it back. */
    public static void serve(SocketAddress at) throws IOException {
        try (ServerSocketChannel server = listen(at);
                SocketChannel channel = server.accept()) {
            String greeting = read(channel);
            System.out.println(greeting);
            channel.write(US_ASCII.encode(greeting));
            channel.shutdownOutput();
            read(channel); // until the client has closed, too
        }
    }

    /** Says that it listens; sends the first client's greeting on, and the answer back. */
    public static void relay(SocketAddress at, SocketAddress to) throws IOException {
        try (ServerSocketChannel server = listen(at);
                SocketChannel client = server.accept();
                SocketChannel backend = SocketChannel.open(to)) {
            backend.write(US_ASCII.encode(read(client)));
            backend.shutdownOutput();
            client.write(US_ASCII.encode(read(backend)));
            client.shutdownOutput();
            read(client);
        }
    }

    /** Says that it listens, and then waits for clients that don't come. */
    public static void idle(SocketAddress at) throws IOException {
        try (ServerSocketChannel server = listen(at);
                Selector selector = Selector.open()) {
            server.configureBlocking(false).register(selector, SelectionKey.OP_ACCEPT);
            while (selector.select() >= 0) System.out.println("selected");
        }
    }

    private static ServerSocketChannel listen(SocketAddress at) throws IOException {
        ServerSocketChannel server =
                at instanceof UnixDomainSocketAddress
                        ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        : ServerSocketChannel.open();
        server.bind(at);
        ready(server.getLocalAddress());
        return server;
    }

    /** Says that it listens, and at which port. */
    static void ready(SocketAddress local) {
        System.out.println(local instanceof InetSocketAddress a ? "ready " + a.getPort() : "ready");
    }

    /** Sends a greeting, and prints what comes back. */
    public static void greet(SocketAddress at) throws IOException {
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
