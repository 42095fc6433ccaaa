package io.usernet.stack;

import io.usernet.buffer.Wakeups;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.ip.Addresses;
import io.usernet.ip.Ipv4Output;
import io.usernet.ip.Route;
import io.usernet.ip.Routes;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.udp.UdpEndpoint;
import io.usernet.udp.UdpSocket;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.Udp;
import java.net.BindException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * All UDP sockets of a stack: finds those that a datagram is for, sends what they have queued, in
 * turns, and lets go of memory that their readers have finished with.
 *
 * <p>A failure inside a socket's half closes that socket alone. Confined to the loop, except {@link
 * #source}.
 */
final class UdpService implements UdpEndpoint.Owner {
    /** The way down. */
    interface Output {
        /**
         * Sends a datagram and takes it over.
         *
         * @param datagram begins with the UDP header
         * @param dontFragment whether it must go in one piece
         */
        void transmit(Frame datagram, int src, int dst, int trafficClass, boolean dontFragment);

        /** Sends it to ourselves, although its destination lies elsewhere: a broadcast. */
        void loop(Frame datagram, int src, int dst, int trafficClass);

        /** Answers a datagram that came from {@code src} to {@code dst} with port unreachable. */
        void refuse(int src, int srcPort, int dst, int dstPort);

        /** Most bytes of an IP datagram that goes to a destination whole. */
        int pathMtu(int dst);

        /** Whether what goes to a link, or to {@link Route#LOOPBACK}, has to wait. */
        boolean isBlocked(int link);
    }

    /** What one socket may send before it is the next one's turn; see {@link #cost}. */
    private static final int ROUND = 8;

    /** Sockets that are looked at, in each turn, for memory to let go. */
    private static final int SWEPT_A_TURN = 16;

    private static final int HEADERS = Ipv4.HEADER + Udp.HEADER;

    /** What the last turn of all may send. */
    private static final int LAST_BUDGET = 1 << 16;

    private final Sysctls sysctls;
    private final Memory memory;
    private final Counters counters;
    private final Wakeups wakeups;
    private final FramePool frames;
    private final Addresses addresses;
    private final Routes routes;
    private final Hash hash;
    private final Events events;
    private final Output output;

    private final Ports ports;
    private final UdpFlows flows;
    private int sockets;

    /** Goes up after each change of who receives, and from whom; read by any thread. */
    private volatile int receiversVersion;

    private FlowQueue arrivals; // of datagrams to where nobody listens, or null

    // Sockets with something to send: to be polled, and waiting for room on each link.
    private final ArrayDeque<UdpEndpoint> dirty = new ArrayDeque<>();
    private final List<ArrayDeque<UdpEndpoint>> parked = new ArrayList<>();
    private final ArrayDeque<UdpEndpoint> holding = new ArrayDeque<>();
    private final ArrayDeque<UdpEndpoint> starved = new ArrayDeque<>();

    UdpService(
            Sysctls sysctls,
            Counters counters,
            Wakeups wakeups,
            FramePool frames,
            Addresses addresses,
            Routes routes,
            Hash hash,
            Events events,
            Output output,
            int links) {
        this.sysctls = sysctls;
        this.memory = frames.memory();
        this.counters = counters;
        this.wakeups = wakeups;
        this.frames = frames;
        this.addresses = addresses;
        this.routes = routes;
        this.hash = hash;
        this.events = events;
        this.output = output;
        this.ports = new Ports(sysctls, hash);
        this.flows = new UdpFlows(hash);
        for (int i = 0; i < links; i++) parked.add(new ArrayDeque<>());
    }

    // -- datagrams in

