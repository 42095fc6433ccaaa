package io.usernet.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Who is inside one direction of a stream: the application, copying, or the loop, taking memory away.
 * Closing frees only when the application has left; else it would copy into, or out of, memory that
 * already belongs to another connection.
 */
final class Gate {
    private static final int IDLE = 0;
    private static final int USER = 1; // the application is copying
    private static final int LOOP = 2; // the loop takes memory away: a few instructions
    private static final int USER_CLOSED = 3; // closed while the application was copying
    private static final int LEFT = 4; // and it has left since: the loop must free
    private static final int CLOSED = 5;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Gate.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int state;

    /** The application goes in; false if closed. */
    boolean enter() {
        for (int spins = 0; ; spins++) {
            if (STATE.compareAndSet(this, IDLE, USER)) return true;
            if (state >= USER_CLOSED) return false;
            if (spins < 100) Thread.onSpinWait();
            else Thread.yield();
        }
    }

    /** The application goes out. */
    void leave() {
        if (!STATE.compareAndSet(this, USER, IDLE)) state = LEFT;
    }

    /** The loop goes in, if nobody is. */
    boolean tryTake() {
        return STATE.compareAndSet(this, IDLE, LOOP);
    }

    void giveBack() {
        state = IDLE;
    }

    /** The loop closes; true if it may free now, else {@link #settle} will say when. */
    boolean close() {
        // The application may come and go between two attempts.
        while (state < USER_CLOSED) {
            if (STATE.compareAndSet(this, IDLE, CLOSED)) return true;
            if (STATE.compareAndSet(this, USER, USER_CLOSED)) return false;
        }
        return false; // closed already
    }

    /** True once, after a close that could not free, when the application has left. */
    boolean settle() {
        return STATE.compareAndSet(this, LEFT, CLOSED);
    }

    /** Whether it is closed and the loop has freed what there was, or may. */
    boolean isSettled() {
        return state == CLOSED;
    }

    boolean isClosed() {
        return state >= USER_CLOSED;
    }
}
