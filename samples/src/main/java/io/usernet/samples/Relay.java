package io.usernet.samples;

import io.usernet.config.Impairment;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import io.usernet.link.Links;
import io.usernet.link.wrap.ImpairLink;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Joins two links, as a cable would, and a bad one if asked to: {@code Relay tap:left tap:right
 * loss=1%,delay=5ms}. So two kernels, a kernel and a stack, or a VM and either, meet over a network of
 * known badness. Runs until it is ended (SIGTERM, Ctrl-C) or a link is gone, and then says what it
 * counted.
 *
 * <p>For two kernels, start it in the namespace of one, and move the other's end once the relay says
 * that it has joined them: {@code ip link set right netns OTHER}.
 *
 * <p>A link waits in a thread of its own; whoever has news takes the relay's lock and carries frames
 * both ways. So each link is used by one thread at a time, as it demands, and no frame is copied.
 */
public final class Relay implements AutoCloseable {
    private static final long MEMORY = 256L << 20;

    /** Frames that one turn carries each way. */
    private static final int BATCH = 64;

    /** Most frames that wait for a full link; more are dropped, as a switch does. */
    private static final int MAX_PENDING = 1_000;

    /** An 802.1Q tag is not part of the MTU either. */
    private static final int MAX_HEADER = 18;

    private final Memory memory = new Memory(MEMORY);
    private final FramePool frames = new FramePool(memory);
    private final List<Port> ports;
    private volatile boolean stopping;
    private volatile Throwable failure;

    /** One link, and what goes out of it. Fields are under the relay's lock, unless they say otherwise. */
    private final class Port {
        final LinkDevice link;
        final LinkCapabilities capabilities;
        final int longest;
        final Thread thread;
        final ArrayDeque<Frame> pending = new ArrayDeque<>();
        volatile boolean isFull; // set under the lock
        volatile boolean awaitsRoom; // by this port's thread
        long sent, tooLong, dropped;

        Port(LinkDevice link) {
            this.link = link;
            capabilities = link.capabilities();
            longest = capabilities.mtu() + (capabilities.layer() == 2 ? MAX_HEADER : 0);
            thread = new Thread(() -> run(this), "relay-" + capabilities.name());
            thread.setDaemon(true);
        }

        /** Takes a frame over. */
        void transmit(Frame frame) {
            if (frame.length() > longest) {
                tooLong++;
                frame.release();
            } else if (pending.size() == MAX_PENDING || !isSendable(frame)) {
                dropped++;
                frame.release();
            } else {
                pending.add(frame);
            }
        }

        /** Not where memory ran out, nor what only a link with offloads could send. */
        private boolean isSendable(Frame frame) {
            boolean summed = frame.checksum != Frame.Checksum.PARTIAL || capabilities.checksum();
            return frame.canBeKept() && summed && frame.segmentSize == 0;
        }

        void flushPending() {
            boolean full = false;
            while (!pending.isEmpty() && !full) {
                Frame frame = pending.peek();
                LinkDevice.Transmit became = link.transmit(frame);
                full = became == LinkDevice.Transmit.FULL;
                if (full) break;
                pending.remove();
                sent++;
                if (became == LinkDevice.Transmit.DONE) frame.release();
            }
            isFull = full;
        }

        String counts() {
            return "to "
                    + capabilities.name()
                    + ": "
                    + sent
                    + " frames, "
                    + tooLong
                    + " too long, "
                    + dropped
                    + " dropped, "
                    + link.dropped()
                    + " dropped by the link";
        }
    }

    /**
     * Joins two links, which are closed with it.
     *
     * @throws IllegalArgumentException if one carries Ethernet frames and the other IP packets
     */
    Relay(LinkDevice left, LinkDevice right) {
        LinkCapabilities l = left.capabilities(), r = right.capabilities();
        if (l.layer() != r.layer()) {
            throw new IllegalArgumentException(
                    String.format(
                            "%s is of layer %d and %s of layer %d: join tap: with tap: or unix:,"
                                    + " and tun: with tun:",
                            l.name(), l.layer(), r.name(), r.layer()));
        }
        left.attach(memory);
        right.attach(memory);
        ports = List.of(new Port(left), new Port(right));
    }

