package io.usernet.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.usernet.Stack;
import io.usernet.link.Wire;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.filterchain.BaseFilter;
import org.glassfish.grizzly.filterchain.FilterChainBuilder;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.filterchain.TransportFilter;
import org.glassfish.grizzly.nio.transport.TCPNIOTransport;
import org.glassfish.grizzly.nio.transport.TCPNIOTransportBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Libraries that take a provider, each on a stack of its own, joined by a wire. */
@Timeout(60)
class LibrariesOnStacksTest {
    private static final InetSocketAddress SERVER = new InetSocketAddress("10.0.0.1", 6888);

    private Stack near, far;

    @BeforeEach
    void open() throws IOException {
        Wire wire = new Wire();
        near = Stack.builder().link(wire.left()).address("10.0.0.1/24").open();
        far = Stack.builder().link(wire.right()).address("10.0.0.2/24").open();
    }

    /** The stack closes at once, whatever its users still have open. */
    @AfterEach
    void closeLeavesNoThread() {
        near.close();
        far.close();
        assertFalse(
                Thread.getAllStackTraces().keySet().stream()
                        .anyMatch(thread -> thread.getName().matches("usernet-\\d+.*")));
    }

    /** What a channel of a stack's hears when it says hello. */
    private static String greet(SelectorProvider provider) throws IOException {
        try (SocketChannel channel = provider.openSocketChannel()) {
            channel.connect(SERVER);
            channel.write(US_ASCII.encode("hello"));
            ByteBuffer heard = ByteBuffer.allocate(5);
            while (heard.hasRemaining() && channel.read(heard) >= 0) Thread.onSpinWait();
            return US_ASCII.decode(heard.flip()).toString();
        }
    }

    // -- Netty 4.2: the handler of events and each channel are given the provider

    private static EventLoopGroup group(Stack stack) {
        return new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("netty"), NioIoHandler.newFactory(stack.provider()));
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }
    }

    private static Channel serve(EventLoopGroup group, Stack stack) throws InterruptedException {
        return new ServerBootstrap()
                .group(group)
                .channelFactory(() -> new NioServerSocketChannel(stack.provider()))
                .childHandler(
                        new ChannelInitializer<>() {
                            @Override
                            protected void initChannel(Channel channel) {
                                channel.pipeline().addLast(new Echo());
                            }
                        })
                .bind(SERVER)
                .sync()
                .channel();
    }

    @Test
    void nettyServesOneStackFromAnother() throws Exception {
        EventLoopGroup servers = group(near), clients = group(far);
        try {
            serve(servers, near);
            CompletableFuture<String> heard = new CompletableFuture<>();
            Channel client =
                    new Bootstrap()
                            .group(clients)
                            .channelFactory(() -> new NioSocketChannel(far.provider()))
                            .handler(new Expect(heard))
                            .connect(SERVER)
                            .sync()
                            .channel();
            client.writeAndFlush(Unpooled.copiedBuffer("hello", US_ASCII));
            assertEquals("hello", heard.get(30, TimeUnit.SECONDS));
            assertEquals("hello", greet(far.provider()));
        } finally {
            servers.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
            clients.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        }
    }

    /** Five letters. */
    private static final class Expect extends SimpleChannelInboundHandler<ByteBuf> {
        private final StringBuilder letters = new StringBuilder();
        private final CompletableFuture<String> heard;

        Expect(CompletableFuture<String> heard) {
            this.heard = heard;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
            letters.append(message.toString(US_ASCII));
            if (letters.length() == 5) heard.complete(letters.toString());
        }
    }

    // -- Grizzly: its transport is given the provider

    @Test
    void grizzlyServesOneStackFromAnother() throws Exception {
        BaseFilter echo =
                new BaseFilter() {
                    @Override
                    public NextAction handleRead(FilterChainContext context) {
                        context.write(context.getAddress(), context.getMessage(), null);
                        return context.getStopAction();
                    }
                };
        TCPNIOTransport transport =
                TCPNIOTransportBuilder.newInstance()
                        .setSelectorProvider(near.provider())
                        .setProcessor(
                                FilterChainBuilder.stateless()
                                        .add(new TransportFilter())
                                        .add(echo)
                                        .build())
                        .build();
        transport.bind(SERVER);
        transport.start();
        try {
            assertEquals("hello", greet(far.provider()));
        } finally {
            transport.shutdownNow();
        }
    }
}
