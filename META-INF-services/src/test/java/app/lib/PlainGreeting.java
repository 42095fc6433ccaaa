package app.lib;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** What an application does with the sockets of java.net. */
public final class PlainGreeting {
    private PlainGreeting() {}

    /** Says that it listens; prints what the first client sends, and sends it back. */
    public static void serve(InetSocketAddress at) throws IOException {
        try (ServerSocket server = new ServerSocket(at.getPort(), 50, at.getAddress())) {
            Greeting.ready(server.getLocalSocketAddress());
            try (Socket socket = server.accept()) {
                byte[] greeting = socket.getInputStream().readAllBytes();
                System.out.println(new String(greeting, US_ASCII));
                socket.getOutputStream().write(greeting);
                socket.shutdownOutput();
            }
        }
    }

    /** Sends a greeting, and prints what comes back. */
    public static void greet(InetSocketAddress at) throws IOException {
        try (Socket socket = new Socket(at.getAddress(), at.getPort())) {
            socket.getOutputStream().write(US_ASCII.encode("hello").array());
            socket.shutdownOutput();
            System.out.println(new String(socket.getInputStream().readAllBytes(), US_ASCII));
        }
    }
}
