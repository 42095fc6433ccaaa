package io.usernet.nio;

import java.lang.ref.WeakReference;
import java.net.DatagramPacket;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * How much fits into a DatagramPacket into which something was received. The packet knows it, and gives
 * the number to java.net alone: {@code setLength}, by which others tell the length of what came, shrinks
 * it. So it is remembered here, for a packet that is received into again.
 *
 * <p>An application that sets just the length that was received anew is taken for one that set nothing.
 */
final class PacketRooms {
    /**
     * @param room bytes from the offset on
     * @param length what was received
     */
    private record Filled(WeakReference<byte[]> data, int offset, int room, int length) {
        boolean isAsLeft(DatagramPacket packet) {
            return packet.getLength() == length
                    && packet.getOffset() == offset
                    && data.refersTo(packet.getData());
        }
    }

    /** By identity, which is the equality of packets; guarded by itself. */
    private static final Map<DatagramPacket, Filled> FILLED = new WeakHashMap<>();

    private PacketRooms() {}

    /** How many bytes may be received into it; the caller is synchronized on the packet. */
    static int of(DatagramPacket packet) {
        Filled last;
        synchronized (FILLED) {
            last = FILLED.get(packet);
        }
        return last != null && last.isAsLeft(packet) ? last.room : packet.getLength();
    }

    /** Sets the length of what was received; the caller is synchronized on the packet. */
    static void fill(DatagramPacket packet, int room, int length) {
        packet.setLength(length);
        synchronized (FILLED) {
            if (length == room) FILLED.remove(packet);
            else FILLED.put(packet, filled(packet, room, length));
        }
    }

    private static Filled filled(DatagramPacket packet, int room, int length) {
        WeakReference<byte[]> data = new WeakReference<>(packet.getData());
        return new Filled(data, packet.getOffset(), room, length);
    }
}
