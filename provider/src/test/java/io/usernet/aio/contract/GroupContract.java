package io.usernet.aio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.IllegalChannelGroupException;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Groups: their threads, their shutdown and their end. */
abstract class GroupContract extends AioContract {
    GroupContract(Subject subject) {
        super(subject);
    }

    private static void assertTerminates(AsynchronousChannelGroup group) throws Exception {
        assertTrue(group.awaitTermination(LIMIT_S, TimeUnit.SECONDS));
        assertTrue(group.isTerminated());
    }

    private static List<Thread> threadsNamed(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().startsWith(prefix) && t.isAlive())
                .toList();
    }

    @Test
    void argumentsAreChecked() throws Exception {
        AsynchronousChannelProvider provider = subject.provider();
        assertFails(
                IllegalArgumentException.class,
                "'nThreads' must be > 0",
                () -> provider.openAsynchronousChannelGroup(0, named("group")));
        assertFails(
                NullPointerException.class, () -> provider.openAsynchronousChannelGroup(1, null));
        assertFails(
                NullPointerException.class,
                "'executor' is null",
                () -> provider.openAsynchronousChannelGroup(null, 1));
    }

    @Test
    void groupOfAnotherProviderIsRefused() {
        AsynchronousChannelGroup foreign =
                new AsynchronousChannelGroup(null) {
                    @Override
                    public boolean isShutdown() {
                        return false;
                    }

                    @Override
                    public boolean isTerminated() {
                        return false;
                    }

                    @Override
                    public void shutdown() {}

                    @Override
                    public void shutdownNow() {}

                    @Override
                    public boolean awaitTermination(long timeout, TimeUnit unit) {
                        return false;
                    }
                };
        assertFails(IllegalChannelGroupException.class, () -> openSocket(foreign));
        assertFails(IllegalChannelGroupException.class, () -> openServer(foreign));
    }

    @Test
    void emptyGroupTerminatesAtOnce() throws Exception {
        AsynchronousChannelGroup group = fixed(3);
        assertFalse(group.isShutdown());
        assertFalse(group.isTerminated());
        assertFalse(group.awaitTermination(10, TimeUnit.MILLISECONDS));
        group.shutdown();
        assertTrue(group.isShutdown());
        assertTerminates(group);
        group.shutdown();
        group.shutdownNow();
    }

    @Test
    void shutdownTakesNoNewChannels() throws Exception {
        AsynchronousChannelGroup group = fixed(1);
        AsynchronousSocketChannel open = openSocket(group);
        group.shutdown();
        assertFails(ShutdownChannelGroupException.class, () -> openSocket(group));
        assertFails(ShutdownChannelGroupException.class, () -> openServer(group));
        assertFalse(group.isTerminated());
        open.close();
        assertTerminates(group);
    }

    @Test
    void shutdownLetsOpenChannelsWork() throws Exception {
        AsynchronousChannelGroup group = fixed(2);
        Pair pair = connect(group, null);
        AsynchronousServerSocketChannel unused = listen(group);
        group.shutdown();
        Recorder<Integer, Void> reader = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), null, reader);
        write(pair.server(), "x");
        assertEquals(1, reader.value());
        pair.client().close();
        assertFalse(group.isTerminated());
        assertTrue(unused.isOpen());
        unused.close();
        assertTerminates(group);
    }

    @Test
    void acceptIntoAGroupThatIsShutDownFails() throws Exception {
        AsynchronousChannelGroup group = fixed(1);
        AsynchronousServerSocketChannel server = listen(group);
        Future<AsynchronousSocketChannel> accepting = server.accept();
        group.shutdown();
        AsynchronousSocketChannel client = openSocket();
        result(client.connect(server.getLocalAddress()));
        IOException failure = failure(IOException.class, accepting);
        assertSame(ShutdownChannelGroupException.class, failure.getCause().getClass());
    }

    @Test
    void shutdownNowClosesAllChannels() throws Exception {
        AsynchronousChannelGroup group = fixed(2);
        Pair pair = connect(group, null); // its server would see the end, were it of the group
        Pair other = connect(null, group);
        AsynchronousServerSocketChannel server = listen(group);
        Future<Integer> reading = pair.client().read(ByteBuffer.allocate(1));
        Recorder<Integer, Void> reader = new Recorder<>();
        other.server().read(ByteBuffer.allocate(1), null, reader);
        Recorder<AsynchronousSocketChannel, Void> accepter = new Recorder<>();
        server.accept(null, accepter);
        group.shutdownNow();
        failure(AsynchronousCloseException.class, reading);
        reader.failure(AsynchronousCloseException.class);
        accepter.failure(AsynchronousCloseException.class);
        assertFalse(pair.client().isOpen());
        assertFalse(other.server().isOpen());
        assertFalse(server.isOpen());
        assertTrue(pair.server().isOpen());
        assertTerminates(group);
    }

    @Test
    void shutdownNowTellsTheHandlersOfManyChannels() throws Exception {
        AsynchronousChannelGroup group = cached(0);
        List<Recorder<Integer, Integer>> readers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Recorder<Integer, Integer> reader = new Recorder<>();
            Pair pair = connect(group, null);
            pair.client().read(ByteBuffer.allocate(1), 1, TimeUnit.HOURS, i, reader);
            readers.add(reader);
        }
        group.shutdownNow();
        for (int i = 0; i < readers.size(); i++) {
            readers.get(i).failure(AsynchronousCloseException.class);
            assertEquals(i, readers.get(i).attachment());
        }
        assertTerminates(group);
    }

    @Test
    void lastChannelMayBeClosedByAHandler() throws Exception {
        AsynchronousChannelGroup group = fixed(1);
        AsynchronousServerSocketChannel server = listen();
        AsynchronousSocketChannel client = openSocket(group);
        result(client.connect(server.getLocalAddress()));
        group.shutdown();
        HandlerContract.inGroup(client, () -> close(client));
        assertTerminates(group);
    }

    private static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void executorIsShutDownWithTheGroup() throws Exception {
        ExecutorService executor = Executors.newCachedThreadPool(named("group"));
        AsynchronousChannelGroup group = on(executor, 1);
        assertFalse(executor.isShutdown());
        group.shutdown();
        assertTerminates(group);
        assertTrue(executor.isTerminated());
    }

    @Test
    void noThreadIsLeft() throws Exception {
        String prefix = "leak-" + System.nanoTime();
        AsynchronousChannelGroup group =
                subject.provider().openAsynchronousChannelGroup(4, named(prefix));
        await("it has threads", () -> threadsNamed(prefix).size() == 4);
        Pair pair = connect(group);
        Recorder<Integer, Void> reader = new Recorder<>();
        pair.client().read(ByteBuffer.allocate(1), 1, TimeUnit.HOURS, null, reader);
        group.shutdownNow();
        assertTerminates(group);
        await("its threads end", () -> threadsNamed(prefix).isEmpty());
    }

    @Test
    void operationOnAChannelOfATerminatedGroup() throws Exception {
        AsynchronousChannelGroup group = fixed(1);
        Pair pair = connect(group);
        group.shutdownNow();
        assertTerminates(group);
        await("its threads are gone", () -> rejects(pair.client()));
        failure(
                java.nio.channels.ClosedChannelException.class,
                pair.client().read(ByteBuffer.allocate(1)));
    }

    private static boolean rejects(AsynchronousSocketChannel channel) {
        try {
            channel.read(ByteBuffer.allocate(1), null, new Recorder<>());
            return false;
        } catch (ShutdownChannelGroupException e) {
            return true;
        }
    }

    @Test
    void channelsOfOneGroupTalkToThoseOfAnother() throws Exception {
        AsynchronousServerSocketChannel server = listen(fixed(1));
        Future<AsynchronousSocketChannel> accepting = server.accept();
        AsynchronousSocketChannel client = openSocket(cached(0));
        result(client.connect(server.getLocalAddress()));
        AsynchronousSocketChannel accepted = closing(result(accepting));
        write(client, "x");
        assertEquals("x", read(accepted, 1));
    }

    /** The executor queues, so a thread that were taken from it for good would be missing. */
    @Test
    void executorOfOneThreadIsEnough() throws Exception {
        Pair pair = connect(on(Executors.newSingleThreadExecutor(named("group")), 0));
        for (int i = 0; i < 100; i++) {
            Recorder<Integer, Void> reader = new Recorder<>();
            pair.client().read(ByteBuffer.allocate(1), null, reader);
            Recorder<Integer, Void> writer = new Recorder<>();
            pair.server().write(ascii("x"), null, writer);
            assertEquals(1, writer.value());
            assertEquals(1, reader.value());
        }
    }

    private static Thread runIn(AsynchronousChannelGroup group) throws Exception {
        CompletableFuture<Thread> runner = new CompletableFuture<>();
        ((Executor) group).execute(() -> runner.complete(Thread.currentThread()));
        return result(runner);
    }

    /** No Javadoc says so, but what the JDK opens is one, and applications take it for one. */
    @Test
    void groupIsTheExecutorOfItsThreads() throws Exception {
        for (AsynchronousChannelGroup group :
                List.of(
                        fixed(1),
                        fixed(5),
                        cached(0),
                        cached(2),
                        on(Executors.newSingleThreadExecutor(named("group")), 0)))
            assertTrue(isOfGroup(runIn(group)));
        assertFails(NullPointerException.class, () -> ((Executor) fixed(1)).execute(null));
    }

    @Test
    void taskOfTheGroupCallsHandlersItself() throws Exception {
        AsynchronousChannelGroup group = fixed(1);
        Pair pair = connect(group);
        CompletableFuture<Boolean> calledInside = new CompletableFuture<>();
        ((Executor) group)
                .execute(
                        () -> {
                            Recorder<Integer, Void> writer = new Recorder<>();
                            pair.client().write(ascii("x"), null, writer);
                            calledInside.complete(writer.isCalled());
                        });
        assertTrue(result(calledInside));
    }

    @Test
    void tasksAreTakenUntilTheGroupTerminates() throws Exception {
        for (AsynchronousChannelGroup group : List.of(fixed(1), cached(0), cached(1))) {
            AsynchronousSocketChannel last = openSocket(group);
            group.shutdown();
            assertTrue(isOfGroup(runIn(group)));
            last.close();
            assertTerminates(group);
            await("it rejects tasks", () -> rejectsTasks(group));
        }
    }

    private static boolean rejectsTasks(AsynchronousChannelGroup group) {
        try {
            ((Executor) group).execute(() -> {});
            return false;
        } catch (RejectedExecutionException e) {
            return true;
        }
    }

    @Test
    void taskThatInterruptsItselfDoesNotDisturbTheGroup() throws Exception {
        AsynchronousChannelGroup group = fixed(1);
        Pair pair = connect(group);
        ((Executor) group).execute(() -> Thread.currentThread().interrupt());
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        ((Executor) group).execute(() -> interrupted.complete(Thread.interrupted()));
        assertFalse(result(interrupted));
        write(pair.server(), "x");
        assertEquals("x", read(pair.client(), 1));
    }

    @Test
    void taskThatThrowsDoesNotDisturbTheGroup() throws Exception {
        AsynchronousChannelGroup group =
                subject.provider()
                        .openAsynchronousChannelGroup(
                                1,
                                task -> {
                                    Thread thread = named("group").newThread(task);
                                    thread.setUncaughtExceptionHandler((t, e) -> {});
                                    return thread;
                                });
        closing(group::shutdownNow);
        Pair pair = connect(group);
        ((Executor) group)
                .execute(
                        () -> {
                            throw new IllegalStateException("of the test");
                        });
        assertTrue(isOfGroup(runIn(group)));
        write(pair.server(), "x");
        assertEquals("x", read(pair.client(), 1));
    }
}
