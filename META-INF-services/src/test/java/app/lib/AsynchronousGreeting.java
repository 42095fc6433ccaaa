package app.lib;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;

/** What an application does with asynchronous channels. */
public final class AsynchronousGreeting {
    private AsynchronousGreeting() {}

    /** Says that it listens; prints what the first client sends, and sends it back. */
    public static void serve(InetSocketAddress at) throws Exception {
        try (var server = AsynchronousServerSocketChannel.open().bind(at)) {
            Greeting.ready(server.getLocalAddress());
            try (AsynchronousSocketChannel channel = server.accept().get()) {
                String greeting = read(channel);
                System.out.println(greeting);
                channel.write(US_ASCII.encode(greeting)).get();
                channel.shutdownOutput();
                read(channel); // until the client has closed, too
            }
        }
    }

    /** Sends a greeting, and prints what comes back. */
    public static void greet(InetSocketAddress at) throws Exception {
        try (AsynchronousSocketChannel channel = AsynchronousSocketChannel.open()) {
            channel.connect(at).get();
            channel.write(US_ASCII.encode("hello")).get();
            channel.shutdownOutput();
            System.out.println(read(channel));
        }
    }

    private static String read(AsynchronousSocketChannel channel) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(100);
        while (channel.read(bytes).get() >= 0) {
            // more of it
        }
        return US_ASCII.decode(bytes.flip()).toString();
    }
}
