package io.usernet.link.wrap;

import io.usernet.buffer.ThreadWaiter;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that empties a {@link PacketRing} into a {@link Sink}. It sleeps while there is nothing.
 * Where the sink fails, that is logged, and the thread ends; the stack goes on.
 */
final class PacketDrain {
    /** Where packets end up. Called by the drain's thread alone. */
    interface Sink extends Closeable {
        /**
         * The next packet.
         *
         * @param b the ring's bytes
         * @param record where the packet's record begins in it; only its own bytes may be changed
         */
        void packet(ByteBuffer b, int record) throws IOException;

        /** The ring is empty: whatever was kept back is to be written. */
        void flush() throws IOException;

        /** There is no more, and what there was is flushed; {@link #close} follows. */
        void finish() throws IOException;
    }

    private static final long CLOSE_MS = TimeUnit.SECONDS.toMillis(2);

    private final PacketRing ring;
    private final Sink sink;
    private final String what;
    private final long napNs;
    private final ThreadWaiter waiter = new ThreadWaiter();
    private final Thread thread;
    private volatile boolean closing;

    /**
     * Starts the thread.
     *
     * @param what for its name and the log, such as "trace"
     * @param napNs after it has emptied the ring it does not let itself be woken for so long: saves
     *     the stack the waking, and packets come in greater numbers; 0: woken for each
     */
    PacketDrain(PacketRing ring, Sink sink, String what, long napNs) {
        this.ring = ring;
        this.sink = sink;
        this.what = what;
        this.napNs = napNs;
        this.thread = new Thread(this::run, "usernet-" + what);
        thread.setDaemon(true);
        thread.start();
    }

    /** There may be packets in the ring. Any thread that is not in the seat. */
    void wakeUp() {
        if (waiter.claim()) waiter.wake();
    }

    /** Writes what is left, for at most two seconds, and ends the thread. Any thread; again is harmless. */
    void close() {
        closing = true;
        LockSupport.unpark(thread);
        try {
            thread.join(CLOSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        waiter.own();
        try (sink) {
            while (!closing) {
                drain();
                sleep();
            }
            drain();
            sink.finish();
        } catch (IOException e) {
            System.getLogger("io.usernet")
                    .log(
                            Level.ERROR,
                            "the packet "
                                    + what
                                    + " ends, because it cannot be written: "
                                    + e.getMessage());
        } finally {
            ring.close();
            waiter.disown();
        }
    }

    private void drain() throws IOException {
        for (int at = ring.peek(); at >= 0; at = ring.peek()) {
            sink.packet(ring.bytes(), at);
            ring.remove();
        }
        sink.flush();
    }

    private void sleep() {
        if (napNs > 0 && !closing) LockSupport.parkNanos(this, napNs);
        waiter.prepare();
        if (!closing && ring.isEmpty()) LockSupport.park(this);
        waiter.finish();
        Thread.interrupted(); // nobody has reason to: a channel would close, and parking would spin
    }
}
