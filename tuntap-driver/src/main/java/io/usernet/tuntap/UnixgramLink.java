package io.usernet.tuntap;

import io.usernet.frame.Frame;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import java.lang.ref.Reference;

/**
 * An AF_UNIX datagram socket: every datagram is one Ethernet frame. Nothing is allocated and, apart from
 * {@link #await}, nothing blocks.
 *
 * <p>Our socket is bound and never connected. A connected one would be faster to wait on, but the kernel
 * lets nobody but its peer send to it (EPERM), and a peer that was restarted is another one. So each
 * frame is sent to the peer's address, and whoever is there now gets it. While nobody is, frames are
 * dropped and counted.
 *
 * <p>Back-pressure. {@code sendmsg} answers EAGAIN when our own send buffer is full, and, unless the
 * peer is connected to us, when {@code net.unix.max_dgram_qlen} datagrams wait at the peer. Of the latter
 * {@code poll} on an unconnected socket says nothing, so there is a second socket, the probe, which
 * nothing is sent through: it is connected to the peer's address when a frame found no room, and becomes
 * writable when the peer's queue has some. A peer that is connected refuses it (EPERM); then our own
 * buffer is the only limit.
 */
final class UnixgramLink implements LinkDevice {
    /** What the side of a VM says first, so that the other side learns its address. */
    static final int GREETING = 0x56464B54; // "VFKT"

    private static final int MSG_NOSIGNAL = 0x4000;

    // struct msghdr: name and its length, iovecs and their count; the rest stays 0
    private static final int NAME = 0, NAME_LENGTH = 8, IOV = 16, IOV_COUNT = 24, MSGHDR = 56;

    // One block of native memory for the loop. The greeting has one of its own: await sends it,
    // too.
    private static final int MESSAGE = 0,
            PEER = MESSAGE + MSGHDR,
            INCOMING = PEER + SocketAddress.ROOM,
            INCOMING_IOVEC = INCOMING + MSGHDR,
            FROM = INCOMING_IOVEC + 16,
            SCRATCH = FROM + SocketAddress.ROOM;
    private static final int GREETING_IOVEC = MSGHDR,
            GREETING_TEXT = GREETING_IOVEC + 16,
            GREETING_PEER = GREETING_TEXT + 8,
            GREETING_SCRATCH = GREETING_PEER + SocketAddress.ROOM;

    /** Ethernet's header, and an 802.1Q tag, which stand before what the MTU counts. */
    private static final int HEADER = 14, MAX_HEADER = 18;

    /** Datagrams in a row that are no frames before {@link #receive} answers that there is none. */
    private static final int NO_FRAMES_IN_A_ROW = 64;

    /** How often a peer that was not there is greeted again. */
    private static final long GREET_NS = 1_000_000_000;

    /** The longest that we wait for room before we look whether another peer is there now. */
    private static final long BLOCKED_NS = 100_000_000;

    /** Times in a row that poll said "room" in vain, after which it is not believed, and for how long. */
    private static final int PATIENCE = 8;

    private static final long PAUSE_NS = 1_000_000;

    /** An AF_UNIX datagram socket with a file, non-blocking; {@link #close} removes the file. */
    interface Bound extends AutoCloseable {
        int fd();

        @Override
        void close();
    }

    private final Syscalls sys;
    private final LinkCapabilities capabilities;
    private final Bound bound;
    private final int fd;
    private final int probe;
    private final boolean learns; // who the peer is; else it was given
    private final Readiness readiness;
    private final Iovecs iovecs;
    private final int room; // of a frame coming in: one byte more than the longest there should be
    private final NativeBuffer scratch;
    private final NativeBuffer greeting; // null if we don't greet

    private int peerLength; // of the address at PEER; 0: not known. In the loop
    private boolean peerAway; // the last frame found nobody. In the loop
    private volatile long dropped; // written in the loop
    private volatile int refusals; // in a row, for want of room, at most 2; written in the loop
    private volatile boolean probing; // whether the probe is connected; written in the loop
    private int promises; // of room, in a row and in vain; of the thread in await
    private volatile boolean greet; // set in the loop, cleared by whoever has greeted

