package io.usernet.link.wrap;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.link.LinkDevice;
import io.usernet.link.NullLink;
import io.usernet.wire.Ipv4;
import io.usernet.wire.PacketPrinter;
import io.usernet.wire.Tcp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class TraceTest {
    private static final String TIME = "\\d\\d:\\d\\d:\\d\\d\\.\\d{6} ";

    private final Frames frames = new Frames();
    private final FramePool pool = frames.pool;
    private final Frames.Device device = new Frames.Device();

    private Frame segment(int payload, Frame.Checksum checksum) {
        return frames.segment(payload, checksum);
    }

    private static String printed(Frame frame) {
        ByteBuffer whole = ByteBuffer.allocateDirect(frame.length());
        frame.copy(0, frame.length(), whole, 0);
        StringBuilder text = new StringBuilder();
        PacketPrinter.print(text, whole, 0, whole.capacity(), 3);
        return text.append('\n').toString();
    }

    private static String withoutTimes(byte[] trace) {
        return new String(trace, US_ASCII).replaceAll("(?m)^" + TIME, "");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 215, 216, 217, 1460, 32_767, 60_000, 65_000})
    void printsWhatWasSentWithTheRightChecksum(int payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LinkDevice link = Trace.to(out).wrap(device);
        StringBuilder expected = new StringBuilder();
        for (Frame.Checksum checksum : Frame.Checksum.values()) {
            Frame right = segment(payload, Frame.Checksum.UNKNOWN);
            assertTrue(printed(right).contains("(correct)"), printed(right));
            expected.append(printed(right));
            right.release();
            Frame sent = segment(payload, checksum);
            assertEquals(LinkDevice.Transmit.DONE, link.transmit(sent));
            sent.release();
        }
        link.close();
        assertEquals(expected.toString(), withoutTimes(out.toByteArray()));
        assertEquals(0, pool.out());
    }

    @Test
    void printsAWrongChecksumAsWrong() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LinkDevice link = Trace.to(out).wrap(device);
        Frame sent = segment(1000, Frame.Checksum.UNKNOWN);
        Tcp.putChecksum(sent.bytes(), sent.start() + Ipv4.HEADER, 0x1234);
        String expected = printed(sent);
        assertTrue(expected.contains("cksum 0x1234 (incorrect -> 0x"), expected);
        link.transmit(sent);
        sent.release();
        link.close();
        assertEquals(expected, withoutTimes(out.toByteArray()));
    }

    @Test
    void printsWhatIsReceivedAndOnlyWhatIsSent() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LinkDevice link = Trace.to(out).wrap(device);
        Frame sent = segment(10, Frame.Checksum.UNKNOWN);
        byte[] packet = new byte[sent.length()];
        ByteBuffer copy = ByteBuffer.allocateDirect(packet.length);
        sent.copy(0, packet.length, copy, 0);
        copy.get(packet);
        device.incoming.add(packet);
        Frame into = pool.take();
        assertTrue(link.receive(into));
        into.release();
        Frame none = pool.take();
        assertFalse(link.receive(none));
        none.release();
        device.answer = LinkDevice.Transmit.FULL;
        link.transmit(sent);
        link.close();
        assertEquals(printed(sent), withoutTimes(out.toByteArray()));
        assertTrue(new String(out.toByteArray(), US_ASCII).matches("(?s)^" + TIME + "IP .*"));
        assertEquals(1, device.closes);
    }

    @Test
    void writesAsSoonAsTheTurnIsOver() throws Exception {
        CountDownLatch written = new CountDownLatch(1);
        OutputStream out =
                new OutputStream() {
                    @Override
                    public void write(int b) {
                        written.countDown();
                    }
                };
        LinkDevice link = Trace.to(out).wrap(device);
        Frame sent = segment(10, Frame.Checksum.UNKNOWN);
        link.transmit(sent);
        link.flush();
        assertEquals(1, device.flushes);
        assertTrue(written.await(10, TimeUnit.SECONDS));
        link.close();
    }

    /** A pipe that nobody reads must not hold the stack up. */
    @Test
    void countsWhatFindsNoRoomAndSaysSo() throws Exception {
        CountDownLatch stuck = new CountDownLatch(1), release = new CountDownLatch(1);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        OutputStream out =
                new OutputStream() {
                    @Override
                    public void write(int b) {
                        text.write(b);
                    }

                    @Override
                    public void write(byte[] b, int at, int n) throws IOException {
                        stuck.countDown();
                        try {
                            release.await();
                        } catch (InterruptedException e) {
                            throw new IOException(e);
                        }
                        text.write(b, at, n);
                    }
                };
        Trace trace = Trace.to(out);
        LinkDevice link = trace.wrap(device);
        Frame sent = segment(10, Frame.Checksum.UNKNOWN);
        String line = printed(sent);
        link.transmit(sent);
        link.flush();
        stuck.await();
        int sends = 50_000;
        for (int i = 0; i < sends; i++) link.transmit(sent);
        long missing = trace.missing();
        assertTrue(missing > 0 && missing < sends, missing + " missing");
        release.countDown();
        link.close();
        String all = withoutTimes(text.toByteArray());
        String dropped = missing + " packets dropped by the trace\n";
        assertTrue(all.contains(dropped), "no '" + dropped + "'");
        assertEquals((sends + 1 - missing) * line.length(), all.length() - dropped.length());
    }

    @Test
    void aFailingFileEndsTheTraceAndNothingElse() {
        OutputStream out =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("No space left on device");
                    }
                };
        LinkDevice link = Trace.to(out).wrap(device);
        Frame sent = segment(10, Frame.Checksum.UNKNOWN);
        for (int i = 0; i < 10; i++) {
            assertEquals(LinkDevice.Transmit.DONE, link.transmit(sent));
            link.flush();
        }
        link.close();
        assertEquals(1, device.closes);
    }

    @Test
    void severalLinksAreNamed() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Trace trace = Trace.to(out);
        LinkDevice one = trace.wrap(device);
        LinkDevice other = trace.wrap(new NullLink());
        Frame sent = segment(10, Frame.Checksum.UNKNOWN);
        one.transmit(sent);
        other.transmit(sent);
        trace.onFrame(sent);
        String packet = printed(sent);
        sent.release();
        one.close();
        other.close();
        String name = device.capabilities().name();
        String expected =
                String.format("%-5s Out %s", name, packet)
                        + "none  Out "
                        + packet
                        + "lo        "
                        + packet;
        assertEquals(expected, withoutTimes(out.toByteArray()));
    }

    @Test
    void writesToAFile(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("trace.txt");
        LinkDevice link = Trace.open(file.toString()).wrap(device);
        Frame sent = segment(10, Frame.Checksum.UNKNOWN);
        link.transmit(sent);
        link.close();
        assertEquals(printed(sent), withoutTimes(Files.readAllBytes(file)));
        String none = directory.resolve("no/such/trace.txt").toString();
        IOException e = assertThrows(IOException.class, () -> Trace.open(none));
        assertTrue(e.getMessage().startsWith("usernet.trace=" + none + ": cannot write"));
    }

    /** The writing thread sleeps between packets; no wake-up is lost. */
    @Test
    void everyPacketIsWrittenWithoutAnother() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LinkDevice link = Trace.to(out).wrap(device);
        Frame sent = segment(0, Frame.Checksum.UNKNOWN);
        int line =
                TIME.replaceAll("\\\\d\\{6}", "......")
                        .replace("\\d", ".")
                        .replace("\\", "")
                        .length();
        int each = line + printed(sent).length();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (int i = 1; i <= 20_000; i++) {
            link.transmit(sent);
            link.flush();
            if (i % 3 != 0) continue;
            while (size(out) < i * each) {
                assertTrue(System.nanoTime() < deadline, "packet " + i + " was not written");
                LockSupport.parkNanos(1);
            }
        }
        link.close();
    }

    private static int size(ByteArrayOutputStream out) {
        return out.size();
    }
}
