package io.usernet.socket.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What java.net promises of virtual threads: an interrupt closes the socket. */
abstract class VirtualThreadContract extends SocketContract {
    VirtualThreadContract(Subject subject) {
        super(subject);
    }

    @BeforeEach
    void haveVirtualThreads() {
        assumeTrue(Runtime.version().feature() >= 21, "there are none");
    }

    /** A call in a virtual thread. */
    private static final class Virtual {
        private final CompletableFuture<Object> outcome = new CompletableFuture<>();
        private final Thread thread;

        /** By reflection, as the code is for JDK 17. */
        Virtual(Callable<?> call) throws ReflectiveOperationException {
            Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
            Runnable run =
                    () -> {
                        try {
                            outcome.complete(call.call());
                        } catch (Throwable e) {
                            outcome.completeExceptionally(e);
                        }
                    };
            thread = (Thread) start.invoke(null, run);
        }

        void awaitWaiting() {
            while (thread.getState() != Thread.State.WAITING) LockSupport.parkNanos(1_000_000);
        }

        Object result() throws Exception {
            return outcome.get(10, TimeUnit.SECONDS);
        }

        Throwable failure() throws InterruptedException, TimeoutException {
            try {
                throw new AssertionError("no failure but " + outcome.get(10, TimeUnit.SECONDS));
            } catch (ExecutionException e) {
                return e.getCause();
            }
        }
    }

    private static void assertClosedByInterrupt(Virtual blocked) throws Exception {
        blocked.awaitWaiting();
        blocked.thread.interrupt();
        Throwable failure = blocked.failure();
        assertEquals(SocketException.class, failure.getClass(), failure.toString());
        assertEquals("Closed by interrupt", failure.getMessage());
    }

    @Test
    void readsAndWrites() throws Exception {
        Pair pair = connect();
        Virtual reading = new Virtual(() -> receive(pair.client(), 5));
        reading.awaitWaiting();
        new Virtual(
                        () -> {
                            send(pair.server(), "hello");
                            return null;
                        })
                .result();
        assertEquals("hello", reading.result());
    }

    @Test
    void anInterruptClosesTheSocketOfAReader() throws Exception {
        Socket socket = connect().client();
        InputStream in = socket.getInputStream();
        assertClosedByInterrupt(new Virtual(in::read));
        assertTrue(socket.isClosed());
    }

    @Test
    void anInterruptClosesTheSocketOfAWriter() throws Exception {
        Socket socket = connect().client();
        assertClosedByInterrupt(new Virtual(() -> writeForEver(socket)));
        assertTrue(socket.isClosed());
    }

    @Test
    void anInterruptClosesTheServerOfWhoAccepts() throws Exception {
        ServerSocket server = listen();
        assertClosedByInterrupt(new Virtual(server::accept));
        assertTrue(server.isClosed());
    }

    @Test
    void anInterruptClosesTheSocketThatConnects() throws Exception {
        InetSocketAddress unanswering = unanswering();
        Socket socket = socket();
        assertClosedByInterrupt(
                new Virtual(
                        () -> {
                            socket.connect(unanswering);
                            return null;
                        }));
        assertTrue(socket.isClosed());
    }

    @Test
    void closeWakesAReader() throws Exception {
        Socket socket = connect().client();
        InputStream in = socket.getInputStream();
        Virtual reading = new Virtual(in::read);
        reading.awaitWaiting();
        socket.close();
        assertEquals("Socket closed", reading.failure().getMessage());
    }

    /** Many more than there are carriers: none of them is held. */
    @Test
    void blockedThreadsLeaveTheirCarriers() throws Exception {
        int n = 200;
        Virtual[] reading = new Virtual[n];
        Pair[] pairs = new Pair[n];
        for (int i = 0; i < n; i++) {
            Pair pair = pairs[i] = connect();
            reading[i] = new Virtual(() -> receive(pair.client(), 2));
        }
        for (Virtual one : reading) one.awaitWaiting();
        for (Pair pair : pairs) send(pair.server(), "ok");
        for (Virtual one : reading) assertEquals("ok", one.result());
    }
}
