package io.usernet.link.wrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a pcapng file block by block, and insists on everything that the format demands. */
final class PcapngFile {
    record Interface(int linkType, int snaplen, String name, byte[] mac, int tsresol) {}

    record Packet(
            int interfaceId,
            long timeNs,
            byte[] bytes,
            int length,
            int direction,
            long lost,
            String comment) {}

    record Statistics(int interfaceId, long startNs, long endNs, long received, long dropped) {}

    final List<Interface> interfaces = new ArrayList<>();
    final List<Packet> packets = new ArrayList<>();
    final Map<Integer, Statistics> statistics = new HashMap<>();
    Map<Integer, byte[]> header;

    private PcapngFile() {}

    static PcapngFile read(Path path) throws IOException {
        return read(path, false);
    }

    /**
     * @param growing whether the last block may be cut: it is being written
     */
    static PcapngFile read(Path path, boolean growing) throws IOException {
        PcapngFile file = new PcapngFile();
        ByteBuffer b = ByteBuffer.wrap(Files.readAllBytes(path));
        while (b.hasRemaining()) {
            int start = b.position();
            boolean cut = b.remaining() < 12 || b.getInt(start + 4) > b.remaining();
            if (growing && cut) return file;
            int type = b.getInt();
            int length = b.getInt();
            assertEquals(0, length % 4, "length of a block");
            assertTrue(length >= 12 && start + length <= b.limit(), "block of " + length);
            assertEquals(length, b.getInt(start + length - 4), "length at the end of a block");
            ByteBuffer body = b.slice(start + 8, length - 12);
            assertEquals(type == 0x0A0D_0D0A, start == 0, "the section header comes first");
            file.block(type, body);
            b.position(start + length);
        }
        assertTrue(file.header != null, path + " is empty");
        return file;
    }

    private void block(int type, ByteBuffer b) {
        switch (type) {
            case 0x0A0D_0D0A -> {
                assertEquals(0x1A2B_3C4D, b.getInt());
                assertEquals(1, b.getShort());
                assertEquals(0, b.getShort());
                assertEquals(-1, b.getLong());
                header = options(b);
            }
            case 1 -> {
                int linkType = b.getShort();
                assertEquals(0, b.getShort());
                int snaplen = b.getInt();
                Map<Integer, byte[]> o = options(b);
                interfaces.add(
                        new Interface(linkType, snaplen, text(o.get(2)), o.get(6), o.get(9)[0]));
            }
            case 6 -> {
                int id = b.getInt();
                assertTrue(id < interfaces.size(), "packet of an interface that is not described");
                long time = (b.getInt() & 0xFFFF_FFFFL) << 32 | b.getInt() & 0xFFFF_FFFFL;
                byte[] bytes = new byte[b.getInt()];
                int length = b.getInt();
                b.get(bytes);
                while (b.position() % 4 != 0) assertEquals(0, b.get(), "padding");
                Map<Integer, byte[]> o = options(b);
                int flags = o.containsKey(2) ? ByteBuffer.wrap(o.get(2)).getInt() : 0;
                long lost = o.containsKey(4) ? ByteBuffer.wrap(o.get(4)).getLong() : 0;
                packets.add(new Packet(id, time, bytes, length, flags, lost, text(o.get(1))));
            }
            case 5 -> {
                int id = b.getInt();
                long time = b.getLong();
                Map<Integer, byte[]> o = options(b);
                Statistics s =
                        new Statistics(id, value(o, 2), value(o, 3), value(o, 4), value(o, 5));
                assertEquals(s.endNs, time);
                assertTrue(statistics.put(id, s) == null, "two statistics of an interface");
            }
            default -> throw new AssertionError("block of type " + type);
        }
    }

    private static Map<Integer, byte[]> options(ByteBuffer b) {
        Map<Integer, byte[]> options = new HashMap<>();
        while (true) {
            int code = b.getShort();
            byte[] value = new byte[b.getShort() & 0xFFFF];
            b.get(value);
            if (code == 0) {
                assertEquals(0, value.length);
                assertEquals(0, b.remaining(), "bytes behind the options");
                return options;
            }
            while (b.position() % 4 != 0) assertEquals(0, b.get(), "padding");
            assertTrue(options.put(code, value) == null, "option " + code + " twice");
        }
    }

    private static long value(Map<Integer, byte[]> options, int code) {
        return ByteBuffer.wrap(options.get(code)).getLong();
    }

    private static String text(byte[] value) {
        return value == null ? null : new String(value, StandardCharsets.UTF_8);
    }

    String headerText(int code) {
        return text(header.get(code));
    }
}
