package io.usernet.tuntap;

import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.MacAddress;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;

/**
 * Opens a TAP or TUN device by name, and sets up the kernel's end of it. Stateless and thread-safe.
 */
abstract class TunTapProvider implements LinkProvider {
    private static final String DEVICE = "/dev/net/tun";
    private static final int O_RDWR = 0x2, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;
    private static final int TUNSETIFF = 0x400454ca,
            TUNSETPERSIST = 0x400454cb,
            TUNSETOFFLOAD = 0x400454d0;
    private static final int IFF_NO_PI = 0x1000;

    /** Architectures with 64-bit pointers and the ioctl numbers of asm-generic. */
    private static final Set<String> ARCHITECTURES =
            Set.of("amd64", "x86_64", "aarch64", "riscv64", "loongarch64");

    private final Mode mode;

    TunTapProvider(Mode mode) {
        this.mode = mode;
    }

    @Override
    public final String scheme() {
        return mode.scheme;
    }

    @Override
    public final LinkDevice open(LinkUri uri) throws IOException {
        Request request = Request.of(mode, uri);
        requirePlatform(request, System.getProperty("os.name"), System.getProperty("os.arch"));
        Syscalls sys;
        try {
            sys = NativeCalls.get().sys();
        } catch (IOException e) {
            throw request.failure(e.getMessage(), e);
        }
        return open(request, sys);
    }

    final LinkDevice open(Request request, Syscalls sys) throws IOException {
        try {
            int fd = openDevice(sys, request);
            try {
                attach(sys, fd, request);
                return new TunTapLink(sys, fd, mode, setUp(sys, request));
            } catch (Throwable t) {
                sys.close(fd);
                throw t;
            }
        } catch (ErrnoException e) {
            throw request.failure(e.getMessage(), e);
        }
    }

    /**
     * What the user asked for, checked.
     *
     * @param host null if not given; likewise {@code persist}
     * @param mtu 0 if not given; likewise {@code mac}
     */
    record Request(
            Mode mode, LinkUri uri, String name, Cidr host, int mtu, long mac, Boolean persist) {
        static Request of(Mode mode, LinkUri uri) {
            try {
                uri.allow(mode.parameters);
                return new Request(
                        mode,
                        uri,
                        name(uri),
                        host(uri.parameters().get("host")),
                        mtu(uri.parameters().get("mtu"), mode.maxMtu),
                        mac(uri.parameters().get("mac")),
                        persist(uri.parameters().get("persist")));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("usernet.link=" + uri + ": " + e.getMessage());
            }
        }

        private static String name(LinkUri uri) {
            String name = uri.name();
            if (!name.matches("[A-Za-z0-9_.-]{1," + KernelEnd.MAX_NAME + "}")
                    || name.equals(".")
                    || name.equals("..")) {
                throw new IllegalArgumentException(
                        "'"
                                + name
                                + "' cannot be the name of an interface: give 1 to "
                                + KernelEnd.MAX_NAME
                                + " of the characters A-Z a-z 0-9 _ . - as in "
                                + uri.scheme()
                                + ":usernet0");
            }
            return name;
        }

        private static Cidr host(String text) {
            if (text == null) return null;
            Cidr host;
            try {
                host = Cidr.parse(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "host=" + text + ": " + e.getMessage() + "; write for example 10.0.0.1/24");
            }
            if (!text.contains("/")
                    || !Ipv4Address.isUnicast(host.address())
                    || host.prefixLength() == 0
                    || host.prefixLength() < 31
                            && (host.address() == host.network()
                                    || host.address() == host.broadcast())) {
                throw new IllegalArgumentException(
                        "host="
                                + text
                                + " is not a host's address with the length of its network's"
                                + " prefix; write for example 10.0.0.1/24");
            }
            return host;
        }

        private static int mtu(String text, int most) {
            if (text == null) return 0;
            int mtu = text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : 0;
            if (mtu < LinkCapabilities.MIN_MTU || mtu > most) {
                throw new IllegalArgumentException(
                        "mtu="
                                + text
                                + " is not a whole number in "
                                + LinkCapabilities.MIN_MTU
                                + ".."
                                + most);
            }
            return mtu;
        }

        private static long mac(String text) {
            if (text == null) return 0;
            long mac = MacAddress.parse(text);
            if (mac == 0 || isGroup(mac)) {
                throw new IllegalArgumentException(
                        "mac=" + text + " is not a station's address: zero or a group's");
            }
            return mac;
        }

        private static Boolean persist(String text) {
            if (text == null) return null;
            if (text.equals("true")) return true;
            if (text.equals("false")) return false;
            throw new IllegalArgumentException("persist=" + text + ": give true or false");
        }

        /** One line: the property, its value, what is wrong and what helps. */
        IOException failure(String what, Throwable cause) {
            return new IOException("usernet.link=" + uri + ": " + what, cause);
        }

        /** The commands by which an administrator prepares the device for this user. */
        String preparation(Syscalls sys) throws IOException {
            StringBuilder s = new StringBuilder();
            if (KernelEnd.exists(sys, name))
                s.append("sudo ip link delete ").append(name).append(" && ");
            s.append("sudo ip tuntap add dev ").append(name).append(" mode ");
            s.append(mode.scheme).append(" user ").append(System.getProperty("user.name"));
            if (host != null) {
                s.append(" && sudo ip addr add ").append(host).append(" dev ").append(name);
            }
            s.append(" && sudo ip link set ").append(name);
            if (mtu != 0) s.append(" mtu ").append(mtu);
            return s.append(" up").toString();
        }
    }

