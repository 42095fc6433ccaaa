package io.usernet.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a library does that puts its own set of selected keys into a selector. */
class ReplaceableSelectionTest {
    private final StackSelector selector = new StackSelector(new StackSelectorProvider(() -> null));
    private final Forgetful keys = new Forgetful();
    private final SwitchChannel channel = new SwitchChannel();

    /** As such libraries' sets are: an array that is emptied after each selection. */
    private static final class Forgetful extends AbstractSet<SelectionKey> {
        final List<SelectionKey> all = new ArrayList<>();

        @Override
        public boolean add(SelectionKey key) {
            return all.add(key);
        }

        @Override
        public boolean contains(Object key) {
            return false;
        }

        @Override
        public Iterator<SelectionKey> iterator() {
            return all.iterator();
        }

        @Override
        public int size() {
            return all.size();
        }
    }

    @BeforeEach
    void replaceTheSet() throws ReflectiveOperationException {
        put("selectedKeys", keys);
        put("publicSelectedKeys", keys);
    }

    private void put(String name, Set<SelectionKey> set) throws ReflectiveOperationException {
        Field field = ReplaceableSelection.class.getDeclaredField(name);
        field.setAccessible(true);
        field.set(selector, set);
    }

    @AfterEach
    void close() throws IOException {
        selector.close();
    }

    private SelectionKey readable() throws IOException {
        channel.configureBlocking(false);
        SelectionKey key = channel.register(selector, OP_READ);
        channel.signal(OP_READ);
        return key;
    }

    @Test
    void whatIsReadyIsInTheSetThatWasPutThere() throws IOException {
        SelectionKey key = readable();
        assertEquals(1, selector.selectNow());
        assertEquals(List.of(key), keys.all);
        assertEquals(OP_READ, key.readyOps());
        assertSame(keys, selector.selectedKeys());
    }

    @Test
    void whatIsStillReadyIsThereAgainAfterItWasEmptied() throws IOException {
        SelectionKey key = readable();
        selector.selectNow();
        keys.all.clear();
        assertEquals(1, selector.select());
        assertEquals(List.of(key), keys.all);
    }

    @Test
    void aKeyThatIsCancelledLeavesIt() throws IOException {
        SelectionKey key = readable();
        selector.selectNow();
        key.cancel();
        assertEquals(0, selector.selectNow());
        assertEquals(List.of(), keys.all);
        assertFalse(key.isValid());
    }

    @Test
    void soDoAllWhenTheSelectorIsClosed() throws IOException {
        readable();
        selector.selectNow();
        selector.close();
        assertEquals(List.of(), keys.all);
        assertThrows(ClosedSelectorException.class, selector::selectedKeys);
    }
}
