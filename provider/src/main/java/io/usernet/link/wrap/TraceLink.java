package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.link.FrameObserver;
import io.usernet.link.LinkDevice;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Prints every packet of a link as {@code tcpdump -S -nn -vvv} would. In the turn only the first bytes
 * of each are copied to a bounded ring; a thread of its own formats and writes them. Where that thread
 * cannot keep up, packets are missing from the trace (never from the link), and a line says how many.
 *
 * <p>A checksum that is left to the link, or that came from memory and was never computed, is shown as
 * the right one: what a wire would carry.
 */
public final class TraceLink extends WrappedLink implements FrameObserver {
    /** The value of {@code usernet.trace} that means standard error; any other is a file's name. */
    public static final String STDERR = "stderr";

    private static final int RING_BYTES = 1 << 20;
    private static final int HEADERS = 256; // 14 + 60 + 60, and the text of a RST
    private static final int MOST = 2048; // an ICMP error, a frame of an unknown type

    private final PacketRing ring = new PacketRing(RING_BYTES, HEADERS, MOST);
    private final PacketSource source, loopback = new PacketSource(1, 3);
    private final WallClock clock = new WallClock();
    private final PacketDrain drain;

    private TraceLink(LinkDevice link, OutputStream out) {
        super(link);
        this.source = new PacketSource(0, link.capabilities().layer());
        TraceWriter writer = new TraceWriter(out, this::missing);
        this.drain = new PacketDrain(ring, writer, "trace", 0);
    }

    /**
     * Wraps a link.
     *
     * @param where {@link #STDERR} or the name of a file, which is overwritten
     * @throws IOException if the file cannot be written; the message is one line that a user can act
     *     on. The link is as it was.
     */
    public static TraceLink open(LinkDevice link, String where) throws IOException {
        return new TraceLink(link, destination(where));
    }

    /** Wraps a link; the trace goes to {@code out}, which is closed with the link. */
    public static TraceLink open(LinkDevice link, OutputStream out) {
        return new TraceLink(link, out);
    }

    private static OutputStream destination(String where) throws IOException {
        if (where.equals(STDERR)) return new FileOutputStream(FileDescriptor.err);
        try {
            return new FileOutputStream(where);
        } catch (IOException e) {
            throw new IOException(
                    "usernet.trace=" + where + ": cannot write this file: " + e.getMessage(), e);
        }
    }

    @Override
    public boolean receive(Frame into) {
        if (!super.receive(into)) return false;
        ring.add(into, source, PacketRing.IN, clock.nowNs());
        return true;
    }

    @Override
    public Transmit transmit(Frame frame) {
        Transmit became = super.transmit(frame);
        // HELD: the link may have lent it to another loop, but only we can release it.
        if (became != Transmit.FULL) ring.add(frame, source, PacketRing.OUT, clock.nowNs());
        return became;
    }

    /** A packet that is not of this link, but of the stack's loopback. */
    @Override
    public void onFrame(Frame frame) {
        ring.add(frame, loopback, (byte) 0, clock.nowNs());
    }

    /** Packets that are missing from the trace so far. */
    public long missing() {
        return source.dropped() + loopback.dropped();
    }

    @Override
    public void flush() {
        super.flush();
        drain.wakeUp();
    }

    /**
     * Ends the trace, but not the link: waits until all of it so far is written, or two seconds are
     * over. Any thread; for the end of the JVM.
     */
    public void finish() {
        drain.close();
    }

    /** Closes the link, and then the trace, once the rest of it is written or two seconds are over. */
    @Override
    public void close() {
        try {
            super.close();
        } finally {
            drain.close();
        }
    }
}
