package io.usernet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import io.usernet.link.Wire;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stack with several links, and one that takes datagrams to any address. */
@Timeout(60)
class SeveralLinksTest {
    private static final int PORT = 7000;
    private static final int BULK = 16 << 20;

    private static Stack host(LinkDevice link, String address, String gateway) throws IOException {
        return Stack.builder().link(link).address(address).gateway(gateway).open();
    }

    /** Sends random bytes and answers their digest. */
    private static byte[] send(SocketChannel to, long seed) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        SplittableRandom random = new SplittableRandom(seed);
        byte[] block = new byte[64 << 10];
        for (int sent = 0; sent < BULK; sent += block.length) {
            random.nextBytes(block);
            digest.update(block);
            ByteBuffer b = ByteBuffer.wrap(block);
            while (b.hasRemaining()) to.write(b);
        }
        to.shutdownOutput();
        return digest.digest();
    }

    private static byte[] drain(SocketChannel from) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        ByteBuffer b = ByteBuffer.allocate(64 << 10);
        while (from.read(b) >= 0) {
            digest.update(b.flip());
            b.clear();
        }
        return digest.digest();
    }

    private static CompletableFuture<byte[]> accept(ServerSocketChannel server) {
        return Async.supply(
                () -> {
                    try (SocketChannel accepted = server.accept()) {
                        return drain(accepted);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    @Test
    void bothLinksCarryConnectionsAtOnceThroughShortQueues() throws Exception {
        Wire left = new Wire("left", 2, 1500, 4);
        Wire right = new Wire("right", 3, 9000, 4);
        try (Stack middle =
                        Stack.builder()
                                .link(left.right())
                                .address("10.0.1.1/24")
                                .link(right.right())
                                .address("10.0.2.1/24")
                                .open();
                Stack a = host(left.left(), "10.0.1.2/24", "10.0.1.1");
                Stack b = host(right.left(), "10.0.2.2/24", "10.0.2.1");
                ServerSocketChannel server = middle.provider().openServerSocketChannel();
                ServerSocketChannel far = b.provider().openServerSocketChannel()) {
            server.bind(new InetSocketAddress(PORT));
            far.bind(new InetSocketAddress(PORT));
            CompletableFuture<byte[]> atMiddle = accept(server);
            CompletableFuture<byte[]> atB = accept(far);
            CompletableFuture<byte[]> outwards =
                    Async.supply(() -> connectAndSend(middle, "10.0.2.2", 1));
            assertArrayEquals(connectAndSend(a, "10.0.1.1", 2), atMiddle.get());
            assertArrayEquals(outwards.get(), atB.get());
            assertEquals(2, middle.addresses().size());
        }
    }

    private static byte[] connectAndSend(Stack from, String address, long seed) {
        try (SocketChannel channel = from.provider().openSocketChannel()) {
            channel.connect(new InetSocketAddress(address, PORT));
            return send(channel, seed);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void anyAddressIsAnswered() throws Exception {
        Wire wire = new Wire("any", 3, 1500, 64);
        try (Stack everybody = Stack.builder().link(wire.right()).acceptAnyAddress().open();
                Stack client = host(wire.left(), "10.0.0.2/24", "10.0.0.1");
                ServerSocketChannel server = everybody.provider().openServerSocketChannel();
                SocketChannel channel = client.provider().openSocketChannel()) {
            server.bind(new InetSocketAddress(PORT));
            channel.connect(new InetSocketAddress("198.51.100.7", PORT));
            try (SocketChannel accepted = server.accept()) {
                assertEquals(
                        new InetSocketAddress("198.51.100.7", PORT), accepted.getLocalAddress());
                assertEquals(channel.getLocalAddress(), accepted.getRemoteAddress());
            }
            assertEquals(-1, channel.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void theFailureOfOneLinkEndsTheStack() throws Exception {
        Wire good = new Wire();
        FailingLink bad = new FailingLink();
        try (Stack stack =
                        Stack.builder()
                                .link(good.left())
                                .address("10.0.1.1/24")
                                .link(bad)
                                .address("10.0.2.1/24")
                                .open();
                ServerSocketChannel server = stack.provider().openServerSocketChannel()) {
            server.bind(new InetSocketAddress(PORT));
            CountDownLatch connected = new CountDownLatch(1);
            CompletableFuture<byte[]> reader = Async.supply(() -> readOn(stack, connected));
            connected.await();
            bad.fail();
            IOException e = assertThrows(IOException.class, server::accept);
            assertEquals("The network stack is closed", e.getMessage());
            assertEquals("failing: it was told to", e.getCause().getMessage());
            Throwable read = assertThrows(Exception.class, reader::get).getCause().getCause();
            assertEquals("failing: it was told to", read.getCause().getMessage());
        }
    }

    /** Reads on a connection of the loopback until that fails. */
    private static byte[] readOn(Stack stack, CountDownLatch connected) {
        try (ServerSocketChannel local = stack.provider().openServerSocketChannel();
                SocketChannel channel = stack.provider().openSocketChannel()) {
            local.bind(new InetSocketAddress("127.0.0.1", 0));
            channel.connect(local.getLocalAddress());
            try (SocketChannel accepted = local.accept()) {
                assertEquals(channel.getLocalAddress(), accepted.getRemoteAddress());
                connected.countDown();
                return drain(channel);
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatIsWrongWithAnotherLinkNamesItsProperties() {
        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () ->
                                        Stack.builder()
                                                .link(new Wire().left())
                                                .address("10.0.1.1/24")
                                                .link("nowhere:x?host=10.0.2.1/24")
                                                .address("10.0.2.1/24")
                                                .open())
                        .getMessage();
        assertEquals(
                "usernet.link.2=nowhere:x?host=10.0.2.1/24: host=10.0.2.1/24 is the stack's own"
                        + " address, see usernet.address.2: give the other end another one",
                message);
    }

    @Test
    void aGivenLinkIsClosedWhereTheStackCannotBeOpened() {
        FailingLink behind = new FailingLink();
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        Stack.builder()
                                .link("nowhere:x")
                                .address("10.0.1.1/24")
                                .link(behind)
                                .address("10.0.2.1/24")
                                .open());
        assertEquals(1, behind.closed, "another link cannot be opened");

        FailingLink alone = new FailingLink();
        assertThrows(
                IllegalArgumentException.class,
                () -> Stack.builder().link(alone).address("10.0.1.0/24").open());
        assertEquals(1, alone.closed, "a setting is wrong");
    }

    /** A link whose wait fails when it is told to. */
    private static final class FailingLink implements LinkDevice {
        private boolean failed, woken;
        int closed;

        synchronized void fail() {
            failed = true;
            notifyAll();
        }

        @Override
        public LinkCapabilities capabilities() {
            return new LinkCapabilities("failing", 3, 1500, 0, false, 0);
        }

        @Override
        public boolean receive(io.usernet.frame.Frame into) {
            return false;
        }

        @Override
        public Transmit transmit(io.usernet.frame.Frame frame) {
            return Transmit.DONE;
        }

        @Override
        public synchronized void await(long timeoutNs, boolean forTransmit) {
            while (!failed && !woken) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    return;
                }
            }
            woken = false;
            if (failed) throw new LinkFailure("failing: it was told to");
        }

        @Override
        public synchronized void wake() {
            woken = true;
            notifyAll();
        }

        @Override
        public void close() {
            closed++;
        }
    }
}
