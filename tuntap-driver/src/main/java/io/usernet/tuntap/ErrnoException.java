package io.usernet.tuntap;

import java.io.IOException;

/** A system call failed. */
final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1;

    final int errno;

    /**
     * @param what the call and what it was about
     * @param result of the call: minus the error number
     */
    ErrnoException(String what, long result) {
        super(what + ": " + Errno.text(-result));
        this.errno = (int) -result;
    }
}
