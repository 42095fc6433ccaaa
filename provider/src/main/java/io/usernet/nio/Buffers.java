package io.usernet.nio;

import java.nio.ByteBuffer;

/** One buffer, or a range of many: so that both kinds of read and write share their code. */
final class Buffers {
    private Buffers() {}

    /** Of {@code one}, or of any in a range of {@code many} if that is null. */
    static boolean hasRemaining(ByteBuffer one, ByteBuffer[] many, int offset, int length) {
        if (one != null) return one.hasRemaining();
        for (int i = offset; i < offset + length; i++) if (many[i].hasRemaining()) return true;
        return false;
    }

    /** Bytes of {@code one}, or of all in a range of {@code many} if that is null. */
    static long remaining(ByteBuffer one, ByteBuffer[] many, int offset, int length) {
        if (one != null) return one.remaining();
        long bytes = 0;
        for (int i = offset; i < offset + length; i++) bytes += many[i].remaining();
        return bytes;
    }

    /**
     * @throws IllegalArgumentException if one that is to be read into is read-only
     */
    static void checkWritable(ByteBuffer one, ByteBuffer[] many, int offset, int length) {
        if (one != null) checkWritable(one);
        else for (int i = offset; i < offset + length; i++) checkWritable(many[i]);
    }

    private static void checkWritable(ByteBuffer dst) {
        if (dst.isReadOnly()) throw new IllegalArgumentException("Read-only buffer");
    }
}
