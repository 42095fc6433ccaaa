package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The first bytes of packets, on their way from whoever runs the stack to the thread that writes them
 * down. One producer at a time, one consumer. A packet that finds no room is counted and dropped.
 *
 * <pre>
 *   0      4         8       12       16       20       24      32      40
 *  +------+---------+-------+--------+--------+--------+-------+-------+----------+---
 *  |record|captured |length |summed  |rest sum|trusted | time  |layer  |the bytes |
 *  +------+---------+-------+--------+--------+--------+-------+-------+----------+---
 * </pre>
 *
 * Of TCP and UDP over IPv4 only what holds the headers is copied, and the rest is summed, so that the
 * consumer can verify the checksum; of other packets some more.
 */
final class PacketRing {
    static final int CAPTURED = 4, LENGTH = 8, SUMMED = 12, REST_SUM = 16, TRUSTED = 20;
    static final int TIME = 24, LAYER = 32, BYTES = 40;

    private static final int HEADERS = 256; // 14 + 60 + 60, and the text of a RST
    private static final int MOST = 2048; // an ICMP error, a frame of an unknown type
    private static final int ALIGN = 8;

    private static final VarHandle HEAD, TAIL, DROPPED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(PacketRing.class, "head", long.class);
            TAIL = lookup.findVarHandle(PacketRing.class, "tail", long.class);
            DROPPED = lookup.findVarHandle(PacketRing.class, "dropped", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ByteBuffer bytes;
    private final int mask;
    private long head; // by the consumer (setRelease); the producer reads it (getAcquire)
    private long tail; // by the producer (setRelease); the consumer reads it (getAcquire)
    private long dropped; // by the producer (opaque)
    private long headSeen; // the producer's

    /**
     * @param capacity in bytes, a power of two of at least 4 KiB
     */
    PacketRing(int capacity) {
        assert Integer.bitCount(capacity) == 1 && capacity >= 2 * MOST;
        bytes = ByteBuffer.allocateDirect(capacity);
        mask = capacity - 1;
    }

    // -- the producer's side

    /** Adds a packet, or counts it as dropped. */
    void add(Frame frame, int layer, long timeMicros) {
        int length = frame.length();
        int network = layer == 2 ? Ethernet.HEADER : 0;
        int captured = Math.min(length, MOST);
        int summed = captured;
        if (length > HEADERS && isTransport(frame, layer)) {
            int ipEnd = network + Ipv4.totalLength(frame.bytes(), frame.start() + network);
            // Bytes after the end of the IP packet are not part of any checksum: none is verified.
            if (ipEnd == length) summed = length;
            captured = HEADERS;
        }
        int record = BYTES + captured + ALIGN - 1 & -ALIGN;
        int at = claim(record);
        if (at < 0) {
            DROPPED.setOpaque(this, dropped + 1);
            return;
        }
        frame.copy(0, captured, bytes, at + BYTES);
        bytes.putInt(at, record);
        bytes.putInt(at + CAPTURED, captured);
        bytes.putInt(at + LENGTH, length);
        bytes.putInt(at + SUMMED, Math.max(summed, captured));
        bytes.putInt(at + REST_SUM, summed > captured ? frame.sum(captured) : 0);
        bytes.putInt(at + TRUSTED, frame.checksum == Frame.Checksum.UNKNOWN ? 0 : 1);
        bytes.putLong(at + TIME, timeMicros);
        bytes.putInt(at + LAYER, layer);
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
        bytes.putInt(at, -toEdge); // nothing here: skip
        TAIL.setRelease(this, tail + toEdge);
        return 0;
    }

    // -- the consumer's side

    /** Packets that found no room so far; any thread. */
    long dropped() {
        return (long) DROPPED.getOpaque(this);
    }

    boolean isEmpty() {
        return head == (long) TAIL.getAcquire(this);
    }

    ByteBuffer bytes() {
        return bytes;
    }

    /** Where the oldest record begins, or -1. */
    int peek() {
        while (!isEmpty()) {
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
}
