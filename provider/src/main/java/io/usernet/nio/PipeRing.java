package io.usernet.nio;

import io.usernet.buffer.Signals;
import io.usernet.buffer.Wakeups;
import java.nio.ByteBuffer;

/**
 * The bytes of a pipe: one thread at a time writes, one at a time reads, neither waits for the other.
 * Positions count from 0; {@code head} and {@code tail} are at most {@link #CAPACITY} apart.
 */
final class PipeRing {
    /** Linux's default. */
    static final int CAPACITY = 64 << 10;

    /** A sink with less room is not called writable: Linux's PIPE_BUF. */
    private static final int WORTHWHILE = 4 << 10;

    /** Who waits for bytes, and who for room. */
    final Signals source = new Signals();

    final Signals sink = new Signals();

    private byte[] bytes; // by the first write, before tail
    private volatile long tail; // by the writer
    private volatile long head; // by the reader
    private volatile boolean sinkClosed, sourceClosed;

    private final Wakeups byWriter = new Wakeups();
    private final Wakeups byReader = new Wakeups();

    boolean isReadable() {
        return tail != head || sinkClosed;
    }

    boolean isWritable() {
        return CAPACITY - (tail - head) >= WORTHWHILE || sourceClosed;
    }

    boolean isSourceClosed() {
        return sourceClosed;
    }

    /** How many bytes there were; 0 if none are there now; -1 if none will come. */
    int read(ByteBuffer dst) {
        boolean ended = sinkClosed; // before the bytes are looked at: they come first
        long at = head;
        int n = (int) Math.min(dst.remaining(), tail - at);
        if (n == 0) return ended && dst.hasRemaining() ? -1 : 0;
        int from = (int) at & CAPACITY - 1;
        int first = Math.min(n, CAPACITY - from);
        dst.put(bytes, from, first).put(bytes, 0, n - first);
        head = at + n;
        sink.writable(byReader);
        byReader.run();
        return n;
    }

    /** How many bytes fitted. */
    int write(ByteBuffer src) {
        long at = tail;
        int n = (int) Math.min(src.remaining(), CAPACITY - (at - head));
        if (n == 0) return 0;
        if (bytes == null) bytes = new byte[CAPACITY];
        int to = (int) at & CAPACITY - 1;
        int first = Math.min(n, CAPACITY - to);
        src.get(bytes, to, first).get(bytes, 0, n - first);
        tail = at + n;
        source.readable(byWriter);
        byWriter.run();
        return n;
    }

    void closeSink() {
        sinkClosed = true;
        signalBoth();
    }

    void closeSource() {
        sourceClosed = true;
        signalBoth();
    }

    /** Also those of the end that is closed: they are to leave. */
    private void signalBoth() {
        Wakeups wakeups = new Wakeups();
        source.all(wakeups);
        sink.all(wakeups);
        wakeups.run();
    }
}
