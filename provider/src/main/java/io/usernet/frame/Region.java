package io.usernet.frame;

import java.nio.ByteBuffer;

/**
 * A large piece of off-heap memory that slices point into: a direct, writable, big-endian buffer
 * whose position and limit nobody moves. Never freed while the stack is open.
 */
public final class Region {
    private final ByteBuffer bytes;
    private long address;

    /** A region over {@code bytes}, which must be direct, writable and big-endian. */
    public Region(ByteBuffer bytes) {
        if (!bytes.isDirect() || bytes.isReadOnly()) {
            throw new IllegalArgumentException("not a direct writable buffer: " + bytes);
        }
        this.bytes = bytes;
    }

    /** {@return the buffer, to be read and written by absolute positions only} */
    public ByteBuffer bytes() {
        return bytes;
    }

    /**
     * {@return the native address of the first byte, or 0 as long as no driver has said it: a driver
     * computes it once and leaves it here} Loop only.
     */
    public long address() {
        return address;
    }

    /** Leaves the address for other calls to find. Loop only. */
    public void address(long address) {
        this.address = address;
    }
}
