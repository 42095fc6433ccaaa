package io.usernet.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.wire.Cidr;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinksTest {
    private static final List<Cidr> OWN = List.of(Cidr.parse("10.0.0.2/24"));

    private static String refused(String uri) {
        return assertThrows(IllegalArgumentException.class, () -> Links.open(uri, OWN, false))
                .getMessage();
    }

    @Test
    void theOtherEndCannotHaveOurAddress() {
        assertEquals(
                "usernet.link=nowhere:x?host=10.0.0.2/24: host=10.0.0.2/24 is the stack's own"
                        + " address, see usernet.address: give the other end another one",
                refused("nowhere:x?host=10.0.0.2/24"));
    }

    @Test
    void anAddressThatBeginsLikeOursIsAnother() {
        String message = refused("nowhere:x?host=10.0.0.20/24");
        assertTrue(message.contains("nothing here serves 'nowhere:' links"), message);
    }

    @Test
    void aUriWithoutSchemeIsNamed() {
        String message = refused("usernet0");
        assertTrue(message.startsWith("usernet.link=usernet0: "), message);
        assertEquals(1, message.lines().count(), message);
    }
}
