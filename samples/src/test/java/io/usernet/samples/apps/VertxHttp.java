package io.usernet.samples.apps;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.streams.WriteStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.zip.CRC32C;

/** Vert.x at both ends. */
public final class VertxHttp implements Application {
    private final Meeting meeting = new Meeting();

    public static void main(String[] args) throws Exception {
        Program.run(new VertxHttp(), args);
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get();
    }

    /** Which warns of blocked threads, but not of a busy machine's first steps. */
    private static Vertx vertx() {
        return Vertx.vertx(
                new VertxOptions()
                        .setMaxEventLoopExecuteTime(30)
                        .setMaxEventLoopExecuteTimeUnit(TimeUnit.SECONDS));
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) throws Exception {
        Vertx vertx = vertx();
        HttpServerOptions options =
                new HttpServerOptions()
                        .setHost(at.getAddress().getHostAddress())
                        .setPort(at.getPort());
        get(vertx.createHttpServer(options).requestHandler(this::answer).listen());
        return () -> get(vertx.close());
    }

    private void answer(HttpServerRequest request) {
        String[] path = request.path().split("/");
        switch (path[1]) {
            case "small" -> request.response().end(Payload.SMALL);
            case "together" ->
                    meeting.join(
                            Integer.parseInt(path[2]), () -> request.response().end(Payload.SMALL));
            case "up" -> {
                CRC32C sum = new CRC32C();
                request.handler(piece -> sum.update(piece.getBytes()));
                request.endHandler(end -> request.response().end("" + sum.getValue()));
            }
            case "down" -> {
                request.response().setChunked(true);
                new Sending(request.response(), Integer.parseInt(path[2]));
            }
            default -> request.response().setStatusCode(404).end();
        }
    }

    /**
     * Sends a payload as fast as the other side reads; it may be told twice that there is room. As it
     * shall not block its thread, it lets others have a turn even while there is.
     */
    private static final class Sending {
        private static final int PIECES_A_TURN = 8;

        private final WriteStream<Buffer> to;
        private final int bytes;
        private int next;

        Sending(WriteStream<Buffer> to, int bytes) {
            this.to = to;
            this.bytes = bytes;
            to.drainHandler(drained -> send());
            send();
        }

        private void send() {
            for (int i = 0; next < bytes && !to.writeQueueFull(); i++) {
                if (i == PIECES_A_TURN) {
                    Vertx.currentContext().runOnContext(turn -> send());
                    return;
                }
                byte[] piece = Payload.piece(next, bytes);
                next += piece.length;
                to.write(Buffer.buffer(piece));
                if (next == bytes) to.end();
            }
        }
    }

    @Override
    public Client connect(InetSocketAddress server) {
        return new Load(server);
    }

    private static final class Load implements Client {
        private static final int LANES = 8, MOST_CONNECTIONS = 1_000;

        private final Vertx vertx = vertx();
        private final HttpClient client;

        Load(InetSocketAddress server) {
            HttpClientOptions options =
                    new HttpClientOptions()
                            .setDefaultHost(server.getAddress().getHostAddress())
                            .setDefaultPort(server.getPort());
            client =
                    vertx.createHttpClient(
                            options, new PoolOptions().setHttp1MaxSize(MOST_CONNECTIONS));
        }

        /** What is done with the response is set up on its own thread, before any of it comes. */
        private <T> Future<T> request(
                String path, Function<HttpClientResponse, Future<T>> whatToDo) {
            return client.request(HttpMethod.GET, path)
                    .compose(request -> request.send().compose(whatToDo));
        }

        private Future<Void> ask(String path) {
            return request(
                    path,
                    response ->
                            response.body().compose(body -> check(response.statusCode(), body)));
        }

        private static Future<Void> check(int status, Buffer body) {
            boolean good = status == 200 && body.toString().equals(Payload.SMALL);
            return good ? Future.succeededFuture() : Future.failedFuture(status + " " + body);
        }

        private void askOften(String path, int times) throws Exception {
            List<Future<Void>> answers = new ArrayList<>();
            for (int i = 0; i < times; i++) answers.add(ask(path));
            for (Future<Void> answer : answers) get(answer);
        }

        @Override
        public void small(int times) throws Exception {
            for (int left = times; left > 0; left -= LANES) {
                askOften("/small", Math.min(left, LANES));
            }
        }

        @Override
        public void together(int connections) throws Exception {
            askOften("/together/" + connections, connections);
        }

        @Override
        public long upload(int bytes) throws Exception {
            // On the request's own thread, so that no event of it is missed.
            Future<Buffer> answer =
                    client.request(HttpMethod.POST, "/up")
                            .compose(
                                    request -> {
                                        new Sending(request.setChunked(true), bytes);
                                        return request.response().compose(HttpClientResponse::body);
                                    });
            return Long.parseLong(get(answer).toString());
        }

        @Override
        public long download(int bytes) throws Exception {
            CRC32C sum = new CRC32C();
            get(
                    request(
                            "/down/" + bytes,
                            response ->
                                    response.handler(piece -> sum.update(piece.getBytes())).end()));
            return sum.getValue();
        }

        @Override
        public void close() throws IOException {
            try {
                get(vertx.close());
            } catch (ExecutionException e) {
                throw new IOException(e.getCause());
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }
}
