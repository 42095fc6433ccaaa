package io.usernet.nio;

import java.nio.channels.SelectionKey;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;

/**
 * A selector that puts the keys it selects into the set of somebody else, who has written that into the
 * two fields here by reflection. That is what libraries do to the JDK's selectors, and these are the names
 * of the fields there; the agent tells them the name of this class in the place of the JDK's. They write
 * the fields once, before the first selection, and publish the selector afterwards.
 */
abstract class ReplaceableSelection extends AbstractSelector {
    @SuppressWarnings("unused") // by reflection
    private Set<SelectionKey> selectedKeys, publicSelectedKeys;

    ReplaceableSelection(SelectorProvider provider) {
        super(provider);
    }

    /** Where selected keys go in the place of the selector's own set; null: nowhere else. */
    final Set<SelectionKey> replacement() {
        return selectedKeys;
    }

    /** What the application is to see of that; null: the selector's own set. */
    final Set<SelectionKey> publicReplacement() {
        return publicSelectedKeys;
    }
}
