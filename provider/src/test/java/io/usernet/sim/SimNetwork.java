package io.usernet.sim;

import io.usernet.config.StackConfig;
import io.usernet.frame.Frame;
import io.usernet.frame.Holder;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.stack.NetworkStack;
import io.usernet.tcp.Rfc6528Sequence;
import io.usernet.wire.Ethernet;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * Stacks on one simulated Ethernet, in virtual time. Each host's way onto the wire is a {@link Path};
 * frames go to the host with the destination address, broadcasts to all others. Everything follows
 * from the seed, which failures name.
 */
public final class SimNetwork {
    private static final int MAX_STEPS = 5_000_000;
    private static final int MAX_TURNS = 100_000;

    /** What an application does on a host, whenever the host has run. */
    public interface App {
        /** Does what can be done now; true if that may have given the stack something to do. */
        boolean step(long nowNs);

        /** When it does something by itself, or Long.MAX_VALUE. */
        default long dueNs() {
            return Long.MAX_VALUE;
        }
    }

    /** May change a frame before it is put on the wire, for fuzzing; answers what to send, or null. */
    public interface Tamper {
        byte[] change(byte[] frame);
    }

    /** A stack, its link, and the applications on it. */
    public final class Host {
        public final NetworkStack stack;
        final Wire wire;
        private final List<App> apps = new ArrayList<>();

        private Host(StackConfig config, int mtu, Path path, boolean exactRegions) {
            wire = new Wire(hosts.size(), mtu, path, exactRegions);
            Memory memory = new Memory(config.memory());
            SplittableRandom secrets = random.split();
            Rfc6528Sequence isn = new Rfc6528Sequence(secrets.nextLong(), secrets.nextLong());
            stack = new NetworkStack(config, wire, memory, isn, secrets.nextLong());
        }

        public void add(App app) {
            apps.add(app);
        }

        /** Replaces what this host's frames go through from now on. */
        public void path(Path path) {
            wire.path = path;
        }

        public void tamper(Tamper tamper) {
            wire.tamper = tamper;
        }

        /** A frame out of nowhere comes in. */
        public void receives(byte[] frame) {
            wire.in.add(frame);
        }

        public long mac() {
            return wire.capabilities.mac();
        }

        /** Frames that came off the wire to this host. */
        public long framesIn() {
            return wire.received;
        }

        /** Regions of frames that came in and are still held. */
        public int regionsHeld() {
            return wire.held;
        }

        private boolean run() {
            boolean more = stack.turn(nowNs) || !wire.in.isEmpty();
            for (App app : List.copyOf(apps)) more |= app.step(nowNs);
            return more;
        }
    }

    private record Arrival(long atNs, long order, int host, byte[] frame) {}

    private final long seed;
    private final SplittableRandom random;
    private final List<Host> hosts = new ArrayList<>();
    private final PriorityQueue<Arrival> arrivals =
            new PriorityQueue<>(
                    (a, b) ->
                            a.atNs != b.atNs
                                    ? Long.compare(a.atNs, b.atNs)
                                    : Long.compare(a.order, b.order));
    private long nowNs = 1_000_000_000;
    private long order;
    private long steps;

    public SimNetwork(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
    }

    public long now() {
        return nowNs;
    }

    /** A host with an address such as 10.0.0.1/24, on a wire with an MTU of 1500. */
    public Host host(String cidr, Path path) {
        return host(StackConfig.defaults().withAddress(cidr), 1500, path, false);
    }

    /**
     * @param exactRegions whether each frame comes in a region of exactly its size; else in slabs
     */
    public Host host(StackConfig config, int mtu, Path path, boolean exactRegions) {
        Host host = new Host(config, mtu, path, exactRegions);
        hosts.add(host);
        return host;
    }

    /**
     * Runs until a condition holds.
     *
     * @throws AssertionError if that takes longer than {@code limit}, or too many steps
     */
    public void runUntil(BooleanSupplier done, Duration limit) {
        long untilNs = nowNs + limit.toNanos();
        while (true) {
            settle();
            if (done.getAsBoolean()) return;
            long next = nextEvent();
            if (next > untilNs) throw failure("not done after " + limit);
            advanceTo(next);
        }
    }

    /** Runs for some time. */
    public void runFor(Duration time) {
        long untilNs = nowNs + time.toNanos();
        while (true) {
            settle();
            long next = nextEvent();
            if (next > untilNs) break;
            advanceTo(next);
        }
        nowNs = untilNs;
        settle();
    }

    /** An error that says how to have it again. */
    public AssertionError failure(String what) {
        return new AssertionError(
                what + " (seed " + seed + ", at " + nowNs / 1e9 + " s, step " + steps + ")");
    }

    private void advanceTo(long next) {
        if (++steps > MAX_STEPS) throw failure("too many steps");
        nowNs = Math.max(nowNs, next);
        while (!arrivals.isEmpty() && arrivals.peek().atNs <= nowNs) {
            Arrival a = arrivals.poll();
            hosts.get(a.host).wire.in.add(a.frame);
        }
    }

