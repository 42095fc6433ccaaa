package io.usernet.tuntap;

/**
 * Waits until a descriptor is ready, or until it is woken: {@code ppoll} on that descriptor and an
 * eventfd, and if asked for on a second one. {@link #await} is for one thread at a time; {@link #wake}
 * for any. Owns the eventfd, not the descriptors.
 */
final class Readiness {
    static final int POLLIN = 0x1, POLLOUT = 0x4, POLLERR = 0x8, POLLHUP = 0x10, POLLNVAL = 0x20;
    private static final int EFD_NONBLOCK = 0x800, EFD_CLOEXEC = 0x80000;

    private static final int POLLFD = 8; // fd at 0, events at 4, revents at 6

    // One block of native memory: three pollfds, a timespec, what is read, a constant.
    private static final int EVENT = POLLFD,
            SECOND = 2 * POLLFD,
            TIMESPEC = 3 * POLLFD,
            DRAINED = TIMESPEC + 16,
            ONE = DRAINED + 8,
            BYTES = ONE + 8;

    private final Syscalls sys;
    private final int event;
    private final NativeBuffer scratch;
    private boolean woken; // of the thread in await

    Readiness(Syscalls sys) throws ErrnoException {
        this.sys = sys;
        this.scratch = new NativeBuffer(sys, BYTES);
        this.event = sys.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (event < 0) throw new ErrnoException("eventfd", event);
        scratch.bytes.putLong(ONE, 1);
        scratch.bytes.putInt(EVENT, event);
        scratch.bytes.putShort(EVENT + 4, (short) POLLIN);
    }

    /**
     * Waits until one of {@code events} is there, {@link #wake} was called (also before), or the time is
     * over; a signal may end it early.
     *
     * @param fd -1: none, only the time and {@link #wake} count
     * @param timeoutNs Long.MAX_VALUE: for ever
     * @return the descriptor's events, also POLLERR, POLLHUP and POLLNVAL; or, negative, the errno of
     *     ppoll
     */
    int await(int fd, int events, long timeoutNs) {
        return await(fd, events, -1, 0, timeoutNs);
    }

    /**
     * The same, or until a second descriptor is ready: then {@link #isSecondReady}.
     *
     * @param second -1: none
     */
    int await(int fd, int events, int second, int secondEvents, long timeoutNs) {
        scratch.bytes.putInt(0, fd);
        scratch.bytes.putShort(4, (short) events);
        scratch.bytes.putInt(SECOND, second);
        scratch.bytes.putShort(SECOND + 4, (short) secondEvents);
        scratch.bytes.putShort(SECOND + 6, (short) 0);
        long timespec = 0;
        if (timeoutNs != Long.MAX_VALUE) {
            scratch.bytes.putLong(TIMESPEC, timeoutNs / 1_000_000_000);
            scratch.bytes.putLong(TIMESPEC + 8, timeoutNs % 1_000_000_000);
            timespec = scratch.address + TIMESPEC;
        }
        woken = false;
        int ready = sys.ppoll(scratch.address, second < 0 ? 2 : 3, timespec);
        scratch.keep();
        if (ready == -Errno.EINTR || ready == 0) return 0;
        if (ready < 0) return ready;
        woken = scratch.bytes.getShort(EVENT + 6) != 0;
        if (woken) drain();
        return scratch.bytes.getShort(6);
    }

    /** Whether the last {@link #await} saw something on the second descriptor. */
    boolean isSecondReady() {
        return scratch.bytes.getShort(SECOND + 6) != 0;
    }

    /** Whether {@link #wake} ended the last {@link #await}. */
    boolean wasWoken() {
        return woken;
    }

    private void drain() {
        long n = sys.read(event, scratch.address + DRAINED, 8);
        scratch.keep();
        if (n != 8 && n != -Errno.EAGAIN && n != -Errno.EINTR) {
            throw new IllegalStateException("eventfd read failed with " + Errno.text(-n));
        }
    }

    /** Ends the present or the next {@link #await}. */
    void wake() {
        long n;
        do {
            n = sys.write(event, scratch.address + ONE, 8);
            scratch.keep();
        } while (n == -Errno.EINTR);
        // EAGAIN: 2^64 - 2 wake-ups are pending already, which is enough.
        if (n != 8 && n != -Errno.EAGAIN) {
            throw new IllegalStateException("eventfd write failed with " + Errno.text(-n));
        }
    }

    /** Nobody may be in {@link #await} or {@link #wake}. */
    void close() {
        sys.close(event);
    }
}
