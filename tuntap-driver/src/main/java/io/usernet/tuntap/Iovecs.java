package io.usernet.tuntap;

import io.usernet.frame.Frame;

/** The slices of a frame as the array of {@code struct iovec} that calls take. Loop only. */
final class Iovecs {
    private static final int IOVEC = 16; // base at 0, length at 8

    private final Syscalls sys;
    private final NativeBuffer array;

    Iovecs(Syscalls sys) {
        this.sys = sys;
        this.array = new NativeBuffer(sys, IOVEC * Frame.MAX_SLICES);
    }

    /** The address of the array for all slices of a frame; the next call overwrites it. */
    long of(Frame frame) {
        for (int i = 0; i < frame.slices(); i++) {
            array.bytes.putLong(i * IOVEC, sys.address(frame.region(i)) + frame.at(i));
            array.bytes.putLong(i * IOVEC + 8, frame.length(i));
        }
        return array.address;
    }

    /** As {@link NativeBuffer#keep}. */
    void keep() {
        array.keep();
    }
}
