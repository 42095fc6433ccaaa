package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.channels.SelectionKey;
import java.util.ConcurrentModificationException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SelectedKeysTest {
    private final StackSelector selector = new StackSelector(new StackSelectorProvider(() -> null));
    private final SelectedKeys keys = new SelectedKeys(selector);

    private StackSelectionKey key() {
        return key(selector);
    }

    private static StackSelectionKey key(StackSelector selector) {
        SwitchChannel channel = new SwitchChannel();
        return new StackSelectionKey(channel, channel, selector);
    }

    private StackSelectionKey[] select(int n) {
        StackSelectionKey[] selected = new StackSelectionKey[n];
        for (int i = 0; i < n; i++) keys.select(selected[i] = key());
        return selected;
    }

    @Test
    void behavesLikeASetOfJavaUtil() {
        SplittableRandom random = new SplittableRandom(7);
        StackSelectionKey[] all = new StackSelectionKey[50];
        for (int i = 0; i < all.length; i++) all[i] = key();
        Set<SelectionKey> model = new HashSet<>();
        for (int step = 0; step < 20_000; step++) {
            StackSelectionKey key = all[random.nextInt(all.length)];
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    if (model.add(key)) keys.select(key);
                }
                case 2 -> assertEquals(model.remove(key), keys.remove(key));
                case 3 -> removeSomeByIterator(random, model);
                default -> {
                    if (random.nextInt(100) == 0) {
                        model.clear();
                        keys.clear();
                    }
                }
            }
            assertEquals(model, keys);
            assertEquals(model.contains(key), keys.contains(key));
        }
    }

    private void removeSomeByIterator(SplittableRandom random, Set<SelectionKey> model) {
        Set<SelectionKey> seen = new HashSet<>();
        for (Iterator<SelectionKey> i = keys.iterator(); i.hasNext(); ) {
            SelectionKey key = i.next();
            assertTrue(seen.add(key), "seen twice");
            assertTrue(model.contains(key));
            if (random.nextInt(4) == 0) {
                i.remove();
                model.remove(key);
                seen.remove(key);
            }
        }
        assertEquals(model, seen);
    }

    @Test
    void keyOfAnotherSelectorIsNotIn() {
        StackSelector other = new StackSelector(selector.provider());
        StackSelectionKey foreign = key(other);
        foreign.selectedAt = 0; // in the other's set
        select(1);
        assertFalse(keys.contains(foreign));
        assertFalse(keys.remove(foreign));
        assertFalse(keys.contains("a string"));
    }

    @Test
    void iteratorFailsFast() {
        StackSelectionKey[] selected = select(3);
        Iterator<SelectionKey> i = keys.iterator();
        i.next();
        keys.remove(selected[0]);
        assertTrue(i.hasNext());
        assertThrows(ConcurrentModificationException.class, i::next);
        assertThrows(ConcurrentModificationException.class, i::remove);
    }

    @Test
    void iteratorDemandsTheUsualOrderOfCalls() {
        select(1);
        Iterator<SelectionKey> i = keys.iterator();
        assertThrows(IllegalStateException.class, i::remove);
        i.next();
        assertThrows(NoSuchElementException.class, i::next);
        i.remove();
        assertThrows(IllegalStateException.class, i::remove);
        assertTrue(keys.isEmpty());
    }

    @Test
    void lastKeyCanBeRemovedAfterHasNextSaidNo() {
        select(1);
        Iterator<SelectionKey> i = keys.iterator();
        i.next();
        assertFalse(i.hasNext());
        i.remove();
        assertTrue(keys.isEmpty());
    }

    @Test
    void nestedIterationHasAnIteratorOfItsOwn() {
        select(3);
        int pairs = 0;
        for (SelectionKey outer : keys) {
            for (SelectionKey inner : keys) if (inner != outer) pairs++;
        }
        assertEquals(6, pairs);
    }

    @Test
    void finishedIteratorServesAgainAndOneUnderWayDoesNot() {
        select(2);
        Iterator<SelectionKey> first = keys.iterator();
        while (first.hasNext()) first.next();
        Iterator<SelectionKey> second = keys.iterator();
        assertSame(first, second);
        assertNotSame(second, keys.iterator());
    }

    @Test
    void iteratingAndRemovingAllocatesNothing() throws Exception {
        StackSelectionKey[] some = select(20);
        Allocation.assertNone(
                () -> {
                    for (Iterator<SelectionKey> i = keys.iterator(); i.hasNext(); ) {
                        i.next();
                        i.remove();
                    }
                    for (StackSelectionKey key : some) keys.select(key);
                });
    }
}
