package io.usernet.samples.apps;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.CRC32C;

/** Bytes that both sides know: each depends on its position, so that a lost or doubled piece shows. */
final class Payload {
    /** The answer to a small request. */
    static final String SMALL = "It works!";

    private static final int PIECE = 64 << 10;

    private Payload() {}

    static byte at(int position) {
        return (byte) ((position * 0x9E3779B9) >>> 24);
    }

    /** The piece that begins at a position, of {@value #PIECE} bytes or what is left. */
    static byte[] piece(int from, int bytes) {
        byte[] piece = new byte[Math.min(PIECE, bytes - from)];
        for (int i = 0; i < piece.length; i++) piece[i] = at(from + i);
        return piece;
    }

    static long checksum(int bytes) {
        CRC32C sum = new CRC32C();
        for (int from = 0; from < bytes; from += PIECE) sum.update(piece(from, bytes));
        return sum.getValue();
    }

    /** To the end of the stream. */
    static long checksum(InputStream in) throws IOException {
        CRC32C sum = new CRC32C();
        byte[] piece = new byte[PIECE];
        for (int n; (n = in.read(piece)) >= 0; ) sum.update(piece, 0, n);
        return sum.getValue();
    }

    static void write(int bytes, OutputStream out) throws IOException {
        for (int from = 0; from < bytes; from += PIECE) out.write(piece(from, bytes));
    }

    static InputStream stream(int bytes) {
        return new InputStream() {
            private int next;

            @Override
            public int available() {
                return bytes - next;
            }

            @Override
            public int read() {
                return next < bytes ? at(next++) & 0xFF : -1;
            }

            @Override
            public int read(byte[] to, int offset, int length) {
                if (next == bytes && length > 0) return -1;
                int n = Math.min(length, bytes - next);
                for (int i = 0; i < n; i++) to[offset + i] = at(next++);
                return n;
            }
        };
    }
}
