package io.usernet.frame;

import java.nio.ByteBuffer;

/**
 * A frame on its way in or out: a list of slices, the first of which holds all headers in one piece.
 *
 * <pre>
 *   slice 0                                          slice 1 .. slices()-1
 *   | headroom | link, IP, TCP headers [| payload] |  | payload |  | payload | ...
 *              start()                 end(0)         at(1)    end(1)
 * </pre>
 *
 * Going out, each layer lowers {@code start} with {@link #prepend} and writes its header there;
 * payload slices point into the connection's send chunks. Coming in, each layer raises it with {@link
 * #consume}. The bytes of a frame that came in are never written to, and headers going out are
 * written once: a retransmission is another frame.
 *
 * <p>One owner at a time, confined to the loop; {@link #release} exactly once.
 */
public final class Frame {
    /** Most slices of a frame. */
    public static final int MAX_SLICES = 34;

    /** Room for the headers of a frame going out. */
    public static final int HEADER_SPACE = 192;

    /** What is known about the checksum of the transport header. */
    public enum Checksum {
        /** Nothing: the receiver must verify it. */
        UNKNOWN,
        /** It is right, or comes from memory and need not be looked at. */
        VALID,
        /**
         * The field holds the sum of the pseudo header only; whoever puts the frame on a real wire
         * sums from {@link Frame#checksumStart} on and stores at {@link Frame#checksumOffset}.
         */
        PARTIAL
    }

    private final FramePool home;
    private final Region headers;
    private final int headerBase;

    private int slices;
    private final Region[] region = new Region[MAX_SLICES];
    private final Holder[] holder = new Holder[MAX_SLICES];
    private final int[] at = new int[MAX_SLICES];
    private final int[] end = new int[MAX_SLICES];
    private boolean out;

    /** What is known about the transport checksum. */
    public Checksum checksum = Checksum.UNKNOWN;

    /** See {@link Checksum#PARTIAL}; both are positions in {@link #bytes()}. */
    public int checksumStart, checksumOffset;

    /**
     * Payload bytes of each segment that this frame stands for (virtio's gso_size), or 0: a segment as
     * it is.
     */
    public int segmentSize;

    /**
     * On the loopback: 1 + the place of the link which this is a copy for, of a multicast that was sent
     * there; 0: the loopback itself was meant.
     */
    public int copyForLink;

    /** Link of the queue the frame is in; belongs to its owner. */
    public Frame next;

    Frame(FramePool home, Region headers, int headerBase) {
        this.home = home;
        this.headers = headers;
        this.headerBase = headerBase;
    }

    /** {@return the pool that it came from, where {@link #release} takes it} */
    public FramePool pool() {
        return home;
    }

    void taken() {
        assert !out;
        out = true;
    }

    /** Becomes a frame going out: no payload, an empty header slice with {@link #HEADER_SPACE} of headroom. */
    public void begin() {
        clear();
        set(headers, null, headerBase + HEADER_SPACE, headerBase + HEADER_SPACE);
    }

    /**
     * Becomes a frame coming in with room for {@code length} bytes in one slice; the link reads into
     * it and says {@link #filled}. Where memory is exhausted, the room is scratch that cannot be
     * retained.
     */
    public void reserve(int length) {
        clear();
        home.reserve(this, length);
    }

    /** The first {@code length} bytes of what was reserved came in. */
    public void filled(int length) {
        assert slices == 1 && length <= end[0] - at[0];
        end[0] = at[0] + length;
        home.filled(this, end[0]);
    }

    void set(Region region, Holder holder, int at, int end) {
        assert slices == 0;
        this.region[0] = region;
        this.holder[0] = holder;
        this.at[0] = at;
        this.end[0] = end;
        slices = 1;
    }

    /** Appends a slice and retains its holder; null where the memory cannot be retained. */
    public void append(Region region, Holder holder, int at, int length) {
        if (holder != null) holder.retain();
        this.region[slices] = region;
        this.holder[slices] = holder;
        this.at[slices] = at;
        this.end[slices] = at + length;
        slices++;
    }

    /** {@return whether another slice fits} */
    public boolean hasRoom() {
        return slices < MAX_SLICES;
    }

    /** {@return how many slices there are, at most {@link #MAX_SLICES}; 0 of an empty frame} */
    public int slices() {
        return slices;
    }

    /** {@return the region that a slice points into} */
    public Region region(int slice) {
        return region[slice];
    }

    /** {@return the whole buffer of a slice's region, to be read by absolute positions only} */
    public ByteBuffer bytes(int slice) {
        return region[slice].bytes();
    }

    /**
     * {@return what keeps a slice's memory, or null if it cannot be retained: copy it before it is
     * released}
     */
    public Holder holder(int slice) {
        return holder[slice];
    }

    /** {@return where a slice begins in its region, in bytes} */
    public int at(int slice) {
        return at[slice];
    }

    /** {@return where a slice ends in its region: the position behind its last byte} */
    public int end(int slice) {
        return end[slice];
    }

    /** {@return bytes of a slice} */
    public int length(int slice) {
        return end[slice] - at[slice];
    }