    /**
     * A datagram came in.
     *
     * @param in begins with the UDP header, not looked at yet; stays the caller's
     * @return false if nobody is there for it: to be answered with port unreachable
     */
    boolean input(Frame in, int src, int dst) {
        ByteBuffer b = in.bytes();
        int at = in.start();
        boolean whole = in.length(0) >= Udp.HEADER && Udp.check(b, at, at + in.length()) > 0;
        if (!whole) {
            counters.increment(Counter.UDP_IN_ERRORS);
            return true;
        }
        in.trim(Udp.length(b, at));
        // 0: the sender made none (RFC 768).
        if (Udp.checksum(b, at) != 0 && !Ipv4Output.checksumOk(in, src, dst, Ipv4.UDP)) {
            counters.increment(Counter.UDP_IN_CSUM_ERRORS);
            return true;
        }
        if (addresses.isBroadcast(dst)) {
            spread(in, src, dst);
            return true;
        }
        UdpEndpoint endpoint = find(dst, Udp.dstPort(b, at), src, Udp.srcPort(b, at));
        if (endpoint == null && arrivals != null && Udp.srcPort(b, at) != 0) {
            return offer(in, src, dst);
        }
        if (endpoint == null) {
            counters.increment(Counter.UDP_NO_PORTS);
            return false;
        }
        deliver(endpoint, in, src);
        return true;
    }

    /** From now on datagrams to where nobody listens go to {@code queue}. */
    void forward(FlowQueue queue) {
        arrivals = queue;
    }

    /** Makes a socket for a datagram that nobody waits for, and lets whoever forwards flows decide. */
    private boolean offer(Frame in, int src, int dst) {
        ByteBuffer b = in.bytes();
        int port = Udp.dstPort(b, in.start());
        int srcPort = Udp.srcPort(b, in.start());
        if (!arrivals.hasRoomForUdp()) {
            counters.increment(Counter.UDP_NO_PORTS);
            return true; // it may be sent again
        }
        UdpSocket socket = new UdpSocket(memory, sysctls);
        Binding binding = ports.forwarded(dst, port);
        UdpEndpoint endpoint = new UdpEndpoint(socket, dst, port, this, counters, wakeups);
        binding.receiver = endpoint;
        sockets++;
        endpoint.connect(dst, src, srcPort);
        flows.add(endpoint);
        deliver(endpoint, in, src);
        arrivals.offer(new Arrival.Udp(socket, binding, dst, src, srcPort), wakeups);
        return true;
    }

    /**
     * Whether a socket takes what comes to an address and port: from everybody, or from this sender.
     *
     * @param from 0: the address that we would send it from
     * @param fromPort 0: only from everybody
     */
    boolean isReceiving(int address, int port, int from, int fromPort) {
        Binding newest = ports.newest(port);
        if (next(newest, address, false) != null || next(newest, 0, false) != null) return true;
        if (fromPort == 0) return false;
        Route route = from == 0 ? routes.lookup(address) : null;
        int sender = route == null ? from : route.source();
        return flows.find(address, port, sender, fromPort) != null;
    }

    /** The most specific socket: connected to the peer, bound to the address, or to any. */
    private UdpEndpoint find(int local, int localPort, int remote, int remotePort) {
        UdpEndpoint connected = flows.find(local, localPort, remote, remotePort);
        if (connected != null) return connected;
        Binding newest = ports.newest(localPort);
        UdpEndpoint exact = bound(newest, local, remote, remotePort);
        return exact != null ? exact : bound(newest, 0, remote, remotePort);
    }

    /**
     * Of the sockets bound to an address the newest; if that shares its port by SO_REUSEPORT, it
     * depends on the peer which of those that do.
     */
    private UdpEndpoint bound(Binding newest, int address, int remote, int remotePort) {
        Binding first = next(newest, address, false);
        if (first == null) return null;
        if (!first.reuse().port()) return first.receiver;
        int sharing = 0;
        for (Binding b = first; b != null; b = next(b.next, address, true)) sharing++;
        int chosen = 0;
        if (sharing > 1) {
            long peer = (long) remote << 32 | remotePort;
            chosen = Integer.remainderUnsigned(hash.of(peer, first.port()), sharing);
        }
        Binding b = first;
        while (chosen-- > 0) b = next(b.next, address, true);
        return b.receiver;
    }

    /** From a binding on, the first with a socket that everybody may send to at an address; or null. */
    private static Binding next(Binding from, int address, boolean sharing) {
        Binding b = from;
        while (b != null
                && (b.receiver == null
                        || b.receiver.isConnected()
                        || b.address() != address
                        || sharing && !b.reuse().port())) {
            b = b.next;
        }
        return b;
    }

