package io.usernet.tuntap;

import io.usernet.frame.Frame;
import io.usernet.frame.Region;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import java.lang.ref.Reference;

/**
 * A TAP device: every {@code read} and {@code write} of its descriptor is one Ethernet frame. Nothing
 * is allocated and, apart from {@link #await}, nothing blocks.
 *
 * <p>While the kernel's interface is down it takes no frames: they are dropped and counted, as on a
 * cable that is pulled out, and go again when it is up. A device that was deleted is a {@link
 * LinkFailure}.
 */
final class TapLink implements LinkDevice {
    private static final int POLLIN = 0x1, POLLOUT = 0x4, POLLERR = 0x8, POLLNVAL = 0x20;
    private static final long TUNGETIFF = 0x800454d2L;
    private static final int EFD_NONBLOCK = 0x800, EFD_CLOEXEC = 0x80000;

    private static final int IOVEC = 16; // base at 0, length at 8
    private static final int POLLFD = 8; // fd at 0, events at 4, revents at 6

    // One block of native memory: what the loop uses, what the thread in await uses, a constant.
    private static final int IOVECS = 0,
            IFREQ = IOVECS + IOVEC * Frame.MAX_SLICES,
            POLLFDS = IFREQ + KernelEnd.IFREQ,
            TIMESPEC = POLLFDS + 2 * POLLFD,
            DRAINED = TIMESPEC + 16,
            ONE = DRAINED + 8,
            SCRATCH = ONE + 8;

    /** Ethernet's header and an 802.1Q tag, which stand before what the MTU counts. */
    private static final int MAX_HEADER = 18;

    /** Frames in a row that are too long before {@link #receive} answers that there is none. */
    private static final int TOO_LONG_IN_A_ROW = 64;

    /** How long an error that is not the device's end keeps us from polling it again. */
    private static final long ERROR_PAUSE_NS = 10_000_000;

    private final Syscalls sys;
    private final LinkCapabilities capabilities;
    private final int fd;
    private final int event;
    private final int room; // of a frame coming in: one byte more than the longest there should be
    private final NativeBuffer scratch;

    private volatile long dropped; // written in the loop

    /**
     * @param fd of a device that has been attached, non-blocking; the link closes it
     */
    TapLink(Syscalls sys, int fd, LinkCapabilities capabilities) throws ErrnoException {
        this.sys = sys;
        this.fd = fd;
        this.capabilities = capabilities;
        this.room = capabilities.mtu() + MAX_HEADER + 1;
        this.scratch = new NativeBuffer(sys, SCRATCH);
        this.event = sys.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (event < 0) throw new ErrnoException("eventfd", event);
        scratch.bytes.putLong(ONE, 1);
        scratch.bytes.putInt(POLLFDS, fd);
        scratch.bytes.putInt(POLLFDS + POLLFD, event);
        scratch.bytes.putShort(POLLFDS + POLLFD + 4, (short) POLLIN);
    }

    @Override
    public LinkCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public boolean receive(Frame into) {
        for (int i = 0; i < TOO_LONG_IN_A_ROW; i++) {
            into.reserve(room);
            long n = sys.read(fd, address(into.region(0)) + into.at(0), room);
            Reference.reachabilityFence(into);
            if (n > 0 && n < room) {
                into.filled((int) n);
                return true;
            }
            if (n > 0) {
                dropped++; // truncated: the interface's MTU was raised after we read it
            } else if (n == -Errno.EAGAIN) {
                return false;
            } else if (n != -Errno.EINTR) {
                throw gone("read", n);
            }
        }
        return false;
    }

