package io.usernet.link.wrap;

import io.usernet.buffer.RecordRing;
import io.usernet.frame.Frame;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import java.nio.ByteBuffer;

/**
 * Packets, or their first bytes, on their way from whoever runs the stack to the thread that writes
 * them down. One producer at a time, one consumer. A packet that finds no room is counted and dropped.
 *
 * <pre>
 *   0          4        8        12         16             20
 *  +----------+--------+--------+----------+--------------+-------+
 *  | captured | length | summed | rest sum | segment size | lost  |
 *  +----------+--------+----+---+---+------+----+---------+-------+
 *  | time              | tr | la | di | in | the bytes
 *  +-------------------+----+----+----+----+-----------
 *   24                  32   33   34   35   36
 * </pre>
 *
 * <p>Where fewer bytes are captured than the packet has, the rest is summed (bytes captured to
 * summed), so that the consumer can verify or complete the checksum of TCP and UDP over IPv4.
 */
final class PacketRing {
    /** Bytes of the packet that are here, and that it has. */
    static final int CAPTURED = 0, LENGTH = 4;

    /** How much of the packet the bytes that are here and the sum of the rest cover. */
    static final int SUMMED = 8, REST_SUM = 12;

    /** {@link Frame#segmentSize}. */
    static final int SEGMENT_SIZE = 16;

    /** How many packets of the same source found no room since its last record. */
    static final int LOST = 20;

    /** Nanoseconds since 1970. */
    static final int TIME = 24;

    /** A byte: 1 if the checksum comes from memory, or was left to the link, and may not be there. */
    static final int TRUSTED = 32;

    /** Bytes: the source's layer, {@link #IN}, {@link #OUT} or 0, and the source's number. */
    static final int LAYER = 33, DIRECTION = 34, SOURCE = 35;

    /** The packet. */
    static final int BYTES = 36;

    static final byte IN = 1, OUT = 2;

    /** Longest frame that there is. */
    static final int LONGEST = Ethernet.HEADER + 65_535;

    private final RecordRing ring;
    private final int transport, most;
    private volatile boolean closed; // by the consumer

    /**
     * @param capacity in bytes, a power of two, at least twice the longest record
     * @param transport most bytes to keep of a packet of TCP or UDP over IPv4
     * @param most most bytes to keep of another one
     */
    PacketRing(int capacity, int transport, int most) {
        assert capacity >= 2 * (BYTES + Math.min(Math.max(transport, most), LONGEST) + 16);
        this.ring = new RecordRing(capacity);
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
        int at = ring.claim(BYTES + captured);
        if (at < 0) {
            source.drop();
            return;
        }
        ByteBuffer bytes = ring.bytes();
        frame.copy(0, captured, bytes, at + BYTES);
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
        ring.publish();
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

    // -- the consumer's side

    boolean isEmpty() {
        return ring.isEmpty();
    }

    ByteBuffer bytes() {
        return ring.bytes();
    }

    /** Where the oldest record begins, or -1. */
    int peek() {
        return ring.peek();
    }

    /** The record that {@link #peek} gave is done with. */
    void remove() {
        ring.remove();
    }

    /** Nobody looks at it any more: from now on packets are neither kept nor counted. */
    void close() {
        closed = true;
    }
}
