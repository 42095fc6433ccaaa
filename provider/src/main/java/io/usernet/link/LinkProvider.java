package io.usernet.link;

import java.io.IOException;

/** Opens links of one scheme; found by {@link java.util.ServiceLoader}. */
public interface LinkProvider {
    /** {@return what stands before the colon of a {@link LinkUri}, such as {@code tap}} */
    String scheme();

    /**
     * {@return whether {@link LinkDevice#assigned} of its links has addresses, so that the user need
     * give none}
     */
    default boolean assignsAddresses() {
        return false;
    }

    /**
     * Opens a link. Not called in a turn; may block briefly.
     *
     * @return the link, which the caller closes
     * @throws IllegalArgumentException if the URI has a part or parameter that is wrong; the message
     *     names it, its value and the remedy
     * @throws IOException if the link cannot be opened; the message is one line that a user can act
     *     on: what, why, and the remedy
     */
    LinkDevice open(LinkUri uri) throws IOException;
}
