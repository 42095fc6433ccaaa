package io.usernet.samples.apps;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.CRC32C;

/** The client's end of one connection: replies, in the order of requests. */
final class NettyReplies extends SimpleChannelInboundHandler<HttpObject> {
    private static final int MOST_TEXT = 100;

    /**
     * @param text the body, or how it begins
     */
    record Reply(int status, String text, long checksum) {
        void check() {
            if (status != 200 || !text.equals(Payload.SMALL)) throw new AssertionError(toString());
        }
    }

    private final Queue<CompletableFuture<Reply>> expected = new ConcurrentLinkedQueue<>();
    private final StringBuilder text = new StringBuilder();
    private final CRC32C checksum = new CRC32C();
    private int status;

    /** Before the request is sent; any thread. */
    CompletableFuture<Reply> next() {
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        expected.add(reply);
        return reply;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        if (part instanceof HttpResponse response) status = response.status().code();
        if (!(part instanceof HttpContent content)) return;
        ByteBuf bytes = content.content();
        int begin = Math.min(MOST_TEXT - text.length(), bytes.readableBytes());
        text.append(bytes.toString(bytes.readerIndex(), begin, US_ASCII));
        checksum.update(bytes.nioBuffer());
        if (!(content instanceof LastHttpContent)) return;
        expected.remove().complete(new Reply(status, text.toString(), checksum.getValue()));
        text.setLength(0);
        checksum.reset();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        fail(new IOException("closed by the server"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(cause);
        context.close();
    }

    private void fail(Throwable cause) {
        expected.forEach(reply -> reply.completeExceptionally(cause));
    }
}