    void start() {
        for (Port port : ports) port.thread.start();
    }

    /** What a port's thread does. */
    private void run(Port port) {
        try {
            while (!stopping) {
                boolean more = turn();
                for (Port p : ports) {
                    p.link.flush();
                    if (p.isFull && !p.awaitsRoom) p.link.wake(); // its thread doesn't know yet
                }
                prepare();
                port.awaitsRoom = port.isFull;
                if (port.isFull == port.awaitsRoom && !stopping) {
                    port.link.await(more ? 0 : Long.MAX_VALUE, port.awaitsRoom);
                }
            }
        } catch (LinkFailure e) {
            failure = e;
        } catch (Throwable t) {
            failure = t;
            throw t;
        } finally {
            stop();
        }
    }

    private synchronized boolean turn() {
        boolean more = carry(ports.get(0), ports.get(1));
        more |= carry(ports.get(1), ports.get(0));
        return more;
    }

    private boolean carry(Port from, Port to) {
        for (int n = 0; n < BATCH; n++) {
            Frame frame = frames.take();
            if (!from.link.receive(frame)) {
                frame.release();
                to.flushPending();
                return false;
            }
            to.transmit(frame);
        }
        to.flushPending();
        return true;
    }

    /** What allocates, outside of turns. */
    private void prepare() {
        synchronized (memory) {
            if (memory.isLow(Slab.Size.LARGE)) memory.grow(Slab.Size.LARGE);
            frames.prepare();
        }
    }

    private void stop() {
        stopping = true;
        for (Port port : ports) port.link.wake();
    }

    /** Waits until a link is gone, or the relay is closed; answers why, or null. */
    Throwable join() throws InterruptedException {
        for (Port port : ports) port.thread.join();
        return failure;
    }

    /** Ends the relay and closes the links. */
    @Override
    public void close() {
        stop();
        boolean interrupted = false;
        for (Port port : ports) {
            while (port.thread.isAlive()) {
                try {
                    port.thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
        synchronized (this) {
            for (Port port : ports) {
                for (Frame frame : port.pending) frame.release();
                port.pending.clear();
            }
            for (Port port : ports) port.link.close();
        }
    }

    /** What was carried so far: a line a direction. */
    synchronized String counts() {
        return ports.get(1).counts() + "\n" + ports.get(0).counts();
    }

    /** Usage: {@code Relay LINK LINK [IMPAIRMENT]}; the impairment is that of the second link. */
    public static void main(String[] args) throws InterruptedException {
        if (args.length < 2 || args.length > 3) {
            System.err.println(
                    "usage: Relay LINK LINK [IMPAIRMENT], such as: Relay tap:left tap:right"
                            + " loss=1%,delay=5ms");
            System.exit(2);
        }
        Relay relay;
        ImpairLink impaired;
        try {
            Impairment impairment = Impairment.parse(args.length == 3 ? args[2] : "none");
            LinkDevice left = Links.open(args[0], List.of(), true);
            LinkDevice right = Links.open(args[1], List.of(), true);
            impaired = ImpairLink.open(right, impairment);
            relay = new Relay(left, impaired);
        } catch (IOException | IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(1);
            return;
        }
        Thread end = new Thread(() -> end(relay, impaired), "relay-end");
        Runtime.getRuntime().addShutdownHook(end);
        relay.start();
        System.out.println("joined " + args[0] + " and " + args[1]);
        Throwable why = relay.join();
        if (why == null) return; // the JVM is ending
        System.err.println(why.getMessage());
        System.exit(1);
    }

    private static void end(Relay relay, ImpairLink impaired) {
        relay.close();
        System.out.println(relay.counts());
        System.out.println("impaired: " + impaired.impairment());
        System.out.println("to the second: " + impaired.counts().out());
        System.out.println("from the second: " + impaired.counts().in());
    }
}
