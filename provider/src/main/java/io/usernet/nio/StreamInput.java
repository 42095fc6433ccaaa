package io.usernet.nio;

import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.function.BooleanSupplier;

/** The reading half of a connection's channel. One thread at a time, but for the queries. */
final class StreamInput {
    private final Engine engine;
    private final Stream stream;
    private final BooleanSupplier open;
    private final Interruption interruption;
    private volatile boolean shut;
    private BooleanSupplier wakesReader; // made by the first reader that blocks

    /**
     * @param open whether the channel is
     */
    StreamInput(Engine engine, Stream stream, BooleanSupplier open, Interruption interruption) {
        this.engine = engine;
        this.stream = stream;
        this.open = open;
        this.interruption = interruption;
    }

    /** From now on the end is reached; any thread. */
    void shut() {
        shut = true;
    }

    boolean isShut() {
        return shut;
    }

    /** Whether a read would not block; any thread. */
    boolean isReadable() {
        return shut || stream.isReadable();
    }

    /** Bytes that can be read now; any thread. */
    int available() {
        return shut ? 0 : stream.receiveQueue().available();
    }

    /**
     * Reads what there is now into {@code dst}, or into a range of {@code dsts} if that is null.
     *
     * @return how many bytes; 0 if there are none now, or no room; -1 at the end
     * @throws IOException why the connection is gone, once its bytes are read
     */
    long read(ByteBuffer dst, ByteBuffer[] dsts, int offset, int length) throws IOException {
        if (shut) return -1;
        CloseCause cause = stream.cause(); // before the queue is looked at: its bytes come first
        long n = dst != null ? stream.read(dst) : scatter(dsts, offset, length);
        if (stream.shouldAnnounce() || stream.receiveQueue().isClosed())
            engine.post(stream, Stream.CONSUMED);
        if (n == 0 && cause != null && Buffers.hasRemaining(dst, dsts, offset, length))
            throw failure(cause);
        return n;
    }

    private IOException failure(CloseCause cause) {
        if (!open.getAsBoolean()) return new AsynchronousCloseException();
        IOException failure = cause.whileReading();
        return cause == CloseCause.STACK_CLOSED ? engine.because(failure) : failure;
    }

    private long scatter(ByteBuffer[] dsts, int offset, int length) {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            int n = stream.read(dsts[i]);
            if (n < 0) return total > 0 ? total : n;
            total += n;
            if (dsts[i].hasRemaining()) break;
        }
        return total;
    }

    /** Until it is readable, or the channel is closed. */
    Waited await(long deadlineNs) {
        if (wakesReader == null) wakesReader = () -> isReadable() || !open.getAsBoolean();
        return interruption.await(stream.signals().reader(), wakesReader, deadlineNs);
    }
}
