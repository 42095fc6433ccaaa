package io.usernet.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.link.LinkDevice.Transmit;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WireTest {
    private final Side a = new Side();
    private final Side b = new Side();

    /** What a loop has, apart from the loop. */
    private static final class Side {
        final Memory memory = new Memory(8 << 20);
        final FramePool pool = new FramePool(memory);

        /** A frame of a header and payload in a slab, whose first bytes are {@code number}. */
        Frame frame(int number, int payload) {
            Frame frame = pool.take();
            frame.begin();
            int at = frame.prepend(4);
            frame.bytes().putInt(at, number);
            if (payload > 0) {
                Slab slab = memory.take(Slab.Size.MEDIUM);
                if (slab == null && memory.grow(Slab.Size.MEDIUM)) {
                    slab = memory.take(Slab.Size.MEDIUM);
                }
                for (int i = 0; i < payload; i++) {
                    slab.region().bytes().put(slab.base() + i, (byte) (number + i));
                }
                frame.append(slab.region(), slab, slab.base(), payload);
                slab.release();
            }
            return frame;
        }

        void assertNothingLeft() {
            pool.trim();
            assertEquals(0, pool.out(), "frames");
            assertEquals(0, memory.inUse(), "bytes of slabs");
        }
    }

    private static void assertFrame(int number, int payload, Frame frame) {
        assertEquals(4 + payload, frame.length());
        assertEquals(number, frame.bytes().getInt(frame.start()));
        for (int i = 0; i < payload; i++) {
            assertEquals((byte) (number + i), frame.bytes(1).get(frame.at(1) + i));
        }
    }

    /** Has an end look at what came back. */
    private static void turn(LinkDevice end, FramePool pool) {
        Frame into = pool.take();
        assertFalse(end.receive(into));
        into.release();
    }

    @Test
    void lendsTheSendersBytesUntilTheLastSliceGoes() {
        Wire wire = new Wire();
        Frame sent = a.frame(42, 1000);
        Slab slab = (Slab) sent.holder(1);
        assertEquals(Transmit.HELD, wire.left().transmit(sent));
        Frame got = b.pool.take();
        assertTrue(wire.right().receive(got));
        assertFrame(42, 1000, got);
        assertSame(sent.region(1), got.region(1));
        assertNotSame(slab, got.holder(1), "counts are the receiver's own");
        got.holder(1).retain(); // as a receive queue does
        io.usernet.frame.Holder kept = got.holder(1);
        got.release();
        turn(wire.left(), a.pool);
        assertEquals(1, a.pool.out(), "a slice is still looked at");
        kept.release();
        turn(wire.left(), a.pool);
        a.assertNothingLeft();
        b.assertNothingLeft();
    }

    @Test
    void keepsTheOrderAndSaysFull() {
        Wire wire = new Wire("w", 2, 1500, 4);
        for (int i = 0; i < 4; i++) {
            assertEquals(Transmit.HELD, wire.left().transmit(a.frame(i, i * 10)));
        }
        Frame fifth = a.frame(4, 40);
        assertEquals(Transmit.FULL, wire.left().transmit(fifth));
        Frame got = b.pool.take();
        assertTrue(wire.right().receive(got));
        assertFrame(0, 0, got);
        got.release();
        assertEquals(Transmit.HELD, wire.left().transmit(fifth));
        for (int i = 1; i <= 4; i++) {
            Frame next = b.pool.take();
            assertTrue(wire.right().receive(next));
            assertFrame(i, i * 10, next);
            next.release();
        }
        turn(wire.right(), b.pool);
        turn(wire.left(), a.pool);
        a.assertNothingLeft();
        b.assertNothingLeft();
    }

    @Test
    void checksumsLeftToTheLinkAreValid() {
        Wire wire = new Wire();
        for (Frame.Checksum checksum : Frame.Checksum.values()) {
            Frame sent = a.frame(1, 0);
            sent.checksum = checksum;
            wire.left().transmit(sent);
            Frame got = b.pool.take();
            assertTrue(wire.right().receive(got));
            boolean unknown = checksum == Frame.Checksum.UNKNOWN;
            assertEquals(unknown ? Frame.Checksum.UNKNOWN : Frame.Checksum.VALID, got.checksum);
            got.release();
        }
    }

    @Test
    void aFrameLongerThanTheMtuIsDroppedAndCounted() {
        Wire wire = new Wire("w", 3, 1500, 4);
        Frame longer = a.frame(1, 1497);
        assertEquals(Transmit.DONE, wire.left().transmit(longer));
        longer.release();
        assertEquals(1, wire.left().dropped());
        assertEquals(Transmit.HELD, wire.left().transmit(a.frame(1, 1496)));
    }

    @Test
    void aSlowReaderGetsCopiesOnceAQuarterOfTheMemoryIsLent() {
        Wire wire = new Wire();
        ArrayDeque<Frame> kept = new ArrayDeque<>();
        int copies = 0;
        for (int i = 0; i < 200; i++) {
            Frame sent = a.frame(i, 30_000);
            assertEquals(Transmit.HELD, wire.left().transmit(sent));
            Frame got = b.pool.take();
            assertTrue(wire.right().receive(got));
            assertEquals(30_004, got.length());
            assertEquals(i, got.bytes().getInt(got.start()));
            if (got.slices() == 1) copies++;
            kept.add(got);
            turn(wire.left(), a.pool);
            // Else this test would run out of the memory that the readers' side has.
            if (got.slices() == 1) kept.removeLast().release();
        }
        long lent = 30_004L * (200 - copies);
        assertTrue(lent <= a.memory.budget() / 4 + 30_004, lent + " bytes lent");
        assertTrue(copies > 100, copies + " copies");
        kept.forEach(Frame::release);
        turn(wire.left(), a.pool); // bounded: so many returns a call
        wire.left().await(Long.MAX_VALUE, false); // there are more
        turn(wire.left(), a.pool);
        a.assertNothingLeft();
        b.assertNothingLeft();
    }

    @Test
    void endsDiffer() {
        Wire wire = new Wire();
        LinkCapabilities left = wire.left().capabilities(), right = wire.right().capabilities();
        assertNotEquals(left.mac(), right.mac());
        assertNotEquals(left.name(), right.name());
        assertNotEquals(left.mac(), new Wire().left().capabilities().mac());
        assertTrue(left.checksum());
        assertEquals(65_535, left.mtu());
        assertThrows(IllegalArgumentException.class, () -> new Wire("w", 2, 100, 4));
        assertThrows(IllegalArgumentException.class, () -> new Wire("w", 2, 1500, 0));
    }

    @Nested
    class Closing {
        private final Wire wire = new Wire();

        @Test
        void whatTheClosedEndHadNotReceivedComesBack() {
            wire.left().transmit(a.frame(1, 100));
            wire.left().transmit(a.frame(2, 100));
            wire.right().close();
            turn(wire.left(), a.pool);
            assertEquals(2, wire.left().dropped());
            a.assertNothingLeft();
        }

        @Test
        void whatTheClosedEndStillLooksAtComesBackLater() {
            wire.left().transmit(a.frame(1, 100));
            Frame got = b.pool.take();
            assertTrue(wire.right().receive(got));
            wire.right().close();
            turn(wire.left(), a.pool);
            assertFrame(1, 100, got);
            got.release();
            turn(wire.left(), a.pool);
            a.assertNothingLeft();
            b.assertNothingLeft();
        }

        @Test
        void theOpenEndDropsAndCounts() {
            wire.right().close();
            Frame frame = a.frame(1, 1);
            assertEquals(Transmit.DONE, wire.left().transmit(frame));
            frame.release();
            assertEquals(1, wire.left().dropped());
            a.assertNothingLeft();
        }

        @Test
        void theOpenEndMayStillReceiveAndReadWhatWasSent() {
            wire.left().transmit(a.frame(7, 100));
            wire.left().close();
            Frame got = b.pool.take();
            assertTrue(wire.right().receive(got));
            assertFrame(7, 100, got);
            got.release();
            wire.right().close();
            b.assertNothingLeft();
        }

        @Test
        void wakesTheOtherEndAlsoOneThatWaitsForRoom() throws Exception {
            Wire narrow = new Wire("n", 2, 1500, 1);
            narrow.left().transmit(a.frame(1, 0));
            Frame second = a.frame(2, 0);
            assertEquals(Transmit.FULL, narrow.left().transmit(second));
            Thread waiting = new Thread(() -> narrow.left().await(Long.MAX_VALUE, true));
            waiting.start();
            narrow.right().close();
            waiting.join();
            assertEquals(Transmit.DONE, narrow.left().transmit(second));
            second.release();
            a.assertNothingLeft();
        }
    }

    @Nested
    class Awaiting {
        private final Wire wire = new Wire();

        @Test
        void returnsAtOnceWhileFramesWait() {
            wire.left().transmit(a.frame(1, 0));
            wire.right().await(Long.MAX_VALUE, false);
            wire.right().await(Long.MAX_VALUE, false); // level-triggered
            wire.left().await(0, false);
        }

        @Test
        void aWakeBeforeTheWaitCounts() {
            wire.left().wake();
            wire.left().await(Long.MAX_VALUE, false);
        }

        @Test
        void ends() {
            wire.left().await(1_000_000, false);
        }

        @Test
        void returnsAtOnceWhereThereIsRoom() {
            wire.left().await(Long.MAX_VALUE, true);
        }
    }

    /** Two loops' worth of threads, with nothing but the device between them. */
    @Test
    void losesNothingBetweenTwoThreads() throws Exception {
        long seed = new Random().nextLong();
        int frames = 200_000;
        Wire wire = new Wire("w", 2, 1500, 8);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread sender =
                new Thread(
                        () -> {
                            try {
                                send(wire.left(), frames, new Random(seed));
                            } catch (Throwable t) {
                                failure.set(t);
                            }
                        });
        sender.start();
        Random random = new Random(~seed);
        ArrayDeque<Frame> kept = new ArrayDeque<>();
        for (int i = 0; i < frames; ) {
            Frame got = b.pool.take();
            if (!wire.right().receive(got)) {
                got.release();
                wire.right().flush();
                wire.right().await(Long.MAX_VALUE, false);
                continue;
            }
            assertEquals(i, got.bytes().getInt(got.start()), "seed " + seed);
            i++;
            kept.add(got);
            while (kept.size() > random.nextInt(20)) kept.removeFirst().release();
        }
        kept.forEach(Frame::release);
        wire.right().flush();
        sender.join();
        if (failure.get() != null) throw new AssertionError("seed " + seed, failure.get());
        turn(wire.left(), a.pool);
        a.assertNothingLeft();
        b.assertNothingLeft();
    }

    private void send(LinkDevice end, int frames, Random random) {
        for (int i = 0; i < frames; i++) {
            Frame frame = a.frame(i, random.nextInt(8) == 0 ? 100 : 0);
            while (end.transmit(frame) == Transmit.FULL) {
                end.flush();
                end.await(Long.MAX_VALUE, true);
            }
            if (random.nextInt(8) == 0) end.flush();
        }
        end.flush();
    }
}
