package io.usernet.tuntap;

import io.usernet.frame.Frame;
import java.lang.ref.Reference;
import java.nio.ByteOrder;

/**
 * Writes frames to a stream, each after its length in four bytes of network order, with one {@code
 * writev} and no copy. A frame of which the peer's buffer takes a part only is held, with its slices,
 * and finished before anything else is written. Confined to the loop.
 */
final class FrameWriter {
    enum Result {
        SENT,
        /** A part was sent: the writer has the frame now. */
        HELD,
        FULL,
        /** The kernel has no memory: nothing was sent, and it may soon have some. */
        NO_MEMORY,
        /** The peer has closed the connection. */
        GONE
    }

    private static final boolean NETWORK_ORDER = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN;
    private static final int IOVEC = 16; // base at 0, length at 8
    private static final int IOVECS = 8, // after the length of the frame
            BYTES = IOVECS + IOVEC * (1 + Frame.MAX_SLICES);

    private final Syscalls sys;
    private final NativeBuffer scratch;
    private Frame held;
    private int sent; // of it and its length

    FrameWriter(Syscalls sys) {
        this.sys = sys;
        this.scratch = new NativeBuffer(sys, BYTES);
    }

    boolean isHolding() {
        return held != null;
    }

    /** Sends a frame; only after HELD it is the writer's. */
    Result transmit(int fd, Frame frame) {
        assert held == null;
        assert frame.checksum != Frame.Checksum.PARTIAL && frame.segmentSize == 0
                : "we announced no offload";
        long n = write(fd, frame, 0);
        if (n < 0) return refused(n);
        if (n == FrameReader.PREFIX + frame.length()) return Result.SENT;
        held = frame;
        sent = (int) n;
        return Result.HELD;
    }

    /** Sends the rest of the frame that is held; after SENT there is none. */
    Result finish(int fd) {
        long n = write(fd, held, sent);
        if (n < 0) return refused(n);
        sent += (int) n;
        if (sent < FrameReader.PREFIX + held.length()) return Result.FULL;
        release();
        return Result.SENT;
    }

    private static Result refused(long result) {
        return switch ((int) -result) {
            case Errno.EAGAIN -> Result.FULL;
            case Errno.ENOBUFS, Errno.ENOMEM -> Result.NO_MEMORY;
            default -> Result.GONE;
        };
    }

    private long write(int fd, Frame frame, int from) {
        int length = frame.length();
        int count = 0;
        if (from < FrameReader.PREFIX) {
            scratch.bytes.putInt(0, NETWORK_ORDER ? length : Integer.reverseBytes(length));
            add(count++, scratch.address + from, FrameReader.PREFIX - from);
        }
        int skip = Math.max(0, from - FrameReader.PREFIX);
        for (int i = 0; i < frame.slices(); i++) {
            int n = frame.length(i);
            if (skip >= n) {
                skip -= n;
                continue;
            }
            add(count++, sys.address(frame.region(i)) + frame.at(i) + skip, n - skip);
            skip = 0;
        }
        long n;
        do {
            n = sys.writev(fd, scratch.address + IOVECS, count);
        } while (n == -Errno.EINTR);
        scratch.keep();
        Reference.reachabilityFence(frame);
        return n;
    }

    private void add(int iovec, long address, long length) {
        int at = IOVECS + iovec * IOVEC;
        scratch.bytes.putLong(at, address);
        scratch.bytes.putLong(at + 8, length);
    }

    private void release() {
        Frame frame = held;
        held = null;
        frame.release();
    }

    /** The connection has ended; answers whether a frame was half sent, and is dropped. */
    boolean reset() {
        if (held == null) return false;
        release();
        return true;
    }
}
