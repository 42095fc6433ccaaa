package io.usernet.benchmarks;

import io.usernet.Stack;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * From a file to a connection on loopback and back, through {@link FileChannel}, which hands 8 KiB of
 * heap at a time to a channel that is not the JDK's own; compared with writes and reads of 64 KiB of
 * direct memory, with and without the file. MiB a second.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@OperationsPerInvocation(FileTransferBenchmark.MIB)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class FileTransferBenchmark {
    static final int MIB = 8;

    private static final int BYTES = MIB << 20;
    private static final int CHUNK = 64 << 10;

    /** Of the channel that is transferred to or from. */
    @Param({"true", "false"})
    public boolean blocking;

    /** Whose channels. */
    @Param({"usernet", "jdk"})
    public String provider;

    private Stack stack;
    private Path path;
    private FileChannel file;
    private SocketChannel channel, peer;
    private Selector selector;
    private SelectionKey key;
    private Thread other;
    private ByteBuffer chunk;

    @Setup
    public void open() throws IOException {
        stack = provider.equals("usernet") ? Stack.builder().open() : null;
        SelectorProvider from = stack != null ? stack.provider() : SelectorProvider.provider();
        chunk = ByteBuffer.allocateDirect(CHUNK);
        path = Files.createTempFile("usernet", ".bin");
        file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        while (file.size() < BYTES) file.write(chunk.clear());
        try (ServerSocketChannel server = from.openServerSocketChannel()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            channel = from.openSocketChannel();
            channel.connect(server.getLocalAddress());
            peer = server.accept();
        }
        selector = from.openSelector();
        channel.configureBlocking(blocking);
        if (!blocking) key = channel.register(selector, 0);
    }

    @TearDown
    public void close() throws IOException, InterruptedException {
        channel.close();
        selector.close();
        peer.close();
        other.join();
        file.close();
        Files.delete(path);
        if (stack != null) stack.close();
    }

    /** The peer takes, or gives, as fast as it can until it is closed. */
    private void peerOnce(boolean gives) {
        if (other != null) return;
        other = new Thread(() -> serve(gives), "peer");
        other.start();
    }

    private void serve(boolean gives) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(256 << 10);
        try {
            while (gives ? peer.write(buffer.clear()) > 0 : peer.read(buffer.clear()) >= 0)
                ;
        } catch (ClosedChannelException e) {
            assert !peer.isOpen();
        } catch (IOException e) {
            assert !channel.isOpen() : e; // closed with bytes under way
        }
    }

    private void await(int ops) throws IOException {
        if (blocking) return;
        key.interestOps(ops);
        selector.select();
        selector.selectedKeys().clear();
    }

    @Benchmark
    public void write() throws IOException {
        peerOnce(false);
        for (int sent = 0; sent < BYTES; sent += CHUNK) {
            chunk.clear();
            while (true) {
                channel.write(chunk);
                if (!chunk.hasRemaining()) break;
                await(SelectionKey.OP_WRITE);
            }
        }
    }

    @Benchmark
    public void readFileAndWrite() throws IOException {
        peerOnce(false);
        for (long at = 0; at < BYTES; ) {
            at += file.read(chunk.clear().limit((int) Math.min(CHUNK, BYTES - at)), at);
            chunk.flip();
            while (true) {
                channel.write(chunk);
                if (!chunk.hasRemaining()) break;
                await(SelectionKey.OP_WRITE);
            }
        }
    }

    @Benchmark
    public void transferTo() throws IOException {
        peerOnce(false);
        for (long at = 0; at < BYTES; ) {
            long n = file.transferTo(at, BYTES - at, channel);
            at += n;
            if (at < BYTES && !blocking) await(SelectionKey.OP_WRITE);
        }
    }

    @Benchmark
    public void read() throws IOException {
        peerOnce(true);
        for (int got = 0; got < BYTES; ) {
            int n = channel.read(chunk.clear().limit(Math.min(CHUNK, BYTES - got)));
            got += n;
            if (n == 0) await(SelectionKey.OP_READ);
        }
    }

    @Benchmark
    public void transferFrom() throws IOException {
        peerOnce(true);
        for (long at = 0; at < BYTES; ) {
            long n = file.transferFrom(channel, at, BYTES - at);
            at += n;
            if (n == 0) await(SelectionKey.OP_READ);
        }
    }
}
