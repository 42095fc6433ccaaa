package io.usernet.nio;

import java.nio.channels.SelectionKey;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The selected keys of one selector: an array in which each key knows its place, so that nothing is
 * hashed, and nothing allocated to iterate. Keys may be removed but not added, and iterators fail fast,
 * as those of the JDK's set do. Not thread-safe, as {@link java.nio.channels.Selector} says; selecting
 * threads hold its monitor.
 */
final class SelectedKeys extends AbstractSet<SelectionKey> {
    private final StackSelector selector;
    private StackSelectionKey[] keys = new StackSelectionKey[16];
    private int size;
    private int modifications;

    private KeyIterator spare = new KeyIterator(); // null while somebody iterates with it

    SelectedKeys(StackSelector selector) {
        this.selector = selector;
    }

    /** The selector's own way to add: the key is not in the set. */
    void select(StackSelectionKey key) {
        assert key.selectedAt < 0;
        if (size == keys.length) keys = Arrays.copyOf(keys, size * 2);
        key.selectedAt = size;
        keys[size++] = key;
        modifications++;
    }

    /** The selector's own way to remove a key, if it is in the set. */
    void deselect(StackSelectionKey key) {
        if (key.selectedAt >= 0) removeAt(key.selectedAt);
    }

    private void removeAt(int at) {
        keys[at].selectedAt = -1;
        StackSelectionKey last = keys[--size];
        keys[size] = null;
        if (at < size) {
            keys[at] = last;
            last.selectedAt = at;
        }
        modifications++;
    }

    private boolean isMine(Object o) {
        return o instanceof StackSelectionKey key && key.selector() == selector;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public boolean contains(Object o) {
        return isMine(o) && ((StackSelectionKey) o).selectedAt >= 0;
    }

    @Override
    public boolean remove(Object o) {
        if (!contains(o)) return false;
        removeAt(((StackSelectionKey) o).selectedAt);
        return true;
    }

    @Override
    public void clear() {
        for (int i = 0; i < size; i++) {
            keys[i].selectedAt = -1;
            keys[i] = null;
        }
        size = 0;
        modifications++;
    }

    // add is left as it is inherited: overridden here, it would check the type of what it refuses.

    /** Not even none. */
    @Override
    public boolean addAll(Collection<? extends SelectionKey> keys) {
        throw new UnsupportedOperationException();
    }

    /** One that was iterated to its end serves again; while one is under way, a new one is made. */
    @Override
    public Iterator<SelectionKey> iterator() {
        KeyIterator iterator = spare;
        if (iterator == null) iterator = new KeyIterator();
        else spare = null;
        iterator.begin();
        return iterator;
    }

    /** From the last key to the first, so that the one that fills a gap has been seen. */
    private final class KeyIterator implements Iterator<SelectionKey> {
        private int at; // of the key that next() returned last
        private boolean removable;
        private int expected;

        void begin() {
            at = size;
            removable = false;
            expected = modifications;
        }

        @Override
        public boolean hasNext() {
            if (at > 0) return true;
            spare = this;
            return false;
        }

        @Override
        public SelectionKey next() {
            if (expected != modifications) throw new ConcurrentModificationException();
            if (at <= 0) throw new NoSuchElementException();
            removable = true;
            return keys[--at];
        }

        @Override
        public void remove() {
            if (!removable) throw new IllegalStateException();
            if (expected != modifications) throw new ConcurrentModificationException();
            removable = false;
            removeAt(at);
            expected = modifications;
        }
    }
}
