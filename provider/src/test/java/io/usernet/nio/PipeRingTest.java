package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Async;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PipeRingTest {
    private final PipeRing ring = new PipeRing();

    @Test
    void newRingIsWritableAndEmpty() {
        assertFalse(ring.isReadable());
        assertTrue(ring.isWritable());
        assertEquals(0, ring.read(ByteBuffer.allocate(1)));
    }

    @Test
    void takesItsCapacityAndNoMore() {
        ByteBuffer src = ByteBuffer.allocate(PipeRing.CAPACITY + 1);
        assertEquals(PipeRing.CAPACITY, ring.write(src));
        assertEquals(1, src.remaining());
        assertEquals(0, ring.write(src));
        assertFalse(ring.isWritable());
        ByteBuffer dst = ByteBuffer.allocate(4 << 10);
        assertEquals(4 << 10, ring.read(dst));
        assertTrue(ring.isWritable());
    }

    @Test
    void endComesAfterTheBytes() {
        ring.write(ByteBuffer.wrap(new byte[] {1, 2}));
        ring.closeSink();
        ByteBuffer dst = ByteBuffer.allocate(2);
        assertEquals(2, ring.read(dst));
        assertEquals(0, ring.read(dst)); // no room is not the end
        assertEquals(-1, ring.read(ByteBuffer.allocate(1)));
    }

    @Test
    void closedSourceMakesWritable() {
        ring.write(ByteBuffer.allocate(PipeRing.CAPACITY));
        assertFalse(ring.isWritable());
        ring.closeSource();
        assertTrue(ring.isWritable());
        assertTrue(ring.isSourceClosed());
    }

    @Test
    void twoThreadsMoveBytesIntact() throws Exception {
        byte[] sent = new byte[8 << 20];
        new SplittableRandom(3).nextBytes(sent);
        CompletableFuture<Void> writing =
                Async.run(
                        () -> {
                            SplittableRandom random = new SplittableRandom(4);
                            for (int at = 0; at < sent.length; ) {
                                int n = Math.min(sent.length - at, random.nextInt(1, 9_000));
                                at += ring.write(ByteBuffer.wrap(sent, at, n));
                            }
                            ring.closeSink();
                        });
        ByteBuffer received = ByteBuffer.allocate(sent.length + 1);
        SplittableRandom random = new SplittableRandom(5);
        while (true) {
            int at = received.position();
            int room = Math.min(received.capacity() - at, random.nextInt(1, 9_000));
            received.limit(at + room);
            if (ring.read(received) < 0) break;
        }
        writing.get(10, TimeUnit.SECONDS);
        assertEquals(sent.length, received.position());
        assertArrayEquals(sent, Arrays.copyOf(received.array(), sent.length));
    }
}
