package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code FileChannel.transferTo} and {@code transferFrom} with a connection at the other end. */
abstract class FileTransferContract extends NioContract {
    /** No multiple of any buffer's size. */
    private static final int BYTES = (3 << 20) + 12_345;

    /** More than both buffers of a connection take. */
    private static final int MANY = 64 << 20;

    @TempDir Path directory;

    FileTransferContract(Subject subject) {
        super(subject);
    }

    private FileChannel file(byte[] contents) throws IOException {
        Path path = Files.createTempFile(directory, "transfer", ".bin");
        Files.write(path, contents);
        return closing(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    private static byte[] contents(FileChannel file) throws IOException {
        ByteBuffer all = ByteBuffer.allocate((int) file.size());
        file.read(all, 0);
        return all.array();
    }

    private static byte[] readUntilEnd(SocketChannel channel) throws IOException {
        return channel.socket().getInputStream().readAllBytes();
    }

    @Test
    void fileArrivesAtABlockingTarget() throws Exception {
        byte[] sent = randomBytes(BYTES, 1);
        FileChannel file = file(sent);
        Pair pair = connect();
        Background<byte[]> reader = Background.call(() -> readUntilEnd(pair.server()));
        for (long at = 0; at < BYTES; ) at += file.transferTo(at, BYTES - at, pair.client());
        pair.client().shutdownOutput();
        assertArrayEquals(sent, reader.result());
        assertEquals(0, file.position());
    }

    @Test
    void fileArrivesAtANonBlockingTarget() throws Exception {
        byte[] sent = randomBytes(BYTES, 2);
        FileChannel file = file(sent);
        Pair pair = connect();
        Background<byte[]> reader = Background.call(() -> readUntilEnd(pair.server()));
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        pair.client().register(selector, SelectionKey.OP_WRITE);
        for (long at = 0; at < BYTES; ) {
            assertEquals(1, selector.select(SELECT_MS));
            selector.selectedKeys().clear();
            at += file.transferTo(at, BYTES - at, pair.client());
        }
        pair.client().shutdownOutput();
        assertArrayEquals(sent, reader.result());
    }

    @Test
    void fullTargetTakesPartAndNothingIsLost() throws Exception {
        byte[] bytes = randomBytes(MANY, 3);
        FileChannel file = file(bytes);
        Pair pair = connect();
        pair.client().configureBlocking(false);
        long at = 0;
        for (int refusals = 0; refusals < 3; ) {
            long n = file.transferTo(at, MANY - at, pair.client());
            at += n;
            assertTrue(at < MANY, "everything was taken, although nobody reads");
            refusals = n == 0 ? refusals + 1 : 0;
        }
        pair.client().shutdownOutput();
        assertArrayEquals(java.util.Arrays.copyOf(bytes, (int) at), readUntilEnd(pair.server()));
    }

    @Test
    void nothingIsTransferredBeyondTheEndOfTheFile() throws IOException {
        FileChannel file = file(new byte[10]);
        Pair pair = connect();
        assertEquals(0, file.transferTo(10, 5, pair.client()));
        assertEquals(0, file.transferTo(99, 5, pair.client()));
        assertEquals(0, file.transferTo(3, 0, pair.client()));
        assertEquals(7, file.transferTo(3, 50, pair.client()));
    }

    @Test
    void connectionArrivesInTheFile() throws Exception {
        byte[] sent = randomBytes(BYTES, 4);
        Pair pair = connect();
        Background<Void> writer =
                Background.run(
                        () -> {
                            writeFully(pair.client(), ByteBuffer.wrap(sent));
                            pair.client().shutdownOutput();
                        });
        FileChannel file = file(new byte[0]);
        long at = 0;
        for (long n; (n = file.transferFrom(pair.server(), at, BYTES)) > 0; ) at += n;
        assertEquals(BYTES, at);
        assertArrayEquals(sent, contents(file));
        writer.result();
    }

    @Test
    void nonBlockingSourceWithNothingGivesNothing() throws Exception {
        Pair pair = connect();
        pair.server().configureBlocking(false);
        FileChannel file = file(new byte[0]);
        assertEquals(0, file.transferFrom(pair.server(), 0, 100));
        pair.client().write(ascii("hello"));
        awaitReady(pair.server(), SelectionKey.OP_READ);
        assertEquals(5, file.transferFrom(pair.server(), 0, 100));
        assertEquals(0, file.transferFrom(pair.server(), 5, 100));
        assertArrayEquals(ascii("hello").array(), contents(file));
        pair.client().close();
        awaitReady(pair.server(), SelectionKey.OP_READ);
        assertEquals(0, file.transferFrom(pair.server(), 5, 100));
    }

    @Test
    void pipesAreTransferredToAndFrom() throws IOException {
        Pipe pipe = subject.provider().openPipe();
        closing(pipe.source());
        closing(pipe.sink());
        FileChannel from = file(ascii("through a pipe").array());
        FileChannel to = file(new byte[0]);
        assertEquals(14, from.transferTo(0, 99, pipe.sink()));
        pipe.sink().close();
        assertEquals(14, to.transferFrom(pipe.source(), 0, 99));
        assertArrayEquals(contents(from), contents(to));
    }
}
