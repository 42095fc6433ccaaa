package io.usernet.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.config.Impairment;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.link.LinkDevice;
import io.usernet.link.Wire;
import io.usernet.link.wrap.ImpairLink;
import io.usernet.metrics.Counter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two stacks, a wire from each, and the relay between. */
@Timeout(60)
class RelayTest {
    private static final int BULK = 4 << 20;

    private static byte[] echoed(Stack alice, Stack bob, byte[] sent) throws Exception {
        ServerSocketChannel server = bob.provider().openServerSocketChannel();
        server.bind(new InetSocketAddress(7000));
        Thread echo =
                new Thread(
                        () -> {
                            try (SocketChannel channel = server.accept()) {
                                ByteBuffer b = ByteBuffer.allocate(16 << 10);
                                while (channel.read(b.clear()) >= 0) {
                                    b.flip();
                                    while (b.hasRemaining()) channel.write(b);
                                }
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
        echo.start();
        byte[] got = new byte[sent.length];
        try (SocketChannel channel = alice.provider().openSocketChannel()) {
            channel.connect(new InetSocketAddress("10.0.0.2", 7000));
            Thread writer =
                    new Thread(
                            () -> {
                                ByteBuffer b = ByteBuffer.wrap(sent);
                                try {
                                    while (b.hasRemaining()) channel.write(b);
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            });
            writer.start();
            ByteBuffer b = ByteBuffer.wrap(got);
            while (b.hasRemaining()) assertTrue(channel.read(b) > 0);
            writer.join();
        }
        echo.join();
        server.close();
        return got;
    }

    private static Stack host(Wire wire, boolean left, String address) throws IOException {
        return Stack.builder().link(left ? wire.left() : wire.right()).address(address).open();
    }

    @Test
    void carriesBothWaysOverABadCable() throws Exception {
        Wire a = new Wire("a", 2, 1500, 64), b = new Wire("b", 2, 1500, 64);
        ImpairLink bad =
                ImpairLink.open(
                        b.left(),
                        Impairment.parse(
                                "loss=1%,delay=1ms,reorder=1%,duplicate=1%,corrupt=1%,seed=1"));
        try (Stack alice = host(a, true, "10.0.0.1/24");
                Stack bob = host(b, false, "10.0.0.2/24");
                Relay relay = new Relay(a.right(), bad)) {
            relay.start();
            byte[] sent = new byte[BULK];
            new Random(1).nextBytes(sent);
            assertArrayEquals(sent, echoed(alice, bob, sent));
            assertTrue(bad.counts().in().lost() > 0 && bad.counts().out().lost() > 0);
            assertTrue(bad.counts().in().corrupted() > 0 && bad.counts().out().corrupted() > 0);
            assertTrue(alice.counters().get(Counter.TCP_IN_CSUM_ERRORS) > 0);
            assertTrue(bob.counters().get(Counter.TCP_IN_CSUM_ERRORS) > 0);
            assertTrue(relay.counts().contains(" 0 too long"), relay::counts);
        }
    }

    @Test
    void aFrameTooLongForTheOtherSideIsDroppedAndCounted() throws Exception {
        Wire a = new Wire("a", 3, 9000, 64), b = new Wire("b", 3, 1500, 64);
        FramePool frames = new FramePool(new Memory(4 << 20));
        try (Relay relay = new Relay(a.right(), b.left())) {
            relay.start();
            for (int length : new int[] {1501, 1500}) {
                Frame frame = frames.take();
                frame.reserve(length);
                frame.filled(length);
                assertEquals(LinkDevice.Transmit.HELD, a.left().transmit(frame));
            }
            a.left().flush();
            Frame got = frames.take();
            while (!b.right().receive(got)) b.right().await(Long.MAX_VALUE, false);
            assertEquals(1500, got.length());
            String to = relay.counts().lines().findFirst().orElseThrow();
            assertEquals("to b.0: 1 frames, 1 too long, 0 dropped, 0 dropped by the link", to);
        }
    }

    @Test
    void layersMustAgree() {
        Wire ethernet = new Wire("e", 2, 1500, 4), ip = new Wire("i", 3, 1500, 4);
        String line =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Relay(ethernet.left(), ip.left()))
                        .getMessage();
        assertTrue(line.startsWith("e.0 is of layer 2 and i.0 of layer 3: join tap:"), line);
    }
}
