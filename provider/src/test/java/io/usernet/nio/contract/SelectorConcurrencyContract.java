package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** One selector, several threads. */
abstract class SelectorConcurrencyContract extends NioContract {
    private static final int READ = SelectionKey.OP_READ;
    private static final int WRITE = SelectionKey.OP_WRITE;

    SelectorConcurrencyContract(Subject subject) {
        super(subject);
    }

    @Test
    void registerDuringSelectTakesEffect() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        send(pair.server(), "x");
        Selector selector = openSelector();
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        // Must not wait for the select to end; the wakeup lets select take the key in, if it has
        // not.
        SelectionKey key = pair.client().register(selector, READ);
        assertTrue(key.isValid());
        selector.wakeup();
        int selected = selecting.result();
        assertEquals(1, selected == 1 ? 1 : selector.select(SELECT_MS));
        assertSelected(selector, key, READ);
    }

    @Test
    void interestOpsDuringSelectDoNotBlock() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = pair.client().register(selector, READ);
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        key.interestOps(READ | WRITE);
        assertEquals(READ | WRITE, key.interestOps());
        selector.wakeup();
        int selected = selecting.result();
        assertEquals(1, selected == 1 ? 1 : selector.select(SELECT_MS));
        assertSelected(selector, key, WRITE);
    }

    @Test
    void cancelDuringSelectDoesNotBlock() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = pair.client().register(selector, READ);
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        key.cancel();
        assertFalse(key.isValid());
        selector.wakeup();
        assertEquals(0, selecting.result());
        assertFalse(pair.client().isRegistered());
        pair.client().configureBlocking(true);
    }

    @Test
    void dataForACancelledKeyIsNotReported() throws Exception {
        Pair pair = connect();
        Pair other = connect();
        pair.client().configureBlocking(false);
        other.client().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = pair.client().register(selector, READ);
        SelectionKey otherKey = other.client().register(selector, READ);
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        key.cancel();
        send(pair.server(), "x");
        send(other.server(), "x");
        int selected = selecting.result();
        // The cancelled key's data may end the select, but only the other key may be in its result.
        assertEquals(1, selected == 1 ? 1 : selector.select(SELECT_MS));
        assertSelected(selector, otherKey, READ);
    }

    @Test
    void closeOfTheSelectorEndsABlockedSelect() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = pair.client().register(selector, READ);
        Background<Integer> selecting =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        selector.close();
        assertEquals(0, selecting.result());
        assertFails(ClosedSelectorException.class, selector::select);
        assertFalse(key.isValid());
        assertFalse(pair.client().isRegistered());
    }

    @Test
    void keysMayBeIteratedByTheSelectingThreadWhileOthersRegister() throws Exception {
        Selector selector = openSelector();
        Pair pair = connect();
        pair.client().configureBlocking(false);
        pair.client().register(selector, WRITE);
        assertEquals(1, selector.select(SELECT_MS));
        assertEquals(1, selector.selectedKeys().size());
        Pair other = connect();
        Background.run(
                        () -> {
                            other.client().configureBlocking(false);
                            other.client().register(selector, READ);
                        })
                .result();
        assertEquals(2, selector.keys().size());
        assertEquals(1, selector.selectedKeys().size());
    }

    @Test
    void everyWakeupReachesASelect() throws Exception {
        Selector selector = openSelector();
        int rounds = 20_000;
        AtomicInteger asked = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        Background<Void> selecting =
                Background.run(
                        () -> {
                            while (seen.get() < rounds) {
                                // A lost wakeup leaves this one waiting for good.
                                selector.select();
                                seen.set(asked.get());
                            }
                        });
        for (int i = 1; i <= rounds; i++) {
            asked.set(i);
            selector.wakeup();
            if (i % 64 == 0) {
                int round = i;
                Background.await("wakeup " + i + " seen", () -> seen.get() >= round);
            }
        }
        selecting.result();
    }

    @Test
    void everyByteWakesTheSelector() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = pair.client().register(selector, READ);
        int rounds = 5_000;
        Background<Void> echoing =
                Background.run(
                        () -> {
                            ByteBuffer one = ByteBuffer.allocate(1);
                            for (int i = 0; i < rounds; i++) {
                                assertEquals(1, selector.select());
                                assertTrue(key.isReadable());
                                selector.selectedKeys().clear();
                                assertEquals(1, pair.client().read(one.clear()));
                                assertEquals(1, pair.client().write(one.flip()));
                            }
                        });
        ByteBuffer one = ByteBuffer.allocate(1);
        for (int i = 0; i < rounds; i++) {
            one.clear().put((byte) i).flip();
            pair.server().write(one);
            assertEquals(1, pair.server().read(one.clear()));
            assertEquals((byte) i, one.get(0));
        }
        echoing.result();
    }

    @Test
    void interestOpsFromAnotherThreadAreSeenAfterWakeup() throws Exception {
        Pair pair = connect();
        pair.client().configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = pair.client().register(selector, 0);
        AtomicInteger writable = new AtomicInteger();
        int rounds = 1_000;
        Background<Void> selecting =
                Background.run(
                        () -> {
                            while (writable.get() < rounds) {
                                if (selector.select() > 0) {
                                    selector.selectedKeys().clear();
                                    key.interestOps(0);
                                    writable.incrementAndGet();
                                }
                            }
                        });
        for (int i = 1; i <= rounds; i++) {
            int round = i;
            key.interestOpsOr(WRITE);
            selector.wakeup();
            Background.await("round " + i, () -> writable.get() >= round);
        }
        selecting.result();
    }

    @Test
    void registerCancelAndCloseAtRandomFromManyThreads() throws Exception {
        Selector selector = openSelector();
        AtomicBoolean done = new AtomicBoolean();
        Background<Void> selecting =
                Background.run(
                        () -> {
                            while (!done.get()) {
                                selector.select(10);
                                selector.selectedKeys().clear();
                            }
                        });
        List<Background<Void>> users = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            SplittableRandom random = new SplittableRandom(t);
            users.add(Background.run(() -> useAtRandom(selector, random)));
        }
        for (Background<Void> user : users) {
            user.result();
        }
        done.set(true);
        selector.wakeup();
        selecting.result();
        selector.selectNow();
        assertTrue(selector.keys().isEmpty());
    }

    private void useAtRandom(Selector selector, SplittableRandom random) throws IOException {
        for (int i = 0; i < 60; i++) {
            Pair pair = connect();
            pair.client().configureBlocking(false);
            SelectionKey key = pair.client().register(selector, random.nextInt(2) * WRITE);
            try {
                for (int j = random.nextInt(4); j >= 0; j--) {
                    key.interestOps(random.nextBoolean() ? READ : READ | WRITE);
                }
                send(pair.server(), "x");
                if (random.nextBoolean()) {
                    key.cancel();
                }
                if (random.nextBoolean()) {
                    selector.wakeup();
                }
            } finally {
                pair.client().close();
                pair.server().close();
            }
            assertFalse(key.isValid());
            assertFails(CancelledKeyException.class, key::interestOps);
        }
    }

    @Test
    void twoThreadsSelectOneAfterTheOther() throws Exception {
        Selector selector = openSelector();
        Background<Integer> first =
                Background.call(() -> selector.select()).awaitBlockedIn("select");
        Background<Integer> second = Background.call(() -> selector.select());
        // The second waits for the first; each needs a wakeup of its own.
        selector.wakeup();
        assertEquals(0, first.result());
        second.awaitBlockedIn("select");
        selector.wakeup();
        assertEquals(0, second.result());
    }

    @Test
    void channelClosedByItsReaderWhileSelectedElsewhere() throws Exception {
        Pair pair = connect();
        SocketChannel channel = pair.client();
        channel.configureBlocking(false);
        Selector selector = openSelector();
        SelectionKey key = channel.register(selector, READ);
        send(pair.server(), "x");
        assertEquals(1, selector.select(SELECT_MS));
        Background.run(channel::close).result();
        assertFalse(key.isValid());
        assertFails(CancelledKeyException.class, key::isReadable);
        assertEquals(0, selector.selectNow());
        assertTrue(selector.selectedKeys().isEmpty());
    }

    @Test
    void flushOfCancelledKeysKeepsAWakeup() throws Exception {
        Selector selector = openSelector();
        Pair pair = connect();
        pair.server().configureBlocking(false);
        SelectionKey key = pair.server().register(selector, SelectionKey.OP_READ);
        key.cancel();
        selector.wakeup();
        assertEquals(0, selector.select());
        assertTrue(selector.keys().isEmpty());
        assertEquals(0, selector.selectNow());
        pair.server().register(selector, SelectionKey.OP_READ).cancel();
        selector.wakeup();
        pair.server().close(); // deregisters too
        assertEquals(0, selector.select());
    }

    @Test
    void closeOfTheSelectorWhileOthersRegisterLeavesNoChannelRegistered() throws Exception {
        for (int i = 0; i < 50; i++) {
            Selector selector = subject.provider().openSelector();
            Pipe pipe = subject.provider().openPipe();
            closing(pipe.sink());
            closing(pipe.source()).configureBlocking(false);
            Background<Boolean> registrar =
                    Background.call(
                            () -> {
                                try {
                                    pipe.source().register(selector, SelectionKey.OP_READ);
                                    return true;
                                } catch (ClosedSelectorException e) {
                                    return false;
                                }
                            });
            selector.close();
            registrar.result();
            Background.await("deregistered", () -> !pipe.source().isRegistered());
            pipe.source().configureBlocking(true);
        }
    }
}
