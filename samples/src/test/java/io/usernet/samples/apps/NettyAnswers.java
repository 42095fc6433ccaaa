package io.usernet.samples.apps;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.util.zip.CRC32C;

/** The server's end of one connection. */
final class NettyAnswers extends SimpleChannelInboundHandler<HttpObject> {
    private final Meeting meeting;
    private final CRC32C checksum = new CRC32C();
    private String[] path;

    NettyAnswers(Meeting meeting) {
        this.meeting = meeting;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        if (part instanceof HttpRequest request) {
            path = request.uri().split("/");
            checksum.reset();
        }
        if (part instanceof HttpContent content) checksum.update(content.content().nioBuffer());
        if (part instanceof LastHttpContent) answer(context);
    }

    private void answer(ChannelHandlerContext context) {
        switch (path[1]) {
            case "small" -> answer(context, HttpResponseStatus.OK, Payload.SMALL);
            case "together" ->
                    meeting.join(
                            Integer.parseInt(path[2]),
                            () -> answer(context, HttpResponseStatus.OK, Payload.SMALL));
            case "up" -> answer(context, HttpResponseStatus.OK, "" + checksum.getValue());
            case "down" -> {
                DefaultHttpResponse response =
                        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
                response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
                context.write(response);
                context.writeAndFlush(NettyHttp.payload(Integer.parseInt(path[2])));
            }
            default -> answer(context, HttpResponseStatus.NOT_FOUND, "");
        }
    }

    private static void answer(
            ChannelHandlerContext context, HttpResponseStatus status, String text) {
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(text, US_ASCII));
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, text.length());
        context.writeAndFlush(response);
    }

    /** A client that has gone is nothing to report, though Netty would. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) context.close();
        else context.fireExceptionCaught(cause);
    }
}
