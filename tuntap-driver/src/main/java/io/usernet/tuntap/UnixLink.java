package io.usernet.tuntap;

import io.usernet.frame.Frame;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import io.usernet.tuntap.UnixSockets.Socket;
import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A wire of one AF_UNIX stream connection at a time, as QEMU's {@code -netdev stream} and passt have
 * it: each Ethernet frame follows its length.
 *
 * <p>Connections come and go, the link stays. Without one, frames are dropped and counted. A
 * connection is handed to and fro by {@code live}: the loop uses it, and says when it has ended; the
 * thread that awaits makes and closes it, so that no turn does either, and nobody uses a descriptor
 * that is closed.
 */
final class UnixLink implements LinkDevice {
    /** Ethernet's header and an 802.1Q tag, which stand before what the MTU counts. */
    private static final int MAX_HEADER = 18;

    /** Between two attempts to connect: at first, and at most. */
    private static final long MIN_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(50),
            MAX_PAUSE_NS = TimeUnit.SECONDS.toNanos(2);

    /** How long something that should not last keeps us from polling it again. */
    private static final long ERROR_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private final LinkCapabilities capabilities;
    private final Rendezvous rendezvous;
    private final Readiness readiness;
    private final FrameReader in;
    private final FrameWriter out;

    private int fd; // of the connection; written before live is set, by the thread in await
    private volatile boolean live; // set by the thread in await, cleared in the loop
    private volatile boolean holding; // a frame is half sent: written in the loop
    private volatile boolean noMemory; // in the kernel, for the rest of it: likewise
    private volatile boolean more; // read already, where poll doesn't see it; written in the loop
    private volatile boolean asleep; // without asking for writability; by the thread in await
    private volatile long dropped; // not yet read or not sent; written in the loop

    // -- of the thread in await
    private Socket connection;
    private long connectedNs, nextAttemptNs = System.nanoTime(), pauseNs = MIN_PAUSE_NS;

    /**
     * @param rendezvous taken over
     */
    UnixLink(Syscalls sys, Rendezvous rendezvous, LinkCapabilities capabilities)
            throws ErrnoException {
        this.capabilities = capabilities;
        this.rendezvous = rendezvous;
        this.in = new FrameReader(sys, capabilities.mtu() + MAX_HEADER);
        this.out = new FrameWriter(sys);
        this.readiness = new Readiness(sys);
        connect();
    }

    @Override
    public LinkCapabilities capabilities() {
        return capabilities;
    }

    // -- in the loop

    @Override
    public boolean receive(Frame into) {
        if (!live || holding && !finish()) return false;
        FrameReader.Result result = in.receive(fd, into);
        boolean got = result == FrameReader.Result.FRAME;
        if (more != (got && in.hasMore())) more = !more;
        if (result == FrameReader.Result.GONE) disconnected();
        return got;
    }

    /** Sends what is held; whether the connection is still there. */
    private boolean finish() {
        FrameWriter.Result result = out.finish(fd);
        switch (result) {
            case SENT -> holding = false;
            case GONE -> disconnected();
            default -> noMemory = result == FrameWriter.Result.NO_MEMORY;
        }
        return live;
    }

    @Override
    public Transmit transmit(Frame frame) {
        if (live && holding) {
            finish();
            if (holding) return Transmit.FULL;
        }
        if (!live) return drop();
        switch (out.transmit(fd, frame)) {
            case SENT -> {
                return Transmit.DONE;
            }
            case HELD -> {
                noMemory = false;
                holding = true;
                if (asleep) readiness.wake(); // it doesn't look for room
                return Transmit.HELD;
            }
            case FULL -> {
                return Transmit.FULL;
            }
            case GONE -> disconnected();
            case NO_MEMORY -> {}
        }
        return drop();
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField") // one writer: the loop
    private Transmit drop() {
        dropped++;
        return Transmit.DONE;
    }

    private void disconnected() {
        in.reset();
        if (out.reset()) drop();
        holding = false;
        more = false;
        live = false;
        readiness.wake(); // the descriptor itself may say nothing
    }

    // -- by the thread in await

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        long timeout = Math.min(timeoutNs, connect());
        boolean connected = live;
        if (!connected && forTransmit) timeout = 0; // it will be dropped
        if (connected && more) timeout = 0;
        int events = Readiness.POLLIN;
        if (connected) {
            if (!forTransmit) asleep = true; // before we look whether something is held
            if (forTransmit || holding) events |= Readiness.POLLOUT;
            if (holding && noMemory) {
                events = Readiness.POLLIN;
                timeout = Math.min(timeout, ERROR_PAUSE_NS);
            }
        }
        int seen = poll(connected ? fd : -1, events, rendezvous.listenerFd(), timeout);
        asleep = false;
        if (readiness.isSecondReady()) accept(timeoutNs, seen);
    }

    private int poll(int descriptor, int events, int listener, long timeoutNs) {
        int seen = readiness.await(descriptor, events, listener, Readiness.POLLIN, timeoutNs);
        if (seen < 0) {
            throw new LinkFailure(capabilities.name() + ": ppoll failed with " + Errno.text(-seen));
        }
        return seen;
    }

    /** Connects again if it is time to; answers for how long there is nothing to do about it. */
    private long connect() {
        if (live) return Long.MAX_VALUE;
        closeConnection();
        if (rendezvous.isListening()) return Long.MAX_VALUE;
        long left = nextAttemptNs - System.nanoTime();
        if (left > 0) return left;
        Socket socket = rendezvous.next();
        if (socket != null) {
            use(socket);
            return Long.MAX_VALUE;
        }
        return pause();
    }

    /** Sets the time of the next attempt; two ends that lost each other do not move in step. */
    private long pause() {
        long pause = ThreadLocalRandom.current().nextLong(pauseNs / 2, pauseNs);
        pauseNs = Math.min(2 * pauseNs, MAX_PAUSE_NS);
        nextAttemptNs = System.nanoTime() + pause;
        return pause;
    }

    /** Somebody connects to us: the peer if we have none, else one too many. */
    private void accept(long timeoutNs, int seen) {
        boolean hasPeer = live;
        // A peer that has hung up is read to its end first; the next one can wait so long.
        if (hasPeer && (seen & (Readiness.POLLHUP | Readiness.POLLERR)) != 0) return;
        if (!hasPeer) closeConnection();
        Socket socket = rendezvous.next();
        if (socket == null) {
            // Nobody after all, or the process is out of descriptors, which may last.
            poll(hasPeer ? fd : -1, Readiness.POLLIN, -1, Math.min(timeoutNs, ERROR_PAUSE_NS));
        } else if (hasPeer) {
            close(socket);
        } else {
            use(socket);
        }
    }

    private void use(Socket socket) {
        connection = socket;
        connectedNs = System.nanoTime();
        fd = socket.fd();
        live = true;
    }

    private void closeConnection() {
        if (connection == null) return;
        close(connection);
        connection = null;
        // One that was closed at once was no success.
        if (System.nanoTime() - connectedNs >= MAX_PAUSE_NS) pauseNs = MIN_PAUSE_NS;
        pause();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is free even so.
        }
    }

    @Override
    public void wake() {
        readiness.wake();
    }

    @Override
    public long dropped() {
        return dropped + in.dropped();
    }

    @Override
    public void close() {
        in.close();
        if (out.reset()) drop();
        live = false;
        if (connection != null) close(connection);
        try {
            rendezvous.close();
        } catch (IOException e) {
            // The descriptor is free even so.
        }
        readiness.close();
    }
}
