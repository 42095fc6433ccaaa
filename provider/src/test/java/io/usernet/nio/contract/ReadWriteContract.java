package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes through a connected SocketChannel: order, buffers, ends of stream, failures, back-pressure. */
abstract class ReadWriteContract extends NioContract {
    private static final int LARGE = 8 << 20;

    ReadWriteContract(Subject subject) {
        super(subject);
    }

    @Test
    void readReturnsWhatIsThereWithoutFillingTheBuffer() throws IOException {
        Pair pair = connect();
        send(pair.client(), "abc");
        ByteBuffer dst = ByteBuffer.allocate(100);
        int n = pair.server().read(dst);
        assertTrue(n >= 1 && n <= 3);
        assertEquals(n, dst.position());
        assertEquals(100, dst.limit());
        assertEquals("abc".substring(n), receive(pair.server(), 3 - n));
    }

    @Test
    void readLeavesWhatDoesNotFit() throws IOException {
        Pair pair = connect();
        send(pair.client(), "abcdef");
        assertEquals("abc", receive(pair.server(), 3));
        assertEquals("def", receive(pair.server(), 3));
    }

    @Test
    void emptyBuffersReadAndWriteNothing() throws IOException {
        Pair pair = connect();
        assertEquals(0, pair.client().read(ByteBuffer.allocate(0)));
        assertEquals(0, pair.client().write(ByteBuffer.allocate(0)));
        assertEquals(0, pair.client().write(new ByteBuffer[0]));
        assertEquals(0, pair.client().write(new ByteBuffer[] {ByteBuffer.allocate(0)}));
    }

    @Test
    void emptyBufferAtEndOfStreamReadsNothing() throws IOException {
        Pair pair = connect();
        pair.client().shutdownOutput();
        assertEndOfStream(pair.server());
        assertEquals(0, pair.server().read(ByteBuffer.allocate(0)));
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void sliceOfABufferMovesOnlyItsBytes(boolean directSource, boolean directTarget)
            throws IOException {
        Pair pair = connect();
        ByteBuffer whole = directSource ? ByteBuffer.allocateDirect(9) : ByteBuffer.allocate(9);
        whole.put(ascii("..hello..")).position(1).limit(8);
        ByteBuffer src = whole.slice();
        src.position(1).limit(6);
        assertEquals(5, pair.client().write(src));
        assertEquals(6, src.position());
        assertEquals(6, src.limit());

        ByteBuffer target = directTarget ? ByteBuffer.allocateDirect(9) : ByteBuffer.allocate(9);
        target.position(2);
        ByteBuffer dst = target.slice();
        dst.position(1).limit(6);
        while (dst.hasRemaining()) {
            assertTrue(pair.server().read(dst) > 0);
        }
        assertEquals(6, dst.position());
        byte[] bytes = new byte[9];
        target.clear().get(bytes);
        assertArrayEquals(new byte[] {0, 0, 0, 'h', 'e', 'l', 'l', 'o', 0}, bytes);
    }

    @Test
    void readOnlySourceIsWritten() throws IOException {
        Pair pair = connect();
        writeFully(pair.client(), ascii("heap").asReadOnlyBuffer());
        ByteBuffer direct = ByteBuffer.allocateDirect(6).put(ascii("direct")).flip();
        writeFully(pair.client(), direct.asReadOnlyBuffer());
        assertEquals("heapdirect", receive(pair.server(), 10));
    }

    @Test
    void readOnlyTargetIsRefused() throws IOException {
        Pair pair = connect();
        send(pair.client(), "x");
        ByteBuffer readOnly = ByteBuffer.allocate(1).asReadOnlyBuffer();
        assertFails(
                IllegalArgumentException.class,
                "Read-only buffer",
                () -> pair.server().read(readOnly));
        assertFails(
                IllegalArgumentException.class,
                "Read-only buffer",
                () -> pair.server().read(new ByteBuffer[] {readOnly}));
        assertEquals("x", receive(pair.server(), 1));
    }

    @Test
    void nullBuffersAreRefused() throws IOException {
        SocketChannel channel = connect().client();
        assertFails(NullPointerException.class, () -> channel.read((ByteBuffer) null));
        assertFails(NullPointerException.class, () -> channel.write((ByteBuffer) null));
        assertFails(NullPointerException.class, () -> channel.read((ByteBuffer[]) null));
        assertFails(NullPointerException.class, () -> channel.write((ByteBuffer[]) null));
    }

    @Test
    void gatheringWriteKeepsTheOrder() throws IOException {
        Pair pair = connect();
        ByteBuffer direct = ByteBuffer.allocateDirect(2).put(ascii("cd")).flip();
        ByteBuffer[] sources = {
            ascii("ab"), ByteBuffer.allocate(0), direct, ascii("ef").asReadOnlyBuffer()
        };
        assertEquals(6, pair.client().write(sources));
        for (ByteBuffer source : sources) {
            assertFalse(source.hasRemaining());
        }
        assertEquals("abcdef", receive(pair.server(), 6));
    }

    @Test
    void gatheringWriteOfARangeLeavesTheOthersAlone() throws IOException {
        Pair pair = connect();
        ByteBuffer[] sources = {ascii("no"), ascii("ab"), ascii("cd"), ascii("no")};
        assertEquals(4, pair.client().write(sources, 1, 2));
        assertEquals(0, sources[0].position());
        assertEquals(0, sources[3].position());
        assertEquals("abcd", receive(pair.server(), 4));
    }

    @Test
    void gatheringWriteOfAThousandBuffers() throws IOException {
        Pair pair = connect();
        ByteBuffer[] sources = new ByteBuffer[1024];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = ByteBuffer.wrap(new byte[] {(byte) i, (byte) (i >> 8)});
        }
        long written = 0;
        while (written < 2048) {
            written += pair.client().write(sources);
        }
        byte[] bytes = readFully(pair.server(), 2048);
        for (int i = 0; i < 1024; i++) {
            assertEquals((short) i, (short) (bytes[2 * i] & 0xff | bytes[2 * i + 1] << 8));
        }
    }

