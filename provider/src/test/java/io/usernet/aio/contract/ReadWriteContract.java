package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.ReadPendingException;
import java.nio.channels.WritePendingException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Reading and writing, by futures and handlers, and the ends of both. */
abstract class ReadWriteContract extends AioContract {
    ReadWriteContract(Subject subject) {
        super(subject);
    }

    @Test
    void readWaitsForBytes() throws Exception {
        Pair pair = connect();
        ByteBuffer dst = ByteBuffer.allocate(10);
        Future<Integer> reading = pair.client().read(dst);
        assertFalse(reading.isDone());
        assertEquals(3, result(pair.server().write(ascii("abc"))));
        assertEquals(3, result(reading));
        assertEquals(ascii("abc"), dst.flip());
        assertTrue(reading.isDone());
        assertFalse(reading.isCancelled());
        assertFalse(reading.cancel(true));
        assertTrue(pair.client().isOpen());
    }

    @Test
    void readTakesWhatIsThere() throws Exception {
        Pair pair = connect();
        write(pair.server(), "abcdef");
        assertEquals("abc", read(pair.client(), 3));
        assertEquals("def", read(pair.client(), 3));
    }

    @Test
    void handlersGetResultAndAttachment() throws Exception {
        Pair pair = connect();
        Recorder<Integer, String> reader = new Recorder<>();
        ByteBuffer dst = ByteBuffer.allocateDirect(10);
        pair.client().read(dst, "read", reader);
        Recorder<Integer, String> writer = new Recorder<>();
        pair.server().write(ascii("abc"), "written", writer);
        assertEquals(3, writer.value());
        assertEquals("written", writer.attachment());
        assertEquals(3, reader.value());
        assertEquals("read", reader.attachment());
        assertEquals(3, dst.position());
    }

    @Test
    void scattersAndGathers() throws Exception {
        Pair pair = connect();
        ByteBuffer[] dsts = {
            ByteBuffer.allocate(9), ByteBuffer.allocate(2), ByteBuffer.allocate(5),
        };
        Recorder<Long, Void> reader = new Recorder<>();
        pair.client().read(dsts, 1, 2, 0, TimeUnit.SECONDS, null, reader);
        ByteBuffer[] srcs = {ascii("no"), ascii("abc"), ascii("d"), ascii("no")};
        Recorder<Long, Void> writer = new Recorder<>();
        pair.server().write(srcs, 1, 2, 0, TimeUnit.SECONDS, null, writer);
        assertEquals(4L, writer.value());
        assertEquals(4L, reader.value());
        assertEquals(0, dsts[0].position());
        assertEquals(ascii("ab"), dsts[1].flip());
        assertEquals(ascii("cd"), dsts[2].flip());
        assertArrayEquals(new int[] {0, 3, 1, 0}, positions(srcs));
    }

    private static int[] positions(ByteBuffer[] buffers) {
        int[] positions = new int[buffers.length];
        for (int i = 0; i < positions.length; i++) positions[i] = buffers[i].position();
        return positions;
    }

