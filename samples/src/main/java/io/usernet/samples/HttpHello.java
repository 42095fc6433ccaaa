package io.usernet.samples;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** The JDK's own HTTP server, which is an NIO program, saying hello. */
public final class HttpHello {
    private static final int PORT = 8080;

    private HttpHello() {}

    /** Usage: {@code HttpHello [port]}. */
    public static void main(String[] args) throws IOException {
        InetSocketAddress address;
        try {
            address = new InetSocketAddress(args.length > 0 ? Integer.parseInt(args[0]) : PORT);
        } catch (IllegalArgumentException e) {
            System.err.println("usage: HttpHello [port]: " + e.getMessage());
            System.exit(2);
            return;
        }
        HttpServer server = HttpServer.create(address, 0);
        server.createContext(
                "/",
                exchange -> {
                    byte[] body =
                            ("Hello, " + exchange.getRemoteAddress().getHostString() + "\n")
                                    .getBytes(StandardCharsets.UTF_8);
                    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        server.start();
        System.out.println("listening on " + server.getAddress());
    }
}
