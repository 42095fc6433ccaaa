package io.usernet.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Async;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RecordRingTest {
    private static void fill(RecordRing ring, int at, int length, byte with) {
        for (int i = 0; i < length; i++) ring.bytes().put(at + i, with);
    }

    private static String broken(RecordRing ring, int at, int length, byte with) {
        if (ring.length(at) != length) return ring.length(at) + " bytes in the place of " + length;
        for (int i = 0; i < length; i++) {
            if (ring.bytes().get(at + i) != with) return "byte " + i + " is another's";
        }
        return null;
    }

    @Test
    void isAQueueOfRecords() {
        SplittableRandom random = new SplittableRandom(1);
        RecordRing ring = new RecordRing(256);
        ArrayDeque<Integer> lengths = new ArrayDeque<>();
        int refused = 0;
        for (int i = 0; i < 100_000; i++) {
            if (random.nextBoolean()) {
                int length = random.nextInt(0, 121);
                int at = ring.claim(length);
                if (at < 0) {
                    refused++;
                    assertTrue(!lengths.isEmpty(), "an empty ring has room for " + length);
                    continue;
                }
                fill(ring, at, length, (byte) length);
                ring.publish();
                lengths.add(length);
            } else {
                int at = ring.peek();
                assertEquals(lengths.isEmpty(), at < 0);
                assertEquals(lengths.isEmpty(), ring.isEmpty());
                if (at < 0) continue;
                int length = lengths.remove();
                assertNull(broken(ring, at, length, (byte) length));
                ring.remove();
            }
        }
        assertTrue(refused > 1_000, refused + " refused");
    }

    @Test
    void twoThreadsSeeWholeRecords() throws Exception {
        int records = 500_000;
        RecordRing ring = new RecordRing(1 << 12);
        CompletableFuture<String> consumer =
                Async.supply(
                        () -> {
                            SplittableRandom random = new SplittableRandom(2);
                            for (int i = 0; i < records; i++) {
                                int at = ring.peek();
                                while (at < 0) {
                                    Thread.onSpinWait();
                                    at = ring.peek();
                                }
                                String wrong = broken(ring, at, random.nextInt(100), (byte) i);
                                if (wrong != null) return i + ": " + wrong;
                                ring.remove();
                            }
                            return null;
                        });
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < records && !consumer.isDone(); i++) {
            int length = random.nextInt(100);
            int at = ring.claim(length);
            while (at < 0 && !consumer.isDone()) {
                Thread.onSpinWait();
                at = ring.claim(length);
            }
            if (at < 0) break;
            fill(ring, at, length, (byte) i);
            ring.publish();
        }
        assertNull(consumer.get(30, TimeUnit.SECONDS));
    }
}
