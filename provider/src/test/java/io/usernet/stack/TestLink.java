package io.usernet.stack;

import io.usernet.frame.Frame;
import io.usernet.frame.Region;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A link by hand: what the test puts in is received, what is transmitted can be looked at. Each frame
 * comes in a region of exactly its size, so that reading beyond it fails.
 */
public final class TestLink implements LinkDevice {
    public static final long MAC = 0x02_00_00_00_00_02L;

    private final LinkCapabilities capabilities;
    private final ArrayDeque<byte[]> in = new ArrayDeque<>();
    private final ArrayDeque<byte[]> out = new ArrayDeque<>();
    private final List<Frame> kept = new ArrayList<>();

    /** Answers FULL while true. */
    public boolean full;

    /** Whether to answer HELD, and to keep the frames. */
    public boolean hold;

    /** What {@link #transmit} throws, or null. */
    public RuntimeException failure;

    public TestLink(int layer, int mtu) {
        capabilities = new LinkCapabilities("test0", layer, mtu, layer == 2 ? MAC : 0, false, 0);
    }

    /** The next frame that comes in. */
    public void arrives(byte[] frame) {
        in.add(frame);
    }

    /** The oldest frame that went out and was not looked at yet, or null. */
    public byte[] sent() {
        return out.poll();
    }

    /** All frames that went out and were not looked at yet. */
    public List<byte[]> allSent() {
        List<byte[]> all = new ArrayList<>(out);
        out.clear();
        return all;
    }

    public int waiting() {
        return in.size();
    }

    public void releaseKept() {
        kept.forEach(Frame::release);
        kept.clear();
    }

    @Override
    public LinkCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public boolean receive(Frame into) {
        byte[] bytes = in.poll();
        if (bytes == null) return false;
        ByteBuffer exact = ByteBuffer.allocateDirect(bytes.length);
        exact.put(0, bytes);
        into.append(new Region(exact), null, 0, bytes.length);
        return true;
    }

    @Override
    public Transmit transmit(Frame frame) {
        if (failure != null) throw failure;
        if (full) return Transmit.FULL;
        ByteBuffer copy = ByteBuffer.allocateDirect(frame.length());
        frame.copy(0, frame.length(), copy, 0);
        byte[] bytes = new byte[frame.length()];
        copy.get(0, bytes);
        out.add(bytes);
        if (!hold) return Transmit.DONE;
        kept.add(frame);
        return Transmit.HELD;
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        throw new UnsupportedOperationException("a test runs the turns itself");
    }

    @Override
    public void wake() {}

    @Override
    public void close() {}
}
