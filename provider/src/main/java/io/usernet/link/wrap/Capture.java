package io.usernet.link.wrap;

import io.usernet.config.CaptureConfig;
import io.usernet.config.Settings;
import io.usernet.frame.Frame;
import io.usernet.link.FrameObserver;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.NullLink;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Captures the packets of a stack into a pcapng file: of its links, each of which it {@link #wrap}s,
 * and of its loopback, whose observer it is. In the turn a packet is only copied to a bounded ring; a
 * thread of its own writes. What finds no room is missing from the file, and counted: before the next
 * packet, in the statistics at the end, and in the log.
 *
 * <p>A checksum that is left to the link, or that came from memory and was never computed, is the
 * right one in the file: what a wire would carry.
 *
 * <p>The loops of the links are one: packets are added by one thread at a time.
 */
public final class Capture implements FrameObserver {
    private static final long NAP_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final PacketRing ring;
    private final CaptureFile file;
    private final WallClock clock = new WallClock();
    private final PacketSource loopback;
    private final CopyOnWriteArrayList<CaptureInterface> interfaces = new CopyOnWriteArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private final Links links = new Links();
    private PacketDrain drain; // set by the first wrap, before the stack begins

    private Capture(CaptureConfig config) throws IOException {
        file = CaptureFile.create(config, interfaces, clock);
        try {
            ring = ring(config);
        } catch (IOException e) {
            file.close();
            throw e;
        }
        loopback = add("lo", 3, LinkCapabilities.MAX_MTU, 0, false);
    }

    /**
     * Opens the file. The capture begins and ends with the links that it wraps.
     *
     * @return a capture of no link yet: see {@link #wrap}
     * @throws IOException if the file cannot be written; the message is one line that a user can act
     *     on
     */
    public static Capture open(CaptureConfig config) throws IOException {
        return new Capture(config);
    }

    private static PacketRing ring(CaptureConfig config) throws IOException {
        int capacity = (int) (Long.highestOneBit(config.buffer() - 1) << 1);
        try {
            return new PacketRing(capacity, config.snaplen(), config.snaplen());
        } catch (OutOfMemoryError e) {
            throw new IOException(
                    Settings.CAPTURE_BUFFER
                            + "="
                            + config.buffer()
                            + ": the JVM has no such direct memory; give less, or more to"
                            + " -XX:MaxDirectMemorySize",
                    e);
        }
    }

    /**
     * {@return a link whose packets are captured} Closing it closes {@code link}; the last one ends
     * the capture.
     */
    public LinkDevice wrap(LinkDevice link) {
        LinkCapabilities is = link.capabilities();
        PacketSource source =
                link instanceof NullLink
                        ? loopback // nothing will come of it
                        : add(is.name(), is.layer(), is.mtu(), is.mac(), true);
        open.incrementAndGet();
        if (drain == null) drain = new PacketDrain(ring, file, "capture", NAP_NS);
        return new RecordedLink(links, link, source);
    }

    private PacketSource add(String name, int layer, int mtu, long mac, boolean always) {
        if (interfaces.size() == PacketSource.MOST) {
            throw new IllegalArgumentException(
                    "a capture has room for " + PacketSource.MOST + " interfaces");
        }
        PacketSource source = new PacketSource(interfaces.size(), layer);
        interfaces.add(new CaptureInterface(source, name, mtu, mac, always));
        return source;
    }

    /** A packet of the loopback. */
    @Override
    public void onFrame(Frame frame) {
        links.add(frame, loopback, (byte) 0);
    }

    private final class Links implements RecordedLink.Recorder {
        @Override
        public void add(Frame frame, PacketSource source, byte direction) {
            ring.add(frame, source, direction, clock.nowNs());
        }

        @Override
        public void wakeUp() {
            drain.wakeUp();
        }

        @Override
        public void closed() {
            if (open.decrementAndGet() == 0) finish();
        }
    }

    /** {@return packets that found no room so far; any thread} */
    public long missing() {
        long sum = 0;
        for (CaptureInterface i : interfaces) sum += i.source().dropped();
        return sum;
    }

    /** The files that are there, the oldest first. */
    List<String> files() {
        return file.kept();
    }

    /**
     * Ends the capture, but not the links: waits until all of it so far is written, or two seconds are
     * over. Any thread; for the end of the JVM. Again is harmless.
     */
    public void finish() {
        if (drain != null) drain.close();
    }
}