    /** A broadcast: to every socket that it matches, as on Linux. */
    private void spread(Frame in, int src, int dst) {
        int port = Udp.srcPort(in.bytes(), in.start());
        boolean wanted = false;
        Binding b = ports.newest(Udp.dstPort(in.bytes(), in.start()));
        while (b != null) {
            Binding next = b.next; // a socket that fails is closed
            UdpEndpoint e = b.receiver;
            if (e != null && matches(e, src, port, dst)) {
                wanted = true;
                deliver(e, in, src);
            }
            b = next;
        }
        if (!wanted) counters.increment(Counter.UDP_IGNORED_MULTI);
    }

    private static boolean matches(UdpEndpoint e, int src, int srcPort, int dst) {
        boolean here = e.localAddress() == 0 || e.localAddress() == dst;
        boolean from = e.remoteAddress() == src && e.remotePort() == srcPort;
        return here && (!e.isConnected() || from);
    }

    private void deliver(UdpEndpoint endpoint, Frame in, int src) {
        try {
            endpoint.onDatagram(in, src);
        } catch (Throwable t) {
            fail(endpoint, t);
            return;
        }
        hold(endpoint);
    }

    /**
     * An ICMP error about a datagram that we sent.
     *
     * @param ports source and destination port as sent
     * @return whether one of our sockets may have sent it
     */
    boolean unreachable(int code, int src, int dst, int ports) {
        UdpEndpoint endpoint = find(src, ports >>> 16, dst, ports & 0xFFFF);
        if (endpoint == null) return false;
        endpoint.onUnreachable(code);
        return true;
    }

    // -- commands

    /**
     * @throws BindException "Address already in use" or "Cannot assign requested address"
     */
    Binding bind(UdpSocket socket, int address, int port, Reuse reuse) throws BindException {
        boolean ours = address == 0 || addresses.isLocal(address) || addresses.isBroadcast(address);
        if (!ours) throw notAssignable();
        Binding binding = ports.bind(address, port, reuse);
        try {
            binding.receiver =
                    new UdpEndpoint(socket, address, binding.port(), this, counters, wakeups);
        } catch (Throwable t) {
            ports.release(binding);
            throw t;
        }
        sockets++;
        receiversChanged();
        return binding;
    }

    private void receiversChanged() {
        receiversVersion = receiversVersion + 1; // in the seat alone
    }

    /** See {@code Engine.receiversVersion}; any thread. */
    int receiversVersion() {
        return receiversVersion;
    }

    /** See {@code Engine.connect}. */
    UdpBinding connect(UdpSocket socket, int address, int port, boolean broadcast)
            throws SocketException {
        UdpEndpoint endpoint = socket.endpoint();
        int bound = endpoint == null ? 0 : endpoint.boundAddress();
        int local = source(bound, address, 0, broadcast, false);
        int remote = address == 0 ? local : address;
        if (endpoint == null) {
            bind(socket, 0, 0, Reuse.NONE);
            endpoint = socket.endpoint();
        }
        if (endpoint.isConnected()) flows.remove(endpoint);
        endpoint.connect(addresses.isBroadcast(bound) ? bound : local, remote, port);
        flows.add(endpoint);
        receiversChanged();
        return new UdpBinding(binding(endpoint), local, remote);
    }

    private Binding binding(UdpEndpoint endpoint) {
        Binding b = ports.newest(endpoint.localPort());
        while (b.receiver != endpoint) b = b.next;
        return b;
    }

    void disconnect(UdpSocket socket) {
        UdpEndpoint endpoint = socket.endpoint();
        if (endpoint == null || !endpoint.isConnected()) return;
        flows.remove(endpoint);
        endpoint.disconnect();
        receiversChanged();
    }

