package io.usernet.link;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class NullLinkTest {
    private final NullLink link = new NullLink();

    @Test
    void aWakeBeforeTheWaitEndsIt() {
        link.wake();
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> link.await(Long.MAX_VALUE, false));
    }

    @Test
    void aHundredThousandWakesEndAsManyWaits() {
        assertTimeoutPreemptively(
                Duration.ofSeconds(30),
                () -> {
                    int rounds = 100_000;
                    NullLink back = new NullLink();
                    Thread other =
                            new Thread(
                                    () -> {
                                        for (int i = 0; i < rounds; i++) {
                                            link.wake();
                                            await(back);
                                        }
                                    });
                    other.start();
                    for (int i = 0; i < rounds; i++) {
                        await(link);
                        back.wake();
                    }
                    other.join();
                });
    }

    /** One wake is one return here, but for spurious ones, which the strict alternation bounds. */
    private static void await(NullLink link) {
        link.await(1_000_000, false);
    }
}
