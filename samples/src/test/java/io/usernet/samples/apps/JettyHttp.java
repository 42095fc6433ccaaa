package io.usernet.samples.apps;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;

/** Jetty. */
public final class JettyHttp implements Application {
    private final Meeting meeting = new Meeting();

    public static void main(String[] args) throws Exception {
        Program.run(new JettyHttp(), args);
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) throws Exception {
        Server server = new Server(at);
        server.setHandler(
                new Handler.Abstract() {
                    @Override
                    public boolean handle(Request request, Response response, Callback callback)
                            throws Exception {
                        answer(request, response, callback);
                        return true;
                    }
                });
        server.start();
        return server::stop;
    }

    private void answer(Request request, Response response, Callback callback) throws Exception {
        String[] path = Request.getPathInContext(request).split("/");
        switch (path[1]) {
            case "small" -> Content.Sink.write(response, true, Payload.SMALL, callback);
            case "together" ->
                    meeting.join(
                            Integer.parseInt(path[2]),
                            () -> Content.Sink.write(response, true, Payload.SMALL, callback));
            case "up" -> {
                try (InputStream in = Content.Source.asInputStream(request)) {
                    String checksum = "" + Payload.checksum(in);
                    Content.Sink.write(response, true, checksum, callback);
                }
            }
            case "down" -> {
                try (OutputStream out = Content.Sink.asOutputStream(response)) {
                    Payload.write(Integer.parseInt(path[2]), out);
                }
                callback.succeeded();
            }
            default -> Response.writeError(request, response, callback, 404);
        }
    }

    @Override
    public Client connect(InetSocketAddress server) {
        return new HttpLoad(server);
    }
}
