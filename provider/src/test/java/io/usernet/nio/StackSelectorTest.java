package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Async;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a selector keeps its candidates; what users see of it is in the contract suite. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StackSelectorTest {
    private static final int READ = SelectionKey.OP_READ, WRITE = SelectionKey.OP_WRITE;
    private static final long LONG_MS = 20_000;

    private final StackSelector selector = new StackSelector(new StackSelectorProvider(() -> null));

    @AfterEach
    void close() throws IOException {
        selector.close();
    }

    private SelectionKey register(SwitchChannel channel, int ops) throws IOException {
        channel.configureBlocking(false);
        return channel.register(selector, ops);
    }

    private CompletableFuture<Integer> selectElsewhere() {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                result.complete(selector.select(LONG_MS));
                            } catch (Throwable t) {
                                result.completeExceptionally(t);
                            }
                        });
        thread.start();
        while (thread.getState() != Thread.State.TIMED_WAITING && !result.isDone()) Thread.yield();
        return result;
    }

    /** The end of a transport makes ready; the keys are cancelled after it. */
    @Test
    void closedChannelIsNotSelectedThoughItIsReady() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        register(channel, READ);
        AtomicInteger found = new AtomicInteger(-1);
        channel.onClose =
                () -> {
                    channel.signal(READ);
                    found.set(selectNow());
                };
        channel.close();
        assertEquals(0, found.get());
    }

    private int selectNow() {
        try {
            return selector.selectNow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void keyThatIsNotReadyIsNotLookedAtAgain() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        register(channel, READ);
        assertEquals(0, selector.selectNow());
        int looks = channel.looks.get();
        for (int i = 0; i < 10; i++) assertEquals(0, selector.selectNow());
        assertEquals(looks, channel.looks.get());
    }

    /** By a thread that cancels whatever it finds in the selector's keys. */
    @Test
    void keyThatIsCancelledWhileItIsRegisteredIsReturnedCancelled() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        channel.set(READ);
        channel.onAttach = SelectionKey::cancel;
        SelectionKey key = register(channel, READ);
        assertFalse(key.isValid());
        assertEquals(0, selector.selectNow());
        assertEquals(Set.of(), selector.keys());
        assertFalse(channel.isRegistered());
    }

    @Test
    void readyKeyIsReportedUntilItIsNoLongerReady() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        register(channel, READ);
        channel.signal(READ);
        for (int i = 0; i < 3; i++) {
            assertEquals(1, selector.selectNow());
            selector.selectedKeys().clear();
        }
        channel.set(0);
        assertEquals(0, selector.selectNow());
        channel.signal(READ);
        assertEquals(1, selector.selectNow());
    }

    @Test
    void manySignalsAreOneCandidate() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        SelectionKey key = register(channel, READ | WRITE);
        for (int i = 0; i < 5; i++) channel.signal(READ);
        channel.signal(READ | WRITE);
        AtomicInteger given = new AtomicInteger();
        assertEquals(1, selector.selectNow(k -> given.incrementAndGet()));
        assertEquals(1, given.get());
        assertEquals(READ | WRITE, key.readyOps());
    }

    @Test
    void signalThatDoesNotMatterEndsNoSelect() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        register(channel, READ);
        CompletableFuture<Integer> selecting = selectElsewhere();
        for (int i = 0; i < 100; i++) channel.signal(WRITE);
        assertFalse(selecting.isDone());
        channel.signal(READ | WRITE);
        assertEquals(1, selecting.get());
    }

    @Test
    void signalWhoseCauseIsGoneEndsNoSelect() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        SelectionKey key = register(channel, READ);
        CompletableFuture<Integer> selecting = selectElsewhere();
        for (int i = 0; i < 100; i++) selector.candidate((StackSelectionKey) key);
        assertFalse(selecting.isDone());
        selector.wakeup();
        assertEquals(0, selecting.get());
    }

    @Test
    void newInterestTakesEffectDuringSelect() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        channel.set(WRITE);
        SelectionKey key = register(channel, READ);
        CompletableFuture<Integer> selecting = selectElsewhere();
        key.interestOpsOr(WRITE);
        assertEquals(1, selecting.get());
        assertEquals(WRITE, key.readyOps());
    }

    @Test
    void newInterestInWhatIsNotReadyWakesNobody() throws Exception {
        SwitchChannel idle = new SwitchChannel(), other = new SwitchChannel();
        SelectionKey key = register(idle, 0);
        register(other, READ);
        CompletableFuture<Integer> selecting = selectElsewhere();
        idle.lookers.clear();
        for (int i = 0; i < 100; i++) {
            key.interestOps(READ);
            key.interestOpsOr(WRITE);
            key.interestOps(0);
        }
        other.signal(READ);
        assertEquals(1, selecting.get());
        assertEquals(Set.of(Thread.currentThread()), idle.lookers);
    }

    @Test
    void changeJustAfterTheLookOfNewInterestIsNotLost() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        SelectionKey key = register(channel, 0);
        channel.afterLook = () -> channel.signal(WRITE);
        key.interestOps(WRITE);
        assertEquals(1, selector.selectNow());
    }

    /** The interest and the change that it waits for, published at the same time. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void newInterestThatRacesWithItsChangeIsNotSleptThrough(long seed) throws Exception {
        SwitchChannel channel = new SwitchChannel();
        SelectionKey key = register(channel, 0);
        int rounds = 10_000;
        AtomicInteger begun = new AtomicInteger();
        CompletableFuture<Void> signalling =
                Async.run(
                        () -> {
                            Random random = new Random(~seed);
                            for (int i = 1; i <= rounds; i++) {
                                while (begun.get() < i) Thread.yield();
                                spin(random.nextInt(100));
                                channel.signal(WRITE);
                            }
                        });
        Random random = new Random(seed);
        for (int i = 1; i <= rounds; i++) {
            begun.set(i);
            spin(random.nextInt(100));
            if (random.nextBoolean()) key.interestOps(WRITE);
            else key.interestOpsOr(WRITE);
            assertEquals(1, selector.select(LONG_MS), "round " + i);
            selector.selectedKeys().clear();
            channel.set(0);
            key.interestOps(0);
        }
        signalling.get(LONG_MS, TimeUnit.MILLISECONDS);
    }

    private static void spin(int times) {
        for (int i = 0; i < times; i++) Thread.onSpinWait();
    }

    @Test
    void registrationTakesEffectDuringSelect() throws Exception {
        CompletableFuture<Integer> selecting = selectElsewhere();
        SwitchChannel channel = new SwitchChannel();
        channel.set(READ);
        SelectionKey key = register(channel, READ);
        assertEquals(1, selecting.get());
        assertEquals(Set.of(key), selector.selectedKeys());
    }

    @Test
    void flushingCancelledKeysConsumesNoWakeup() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        SelectionKey key = register(channel, READ);
        key.cancel();
        selector.wakeup();
        // Frees the channel in this very selection, and returns for the wakeup alone.
        assertEquals(0, selector.select(LONG_MS));
        assertFalse(channel.isRegistered());
        selector.wakeup();
        assertEquals(0, selector.select(LONG_MS));
    }

    @Test
    void cancelledKeyHearsNothingMore() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        SelectionKey key = register(channel, READ);
        key.cancel();
        selector.selectNow();
        int looks = channel.looks.get();
        channel.signal(READ);
        assertEquals(looks, channel.looks.get());
        assertEquals(0, selector.selectNow());
    }

    @Test
    void everySignalReachesASelect() throws Exception {
        SwitchChannel channel = new SwitchChannel();
        register(channel, READ);
        int rounds = 100_000;
        AtomicInteger consumed = new AtomicInteger();
        CompletableFuture<Void> signalling =
                Async.run(
                        () -> {
                            for (int i = 0; i < rounds; i++) {
                                while (consumed.get() < i) Thread.onSpinWait();
                                channel.signal(READ);
                            }
                        });
        while (consumed.get() < rounds) {
            assertEquals(1, selector.select(LONG_MS), "after " + consumed);
            selector.selectedKeys().clear();
            channel.set(0);
            consumed.incrementAndGet();
        }
        signalling.get(LONG_MS, TimeUnit.MILLISECONDS);
    }

    @Test
    void selectingAllocatesNothing() throws Exception {
        for (int i = 0; i < 20; i++) {
            SwitchChannel channel = new SwitchChannel();
            register(channel, READ);
            channel.signal(READ);
        }
        Allocation.assertNone(
                () -> {
                    assertEquals(20, selector.select());
                    for (SelectionKey key : selector.selectedKeys()) assertTrue(key.isReadable());
                    selector.selectedKeys().clear();
                });
        Consumer<SelectionKey> action = key -> assertTrue(key.isReadable());
        Allocation.assertNone(() -> assertEquals(20, selector.select(action, 1)));
    }
}
