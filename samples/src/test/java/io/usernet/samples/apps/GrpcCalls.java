package io.usernet.samples.apps;

import com.google.common.io.ByteStreams;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/** gRPC at both ends; messages are text or bytes, without a schema. */
public final class GrpcCalls implements Application {
    private static final MethodDescriptor<byte[], byte[]> SMALL = method("small", MethodType.UNARY),
            TOGETHER = method("together", MethodType.UNARY),
            UP = method("up", MethodType.CLIENT_STREAMING),
            DOWN = method("down", MethodType.SERVER_STREAMING);

    private final Meeting meeting = new Meeting();

    public static void main(String[] args) throws Exception {
        Program.run(new GrpcCalls(), args);
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
        return MethodDescriptor.newBuilder(new Bytes(), new Bytes())
                .setFullMethodName(MethodDescriptor.generateFullMethodName("answers", name))
                .setType(type)
                .build();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return ByteStreams.toByteArray(stream);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) throws IOException {
        ServerServiceDefinition service =
                ServerServiceDefinition.builder("answers")
                        .addMethod(
                                SMALL,
                                ServerCalls.asyncUnaryCall(
                                        (question, to) -> answer(to, Payload.SMALL)))
                        .addMethod(
                                TOGETHER,
                                ServerCalls.asyncUnaryCall(
                                        (question, to) ->
                                                meeting.join(
                                                        number(question),
                                                        () -> answer(to, Payload.SMALL))))
                        .addMethod(UP, ServerCalls.asyncClientStreamingCall(Sum::new))
                        .addMethod(DOWN, ServerCalls.asyncServerStreamingCall(GrpcCalls::send))
                        .build();
        Server server = NettyServerBuilder.forAddress(at).addService(service).build().start();
        return () -> server.shutdown().awaitTermination(10, TimeUnit.SECONDS);
    }

    private static int number(byte[] text) {
        return Integer.parseInt(new String(text));
    }

    private static void answer(StreamObserver<byte[]> to, String text) {
        to.onNext(text.getBytes());
        to.onCompleted();
    }

    private static void send(byte[] question, StreamObserver<byte[]> answers) {
        ServerCallStreamObserver<byte[]> to = (ServerCallStreamObserver<byte[]>) answers;
        Pieces pieces = new Pieces(number(question));
        to.setOnReadyHandler(
                () -> {
                    while (to.isReady() && pieces.hasNext()) {
                        to.onNext(pieces.next());
                        if (!pieces.hasNext()) to.onCompleted();
                    }
                });
    }

    /** Of a payload, one after another. */
    private static final class Pieces implements Iterator<byte[]> {
        private final int bytes;
        private int next;

        Pieces(int bytes) {
            this.bytes = bytes;
        }

        @Override
        public boolean hasNext() {
            return next < bytes;
        }

        @Override
        public byte[] next() {
            byte[] piece = Payload.piece(next, bytes);
            next += piece.length;
            return piece;
        }
    }

    /** What comes in is summed, and the sum is the answer. */
    private static final class Sum implements StreamObserver<byte[]> {
        private final CRC32C sum = new CRC32C();
        private final StreamObserver<byte[]> to;

        Sum(StreamObserver<byte[]> to) {
            this.to = to;
        }

        @Override
        public void onNext(byte[] piece) {
            sum.update(piece);
        }

        @Override
        public void onError(Throwable cause) {
            to.onError(cause);
        }

        @Override
        public void onCompleted() {
            answer(to, "" + sum.getValue());
        }
    }

    @Override
    public Client connect(InetSocketAddress server) {
        return new Load(server);
    }

    private static final class Load implements Client {
        private static final int LANES = 8;

        private final InetSocketAddress server;
        private final List<ManagedChannel> channels = new ArrayList<>(); // a connection each

        Load(InetSocketAddress server) {
            this.server = server;
        }

        private List<ManagedChannel> channels(int n) {
            while (channels.size() < n) {
                channels.add(NettyChannelBuilder.forAddress(server).usePlaintext().build());
            }
            return channels.subList(0, n);
        }

        private static void ask(
                List<ManagedChannel> at, MethodDescriptor<byte[], byte[]> method, int question)
                throws Exception {
            List<Future<byte[]>> answers = new ArrayList<>();
            for (Channel channel : at) {
                answers.add(
                        ClientCalls.futureUnaryCall(
                                channel.newCall(method, CallOptions.DEFAULT),
                                ("" + question).getBytes()));
            }
            for (Future<byte[]> answer : answers) {
                String text = new String(answer.get());
                if (!text.equals(Payload.SMALL)) throw new AssertionError(text);
            }
        }

        @Override
        public void small(int times) throws Exception {
            for (int left = times; left > 0; left -= LANES) {
                ask(channels(Math.min(left, LANES)), SMALL, 0);
            }
        }

        @Override
        public void together(int connections) throws Exception {
            ask(channels(connections), TOGETHER, connections);
        }

        @Override
        public long upload(int bytes) throws Exception {
            CompletableFuture<byte[]> answer = new CompletableFuture<>();
            ClientCalls.asyncClientStreamingCall(
                    channels(1).get(0).newCall(UP, CallOptions.DEFAULT),
                    new Upload(new Pieces(bytes), answer));
            return Long.parseLong(new String(answer.get()));
        }

        @Override
        public long download(int bytes) {
            CRC32C sum = new CRC32C();
            ClientCalls.blockingServerStreamingCall(
                            channels(1).get(0), DOWN, CallOptions.DEFAULT, ("" + bytes).getBytes())
                    .forEachRemaining(sum::update);
            return sum.getValue();
        }

        @Override
        public void close() throws IOException {
            channels.forEach(ManagedChannel::shutdown);
            try {
                for (ManagedChannel channel : channels) {
                    if (!channel.awaitTermination(10, TimeUnit.SECONDS)) {
                        throw new IOException(channel + " does not end");
                    }
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    /** As fast as the other side reads. */
    private static final class Upload implements ClientResponseObserver<byte[], byte[]> {
        private final Pieces pieces;
        private final CompletableFuture<byte[]> answer;

        Upload(Pieces pieces, CompletableFuture<byte[]> answer) {
            this.pieces = pieces;
            this.answer = answer;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<byte[]> to) {
            to.setOnReadyHandler(
                    () -> {
                        while (to.isReady() && pieces.hasNext()) {
                            to.onNext(pieces.next());
                            if (!pieces.hasNext()) to.onCompleted();
                        }
                    });
        }

        @Override
        public void onNext(byte[] text) {
            answer.complete(text);
        }

        @Override
        public void onError(Throwable cause) {
            answer.completeExceptionally(cause);
        }

        @Override
        public void onCompleted() {}
    }
}
