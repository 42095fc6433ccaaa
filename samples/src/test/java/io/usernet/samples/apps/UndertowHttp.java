package io.usernet.samples.apps;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.StatusCodes;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Undertow. */
public final class UndertowHttp implements Application {
    private static final List<Logger> LOGS = // kept: levels are weakly held
            List.of(Logger.getLogger("io.undertow"), Logger.getLogger("org"));

    private final Meeting meeting = new Meeting();

    public static void main(String[] args) throws Exception {
        LOGS.forEach(log -> log.setLevel(Level.WARNING));
        Program.run(new UndertowHttp(), args);
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) {
        Undertow server =
                Undertow.builder()
                        .addHttpListener(at.getPort(), at.getAddress().getHostAddress())
                        .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, -1L)
                        .setHandler(this::answer)
                        .build();
        server.start();
        return server::stop;
    }

    private void answer(HttpServerExchange exchange) throws Exception {
        String[] path = exchange.getRequestPath().split("/");
        switch (path[1]) {
            case "small" -> exchange.getResponseSender().send(Payload.SMALL);
            case "together" ->
                    exchange.dispatch(
                            () ->
                                    meeting.join(
                                            Integer.parseInt(path[2]),
                                            () ->
                                                    exchange.getResponseSender()
                                                            .send(Payload.SMALL)));
            case "up" -> {
                if (exchange.isInIoThread()) {
                    exchange.dispatch(this::answer);
                    return;
                }
                exchange.startBlocking();
                String checksum = "" + Payload.checksum(exchange.getInputStream());
                exchange.getResponseSender().send(checksum);
            }
            case "down" -> {
                if (exchange.isInIoThread()) {
                    exchange.dispatch(this::answer);
                    return;
                }
                exchange.startBlocking();
                Payload.write(Integer.parseInt(path[2]), exchange.getOutputStream());
            }
            default -> exchange.setStatusCode(StatusCodes.NOT_FOUND);
        }
    }

    @Override
    public Client connect(InetSocketAddress server) {
        return new HttpLoad(server);
    }
}