    /**
     * @param bound the link closes it, also if this fails
     * @param peer null: learn it from what comes in
     * @param greets whether the peer learns from us; it must be given then
     */
    UnixgramLink(
            Syscalls sys,
            Bound bound,
            LinkCapabilities capabilities,
            SocketAddress peer,
            boolean greets)
            throws ErrnoException {
        this.sys = sys;
        this.bound = bound;
        this.fd = bound.fd();
        this.capabilities = capabilities;
        this.learns = peer == null;
        this.room = capabilities.mtu() + MAX_HEADER + 1;
        this.iovecs = new Iovecs(sys);
        this.scratch = new NativeBuffer(sys, SCRATCH);
        scratch.bytes.putLong(MESSAGE + NAME, scratch.address + PEER);
        scratch.bytes.putLong(INCOMING + NAME, scratch.address + FROM);
        scratch.bytes.putLong(INCOMING + IOV, scratch.address + INCOMING_IOVEC);
        scratch.bytes.putLong(INCOMING + IOV_COUNT, 1);
        scratch.bytes.putLong(INCOMING_IOVEC + 8, room);
        if (peer != null) {
            peerLength = peer.put(scratch.bytes, PEER);
            scratch.bytes.putInt(MESSAGE + NAME_LENGTH, peerLength);
        }
        this.greeting = greets ? greeting(peer) : null;
        this.greet = greets;
        int probe = -1;
        try {
            probe = SocketAddress.socket(sys);
            this.readiness = new Readiness(sys);
        } catch (ErrnoException e) {
            if (probe >= 0) sys.close(probe);
            bound.close();
            throw e;
        }
        this.probe = probe;
        if (greets) greet();
    }

    private NativeBuffer greeting(SocketAddress peer) {
        NativeBuffer b = new NativeBuffer(sys, GREETING_SCRATCH);
        b.bytes.putLong(NAME, b.address + GREETING_PEER);
        b.bytes.putInt(NAME_LENGTH, peer.put(b.bytes, GREETING_PEER));
        b.bytes.putLong(IOV, b.address + GREETING_IOVEC);
        b.bytes.putLong(IOV_COUNT, 1);
        b.bytes.putLong(GREETING_IOVEC, b.address + GREETING_TEXT);
        b.bytes.putLong(GREETING_IOVEC + 8, 4);
        for (int i = 0; i < 4; i++) {
            b.bytes.put(GREETING_TEXT + i, (byte) (GREETING >>> 24 - 8 * i));
        }
        return b;
    }

    @Override
    public LinkCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public boolean receive(Frame into) {
        for (int i = 0; i < NO_FRAMES_IN_A_ROW; i++) {
            into.reserve(room);
            scratch.bytes.putInt(INCOMING + NAME_LENGTH, SocketAddress.ROOM);
            scratch.bytes.putLong(INCOMING_IOVEC, sys.address(into.region(0)) + into.at(0));
            long n = sys.recvmsg(fd, scratch.address + INCOMING, 0);
            scratch.keep();
            Reference.reachabilityFence(into);
            if (n == -Errno.EAGAIN) return false;
            if (n < 0) {
                if (isOurs(-n)) throw failure("recvmsg", n);
                continue; // EINTR, or an error that a peer left behind
            }
            boolean greets = n == 4 && into.bytes().getInt(into.start()) == GREETING;
            if (learns && (greets || peerLength == 0 || peerAway)) learn();
            if (n >= HEADER && n < room) {
                into.filled((int) n);
                return true;
            }
            if (!greets) dropped++; // cut to the room, or too short for a header
        }
        return false;
    }

    /** Who sent this is our peer from now on, if it has an address. */
    private void learn() {
        int length = scratch.bytes.getInt(INCOMING + NAME_LENGTH);
        if (length <= SocketAddress.FAMILY || length > SocketAddress.ROOM) return;
        scratch.bytes.put(PEER, scratch.bytes, FROM, length);
        scratch.bytes.putInt(MESSAGE + NAME_LENGTH, length);
        peerLength = length;
        peerAway = false;
    }

