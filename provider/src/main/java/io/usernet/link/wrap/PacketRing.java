package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * Packets, or their first bytes, on their way from whoever runs the stack to the thread that writes
 * them down. One producer at a time, one consumer. A packet that finds no room is counted and dropped.
 *
 * <pre>
 *   0        4          8        12       16         20
 *  +--------+----------+--------+--------+----------+---------------+
 *  | record | captured | length | summed | rest sum | segment size  |
 *  +--------+----------+--------+----+---+---+------+----+----------+---
 *  | time              | lost   | tr | la | di | in | the bytes
 *  +-------------------+--------+----+----+----+----+---------------
 *   24                  32       36   37   38   39   40
 * </pre>
 *
 * <p>Where fewer bytes are captured than the packet has, the rest is summed (bytes captured to
 * summed), so that the consumer can verify or complete the checksum of TCP and UDP over IPv4.
 */
final class PacketRing {
    /** Bytes of this record; negative: the rest of the ring is unused. */
    static final int RECORD = 0;

    /** Bytes of the packet that are here, and that it has. */
    static final int CAPTURED = 4, LENGTH = 8;

    /** How much of the packet the bytes that are here and the sum of the rest cover. */
    static final int SUMMED = 12, REST_SUM = 16;

    /** {@link Frame#segmentSize}. */
    static final int SEGMENT_SIZE = 20;

    /** Nanoseconds since 1970. */
    static final int TIME = 24;

    /** How many packets of the same source found no room since its last record. */
    static final int LOST = 32;

    /** A byte: 1 if the checksum comes from memory, or was left to the link, and may not be there. */
    static final int TRUSTED = 36;

    /** Bytes: the source's layer, {@link #IN}, {@link #OUT} or 0, and the source's number. */
    static final int LAYER = 37, DIRECTION = 38, SOURCE = 39;

    /** The packet. */
    static final int BYTES = 40;

    static final byte IN = 1, OUT = 2;

    /** Longest frame that there is. */
    static final int LONGEST = Ethernet.HEADER + 65_535;

    private static final int ALIGN = 8;

    private static final VarHandle HEAD, TAIL;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(PacketRing.class, "head", long.class);
            TAIL = lookup.findVarHandle(PacketRing.class, "tail", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ByteBuffer bytes;
    private final int mask;
    private final int transport, most;
    private long head; // by the consumer (setRelease); the producer reads it (getAcquire)
    private long tail; // by the producer (setRelease); the consumer reads it (getAcquire)
    private long headSeen; // the producer's
    private long tailSeen; // the consumer's
    private volatile boolean closed; // by the consumer

    /**
     * @param capacity in bytes, a power of two, at least twice the longest record
     * @param transport most bytes to keep of a packet of TCP or UDP over IPv4
     * @param most most bytes to keep of another one
     */
    PacketRing(int capacity, int transport, int most) {
        assert Integer.bitCount(capacity) == 1;
        assert capacity >= 2 * (BYTES + Math.min(Math.max(transport, most), LONGEST) + ALIGN);
        this.bytes = ByteBuffer.allocateDirect(capacity);
        this.mask = capacity - 1;
        this.transport = transport;
        this.most = most;
    }

    // -- the producer's side

    /**
     * Adds a packet, or counts it as dropped.
     *
     * @param direction {@link #IN}, {@link #OUT}, or 0: neither
     * @param timeNs since 1970
     */
    void add(Frame frame, PacketSource source, byte direction, long timeNs) {
        if (closed) return;
        int length = frame.length();
        int captured = Math.min(length, most);
        int summed = captured;
        if (length > transport && isTransport(frame, source.layer)) {
            int network = source.layer == 2 ? Ethernet.HEADER : 0;
            int ipEnd = network + Ipv4.totalLength(frame.bytes(), frame.start() + network);
            // Bytes after the end of the IP packet are not part of any checksum: none is verified.
            if (ipEnd == length) summed = length;
            captured = transport;
        }
        int record = BYTES + captured + ALIGN - 1 & -ALIGN;
        int at = claim(record);
        if (at < 0) {
            source.drop();
            return;
        }
        frame.copy(0, captured, bytes, at + BYTES);
        bytes.putInt(at, record);
        bytes.putInt(at + CAPTURED, captured);
        bytes.putInt(at + LENGTH, length);
        bytes.putInt(at + SUMMED, Math.max(summed, captured));
        bytes.putInt(at + REST_SUM, summed > captured ? frame.sum(captured) : 0);
        bytes.putInt(at + SEGMENT_SIZE, frame.segmentSize);
        bytes.putLong(at + TIME, timeNs);
        bytes.putInt(at + LOST, source.tellDropped());
        bytes.put(at + TRUSTED, (byte) (frame.checksum == Frame.Checksum.UNKNOWN ? 0 : 1));
        bytes.put(at + LAYER, (byte) source.layer);
        bytes.put(at + DIRECTION, direction);
        bytes.put(at + SOURCE, (byte) source.number);
        TAIL.setRelease(this, tail + record);
    }

    private static boolean isTransport(Frame frame, int layer) {
        ByteBuffer b = frame.bytes();
        int at = frame.start();
        if (layer == 2) {
            if (frame.length(0) < Ethernet.HEADER || Ethernet.type(b, at) != Ethernet.IPV4) {
                return false;
            }
            at += Ethernet.HEADER;
        }
        // The header is in slice 0, the packet's end may be in another one.
        if (frame.end() - at < Ipv4.HEADER) return false;
        int header = Ipv4.check(b, at, frame.start() + frame.length());
        if (header < 0 || header > frame.end() - at) return false;
        int protocol = Ipv4.protocol(b, at);
        return protocol == Ipv4.TCP || protocol == Ipv4.UDP;
    }

    /** Where a record of this size goes, in one piece, or -1; fills the rest of the ring if need be. */
    private int claim(int record) {
        int at = (int) tail & mask;
        int toEdge = mask + 1 - at;
        int needed = record <= toEdge ? record : toEdge + record;
        if (tail + needed - headSeen > mask + 1) {
            headSeen = (long) HEAD.getAcquire(this);
            if (tail + needed - headSeen > mask + 1) return -1;
        }
        if (record <= toEdge) return at;
        bytes.putInt(at, -toEdge);
        TAIL.setRelease(this, tail + toEdge);
        return 0;
    }

    // -- the consumer's side

    boolean isEmpty() {
        tailSeen = (long) TAIL.getAcquire(this);
        return head == tailSeen;
    }

    ByteBuffer bytes() {
        return bytes;
    }

    /** Where the oldest record begins, or -1. */
    int peek() {
        while (head != tailSeen || !isEmpty()) {
            int at = (int) head & mask;
            int record = bytes.getInt(at);
            if (record > 0) return at;
            HEAD.setRelease(this, head - record);
        }
        return -1;
    }

    /** The record that {@link #peek} gave is done with. */
    void remove() {
        HEAD.setRelease(this, head + bytes.getInt((int) head & mask));
    }

    /** Nobody looks at it any more: from now on packets are neither kept nor counted. */
    void close() {
        closed = true;
    }
}