    @Test
    void scatteringReadFillsOneBufferAfterTheOther() throws IOException {
        Pair pair = connect();
        send(pair.client(), "abcdefgh");
        ByteBuffer first = ByteBuffer.allocate(3);
        ByteBuffer full = ByteBuffer.allocate(0);
        ByteBuffer second = ByteBuffer.allocateDirect(3);
        ByteBuffer untouched = ByteBuffer.allocate(3);
        ByteBuffer[] targets = {first, full, second, untouched};
        while (second.hasRemaining()) {
            assertTrue(pair.server().read(targets, 0, 3) > 0);
        }
        assertEquals(ascii("abc"), first.flip());
        assertEquals(ascii("def"), second.flip());
        assertEquals(0, untouched.position());
        assertEquals("gh", receive(pair.server(), 2));
    }

    @Test
    void scatteringReadAtEndOfStream() throws IOException {
        Pair pair = connect();
        pair.client().close();
        assertEquals(-1, pair.server().read(new ByteBuffer[] {ByteBuffer.allocate(1)}));
    }

    @Test
    void wrongRangesOfBuffersAreRefused() throws IOException {
        SocketChannel channel = connect().client();
        ByteBuffer[] buffers = {ByteBuffer.allocate(1)};
        assertFails(IndexOutOfBoundsException.class, () -> channel.read(buffers, 0, 2));
        assertFails(IndexOutOfBoundsException.class, () -> channel.read(buffers, -1, 1));
        assertFails(IndexOutOfBoundsException.class, () -> channel.write(buffers, 1, 1));
        assertFails(IndexOutOfBoundsException.class, () -> channel.write(buffers, 0, -1));
    }

    @Test
    void nonBlockingReadOfNothingReturnsZero() throws IOException {
        SocketChannel channel = connect().client();
        channel.configureBlocking(false);
        assertEquals(0, channel.read(ByteBuffer.allocate(1)));
        assertEquals(0, channel.read(new ByteBuffer[] {ByteBuffer.allocate(1)}));
    }

    @Test
    void endOfStreamIsReportedAgainAndAgain() throws IOException {
        Pair pair = connect();
        send(pair.client(), "last");
        pair.client().close();
        assertEquals("last", receive(pair.server(), 4));
        assertEndOfStream(pair.server());
        assertEndOfStream(pair.server());
        pair.server().configureBlocking(false);
        assertEndOfStream(pair.server());
        assertTrue(pair.server().isConnected());
    }

    @Test
    void halfCloseLeavesTheOtherDirectionOpen() throws IOException {
        Pair pair = connect();
        assertSame(pair.client(), pair.client().shutdownOutput());
        assertEndOfStream(pair.server());
        send(pair.server(), "still");
        assertEquals("still", receive(pair.client(), 5));
        assertTrue(pair.client().isConnected());
        pair.server().shutdownOutput();
        assertEndOfStream(pair.client());
        assertTrue(pair.server().isOpen());
    }

