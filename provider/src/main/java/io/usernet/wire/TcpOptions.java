package io.usernet.wire;

import java.nio.ByteBuffer;

/**
 * The options of one TCP header, parsed into fields (RFC 9293 section 3.2, RFC 7323, RFC 2018), and
 * writers for them. One instance is reused for segment after segment; not thread-safe.
 */
public final class TcpOptions {
    private static final int END = 0, NOP = 1, MSS = 2, WINDOW_SCALE = 3;
    private static final int SACK_PERMITTED = 4, SACK = 5, TIMESTAMPS = 8;

    /** Most SACK blocks that fit into a header. */
    public static final int MAX_SACK_BLOCKS = 4;

    /** Bytes that the writers below add, padding included. */
    public static final int MSS_LENGTH = 4,
            WINDOW_SCALE_LENGTH = 4,
            SACK_PERMITTED_LENGTH = 4,
            TIMESTAMPS_LENGTH = 12,
            SACK_BASE_LENGTH = 4,
            SACK_BLOCK_LENGTH = 8;

    /** Maximum segment size, or -1 if the option is absent. */
    public int mss;

    /** Window scale shift as sent (RFC 7323 section 2.3 caps what is used at 14), or -1 if absent. */
    public int windowScale;

    /** Whether the sender of this SYN understands SACK (RFC 2018 section 2). */
    public boolean sackPermitted;

    /** Whether {@link #tsVal} and {@link #tsEcr} are there. */
    public boolean timestamps;

    /** The clock of the sender, and what it echoes of ours (RFC 7323 section 3.2). */
    public int tsVal, tsEcr;

    /** How many of the SACK blocks are there, and their edges: left inclusive, right exclusive. */
    public int sackBlocks;

    /** The first {@link #sackBlocks} of each are set. */
    public final int[] sackLeft = new int[MAX_SACK_BLOCKS], sackRight = new int[MAX_SACK_BLOCKS];

    /** Nothing parsed yet. */
    public TcpOptions() {}

    /**
     * Parses the options between {@code at} and {@code end}. An option whose length is impossible
     * ends the parse, as if the list ended before it: what came before still counts (RFC 9293 MUST-7).
     */
    public void parse(ByteBuffer b, int at, int end) {
        mss = windowScale = -1;
        sackPermitted = timestamps = false;
        sackBlocks = 0;
        // The layout that nearly all segments of a connection have: NOP NOP TIMESTAMPS.
        if (end - at == TIMESTAMPS_LENGTH && b.getInt(at) == 0x0101_080A) {
            timestamps = true;
            tsVal = b.getInt(at + 4);
            tsEcr = b.getInt(at + 8);
            return;
        }
        int i = at;
        while (i < end) {
            int kind = b.get(i) & 0xFF;
            if (kind == END) return;
            if (kind == NOP) {
                i++;
                continue;
            }
            if (i + 1 >= end) return;
            int length = b.get(i + 1) & 0xFF;
            if (length < 2 || i + length > end) return;
            option(b, i, kind, length);
            i += length;
        }
    }

    private void option(ByteBuffer b, int i, int kind, int length) {
        switch (kind) {
            case MSS -> {
                if (length == 4) mss = b.getShort(i + 2) & 0xFFFF;
            }
            case WINDOW_SCALE -> {
                if (length == 3) windowScale = b.get(i + 2) & 0xFF;
            }
            case SACK_PERMITTED -> sackPermitted |= length == 2;
            case TIMESTAMPS -> {
                if (length == 10) {
                    timestamps = true;
                    tsVal = b.getInt(i + 2);
                    tsEcr = b.getInt(i + 6);
                }
            }
            case SACK -> {
                if ((length - 2) % 8 != 0) return;
                sackBlocks = Math.min((length - 2) / 8, MAX_SACK_BLOCKS);
                for (int n = 0; n < sackBlocks; n++) {
                    sackLeft[n] = b.getInt(i + 2 + 8 * n);
                    sackRight[n] = b.getInt(i + 6 + 8 * n);
                }
            }
            default -> {} // unknown options are skipped (RFC 9293 MUST-6)
        }
    }

    /**
     * Writes MSS.
     *
     * @return where the next option goes
     */
    public static int writeMss(ByteBuffer b, int at, int mss) {
        b.putInt(at, MSS << 24 | 4 << 16 | mss);
        return at + MSS_LENGTH;
    }

    /**
     * Writes NOP and window scale.
     *
     * @return where the next option goes
     */
    public static int writeWindowScale(ByteBuffer b, int at, int shift) {
        b.putInt(at, NOP << 24 | WINDOW_SCALE << 16 | 3 << 8 | shift);
        return at + WINDOW_SCALE_LENGTH;
    }

    /**
     * Writes NOP, NOP and SACK-permitted.
     *
     * @return where the next option goes
     */
    public static int writeSackPermitted(ByteBuffer b, int at) {
        b.putInt(at, NOP << 24 | NOP << 16 | SACK_PERMITTED << 8 | 2);
        return at + SACK_PERMITTED_LENGTH;
    }

    /**
     * Writes NOP, NOP and timestamps (RFC 7323 appendix A).
     *
     * @return where the next option goes
     */
    public static int writeTimestamps(ByteBuffer b, int at, int tsVal, int tsEcr) {
        b.putInt(at, 0x0101_080A);
        b.putInt(at + 4, tsVal);
        b.putInt(at + 8, tsEcr);
        return at + TIMESTAMPS_LENGTH;
    }

    /**
     * Writes SACK-permitted and timestamps in 12 bytes, as SYNs carry them.
     *
     * @return where the next option goes
     */
    public static int writeSackPermittedAndTimestamps(ByteBuffer b, int at, int tsVal, int tsEcr) {
        b.putInt(at, SACK_PERMITTED << 24 | 2 << 16 | TIMESTAMPS << 8 | 10);
        b.putInt(at + 4, tsVal);
        b.putInt(at + 8, tsEcr);
        return at + TIMESTAMPS_LENGTH;
    }

    /**
     * Writes NOP, NOP and the head of a SACK option; the caller writes {@code blocks} pairs after it.
     *
     * @return where the first block goes
     */
    public static int writeSackHead(ByteBuffer b, int at, int blocks) {
        b.putInt(at, NOP << 24 | NOP << 16 | SACK << 8 | 2 + 8 * blocks);
        return at + SACK_BASE_LENGTH;
    }

    /**
     * Writes one block of a SACK option.
     *
     * @return where the next block goes
     */
    public static int writeSackBlock(ByteBuffer b, int at, int left, int right) {
        b.putInt(at, left);
        b.putInt(at + 4, right);
        return at + SACK_BLOCK_LENGTH;
    }
}
