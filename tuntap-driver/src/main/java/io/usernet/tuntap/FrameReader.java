package io.usernet.tuntap;

import io.usernet.frame.Frame;
import io.usernet.frame.Holder;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.frame.Slab;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * Cuts frames out of a stream of bytes in which each follows its length, four bytes in network order.
 *
 * <pre>
 *   slab     | frames that were handed out | length | frame ... |        room        |
 *            base                          at                   filled               end
 * </pre>
 *
 * One {@code read} takes all that is there, as far as it fits; frames are slices of the slab, which
 * they keep. A frame that goes on in the next slab has a slice in each, unless only headers or less
 * are in the first: those are copied. Where no slab is free, frames are read into memory of the
 * reader's own: they cannot be retained, but the stream keeps its place. Confined to the loop.
 */
final class FrameReader {
    /** The shortest frame, an Ethernet header; what is shorter is no frame's length. */
    static final int MIN_LENGTH = 14;

    /** The longest frame that QEMU sends; passt's are at most 65535. */
    static final int MAX_LENGTH = 4_096 + 65_536;

    /** Of the length before each frame. */
    static final int PREFIX = 4;

    enum Result {
        FRAME,
        /** There is none now. */
        NONE,
        /** The peer has closed the connection, or sends what cannot be frames. */
        GONE
    }

    /** A frame's headers are in one slice: what is shorter is copied to the next slab. */
    private static final int HEADERS = Frame.HEADER_SPACE;

    /** With less room the next slab is begun. */
    private static final int LEAST_ROOM = 2_048;

    private static final int READS_A_CALL = 64;
    private static final int NOT_READ = -1;

    private final Syscalls sys;
    private final int limit;
    private final Region spare = new Region(ByteBuffer.allocateDirect(Slab.Size.LARGE.bytes()));

    private Region region = spare;
    private Slab slab; // with a reference of ours; null: reading into the spare region
    private int at, filled, end;

    private int length = NOT_READ; // of the frame that begins at `at`, or in the carried piece
    private int skip; // bytes of a frame that is too long, still to come
    private boolean drained; // the last read took all there was

    // The piece of a frame in the slab before; its holder's reference is ours.
    private Region carriedRegion;
    private Holder carriedBy;
    private int carriedAt, carried;

    private volatile long dropped; // written in the loop

    /**
     * @param limit longest frame that is handed out; longer ones are dropped
     */
    FrameReader(Syscalls sys, int limit) {
        this.sys = sys;
        this.limit = limit;
        this.end = Slab.Size.LARGE.bytes();
    }

    long dropped() {
        return dropped;
    }

    /** Whether bytes were read behind the last frame: there may be another one. */
    boolean hasMore() {
        return at < filled;
    }

    /** Takes the next frame. Never throws for what the peer sends. */
    Result receive(int fd, Frame into) {
        for (int reads = 0; reads <= READS_A_CALL; ) {
            Result cut = cut(into);
            if (cut != Result.NONE) return cut;
            if (drained) {
                drained = false;
                return Result.NONE;
            }
            makeRoom(into.pool().memory());
            int room = end - filled;
            long n = sys.read(fd, sys.address(region) + filled, room);
            Reference.reachabilityFence(region);
            if (n == -Errno.EAGAIN) return Result.NONE;
            if (n == -Errno.EINTR) continue;
            if (n <= 0) return Result.GONE;
            filled += (int) n;
            drained = n < room;
            reads++;
        }
        return Result.NONE;
    }

    /** Hands the next frame out if all of it is there; GONE if its length cannot be one. */
    private Result cut(Frame into) {
        while (true) {
            if (skip > 0) {
                int n = Math.min(skip, filled - at);
                at += n;
                skip -= n;
                if (skip > 0) return Result.NONE;
            }
            if (length == NOT_READ) {
                if (filled - at < PREFIX) return Result.NONE;
                int next = region.bytes().getInt(at);
                if (next < MIN_LENGTH || next > MAX_LENGTH) return Result.GONE;
                at += PREFIX;
                if (next > limit) {
                    dropped++;
                    skip = next;
                    continue;
                }
                length = next;
            }
            int rest = length - carried;
            if (filled - at < rest) return Result.NONE;
            if (carried > 0) into.append(carriedRegion, carriedBy, carriedAt, carried);
            into.append(region, slab, at, rest);
            at += rest;
            length = NOT_READ;
            releaseCarried();
            return Result.FRAME;
        }
    }

    private void makeRoom(Memory memory) {
        if (at == filled && (slab == null ? carried == 0 : slab.isSole())) {
            // Nobody looks at what was read here before.
            if (slab == null) useNext(memory);
            else at = filled = slab.base();
        }
        if (end - filled < LEAST_ROOM) useNext(memory);
        assert end > filled;
    }

    /** Goes on in another slab, and takes along what is not complete. */
    private void useNext(Memory memory) {
        assert carried == 0 : "a slab holds the rest of the longest frame";
        int have = filled - at;
        Slab next = memory.take(Slab.Size.LARGE);
        Region to = next == null ? spare : next.region();
        int base = next == null ? 0 : next.base();
        if (slab != null && have > HEADERS) {
            carriedRegion = region;
            carriedBy = slab;
            carriedAt = at;
            carried = have;
            have = 0;
        } else {
            to.bytes().put(base, region.bytes(), at, have);
            if (slab != null) slab.release();
        }
        slab = next;
        region = to;
        at = base;
        filled = base + have;
        end = base + Slab.Size.LARGE.bytes();
    }

    private void releaseCarried() {
        if (carriedBy != null) carriedBy.release();
        carriedRegion = null;
        carriedBy = null;
        carried = 0;
    }

    /** The connection has ended: the next byte is the first of another. */
    void reset() {
        if (length != NOT_READ || at < filled) dropped++; // the last frame, in part
        releaseCarried();
        at = filled;
        length = NOT_READ;
        skip = 0;
        drained = false;
    }

    /** Gives all memory back. */
    void close() {
        reset();
        if (slab != null) slab.release();
        slab = null;
    }
}
