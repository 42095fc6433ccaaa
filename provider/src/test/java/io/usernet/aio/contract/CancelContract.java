package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** {@code Future.cancel}. */
abstract class CancelContract extends AioContract {
    CancelContract(Subject subject) {
        super(subject);
    }

    private static void assertCancelled(Future<?> future) {
        assertTrue(future.isCancelled());
        assertTrue(future.isDone());
        assertThrows(CancellationException.class, future::get);
        assertThrows(CancellationException.class, () -> future.get(1, TimeUnit.SECONDS));
        assertFalse(future.cancel(false));
        assertFalse(future.cancel(true));
    }

    @Test
    void futureTimesOutWithoutHarm() throws Exception {
        Pair pair = connect();
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        assertThrows(TimeoutException.class, () -> reading.get(10, TimeUnit.MILLISECONDS));
        write(pair.server(), "x");
        assertEquals(1, result(reading));
    }

    @Test
    void cancelledReadIsTheLast() throws Exception {
        Pair pair = connect();
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        assertTrue(reading.cancel(false));
        assertCancelled(reading);
        assertTrue(pair.client().isOpen());
        assertFails(
                IllegalStateException.class,
                "Reading not allowed due to timeout or cancellation",
                () -> pair.client().read(ByteBuffer.allocate(1)));
        write(pair.client(), "can write");
        assertEquals("can write", read(pair.server(), 9));
    }

    @Test
    void cancelledWriteIsTheLast() throws Exception {
        Pair pair = connect();
        Future<Integer> writing = fill(pair.client());
        assertTrue(writing.cancel(false));
        assertCancelled(writing);
        assertTrue(pair.client().isOpen());
        assertFails(
                IllegalStateException.class,
                "Writing not allowed due to timeout or cancellation",
                () -> pair.client().write(ascii("x")));
        write(pair.server(), "can read");
        assertEquals("can read", read(pair.client(), 8));
    }

    @Test
    void cancelByForceClosesTheChannel() throws Exception {
        Pair pair = connect();
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        assertTrue(reading.cancel(true));
        assertCancelled(reading);
        assertFalse(pair.client().isOpen());
        assertEndOfStream(pair.server());
        failure(ClosedChannelException.class, pair.client().write(ascii("x")));
    }

    @Test
    void cancelledConnectAllowsNeitherReadingNorWriting() throws Exception {
        AsynchronousSocketChannel client = openSocket();
        Future<Void> connecting = client.connect(unansweringAddress());
        assertTrue(connecting.cancel(false));
        assertCancelled(connecting);
        assertTrue(client.isOpen());
    }

    @Test
    void connectCancelledByForceClosesTheChannel() throws Exception {
        AsynchronousSocketChannel client = openSocket();
        Future<Void> connecting = client.connect(unansweringAddress());
        assertTrue(connecting.cancel(true));
        assertCancelled(connecting);
        assertFalse(client.isOpen());
    }

    @Test
    void cancelledAcceptIsTheLast() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        Future<AsynchronousSocketChannel> accepting = server.accept();
        assertTrue(accepting.cancel(false));
        assertCancelled(accepting);
        assertTrue(server.isOpen());
        assertFails(RuntimeException.class, "Accept not allowed due cancellation", server::accept);
    }

    @Test
    void acceptCancelledByForceClosesTheServer() throws Exception {
        AsynchronousServerSocketChannel server = listen();
        Future<AsynchronousSocketChannel> accepting = server.accept();
        assertTrue(accepting.cancel(true));
        assertCancelled(accepting);
        assertFalse(server.isOpen());
    }

    @Test
    void cancelReleasesWhoWaits() throws Exception {
        Pair pair = connect();
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        CountDownLatch released = new CountDownLatch(1);
        Thread waiting =
                new Thread(
                        () -> {
                            assertThrows(CancellationException.class, reading::get);
                            released.countDown();
                        });
        waiting.start();
        await("it waits", () -> waiting.getState() == Thread.State.WAITING);
        reading.cancel(false);
        assertTrue(released.await(LIMIT_S, TimeUnit.SECONDS));
    }

    /** Either the read is done, or it is cancelled and the channel reads no more. */
    @Test
    void cancelAgainstBytesIsOneOfBoth() throws Exception {
        for (int i = 0; i < 200; i++) {
            Pair pair = connect();
            Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
            Thread canceller = new Thread(() -> reading.cancel(false));
            canceller.start();
            write(pair.server(), "xy");
            canceller.join();
            if (reading.isCancelled()) {
                assertFails(
                        IllegalStateException.class,
                        () -> pair.client().read(ByteBuffer.allocate(1)));
            } else {
                assertEquals(1, result(reading));
                assertEquals("y", read(pair.client(), 1));
            }
            pair.client().close();
            pair.server().close();
        }
    }
}