    /** {@return the buffer of slice 0} */
    public ByteBuffer bytes() {
        return region[0].bytes();
    }

    /** {@return where the outermost header begins in {@link #bytes}} */
    public int start() {
        return at[0];
    }

    /** {@return where slice 0 ends} */
    public int end() {
        return end[0];
    }

    /** {@return bytes in all slices} */
    public int length() {
        int n = 0;
        for (int i = 0; i < slices; i++) n += end[i] - at[i];
        return n;
    }

    /**
     * Makes room for a header of {@code n} bytes before what is there.
     *
     * @return where the header begins
     */
    public int prepend(int n) {
        at[0] -= n;
        assert region[0] != headers || at[0] >= headerBase : "headers longer than their space";
        return at[0];
    }

    /** A header of {@code n} bytes has been read. */
    public void consume(int n) {
        at[0] += n;
        assert at[0] <= end[0];
    }

    /** Cuts the frame to {@code length} bytes (Ethernet pads short ones). */
    public void trim(int length) {
        int left = length;
        int kept = 0;
        for (int i = 0; i < slices; i++) {
            int n = Math.min(left, end[i] - at[i]);
            if (left == 0 && i > 0) {
                if (holder[i] != null) holder[i].release();
                holder[i] = null;
                region[i] = null;
            } else {
                end[i] = at[i] + n;
                kept = i + 1;
            }
            left -= n;
        }
        slices = kept;
    }

    /** Copies {@code length} bytes beginning {@code from} bytes into the frame to {@code dst}. */
    public void copy(int from, int length, ByteBuffer dst, int dstAt) {
        for (int i = 0; length > 0; i++) {
            int have = end[i] - at[i];
            if (from >= have) {
                from -= have;
                continue;
            }
            int n = Math.min(have - from, length);
            dst.put(dstAt, region[i].bytes(), at[i] + from, n);
            dstAt += n;
            length -= n;
            from = 0;
        }
    }

    /**
     * {@return the one's complement sum of everything from {@code from} bytes into the frame on (RFC
     * 1071)}
     */
    public int sum(int from) {
        int sum = 0;
        int summed = 0;
        for (int i = 0; i < slices; i++) {
            int have = end[i] - at[i];
            if (from >= have) {
                from -= have;
                continue;
            }
            int part = io.usernet.wire.Checksum.sum(region[i].bytes(), at[i] + from, have - from);
            sum = io.usernet.wire.Checksum.append(sum, summed, part);
            summed += have - from;
            from = 0;
        }
        return sum;
    }

    /**
     * {@return whether its memory lives for as long as the frame does: no slice is scratch, see {@link
     * #reserve}}
     */
    public boolean canBeKept() {
        for (int i = 0; i < slices; i++) {
            if (holder[i] == null && region[i] != headers) return false;
        }
        return true;
    }

    /** Takes over the slices of a frame that came in, which is empty then, and what is known of it. */
    public void moveFrom(Frame other) {
        assert slices == 0 && home == other.home;
        for (int i = 0; i < other.slices; i++) {
            assert other.region[i] != other.headers : "its headers stay where they are";
            region[i] = other.region[i];
            holder[i] = other.holder[i];
            at[i] = other.at[i];
            end[i] = other.end[i];
            other.region[i] = null;
            other.holder[i] = null;
        }
        slices = other.slices;
        other.slices = 0;
        knownFrom(other, 0);
        other.clear();
    }

    /**
     * Becomes a second frame of the same bytes, whose slices keep the same memory; only headers in the
     * other frame's own space are copied.
     *
     * @return false, and this one is empty, if the other {@linkplain #canBeKept cannot be kept}
     */
    public boolean shareOf(Frame other) {
        clear();
        if (!other.canBeKept()) return false;
        for (int i = 0; i < other.slices; i++) {
            if (other.holder[i] != null) {
                append(other.region[i], other.holder[i], other.at[i], other.length(i));
                continue;
            }
            assert i == 0 : "only slice 0 lies in the frame's own space";
            int length = other.length(0);
            int own = headerBase + HEADER_SPACE - length;
            headers.bytes().put(own, other.bytes(), other.at[0], length);
            set(headers, null, own, own + length);
        }
        knownFrom(other, slices == 0 ? 0 : at[0] - other.at[0]);
        return true;
    }

    /**
     * @param moved how much further slice 0 begins in its buffer than the other's in its own
     */
    private void knownFrom(Frame other, int moved) {
        checksum = other.checksum;
        checksumStart = other.checksumStart + moved;
        checksumOffset = other.checksumOffset + moved;
        segmentSize = other.segmentSize;
        copyForLink = other.copyForLink;
    }

    /** Drops the slices: it is as when it was taken from its pool. */
    public void clear() {
        for (int i = 0; i < slices; i++) {
            if (holder[i] != null) holder[i].release();
            holder[i] = null;
            region[i] = null;
        }
        slices = 0;
        checksum = Checksum.UNKNOWN;
        segmentSize = 0;
        copyForLink = 0;
    }

    /** Drops the slices and gives the frame back to its pool. */
    public void release() {
        assert out : "released twice";
        out = false;
        clear();
        next = null;
        home.give(this);
    }
}
