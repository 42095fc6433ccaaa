package io.usernet.stack;

import io.usernet.buffer.Inbox;
import io.usernet.buffer.Post;
import io.usernet.buffer.Waiter;
import io.usernet.buffer.Wakeups;
import io.usernet.config.StackConfig;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.ip.Addresses;
import io.usernet.ip.Icmp;
import io.usernet.ip.Ipv4Input;
import io.usernet.ip.Ipv4Output;
import io.usernet.ip.Route;
import io.usernet.ip.Routes;
import io.usernet.link.FrameObserver;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import io.usernet.link.Loopback;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.metrics.Usage;
import io.usernet.neighbor.Neighbor;
import io.usernet.neighbor.NeighborTable;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.Connection;
import io.usernet.tcp.Endpoint;
import io.usernet.tcp.Endpoint.DeadlineTimer;
import io.usernet.tcp.HalfOpen;
import io.usernet.tcp.InitialSequence;
import io.usernet.tcp.Stream;
import io.usernet.tcp.TcpLayer;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.MacAddress;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A whole stack: a link (or none), the loopback, ARP, IPv4, ICMP and TCP. No thread and no clock: a
 * turn takes time in, and does a bounded amount of work.
 *
 * <pre>
 *   link ----&gt; ethernet ----&gt; ipv4 ----&gt; tcp (TcpService) ----&gt; Endpoint.onSegment
 *                  |            |
 *             NeighborTable    icmp                    Endpoint.pollTransmit
 *                  |                                            |
 *   link &lt;---- toLink &lt;---- transmit(route) &lt;----------- TcpService.transmit
 *   loopback &lt;-------------------'
 * </pre>
 *
 * <p>Confined to the loop, except {@link #inbox}, {@link #counters} and {@link #prepare}.
 */
public final class NetworkStack implements Core {
    private static final Logger LOG = System.getLogger("io.usernet");

    /** Bounds of one turn: frames in from each interface, posts, timers, and segments out. */
    private static final int MAX_FRAMES = 64, MAX_POSTS = 64, MAX_TIMERS = 256, MAX_SEGMENTS = 64;

    /** Times MAX_POSTS: bounds what the last turn of all does. */
    private static final int MAX_LAST_POSTS = 1 << 14;

    /** Most frames that wait because the link is full; segments are not even made then. */
    private static final int MAX_PENDING = 256;

    private final StackConfig config;
    private final LinkDevice link; // or null
    private final long mac; // 0 on a layer 3 link
    private final boolean linkChecksums;
    private final Memory memory;
    private final FramePool frames;
    private final Counters counters = new Counters();
    private final Inbox inbox = new Inbox();
    private final Wakeups wakeups = new Wakeups();
    private final TimerWheel wheel = new TimerWheel();
    private final Events events = new Events(NetworkStack::log);

    private final Addresses addresses;
    private final Routes routes;
    private final Loopback loopback;
    private final NeighborTable neighbors; // null without a layer 2 link
    private final Ipv4Input ipInput;
    private final Ipv4Output ipOutput;
    private final Icmp icmp;
    private final TcpService tcp;

    private long nowNs; // of this turn
    private boolean started;
    private boolean dead;
    private boolean linkGone; // its failure is what the stack dies of
    private Frame pendingFirst, pendingLast; // the link was full
    private int pending;
    private Waiter drainWaiter; // who waits until everything is delivered, or null
    private AtomicBoolean drained;

    /** A stack whose loopback nobody observes. */
    public NetworkStack(
            StackConfig config, LinkDevice link, Memory memory, InitialSequence isn, long secret) {
        this(config, link, null, memory, isn, secret);
    }

    /**
     * @param link null: the loopback alone
     * @param observer sees the frames of the loopback; null: nobody
     * @param secret what must not be guessed: where identifiers and ports begin, and hashes
     */
    public NetworkStack(
            StackConfig config,
            LinkDevice link,
            FrameObserver observer,
            Memory memory,
            InitialSequence isn,
            long secret) {
        this.config = config;
        this.link = link;
        this.loopback = new Loopback(observer);
        this.memory = memory;
        this.frames = new FramePool(memory);
        LinkCapabilities capabilities = link == null ? null : link.capabilities();
        boolean layer2 = capabilities != null && capabilities.layer() == 2;
        this.mac = layer2 ? capabilities.mac() : 0;
        this.linkChecksums = capabilities != null && capabilities.checksum();
        int linkMtu = capabilities == null ? 0 : capabilities.mtu();
        this.addresses = new Addresses(config.addresses());
        this.routes = Routes.of(config.addresses(), config.gateway(), linkMtu);
        SplittableRandom random = new SplittableRandom(secret);
        this.neighbors =
                !layer2
                        ? null
                        : new NeighborTable(
                                mac,
                                config.addresses(),
                                config.sysctls(),
                                counters,
                                wheel,
                                frames,
                                random.nextLong(),
                                new ArpOwner());
        this.ipInput = new Ipv4Input(addresses, counters);
        this.ipOutput = new Ipv4Output(config.sysctls(), random.nextLong());
        this.icmp = new Icmp(addresses, config.sysctls(), counters, frames, new IcmpOwner());
        TcpLayer layer = new TcpLayer(config.sysctls(), counters, memory, wakeups, isn);
        Hash hash = new Hash(random.nextLong());
        this.tcp =
                new TcpService(
                        layer, frames, wheel, addresses, routes, hash, events, new TcpOutput());
    }

    private static void log(String message, Throwable failure) {
        LOG.log(Level.WARNING, message, failure);
    }

    // -- the turn

    @Override
    public boolean turn(long nowNs) {
        this.nowNs = nowNs;
        if (!started) {
            started = true;
            if (neighbors != null) neighbors.start(nowNs);
        }
        boolean more = receiveFromLink();
        receiveFromLoopback();
        posts();
        more |= timers();
        flushPending();
        more |= tcp.transmit(MAX_SEGMENTS, nowNs);
        tcp.feedStarved();
        if (drainWaiter != null && inbox.isEmpty() && undelivered() == 0) tellDrained();
        return more || loopback.queued() > 0 || !inbox.isEmpty();
    }

    private boolean receiveFromLink() {
        if (link == null) return false;
        for (int n = 0; n < MAX_FRAMES; n++) {
            Frame in = frames.take();
            try {
                if (!link.receive(in)) return false;
                counters.increment(Counter.LINK_IN);
                if (neighbors != null) ethernet(in);
                else ipv4(in, false, false);
            } finally {
                in.release();
            }
        }
        return true;
    }

    private void receiveFromLoopback() {
        // What these frames bring forth waits for the next turn.
        for (int n = Math.min(loopback.queued(), MAX_FRAMES); n > 0; n--) {
            Frame in = frames.take();
            try {
                loopback.receive(in);
                ipv4(in, true, false);
            } finally {
                in.release();
            }
        }
    }

    private void posts() {
        for (int n = 0; n < MAX_POSTS; n++) {
            Post post = inbox.poll();
            if (post == null) return;
            if (post instanceof Stream stream) tcp.posted(stream, nowNs);
            else post.perform(nowNs);
        }
    }

    private boolean timers() {
        for (int n = 0; n < MAX_TIMERS; n++) {
            TimerWheel.Timer timer = wheel.poll(nowNs);
            if (timer == null) return false;
            if (timer instanceof DeadlineTimer d) tcp.onTimer(d.endpoint(), nowNs);
            else neighbors.onTimeout(timer, nowNs);
        }
        return true;
    }

    // -- in

    private void ethernet(Frame in) {
        ByteBuffer b = in.bytes();
        int at = in.start();
        if (Ethernet.check(b, at, in.end()) < 0) {
            counters.increment(Counter.LINK_IN_DISCARDS);
            return;
        }
        long dst = Ethernet.dst(b, at);
        boolean broadcast = dst == Ethernet.BROADCAST;
        if (dst != mac && !broadcast || Ethernet.isGroup(Ethernet.src(b, at))) {
            counters.increment(Counter.LINK_IN_DISCARDS);
            return;
        }
        in.consume(Ethernet.HEADER);
        switch (Ethernet.type(b, at)) {
            case Ethernet.IPV4 -> ipv4(in, false, broadcast);
            case Ethernet.ARP -> neighbors.onArp(in, nowNs);
            default -> counters.increment(Counter.LINK_IN_UNKNOWN);
        }
    }

    private void ipv4(Frame in, boolean fromLoopback, boolean linkBroadcast) {
        int header = ipInput.accept(in, fromLoopback);
        if (header == Ipv4Input.DROPPED) return;
        ByteBuffer b = in.bytes();
        int at = in.start();
        int src = Ipv4.src(b, at);
        int dst = Ipv4.dst(b, at);
        boolean group = linkBroadcast || addresses.isBroadcast(dst);
        in.consume(header);
        switch (Ipv4.protocol(b, at)) {
            case Ipv4.TCP -> {
                // RFC 1122 section 4.2.3.10: no connection to or from a group.
                if (group) {
                    counters.increment(Counter.IP_IN_ADDR_ERRORS);
                    return;
                }
                counters.increment(Counter.IP_IN_DELIVERS);
                tcp.input(in, src, dst, nowNs);
            }
            case Ipv4.ICMP -> {
                counters.increment(Counter.IP_IN_DELIVERS);
                Route back = routes.lookup(src);
                icmp.receive(in, src, dst, group, back == null ? 0 : back.mtu());
            }
            case Ipv4.UDP -> {
                counters.increment(Counter.IP_IN_DELIVERS);
                udp(in, at, group);
            }
            default -> {
                counters.increment(Counter.IP_IN_UNKNOWN_PROTOS);
                icmp.sendUnreachable(Icmp4.PROTOCOL_UNREACHABLE, in, at, group, nowNs);
            }
        }
    }

    /** Nobody listens for UDP: a sound datagram is answered with port unreachable. */
    private void udp(Frame in, int ipAt, boolean group) {
        ByteBuffer b = in.bytes();
        int at = in.start();
        boolean sound = Udp.check(b, at, in.end()) > 0;
        if (sound && Udp.checksum(b, at) != 0) { // 0: the sender made none (RFC 768)
            in.trim(Udp.length(b, at));
            int src = Ipv4.src(b, ipAt);
            sound = Ipv4Output.checksumOk(in, src, Ipv4.dst(b, ipAt), Ipv4.UDP);
        }
        counters.increment(sound ? Counter.UDP_NO_PORTS : Counter.UDP_IN_ERRORS);
        if (sound) icmp.sendUnreachable(Icmp4.PORT_UNREACHABLE, in, ipAt, group, nowNs);
    }

    // -- out

    /** Sends a datagram without its IP header and takes it over. */
    private void transmit(Frame out, int src, int dst, int protocol, int trafficClass) {
        Route route = routes.lookup(dst);
        if (route == null) {
            counters.increment(Counter.IP_OUT_NO_ROUTES);
            out.release();
            return;
        }
        boolean partial = route.loopback() || linkChecksums;
        if (protocol == Ipv4.TCP) {
            Ipv4Output.checksum(out, src, dst, protocol, Tcp.CHECKSUM, partial);
        }
        ipOutput.header(out, src, dst, protocol, trafficClass);
        counters.increment(Counter.IP_OUT_REQUESTS);
        if (route.loopback()) {
            if (!loopback.transmit(out)) discard(out);
        } else if (neighbors != null) {
            neighbors.transmit(out, route.nextHop(dst), nowNs);
        } else {
            toLink(out);
        }
    }

    private void discard(Frame out) {
        counters.increment(Counter.IP_OUT_DISCARDS);
        out.release();
    }

    private void toLink(Frame frame) {
        if (linkGone) {
            discard(frame);
            return;
        }
        if (pendingFirst == null && offer(frame)) return;
        if (pending == MAX_PENDING) {
            discard(frame);
            return;
        }
        if (pendingLast == null) pendingFirst = frame;
        else pendingLast.next = frame;
        pendingLast = frame;
        pending++;
    }

    /** False if the link is full. */
    private boolean offer(Frame frame) {
        switch (link.transmit(frame)) {
            case FULL -> {
                return false;
            }
            case DONE -> frame.release();
            case HELD -> {}
        }
        counters.increment(Counter.LINK_OUT);
        return true;
    }

    private void flushPending() {
        while (pendingFirst != null) {
            Frame frame = pendingFirst;
            Frame next = frame.next;
            frame.next = null; // the link may queue it
            if (!offer(frame)) {
                frame.next = next;
                return;
            }
            pendingFirst = next;
            if (next == null) pendingLast = null;
            pending--;
        }
    }

    // -- what the parts need of each other

    private final class TcpOutput implements TcpService.Output {
        @Override
        public void transmit(Frame segment, int src, int dst, int trafficClass) {
            NetworkStack.this.transmit(segment, src, dst, Ipv4.TCP, trafficClass);
        }

        @Override
        public boolean isBlocked() {
            return pendingFirst != null;
        }

        @Override
        public void confirm(int remoteAddress) {
            if (neighbors == null) return;
            Route route = routes.lookup(remoteAddress);
            if (route == null || route.loopback()) return;
            neighbors.confirm(route.nextHop(remoteAddress), nowNs);
        }
    }

    private final class IcmpOwner implements Icmp.Owner {
        @Override
        public void transmit(Frame out, int src, int dst) {
            NetworkStack.this.transmit(out, src, dst, Ipv4.ICMP, 0);
        }

        @Override
        public boolean unreachable(
                int code, int mtu, int src, int dst, int protocol, int ports, int seq) {
            return protocol == Ipv4.TCP && tcp.unreachable(code, mtu, src, dst, ports, seq, nowNs);
        }
    }

    private final class ArpOwner implements NeighborTable.Owner {
        @Override
        public void transmit(Frame frame) {
            toLink(frame);
        }

        @Override
        public void unreachable(Frame datagram, long nowNs) {
            ByteBuffer b = datagram.bytes();
            int at = datagram.start();
            if (Ipv4.protocol(b, at) != Ipv4.TCP) return;
            int segment = at + Ipv4.HEADER;
            int ports = Tcp.srcPort(b, segment) << 16 | Tcp.dstPort(b, segment);
            tcp.unreachable(
                    Icmp4.HOST_UNREACHABLE,
                    0,
                    Ipv4.src(b, at),
                    Ipv4.dst(b, at),
                    ports,
                    Tcp.seq(b, segment),
                    nowNs);
        }

        @Override
        public void conflict(int address, long mac, long nowNs) {
            events.add(
                    "address conflict: "
                            + MacAddress.format(mac)
                            + " uses our address "
                            + Ipv4Address.format(address)
                            + " too",
                    null);
        }
    }

    // -- commands, in the seat

    /**
     * Reserves a local address and port.
     *
     * @param port 0: one of ip_local_port_range
     * @throws BindException "Address already in use" or "Cannot assign requested address"
     * @throws IOException if the stack is closed
     */
    public Binding bind(int address, int port, Reuse reuse) throws IOException {
        requireAlive();
        return tcp.bind(address, port, reuse);
    }

    /**
     * Begins to connect; see {@code Engine.connect}.
     *
     * @param binding null: chosen here
     * @return the local binding
     * @throws java.net.SocketException "Network is unreachable"; "Invalid argument" from a loopback
     *     address to the link
     * @throws BindException "Cannot assign requested address" if no port is left, or the four-tuple is
     *     in use
     * @throws IOException if the stack is closed
     */
    public Binding connect(Stream stream, Binding binding, int address, int port)
            throws IOException {
        requireAlive();
        return tcp.connect(stream, binding, address, port, nowNs);
    }

    /**
     * Begins to listen; see {@code Engine.listen}.
     *
     * @throws BindException "Address already in use"
     * @throws IOException if the stack is closed
     */
    public Backlog listen(Binding binding, int backlog, int receiveBuffer) throws IOException {
        requireAlive();
        return tcp.listen(binding, backlog, receiveBuffer);
    }

    private void requireAlive() throws IOException {
        if (dead) throw new IOException("The network stack is closed");
    }

    private void tellDrained() {
        drained.set(true);
        if (drainWaiter.claim()) wakeups.add(drainWaiter);
        drainWaiter = null;
    }

    /**
     * Ends listeners and connections as if their applications had closed them; once everything is
     * delivered, or the stack dies, sets {@code done} and wakes {@code waiter}.
     */
    public void drain(Waiter waiter, AtomicBoolean done) {
        tcp.closeListeners(nowNs);
        drain(Stream.CLOSE, waiter, done);
    }

    /**
     * Ends the output of all connections behind what was written, and nothing else: whoever reads,
     * accepts or selects sleeps on. Then as {@link #drain}.
     */
    public void drainOutput(Waiter waiter, AtomicBoolean done) {
        drain(Stream.SHUTDOWN_OUTPUT, waiter, done);
    }

    private void drain(int request, Waiter waiter, AtomicBoolean done) {
        drainWaiter = waiter;
        drained = done;
        tcp.forEach(
                endpoint -> {
                    if (endpoint instanceof Connection c) inbox.post(c.stream(), request);
                });
    }

    /**
     * Bytes that applications have written and read so far, of the connections there are: as long as
     * it changes, they are at work.
     */
    public long progress() {
        long[] n = new long[1];
        tcp.forEach(
                endpoint -> {
                    if (!(endpoint instanceof Connection c) || c.isOrphan()) return;
                    Stream stream = c.stream();
                    n[0] += 1 + stream.sendQueue().written() + stream.receiveQueue().consumed();
                });
        return n[0];
    }

    /** Connections with data or a FIN that the peer has not acknowledged. */
    public int undelivered() {
        int[] n = new int[1];
        tcp.forEach(
                endpoint -> {
                    if (endpoint instanceof Connection c && c.hasUndelivered()) n[0]++;
                });
        return n[0];
    }

    // -- views

    public StackConfig config() {
        return config;
    }

    /** Any thread may read them. */
    public Counters counters() {
        return counters;
    }

    /** Any thread. */
    public Memory memory() {
        return memory;
    }

    /** Immutable: any thread. */
    public Addresses addresses() {
        return addresses;
    }

    /** Immutable: any thread. */
    public Routes routes() {
        return routes;
    }

    /** The link, or null. */
    public LinkDevice link() {
        return link;
    }

    /** In the seat. */
    public void forEachEndpoint(Consumer<Endpoint> action) {
        tcp.forEach(action);
    }

    /** In the seat. */
    public void forEachNeighbor(Consumer<Neighbor> action) {
        if (neighbors != null) neighbors.forEach(action);
    }

    /** How many endpoints there are, those in TIME-WAIT included; in the seat. */
    public int endpoints() {
        return tcp.size();
    }

    /** How many local ports somebody has; in the seat. */
    public int ports() {
        return tcp.ports().size();
    }

    /** What the stack holds now; in the seat. */
    public Usage usage() {
        int[] n = new int[4];
        tcp.ports().forEachListener(listener -> n[0]++);
        tcp.forEach(
                endpoint -> {
                    if (endpoint instanceof HalfOpen) n[1]++;
                    else if (endpoint instanceof Connection) n[2]++;
                    else n[3]++;
                });
        return new Usage(
                n[0], n[1], n[2], n[3], ports(), framesOut(), memory.inUse(), memory.allocated());
    }

    /** Frames that are in use; in the seat. */
    public int framesOut() {
        return frames.out();
    }

    // -- for the loop

    @Override
    public Inbox inbox() {
        return inbox;
    }

    @Override
    public Wakeups wakeups() {
        return wakeups;
    }

    @Override
    public long earliest() {
        return wheel.earliest();
    }

    @Override
    public boolean isTransmitBlocked() {
        return pendingFirst != null;
    }

    @Override
    public void prepare() {
        for (Slab.Size size : Slab.Size.values()) if (memory.isLow(size)) memory.grow(size);
        frames.prepare();
        events.writeLater();
    }

    @Override
    public void die(Throwable cause) {
        if (dead) return;
        dead = true;
        linkGone = cause instanceof LinkFailure;
        try {
            tcp.close(nowNs);
            // Whoever waits for a command hears that the stack is dead, and streams free what they
            // hold.
            for (int n = 0; n < MAX_LAST_POSTS && !inbox.isEmpty(); n++) posts();
        } catch (Throwable t) {
            cause.addSuppressed(t);
        }
        loopback.close();
        if (neighbors != null) neighbors.close();
        while (pendingFirst != null) {
            Frame frame = pendingFirst;
            pendingFirst = frame.next;
            frame.next = null;
            frame.release();
        }
        pendingLast = null;
        pending = 0;
        frames.trim();
        if (drainWaiter != null) tellDrained();
    }
}
