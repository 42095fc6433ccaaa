package io.usernet.samples.apps;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpChunkedInput;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.stream.ChunkedStream;
import io.netty.handler.stream.ChunkedWriteHandler;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * Netty's HTTP codec at both ends, over TLS if the system property {@code keystore} names a PKCS #12
 * file; its password is "password", and a client trusts what is in it.
 */
public final class NettyHttp implements Application {
    private static final char[] PASSWORD = "password".toCharArray();

    public static void main(String[] args) throws Exception {
        Program.run(new NettyHttp(), args);
    }

    private static KeyStore keyStore() throws Exception {
        String file = System.getProperty("keystore");
        if (file == null) return null;
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            keys.load(in, PASSWORD);
        }
        return keys;
    }

    private static SslContext serverTls() throws Exception {
        KeyStore keys = keyStore();
        if (keys == null) return null;
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, PASSWORD);
        return SslContextBuilder.forServer(factory).build();
    }

    private static SslContext clientTls() throws Exception {
        KeyStore keys = keyStore();
        if (keys == null) return null;
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(keys);
        return SslContextBuilder.forClient().trustManager(factory).build();
    }

    static HttpChunkedInput payload(int bytes) {
        return new HttpChunkedInput(new ChunkedStream(Payload.stream(bytes), 16 << 10));
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) throws Exception {
        SslContext tls = serverTls();
        EventLoopGroup acceptors = NettyThreads.group(1);
        EventLoopGroup threads = NettyThreads.group(2);
        Meeting meeting = new Meeting();
        new ServerBootstrap()
                .group(acceptors, threads)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(
                        new ChannelInitializer<SocketChannel>() {
                            @Override
                            protected void initChannel(SocketChannel channel) {
                                if (tls != null) {
                                    channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                                }
                                channel.pipeline()
                                        .addLast(
                                                new HttpServerCodec(),
                                                new ChunkedWriteHandler(),
                                                new NettyAnswers(meeting));
                            }
                        })
                .bind(at)
                .sync();
        return () -> {
            shutDown(acceptors);
            shutDown(threads);
        };
    }

    private static void shutDown(EventLoopGroup threads) {
        threads.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Override
    public Client connect(InetSocketAddress server) throws Exception {
        return new Load(server);
    }

    private static final class Load implements Client {
        private static final int LANES = 8;

        private final SslContext tls = clientTls();
        private final EventLoopGroup threads = NettyThreads.group(2);
        private final InetSocketAddress server;
        private final List<Lane> lanes = new ArrayList<>();

        Load(InetSocketAddress server) throws Exception {
            this.server = server;
        }

        private Lane open() throws InterruptedException {
            NettyReplies replies = new NettyReplies();
            Bootstrap bootstrap =
                    new Bootstrap()
                            .group(threads)
                            .channel(NioSocketChannel.class)
                            .option(ChannelOption.TCP_NODELAY, true)
                            .handler(
                                    new ChannelInitializer<SocketChannel>() {
                                        @Override
                                        protected void initChannel(SocketChannel channel) {
                                            addHandlers(channel, replies);
                                        }
                                    });
            return new Lane(bootstrap.connect(server).sync().channel(), replies);
        }

        private void addHandlers(SocketChannel channel, NettyReplies replies) {
            if (tls != null) {
                channel.pipeline()
                        .addLast(
                                tls.newHandler(
                                        channel.alloc(), server.getHostString(), server.getPort()));
            }
            channel.pipeline().addLast(new HttpClientCodec(), new ChunkedWriteHandler(), replies);
        }

        private void openLanes(int most) throws InterruptedException {
            while (lanes.size() < most) lanes.add(open());
        }

        @Override
        public void small(int times) throws Exception {
            openLanes(Math.min(times, LANES));
            int left = times;
            while (left > 0) {
                int round = Math.min(left, LANES);
                List<CompletableFuture<NettyReplies.Reply>> replies = new ArrayList<>();
                for (int i = 0; i < round; i++) replies.add(lanes.get(i).get("/small"));
                for (var reply : replies) reply.get().check();
                left -= round;
            }
        }

        @Override
        public void together(int connections) throws Exception {
            openLanes(connections);
            List<CompletableFuture<NettyReplies.Reply>> replies = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                replies.add(lanes.get(i).get("/together/" + connections));
            }
            for (var reply : replies) reply.get().check();
        }

        @Override
        public long upload(int bytes) throws Exception {
            Lane lane = lanes.get(0);
            CompletableFuture<NettyReplies.Reply> reply = lane.replies().next();
            DefaultHttpRequest request =
                    new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/up");
            request.headers()
                    .set(HttpHeaderNames.HOST, server.getHostString())
                    .set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            lane.channel().write(request);
            lane.channel().writeAndFlush(payload(bytes)).sync();
            return Long.parseLong(reply.get().text());
        }

        @Override
        public long download(int bytes) throws Exception {
            return lanes.get(0).get("/down/" + bytes).get().checksum();
        }

        @Override
        public void close() throws IOException {
            shutDown(threads);
        }
    }

    private record Lane(io.netty.channel.Channel channel, NettyReplies replies) {
        CompletableFuture<NettyReplies.Reply> get(String path) {
            CompletableFuture<NettyReplies.Reply> reply = replies.next();
            DefaultFullHttpRequest request =
                    new DefaultFullHttpRequest(
                            HttpVersion.HTTP_1_1,
                            HttpMethod.GET,
                            path,
                            Unpooled.copiedBuffer("", US_ASCII));
            request.headers().set(HttpHeaderNames.HOST, "server");
            channel.writeAndFlush(request);
            return reply;
        }
    }
}
