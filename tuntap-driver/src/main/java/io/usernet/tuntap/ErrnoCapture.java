package io.usernet.tuntap;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Native memory into which the JDK copies errno behind a call, before the JVM itself makes another. One
 * call at a time uses it: it is taken from a pool and given back. The pool is no thread-local, since any of
 * a hundred thousand virtual threads may run the stack for a moment, and then each would have memory of
 * its own. Threads look at different places of the pool first. It grows to as many as were ever in use
 * at once; what is not given back, as when a call throws, is garbage.
 */
final class ErrnoCapture {
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(ErrnoCapture[].class);

    /** A power of two. More calls at once than this are possible, and allocate. */
    private static final int SLOTS = 64;

    private static final ErrnoCapture[] FREE =
            new ErrnoCapture[SLOTS]; // null: taken, or never there

    private static final int SIZE = Foreign.captureSize(), ERRNO = Foreign.errnoOffset();

    private final ByteBuffer memory =
            ByteBuffer.allocateDirect(SIZE).order(ByteOrder.nativeOrder());

    /** The same memory, as a MemorySegment. */
    final Object segment = Foreign.segment(memory);

    private int home; // where it was taken from; of who has it

    private ErrnoCapture(int home) {
        this.home = home;
    }

    /** One that nobody else uses until {@link #giveBack}. */
    static ErrnoCapture take() {
        int first = (int) Thread.currentThread().getId();
        for (int i = 0; i < SLOTS; i++) {
            int at = first + i & SLOTS - 1;
            ErrnoCapture free = (ErrnoCapture) SLOT.getOpaque(FREE, at);
            if (free != null && SLOT.weakCompareAndSetAcquire(FREE, at, free, null)) {
                free.home = at;
                return free;
            }
        }
        return new ErrnoCapture(first & SLOTS - 1);
    }

    /** Ends a call: its result as the kernel has it, minus errno where C has -1. */
    static long result(long result, ErrnoCapture capture) {
        long kernels = result >= 0 ? result : -capture.memory.getInt(ERRNO);
        capture.giveBack();
        return kernels;
    }

    private void giveBack() {
        int first = home;
        for (int i = 0; i < SLOTS; i++) {
            int at = first + i & SLOTS - 1;
            if (SLOT.getOpaque(FREE, at) == null
                    && SLOT.compareAndSet(FREE, at, (ErrnoCapture) null, this)) {
                return;
            }
        }
    }
}
