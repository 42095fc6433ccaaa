package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** A call in a thread of its own, to block, to be interrupted and to have its outcome asserted. */
public final class Background<T> {
    private static final long LIMIT_NS = 10_000_000_000L;
    private static final int BLOCKED_SAMPLES = 8;

    private final Thread thread;
    // Written by the thread before it ends, read after join.
    private T value;
    private Throwable thrown;
    private boolean interrupted;

    private Background(Callable<T> call) {
        thread = new Thread(() -> run(call), "contract-background");
        thread.setDaemon(true);
        thread.start();
    }

    /** In a virtual thread: by reflection, as the code is for JDK 17. */
    private Background(Callable<T> call, Method startVirtualThread)
            throws ReflectiveOperationException {
        Runnable run = () -> run(call);
        thread = (Thread) startVirtualThread.invoke(null, run);
    }

    private void run(Callable<T> call) {
        try {
            value = call.call();
        } catch (Throwable t) {
            thrown = t;
        }
        interrupted = Thread.currentThread().isInterrupted();
    }

    public static <T> Background<T> call(Callable<T> call) {
        return new Background<>(call);
    }

    /** In a virtual thread; skips the test where the JDK has none. */
    public static <T> Background<T> callVirtual(Callable<T> call)
            throws ReflectiveOperationException {
        assumeTrue(Runtime.version().feature() >= 21, "this JDK has no virtual threads");
        Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        return new Background<>(call, start);
    }

    public interface Action {
        void run() throws Exception;
    }

    public static Background<Void> run(Action action) {
        return new Background<>(
                () -> {
                    action.run();
                    return null;
                });
    }

    /** The same of a virtual thread, which waits without being in native code. */
    public Background<T> awaitParkedIn(String method) {
        return awaitIn(method, stack -> thread.getState() == Thread.State.WAITING);
    }

    /**
     * Returns once the thread waits inside a method of this name: in native code, which is where both a system call
     * and {@code park} end, in so many samples on end. A thread that is merely slow to get there is waited for.
     */
    public Background<T> awaitBlockedIn(String method) {
        return awaitIn(method, stack -> stack[0].isNativeMethod());
    }

    private Background<T> awaitIn(String method, Predicate<StackTraceElement[]> waits) {
        int samples = 0;
        for (long end = System.nanoTime() + LIMIT_NS; samples < BLOCKED_SAMPLES; ) {
            if (!thread.isAlive()) {
                fail("not blocked in " + method + "() but ended: " + outcome(), thrown);
            }
            if (System.nanoTime() - end > 0) {
                fail("not blocked in " + method + "(): " + Arrays.asList(thread.getStackTrace()));
            }
            StackTraceElement[] stack = thread.getStackTrace();
            boolean blocked =
                    stack.length > 0
                            && waits.test(stack)
                            && Arrays.stream(stack).anyMatch(f -> f.getMethodName().equals(method));
            samples = blocked ? samples + 1 : 0;
            LockSupport.parkNanos(1_000_000);
        }
        return this;
    }

    public void interrupt() {
        thread.interrupt();
    }

    public boolean isDone() {
        return !thread.isAlive();
    }

    public T result() throws InterruptedException {
        join();
        if (thrown != null) {
            fail("unexpectedly " + thrown, thrown);
        }
        return value;
    }

    /** The failure, whose class must be exactly this one. */
    public <X extends Throwable> X failure(Class<X> type) throws InterruptedException {
        join();
        if (thrown == null) {
            fail("no " + type.getName() + " but " + value);
        }
        if (thrown.getClass() != type) {
            fail("no " + type.getName() + " but " + thrown, thrown);
        }
        return type.cast(thrown);
    }

    /** The failure, whichever it is. */
    public Throwable anyFailure() throws InterruptedException {
        join();
        if (thrown == null) {
            fail("no failure but " + value);
        }
        return thrown;
    }

    /** Ends with that failure and with the thread's interrupt status as given. */
    public <X extends Throwable> X failure(Class<X> type, boolean interruptStatus)
            throws InterruptedException {
        X failure = failure(type);
        assertEquals(interruptStatus, interrupted, "interrupt status");
        return failure;
    }

    public boolean endedInterrupted() throws InterruptedException {
        join();
        return interrupted;
    }

    private void join() throws InterruptedException {
        thread.join(LIMIT_NS / 1_000_000);
        if (thread.isAlive()) {
            AssertionError stuck = new AssertionError("still running");
            stuck.setStackTrace(thread.getStackTrace());
            throw stuck;
        }
    }

    private String outcome() {
        return thrown != null ? thrown.toString() : String.valueOf(value);
    }

    /** Polls a condition that another thread or the network brings about. */
    public static void await(String what, BooleanSupplier condition) {
        for (long end = System.nanoTime() + LIMIT_NS; !condition.getAsBoolean(); ) {
            if (System.nanoTime() - end > 0) {
                fail("never: " + what);
            }
            LockSupport.parkNanos(200_000);
        }
    }
}
