package io.usernet.nio;

import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** The writing half of a connection's channel. One thread at a time, but for the queries. */
final class StreamOutput {
    private final Engine engine;
    private final Stream stream;
    private final BooleanSupplier open;
    private final PendingReset reset;
    private final Interruption interruption;
    private volatile boolean shut;
    private boolean urgent; // what is written now
    private BooleanSupplier endsWriting, wakesWriter; // made by the first writer that blocks

    /**
     * @param open whether the channel is
     */
    StreamOutput(
            Engine engine,
            Stream stream,
            BooleanSupplier open,
            PendingReset reset,
            Interruption interruption) {
        this.engine = engine;
        this.stream = stream;
        this.open = open;
        this.reset = reset;
        this.interruption = interruption;
    }

    /** No more may be written; any thread. The FIN is the channel's to post. */
    void shut() {
        shut = true;
    }

    boolean isShut() {
        return shut;
    }

    /** Whether a write would not block; any thread. */
    boolean isWritable() {
        return shut || stream.isWritable();
    }

    /** Whether the connection is gone, so that nothing more will ever be taken. */
    boolean isBroken() {
        return stream.cause() != null;
    }

    /** Whether what is written until this is taken back is a single byte, and urgent. */
    void urgent(boolean on) {
        urgent = on;
    }

    /**
     * Writes what fits now from {@code src}, or from a range of {@code srcs} if that is null.
     *
     * @return how many bytes; 0 if there is no room now
     * @throws IOException why the connection is gone
     */
    long write(ByteBuffer src, ByteBuffer[] srcs, int offset, int length) throws IOException {
        if (src == null)
            for (int i = offset; i < offset + length; i++) Objects.requireNonNull(srcs[i]);
        if (!Buffers.hasRemaining(src, srcs, offset, length)) return 0;
        if (isBroken()) throw broken();
        long n =
                src == null
                        ? gather(srcs, offset, length)
                        : urgent ? stream.writeUrgent(src) : stream.write(src);
        boolean closed = stream.sendQueue().isClosed();
        int what = n > 0 || closed ? Stream.WRITTEN : 0;
        if (stream.sendQueue().isStarved()) what |= Stream.STARVED;
        if (what != 0) engine.post(stream, what);
        if (n == 0 && closed && Buffers.hasRemaining(src, srcs, offset, length)) throw broken();
        return n;
    }

    private IOException broken() {
        if (!open.getAsBoolean()) return new AsynchronousCloseException();
        CloseCause cause = stream.cause();
        // Linux: a reset that comes after the FIN is a broken pipe from the start.
        if (cause == CloseCause.RESET && !stream.isInputEnded() && reset.tellWriter())
            return new IOException("Connection reset by peer");
        if (cause == CloseCause.STACK_CLOSED) return engine.because(cause.whileWriting());
        return (cause != null ? cause : CloseCause.RESET).whileWriting();
    }

    private long gather(ByteBuffer[] srcs, int offset, int length) {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            total += stream.write(srcs[i]);
            if (srcs[i].hasRemaining()) break;
        }
        return total;
    }

    /** Until it is writable, or the channel is closed. */
    Waited await() {
        if (endsWriting == null) {
            endsWriting = () -> shut || isBroken() || !open.getAsBoolean();
            wakesWriter = () -> isWritable() || endsWriting.getAsBoolean();
        }
        return interruption.await(stream.signals().writer(), wakesWriter, Deadlines.NEVER);
    }
}
