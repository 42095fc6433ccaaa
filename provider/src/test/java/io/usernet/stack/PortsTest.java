package io.usernet.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.buffer.Wakeups;
import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Memory;
import io.usernet.metrics.Counters;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.Listener;
import io.usernet.tcp.TcpLayer;
import java.net.BindException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The rules of Linux for who may have a port. */
class PortsTest {
    private static final int A = 0x0A000001, B = 0x0A000002, ANY = 0;

    private final Sysctls sysctls =
            Sysctls.defaults().with(Sysctl.IP_LOCAL_PORT_RANGE, "5000 5009");
    private final Ports ports = new Ports(sysctls, new Hash(1));

    private static void assertInUse(org.junit.jupiter.api.function.Executable call) {
        BindException e = assertThrows(BindException.class, call);
        assertEquals("Address already in use", e.getMessage());
    }

    private Listener listener() {
        TcpLayer layer =
                new TcpLayer(
                        sysctls, new Counters(), new Memory(4 << 20), new Wakeups(), Host.SEQUENCE);
        return new Listener(layer, new Backlog(1), 65_536, (l, now) -> {});
    }

    @Test
    void oneAddressAndPortOnce() throws BindException {
        ports.bind(A, 80, Reuse.NONE);
        assertInUse(() -> ports.bind(A, 80, Reuse.NONE));
        assertInUse(() -> ports.bind(A, 80, Reuse.NONE.withAddress(true)));
        ports.bind(B, 80, Reuse.NONE);
        ports.bind(A, 81, Reuse.NONE);
    }

    @Test
    void theWildcardOverlapsEverything() throws BindException {
        ports.bind(A, 80, Reuse.NONE);
        assertInUse(() -> ports.bind(ANY, 80, Reuse.NONE));
        ports.bind(ANY, 81, Reuse.NONE);
        assertInUse(() -> ports.bind(A, 81, Reuse.NONE));
    }

    @Test
    void reuseLetsBothBindButOneListen() throws BindException {
        Binding first = ports.bind(ANY, 80, Reuse.NONE.withAddress(true));
        Binding second = ports.bind(ANY, 80, Reuse.NONE.withAddress(true));
        ports.listen(first, listener());
        assertInUse(() -> ports.listen(second, listener()));
        assertInUse(() -> ports.bind(ANY, 80, Reuse.NONE.withAddress(true)));
        ports.unlisten(first);
        ports.listen(second, listener());
    }

    @Test
    void connectionsKeepThePortOfAClosedListener() throws BindException {
        Binding listening = ports.bind(ANY, 80, Reuse.NONE.withAddress(true));
        ports.listen(listening, listener());
        Binding connection = ports.accepted(listening, A);
        ports.use(connection);
        assertSame(connection, ports.accepted(listening, A), "shared by all that are alike");
        assertNotSame(connection, ports.accepted(listening, B));
        ports.unlisten(listening);
        ports.release(listening);
        assertInUse(() -> ports.bind(ANY, 80, Reuse.NONE));
        Binding again = ports.bind(ANY, 80, Reuse.NONE.withAddress(true));
        ports.release(again);
        ports.unuse(connection);
        ports.bind(A, 80, Reuse.NONE);
    }

    @Test
    void aSpecificListenerComesBeforeTheWildcard() throws BindException {
        Binding any = ports.bind(ANY, 80, Reuse.NONE.withAddress(true));
        Binding one = ports.bind(A, 80, Reuse.NONE.withAddress(true));
        ports.listen(any, listener());
        // Linux does not allow that: the listening wildcard overlaps.
        assertInUse(() -> ports.listen(one, listener()));
        ports.unlisten(any);
        ports.listen(one, listener());
        assertSame(one, ports.listening(A, 80, B, 1));
        assertNull(ports.listening(B, 80, A, 1));
    }

    @Test
    void listenersThatReusePortsShareTheConnections() throws BindException {
        Reuse port = Reuse.NONE.withPort(true);
        Binding[] all = new Binding[3];
        for (int i = 0; i < all.length; i++) {
            all[i] = ports.bind(ANY, 80, port);
            ports.listen(all[i], listener());
        }
        assertInUse(() -> ports.bind(ANY, 80, Reuse.NONE.withAddress(true)));
        int[] taken = new int[all.length];
        for (int peer = 1; peer <= 3_000; peer++) {
            Binding chosen = ports.listening(A, 80, B, peer);
            assertSame(chosen, ports.listening(A, 80, B, peer), "one peer, one listener");
            for (int i = 0; i < all.length; i++) if (chosen == all[i]) taken[i]++;
        }
        for (int n : taken) assertTrue(n > 800, Arrays.toString(taken));
        ports.unlisten(all[1]);
        ports.release(all[1]);
        for (int peer = 1; peer <= 100; peer++) {
            assertNotSame(all[1], ports.listening(A, 80, B, peer));
        }
    }

    @Test
    void portZeroFindsOneThatNobodyHas() throws BindException {
        Set<Integer> given = new HashSet<>();
        for (int i = 0; i < 10; i++)
            given.add(ports.bind(A, 0, Reuse.NONE.withAddress(true)).port());
        assertEquals(10, given.size());
        for (int port : given) assertTrue(port >= 5000 && port <= 5009);
        assertInUse(() -> ports.bind(A, 0, Reuse.NONE.withAddress(true)));
    }

    @Test
    void ephemeralPortsAreSharedByConnectionsToDifferentPeers() throws BindException {
        for (int i = 0; i < 5; i++)
            ports.bind(A, 5000 + i, Reuse.NONE.withAddress(true)); // these are left alone
        Set<Integer> used = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            used.add(ports.ephemeral(A, B, 80, p -> !used.contains(p)).port());
        }
        assertEquals(Set.of(5005, 5006, 5007, 5008, 5009), used);
        assertNull(ports.ephemeral(A, B, 80, p -> !used.contains(p)));
        assertTrue(used.contains(ports.ephemeral(A, B, 81, p -> true).port()));
    }

    @Test
    void ephemeralPortsCannotBeGuessedFromOthers() {
        Ports wide = new Ports(Sysctls.defaults(), new Hash(1));
        Ports other = new Ports(Sysctls.defaults(), new Hash(2));
        int one = wide.ephemeral(A, B, 80, p -> true).port();
        assertNotEquals(one + 1, wide.ephemeral(A, B, 81, p -> true).port());
        assertNotEquals(one, other.ephemeral(A, B, 80, p -> true).port());
    }

    @Test
    void nothingIsLeftAfterRelease() throws BindException {
        Binding binding = ports.bind(A, 80, Reuse.NONE);
        ports.use(binding);
        ports.release(binding);
        ports.release(binding);
        assertEquals(1, ports.size());
        ports.unuse(binding);
        assertEquals(0, ports.size());
    }
}
