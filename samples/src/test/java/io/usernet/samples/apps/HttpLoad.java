package io.usernet.samples.apps;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** {@link HttpClient}, for servers that have no client of their own. */
final class HttpLoad implements Client {
    private static final int LANES = 8;

    private final HttpClient client;
    private final String base;

    HttpLoad(InetSocketAddress server) {
        this(
                HttpClient.newBuilder(),
                "http://" + server.getHostString() + ":" + server.getPort() + "/");
    }

    HttpLoad(HttpClient.Builder builder, String base) {
        client = builder.version(HttpClient.Version.HTTP_1_1).build();
        this.base = base;
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofMinutes(1));
    }

    @Override
    public void small(int times) throws Exception {
        List<CompletableFuture<Void>> lanes = new ArrayList<>();
        for (int i = 0; i < LANES; i++)
            lanes.add(lane(times / LANES + (i < times % LANES ? 1 : 0)));
        for (CompletableFuture<Void> lane : lanes) lane.get();
    }

    /** One after another. */
    private CompletableFuture<Void> lane(int times) {
        if (times == 0) return CompletableFuture.completedFuture(null);
        return get("small").thenCompose(done -> lane(times - 1));
    }

    @Override
    public void together(int connections) throws Exception {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < connections; i++) all.add(get("together/" + connections));
        for (CompletableFuture<Void> one : all) one.get();
    }

    private CompletableFuture<Void> get(String path) {
        return client.sendAsync(request(path).build(), BodyHandlers.ofString())
                .thenAccept(response -> checkBody(checkStatus(response)));
    }

    private static void checkBody(String body) {
        if (!body.equals(Payload.SMALL)) throw new AssertionError(body);
    }

    private static <T> T checkStatus(HttpResponse<T> response) {
        if (response.statusCode() != 200) throw new AssertionError(response.toString());
        return response.body();
    }

    @Override
    public long upload(int bytes) throws IOException, InterruptedException {
        HttpRequest request =
                request("up")
                        .POST(BodyPublishers.ofInputStream(() -> Payload.stream(bytes)))
                        .build();
        return Long.parseLong(checkStatus(client.send(request, BodyHandlers.ofString())));
    }

    @Override
    public long download(int bytes) throws IOException, InterruptedException {
        HttpRequest request = request("down/" + bytes).build();
        try (InputStream in = checkStatus(client.send(request, BodyHandlers.ofInputStream()))) {
            return Payload.checksum(in);
        }
    }

    /** Nothing: its threads are daemons, and its connections end with them. */
    @Override
    public void close() {}
}
