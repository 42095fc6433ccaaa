package io.usernet.tuntap;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkDevice.Transmit;
import io.usernet.link.LinkUri;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The link against another program's sockets, which are jnr-unixsocket's own here. */
@EnabledOnOs(OS.LINUX)
@Timeout(30)
class UnixgramLinkTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final byte[] GREETING = "VFKT".getBytes(US_ASCII);

    @TempDir Path directory;

    private final FramePool pool = new FramePool(new Memory(4 << 20));
    private String ours, theirs;

    @BeforeEach
    void paths() {
        ours = directory.resolve("ours").toString();
        theirs = directory.resolve("theirs").toString();
    }

    private LinkDevice open(String parameters) throws IOException {
        return new UnixgramProvider().open(LinkUri.parse("unixgram:" + ours + parameters));
    }

    /** What a VM's side does. */
    private static final class Peer implements AutoCloseable {
        final UnixDatagramChannel channel = UnixDatagramChannel.open();
        private final String to;
        private boolean connected;

        Peer(String own, String to) throws IOException {
            Files.deleteIfExists(Path.of(own));
            channel.bind(new UnixSocketAddress(own));
            channel.configureBlocking(false);
            this.to = to;
        }

        /** By the system call: the library's own method only remembers the address. */
        Peer connect() throws IOException {
            Syscalls sys = NativeCalls.get().sys();
            NativeBuffer name = new NativeBuffer(sys, SocketAddress.ROOM);
            int length = new SocketAddress(to).put(name.bytes, 0);
            assertEquals(0, sys.connect(channel.getFD(), name.address, length));
            name.keep();
            connected = true;
            return this;
        }

        void send(byte[] datagram) throws IOException {
            if (!connected) {
                channel.send(ByteBuffer.wrap(datagram), new UnixSocketAddress(to));
                return;
            }
            Syscalls sys = NativeCalls.get().sys();
            NativeBuffer buffer = new NativeBuffer(sys, datagram.length);
            buffer.bytes.put(0, datagram);
            assertEquals(
                    datagram.length, sys.write(channel.getFD(), buffer.address, datagram.length));
            buffer.keep();
        }

        /** The next datagram, or null if there is none. */
        byte[] receive() {
            try {
                NativeBuffer buffer = new NativeBuffer(NativeCalls.get().sys(), 70_000);
                long n = NativeCalls.get().sys().read(channel.getFD(), buffer.address, 70_000);
                buffer.keep();
                if (n == -Errno.EAGAIN) return null;
                assertTrue(n > 0, "read " + n);
                byte[] datagram = new byte[(int) n];
                buffer.bytes.get(0, datagram);
                return datagram;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static byte[] frame(int length, int seed) {
        byte[] frame = new byte[length];
        for (int i = 0; i < length; i++) frame[i] = (byte) (i * 7 + seed);
        return frame;
    }

    private Transmit transmit(LinkDevice link, byte[] bytes, int... cuts) {
        Frame frame = pool.take();
        frame.begin();
        int first = cuts.length == 0 ? Math.min(bytes.length, 100) : cuts[0];
        int at = frame.prepend(first);
        frame.bytes().put(at, bytes, 0, first);
        int from = first;
        for (int i = 0; from < bytes.length; i++) {
            int to = i + 1 < cuts.length ? cuts[i + 1] : bytes.length;
            ByteBuffer slice = ByteBuffer.allocateDirect(to - from + 3);
            slice.put(3, bytes, from, to - from);
            frame.append(new Region(slice), null, 3, to - from);
            from = to;
        }
        Transmit result = link.transmit(frame);
        frame.release();
        return result;
    }

    /** The next frame, or null if there is none. */
    private byte[] receive(LinkDevice link) {
        Frame frame = pool.take();
        byte[] bytes = null;
        if (link.receive(frame)) {
            bytes = new byte[frame.length()];
            frame.copy(0, bytes.length, ByteBuffer.wrap(bytes), 0);
        }
        frame.release();
        return bytes;
    }

    private int fill(LinkDevice link) {
        for (int i = 0; i < 100_000; i++) {
            if (transmit(link, frame(1514, i)) == Transmit.FULL) return i;
        }
        throw new AssertionError("never full");
    }

    private static int awaits(LinkDevice link, long forNs) {
        int waits = 0;
        long end = System.nanoTime() + forNs;
        for (long left; (left = end - System.nanoTime()) > 0; waits++) link.await(left, true);
        return waits;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFrameIsADatagramBothWays(boolean connected) throws Exception {
        try (LinkDevice link = open("?peer=" + theirs);
                Peer peer = new Peer(theirs, ours)) {
            if (connected) peer.connect();
            for (int length : new int[] {14, 60, 61, 1514, 1518}) {
                assertEquals(Transmit.DONE, transmit(link, frame(length, 1)));
                assertArrayEquals(frame(length, 1), peer.receive());
                peer.send(frame(length, 2));
                link.await(Long.MAX_VALUE, false);
                assertArrayEquals(frame(length, 2), receive(link));
            }
            transmit(link, frame(900, 3), 14, 15, 20, 39, 800);
            assertArrayEquals(frame(900, 3), peer.receive());
            assertNull(receive(link));
            assertEquals(0, link.dropped());
        }
    }

    @Test
    void largeFramesPassWithALargeMtu() throws Exception {
        try (LinkDevice link = open("?mtu=65520&peer=" + theirs);
                Peer peer = new Peer(theirs, ours)) {
            assertEquals(65520, link.capabilities().mtu());
            transmit(link, frame(65534, 1), 54, 40_000);
            assertArrayEquals(frame(65534, 1), peer.receive());
            peer.send(frame(65534, 2));
            assertArrayEquals(frame(65534, 2), receive(link));
        }
    }

    @Test
    void whatIsNoFrameIsDroppedAndCounted() throws Exception {
        try (LinkDevice link = open("?peer=" + theirs);
                Peer peer = new Peer(theirs, ours)) {
            peer.send(frame(1519, 0));
            peer.send(frame(13, 0));
            peer.send(frame(1518, 1));
            assertArrayEquals(frame(1518, 1), receive(link));
            assertEquals(2, link.dropped());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPeerMayBeAwayAndComeBack(boolean connected) throws Exception {
        try (LinkDevice link = open("?peer=" + theirs)) {
            for (int round = 0; round < 3; round++) {
                assertEquals(Transmit.DONE, transmit(link, frame(60, 0)));
                assertEquals(1 + 2 * round, link.dropped());
                try (Peer peer = new Peer(theirs, ours)) {
                    if (connected) peer.connect();
                    peer.send(frame(60, 1)); // before we have sent anything to this one
                    assertArrayEquals(frame(60, 1), receive(link));
                    transmit(link, frame(60, 2));
                    assertArrayEquals(frame(60, 2), peer.receive());
                }
                transmit(link, frame(60, 0)); // the file is there, the process is not
                assertEquals(2 + 2 * round, link.dropped());
            }
        }
    }

    /** As a loop does, which tries again after each wait: a VM may be stopped for hours. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPeerThatReadsNothingIsTriedSeldom(boolean connected) throws Exception {
        try (LinkDevice link = open("?peer=" + theirs);
                Peer peer = new Peer(theirs, ours)) {
            if (connected) peer.connect();
            fill(link);
            int tries = 0;
            for (long end = System.nanoTime() + 2 * SECOND; System.nanoTime() < end; tries++) {
                assertEquals(Transmit.FULL, transmit(link, frame(60, 1)));
                link.await(Long.MAX_VALUE, true);
            }
            assertTrue(tries <= 40, tries + " tries in 2 s");
        }
    }

    /** An unconnected peer's queue takes net.unix.max_dgram_qlen; else our own buffer is the limit. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fullIsNeitherASpinNorAStall(boolean connected) throws Exception {
        try (LinkDevice link = open("?peer=" + theirs);
                Peer peer = new Peer(theirs, ours)) {
            if (connected) peer.connect();
            for (int round = 0; round < 3; round++) {
                int sent = fill(link);
                assertTrue(sent > 5, sent + " frames");
                int waits = awaits(link, 350 * MS);
                assertTrue(waits <= 10, waits + " waits in 350 ms");

                Thread reader =
                        new Thread(
                                () -> {
                                    while (peer.receive() != null) {}
                                });
                reader.start();
                long before = System.nanoTime();
                while (transmit(link, frame(60, 0)) == Transmit.FULL) link.await(10 * SECOND, true);
                assertTrue(System.nanoTime() - before < 2 * SECOND, "woke late");
                reader.join();
                while (peer.receive() != null) {}
            }
            assertEquals(0, link.dropped());
        }
    }

    @Test
    void whatComesInEndsTheWaitForRoom() throws Exception {
        try (LinkDevice link = open("?peer=" + theirs);
                Peer peer = new Peer(theirs, ours)) {
            fill(link);
            peer.send(frame(60, 1));
            long before = System.nanoTime();
            link.await(10 * SECOND, true);
            assertTrue(System.nanoTime() - before < 90 * MS);
            assertArrayEquals(frame(60, 1), receive(link));
            link.wake();
            link.await(10 * SECOND, true);
            assertTrue(System.nanoTime() - before < 90 * MS);
        }
    }

    @Test
    void aPeerThatNeverReadsMayBeReplaced() throws Exception {
        try (LinkDevice link = open("?peer=" + theirs);
                Peer stuck = new Peer(theirs, ours)) {
            fill(link);
            try (Peer next = new Peer(theirs, ours)) { // as QEMU does: it removes the file
                link.await(10 * SECOND, true);
                assertEquals(Transmit.DONE, transmit(link, frame(60, 5)));
                assertArrayEquals(frame(60, 5), next.receive());
            }
            assertTrue(stuck.receive().length == 1514);
        }
    }

    @Test
    void aPeerThatDiesWhileItsQueueIsFullIsAway() throws Exception {
        try (LinkDevice link = open("?peer=" + theirs)) {
            Peer peer = new Peer(theirs, ours);
            fill(link);
            peer.close();
            link.await(10 * SECOND, true);
            assertEquals(Transmit.DONE, transmit(link, frame(60, 5)));
            assertEquals(1, link.dropped());
        }
    }

    @Test
    void theServerLearnsItsPeerFromTheGreeting() throws Exception {
        try (LinkDevice link = open("")) {
            transmit(link, frame(60, 0));
            assertEquals(1, link.dropped());
            try (Peer vm = new Peer(theirs, ours).connect()) {
                vm.send(GREETING);
                assertNull(receive(link), "the greeting is no frame");
                transmit(link, frame(60, 1));
                assertArrayEquals(frame(60, 1), vm.receive());

                Peer next = new Peer(theirs + "2", ours).connect();
                next.send(frame(60, 2));
                assertArrayEquals(frame(60, 2), receive(link));
                transmit(link, frame(60, 3));
                assertArrayEquals(frame(60, 3), vm.receive(), "a frame alone replaces nobody");
                next.send(GREETING);
                assertNull(receive(link));
                transmit(link, frame(60, 4));
                assertArrayEquals(frame(60, 4), next.receive());
                assertNull(vm.receive());
                next.close();
            }
            assertEquals(1, link.dropped());
        }
    }

    @Test
    void theServerLearnsItsPeerFromAFrame() throws Exception {
        Peer vm = new Peer(theirs, ours);
        try (LinkDevice link = open("");
                Peer next = new Peer(theirs + "3", ours)) {
            try (UnixDatagramChannel nobody = UnixDatagramChannel.open()) {
                nobody.send(ByteBuffer.wrap(frame(60, 0)), new UnixSocketAddress(ours));
                assertArrayEquals(frame(60, 0), receive(link));
            }
            vm.send(frame(60, 1));
            assertArrayEquals(frame(60, 1), receive(link));
            transmit(link, frame(60, 2));
            assertArrayEquals(frame(60, 2), vm.receive());

            vm.close();
            transmit(link, frame(60, 3));
            assertEquals(1, link.dropped());
            next.send(frame(60, 4)); // no greeting, but the other one is gone
            assertArrayEquals(frame(60, 4), receive(link));
            transmit(link, frame(60, 5));
            assertArrayEquals(frame(60, 5), next.receive());
        }
    }

    @Test
    void theClientGreetsAtFirstAndWhenItsPeerIsBack() throws Exception {
        Peer server = new Peer(theirs, ours);
        try (LinkDevice link = open("?vfkit=true&peer=" + theirs)) {
            assertArrayEquals(GREETING, server.receive());
            transmit(link, frame(60, 1));
            assertArrayEquals(frame(60, 1), server.receive());
            server.close();
            transmit(link, frame(60, 2));
            assertEquals(1, link.dropped());

            server = new Peer(theirs, ours);
            transmit(link, frame(60, 3));
            assertArrayEquals(GREETING, server.receive());
            assertArrayEquals(frame(60, 3), server.receive());
            server.send(GREETING);
            assertNull(receive(link), "a greeting is never a frame");
            assertEquals(1, link.dropped());
        } finally {
            server.close();
        }
    }

    @Test
    void aClientThatIsSilentGreetsAServerThatComesLater() throws Exception {
        try (LinkDevice link = open("?vfkit=true&peer=" + theirs)) {
            Thread waits =
                    new Thread(
                            () -> {
                                for (int i = 0; i < 3; i++) link.await(3 * SECOND, false);
                            });
            waits.start();
            byte[] said = null;
            try (Peer server = new Peer(theirs, ours)) {
                long end = System.nanoTime() + 5 * SECOND;
                while (said == null && System.nanoTime() < end) said = server.receive();
                assertArrayEquals(GREETING, said);
                for (int i = 0; i < 3; i++) {
                    link.wake();
                    waits.join(50);
                }
                waits.join();
                assertNull(server.receive(), "greeted again");
            }
        }
    }

    @Test
    void bothEndsHaveDifferentAndStableAddresses() throws Exception {
        long first;
        try (LinkDevice link = open("?peer=" + theirs)) {
            first = link.capabilities().mac();
        }
        try (LinkDevice link = open("?peer=" + theirs);
                LinkDevice other =
                        new UnixgramProvider()
                                .open(LinkUri.parse("unixgram:" + theirs + "?peer=" + ours))) {
            assertEquals(first, link.capabilities().mac());
            assertNotEquals(first, other.capabilities().mac());
            assertEquals(0x02, first >>> 40 & 0x03, "locally administered, not a group");
        }
        try (LinkDevice link = open("?mac=02:00:00:00:00:78")) {
            assertEquals(0x0200_0000_0078L, link.capabilities().mac());
        }
    }

    @Test
    void noFrameAllocates() throws Exception {
        try (LinkDevice link = open("?peer=" + ours + "2");
                LinkDevice other =
                        new UnixgramProvider().open(LinkUri.parse("unixgram:" + ours + "2"))) {
            Frame out = pool.take();
            out.begin();
            out.prepend(60);
            out.append(new Region(ByteBuffer.allocateDirect(1000)), null, 0, 1000);
            Frame in = pool.take();
            Allocation.assertNone(
                    3,
                    () -> {
                        assertEquals(Transmit.DONE, link.transmit(out));
                        assertTrue(other.receive(in));
                        link.await(0, true);
                    });
        }
    }

    @Test
    void theFileGoesWithTheLink() throws Exception {
        LinkDevice link = open("");
        assertTrue(Files.exists(Path.of(ours)));
        link.close();
        assertFalse(Files.exists(Path.of(ours)));
    }

    @Test
    void theFileOfAnotherStays() throws Exception {
        LinkDevice link = open("");
        Peer next = new Peer(ours, theirs);
        link.close();
        assertTrue(Files.exists(Path.of(ours)));
        next.close();
        open("").close();
        LinkDevice removed = open("");
        Files.delete(Path.of(ours));
        removed.close();
    }

    /** A link's end ends the thread of its stack, which has more to do than that. */
    @Test
    void aFileThatCannotBeRemovedDoesNotKeepALinkFromItsEnd() throws Exception {
        Path moved = Files.createDirectory(directory.resolve("moved"));
        ours = moved.resolve("ours").toString();
        LinkDevice link = open("");
        Files.move(moved, directory.resolve("away"));
        Files.createFile(moved); // no directory now
        int before = Path.of("/proc/self/fd").toFile().list().length;
        link.close();
        assertEquals(before - 3, Path.of("/proc/self/fd").toFile().list().length);
    }

    @Test
    void theSocketOfADeadProcessIsReplaced() throws Exception {
        new Peer(ours, theirs).close();
        assertTrue(Files.exists(Path.of(ours)));
        try (LinkDevice link = open("");
                Peer vm = new Peer(theirs, ours)) {
            vm.send(frame(60, 1));
            assertArrayEquals(frame(60, 1), receive(link));
        }
    }

    @Test
    void aPathMayHaveAnyCharacters() throws Exception {
        ours = directory.resolve("wïre").toString();
        LinkDevice link = open("?peer=" + directory.resolve("線"));
        assertTrue(Files.exists(Path.of(ours)));
        link.close();
        try (var left = Files.list(directory)) {
            assertEquals(List.of(), left.toList());
        }
    }

    private String failure(String parameters) {
        String message =
                assertThrows(IOException.class, () -> open(parameters).close()).getMessage();
        assertTrue(message.startsWith("usernet.link=unixgram:" + ours + parameters + ": "));
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSocketInUseIsLeftAlone(boolean connected) throws Exception {
        try (Peer other = new Peer(ours, theirs);
                Peer third = new Peer(theirs, ours)) {
            if (connected) other.connect();
            assertTrue(failure("").contains("another process has the socket"));
            third.connect();
            third.send(frame(60, 1));
            assertArrayEquals(frame(60, 1), other.receive());
        }
    }

    @Test
    void aFileThatIsNoSocketIsLeftAlone() throws Exception {
        Files.writeString(Path.of(ours), "precious");
        assertTrue(failure("").contains("is no socket"));
        assertEquals("precious", Files.readString(Path.of(ours)));
        Files.delete(Path.of(ours));
        Files.createSymbolicLink(Path.of(ours), directory.resolve("elsewhere"));
        assertTrue(failure("").contains("is no socket"));
    }

    @Test
    void aMissingDirectoryIsNamed() {
        ours = directory.resolve("none/ours").toString();
        assertTrue(failure("").contains("there is no directory " + directory.resolve("none")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "unixgram:|a path",
                "unixgram:/a?pear=/b|pear",
                "unixgram:/a?peer=/a|other end",
                "unixgram:/a?peer=|a path",
                "unixgram:/a?vfkit=yes&peer=/b|true or false",
                "unixgram:/a?vfkit=true|peer=PATH",
                "unixgram:/a?mtu=575|576..65535",
                "unixgram:/a?mac=01:00:00:00:00:01|group",
                "unixgram:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|1 to 107",
            })
    void wrongParametersAreNamed(String example) {
        String uri = example.substring(0, example.indexOf('|'));
        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new UnixgramProvider().open(LinkUri.parse(uri)).close())
                        .getMessage();
        assertTrue(message.startsWith("usernet.link=" + LinkUri.parse(uri) + ": "), message);
        assertTrue(message.contains(example.substring(uri.length() + 1)), message);
    }

    @Test
    void failuresLeaveNoDescriptor() throws Exception {
        open("").close();
        int before = Path.of("/proc/self/fd").toFile().list().length;
        for (int i = 0; i < 20; i++) open("").close();
        Peer other = new Peer(ours, theirs);
        for (int i = 0; i < 20; i++) failure("");
        other.close();
        assertEquals(before, Path.of("/proc/self/fd").toFile().list().length);
    }
}
