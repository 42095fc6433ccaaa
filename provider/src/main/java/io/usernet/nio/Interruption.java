package io.usernet.nio;

import io.usernet.buffer.ThreadWaiter;
import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import io.usernet.runtime.VirtualThreads;
import java.util.function.BooleanSupplier;

/** What an interrupt means to a thread that is blocked in a channel. */
enum Interruption {
    /** It closes the channel: so all of java.nio. */
    CLOSES,
    /**
     * Nothing to a platform thread, whose status is set again when it is up; a virtual thread fails with
     * InterruptedIOException, upon which java.net closes the socket: so all of java.net.
     */
    FAILS_VIRTUAL_THREADS;

    /** Waits as {@link Engine#await} does; INTERRUPTED is answered only where it means something. */
    Waited await(ThreadWaiter waiter, BooleanSupplier ready, long deadlineNs) {
        if (this == CLOSES || VirtualThreads.isCurrent())
            return Engine.await(waiter, ready, deadlineNs);
        boolean interrupted = false;
        try {
            while (true) {
                Waited waited = Engine.await(waiter, ready, deadlineNs);
                if (waited != Waited.INTERRUPTED) return waited;
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }
}
