package io.usernet.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.wire.Cidr;
import java.util.List;
import java.util.Map;
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
        for (String uri : new String[] {"usernet0", "Usernet0", ":usernet0"}) {
            String message = refused(uri);
            assertTrue(message.startsWith("usernet.link=" + uri + ": "), message);
            assertEquals(1, message.lines().count(), message);
        }
    }

    @Test
    void parametersBehindASchemeAloneTakeAColon() {
        for (String uri : new String[] {"passt?tcp=8080", "passt?tcp=127.0.0.1/80:8080"}) {
            String message = refused(uri);
            assertTrue(
                    message.endsWith("before the '?': write for example passt:?tcp=8080"), message);
        }
    }

    @Test
    void aSchemeAloneIsAUri() {
        assertEquals(new LinkUri("passt", "", Map.of()), LinkUri.parse("passt"));
        assertEquals(LinkUri.parse("passt"), LinkUri.parse("passt:"));
        for (String uri : new String[] {"passt", "passt:?tcp=8080", "tap:usernet0"}) {
            assertEquals(uri, LinkUri.parse(uri).toString());
        }
    }
}
