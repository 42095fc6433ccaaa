package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InboxTest {
    private final Inbox inbox = new Inbox();
    private final List<String> acted = new ArrayList<>();

    private Post named(String name) {
        return new Post() {
            @Override
            protected void act(int what, long nowNs) {
                acted.add(name + what + "@" + nowNs);
            }
        };
    }

    @Test
    void actsInTheOrderOfPostingAndMergesRequests() {
        Post a = named("a"), b = named("b");
        assertTrue(inbox.isEmpty());
        inbox.post(a, 1);
        inbox.post(b, 1);
        inbox.post(a, 4);
        inbox.post(a, 1);
        assertFalse(inbox.isEmpty());
        assertFalse(inbox.drain(10, 7));
        assertEquals(List.of("a5@7", "b1@7"), acted);
        inbox.post(a, 2);
        assertFalse(inbox.drain(10, 8));
        assertEquals(List.of("a5@7", "b1@7", "a2@8"), acted);
    }

    @Test
    void drainIsBoundedAndSaysSo() {
        for (int i = 0; i < 5; i++) inbox.post(named("p" + i + "."), 1);
        assertTrue(inbox.drain(3, 0));
        assertEquals(3, acted.size());
        inbox.post(named("late."), 1);
        assertFalse(inbox.drain(3, 0));
        assertEquals("late.1@0", acted.get(5));
    }

    @Test
    void aPostMayPostItselfAgain() {
        Post again =
                new Post() {
                    int left = 3;

                    @Override
                    protected void act(int what, long nowNs) {
                        if (--left > 0) inbox.post(this, 1);
                        acted.add("again");
                    }
                };
        inbox.post(again, 1);
        assertTrue(inbox.drain(1, 0));
        assertTrue(inbox.drain(1, 0));
        assertFalse(inbox.drain(1, 0));
        assertEquals(3, acted.size());
    }

    /** What was asked for before a post's flags were taken is acted upon, whoever pushed it. */
    @Test
    void losesNoRequestOfManyThreads() throws InterruptedException {
        int threads = 3, rounds = 200_000;
        AtomicInteger asked = new AtomicInteger();
        int[] seen = {0};
        Post[] posts = new Post[4];
        for (int i = 0; i < posts.length; i++) {
            posts[i] =
                    new Post() {
                        @Override
                        protected void act(int what, long nowNs) {
                            seen[0] = asked.get(); // all that was asked so far
                        }
                    };
        }
        List<Thread> all = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int first = t;
            Thread thread =
                    new Thread(
                            () -> {
                                for (int i = 0; i < rounds; i++) {
                                    asked.incrementAndGet();
                                    inbox.post(posts[(i + first) % posts.length], 1);
                                }
                            });
            all.add(thread);
            thread.start();
        }
        while (all.stream().anyMatch(Thread::isAlive)) inbox.drain(5, 0);
        while (inbox.drain(5, 0)) Thread.onSpinWait();
        assertEquals(threads * rounds, seen[0]);
        assertTrue(inbox.isEmpty());
    }
}