    static void requirePlatform(Request request, String os, String architecture)
            throws IOException {
        if (!os.equals("Linux")) {
            throw request.failure(
                    request.mode
                            + " devices are of Linux, this is "
                            + os
                            + ": leave usernet.link unset",
                    null);
        }
        if (!ARCHITECTURES.contains(architecture.toLowerCase(Locale.ROOT))) {
            throw request.failure(
                    "the driver of TUN and TAP devices does not know the architecture "
                            + architecture
                            + ": it runs on x86_64, aarch64, riscv64 and loongarch64",
                    null);
        }
    }

    private static int openDevice(Syscalls sys, Request request) throws IOException {
        NativeBuffer path = new NativeBuffer(sys, DEVICE.length() + 1).text(0, DEVICE);
        int fd = sys.open(path.address, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
        path.keep();
        if (fd >= 0) return fd;
        ErrnoException e = new ErrnoException("open " + DEVICE, fd);
        throw switch (e.errno) {
            case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                    request.failure(
                            "there is no "
                                    + DEVICE
                                    + " here: sudo modprobe tun (for a container: start it with"
                                    + " --device "
                                    + DEVICE
                                    + ")",
                            e);
            case Errno.EACCES, Errno.EPERM ->
                    request.failure(
                            "no permission to open "
                                    + DEVICE
                                    + ": sudo chmod 666 "
                                    + DEVICE
                                    + " && "
                                    + request.preparation(sys),
                            e);
            default -> request.failure(e.getMessage(), e);
        };
    }

    private static void attach(Syscalls sys, int fd, Request request) throws IOException {
        NativeBuffer ifreq = new NativeBuffer(sys, KernelEnd.IFREQ).text(0, request.name);
        ifreq.bytes.putShort(KernelEnd.IFR_UNION, (short) (request.mode.flag | IFF_NO_PI));
        int result = sys.ioctl(fd, TUNSETIFF, ifreq.address);
        ifreq.keep();
        if (result < 0) {
            ErrnoException e = new ErrnoException("TUNSETIFF " + request.name, result);
            throw switch (e.errno) {
                case Errno.EPERM, Errno.EACCES ->
                        request.failure(
                                (KernelEnd.exists(sys, request.name)
                                                ? "the device belongs to another user"
                                                : "no permission to create the device")
                                        + "; have it prepared once: "
                                        + request.preparation(sys),
                                e);
                case Errno.EBUSY ->
                        request.failure(
                                "the device is in use by another process: stop that (sudo grep -l"
                                        + " '^iff:[[:space:]]*"
                                        + request.name
                                        + "$' /proc/*/fdinfo/* names it), or choose another name",
                                e);
                case Errno.EINVAL ->
                        request.failure(
                                "there is an interface "
                                        + request.name
                                        + " that is not a "
                                        + request.mode
                                        + " device with one queue: choose another name",
                                e);
                default -> request.failure(e.getMessage(), e);
            };
        }
        // A device that persists may have been left with offloads that we don't ask for.
        check(sys.ioctl(fd, TUNSETOFFLOAD, 0), "TUNSETOFFLOAD", request);
        if (request.persist != null) {
            check(sys.ioctl(fd, TUNSETPERSIST, request.persist ? 1 : 0), "TUNSETPERSIST", request);
        }
    }

    private static void check(int result, String call, Request request) throws IOException {
        if (result >= 0) return;
        ErrnoException e = new ErrnoException(call + " " + request.name, result);
        throw request.failure(e.getMessage(), e);
    }

    /** Sets up the kernel's end as far as it was asked for and is not so yet. */
    private static LinkCapabilities setUp(Syscalls sys, Request request) throws IOException {
        try (KernelEnd kernel = new KernelEnd(sys, request.name)) {
            if (request.mtu != 0 && kernel.mtu() != request.mtu) kernel.setMtu(request.mtu);
            if (request.host != null && !kernel.isUpWith(request.host)) {
                kernel.bringUp(request.host);
            }
            int mtu = kernel.mtu();
            if (mtu < LinkCapabilities.MIN_MTU) {
                throw request.failure(
                        "the interface has an MTU of "
                                + mtu
                                + ": sudo ip link set "
                                + request.name
                                + " mtu 1500",
                        null);
            }
            Mode mode = request.mode;
            long mac = mode == Mode.TAP ? ownMac(request, kernel.mac()) : 0;
            return new LinkCapabilities(request.name, mode.layer, mtu, mac, false, 0);
        } catch (ErrnoException e) {
            if (e.errno != Errno.EPERM) throw request.failure(e.getMessage(), e);
            throw request.failure(
                    "no permission to set up the interface; have it prepared once: "
                            + request.preparation(sys),
                    e);
        }
    }

    private static long ownMac(Request request, long kernel) {
        long mac = ownMac(request.mac, kernel);
        if (mac != 0) return mac;
        throw new IllegalArgumentException(
                "usernet.link="
                        + request.uri
                        + ": mac="
                        + MacAddress.format(request.mac)
                        + " is that of the kernel's end: choose another, or leave it out");
    }

    /** Our hardware address for a kernel's; 0 if the wanted one (0: none) is the kernel's. */
    static long ownMac(long wanted, long kernel) {
        if (wanted != 0) return wanted == kernel ? 0 : wanted;
        // Mixed well (the finaliser of splitmix64), so that ours are as far apart as the kernel's.
        long mixed = kernel + 0x9E37_79B9_7F4A_7C15L;
        mixed = (mixed ^ mixed >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D0_49BB_1331_11EBL;
        mixed ^= mixed >>> 31;
        long own = mixed & 0xFCFF_FFFF_FFFFL | 0x0200_0000_0000L; // a station's, local
        return own == kernel ? own ^ 1 : own;
    }

    private static boolean isGroup(long mac) {
        return (mac & 0x0100_0000_0000L) != 0;
    }
}
