package io.usernet.tuntap;

import io.usernet.frame.Frame;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import java.lang.ref.Reference;

/**
 * A TAP or TUN device: every {@code read} and {@code write} of its descriptor is one Ethernet frame, or
 * one IP packet. Nothing is allocated and, apart from {@link #await}, nothing blocks.
 *
 * <p>While the kernel's interface is down it takes no frames: they are dropped and counted, as on a
 * cable that is pulled out, and go again when it is up. A device that was deleted is a {@link
 * LinkFailure}.
 */
final class TunTapLink implements LinkDevice {
    private static final long TUNGETIFF = 0x800454d2L;

    /** Frames in a row that are too long before {@link #receive} answers that there is none. */
    private static final int TOO_LONG_IN_A_ROW = 64;

    /** How long an error that is not the device's end keeps us from polling it again. */
    private static final long ERROR_PAUSE_NS = 10_000_000;

    private final Syscalls sys;
    private final Mode mode;
    private final LinkCapabilities capabilities;
    private final int fd;
    private final Readiness readiness;
    private final int room; // of a frame coming in: one byte more than the longest there should be
    private final Iovecs iovecs; // in the loop
    private final NativeBuffer ifreq; // of the thread in await

    private volatile long dropped; // written in the loop

    /**
     * @param fd of a device that has been attached, non-blocking; the link closes it
     */
    TunTapLink(Syscalls sys, int fd, Mode mode, LinkCapabilities capabilities)
            throws ErrnoException {
        this.sys = sys;
        this.fd = fd;
        this.mode = mode;
        this.capabilities = capabilities;
        this.room = capabilities.mtu() + mode.maxHeader + 1;
        this.iovecs = new Iovecs(sys);
        this.ifreq = new NativeBuffer(sys, KernelEnd.IFREQ);
        this.readiness = new Readiness(sys);
    }

    @Override
    public LinkCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public boolean receive(Frame into) {
        for (int i = 0; i < TOO_LONG_IN_A_ROW; i++) {
            into.reserve(room);
            long n = sys.read(fd, sys.address(into.region(0)) + into.at(0), room);
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
                n = sys.write(fd, sys.address(frame.region(0)) + frame.at(0), length);
            } else {
                n = sys.writev(fd, iovecs.of(frame), slices);
                iovecs.keep();
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

    private LinkFailure gone(String call, long result) {
        String why =
                -result == Errno.EBADFD || -result == Errno.EIO
                        ? "it was deleted or its namespace is gone"
                        : "this is not expected of a " + mode + " device";
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
        int events = forTransmit ? Readiness.POLLIN | Readiness.POLLOUT : Readiness.POLLIN;
        int seen = poll(fd, events, timeoutNs);
        if ((seen & (Readiness.POLLERR | Readiness.POLLNVAL)) == 0) return;
        int result = sys.ioctl(fd, TUNGETIFF, ifreq.address);
        ifreq.keep();
        if (result < 0) throw gone("poll", result);
        // It is still there; poll would answer at once for as long as this lasts.
        poll(-1, 0, Math.min(timeoutNs, ERROR_PAUSE_NS));
    }

    private int poll(int descriptor, int events, long timeoutNs) {
        int seen = readiness.await(descriptor, events, timeoutNs);
        if (seen < 0) throw gone("ppoll", seen);
        return seen;
    }

    @Override
    public void wake() {
        readiness.wake();
    }

    @Override
    public long dropped() {
        return dropped;
    }

    /** The descriptors are free even where close reports an error: it must not be repeated. */
    @Override
    public void close() {
        readiness.close();
        sys.close(fd);
    }
}