    @Override
    public Transmit transmit(Frame frame) {
        assert frame.checksum != Frame.Checksum.PARTIAL && frame.segmentSize == 0
                : "we announced no offload";
        if (peerLength == 0) return drop();
        if (greet) greet();
        scratch.bytes.putLong(MESSAGE + IOV, iovecs.of(frame));
        scratch.bytes.putLong(MESSAGE + IOV_COUNT, frame.slices());
        long n;
        do {
            n = sys.sendmsg(fd, scratch.address + MESSAGE, MSG_NOSIGNAL);
        } while (n == -Errno.EINTR);
        scratch.keep();
        iovecs.keep();
        Reference.reachabilityFence(frame);
        if (n == -Errno.EAGAIN || n == -Errno.ENOBUFS || n == -Errno.ENOMEM) {
            probe();
            refusals = Math.min(refusals + 1, 2);
            return Transmit.FULL;
        }
        refusals = 0;
        if (n < 0) return refused(-n);
        peerAway = false;
        return Transmit.DONE;
    }

    private Transmit refused(long errno) {
        if (isOurs(errno)) throw failure("sendmsg", -errno);
        if (errno != Errno.EMSGSIZE) {
            peerAway = true;
            greet = greeting != null;
        }
        return drop();
    }

    private Transmit drop() {
        dropped++;
        return Transmit.DONE;
    }

    /** Whether an error says that our own socket or memory is wrong, and not the peer's or the path. */
    private static boolean isOurs(long errno) {
        return errno == Errno.EBADF || errno == Errno.ENOTSOCK || errno == Errno.EFAULT;
    }

    private void probe() {
        probing = sys.connect(probe, scratch.address + PEER, peerLength) >= 0;
        scratch.keep();
    }

    /** Greets the peer once; the loop and the thread in await may both do so. */
    private void greet() {
        if (sys.sendmsg(fd, greeting.address, MSG_NOSIGNAL) >= 0) greet = false;
        greeting.keep();
    }

    private LinkFailure failure(String call, long result) {
        return new LinkFailure(
                capabilities.name()
                        + ": "
                        + call
                        + " failed with "
                        + Errno.text(-result)
                        + ": this is not expected of a datagram socket");
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        if (greet) greet();
        if (greet) timeoutNs = Math.min(timeoutNs, GREET_NS);
        if (refusals < 2) promises = 0; // the last one was kept
        if (!forTransmit || refusals == 0) {
            poll(Readiness.POLLIN, -1, timeoutNs);
        } else if (promises == PATIENCE) {
            promises--;
            poll(Readiness.POLLIN, -1, Math.min(timeoutNs, PAUSE_NS));
        } else {
            awaitRoom(Math.min(timeoutNs, BLOCKED_NS));
        }
    }

    /** Waits for what has no room, our buffer or the peer's queue; a frame needs both. */
    private void awaitRoom(long timeoutNs) {
        int peer = probing ? probe : -1;
        boolean ours = (poll(Readiness.POLLOUT, peer, 0) & Readiness.POLLOUT) != 0;
        boolean theirs = peer < 0 || readiness.isSecondReady();
        promises = ours && theirs ? promises + 1 : 0;
        if (ours && theirs || readiness.wasWoken()) return;
        if (ours) poll(Readiness.POLLIN, peer, timeoutNs);
        else poll(Readiness.POLLIN | Readiness.POLLOUT, -1, timeoutNs);
    }

    private int poll(int events, int second, long timeoutNs) {
        int seen = readiness.await(fd, events, second, Readiness.POLLOUT, timeoutNs);
        if (seen < 0) throw failure("ppoll", seen);
        if ((seen & Readiness.POLLNVAL) != 0) throw failure("ppoll", -Errno.EBADF);
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

    @Override
    public void close() {
        readiness.close();
        sys.close(probe);
        bound.close();
    }
}
