package io.usernet.link;

import io.usernet.wire.Cidr;
import java.util.List;

/**
 * The addresses that a link's other end gives a stack, as passt does. They are used where the user
 * gives none.
 *
 * @param addresses for the stack, each with its network's prefix
 * @param gateway the next hop to everywhere else; 0: none
 */
public record LinkAddresses(List<Cidr> addresses, int gateway) {
    /** None: the user has to give them. */
    public static final LinkAddresses NONE = new LinkAddresses(List.of(), 0);

    /** Copies the addresses. */
    public LinkAddresses {
        addresses = List.copyOf(addresses);
    }
}
