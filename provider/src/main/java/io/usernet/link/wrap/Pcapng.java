package io.usernet.link.wrap;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/**
 * Writes blocks of pcapng (draft-ietf-opsawg-pcapng), in network byte order, at a buffer's position.
 *
 * <pre>
 *   0      4        8                                  n-4
 *  +------+--------+------+---------------------------+--------+
 *  | type | length | body | options, the last of which | length |     all multiples of 4 bytes
 *  +------+--------+------+----------------------------+--------+
 * </pre>
 */
final class Pcapng {
    static final int SECTION_HEADER = 0x0A0D_0D0A, INTERFACE_DESCRIPTION = 1;
    static final int INTERFACE_STATISTICS = 5, ENHANCED_PACKET = 6;

    /** LINKTYPE_ETHERNET, LINKTYPE_RAW. */
    static final int ETHERNET = 1, RAW = 101;

    static final int END_OF_OPTIONS = 0, COMMENT = 1;
    static final int SHB_HARDWARE = 2, SHB_OS = 3, SHB_USERAPPL = 4;
    static final int IF_NAME = 2, IF_MACADDR = 6, IF_TSRESOL = 9;
    static final int EPB_FLAGS = 2, EPB_DROPCOUNT = 4;
    static final int ISB_STARTTIME = 2, ISB_ENDTIME = 3, ISB_IFRECV = 4, ISB_IFDROP = 5;

    /** More than a block other than that of a packet can have. */
    static final int MOST = 4096;

    /** What a packet's block has besides its bytes and its comment, at most. */
    static final int PACKET_OVERHEAD = 28 + 3 + 8 + 12 + 4 + 3 + 4 + 4;

    /** Bytes of a block of statistics. */
    static final int STATISTICS = 20 + 4 * 12 + 4 + 4;

    private static final int MAGIC = 0x1A2B_3C4D, LONGEST_NAME = 1024;
    private static final byte NANOSECONDS = 9; // 10^-9 s

    private final ByteBuffer b;
    private int block;

    Pcapng(ByteBuffer b) {
        this.b = b;
    }

    /** Begins a file. */
    void section(String hardware, String os, String application) {
        begin(SECTION_HEADER);
        b.putInt(MAGIC).putShort((short) 1).putShort((short) 0); // version 1.0
        b.putLong(-1); // the section's length: to the end of the file
        option(SHB_HARDWARE, hardware);
        option(SHB_OS, os);
        option(SHB_USERAPPL, application);
        end();
    }

    /**
     * The next interface of the section.
     *
     * @param mac 0: none
     */
    void interfaceDescription(int linkType, int snaplen, String name, long mac) {
        begin(INTERFACE_DESCRIPTION);
        b.putShort((short) linkType).putShort((short) 0).putInt(snaplen);
        option(IF_NAME, name);
        if (mac != 0) {
            optionHeader(IF_MACADDR, 6);
            b.putShort((short) (mac >>> 32)).putInt((int) mac);
            pad(6);
        }
        optionHeader(IF_TSRESOL, 1);
        b.put(NANOSECONDS);
        pad(1);
        end();
    }

    /**
     * A packet.
     *
     * @param timeNs since 1970
     * @param length of the packet; {@code captured} bytes of it are in {@code from} at {@code at}
     * @param direction {@link PacketRing#IN}, {@link PacketRing#OUT} or 0: not said
     * @param lost packets that are missing before this one
     * @param comment or null
     */
    void packet(
            int interfaceId,
            long timeNs,
            ByteBuffer from,
            int at,
            int captured,
            int length,
            int direction,
            int lost,
            String comment) {
        begin(ENHANCED_PACKET);
        b.putInt(interfaceId);
        b.putLong(timeNs); // the high half comes first
        b.putInt(captured).putInt(length);
        b.put(b.position(), from, at, captured);
        b.position(b.position() + captured);
        pad(captured);
        if (direction != 0) {
            optionHeader(EPB_FLAGS, 4);
            b.putInt(direction);
        }
        if (lost != 0) option(EPB_DROPCOUNT, lost);
        if (comment != null) option(COMMENT, comment);
        end();
    }

    /**
     * Ends what is said about an interface.
     *
     * @param received packets, those that were dropped included
     */
    void statistics(int interfaceId, long startNs, long endNs, long received, long dropped) {
        begin(INTERFACE_STATISTICS);
        b.putInt(interfaceId).putLong(endNs);
        optionHeader(ISB_STARTTIME, 8);
        b.putLong(startNs);
        optionHeader(ISB_ENDTIME, 8);
        b.putLong(endNs);
        option(ISB_IFRECV, received);
        option(ISB_IFDROP, dropped);
        end();
    }

    private void begin(int type) {
        block = b.position();
        b.putInt(type).putInt(0);
    }

    private void end() {
        b.putInt(END_OF_OPTIONS);
        int length = b.position() + 4 - block;
        b.putInt(block + 4, length);
        b.putInt(length);
    }

    private void option(int code, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        int length = Math.min(bytes.length, LONGEST_NAME);
        optionHeader(code, length);
        b.put(bytes, 0, length);
        pad(length);
    }

    private void option(int code, long value) {
        optionHeader(code, 8);
        b.putLong(value);
    }

    private void optionHeader(int code, int length) {
        b.putShort((short) code).putShort((short) length);
    }

    private void pad(int length) {
        for (int i = length; (i & 3) != 0; i++) b.put((byte) 0);
    }
}
