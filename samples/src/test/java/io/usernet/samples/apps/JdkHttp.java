package io.usernet.samples.apps;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** {@code com.sun.net.httpserver} with {@code java.net.http}. */
public final class JdkHttp implements Application {
    private final Meeting meeting = new Meeting();

    public static void main(String[] args) throws Exception {
        Program.run(new JdkHttp(), args);
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) throws IOException {
        HttpServer server = HttpServer.create(at, 1024);
        ExecutorService threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.createContext("/small", exchange -> answer(exchange, Payload.SMALL));
        server.createContext("/together/", this::meet);
        server.createContext(
                "/up",
                exchange -> answer(exchange, "" + Payload.checksum(exchange.getRequestBody())));
        server.createContext("/down/", JdkHttp::send);
        server.start();
        return () -> {
            server.stop(0);
            threads.shutdown();
        };
    }

    private static int number(HttpExchange exchange) {
        String path = exchange.getRequestURI().getPath();
        return Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
    }

    private void meet(HttpExchange exchange) {
        meeting.join(
                number(exchange),
                () -> {
                    try {
                        answer(exchange, Payload.SMALL);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] body = text.getBytes(US_ASCII);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static void send(HttpExchange exchange) throws IOException {
        int bytes = number(exchange);
        exchange.sendResponseHeaders(200, bytes);
        Payload.write(bytes, exchange.getResponseBody());
        exchange.close();
    }

    @Override
    public Client connect(InetSocketAddress server) {
        return new HttpLoad(server);
    }
}