    @Test
    void writeAfterShutdownOutputIsRefused() throws IOException {
        SocketChannel channel = connect().client();
        channel.shutdownOutput();
        channel.shutdownOutput();
        assertFailsAsClosed(() -> channel.write(ascii("x")));
        assertFailsAsClosed(() -> channel.write(new ByteBuffer[] {ascii("x")}));
        assertTrue(channel.isOpen());
    }

    @Test
    void readAfterShutdownInputIsEndOfStream() throws IOException {
        Pair pair = connect();
        assertSame(pair.client(), pair.client().shutdownInput());
        pair.client().shutdownInput();
        assertEndOfStream(pair.client());
        assertEquals(-1, pair.client().read(new ByteBuffer[] {ByteBuffer.allocate(1)}));
        send(pair.client(), "up");
        assertEquals("up", receive(pair.server(), 2));
    }

    @Test
    void shutdownInputEndsABlockedRead() throws Exception {
        SocketChannel channel = connect().client();
        Background<Integer> reader =
                Background.call(() -> channel.read(ByteBuffer.allocate(1))).awaitBlockedIn("read");
        channel.shutdownInput();
        assertEquals(-1, reader.result());
    }

    @Test
    void shutdownOutputEndsABlockedWrite() throws Exception {
        SocketChannel channel = connect().client();
        Background<Void> writer =
                Background.run(() -> writeForEver(channel)).awaitBlockedIn("write");
        channel.shutdownOutput();
        // The JDK's write finds the shutdown either itself or through the kernel's EPIPE.
        Throwable failure = writer.anyFailure();
        assertTrue(
                failure.getClass() == AsynchronousCloseException.class
                        || failure.getClass() == ClosedChannelException.class
                        || "Broken pipe".equals(failure.getMessage()),
                failure.toString());
    }

    /** And not what it would have to wait for, unlike a platform thread. */
    @Test
    void virtualThreadWritesWhatThereIsRoomFor() throws Exception {
        SocketChannel channel = connect().client();
        ByteBuffer large = ByteBuffer.allocate(64 << 20);
        int written = Background.callVirtual(() -> channel.write(large)).result();
        assertTrue(written > 0 && large.hasRemaining(), written + " bytes");
        assertEquals(written, large.position());
        assertTrue(channel.isOpen());
    }