    private long nextEvent() {
        long next = arrivals.isEmpty() ? Long.MAX_VALUE : arrivals.peek().atNs;
        for (Host host : hosts) {
            next = Math.min(next, host.stack.earliest());
            for (App app : host.apps) next = Math.min(next, app.dueNs());
        }
        return next;
    }

    /** Runs all hosts until none has work left at this time. */
    private void settle() {
        boolean more = true;
        for (int n = 0; more; n++) {
            if (n == MAX_TURNS) throw failure("busy without end");
            more = false;
            for (Host host : hosts) {
                try {
                    more |= host.run();
                } catch (RuntimeException | Error e) {
                    AssertionError failure = failure("a turn failed: " + e);
                    failure.initCause(e);
                    throw failure;
                }
            }
        }
    }

    /** A host's end of the Ethernet. */
    private final class Wire implements LinkDevice {
        private final int index;
        private final LinkCapabilities capabilities;
        private final boolean exactRegions;
        private final ArrayDeque<byte[]> in = new ArrayDeque<>();
        private final SplittableRandom random;
        private Path path;
        private Tamper tamper;
        private long freeAtNs; // when the wire is done with what was put on it
        private long lastArrivalNs;
        private long received;
        private int held;

        Wire(int index, int mtu, Path path, boolean exactRegions) {
            this.index = index;
            this.path = path;
            this.exactRegions = exactRegions;
            this.random = SimNetwork.this.random.split();
            long mac = 0x02_00_00_00_00_00L + index + 1;
            capabilities = new LinkCapabilities("sim" + index, 2, mtu, mac, false, 0);
        }

        @Override
        public LinkCapabilities capabilities() {
            return capabilities;
        }

        @Override
        public boolean receive(Frame into) {
            byte[] bytes = in.poll();
            if (bytes == null) return false;
            received++;
            if (exactRegions) {
                ByteBuffer exact = ByteBuffer.allocateDirect(bytes.length);
                exact.put(0, bytes);
                held++;
                Holder holder =
                        new Holder() {
                            @Override
                            protected void free() {
                                held--;
                            }
                        };
                into.append(new Region(exact), holder, 0, bytes.length);
                holder.release();
            } else {
                into.reserve(bytes.length);
                into.bytes().put(into.start(), bytes);
                into.filled(bytes.length);
            }
            return true;
        }

        @Override
        public Transmit transmit(Frame frame) {
            byte[] bytes = bytesOf(frame);
            if (tamper != null) bytes = tamper.change(bytes);
            if (bytes != null) send(bytes);
            return Transmit.DONE;
        }

        private byte[] bytesOf(Frame frame) {
            int length = frame.length();
            ByteBuffer copy = ByteBuffer.allocateDirect(length);
            frame.copy(0, length, copy, 0);
            byte[] bytes = new byte[length];
            copy.get(0, bytes);
            return bytes;
        }

        private void send(byte[] bytes) {
            long frameNs =
                    path.bitsPerSecond() == 0
                            ? 0
                            : bytes.length * 8L * 1_000_000_000L / path.bitsPerSecond();
            long backlogNs = Math.max(0, freeAtNs - nowNs);
            if (frameNs > 0 && backlogNs / frameNs >= path.queue()) return;
            freeAtNs = Math.max(freeAtNs, nowNs) + frameNs;
            if (chance(path.loss())) return;
            if (chance(path.corrupt())) {
                int bit = random.nextInt(bytes.length * 8);
                bytes = bytes.clone();
                bytes[bit / 8] ^= (byte) (1 << bit % 8);
            }
            long at = freeAtNs + path.latencyNs();
            if (path.jitterNs() > 0) at += random.nextLong(path.jitterNs());
            if (chance(path.reorder())) {
                at += path.reorderNs(); // those behind may overtake it
            } else {
                at = lastArrivalNs = Math.max(at, lastArrivalNs);
            }
            deliver(bytes, at);
            if (chance(path.duplicate())) deliver(bytes, at);
        }

        /** Draws only where the outcome is open, so that one impairment doesn't shift another. */
        private boolean chance(double p) {
            return p > 0 && random.nextDouble() < p;
        }

        private void deliver(byte[] bytes, long at) {
            long dst = 0;
            for (int i = 0; i < 6 && i < bytes.length; i++) dst = dst << 8 | bytes[i] & 0xFF;
            for (Host host : hosts) {
                if (host.wire == this) continue;
                if (dst != Ethernet.BROADCAST && dst != host.mac() && hosts.size() > 2) continue;
                arrivals.add(new Arrival(at, order++, host.wire.index, bytes));
            }
        }

        @Override
        public void await(long timeoutNs, boolean forTransmit) {
            throw new UnsupportedOperationException("virtual time does not wait");
        }

        @Override
        public void wake() {}

        @Override
        public void close() {}
    }
}
