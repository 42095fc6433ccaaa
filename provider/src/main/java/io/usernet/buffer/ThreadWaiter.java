package io.usernet.buffer;

import java.util.concurrent.locks.LockSupport;

/** A thread that parks. One thread at a time; which one, its owner's lock decides. */
public final class ThreadWaiter extends Waiter {
    private volatile Thread thread;

    /** The calling thread is the sleeper from now on. */
    public void own() {
        thread = Thread.currentThread();
    }

    /** Nobody sleeps here any more. */
    public void disown() {
        finish();
        thread = null;
    }

    @Override
    public void wake() {
        LockSupport.unpark(thread);
    }
}