    static void writeForEver(SocketChannel channel) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
        for (int i = 0; i < 4096; i++) {
            channel.write(chunk.clear());
        }
        throw new AssertionError("256 MiB written to a peer that does not read");
    }

    @Test
    void resetFailsTheRead() throws IOException {
        Pair pair = connect();
        reset(pair.client());
        ByteBuffer dst = ByteBuffer.allocate(1);
        assertFails(SocketException.class, "Connection reset", () -> pair.server().read(dst));
        assertFails(SocketException.class, "Connection reset", () -> pair.server().read(dst));
        assertTrue(pair.server().isOpen());
    }

    @Test
    void resetFailsABlockedRead() throws Exception {
        Pair pair = connect();
        Background<Integer> reader =
                Background.call(() -> pair.server().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        reset(pair.client());
        assertEquals("Connection reset", reader.failure(SocketException.class).getMessage());
    }

    @Test
    void resetFailsWritesAsBrokenPipe() throws IOException {
        Pair pair = connect();
        reset(pair.client());
        assertFails(
                SocketException.class,
                "Connection reset",
                () -> pair.server().read(ByteBuffer.allocate(1)));
        assertFails(IOException.class, "Broken pipe", () -> pair.server().write(ascii("x")));
        assertFails(IOException.class, "Broken pipe", () -> pair.server().write(ascii("x")));
    }

    @Test
    void writeToAClosedPeerBreaksThePipe() throws Exception {
        Pair pair = connect();
        pair.client().close();
        assertEndOfStream(pair.server());
        // The first write draws the reset; the one after that fails.
        IOException failure =
                assertFails(
                        IOException.class,
                        () -> {
                            for (int i = 0; i < 1000; i++) {
                                pair.server().write(ascii("x"));
                                LockSupport.parkNanos(1_000_000);
                            }
                        });
        assertEquals("Broken pipe", failure.getMessage());
    }

    @Test
    void closeWithUnreadDataResetsThePeer() throws Exception {
        Pair pair = connect();
        send(pair.server(), "unread");
        Selector selector = openSelector();
        pair.client().configureBlocking(false);
        pair.client().register(selector, SelectionKey.OP_READ);
        assertEquals(1, selector.select(SELECT_MS));
        selector.close();
        pair.client().close();
        assertFails(
                SocketException.class,
                "Connection reset",
                () -> pair.server().read(ByteBuffer.allocate(1)));
    }

    @Test
    void closeDeliversWhatWasWritten() throws Exception {
        Pair pair = connect();
        byte[] bytes = randomBytes(1 << 20, 1);
        Background<byte[]> reader = Background.call(() -> readFully(pair.server(), bytes.length));
        writeFully(pair.client(), ByteBuffer.wrap(bytes));
        pair.client().close();
        assertArrayEquals(bytes, reader.result());
        assertEndOfStream(pair.server());
    }

    @ParameterizedTest
    @CsvSource({"false,65536", "true,65536", "false,1048576", "true,8388608", "false,999"})
    void largeTransferArrivesIntact(boolean direct, int chunk) throws Exception {
        Pair pair = connect();
        int size = chunk < 1024 ? 1 << 20 : LARGE;
        byte[] bytes = randomBytes(size, chunk);
        Background<byte[]> reader = Background.call(() -> readFully(pair.server(), size));
        ByteBuffer src = direct ? ByteBuffer.allocateDirect(chunk) : ByteBuffer.allocate(chunk);
        for (int at = 0; at < size; ) {
            int n = Math.min(chunk, size - at);
            writeFully(pair.client(), src.clear().put(bytes, at, n).flip());
            at += n;
        }
        assertArrayEquals(bytes, reader.result());
    }

    @Test
    void bothDirectionsAtOnceArriveIntact() throws Exception {
        Pair pair = connect();
        byte[] up = randomBytes(LARGE, 1);
        byte[] down = randomBytes(LARGE, 2);
        Background<byte[]> server = Background.call(() -> readFully(pair.server(), LARGE));
        Background<byte[]> client = Background.call(() -> readFully(pair.client(), LARGE));
        Background<Void> upward =
                Background.run(() -> writeFully(pair.client(), ByteBuffer.wrap(up)));
        writeFully(pair.server(), ByteBuffer.wrap(down));
        upward.result();
        assertArrayEquals(up, server.result());
        assertArrayEquals(down, client.result());
    }

    @Test
    void nonBlockingTransferArrivesIntact() throws Exception {
        Pair pair = connect();
        byte[] bytes = randomBytes(LARGE, 3);
        ByteBuffer src = ByteBuffer.wrap(bytes);
        ByteBuffer dst = ByteBuffer.allocate(LARGE + 1);
        Selector selector = openSelector();
        pair.client().configureBlocking(false);
        pair.server().configureBlocking(false);
        pair.client().register(selector, SelectionKey.OP_WRITE);
        SelectionKey reading = pair.server().register(selector, SelectionKey.OP_READ);
        while (reading.isValid()) {
            assertTrue(selector.select(SELECT_MS) > 0);
            Set<SelectionKey> selected = selector.selectedKeys();
            for (SelectionKey key : selected) {
                if (key.isWritable()) {
                    pair.client().write(src);
                    if (!src.hasRemaining()) {
                        key.interestOps(0);
                        pair.client().shutdownOutput();
                    }
                }
                if (key.isReadable() && pair.server().read(dst) < 0) {
                    key.cancel();
                }
            }
            selected.clear();
        }
        assertEquals(ByteBuffer.wrap(bytes), dst.flip());
    }

    @Test
    void nonBlockingWriteStopsWhenThePeerDoesNotRead() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        long filled = fill(pair.client());
        assertTrue(filled > 0);
        ByteBuffer src = ascii("x");
        // A kernel may find room once more, when it probes the closed window; then it is filled
        // anew.
        while (pair.client().write(src) > 0) {
            src.clear();
            filled += 1 + fill(pair.client());
        }
        assertEquals(0, src.position());
        ByteBuffer second = src.duplicate();
        filled += pair.client().write(new ByteBuffer[] {src, second});
        assertTrue(src.position() == 1 || second.position() == 0, "out of order");
        pair.client().shutdownOutput();
        ByteBuffer dst = ByteBuffer.allocateDirect(1 << 20);
        long drained = 0;
        for (int n; (n = pair.server().read(dst.clear())) >= 0; ) {
            drained += n;
        }
        assertEquals(filled, drained);
    }

    @Test
    void blockedWriteGoesOnOnceThePeerReads() throws Exception {
        Pair pair = connect();
        byte[] bytes = randomBytes(64 << 20, 4);
        Background<Void> writer =
                Background.run(() -> writeFully(pair.client(), ByteBuffer.wrap(bytes)))
                        .awaitBlockedIn("write");
        assertArrayEquals(bytes, readFully(pair.server(), bytes.length));
        writer.result();
    }

    @Test
    void readBlocksUntilDataComes() throws Exception {
        Pair pair = connect();
        Background<String> reader =
                Background.call(() -> receive(pair.server(), 5)).awaitBlockedIn("read");
        send(pair.client(), "hello");
        assertEquals("hello", reader.result());
    }

    @Test
    void blockedReadDoesNotBlockAWrite() throws Exception {
        Pair pair = connect();
        Background<String> reader =
                Background.call(() -> receive(pair.client(), 1)).awaitBlockedIn("read");
        send(pair.client(), "ping");
        assertEquals("ping", receive(pair.server(), 4));
        assertFalse(reader.isDone());
        send(pair.server(), "!");
        assertEquals("!", reader.result());
    }

    @Test
    void switchingToNonBlockingAndBack() throws Exception {
        Pair pair = connect();
        assertSame(pair.client(), pair.client().configureBlocking(false));
        assertFalse(pair.client().isBlocking());
        assertEquals(0, pair.client().read(ByteBuffer.allocate(1)));
        pair.client().configureBlocking(true);
        assertTrue(pair.client().isBlocking());
        Background<String> reader =
                Background.call(() -> receive(pair.client(), 1)).awaitBlockedIn("read");
        send(pair.server(), "x");
        assertEquals("x", reader.result());
    }

    @Test
    void streamsOfChannelsReadAndWrite() throws Exception {
        Pair pair = connect();
        OutputStream out = Channels.newOutputStream(pair.client());
        out.write("hello".getBytes(StandardCharsets.US_ASCII));
        InputStream in = Channels.newInputStream(pair.server());
        assertEquals("hello", new String(in.readNBytes(5), StandardCharsets.US_ASCII));
        pair.client().shutdownOutput();
        assertEquals(-1, in.read());
    }

    @Test
    void fileIsTransferredToAndFromTheChannel(@TempDir Path folder) throws Exception {
        byte[] bytes = randomBytes(1 << 20, 5);
        Path source = Files.write(folder.resolve("source"), bytes);
        Path copy = folder.resolve("copy");
        Pair pair = connect();
        Background<Long> writer =
                Background.call(
                        () -> {
                            long sent = 0;
                            try (FileChannel file = FileChannel.open(source)) {
                                while (sent < bytes.length) {
                                    sent +=
                                            file.transferTo(
                                                    sent, bytes.length - sent, pair.client());
                                }
                            }
                            pair.client().shutdownOutput();
                            return sent;
                        });
        long received = 0;
        try (FileChannel file =
                FileChannel.open(copy, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long n; (n = file.transferFrom(pair.server(), received, 1 << 20)) > 0; ) {
                received += n;
            }
        }
        assertEquals(bytes.length, writer.result());
        assertEquals(bytes.length, received);
        assertArrayEquals(bytes, Files.readAllBytes(copy));
    }

    @Test
    void queriesOptionsAndHalfCloseDoNotWaitForABlockedRead() throws Exception {
        Pair pair = connect();
        Background<Integer> reader =
                Background.call(() -> pair.server().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        assertTrue(pair.server().isConnected());
        assertEquals(pair.client().getLocalAddress(), pair.server().getRemoteAddress());
        pair.server().setOption(StandardSocketOptions.TCP_NODELAY, true);
        assertTrue(pair.server().getOption(StandardSocketOptions.TCP_NODELAY));
        pair.server().shutdownOutput();
        assertEndOfStream(pair.client());
        assertFalse(reader.isDone());
        pair.client().write(ascii("x"));
        assertEquals(1, reader.result());
    }

    @Test
    void configureBlockingWaitsForABlockedReadWhichKeepsItsMode() throws Exception {
        Pair pair = connect();
        Background<Integer> reader =
                Background.call(() -> pair.server().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        Background<?> changer =
                Background.call(() -> pair.server().configureBlocking(false))
                        .awaitBlockedIn("configureBlocking");
        assertFalse(reader.isDone());
        pair.client().write(ascii("x"));
        assertEquals(1, reader.result());
        changer.result();
        assertEquals(0, pair.server().read(ByteBuffer.allocate(1)));
    }

    @Test
    void secondReaderWaitsForTheFirst() throws Exception {
        Pair pair = connect();
        Background<Integer> first =
                Background.call(() -> pair.server().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        Background<Integer> second =
                Background.call(() -> pair.server().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        pair.client().write(ascii("x"));
        assertEquals(1, first.result());
        assertFalse(second.isDone());
        pair.client().shutdownOutput();
        assertEquals(-1, second.result());
    }
}