    /** See {@code Engine.source}; any thread. */
    int source(int bound, int address, int length, boolean broadcast, boolean dontFragment)
            throws SocketException {
        if (length > UdpSocket.MAX_PAYLOAD) throw new SocketException("Message too long");
        int own = addresses.isBroadcast(bound) ? 0 : bound;
        int to = address;
        if (to == 0) to = own != 0 ? own : Ipv4Address.LOOPBACK; // this host, as on Linux
        boolean toAll = addresses.isBroadcast(to);
        Route route = toAll || Ipv4Address.isUnicast(to) ? routes.lookup(to) : null;
        if (route == null) throw new SocketException("Network is unreachable");
        // EACCES, which the JDK makes this of.
        if (toAll && !broadcast) throw new BindException("Permission denied");
        if (!route.loopback() && Ipv4Address.isLoopback(own)) {
            throw new SocketException("Invalid argument"); // EINVAL, as on Linux
        }
        if (dontFragment && length + HEADERS > route.mtu()) {
            throw new SocketException("Message too long");
        }
        if (own == 0) own = route.source();
        if (own == 0) throw notAssignable(); // we have no address on that link
        return own;
    }

    private static BindException notAssignable() {
        return new BindException("Cannot assign requested address");
    }

    @Override
    public void posted(UdpEndpoint endpoint, int what, long nowNs) {
        if ((what & UdpSocket.STARVED) != 0 && !endpoint.starved) {
            endpoint.starved = true;
            starved.add(endpoint);
        }
        if ((what & UdpSocket.REJECT) != 0 && !endpoint.isClosed()) {
            output.refuse(
                    endpoint.remoteAddress(),
                    endpoint.remotePort(),
                    endpoint.localAddress(),
                    endpoint.localPort());
        }
        if ((what & (UdpSocket.CLOSE | UdpSocket.REJECT)) != 0) close(endpoint);
        if ((what & UdpSocket.TRANSMIT) != 0 && !endpoint.dirty && endpoint.hasOutput()) {
            endpoint.dirty = true;
            dirty.add(endpoint);
        }
    }

    /** The application has closed it: others can have the port now; what it queued is still sent. */
    private void close(UdpEndpoint endpoint) {
        if (endpoint.isClosed()) return;
        detach(endpoint);
        endpoint.close();
        hold(endpoint);
        if (endpoint.hasOutput() && !endpoint.dirty) {
            endpoint.dirty = true;
            dirty.add(endpoint);
        }
    }

    private void detach(UdpEndpoint endpoint) {
        if (endpoint.isConnected()) flows.remove(endpoint);
        Binding binding = binding(endpoint);
        binding.receiver = null;
        ports.release(binding);
        sockets--;
        receiversChanged();
    }

    private void fail(UdpEndpoint endpoint, Throwable failure) {
        counters.increment(Counter.UDP_SOCKET_FAILURES);
        events.add("UDP socket at port " + endpoint.localPort() + " failed", failure);
        if (!endpoint.isClosed()) detach(endpoint);
        try {
            endpoint.abort();
        } catch (Throwable again) {
            failure.addSuppressed(again);
        }
        hold(endpoint);
    }

    // -- datagrams out

    /**
     * Sends what sockets have queued, in turns, until all is sent or the budget is spent.
     *
     * @param budget see {@link #cost}
     * @return whether some could send more now
     */
    boolean transmit(int budget) {
        for (int link = 0; link < parked.size(); link++) {
            if (!output.isBlocked(link)) unpark(parked.get(link));
        }
        int left = budget;
        while (left > 0 && !dirty.isEmpty()) {
            UdpEndpoint endpoint = dirty.poll();
            endpoint.dirty = false;
            left -= poll(endpoint, Math.min(ROUND, left));
        }
        return !dirty.isEmpty();
    }

    private void unpark(ArrayDeque<UdpEndpoint> waiting) {
        while (!waiting.isEmpty()) dirty.add(waiting.poll());
    }

    private int poll(UdpEndpoint endpoint, int most) {
        int spent = 0;
        while (endpoint.hasOutput()) {
            int dst = endpoint.destination();
            Route route = routes.lookup(dst);
            int link = route == null ? Route.LOOPBACK : route.link();
            boolean blocked = output.isBlocked(link);
            if (blocked || spent >= most) {
                endpoint.dirty = true;
                (blocked && link != Route.LOOPBACK ? parked.get(link) : dirty).add(endpoint);
                // The loopback is emptied by turns: the rest waits for the next one.
                return blocked ? Math.max(spent, link == Route.LOOPBACK ? most : 0) : spent;
            }
            spent += send(endpoint, dst, link);
        }
        return spent;
    }

