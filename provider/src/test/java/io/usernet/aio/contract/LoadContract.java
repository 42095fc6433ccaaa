package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many connections at once, on few threads. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class LoadContract extends AioContract {
    private static final int CONNECTIONS = 200;
    private static final int BYTES = 256 << 10;
    private static final int PIECE = 8 << 10;

    LoadContract(Subject subject) {
        super(subject);
    }

    @Test
    void fixedGroupEchoesWhat200ConnectionsSend() throws Exception {
        echo(fixed(2));
    }

    @Test
    void cachedGroupEchoesWhat200ConnectionsSend() throws Exception {
        echo(cached(0));
    }

    @Test
    void defaultGroupEchoesWhat200ConnectionsSend() throws Exception {
        echo(null);
    }

    private void echo(AsynchronousChannelGroup group) throws Exception {
        AsynchronousServerSocketChannel server = openServer(group).bind(anyPort(), CONNECTIONS);
        server.accept(null, new Accepter(server));
        Client[] clients = new Client[CONNECTIONS];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = new Client(openSocket(group), i);
            clients[i].channel.connect(server.getLocalAddress(), null, clients[i]);
        }
        for (Client client : clients) {
            assertEquals(client.sent.get(40, TimeUnit.SECONDS), client.received.get());
        }
    }

    /** Starts an echo for each connection. */
    private final class Accepter implements CompletionHandler<AsynchronousSocketChannel, Void> {
        private final AsynchronousServerSocketChannel server;

        Accepter(AsynchronousServerSocketChannel server) {
            this.server = server;
        }

        @Override
        public void completed(AsynchronousSocketChannel channel, Void attachment) {
            server.accept(null, this);
            ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
            closing(channel).read(buffer, null, new Echo(channel, buffer));
        }

        @Override
        public void failed(Throwable thrown, Void attachment) {}
    }

    /** Writes what was read, then reads again, until the end. */
    private static final class Echo implements CompletionHandler<Integer, Void> {
        private final AsynchronousSocketChannel channel;
        private final ByteBuffer buffer;
        private boolean writing;

        Echo(AsynchronousSocketChannel channel, ByteBuffer buffer) {
            this.channel = channel;
            this.buffer = buffer;
        }

        @Override
        public void completed(Integer n, Void attachment) {
            if (n < 0) {
                try {
                    channel.shutdownOutput();
                } catch (java.io.IOException e) {
                    throw new AssertionError(e);
                }
            } else {
                if (!writing) buffer.flip();
                writing = buffer.hasRemaining();
                if (writing) channel.write(buffer, 20, TimeUnit.SECONDS, null, this);
                else channel.read(buffer.clear(), 20, TimeUnit.SECONDS, null, this);
            }
        }

        @Override
        public void failed(Throwable thrown, Void attachment) {}
    }

    /** Writes random bytes and, at the same time, reads until the end; checksums of both. */
    private static final class Client implements CompletionHandler<Void, Void> {
        final AsynchronousSocketChannel channel;
        final CompletableFuture<Long> sent = new CompletableFuture<>();
        final CompletableFuture<Long> received = new CompletableFuture<>();
        private final byte[] bytes = new byte[BYTES];

        Client(AsynchronousSocketChannel channel, int seed) {
            this.channel = channel;
            new SplittableRandom(seed).nextBytes(bytes);
        }

        @Override
        public void completed(Void nothing, Void attachment) {
            CRC32 sum = new CRC32();
            sum.update(bytes);
            send(ByteBuffer.wrap(bytes), sum.getValue());
            receive(ByteBuffer.allocate(PIECE), new CRC32());
        }

        private void send(ByteBuffer src, long sum) {
            channel.write(
                    src,
                    20,
                    TimeUnit.SECONDS,
                    null,
                    new CompletionHandler<Integer, Void>() {
                        @Override
                        public void completed(Integer n, Void attachment) {
                            if (src.hasRemaining()) {
                                channel.write(src, 20, TimeUnit.SECONDS, null, this);
                                return;
                            }
                            try {
                                channel.shutdownOutput();
                                sent.complete(sum);
                            } catch (java.io.IOException e) {
                                sent.completeExceptionally(e);
                            }
                        }

                        @Override
                        public void failed(Throwable thrown, Void attachment) {
                            sent.completeExceptionally(thrown);
                        }
                    });
        }

        private void receive(ByteBuffer dst, CRC32 sum) {
            channel.read(
                    dst,
                    null,
                    new CompletionHandler<Integer, Void>() {
                        @Override
                        public void completed(Integer n, Void attachment) {
                            if (n < 0) {
                                received.complete(sum.getValue());
                            } else {
                                sum.update(dst.flip());
                                channel.read(dst.clear(), null, this);
                            }
                        }

                        @Override
                        public void failed(Throwable thrown, Void attachment) {
                            received.completeExceptionally(thrown);
                        }
                    });
        }

        @Override
        public void failed(Throwable thrown, Void attachment) {
            sent.completeExceptionally(thrown);
        }
    }

    /** Threads that block in futures, as a program with a thread a connection has it. */
    @Test
    void futuresOfManyThreads() throws Exception {
        int threads = 20, rounds = 200;
        CountDownLatch done = new CountDownLatch(threads);
        CompletableFuture<Void> failed = new CompletableFuture<>();
        for (int i = 0; i < threads; i++) {
            Pair pair = connect();
            new Thread(
                            () -> {
                                try {
                                    pingPong(pair, rounds);
                                    done.countDown();
                                } catch (Exception | AssertionError e) {
                                    failed.completeExceptionally(e);
                                }
                            })
                    .start();
        }
        await("all threads are done", () -> done.getCount() == 0 || failed.isDone());
        if (failed.isDone()) failed.get();
    }

    private static void pingPong(Pair pair, int rounds) throws Exception {
        ByteBuffer dst = ByteBuffer.allocate(1);
        for (int i = 0; i < rounds; i++) {
            Future<Integer> reading = pair.client().read(dst.clear());
            assertEquals(1, result(pair.server().write(ascii("x"))));
            assertEquals(1, result(reading));
        }
    }

    /** What comes and goes leaves nothing behind that the next one would trip over. */
    @Test
    void connectionsComeAndGo() throws Exception {
        AsynchronousChannelGroup group = fixed(2);
        AsynchronousServerSocketChannel server = listen(group);
        for (int i = 0; i < 1_000; i++) {
            Future<AsynchronousSocketChannel> accepting = server.accept();
            try (AsynchronousSocketChannel client =
                    subject.provider().openAsynchronousSocketChannel(group)) {
                result(client.connect(server.getLocalAddress()));
                try (AsynchronousSocketChannel accepted = result(accepting)) {
                    Future<Integer> reading = accepted.read(ByteBuffer.allocate(1));
                    write(client, "x");
                    assertEquals(1, result(reading));
                }
            }
        }
        assertTrue(server.isOpen());
    }
}
