package io.usernet.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Packets as a capture file in the classic pcap format. */
final class PcapFile {
    private static final int MAGIC = 0xA1B2_C3D4;
    private static final int ETHERNET = 1, RAW_IP = 101;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int packets;

    /**
     * @param layer 2 or 3: what the packets begin with
     */
    PcapFile(int layer) {
        ByteBuffer head = ByteBuffer.allocate(24);
        head.putInt(MAGIC).putShort((short) 2).putShort((short) 4).putLong(0);
        head.putInt(262_144).putInt(layer == 2 ? ETHERNET : RAW_IP);
        bytes.writeBytes(head.array());
    }

    void add(byte[] packet) {
        ByteBuffer head = ByteBuffer.allocate(16);
        head.putInt(1_000_000_000 + packets++)
                .putInt(0)
                .putInt(packet.length)
                .putInt(packet.length);
        bytes.writeBytes(head.array());
        bytes.writeBytes(packet);
    }

    byte[] toByteArray() {
        return bytes.toByteArray();
    }
}
