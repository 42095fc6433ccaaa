package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** DatagramChannel in blocking mode, in several threads: waiting, closing, interrupting. */
abstract class DatagramBlockingContract extends NioContract {
    DatagramBlockingContract(Subject subject) {
        super(subject);
    }

    private static Background<SocketAddress> receiving(DatagramChannel channel) {
        return Background.call(() -> channel.receive(ByteBuffer.allocate(1)))
                .awaitBlockedIn("receive");
    }

    private static Background<Integer> reading(DatagramChannel channel) {
        return Background.call(() -> channel.read(ByteBuffer.allocate(1))).awaitBlockedIn("read");
    }

    @Test
    void datagramEndsABlockedReceive() throws Exception {
        DatagramChannel channel = boundDatagram(), sender = boundDatagram();
        Background<SocketAddress> receiving = receiving(channel);
        sender.send(ascii("x"), channel.getLocalAddress());
        assertEquals(sender.getLocalAddress(), receiving.result());
    }

    @Test
    void datagramEndsABlockedRead() throws Exception {
        Datagrams pair = connectDatagrams();
        Background<Integer> reading = reading(pair.other());
        pair.one().write(ascii("x"));
        assertEquals(1, reading.result());
    }

    @Test
    void datagramEndsABlockedScatteringRead() throws Exception {
        Datagrams pair = connectDatagrams();
        ByteBuffer[] dsts = {ByteBuffer.allocate(1), ByteBuffer.allocate(9)};
        Background<Long> reading =
                Background.call(() -> pair.other().read(dsts)).awaitBlockedIn("read");
        pair.one().write(ascii("abc"));
        assertEquals(3, reading.result());
    }

    @Test
    void blockedReceiveOfAnUnboundChannelHasBoundIt() throws Exception {
        DatagramChannel channel = openDatagram();
        Background<SocketAddress> receiving = receiving(channel);
        Background.await(
                "bound", channel.socket()::isBound); // which blocks, too, on a busy machine
        assertTrue(addressOf(channel).getAddress().isAnyLocalAddress());
        assertTrue(addressOf(channel).getPort() > 0);
        boundDatagram()
                .send(
                        ascii("x"),
                        new java.net.InetSocketAddress(
                                subject.serverAddress(), addressOf(channel).getPort()));
        receiving.result();
    }

    @Test
    void sendDoesNotWaitForABlockedReceive() throws Exception {
        DatagramChannel channel = boundDatagram(), other = boundDatagram();
        Background<SocketAddress> receiving = receiving(channel);
        assertEquals(1, channel.send(ascii("x"), other.getLocalAddress()));
        assertEquals(channel.getLocalAddress(), other.receive(ByteBuffer.allocate(1)));
        other.send(ascii("y"), channel.getLocalAddress());
        assertEquals(other.getLocalAddress(), receiving.result());
    }

    @Test
    void sendOfAnUnboundChannelDoesNotWaitForABlockedReceive() throws Exception {
        DatagramChannel channel = openDatagram(), other = boundDatagram();
        Background<SocketAddress> receiving = receiving(channel);
        assertEquals(1, channel.send(ascii("x"), other.getLocalAddress()));
        SocketAddress sender = other.receive(ByteBuffer.allocate(1));
        other.send(ascii("y"), sender);
        assertEquals(other.getLocalAddress(), receiving.result());
    }

    /** Either may bind the channel: the other one must not wait for it to leave. */
    @Test
    void firstSendAtTheTimeOfTheFirstReceiveDoesNotWaitForIt() throws Exception {
        DatagramChannel other = boundDatagram();
        for (int i = 0; i < 300; i++) {
            DatagramChannel channel = openDatagram();
            CyclicBarrier together = new CyclicBarrier(2);
            Background<SocketAddress> receiving =
                    Background.call(
                            () -> {
                                together.await();
                                return channel.receive(ByteBuffer.allocate(1));
                            });
            together.await();
            channel.send(ascii("x"), other.getLocalAddress());
            other.send(ascii("y"), other.receive(ByteBuffer.allocate(1)));
            assertEquals(other.getLocalAddress(), receiving.result());
            channel.close();
        }
    }

