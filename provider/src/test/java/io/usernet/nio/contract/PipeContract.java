package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.junit.jupiter.api.Test;

/** A pipe between two threads of the JVM, which selectors serve like a connection. */
abstract class PipeContract extends NioContract {
    PipeContract(Subject subject) {
        super(subject);
    }

    private Pipe open() throws IOException {
        Pipe pipe = subject.provider().openPipe();
        closing(pipe.source());
        closing(pipe.sink());
        return pipe;
    }

    @Test
    void newPipeIsOpenAndBlocking() throws IOException {
        Pipe pipe = open();
        assertTrue(pipe.source().isOpen());
        assertTrue(pipe.sink().isOpen());
        assertTrue(pipe.source().isBlocking());
        assertTrue(pipe.sink().isBlocking());
        assertSame(pipe.source(), pipe.source());
        assertSame(pipe.sink(), pipe.sink());
        assertEquals(SelectionKey.OP_READ, pipe.source().validOps());
        assertEquals(SelectionKey.OP_WRITE, pipe.sink().validOps());
        assertSame(subject.provider(), pipe.source().provider());
    }

    @Test
    void bytesComeOutInOrder() throws IOException {
        Pipe pipe = open();
        assertEquals(5, pipe.sink().write(ascii("hello")));
        assertEquals("hel", receive(pipe.source(), 3));
        assertEquals("lo", receive(pipe.source(), 2));
    }

    @Test
    void scatterAndGather() throws IOException {
        Pipe pipe = open();
        assertEquals(6, pipe.sink().write(new ByteBuffer[] {ascii("abc"), ascii("def")}));
        ByteBuffer[] targets = {ByteBuffer.allocate(2), ByteBuffer.allocate(4)};
        assertEquals(6, pipe.source().read(targets));
        assertEquals(ascii("ab"), targets[0].flip());
        assertEquals(ascii("cdef"), targets[1].flip());
    }

    @Test
    void closedSinkIsEndOfStream() throws IOException {
        Pipe pipe = open();
        send(pipe.sink(), "x");
        pipe.sink().close();
        assertEquals("x", receive(pipe.source(), 1));
        assertEndOfStream(pipe.source());
        assertEndOfStream(pipe.source());
    }

    @Test
    void closedSourceBreaksThePipe() throws IOException {
        Pipe pipe = open();
        pipe.source().close();
        assertFails(IOException.class, "Broken pipe", () -> pipe.sink().write(ascii("x")));
        assertTrue(pipe.sink().isOpen());
    }

    @Test
    void closedEndsRefuse() throws IOException {
        Pipe pipe = open();
        pipe.source().close();
        pipe.sink().close();
        assertFailsAsClosed(() -> pipe.source().read(ByteBuffer.allocate(1)));
        assertFailsAsClosed(() -> pipe.sink().write(ascii("x")));
    }

    /** And not what it would have to wait for, unlike a platform thread. */
    @Test
    void virtualThreadWritesWhatThereIsRoomFor() throws Exception {
        Pipe pipe = open();
        int written =
                Background.callVirtual(() -> pipe.sink().write(ByteBuffer.allocate(8 << 20)))
                        .result();
        assertTrue(written > 0 && written < 8 << 20, written + " bytes");
        receive(pipe.source(), written);
        ByteBuffer[] two = {ascii("x"), ByteBuffer.allocate(8 << 20)};
        long gathered = Background.callVirtual(() -> pipe.sink().write(two)).result();
        assertTrue(gathered > 0 && gathered < 8 << 20, gathered + " bytes");
    }

    @Test
    void closeEndsABlockedWriteOfAVirtualThread() throws Exception {
        Pipe pipe = open();
        Background<Void> writer =
                Background.<Void>callVirtual(
                                () -> {
                                    while (true) pipe.sink().write(ByteBuffer.allocate(100_000));
                                })
                        .awaitParkedIn("write");
        pipe.sink().close();
        writer.failure(AsynchronousCloseException.class, false);
    }

    @Test
    void nonBlockingEnds() throws IOException {
        Pipe pipe = open();
        pipe.source().configureBlocking(false);
        pipe.sink().configureBlocking(false);
        assertEquals(0, pipe.source().read(ByteBuffer.allocate(1)));
        long filled = fill(pipe.sink());
        assertTrue(filled > 0);
        assertEquals(0, pipe.sink().write(ascii("x")));
        ByteBuffer dst = ByteBuffer.allocate(64 << 10);
        long drained = 0;
        for (int n; (n = pipe.source().read(dst.clear())) > 0; ) {
            drained += n;
        }
        assertEquals(filled, drained);
    }

    @Test
    void largeTransferArrivesIntact() throws Exception {
        Pipe pipe = open();
        byte[] bytes = randomBytes(4 << 20, 1);
        Background<Void> writer =
                Background.run(() -> writeFully(pipe.sink(), ByteBuffer.wrap(bytes)))
                        .awaitBlockedIn("write");
        assertArrayEquals(bytes, readFully(pipe.source(), bytes.length));
        writer.result();
    }

    @Test
    void selectorServesBothEnds() throws IOException {
        Pipe pipe = open();
        pipe.source().configureBlocking(false);
        pipe.sink().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey reading = pipe.source().register(selector, SelectionKey.OP_READ);
        SelectionKey writing = pipe.sink().register(selector, SelectionKey.OP_WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, writing, SelectionKey.OP_WRITE);
        writing.cancel();
        send(pipe.sink(), "x");
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, reading, SelectionKey.OP_READ);
        selector.selectedKeys().clear();
        assertEquals("x", receive(pipe.source(), 1));
        assertEquals(0, selector.selectNow());
        pipe.sink().close();
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, reading, SelectionKey.OP_READ);
        assertEndOfStream(pipe.source());
    }

    @Test
    void selectorServesAPipeAndAConnectionAtOnce() throws Exception {
        Pipe pipe = open();
        Pair pair = connect();
        pipe.source().configureBlocking(false);
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey fromPipe = pipe.source().register(selector, SelectionKey.OP_READ);
        SelectionKey fromPeer = pair.client().register(selector, SelectionKey.OP_READ);
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        send(pipe.sink(), "x");
        assertEquals(1, selecting.result());
        assertSelected(selector, fromPipe, SelectionKey.OP_READ);
        receive(pipe.source(), 1);
        selector.selectedKeys().clear();
        send(pair.server(), "y");
        assertEquals(1, selector.select(SELECT_MS));
        assertSelected(selector, fromPeer, SelectionKey.OP_READ);
    }

    @Test
    void closeEndsABlockedRead() throws Exception {
        Pipe pipe = open();
        Background<Integer> reader =
                Background.call(() -> pipe.source().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        pipe.source().close();
        reader.failure(AsynchronousCloseException.class, false);
    }

    @Test
    void interruptDuringReadClosesTheSource() throws Exception {
        Pipe pipe = open();
        Background<Integer> reader =
                Background.call(() -> pipe.source().read(ByteBuffer.allocate(1)))
                        .awaitBlockedIn("read");
        reader.interrupt();
        reader.failure(ClosedByInterruptException.class, true);
        assertFalse(pipe.source().isOpen());
        assertTrue(pipe.sink().isOpen());
    }
}