    @Override
    public Transmit transmit(Frame frame) {
        assert frame.checksum != Frame.Checksum.PARTIAL && frame.segmentSize == 0
                : "we announced no offload";
        int slices = frame.slices();
        long length = frame.length();
        long n;
        do {
            if (slices == 1) {
                n = sys.write(fd, address(frame.region(0)) + frame.at(0), length);
            } else {
                for (int i = 0; i < slices; i++) {
                    int iovec = IOVECS + i * IOVEC;
                    scratch.bytes.putLong(iovec, address(frame.region(i)) + frame.at(i));
                    scratch.bytes.putLong(iovec + 8, frame.length(i));
                }
                n = sys.writev(fd, scratch.address + IOVECS, slices);
                scratch.keep();
            }
            Reference.reachabilityFence(frame);
        } while (n == -Errno.EINTR);
        if (n == length) return Transmit.DONE;
        if (n == -Errno.EAGAIN) return Transmit.FULL;
        if (n < 0 && !isSurvivable(-n)) throw gone("write", n);
        dropped++;
        return Transmit.DONE;
    }

    /** Whether a write may fail like this on a device that will work again. */
    private static boolean isSurvivable(long errno) {
        return errno == Errno.EIO // the interface is down
                || errno == Errno.ENOBUFS
                || errno == Errno.ENOMEM
                || errno == Errno.EINVAL // the kernel does not like this frame
                || errno == Errno.EMSGSIZE;
    }

    private long address(Region region) {
        long address = region.address();
        if (address == 0) {
            address = sys.address(region.bytes());
            region.address(address);
        }
        return address;
    }

    private LinkFailure gone(String call, long result) {
        String why =
                -result == Errno.EBADFD || -result == Errno.EIO
                        ? "it was deleted or its namespace is gone"
                        : "this is not expected of a TAP device";
        return new LinkFailure(
                capabilities.name()
                        + ": "
                        + call
                        + " failed with "
                        + Errno.text(-result)
                        + ": "
                        + why);
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        int events = forTransmit ? POLLIN | POLLOUT : POLLIN;
        scratch.bytes.putShort(POLLFDS + 4, (short) events);
        int device = poll(POLLFDS, 2, timeoutNs);
        if ((device & (POLLERR | POLLNVAL)) == 0) return;
        int result = sys.ioctl(fd, TUNGETIFF, scratch.address + IFREQ);
        scratch.keep();
        if (result < 0) throw gone("poll", result);
        // It is still there; poll would answer at once for as long as this lasts.
        poll(POLLFDS + POLLFD, 1, Math.min(timeoutNs, ERROR_PAUSE_NS));
    }

    /** Polls; drains the event, which is the last of the descriptors. Returns the first's events. */
    private int poll(int pollfds, int count, long timeoutNs) {
        long timespec = 0;
        if (timeoutNs != Long.MAX_VALUE) {
            scratch.bytes.putLong(TIMESPEC, timeoutNs / 1_000_000_000);
            scratch.bytes.putLong(TIMESPEC + 8, timeoutNs % 1_000_000_000);
            timespec = scratch.address + TIMESPEC;
        }
        int ready = sys.ppoll(scratch.address + pollfds, count, timespec);
        scratch.keep();
        if (ready == -Errno.EINTR || ready == 0) return 0;
        if (ready < 0) throw gone("ppoll", ready);
        if (scratch.bytes.getShort(POLLFDS + POLLFD + 6) != 0) drain();
        return scratch.bytes.getShort(pollfds + 6);
    }

    private void drain() {
        long n = sys.read(event, scratch.address + DRAINED, 8);
        scratch.keep();
        if (n != 8 && n != -Errno.EAGAIN && n != -Errno.EINTR) throw gone("eventfd read", n);
    }

    @Override
    public void wake() {
        long n;
        do {
            n = sys.write(event, scratch.address + ONE, 8);
            scratch.keep();
        } while (n == -Errno.EINTR);
        // EAGAIN: 2^64 - 2 wake-ups are pending already, which is enough.
        if (n != 8 && n != -Errno.EAGAIN) throw gone("eventfd write", n);
    }

    @Override
    public long dropped() {
        return dropped;
    }

    /** The descriptors are free even where close reports an error: it must not be repeated. */
    @Override
    public void close() {
        sys.close(event);
        sys.close(fd);
    }
}
