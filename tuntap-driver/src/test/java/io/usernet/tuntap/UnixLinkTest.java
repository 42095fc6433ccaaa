package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.frame.Slab;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkDevice.Transmit;
import io.usernet.link.LinkUri;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One link and, at the other end, what is written and read with the JDK's sockets. */
@Timeout(60)
class UnixLinkTest {
    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);

    @TempDir Path directory;
    private Path path;
    private LinkDevice link;
    private final Memory memory = new Memory(32 << 20);
    private final FramePool pool = new FramePool(memory);
    private long freeAtFirst = memory.free(Slab.Size.LARGE);

    @BeforeEach
    void choosePath() {
        path = directory.resolve("wire");
    }

    @AfterEach
    void everythingIsGivenBack() {
        if (link != null) link.close();
        link = null;
        assertEquals(0, pool.out());
        assertEquals(freeAtFirst, memory.free(Slab.Size.LARGE));
        assertFalse(Files.exists(path));
    }

    private static LinkDevice open(String uri) throws IOException {
        return new UnixProvider().open(LinkUri.parse(uri));
    }

    /** A link that listens, and its peer. */
    private WirePeer peerOf(String parameters) throws IOException {
        link = open("unix:" + path + parameters);
        return WirePeer.connect(path);
    }

    /** A connection that waits for a descriptor is seen by each poll, which must not spin for it. */
    @Test
    void aListenerWithoutDescriptorsPauses() throws Exception {
        Syscalls kernel = Natives.here().get(0).calls().sys();
        AtomicInteger failures = new AtomicInteger(3);
        Syscalls sys =
                (Syscalls)
                        Proxy.newProxyInstance(
                                Syscalls.class.getClassLoader(),
                                new Class<?>[] {Syscalls.class},
                                (proxy, method, arguments) ->
                                        method.getName().equals("accept")
                                                        && failures.getAndDecrement() > 0
                                                ? (Object) (-Errno.EMFILE)
                                                : method.invoke(kernel, arguments));
        NativeCalls calls = new NativeCalls(sys, new SyscallUnixSockets(sys));
        Rendezvous listening = Rendezvous.at(calls, path.toString(), Rendezvous.Mode.LISTEN);
        link = new UnixLink(sys, listening, new LinkCapabilities("wire", 2, 1_500, 2, false, 0));
        try (WirePeer peer = WirePeer.connect(path)) {
            peer.send(bytes(60, 1));
            long start = System.nanoTime();
            for (int i = 0; i < 3; i++) link.await(Long.MAX_VALUE, false);
            assertEquals(0, failures.get());
            long pausedNs = System.nanoTime() - start;
            assertTrue(pausedNs >= 3 * 9 * MS, pausedNs + " ns");
            assertNext(bytes(60, 1));
        }
    }

    private static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] bytes(Frame frame) {
        byte[] bytes = new byte[frame.length()];
        frame.copy(0, bytes.length, ByteBuffer.wrap(bytes), 0);
        return bytes;
    }

    /** As a loop does, until a frame comes: null if none does in a while. */
    private Frame next(long timeoutNs) {
        long end = System.nanoTime() + timeoutNs;
        Frame frame = pool.take();
        while (!link.receive(frame)) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                frame.release();
                return null;
            }
            link.await(left, false);
        }
        return frame;
    }

    private void assertNext(byte[] expected) {
        Frame frame = next(10_000 * MS);
        assertArrayEquals(expected, bytes(frame));
        assertTrue(frame.length(0) >= Math.min(192, expected.length), "headers in one slice");
        frame.release();
    }

    private void assertNoneFor(long ms) {
        Frame frame = next(ms * MS);
        assertEquals(null, frame);
    }

    /** Turns, until what a peer does elsewhere has come. */
    private void turnUntil(CompletableFuture<?> done) {
        while (!done.isDone()) assertNoneFor(1);
        done.join();
    }

    /** Waits for what a peer or a thread does elsewhere; unlike join, not for ever. */
    private static void finish(CompletableFuture<?> elsewhere) throws Exception {
        elsewhere.get(20, TimeUnit.SECONDS);
    }

    private static CompletableFuture<Void> elsewhere(Action action) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        action.run();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                command -> {
                    Thread thread = new Thread(command, "peer");
                    thread.setDaemon(true);
                    thread.start();
                });
    }

    private interface Action {
        void run() throws Exception;
    }

    /** A frame out of bytes, cut into slices at these positions; the first slice ends at cuts[0]. */
    private Frame frame(byte[] bytes, int... cuts) {
        Frame frame = pool.take();
        frame.begin();
        int first = cuts.length == 0 ? Math.min(bytes.length, 100) : cuts[0];
        int at = frame.prepend(first);
        frame.bytes().put(at, bytes, 0, first);
        int[] ends = cuts.length == 0 ? new int[] {first} : cuts;
        for (int i = 0; i < ends.length; i++) {
            int from = ends[i];
            int to = i + 1 < ends.length ? ends[i + 1] : bytes.length;
            if (from == to) continue;
            ByteBuffer slice = ByteBuffer.allocateDirect(to - from + 3);
            slice.put(3, bytes, from, to - from); // not at the beginning of its region
            frame.append(new Region(slice), null, 3, to - from);
        }
        return frame;
    }

    /** Transmits as a loop does, and waits while the link is full. */
    private void transmit(byte[] bytes, int... cuts) {
        Frame frame = frame(bytes, cuts);
        while (true) {
            Transmit result = link.transmit(frame);
            if (result == Transmit.DONE) frame.release();
            if (result != Transmit.FULL) return;
            link.await(Long.MAX_VALUE, true);
        }
    }

    // -- in

    @Test
    void framesThatWereReadWithTheFirstOneEndTheNextWait() throws Exception {
        try (WirePeer peer = peerOf("")) {
            peer.send(bytes(60, 1), bytes(60, 2));
            assertNext(bytes(60, 1));
            long start = System.nanoTime();
            link.await(5_000 * MS, false);
            assertTrue(System.nanoTime() - start < 4_000 * MS, "poll doesn't see them");
            assertNext(bytes(60, 2));
            assertNoneFor(1);
            start = System.nanoTime();
            link.await(100 * MS, false);
            assertTrue(System.nanoTime() - start >= 99 * MS, "there is none now");
        }
    }

    @Test
    void manyFramesInOneReadAndOneFrameInManyPieces() throws Exception {
        try (WirePeer peer = peerOf("")) {
            List<byte[]> frames = new ArrayList<>();
            for (int i = 0; i < 300; i++) frames.add(bytes(14 + i, i));
            peer.send(frames.toArray(byte[][]::new));
            for (byte[] frame : frames) assertNext(frame);
            assertNoneFor(1);

            byte[] last = bytes(60, 7);
            for (byte b : WirePeer.encoded(bytes(14, 6), last)) {
                peer.sendRaw(new byte[] {b});
                Frame frame = next(MS / 10);
                if (frame == null) continue;
                assertTrue(frame.length() == 14 || frame.length() == 60);
                if (frame.length() == 60) assertArrayEquals(last, bytes(frame));
                frame.release();
                if (b == last[59]) return;
            }
            assertNext(last);
        }
    }

    /** Slabs are crossed at every possible place of a frame, while frames keep slabs. */
    @ParameterizedTest
    @ValueSource(ints = {60, 997, 4_003, 65_534})
    void framesGoOnInTheNextSlab(int most) throws Exception {
        for (int i = 0; i < 3; i++) assertTrue(memory.grow(Slab.Size.LARGE));
        freeAtFirst = memory.free(Slab.Size.LARGE);
        try (WirePeer peer = peerOf("")) {
            Random random = new Random(most);
            int count = Math.min(3_000, 20_000_000 / most);
            List<byte[]> frames = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                frames.add(bytes(14 + random.nextInt(most - 13), i));
            }
            CompletableFuture<Void> sent =
                    elsewhere(() -> peer.send(frames.toArray(byte[][]::new)));
            ArrayDeque<Frame> kept = new ArrayDeque<>();
            ArrayDeque<byte[]> expected = new ArrayDeque<>();
            int inTwo = 0;
            for (byte[] bytes : frames) {
                Frame frame = next(10_000 * MS);
                assertArrayEquals(bytes, bytes(frame));
                assertTrue(frame.length(0) >= Math.min(192, bytes.length), "headers in one slice");
                if (frame.slices() == 2) inTwo++;
                kept.add(frame);
                expected.add(bytes);
                if (kept.size() > 30) {
                    Frame old = kept.remove();
                    assertArrayEquals(expected.remove(), bytes(old), "was overwritten");
                    old.release();
                }
            }
            finish(sent);
            for (Frame frame : kept) frame.release();
            if (most > 60) assertTrue(inTwo > 0, "none crossed");
        }
    }

    @Test
    void withoutMemoryTheStreamKeepsItsPlace() throws Exception {
        try (WirePeer peer = peerOf("")) {
            List<byte[]> frames = new ArrayList<>();
            for (int i = 0; i < 400; i++) frames.add(bytes(14 + i * 100, i));
            CompletableFuture<Void> sent =
                    elsewhere(() -> peer.send(frames.toArray(byte[][]::new)));
            List<Slab> taken = new ArrayList<>();
            for (int i = 0; i < frames.size(); i++) {
                if (i % 100 == 50) {
                    for (Slab s; (s = memory.take(Slab.Size.LARGE)) != null; ) taken.add(s);
                } else if (i % 100 == 0) {
                    for (Slab slab : taken) slab.release();
                    taken.clear();
                }
                assertNext(frames.get(i));
            }
            for (Slab slab : taken) slab.release();
            finish(sent);
        }
    }

    @Test
    void aFrameThatIsTooLongIsDroppedAndCounted() throws Exception {
        try (WirePeer peer = peerOf("?mtu=1500")) {
            peer.send(bytes(1_519, 1), bytes(1_518, 2), bytes(69_632, 3), bytes(60, 4));
            assertNext(bytes(1_518, 2));
            assertNext(bytes(60, 4));
            assertEquals(2, link.dropped());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 13, 69_633, Integer.MAX_VALUE, -1, 0x4745_5420 /* GET */})
    void whoSendsNoFramesIsDisconnected(int length) throws Exception {
        try (WirePeer peer = peerOf("")) {
            peer.send(bytes(60, 1));
            assertNext(bytes(60, 1));
            peer.sendRaw(ByteBuffer.allocate(100).putInt(length).array());
            CompletableFuture<Void> end = elsewhere(peer::awaitEnd);
            turnUntil(end);
            assertEquals(1, link.dropped());
        }
        try (WirePeer another = WirePeer.connect(path)) {
            another.send(bytes(61, 2));
            assertNext(bytes(61, 2));
        }
    }

    @Test
    void aFrameInPartIsDroppedWithItsConnection() throws Exception {
        byte[] first = bytes(30_000, 1);
        for (int length : new int[] {1, 3, 4, 5, 1_000, 30_003}) {
            long before = link == null ? 0 : link.dropped();
            try (WirePeer peer = link == null ? peerOf("") : WirePeer.connect(path)) {
                peer.send(bytes(100, length));
                byte[] part = new byte[length];
                System.arraycopy(WirePeer.encoded(first), 0, part, 0, length);
                peer.sendRaw(part);
                assertNext(bytes(100, length));
                assertNoneFor(1);
            }
            try (WirePeer peer = WirePeer.connect(path)) {
                peer.send(first);
                assertNext(first);
            }
            assertEquals(before + 1, link.dropped(), length + " bytes of it");
        }
    }

    // -- out

    @Test
    void framesAreWrittenWithTheirLength() throws Exception {
        try (WirePeer peer = peerOf("")) {
            assertNoneFor(1); // accepts
            transmit(bytes(60, 1), 60);
            transmit(bytes(1_514, 2), 14, 34, 54, 60, 1_000);
            transmit(bytes(65_534, 3), 66);
            assertArrayEquals(bytes(60, 1), peer.receive());
            assertArrayEquals(bytes(1_514, 2), peer.receive());
            assertArrayEquals(bytes(65_534, 3), peer.receive());
        }
    }

    /** Frames are never torn or mixed, also where the peer takes a few bytes at a time. */
    @Test
    void aPeerThatDoesNotReadHoldsTheLinkBack() throws Exception {
        try (WirePeer peer = peerOf("")) {
            assertNoneFor(1);
            int sent = 0;
            Transmit result;
            do {
                Frame frame = frame(bytes(20_000, sent), 100, 7_000, 7_001);
                result = link.transmit(frame);
                if (result != Transmit.HELD) frame.release();
                if (result != Transmit.FULL) sent++;
                assertTrue(sent < 10_000, "never full");
            } while (result != Transmit.FULL);
            assertTrue(pool.out() <= 1, "more than one frame is held");
            long before = System.nanoTime();
            link.await(20 * MS, true);
            assertTrue(System.nanoTime() - before >= 20 * MS, "writable though it is full");

            int expected = sent + 50;
            CompletableFuture<Void> read =
                    elsewhere(
                            () -> {
                                for (int i = 0; i < expected; i++) {
                                    assertArrayEquals(bytes(20_000, i), peer.receive());
                                }
                            });
            for (int i = sent; i < expected; i++) transmit(bytes(20_000, i), 100, 7_000, 7_001);
            turnUntil(read);
        }
        assertEquals(0, link.dropped());
    }

    /** A frame that is half sent is finished although nobody transmits another. */
    @Test
    void whatIsHeldIsFinishedByItself() throws Exception {
        try (WirePeer peer = peerOf("")) {
            assertNoneFor(1);
            int sent = 0;
            for (; pool.out() == 0; sent++) {
                Frame frame = frame(bytes(60_000, sent), 100);
                Transmit result = link.transmit(frame);
                if (result == Transmit.FULL) {
                    frame.release();
                    peer.read(10_000); // makes room for a part
                    peer.channel.close();
                    return; // this kernel takes all of a frame or nothing
                }
                if (result == Transmit.DONE) frame.release();
            }
            int expected = sent;
            CompletableFuture<Void> read =
                    elsewhere(
                            () -> {
                                for (int i = 0; i < expected; i++) {
                                    assertArrayEquals(bytes(60_000, i), peer.receive());
                                }
                            });
            turnUntil(read);
            assertEquals(0, pool.out());
        }
    }

    @Test
    void withoutAPeerFramesAreDroppedAndCounted() throws Exception {
        link = open("unix:" + path);
        for (int i = 0; i < 10; i++) transmit(bytes(60, i));
        assertEquals(10, link.dropped());
        link.await(Long.MAX_VALUE, true); // returns: there is always room for what is dropped
        try (WirePeer peer = WirePeer.connect(path)) {
            assertNoneFor(1);
            transmit(bytes(60, 11));
            assertArrayEquals(bytes(60, 11), peer.receive());
        }
        assertEquals(10, link.dropped());
    }

    @Test
    void aPeerThatIsGoneIsNoFailure() throws Exception {
        link = open("unix:" + path);
        for (int round = 0; round < 20; round++) {
            WirePeer peer = WirePeer.connect(path);
            assertNoneFor(1);
            transmit(bytes(100, round));
            assertArrayEquals(bytes(100, round), peer.receive());
            if (round % 2 == 0) transmit(bytes(100, round)); // unread: the peer's close is a reset
            peer.close();
            if (round % 4 < 2) transmit(bytes(100, round)); // EPIPE
            if (round % 3 == 0) link.await(MS, false);
        }
    }

    // -- waiting

    @Test
    void wakeEndsTheWaitBeforeAndDuring() throws Exception {
        link = open("unix:" + path);
        link.wake();
        link.await(Long.MAX_VALUE, false);
        long before = System.nanoTime();
        link.await(20 * MS, false);
        assertTrue(System.nanoTime() - before >= 20 * MS, "a wake-up was left over");
        CompletableFuture<Void> waiting = elsewhere(() -> link.await(Long.MAX_VALUE, false));
        while (!waiting.isDone()) link.wake();
        finish(waiting);
    }

    /** A writer that runs the stack may leave a frame half sent while the I/O thread sleeps. */
    @Test
    void holdingWakesTheOneWhoWaits() throws Exception {
        try (WirePeer peer = peerOf("")) {
            assertNoneFor(1);
            CompletableFuture<Void> waiting = elsewhere(() -> link.await(Long.MAX_VALUE, false));
            while (pool.out() == 0) {
                Frame frame = frame(bytes(60_000, 1), 100);
                Transmit result = link.transmit(frame);
                if (result != Transmit.HELD) frame.release();
                if (result == Transmit.FULL) link.wake();
                if (result == Transmit.FULL) break;
                Thread.sleep(1); // it shall sleep
            }
            finish(waiting);
            assertTrue(peer.channel.isOpen());
        }
    }

    @Test
    void noFrameAllocates() throws Exception {
        try (WirePeer peer = peerOf("")) {
            assertNoneFor(1);
            byte[] back = WirePeer.encoded(bytes(200, 1), bytes(300, 2));
            AtomicBoolean enough = new AtomicBoolean();
            CompletableFuture<Void> echo =
                    elsewhere(
                            () -> {
                                while (!enough.get()) {
                                    peer.receive();
                                    peer.sendRaw(back);
                                }
                            });
            Frame out = frame(bytes(1_514, 1), 14, 30, 44, 1_000);
            Frame in = pool.take();
            Allocation.assertNone(
                    7, // one sends; for each of two: nothing yet, wait, receive
                    () -> {
                        assertEquals(Transmit.DONE, link.transmit(out));
                        for (int got = 0; got < 2; ) {
                            if (link.receive(in)) {
                                got++;
                                in.begin();
                            } else {
                                link.await(Long.MAX_VALUE, false);
                            }
                        }
                    });
            in.release();
            enough.set(true);
            assertEquals(Transmit.DONE, link.transmit(out)); // it may wait for one
            out.release();
            finish(echo);
        }
    }

    // -- connections

    @Test
    void onePeerAtATime() throws Exception {
        try (WirePeer peer = peerOf("")) {
            peer.send(bytes(60, 1));
            assertNext(bytes(60, 1));
            try (WirePeer second = WirePeer.connect(path)) {
                turnUntil(elsewhere(second::awaitEnd));
            }
            peer.send(bytes(60, 2));
            assertNext(bytes(60, 2));
        }
        try (WirePeer third = WirePeer.connect(path)) {
            third.send(bytes(60, 3));
            assertNext(bytes(60, 3));
        }
    }

    @Test
    void aListenerThatComesLateOrBackIsFound() throws Exception {
        link = open("unix:" + path + "?mode=connect");
        for (int round = 0; round < 3; round++) {
            try (ServerSocketChannel server = WirePeer.listen(path)) {
                CompletableFuture<WirePeer> accepted = new CompletableFuture<>();
                elsewhere(() -> accepted.complete(new WirePeer(server.accept())));
                turnUntil(accepted);
                try (WirePeer peer = accepted.join()) {
                    peer.send(bytes(60, round));
                    assertNext(bytes(60, round));
                    transmit(bytes(70, round));
                    assertArrayEquals(bytes(70, round), peer.receive());
                }
            }
            assertNoneFor(60);
            Files.delete(path);
        }
    }

    /** Who is turned away at once does not try again and again without a pause. */
    @Test
    void attemptsBecomeFewer() throws Exception {
        ServerSocketChannel server = WirePeer.listen(path);
        link = open("unix:" + path);
        AtomicInteger connections = new AtomicInteger();
        CompletableFuture<Void> refusing =
                elsewhere(
                        () -> {
                            try {
                                while (true) {
                                    server.accept().close();
                                    connections.incrementAndGet();
                                }
                            } catch (AsynchronousCloseException end) {
                                assertTrue(connections.get() > 1);
                            }
                        });
        assertNoneFor(600);
        server.close();
        finish(refusing);
        assertTrue(connections.get() <= 8, connections + " attempts in 0.6 s");
        Files.delete(path);
    }

    @Test
    void aCleanEndLeavesNothing() throws Exception {
        int before = new File("/proc/self/fd").list().length;
        for (int i = 0; i < 10; i++) {
            try (WirePeer peer = peerOf("")) {
                peer.send(bytes(60, i));
                assertNext(bytes(60, i));
                link.close();
                link = null;
                peer.awaitEnd();
            }
            assertFalse(Files.exists(path));
        }
        assertEquals(before, new File("/proc/self/fd").list().length);
        assertEquals(0, directory.toFile().list().length);
    }

    @Test
    void addressesDifferAndTheListenersIsStable() throws Exception {
        link = open("unix:" + path);
        long listening = link.capabilities().mac();
        try (LinkDevice other = open("unix:" + path)) {
            assertNotEquals(listening, other.capabilities().mac());
            assertEquals(0x02, other.capabilities().mac() >>> 40 & 0x03, "local, a station's");
        }
        assertEquals(0x02, listening >>> 40 & 0x03, "local, a station's");
        link.close();
        link = open("unix:" + path);
        assertEquals(listening, link.capabilities().mac());
        assertEquals(65_520, link.capabilities().mtu());
        assertEquals("wire", link.capabilities().name());
        link.close();
        link = open("unix:" + path + "?mac=02:00:00:00:00:77&mtu=1500");
        assertEquals(0x0200_0000_0077L, link.capabilities().mac());
        assertEquals(1_500, link.capabilities().mtu());
    }

    @Test
    void anAbstractNameHasNoFile() throws Exception {
        String name = "@usernet-test-" + ProcessHandle.current().pid();
        link = open("unix:" + name);
        try (LinkDevice other = open("unix:" + name)) {
            Frame frame = frame(bytes(60, 1));
            assertNoneFor(1);
            assertEquals(Transmit.DONE, other.transmit(frame));
            frame.release();
            assertNext(bytes(60, 1));
        }
        assertThrows(IOException.class, () -> open("unix:" + name + "?mode=listen").close());
    }
}