    @Test
    void nothingToReadIntoIsZeroAtOnce() throws Exception {
        Pair pair = connect();
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(0));
        assertTrue(reading.isDone());
        assertEquals(0, result(reading));
        Recorder<Long, Void> scattering = new Recorder<>();
        ByteBuffer[] none = {ByteBuffer.allocate(0)};
        pair.client().read(none, 0, 1, 0, TimeUnit.SECONDS, null, scattering);
        assertEquals(0L, scattering.value());
        Recorder<Long, Void> ofNone = new Recorder<>();
        pair.client().read(none, 0, 0, 0, TimeUnit.SECONDS, null, ofNone);
        assertEquals(0L, ofNone.value());
    }

    @Test
    void nothingToWriteIsZeroAtOnce() throws Exception {
        Pair pair = connect();
        assertEquals(0, result(pair.client().write(ByteBuffer.allocate(0))));
        Recorder<Long, Void> gathering = new Recorder<>();
        ByteBuffer[] none = {ByteBuffer.allocate(0)};
        pair.client().write(none, 0, 1, 0, TimeUnit.SECONDS, null, gathering);
        assertEquals(0L, gathering.value());
    }

    @Test
    void readEndsWithThePeersOutput() throws Exception {
        Pair pair = connect();
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        assertSame(pair.server(), pair.server().shutdownOutput());
        assertEquals(-1, result(reading));
        assertEndOfStream(pair.client());
        Recorder<Long, Void> scattering = new Recorder<>();
        ByteBuffer[] some = {ByteBuffer.allocate(1)};
        pair.client().read(some, 0, 1, 0, TimeUnit.SECONDS, null, scattering);
        assertEquals(-1L, scattering.value());
        write(pair.client(), "still");
        assertEquals("still", read(pair.server(), 5));
    }

    @Test
    void closeOfThePeerEndsTheReading() throws Exception {
        Pair pair = connect();
        Recorder<Integer, Void> reader = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), null, reader);
        pair.server().close();
        assertEquals(-1, reader.value());
    }

    @Test
    void shutdownInputEndsTheReading() throws Exception {
        Pair pair = connect();
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        assertSame(pair.client(), pair.client().shutdownInput());
        assertEquals(-1, result(reading));
        assertEndOfStream(pair.client());
        assertEquals(-1, result(pair.client().read(ByteBuffer.allocate(0))));
        pair.client().shutdownInput();
    }

    @Test
    void shutdownOutputEndsTheWriting() throws Exception {
        Pair pair = connect();
        pair.client().shutdownOutput();
        pair.client().shutdownOutput();
        failure(ClosedChannelException.class, pair.client().write(ascii("x")));
        Recorder<Integer, Void> writer = new Recorder<>();
        pair.client().write(ByteBuffer.allocate(0), null, writer);
        writer.failure(ClosedChannelException.class);
        assertTrue(pair.client().isOpen());
    }

    @Test
    void shutdownOutputFailsAPendingWrite() throws Exception {
        Pair pair = connect();
        Future<Integer> writing = fill(pair.client());
        pair.client().shutdownOutput();
        assertEquals("Broken pipe", failure(IOException.class, writing).getMessage());
    }

    @Test
    void resetFailsReading() throws Exception {
        Pair pair = connect();
        reset(pair.server(), pair.client());
        ByteBuffer dst = ByteBuffer.allocate(1);
        Future<Integer> reading = pair.client().read(dst);
        assertEquals("Connection reset", failure(IOException.class, reading).getMessage());
        assertTrue(pair.client().isOpen());
    }

    @Test
    void resetFailsAPendingRead() throws Exception {
        Pair pair = connect();
        Recorder<Integer, Void> reader = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), null, reader);
        reset(pair.server(), pair.client());
        assertEquals("Connection reset", reader.failure(IOException.class).getMessage());
    }

    @Test
    void closeInAHandlerResetsAtOnceThoughTheChannelHasWaited() throws Exception {
        Pair pair = connect(null, fixed(1));
        Future<Integer> waiting = pair.server().read(ByteBuffer.allocate(1));
        write(pair.client(), "x");
        assertEquals(1, result(waiting));
        write(pair.client(), "unread");
        assertEquals("u", read(pair.server(), 1));
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        CountDownLatch handled = new CountDownLatch(1);
        HandlerContract.inGroup(
                pair.server(),
                () -> {
                    try {
                        pair.server().close();
                        handled.await(LIMIT_S, TimeUnit.SECONDS);
                    } catch (IOException | InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
        try {
            seesTheClose(reading);
        } finally {
            handled.countDown();
        }
    }

    /** Of a channel that was closed with unread data, while its group was in a handler. */
    void seesTheClose(Future<Integer> peerReading) throws Exception {
        assertEquals("Connection reset", failure(IOException.class, peerReading).getMessage());
    }

    @Test
    void writingAfterAResetIsABrokenPipe() throws Exception {
        Pair pair = connect();
        reset(pair.server(), pair.client());
        failure(IOException.class, pair.client().read(ByteBuffer.allocate(1)));
        IOException broken = failure(IOException.class, pair.client().write(ascii("x")));
        assertEquals("Broken pipe", broken.getMessage());
    }

    @Test
    void oneReadAtATime() throws Exception {
        Pair pair = connect();
        ByteBuffer dst = ByteBuffer.allocate(1);
        pair.client().read(dst);
        ByteBuffer other = ByteBuffer.allocate(1);
        assertFails(ReadPendingException.class, () -> pair.client().read(other));
        assertFails(
                ReadPendingException.class,
                () -> pair.client().read(other, null, new Recorder<>()));
        assertFails(ReadPendingException.class, () -> pair.client().read(ByteBuffer.allocate(0)));
        write(pair.client(), "meanwhile");
    }

    @Test
    void oneWriteAtATime() throws Exception {
        Pair pair = connect();
        fill(pair.client());
        assertFails(WritePendingException.class, () -> pair.client().write(ascii("x")));
        assertFails(
                WritePendingException.class,
                () -> pair.client().write(ascii("x"), null, new Recorder<>()));
        write(pair.server(), "meanwhile");
        assertEquals("meanwhile", read(pair.client(), 9));
    }

    @Test
    void pendingWriteGoesOnWhenThePeerReads() throws Exception {
        Pair pair = connect();
        Future<Integer> writing = fill(pair.client());
        ByteBuffer dst = ByteBuffer.allocateDirect(64 << 10);
        while (!writing.isDone()) {
            Future<Integer> reading = pair.server().read(dst.clear());
            await("bytes, or all are read", () -> reading.isDone() || writing.isDone());
        }
        assertTrue(result(writing) > 0);
    }

    @Test
    void unconnectedChannelCannotTransfer() throws Exception {
        AsynchronousSocketChannel channel = openSocket();
        assertFails(NotYetConnectedException.class, () -> channel.read(ByteBuffer.allocate(1)));
        assertFails(NotYetConnectedException.class, () -> channel.write(ascii("x")));
        assertFails(
                NotYetConnectedException.class,
                () -> channel.read(ByteBuffer.allocate(1), null, new Recorder<>()));
        assertFails(NotYetConnectedException.class, channel::shutdownInput);
        assertFails(NotYetConnectedException.class, channel::shutdownOutput);
    }

    @Test
    void closedChannelFailsToTransfer() throws Exception {
        AsynchronousSocketChannel channel = openSocket();
        channel.close();
        failure(ClosedChannelException.class, channel.read(ByteBuffer.allocate(1)));
        failure(ClosedChannelException.class, channel.write(ascii("x")));
        Recorder<Integer, Void> handler = new Recorder<>();
        channel.read(ByteBuffer.allocate(1), null, handler);
        handler.failure(ClosedChannelException.class);
        assertFails(ClosedChannelException.class, channel::shutdownInput);
        assertFails(ClosedChannelException.class, channel::shutdownOutput);
    }

    @Test
    void argumentsAreCheckedFirst() throws Exception {
        AsynchronousSocketChannel channel = openSocket();
        ByteBuffer readOnly = ByteBuffer.allocate(1).asReadOnlyBuffer();
        assertFails(
                IllegalArgumentException.class, "Read-only buffer", () -> channel.read(readOnly));
        assertFails(
                IllegalArgumentException.class,
                "Read-only buffer",
                () -> channel.read(readOnly, null, new Recorder<>()));
        ByteBuffer[] both = {ByteBuffer.allocate(1), readOnly};
        assertFails(
                IllegalArgumentException.class,
                "Read-only buffer",
                () -> channel.read(both, 0, 2, 0, TimeUnit.SECONDS, null, new Recorder<>()));
        assertFails(
                NullPointerException.class,
                "'handler' is null",
                () -> channel.read(ByteBuffer.allocate(1), null, null));
        assertFails(
                NullPointerException.class,
                "'handler' is null",
                () -> channel.write(ByteBuffer.allocate(1), null, null));
        assertFails(
                IndexOutOfBoundsException.class,
                () -> channel.read(both, 1, 2, 0, TimeUnit.SECONDS, null, new Recorder<>()));
        assertFails(
                IndexOutOfBoundsException.class,
                () -> channel.write(both, -1, 2, 0, TimeUnit.SECONDS, null, new Recorder<>()));
        assertFails(NullPointerException.class, () -> channel.read((ByteBuffer) null));
    }

    @Test
    void callerMayChangeHisArrayMeanwhile() throws Exception {
        Pair pair = connect();
        ByteBuffer dst = ByteBuffer.allocate(3);
        ByteBuffer[] dsts = {null, dst};
        Recorder<Long, Void> reader = new Recorder<>();
        pair.client().read(dsts, 1, 1, 0, TimeUnit.SECONDS, null, reader);
        dsts[1] = null;
        write(pair.server(), "abc");
        assertEquals(3L, reader.value());
        assertEquals(ascii("abc"), dst.flip());
    }

    @Test
    void closeEndsPendingReadAndWrite() throws Exception {
        Pair pair = connect();
        Future<Integer> writing = fill(pair.client());
        Recorder<Integer, String> reader = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), "attached", reader);
        pair.client().close();
        failure(AsynchronousCloseException.class, writing);
        reader.failure(AsynchronousCloseException.class);
        assertEquals("attached", reader.attachment());
        pair.client().close();
    }

    @Test
    void closeByManyThreadsEndsEachOperationOnce() throws Exception {
        for (int i = 0; i < 50; i++) {
            Pair pair = connect();
            Recorder<Integer, Void> reader = new Recorder<>();
            pair.client().read(ByteBuffer.allocate(1), null, reader);
            Thread[] closers = new Thread[3];
            for (int t = 0; t < closers.length; t++) {
                closers[t] = new Thread(() -> close(pair.client()));
            }
            for (Thread closer : closers) closer.start();
            reader.failure(AsynchronousCloseException.class);
            for (Thread closer : closers) closer.join();
        }
    }

    /** Whatever the race ends with, it is one result, and the bytes are either read or not. */
    @Test
    void closeAgainstBytesEndsEachOperationOnce() throws Exception {
        for (int i = 0; i < 200; i++) {
            Pair pair = connect();
            ByteBuffer dst = ByteBuffer.allocate(1);
            Future<Integer> reading = pair.client().read(dst);
            Thread closer = new Thread(() -> close(pair.client()));
            closer.start();
            write(pair.server(), "x");
            try {
                assertEquals(1, result(reading));
                assertEquals(1, dst.position());
            } catch (java.util.concurrent.ExecutionException e) {
                assertSame(AsynchronousCloseException.class, e.getCause().getClass());
                assertEquals(0, dst.position());
            }
            closer.join();
        }
    }

    private static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
