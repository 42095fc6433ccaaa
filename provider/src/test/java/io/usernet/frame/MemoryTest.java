package io.usernet.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class MemoryTest {
    private final Memory memory = new Memory(8 << 20);

    @ParameterizedTest
    @EnumSource(Slab.Size.class)
    void slabsAreDisjointRangesWithinTheBudget(Slab.Size size) {
        Set<String> places = new HashSet<>();
        List<Slab> taken = new ArrayList<>();
        while (true) {
            Slab slab = memory.take(size);
            if (slab == null) {
                if (memory.grow(size)) continue;
                break;
            }
            assertEquals(size.bytes(), slab.capacity());
            assertEquals(0, slab.base() % size.bytes());
            assertTrue(slab.base() + slab.capacity() <= slab.region().bytes().capacity());
            assertTrue(places.add(System.identityHashCode(slab.region()) + ":" + slab.base()));
            taken.add(slab);
        }
        assertTrue(memory.allocated() <= memory.budget());
        assertEquals((long) taken.size() * size.bytes(), memory.inUse());
        assertFalse(memory.isLow(size), "there is no more to allocate");
        taken.forEach(Slab::release);
        assertEquals(0, memory.inUse());
        assertEquals(taken.size(), memory.free(size));
        assertNotNull(memory.take(size));
    }

    @Test
    void aBudgetThatIsTooSmallIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Memory((4 << 20) - 1));
        assertEquals(4 << 20, new Memory(4 << 20).budget());
    }

    @Test
    void aShareIsAPartOfWhatIsFreeOnceHalfWasNeeded() {
        assertEquals(Long.MAX_VALUE, memory.share());
        while (memory.grow(Slab.Size.MEDIUM)) {}
        long all = memory.share();
        assertTrue(all > 0 && all < memory.budget() / 4);
        List<Slab> taken = new ArrayList<>();
        for (long held = 0; held < memory.share(); held += Slab.Size.MEDIUM.bytes()) {
            taken.add(memory.takeForWriting(Slab.Size.MEDIUM));
        }
        assertTrue(memory.share() > all / 2, "one that is full leaves others nearly as much");
        while (memory.share() > 0) taken.add(memory.takeForWriting(Slab.Size.MEDIUM.bytes()));
        assertNotNull(memory.takeForWriting(1), "the rest is for those that hold nothing");
        taken.forEach(Slab::release);
        assertTrue(memory.share() > all / 2);
    }

    @Test
    void isLowBeforeItIsEmpty() {
        int free = memory.free(Slab.Size.MEDIUM);
        List<Slab> taken = new ArrayList<>();
        for (int i = 0; i < free - 1; i++) taken.add(memory.take(Slab.Size.MEDIUM));
        assertTrue(memory.isLow(Slab.Size.MEDIUM));
        assertTrue(memory.grow(Slab.Size.MEDIUM));
        assertFalse(memory.isLow(Slab.Size.MEDIUM));
        taken.forEach(Slab::release);
    }

    @Test
    void aSlabIsNotReleasedTwice() {
        Slab slab = memory.take(Slab.Size.SMALL);
        slab.retain();
        assertFalse(slab.isSole());
        slab.release();
        assertTrue(slab.isSole());
        slab.release();
        assertThrows(AssertionError.class, slab::release);
        assertThrows(AssertionError.class, slab::retain);
    }

    @Test
    void whatIsOutBelongsToOneThread() throws InterruptedException {
        long seed = new Random().nextLong();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int me = t + 1;
            Thread thread =
                    new Thread(
                            () -> {
                                try {
                                    takeAndGive(me, new Random(seed + me));
                                } catch (Throwable e) {
                                    failure.set(e);
                                }
                            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) thread.join();
        if (failure.get() != null) throw new AssertionError("seed " + seed, failure.get());
        assertEquals(0, memory.inUse());
        assertTrue(memory.allocated() <= memory.budget());
    }

    private void takeAndGive(int me, Random random) {
        ArrayDeque<Slab> mine = new ArrayDeque<>();
        for (int i = 0; i < 100_000; i++) {
            Slab.Size size = Slab.Size.values()[random.nextInt(3)];
            if (random.nextBoolean() && mine.size() < 20) {
                Slab slab = memory.take(size);
                if (slab == null) {
                    if (random.nextInt(100) == 0) memory.grow(size);
                    continue;
                }
                assertNull(slab.next);
                slab.region().bytes().putInt(slab.base(), me);
                slab.position = me;
                mine.add(slab);
            } else if (!mine.isEmpty()) {
                Slab slab = mine.removeFirst();
                assertEquals(me, slab.region().bytes().getInt(slab.base()));
                assertEquals(me, slab.position);
                slab.release();
            }
        }
        mine.forEach(Slab::release);
    }
}
