package io.usernet.tuntap;

import io.usernet.wire.Cidr;
import java.io.IOException;
import java.nio.ByteOrder;

/**
 * The interface that the kernel has at its end of a TAP or TUN: read and set up by ioctl (netdevice(7)), as
 * {@code ip} and {@code ifconfig} would do it.
 */
final class KernelEnd implements AutoCloseable {
    /** Longest name of an interface, without its NUL. */
    static final int MAX_NAME = 15;

    private static final int AF_INET = 2, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0x80000;
    private static final int SIOCGIFFLAGS = 0x8913,
            SIOCSIFFLAGS = 0x8914,
            SIOCGIFADDR = 0x8915,
            SIOCSIFADDR = 0x8916,
            SIOCGIFNETMASK = 0x891B,
            SIOCSIFNETMASK = 0x891C,
            SIOCGIFMTU = 0x8921,
            SIOCSIFMTU = 0x8922,
            SIOCGIFHWADDR = 0x8927;
    private static final int IFF_UP = 0x1, IFF_RUNNING = 0x40;

    /** struct ifreq: the name, then at 16 a union of all that can be asked. */
    static final int IFREQ = 40, IFR_UNION = 16;

    private final Syscalls sys;
    private final String name;
    private final NativeBuffer ifreq;
    private final int socket;

    KernelEnd(Syscalls sys, String name) throws IOException {
        this.sys = sys;
        this.name = name;
        this.ifreq = new NativeBuffer(sys, IFREQ);
        this.socket = sys.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (socket < 0) throw new ErrnoException("socket to ask about " + name, socket);
    }

    /** Whether there is an interface of that name. */
    static boolean exists(Syscalls sys, String name) throws IOException {
        try (KernelEnd kernel = new KernelEnd(sys, name)) {
            kernel.call(SIOCGIFFLAGS, "SIOCGIFFLAGS");
            return true;
        } catch (ErrnoException e) {
            if (e.errno == Errno.ENODEV) return false;
            throw e;
        }
    }

    int mtu() throws IOException {
        call(SIOCGIFMTU, "SIOCGIFMTU");
        return ifreq.bytes.getInt(IFR_UNION);
    }

    void setMtu(int mtu) throws IOException {
        ifreq.bytes.putInt(IFR_UNION, mtu);
        callKeeping(SIOCSIFMTU, "SIOCSIFMTU");
    }

    /** The kernel's own hardware address, as the low 48 bits. */
    long mac() throws IOException {
        call(SIOCGIFHWADDR, "SIOCGIFHWADDR");
        long mac = 0;
        for (int i = 0; i < 6; i++) {
            mac = mac << 8 | ifreq.bytes.get(IFR_UNION + 2 + i) & 0xFF; // after sa_family
        }
        return mac;
    }

    /** Whether it is up and has this primary address. */
    boolean isUpWith(Cidr host) throws IOException {
        call(SIOCGIFFLAGS, "SIOCGIFFLAGS");
        if ((ifreq.bytes.getShort(IFR_UNION) & IFF_UP) == 0) return false;
        return address(SIOCGIFADDR) == host.address() && address(SIOCGIFNETMASK) == host.mask();
    }

    /** Gives it an IPv4 address, in the place of the one it has, and brings it up. */
    void bringUp(Cidr host) throws IOException {
        setAddress(SIOCSIFADDR, "SIOCSIFADDR", host.address());
        setAddress(SIOCSIFNETMASK, "SIOCSIFNETMASK", host.mask());
        call(SIOCGIFFLAGS, "SIOCGIFFLAGS");
        int flags = ifreq.bytes.getShort(IFR_UNION);
        ifreq.bytes.putShort(IFR_UNION, (short) (flags | IFF_UP | IFF_RUNNING));
        callKeeping(SIOCSIFFLAGS, "SIOCSIFFLAGS");
    }

    private int address(int request) {
        clear();
        int result = sys.ioctl(socket, request, ifreq.address);
        ifreq.keep();
        if (result < 0) return 0; // EADDRNOTAVAIL: it has none
        return bigEndian(ifreq.bytes.getInt(IFR_UNION + 4));
    }

    private void setAddress(int request, String call, int address) throws IOException {
        clear();
        // struct sockaddr_in: family, port, address in network order
        ifreq.bytes.putShort(IFR_UNION, (short) AF_INET);
        ifreq.bytes.putInt(IFR_UNION + 4, bigEndian(address));
        callKeeping(request, call);
    }

    private static int bigEndian(int value) {
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
                ? value
                : Integer.reverseBytes(value);
    }

    private void clear() {
        for (int i = 0; i < IFREQ; i++) ifreq.bytes.put(i, (byte) 0);
        ifreq.text(0, name);
    }

    private void call(int request, String call) throws IOException {
        clear();
        callKeeping(request, call);
    }

    private void callKeeping(int request, String call) throws IOException {
        ifreq.text(0, name);
        int result = sys.ioctl(socket, request, ifreq.address);
        ifreq.keep();
        if (result < 0) throw new ErrnoException(call + " on " + name, result);
    }

    @Override
    public void close() {
        int result = sys.close(socket);
        assert result == 0 : Errno.text(-result);
    }
}
