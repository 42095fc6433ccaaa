package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.channels.CompletionHandler;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A handler that keeps what it was called with. */
class Recorder<V, A> implements CompletionHandler<V, A> {
    private static final long LIMIT_S = 10;

    private final CountDownLatch called = new CountDownLatch(1);
    private final AtomicInteger calls = new AtomicInteger();

    // Written before the latch is opened, read after it.
    private V value;
    private Throwable failure;
    private A attachment;
    private Thread thread;

    @Override
    public void completed(V result, A with) {
        record(result, null, with);
    }

    @Override
    public void failed(Throwable thrown, A with) {
        record(null, thrown, with);
    }

    private void record(V result, Throwable thrown, A with) {
        if (calls.incrementAndGet() == 1) {
            value = result;
            failure = thrown;
            attachment = with;
            thread = Thread.currentThread();
        }
        called.countDown();
    }

    private void await() throws InterruptedException {
        assertTrue(called.await(LIMIT_S, TimeUnit.SECONDS), "the handler was not called");
        assertEquals(1, calls.get(), "calls of the handler");
    }

    final boolean isCalled() {
        return called.getCount() == 0;
    }

    final V value() throws InterruptedException {
        await();
        if (failure != null) fail("unexpectedly " + failure, failure);
        return value;
    }

    /** The failure, whose class must be exactly this one. */
    final <X extends Throwable> X failure(Class<X> type) throws InterruptedException {
        await();
        if (failure == null) fail("no " + type.getName() + " but " + value);
        if (failure.getClass() != type) fail("no " + type.getName() + " but " + failure, failure);
        return type.cast(failure);
    }

    final A attachment() throws InterruptedException {
        await();
        return attachment;
    }

    final Thread thread() throws InterruptedException {
        await();
        return thread;
    }
}
