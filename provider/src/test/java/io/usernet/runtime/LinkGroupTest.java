package io.usernet.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LinkGroupTest {
    private final FakeDevice link = new FakeDevice();
    private volatile LinkGroup group;

    /** Looked at by the watcher: whether the first link is blocked. */
    private final class Blocked implements IntPredicate {
        private final AtomicInteger looks = new AtomicInteger();
        private volatile boolean blocked = true;

        @Override
        public boolean test(int index) {
            if (index != 0) return false;
            if (looks.incrementAndGet() != 2) return blocked;
            // The watcher has looked, and is held up before it says what it waits for. Meanwhile a
            // turn of another thread fills the link, and flushes.
            link.writable(false);
            blocked = true;
            group.flush();
            return false;
        }
    }

    @Test
    void aLinkThatIsFullJustAsItsWatcherBeginsIsWaitedForWithRoom() throws Exception {
        Blocked blocked = new Blocked();
        group = new LinkGroup(List.of(link, new FakeDevice()), blocked, "test");
        group.await(Long.MAX_VALUE, true); // the link is writable: the watcher says so
        blocked.blocked = false;
        long before = System.nanoTime();
        group.await(TimeUnit.SECONDS.toNanos(20), false);
        long took = System.nanoTime() - before;
        assertTrue(took < TimeUnit.SECONDS.toNanos(10), "the watcher doesn't know that it is full");
        group.await(1, true);
        link.untilAwaitedForRoom();
        group.close();
        assertEquals(1, link.closes());
    }
}
