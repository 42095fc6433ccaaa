package io.usernet.stack;

import io.usernet.buffer.Inbox;
import io.usernet.buffer.Post;
import io.usernet.buffer.Waiter;
import io.usernet.buffer.Wakeups;
import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.igmp.Reception;
import io.usernet.igmp.SocketGroups;
import io.usernet.igmp.SourceFilter;
import io.usernet.ip.Addresses;
import io.usernet.ip.Icmp;
import io.usernet.ip.Ipv4Input;
import io.usernet.ip.Ipv4Output;
import io.usernet.ip.PathMtus;
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
import io.usernet.tcp.Backlog;
import io.usernet.tcp.Connection;
import io.usernet.tcp.Endpoint;
import io.usernet.tcp.Endpoint.DeadlineTimer;
import io.usernet.tcp.HalfOpen;
import io.usernet.tcp.InitialSequence;
import io.usernet.tcp.Stream;
import io.usernet.tcp.TcpLayer;
import io.usernet.time.TimerWheel;
import io.usernet.udp.UdpEndpoint;
import io.usernet.udp.UdpSocket;
import io.usernet.view.InterfaceView;
import io.usernet.view.NeighborView;
import io.usernet.view.RouteView;
import io.usernet.view.SocketView;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.MacAddress;
import io.usernet.wire.Tcp;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A whole stack: links (or none), the loopback, ARP, IPv4, ICMP, IGMP, UDP and TCP. No thread and no clock: a
 * turn takes time in, and does a bounded amount of work.
 *
 * <pre>
 *   Interface ----&gt; ethernet ----&gt; ipv4 ----&gt; tcp (TcpService) ----&gt; Endpoint.onSegment
 *                       |            |
 *                  NeighborTable    icmp                    Endpoint.pollTransmit
 *                       |                                            |
 *   Interface &lt;---------'-------- Egress.transmit &lt;----------- TcpService.transmit
 *   loopback  &lt;----------------------'
 * </pre>
 *
 * <p>Confined to the loop, except {@link #inbox}, {@link #counters} and {@link #prepare}.
 */
public final class NetworkStack implements Core {

    /** Bounds of one turn: frames in from each interface, posts, timers, and segments out. */
    private static final int MAX_FRAMES = 64, MAX_POSTS = 64, MAX_TIMERS = 256, MAX_SEGMENTS = 64;

    /** Bound of one turn: datagrams out, each of about an Ethernet frame. */
    private static final int MAX_DATAGRAMS = 64;

    /** Times MAX_POSTS: bounds what the last turn of all does. */
    private static final int MAX_LAST_POSTS = 1 << 14;

    private final StackConfig config;
    private final Interface[] interfaces;
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
    private final Ipv4Input ipInput;
    private final Reception loopbackGroups = new Reception(null);
    private final Egress egress;
    private final Icmp icmp;
    private final TcpService tcp;
    private final UdpService udp;

    private long nowNs; // of this turn
    private boolean started;
    private boolean dead;
    private FlowQueue flows; // or null
    private Waiter drainWaiter; // who waits until everything is delivered, or null
    private boolean atExit; // what ends here is not waited for
    private AtomicBoolean drained;

    /** A stack with one link, or none (null), whose loopback nobody observes. */
    public NetworkStack(
            StackConfig config, LinkDevice link, Memory memory, InitialSequence isn, long secret) {
        this(config, link == null ? List.of() : List.of(link), null, memory, isn, secret);
    }

    /**
     * @param links with the addresses that have the same place in the configuration
     * @param observer sees the frames of the loopback; null: nobody
     * @param secret what must not be guessed: where identifiers and ports begin, and hashes
     */
    public NetworkStack(
            StackConfig config,
            List<? extends LinkDevice> links,
            FrameObserver observer,
            Memory memory,
            InitialSequence isn,
            long secret) {
        this.config = config;
        this.loopback = new Loopback(observer);
        this.memory = memory;
        this.frames = new FramePool(memory);
        this.addresses = new Addresses(all(config), config.anyAddress());
        SplittableRandom random = new SplittableRandom(secret);
        this.interfaces = new Interface[links.size()];
        for (int i = 0; i < interfaces.length; i++) {
            interfaces[i] = attach(i, links.get(i), random.nextLong());
        }
        this.routes = Routes.of(attachments(config, links), config.gateway());
        Sysctls sysctls = config.sysctls();
        PathMtus pathMtus = new PathMtus(sysctls, random.nextLong());
        this.icmp = new Icmp(addresses, sysctls, counters, frames, pathMtus, new IcmpOwner());
        long seed = random.nextLong();
        this.ipInput = new Ipv4Input(addresses, sysctls, counters, memory, wheel, icmp, seed);
        Ipv4Output ipOutput = new Ipv4Output(sysctls, frames, random.nextLong());
        this.egress =
                new Egress(interfaces, loopback, addresses, routes, pathMtus, ipOutput, counters);
        TcpLayer layer = new TcpLayer(config.sysctls(), counters, memory, wakeups, isn);
        Hash hash = new Hash(random.nextLong());
        this.tcp =
                new TcpService(
                        layer,
                        frames,
                        wheel,
                        addresses,
                        routes,
                        hash,
                        events,
                        new TcpOutput(),
                        interfaces.length);
        this.udp =
                new UdpService(
                        config.sysctls(),
                        counters,
                        wakeups,
                        frames,
                        addresses,
                        new Groups(),
                        routes,
                        hash,
                        events,
                        new UdpOutput(),
                        interfaces.length);
    }

    private static List<Cidr> all(StackConfig config) {
        List<Cidr> all = new ArrayList<>(config.addresses());
        all.addAll(config.hostNetworks());
        return all;
    }

    private static List<Cidr> own(StackConfig config, int link) {
        return link < config.links().size() ? config.links().get(link) : List.of();
    }

    private Interface attach(int index, LinkDevice link, long seed) {
        return new Interface(
                index,
                link,
                own(config, index),
                config.sysctls(),
                counters,
                wheel,
                frames,
                seed,
                new InterfaceOwner());
    }

    private static List<Routes.Attachment> attachments(
            StackConfig config, List<? extends LinkDevice> links) {
        List<Routes.Attachment> all = new ArrayList<>();
        for (int i = 0; i < Math.max(links.size(), config.links().size()); i++) {
            LinkCapabilities link = i < links.size() ? links.get(i).capabilities() : null;
            int mtu = link == null ? 0 : link.mtu();
            // Who takes datagrams to any address answers them where they came from.
            boolean everywhere = config.anyAddress() && link != null && link.layer() == 3;
            all.add(new Routes.Attachment(own(config, i), mtu, everywhere));
        }
        all.add(new Routes.Attachment(config.hostNetworks(), 0, false));
        return all;
    }

    private static void log(String message, Throwable failure) {
        System.getLogger("io.usernet").log(Level.WARNING, message, failure);
    }

    // -- the turn

    @Override
    public boolean turn(long nowNs) {
        this.nowNs = nowNs;
        if (!started) {
            started = true;
            for (Interface i : interfaces) i.start(nowNs);
        }
        boolean more = false;
        for (Interface i : interfaces) more |= receive(i);
        receiveFromLoopback();
        posts();
        more |= timers();
        for (Interface i : interfaces) i.flush();
        more |= tcp.transmit(MAX_SEGMENTS, nowNs);
        more |= udp.transmit(MAX_DATAGRAMS);
        udp.sweep();
        tcp.feedStarved();
        udp.feedStarved();
        if (drainWaiter != null && inbox.isEmpty() && undelivered() == 0) tellDrained();
        return more || loopback.queued() > 0 || !inbox.isEmpty();
    }

    private boolean receive(Interface from) {
        boolean layer2 = from.neighbors() != null;
        for (int n = 0; n < MAX_FRAMES; n++) {
            Frame in = frames.take();
            try {
                if (!from.receive(in)) return false;
                if (layer2) ethernet(in, from);
                else packet(in, from);
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
                ipv4(in, null, false);
            } finally {
                in.release();
            }
        }
    }

    void posts() {
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
            else ((TimerWheel.Alarm) timer).expire(nowNs);
        }
        return true;
    }

    // -- in

    private void ethernet(Frame in, Interface from) {
        ByteBuffer b = in.bytes();
        int at = in.start();
        if (Ethernet.check(b, at, in.end()) < 0) {
            counters.increment(Counter.LINK_IN_DISCARDS);
            return;
        }
        long dst = Ethernet.dst(b, at);
        boolean group = Ethernet.isGroup(dst);
        if (dst != from.capabilities().mac() && !(group && isForUs(dst, from))
                || Ethernet.isGroup(Ethernet.src(b, at))) {
            counters.increment(Counter.LINK_IN_DISCARDS);
            return;
        }
        in.consume(Ethernet.HEADER);
        switch (Ethernet.type(b, at)) {
            case Ethernet.IPV4 -> ipv4(in, from, group);
            case Ethernet.ARP -> from.neighbors().onArp(in, nowNs);
            default -> counters.increment(Counter.LINK_IN_UNKNOWN);
        }
    }

    /** A frame to a group is ours if it is to all, or may be for a multicast group that we listen to. */
    private static boolean isForUs(long dst, Interface from) {
        return dst == Ethernet.BROADCAST || from.igmp().reception().accepts(dst);
    }

    /** From a layer 3 link: the version in the first byte is all that tells what it is. */
    private void packet(Frame in, Interface from) {
        boolean other = in.length() > 0 && Ipv4.version(in.bytes(), in.start()) != Ipv4.VERSION;
        if (other) counters.increment(Counter.LINK_IN_UNKNOWN);
        else ipv4(in, from, false);
    }

    /**
     * @param from null: the loopback
     * @param linkGroup whether it came by broadcast or multicast of the link
     */
    private void ipv4(Frame in, Interface from, boolean linkGroup) {
        // A multicast that we sent by a link comes back as if it had come by that one.
        int link = from != null ? from.index() : in.copyForLink - 1;
        int header = ipInput.accept(in, from == null, linkGroup, reception(link), nowNs);
        if (header == Ipv4Input.DROPPED) return;
        ByteBuffer b = in.bytes();
        int at = in.start();
        int src = Ipv4.src(b, at);
        int dst = Ipv4.dst(b, at);
        boolean group = linkGroup || addresses.isGroup(dst);
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
                icmp.receive(in, src, dst, group, nowNs);
            }
            case Ipv4.UDP -> {
                counters.increment(Counter.IP_IN_DELIVERS);
                if (!udp.input(in, src, dst, link)) {
                    icmp.sendUnreachable(Icmp4.PORT_UNREACHABLE, in, at, group, nowNs);
                }
            }
            case Ipv4.IGMP -> {
                counters.increment(Counter.IP_IN_DELIVERS);
                if (from != null) from.igmp().input(in, at, nowNs);
                else ignoreIgmp(); // nobody queries himself
            }
            default -> {
                counters.increment(Counter.IP_IN_UNKNOWN_PROTOS);
                icmp.sendUnreachable(Icmp4.PROTOCOL_UNREACHABLE, in, at, group, nowNs);
            }
        }
    }

    private void ignoreIgmp() {
        counters.increment(Counter.IGMP_IN_MSGS);
        counters.increment(Counter.IGMP_IN_IGNORED);
    }

    private Reception reception(int link) {
        return link == Route.LOOPBACK ? loopbackGroups : interfaces[link].igmp().reception();
    }

    // -- what the parts need of each other

    private final class Groups implements SocketGroups.Interfaces {
        @Override
        public Reception reception(int link) {
            return NetworkStack.this.reception(link);
        }

        @Override
        public long now() {
            return nowNs;
        }
    }

    private final class TcpOutput implements TcpService.Output {
        @Override
        public void transmit(Frame segment, int src, int dst, int trafficClass) {
            egress.transmit(segment, src, dst, Ipv4.TCP, trafficClass, nowNs);
        }

        @Override
        public void post(Stream stream, int request) {
            inbox.post(stream, request);
        }

        @Override
        public boolean isBlocked(int link) {
            return egress.isBlocked(link);
        }

        @Override
        public void confirm(int remoteAddress) {
            egress.confirm(remoteAddress, nowNs);
        }
    }

    private final class UdpOutput implements UdpService.Output {
        @Override
        public int pathMtu(int dst) {
            return egress.pathMtu(dst, nowNs);
        }

        @Override
        public void transmit(
                Frame datagram, int src, int dst, int trafficClass, boolean dontFragment) {
            egress.transmit(datagram, src, dst, Ipv4.UDP, trafficClass, dontFragment, nowNs);
        }

        @Override
        public void transmitToGroup(
                Frame datagram,
                int src,
                int dst,
                int trafficClass,
                boolean dontFragment,
                Route route,
                int ttl) {
            egress.transmitToGroup(
                    datagram, src, dst, Ipv4.UDP, trafficClass, dontFragment, route, ttl, nowNs);
        }

        @Override
        public void loop(Frame datagram, int src, int dst, int trafficClass, int ttl, int link) {
            egress.loop(datagram, src, dst, Ipv4.UDP, trafficClass, ttl, link);
        }

        @Override
        public boolean listens(int link, int group, int src) {
            return reception(link).accepts(group, src, Ipv4.UDP);
        }

        @Override
        public void refuse(int src, int srcPort, int dst, int dstPort) {
            icmp.sendPortUnreachable(src, srcPort, dst, dstPort, nowNs);
        }

        @Override
        public void loop(Frame datagram, int src, int dst, int trafficClass) {
            egress.loop(datagram, src, dst, Ipv4.UDP, trafficClass);
        }

        @Override
        public boolean isBlocked(int link) {
            return egress.isBlocked(link);
        }
    }

    private final class IcmpOwner implements Icmp.Owner {
        @Override
        public void transmit(Frame out, int src, int dst) {
            egress.transmit(out, src, dst, Ipv4.ICMP, 0, nowNs);
        }

        @Override
        public boolean unreachable(
                int code, int mtu, int src, int dst, int protocol, int ports, int seq) {
            return switch (protocol) {
                case Ipv4.TCP -> tcp.unreachable(code, mtu, src, dst, ports, seq, nowNs);
                case Ipv4.UDP -> udp.unreachable(code, src, dst, ports);
                default -> false;
            };
        }
    }

    private final class InterfaceOwner implements Interface.Owner {
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
        public void conflict(int address, long mac) {
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

    /** A UDP socket; any thread. */
    public UdpSocket newUdpSocket() {
        return new UdpSocket(memory, config.sysctls());
    }

    /**
     * Binds a UDP socket; see {@code Engine.bind}.
     *
     * @throws BindException "Address already in use" or "Cannot assign requested address"
     * @throws IOException if the stack is closed
     */
    public Binding bind(UdpSocket socket, int address, int port, Reuse reuse) throws IOException {
        requireAlive();
        return udp.bind(socket, address, port, reuse);
    }

    /**
     * Connects a UDP socket; see {@code Engine.connect}.
     *
     * @throws java.net.SocketException as {@link #source}
     * @throws BindException "Address already in use"
     * @throws IOException if the stack is closed
     */
    public UdpBinding connect(UdpSocket socket, int address, int port, boolean broadcast)
            throws IOException {
        requireAlive();
        return udp.connect(socket, address, port, broadcast);
    }

    /** Has a UDP socket receive from everybody. */
    public void disconnect(UdpSocket socket) throws IOException {
        requireAlive();
        udp.disconnect(socket);
    }

    /**
     * Where a datagram would be sent from; see {@code Engine.source}. Any thread.
     *
     * @throws java.net.SocketException "Message too long", "Network is unreachable", "Permission
     *     denied" or "Invalid argument"
     */
    public int source(int bound, int address, int length, boolean broadcast, boolean dontFragment)
            throws SocketException {
        int unsaid = UdpSocket.LINK_UNSAID;
        return udp.source(bound, address, unsaid, length, broadcast, dontFragment);
    }

    /** The same for a multicast, by a link; see {@link UdpSocket#multicastLink}. Any thread. */
    public int sourceToGroup(int bound, int group, int link, int length, boolean dontFragment)
            throws SocketException {
        return udp.source(bound, group, link, length, false, dontFragment);
    }

    /**
     * Has a UDP socket listen to a group; see {@code Engine.listen}.
     *
     * @throws SocketException "No buffer space available (setsockopt failed)"
     * @throws IOException if the stack or the socket is closed
     */
    public void listen(UdpSocket socket, int link, int group, SourceFilter filter)
            throws IOException {
        requireAlive();
        if (socket.isClosed()) throw new ClosedChannelException();
        udp.listen(socket, link, group, filter);
    }

    /** Which link is meant; see {@link UdpSocket#multicastLink}. Any thread. */
    public int linkToGroup(int group, int link) {
        return udp.linkToGroup(group, link);
    }

    /** The names of the links, in order. Immutable: any thread. */
    public List<String> linkNames() {
        List<String> names = new ArrayList<>();
        for (Interface i : interfaces) names.add(i.capabilities().name());
        return names;
    }

    /**
     * From now on whoever asks the answer decides about SYNs to where nobody listens.
     *
     * @throws IOException if the stack is closed
     */
    public FlowQueue forwardFlows() throws IOException {
        requireAlive();
        flows = new FlowQueue(config.sysctls().getInt(Sysctl.TCP_MAX_SYN_BACKLOG));
        tcp.forward(flows);
        udp.forward(flows);
        return flows;
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
     * delivered, what UDP sockets have queued too, or the stack dies, sets {@code done} and wakes {@code waiter}.
     */
    public void drain(Waiter waiter, AtomicBoolean done) {
        tcp.closeListeners(nowNs);
        drain(Stream.CLOSE, waiter, done);
    }

    /**
     * Ends the output of all connections to other hosts behind what was written, and nothing else:
     * whoever reads, accepts or selects sleeps on. Then as {@link #drain}.
     */
    public void drainOutput(Waiter waiter, AtomicBoolean done) {
        atExit = true;
        drain(Stream.SHUTDOWN_OUTPUT, waiter, done);
    }

    private void drain(int request, Waiter waiter, AtomicBoolean done) {
        drainWaiter = waiter;
        drained = done;
        tcp.forEach(
                endpoint -> {
                    if (endpoint instanceof Connection c && isWaitedFor(c)) {
                        inbox.post(c.stream(), request);
                    }
                });
    }

    /**
     * Bytes that applications have written and read so far, of the connections there are to other hosts:
     * as long as it changes, they are at work.
     */
    public long progress() {
        long[] n = new long[1];
        tcp.forEach(
                endpoint -> {
                    if (!(endpoint instanceof Connection c) || c.isOrphan() || endsHere(c)) return;
                    Stream stream = c.stream();
                    n[0] += 1 + stream.sendQueue().written() + stream.receiveQueue().consumed();
                });
        return n[0];
    }

    /** Whether there is a connection to another host whose application would have to wait for room. */
    public boolean lacksRoom() {
        boolean[] found = new boolean[1];
        tcp.forEach(
                endpoint -> {
                    if (!(endpoint instanceof Connection c) || c.isOrphan() || endsHere(c)) return;
                    found[0] |= !c.stream().sendQueue().isWritable();
                });
        return found[0];
    }

    /**
     * Connections with data or a FIN not acknowledged, and UDP sockets with datagrams not sent. At the
     * end of the JVM, of connections to other hosts: nobody will read what is left of the others.
     */
    public int undelivered() {
        int[] n = {udp.unsent()};
        tcp.forEach(
                endpoint -> {
                    if (!(endpoint instanceof Connection c) || !isWaitedFor(c)) return;
                    if (c.hasUndelivered()) n[0]++;
                });
        return n[0];
    }

    private boolean isWaitedFor(Connection c) {
        return !atExit || !endsHere(c);
    }

    /** Whether the peer is this stack, and goes with the JVM. */
    private boolean endsHere(Connection c) {
        return addresses.isLocal(c.tuple().remoteAddress());
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

    /** All sockets, in no order; in the seat. */
    public List<SocketView> socketViews() {
        List<SocketView> all = new ArrayList<>();
        tcp.view(all);
        udp.forEach(endpoint -> all.add(Views.datagrams(endpoint)));
        return all;
    }

    /** All neighbours, by interface; in the seat. */
    public List<NeighborView> neighborViews() {
        List<NeighborView> all = new ArrayList<>();
        for (Interface i : interfaces) {
            if (i.neighbors() == null) continue;
            String dev = i.capabilities().name();
            i.neighbors().forEach(n -> all.add(Views.neighbor(n, dev, nowNs)));
        }
        return List.copyOf(all);
    }

    /** Whether a listener takes connections to an address and port; in the seat. */
    public boolean isListening(int address, int port) {
        return tcp.ports().listening(address, port, address, 0) != null;
    }

    /** See {@code Engine.isReceiving}; in the seat. */
    public boolean isReceiving(int address, int port, int fromPort) {
        return udp.isReceiving(address, port, fromPort);
    }

    /** Another one since {@link #isReceiving} may have come to answer differently; any thread. */
    public int receiversVersion() {
        return udp.receiversVersion();
    }

    /** All routes in the order in which they are looked at; in the seat. */
    public List<RouteView> routeViews() {
        List<RouteView> all = new ArrayList<>();
        for (Route route : routes.list()) {
            String dev = route.loopback() ? "lo" : interfaces[route.link()].capabilities().name();
            all.add(Views.route(route, dev));
        }
        return List.copyOf(all);
    }

    /** The loopback and all links; in the seat. */
    public List<InterfaceView> interfaceViews() {
        List<InterfaceView> all = new ArrayList<>();
        all.add(Views.loopback(loopback));
        for (Interface i : interfaces) all.add(i.view(own(config, i.index())));
        return List.copyOf(all);
    }

    /** Whether frames wait because that link is full; any thread. */
    public boolean isTransmitBlocked(int link) {
        return interfaces[link].isBlocked();
    }

    /** In the seat. */
    public void forEachEndpoint(Consumer<Endpoint> action) {
        tcp.forEach(action);
    }

    /** UDP sockets that are bound; in the seat. */
    public void forEachUdp(Consumer<UdpEndpoint> action) {
        udp.forEach(action);
    }

    /** In the seat. */
    public void forEachNeighbor(Consumer<Neighbor> action) {
        for (Interface i : interfaces) {
            if (i.neighbors() != null) i.neighbors().forEach(action);
        }
    }

    /** How many endpoints there are, those in TIME-WAIT included; in the seat. */
    public int endpoints() {
        return tcp.size();
    }

    /** How many local ports somebody has, of TCP and of UDP; in the seat. */
    public int ports() {
        return tcp.ports().size() + udp.ports().size();
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
        udp.sweep();
        return new Usage(
                n[0],
                n[1],
                n[2],
                n[3],
                udp.size(),
                ports(),
                framesOut(),
                memory.inUse(),
                memory.allocated());
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
        for (Interface i : interfaces) if (i.isBlocked()) return true;
        return false;
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
        if (cause instanceof LinkFailure) for (Interface i : interfaces) i.gone();
        try {
            udp.close();
            tcp.close(nowNs);
            if (flows != null) flows.close(wakeups);
            // Whoever waits for a command hears that the stack is dead, and streams free what they
            // hold.
            for (int n = 0; n < MAX_LAST_POSTS && !inbox.isEmpty(); n++) posts();
            udp.leaveGroups();
        } catch (Throwable t) {
            cause.addSuppressed(t);
        }
        loopback.close();
        ipInput.close();
        for (Interface i : interfaces) i.close();
        frames.trim();
        if (drainWaiter != null) tellDrained();
    }
}
