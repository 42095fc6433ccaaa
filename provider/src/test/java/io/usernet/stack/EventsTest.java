package io.usernet.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EventsTest {
    private final LinkedBlockingQueue<String> written = new LinkedBlockingQueue<>();

    private String next() throws InterruptedException {
        return written.poll(20, TimeUnit.SECONDS);
    }

    @Test
    void aLogThatBlocksStopsNeitherTheLoopNorTheIoThread() throws InterruptedException {
        CountDownLatch blocks = new CountDownLatch(1), released = new CountDownLatch(1);
        List<Thread> writers = new ArrayList<>();
        Events events =
                new Events(
                        (message, failure) -> {
                            writers.add(Thread.currentThread());
                            blocks.countDown();
                            try {
                                released.await();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                            written.add(message);
                        });
        events.add("first", null);
        events.writeLater();
        blocks.await(); // it has taken the first one: the place of that is free
        for (int i = 0; i < 100; i++) {
            events.add("event " + i, null);
            events.writeLater(); // returns, although the log blocks
        }
        released.countDown();
        assertEquals("first", next());
        int seen = 0;
        String last = next();
        while (!last.endsWith("not logged")) {
            assertEquals("event " + seen++, last);
            last = next();
        }
        assertEquals((100 - seen) + " events not logged", last);
        for (Thread writer : writers) assertNotEquals(Thread.currentThread(), writer);
    }

    @Test
    void nothingToSayStartsNoThread() {
        Events events = new Events((message, failure) -> written.add(message));
        int threads = Thread.activeCount();
        events.writeLater();
        assertEquals(threads, Thread.activeCount());
        assertEquals(0, written.size());
    }
}