    @Test
    void connectAndConfigureBlockingWaitForABlockedReceive() throws Exception {
        DatagramChannel channel = boundDatagram(), other = boundDatagram();
        Background<SocketAddress> receiving = receiving(channel);
        Background<Void> connecting = Background.run(() -> channel.connect(deafAddress()));
        Background<Void> configuring = Background.run(() -> channel.configureBlocking(false));
        TimeUnit.MILLISECONDS.sleep(50);
        assertFalse(connecting.isDone());
        assertFalse(configuring.isDone());
        assertFalse(channel.isConnected());
        other.send(ascii("x"), channel.getLocalAddress());
        receiving.result();
        connecting.result();
        configuring.result();
        assertTrue(channel.isConnected());
    }

    @Test
    void closeEndsABlockedReceive() throws Exception {
        DatagramChannel channel = boundDatagram();
        SocketAddress local = channel.getLocalAddress();
        Background<SocketAddress> receiving = receiving(channel);
        channel.close();
        receiving.failure(AsynchronousCloseException.class, false);
        Background.await("the port is free", () -> canBind(local));
    }

    private boolean canBind(SocketAddress address) {
        try {
            return openDatagram().bind(address).isOpen();
        } catch (java.net.BindException e) {
            return false;
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void closeEndsABlockedRead() throws Exception {
        DatagramChannel channel = connectDatagrams().one();
        Background<Integer> reading = reading(channel);
        channel.close();
        reading.failure(AsynchronousCloseException.class, false);
        assertFalse(channel.isConnected());
    }

    @Test
    void closeEndsAllWhoQueueUp() throws Exception {
        DatagramChannel channel = connectDatagrams().one();
        Background<Integer> first = reading(channel), second = reading(channel);
        channel.close();
        first.failure(AsynchronousCloseException.class, false);
        assertTrue(
                second.anyFailure() instanceof java.nio.channels.ClosedChannelException, "second");
    }

    @Test
    void interruptEndsABlockedReceiveAndClosesTheChannel() throws Exception {
        DatagramChannel channel = boundDatagram();
        Background<SocketAddress> receiving = receiving(channel);
        receiving.interrupt();
        receiving.failure(ClosedByInterruptException.class, true);
        assertFalse(channel.isOpen());
    }

    @Test
    void interruptEndsABlockedReadAndClosesTheChannel() throws Exception {
        DatagramChannel channel = connectDatagrams().one();
        Background<Integer> reading = reading(channel);
        reading.interrupt();
        reading.failure(ClosedByInterruptException.class, true);
        assertFalse(channel.isOpen());
    }

    @Test
    void blockingCallsOfAnInterruptedThreadCloseTheChannel() throws Exception {
        DatagramChannel to = boundDatagram();
        SocketAddress address = to.getLocalAddress();
        DatagramChannel sends = boundDatagram(), receives = boundDatagram();
        DatagramChannel writes = connectDatagrams().one();
        interrupted(() -> sends.send(ascii("x"), address));
        interrupted(() -> receives.receive(ByteBuffer.allocate(1)));
        interrupted(() -> writes.write(ascii("x")));
        assertFalse(sends.isOpen());
        assertFalse(receives.isOpen());
        assertFalse(writes.isOpen());
    }

    private static void interrupted(Background.Action action) throws Exception {
        Background.run(
                        () -> {
                            Thread.currentThread().interrupt();
                            action.run();
                        })
                .failure(ClosedByInterruptException.class, true);
    }

    @Test
    void bindConnectAndNonBlockingCallsIgnoreTheInterruptStatus() throws Exception {
        DatagramChannel channel = openDatagram(), other = boundDatagram();
        channel.configureBlocking(false);
        Background<Integer> calls =
                Background.call(
                        () -> {
                            Thread.currentThread().interrupt();
                            channel.bind(anyPort());
                            channel.connect(other.getLocalAddress());
                            channel.disconnect();
                            channel.receive(ByteBuffer.allocate(1));
                            return channel.send(ascii("x"), other.getLocalAddress());
                        });
        assertEquals(1, calls.result());
        assertTrue(calls.endedInterrupted());
        assertTrue(channel.isOpen());
        assertEquals(channel.getLocalAddress(), other.receive(ByteBuffer.allocate(1)));
    }

    /** Each of two threads per channel sends, or receives, and nothing is torn or mixed up. */
    @Test
    void bothDirectionsAtOnce() throws Exception {
        Datagrams pair = connectDatagrams();
        int rounds = 2_000;
        Background<Void> echo =
                Background.run(
                        () -> {
                            ByteBuffer buffer = ByteBuffer.allocate(600);
                            for (int i = 0; i < rounds; i++) {
                                pair.other().read(buffer.clear());
                                pair.other().write(buffer.flip());
                            }
                        });
        java.util.concurrent.Semaphore window = new java.util.concurrent.Semaphore(16);
        Background<Void> sender =
                Background.run(
                        () -> {
                            for (int i = 0; i < rounds; i++) {
                                window.acquire();
                                byte[] bytes = randomBytes(8 + i % 500, i);
                                pair.one().write(ByteBuffer.wrap(bytes).putInt(0, i));
                            }
                        });
        ByteBuffer dst = ByteBuffer.allocate(600);
        for (int i = 0; i < rounds; i++) {
            pair.one().read(dst.clear());
            window.release();
            byte[] bytes = randomBytes(8 + i % 500, i);
            assertEquals(ByteBuffer.wrap(bytes).putInt(0, i), dst.flip());
        }
        sender.result();
        echo.result();
    }

    /** Large ones fill the send buffer; a sender in blocking mode waits until there is room. */
    @Test
    void blockingSenderIsNotRefused() throws Exception {
        Datagrams pair = connectDatagrams();
        pair.one().setOption(java.net.StandardSocketOptions.SO_SNDBUF, 4_096);
        Background<Void> reader =
                Background.run(
                        () -> {
                            ByteBuffer dst = ByteBuffer.allocate(60_000);
                            while (pair.other().read(dst.clear()) != 3) {}
                        });
        for (int i = 0; i < 200; i++) {
            ByteBuffer src = ByteBuffer.allocate(i % 2 == 0 ? 30_000 : 700);
            int size = src.remaining();
            assertEquals(size, pair.one().write(src));
            assertEquals(0, src.remaining());
        }
        while (!reader.isDone()) {
            pair.one().write(ascii("end"));
            TimeUnit.MILLISECONDS.sleep(1);
        }
        reader.result();
    }

    @Test
    void closeWhileOthersSendAndReceive() throws Exception {
        for (int round = 0; round < 30; round++) {
            Datagrams pair = connectDatagrams();
            Background<Void> sender =
                    Background.run(
                            () -> {
                                while (true) pair.one().write(ByteBuffer.allocate(1_000));
                            });
            Background<Void> receiver =
                    Background.run(
                            () -> {
                                while (true) pair.other().receive(ByteBuffer.allocate(1_000));
                            });
            TimeUnit.MILLISECONDS.sleep(2);
            if (round % 2 == 0) pair.other().close();
            pair.one().close();
            pair.other().close();
            Throwable sent = sender.anyFailure();
            assertTrue(
                    sent instanceof java.nio.channels.ClosedChannelException
                            || sent instanceof java.net.PortUnreachableException,
                    sent::toString);
            assertTrue(
                    receiver.anyFailure() instanceof java.nio.channels.ClosedChannelException,
                    "receiver");
        }
    }
}