    /** Sends the oldest datagram by a link or the loopback; answers what it cost. */
    private int send(UdpEndpoint endpoint, int dst, int link) {
        Frame out = null;
        Frame own = null; // our own sockets hear a broadcast on a link too
        int src, trafficClass;
        boolean dontFragment;
        try {
            src = endpoint.source();
            trafficClass = endpoint.trafficClass();
            dontFragment = endpoint.dontFragment();
            out = frame(endpoint);
            if (link != Route.LOOPBACK && addresses.isBroadcast(dst)) own = frame(endpoint);
            if (dontFragment && out.length() + Ipv4.HEADER > output.pathMtu(dst)) {
                endpoint.onUnreachable(Icmp4.FRAGMENTATION_NEEDED); // and it is dropped below
            }
            endpoint.sent();
        } catch (Throwable t) {
            if (out != null) out.release();
            if (own != null) own.release();
            fail(endpoint, t);
            return 1;
        }
        // From here on a failure is not the socket's, and ends the stack.
        int cost = cost(out);
        counters.increment(Counter.UDP_OUT_DATAGRAMS);
        output.transmit(out, src, dst, trafficClass, dontFragment);
        if (own != null) output.loop(own, src, dst, trafficClass);
        return cost;
    }

    private Frame frame(UdpEndpoint endpoint) {
        Frame out = frames.take();
        out.begin();
        try {
            endpoint.fill(out);
        } catch (Throwable t) {
            out.release();
            throw t;
        }
        return out;
    }

    /** A datagram costs about as many units as Ethernet frames. */
    private static int cost(Frame datagram) {
        return 1 + datagram.length() / 1_500;
    }

    /** Sockets with datagrams that are not sent yet. */
    int unsent() {
        int n = dirty.size();
        for (ArrayDeque<UdpEndpoint> waiting : parked) n += waiting.size();
        return n;
    }

    // -- memory

    private void hold(UdpEndpoint endpoint) {
        if (endpoint.holding) return;
        endpoint.holding = true;
        holding.add(endpoint);
    }

    /**
     * In each turn: lets go of memory that readers have finished with. They don't post that, unless
     * memory is scarce: it is needed only by what makes turns happen.
     */
    void sweep() {
        boolean scarce = !holding.isEmpty() && (memory.freeForWriting() == 0 || isAnyHungry());
        int most = scarce ? holding.size() : Math.min(SWEPT_A_TURN, holding.size());
        for (int n = 0; n < most; n++) {
            UdpEndpoint endpoint = holding.poll();
            // Before the look: the reader removes, and then looks whether that is to be announced.
            if (scarce) endpoint.wantAnnouncement();
            if (endpoint.reap()) endpoint.holding = false;
            else holding.add(endpoint);
        }
    }

    /** Whether a writer waits for more memory than there is. */
    private boolean isAnyHungry() {
        for (UdpEndpoint endpoint : starved) if (endpoint.isHungry()) return true;
        return false;
    }

    /** At the end of a turn: tells writers that wait for memory if there is some. */
    void feedStarved() {
        for (int n = starved.size(); n > 0; n--) {
            UdpEndpoint endpoint = starved.poll();
            endpoint.starved = endpoint.feed();
            if (endpoint.starved) starved.add(endpoint);
        }
    }

    // -- views, and the end

    /** Those that are bound. */
    void forEach(Consumer<UdpEndpoint> action) {
        ports.forEach(
                binding -> {
                    if (binding.receiver != null) action.accept(binding.receiver);
                });
    }

    /** How many are bound. */
    int size() {
        return sockets;
    }

    Ports ports() {
        return ports;
    }

    /** Closes all sockets at once; what is queued goes out as far as the links take it. */
    void close() {
        forEach(this::close);
        transmit(LAST_BUDGET);
        List<UdpEndpoint> unsent = new ArrayList<>(dirty);
        parked.forEach(unsent::addAll);
        unsent.forEach(UdpEndpoint::abort);
        dirty.clear();
        parked.forEach(ArrayDeque::clear);
        for (UdpEndpoint endpoint : holding) endpoint.reap();
    }
}
