package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.link.FrameObserver;
import io.usernet.link.LinkDevice;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Prints every packet of a stack's links, each of which it {@link #wrap}s, and of its loopback, whose
 * observer it is, as {@code tcpdump -S -nn -vvv} would; with several links as {@code tcpdump -i any}
 * does, the link's name and the direction before the packet. In the turn only the first bytes of each
 * are copied to a bounded ring; a thread of its own formats and writes them. Where that thread cannot
 * keep up, packets are missing from the trace (never from the link), and a line says how many.
 *
 * <p>A checksum that is left to the link, or that came from memory and was never computed, is shown as
 * the right one: what a wire would carry.
 *
 * <p>The loops of the links are one: packets are added by one thread at a time.
 */
public final class Trace implements FrameObserver {
    /** The value of {@code usernet.trace} that means standard error; any other is a file's name. */
    public static final String STDERR = "stderr";

    private static final int RING_BYTES = 1 << 20;
    private static final int HEADERS = 256; // 14 + 60 + 60, and the text of a RST
    private static final int MOST = 2048; // an ICMP error, a frame of an unknown type

    private final PacketRing ring = new PacketRing(RING_BYTES, HEADERS, MOST);
    private final WallClock clock = new WallClock();
    private final PacketSource loopback = new PacketSource(0, 3);
    private final List<PacketSource> sources = new CopyOnWriteArrayList<>(List.of(loopback));
    private final List<String> names = new CopyOnWriteArrayList<>(List.of("lo"));
    private final AtomicInteger open = new AtomicInteger();
    private final OutputStream out;
    private final Links links = new Links();
    private PacketDrain drain; // set by the first wrap, before the stack begins

    private Trace(OutputStream out) {
        this.out = out;
    }

    /**
     * Opens the trace. It begins and ends with the links that it wraps.
     *
     * @param where {@link #STDERR} or the name of a file, which is overwritten
     * @return a trace of no link yet: see {@link #wrap}
     * @throws IOException if the file cannot be written; the message is one line that a user can act
     *     on
     */
    public static Trace open(String where) throws IOException {
        if (where.equals(STDERR)) return new Trace(new FileOutputStream(FileDescriptor.err));
        try {
            return new Trace(new FileOutputStream(where));
        } catch (IOException e) {
            throw new IOException(
                    "usernet.trace=" + where + ": cannot write this file: " + e.getMessage(), e);
        }
    }

    /** {@return a trace that goes to {@code out}, which is closed with the last link} */
    public static Trace to(OutputStream out) {
        return new Trace(out);
    }

    /**
     * {@return a link whose packets are traced} Closing it closes {@code link}; the last one ends the
     * trace.
     */
    public LinkDevice wrap(LinkDevice link) {
        PacketSource source = new PacketSource(sources.size(), link.capabilities().layer());
        sources.add(source);
        names.add(link.capabilities().name());
        open.incrementAndGet();
        if (drain == null) {
            TraceWriter writer = new TraceWriter(out, names, this::missing);
            drain = new PacketDrain(ring, writer, "trace", 0);
        }
        return new RecordedLink(links, link, source);
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

    /** {@return packets that are missing from the trace so far; any thread} */
    public long missing() {
        long sum = 0;
        for (PacketSource source : sources) sum += source.dropped();
        return sum;
    }

    /**
     * Ends the trace, but not the links: waits until all of it so far is written, or two seconds are
     * over. Any thread; for the end of the JVM. Again is harmless.
     */
    public void finish() {
        if (drain != null) drain.close();
    }
}
