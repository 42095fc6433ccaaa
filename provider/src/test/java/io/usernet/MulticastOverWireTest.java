package io.usernet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.link.Wire;
import io.usernet.metrics.Counter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Groups between stacks inside one JVM, whose frames are shared rather than copied. */
@Timeout(60)
class MulticastOverWireTest {
    private static final int PORT = 7000;
    private static final InetSocketAddress TO = new InetSocketAddress("239.1.2.3", PORT);

    private static DatagramChannel channel(Stack stack) throws IOException {
        return stack.provider()
                .openDatagramChannel()
                .setOption(StandardSocketOptions.SO_REUSEADDR, true);
    }

    private static DatagramChannel member(Stack stack) throws IOException {
        DatagramChannel channel = channel(stack).bind(new InetSocketAddress(PORT));
        channel.socket().joinGroup(TO, null);
        return channel;
    }

    private static void assertReceives(DatagramChannel from, String source, byte[] text)
            throws IOException {
        ByteBuffer dst = ByteBuffer.allocate(70_000);
        InetSocketAddress sender = (InetSocketAddress) from.receive(dst);
        assertEquals(source, sender.getAddress().getHostAddress());
        assertArrayEquals(text, Arrays.copyOf(dst.array(), dst.position()));
    }

    private static void assertNothingHeld(Stack stack) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (stack.usage().memoryInUse() != 0 || stack.usage().frames() != 0) {
            assertTrue(System.nanoTime() < end, "left: " + stack.usage());
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void everybodyReceivesACopyOfEverySize(int layer) throws Exception {
        Wire wire = new Wire("groups", layer, 1_500, 256);
        try (Stack a = Stack.builder().link(wire.left()).address("10.0.0.1/24").open();
                Stack b = Stack.builder().link(wire.right()).address("10.0.0.2/24").open()) {
            try (DatagramChannel here = member(a);
                    DatagramChannel there = member(b);
                    DatagramChannel also = member(b);
                    DatagramChannel sender = channel(a)) {
                SplittableRandom random = new SplittableRandom(5);
                for (int length : new int[] {1, 256, 257, 1_472, 1_473, 9_000, 65_507}) {
                    byte[] text = new byte[length];
                    random.nextBytes(text);
                    sender.send(ByteBuffer.wrap(text), TO);
                    for (DatagramChannel one : new DatagramChannel[] {here, there, also}) {
                        assertReceives(one, "10.0.0.1", text);
                    }
                }
            }
            assertNothingHeld(a);
            assertNothingHeld(b);
            assertTrue(a.counters().get(Counter.IGMP_OUT_REPORTS) >= 2);
            assertEquals(null, b.counters().get(Counter.IGMP_IN_ERRORS));
        }
    }

    @Test
    void aBusyGroupLosesNothingThatFits() throws Exception {
        Wire wire = new Wire("busy", 3, 1_500, 256);
        try (Stack a = Stack.builder().link(wire.left()).address("10.0.0.1/24").open();
                Stack b = Stack.builder().link(wire.right()).address("10.0.0.2/24").open();
                DatagramChannel there = member(b);
                DatagramChannel sender = channel(a)) {
            byte[] text = new byte[1_000];
            for (int i = 0; i < 2_000; i++) {
                Arrays.fill(text, (byte) i);
                sender.send(ByteBuffer.wrap(text), TO);
                assertReceives(there, "10.0.0.1", text);
            }
        }
    }

    /** The machine's interfaces are not the stack's; whichever is named, it is about the stack. */
    @Test
    void anyOfTheKernelsInterfacesStandsForTheLink() throws Exception {
        Wire wire = new Wire("any", 3, 1_500, 16);
        try (Stack a = Stack.builder().link(wire.left()).address("10.0.0.1/24").open();
                Stack b = Stack.builder().link(wire.right()).address("10.0.0.2/24").open();
                DatagramChannel here = channel(a).bind(new InetSocketAddress(PORT));
                DatagramChannel there = channel(b).bind(new InetSocketAddress(PORT));
                DatagramChannel sender = channel(a)) {
            byte[] text = {1, 2, 3};
            NetworkInterface lo =
                    NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
            assertNotNull(here.join(TO.getAddress(), lo)); // the stack's own loopback
            for (NetworkInterface one : NetworkInterface.networkInterfaces().toList()) {
                if (one.equals(lo)) continue;
                MembershipKey key = there.join(TO.getAddress(), one);
                sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, one);
                sender.send(ByteBuffer.wrap(text), TO);
                assertReceives(there, "10.0.0.1", text);
                key.drop();
            }
            sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, lo);
            sender.send(ByteBuffer.wrap(text), TO);
            assertReceives(here, "127.0.0.1", text);
            here.configureBlocking(false);
            assertEquals(null, here.receive(ByteBuffer.allocate(9)), "a copy too many");
        }
    }
}
