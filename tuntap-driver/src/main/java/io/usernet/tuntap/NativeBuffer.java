package io.usernet.tuntap;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A few bytes of native memory in the machine's byte order, for the structures that calls take. */
final class NativeBuffer {
    final ByteBuffer bytes;
    final long address;

    NativeBuffer(Syscalls sys, int length) {
        bytes = ByteBuffer.allocateDirect(length).order(ByteOrder.nativeOrder());
        address = sys.address(bytes);
    }

    /** Text of ASCII characters and a NUL. */
    NativeBuffer text(int at, String text) {
        bytes.put(at, text.getBytes(StandardCharsets.US_ASCII));
        bytes.put(at + text.length(), (byte) 0);
        return this;
    }

    /** The path of a file, for calls that take one. */
    static NativeBuffer path(Syscalls sys, String path) {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        NativeBuffer buffer = new NativeBuffer(sys, name.length + 1); // zeros, also behind it
        buffer.bytes.put(0, name);
        return buffer;
    }

    /** The memory is not freed before this; after each call that takes {@link #address}. */
    void keep() {
        Reference.reachabilityFence(bytes);
    }
}
