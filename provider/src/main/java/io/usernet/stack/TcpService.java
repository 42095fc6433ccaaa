package io.usernet.stack;

import io.usernet.config.Sysctl;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.ip.Addresses;
import io.usernet.ip.Ipv4Output;
import io.usernet.ip.Route;
import io.usernet.ip.Routes;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.Connection;
import io.usernet.tcp.Endpoint;
import io.usernet.tcp.Endpoint.Unreachable;
import io.usernet.tcp.Flow;
import io.usernet.tcp.FourTuple;
import io.usernet.tcp.HalfOpen;
import io.usernet.tcp.Listener;
import io.usernet.tcp.Reset;
import io.usernet.tcp.Stream;
import io.usernet.tcp.TcpLayer;
import io.usernet.tcp.TimeWait;
import io.usernet.time.TimerWheel;
import io.usernet.view.SocketView;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import io.usernet.wire.Tcp;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/**
 * All TCP endpoints of a stack: finds the one that a segment is for, keeps their deadlines in the
 * wheel, polls those with something to send, and puts a successor where one ends. What {@link
 * Endpoint} asks of its owner is done in {@link #after}.
 *
 * <p>A failure inside an endpoint ends that endpoint alone. Confined to the loop.
 */
final class TcpService {
    /** The way down. */
    interface Output {
        /** Sends a segment and takes it over; {@code segment} begins with the TCP header. */
        void transmit(Frame segment, int src, int dst, int trafficClass);

        /** Asks an endpoint for something, in a turn to come. */
        void post(Stream stream, int request);

        /** Whether what goes to a link has to wait. */
        boolean isBlocked(int link);

        /** The peer at {@code remoteAddress} acknowledged something new. */
        void confirm(int remoteAddress);
    }

    /** Segments that one endpoint may send before it is the next one's turn. */
    private static final int ROUND = 8;

    /** Linux's min_pmtu: a smaller path MTU is not believed. */
    private static final int MIN_PATH_MTU = 552;

    /** IP and TCP header without options. */
    private static final int HEADERS = Ipv4.HEADER + Tcp.HEADER;

    private static final int DEFAULT_BACKLOG = 50;

    private final TcpLayer layer;
    private final Counters counters;
    private final FramePool frames;
    private final TimerWheel wheel;
    private final Addresses addresses;
    private final Routes routes;
    private final Output output;
    private final Events events;

    private final FlowTable table;
    private final Ports ports;
    private final int maxTimeWaits;
    private FlowQueue flows; // of SYNs to where nobody listens, or null
    private Listener forwarding; // makes their half-open connections
    private final FlowOwner flowOwner = new FlowOwner();
    private int timeWaits;

    // Endpoints that may have something to send: to be polled, and waiting for room on the link.
    private final Dirty dirty = new Dirty();
    private final Dirty[] parked; // for each link

    /** A queue of endpoints, each in at most one of them. */
    private static final class Dirty {
        private Endpoint first, last;

        boolean isEmpty() {
            return first == null;
        }

        void add(Endpoint endpoint) {
            endpoint.dirty = true;
            if (last == null) first = endpoint;
            else last.nextDirty = endpoint;
            last = endpoint;
        }

        Endpoint remove() {
            Endpoint endpoint = first;
            first = endpoint.nextDirty;
            if (first == null) last = null;
            endpoint.nextDirty = null;
            endpoint.dirty = false;
            return endpoint;
        }

        /** Appends all of {@code other}, which is empty then. */
        void addAll(Dirty other) {
            if (other.first == null) return;
            if (last == null) first = other.first;
            else last.nextDirty = other.first;
            last = other.last;
            other.clear();
        }

        void clear() {
            first = last = null;
        }
    }

    TcpService(
            TcpLayer layer,
            FramePool frames,
            TimerWheel wheel,
            Addresses addresses,
            Routes routes,
            Hash hash,
            Events events,
            Output output,
            int links) {
        this.layer = layer;
        this.counters = layer.counters();
        this.frames = frames;
        this.wheel = wheel;
        this.addresses = addresses;
        this.routes = routes;
        this.events = events;
        this.output = output;
        this.parked = new Dirty[links];
        for (int i = 0; i < links; i++) parked[i] = new Dirty();
        this.table = new FlowTable(hash);
        this.ports = new Ports(layer.sysctls(), hash);
        this.maxTimeWaits = layer.sysctls().getInt(Sysctl.TCP_MAX_TW_BUCKETS);
    }

    // -- segments in

    /**
     * A segment came in.
     *
     * @param in begins with the TCP header, not looked at yet; stays the caller's
     */
    void input(Frame in, int src, int dst, long nowNs) {
        counters.increment(Counter.TCP_IN_SEGS);
        ByteBuffer b = in.bytes();
        int at = in.start();
        if (Tcp.check(b, at, in.end()) < 0) {
            counters.increment(Counter.TCP_IN_ERRS);
            return;
        }
        if (!Ipv4Output.checksumOk(in, src, dst, Ipv4.TCP)) {
            counters.increment(Counter.TCP_IN_CSUM_ERRORS);
            return;
        }
        Endpoint endpoint = table.find(dst, Tcp.dstPort(b, at), src, Tcp.srcPort(b, at));
        if (endpoint instanceof TimeWait rest && rest.givesWayTo(in)) {
            Binding listening = ports.listening(dst, Tcp.dstPort(b, at), src, Tcp.srcPort(b, at));
            if (listening != null || flows != null && src != dst) {
                counters.increment(Counter.TCP_TW_RECYCLED);
                rest.end();
                after(rest, nowNs);
                if (listening != null) open(listening, in, rest.tuple(), rest, nowNs);
                else offer(rest.tuple(), in, rest, nowNs);
                return;
            }
        }
        if (endpoint != null) deliver(endpoint, in, nowNs);
        else unclaimed(in, src, dst, nowNs);
    }

    private void deliver(Endpoint endpoint, Frame in, long nowNs) {
        counters.increment(Counter.TCP_IN_DELIVERS);
        long acked = endpoint instanceof Connection c ? c.stream().sendQueue().acked() : 0;
        try {
            endpoint.onSegment(in, nowNs);
            // What completes a handshake may carry data.
            if (endpoint instanceof HalfOpen && endpoint.successor() instanceof Connection next) {
                next.onSegment(in, nowNs);
            }
        } catch (Throwable t) {
            fail(endpoint, t, nowNs);
            return;
        }
        after(endpoint, nowNs);
        if (endpoint instanceof Connection c && c.stream().sendQueue().acked() != acked) {
            output.confirm(endpoint.tuple().remoteAddress());
        }
    }

    /** A segment without an endpoint: opens a connection, or is answered with a reset. */
    private void unclaimed(Frame in, int src, int dst, long nowNs) {
        ByteBuffer b = in.bytes();
        int at = in.start();
        if (Listener.isSyn(Tcp.flags(b, at))) {
            Binding listening = ports.listening(dst, Tcp.dstPort(b, at), src, Tcp.srcPort(b, at));
            if (listening != null) {
                FourTuple tuple = new FourTuple(dst, Tcp.dstPort(b, at), src, Tcp.srcPort(b, at));
                open(listening, in, tuple, null, nowNs);
                return;
            }
            if (flows != null && src != dst) {
                FourTuple tuple = new FourTuple(dst, Tcp.dstPort(b, at), src, Tcp.srcPort(b, at));
                offer(tuple, in, null, nowNs);
                return;
            }
        }
        counters.increment(Counter.TCP_NO_ENDPOINTS);
        Frame out = frames.take();
        out.begin();
        if (Reset.answer(in, out, counters)) output.transmit(out, dst, src, 0);
        else out.release();
    }

    private void open(Binding listening, Frame in, FourTuple tuple, TimeWait previous, long nowNs) {
        HalfOpen halfOpen = halfOpen(listening.listener, in, tuple, previous, null, nowNs);
        if (halfOpen == null) return;
        attach(halfOpen, ports.accepted(listening, tuple.localAddress()));
        after(halfOpen, nowNs);
    }

    /** Lets whoever forwards flows decide about a SYN. */
    private void offer(FourTuple tuple, Frame in, TimeWait previous, long nowNs) {
        if (!flows.hasRoomForTcp()) {
            counters.increment(Counter.TCP_REQ_Q_FULL_DROPS);
            return;
        }
        Flow flow = new Flow(tuple, flowOwner);
        HalfOpen halfOpen = halfOpen(forwarding, in, tuple, previous, flow, nowNs);
        if (halfOpen == null) return;
        attach(halfOpen, ports.sharedByForwarded(tuple.localAddress(), tuple.localPort()));
        after(halfOpen, nowNs);
        flows.offer(new Arrival.Tcp(flow), layer.wakeups());
    }

    private final class FlowOwner implements Flow.Owner {
        @Override
        public void decided(Flow flow, int request, long nowNs) {
            HalfOpen halfOpen = flow.halfOpen();
            if ((request & Flow.FORGET) != 0) halfOpen.end();
            else if ((request & Flow.REJECT) != 0) halfOpen.refuse();
            else halfOpen.accept(nowNs);
            after(halfOpen, nowNs);
        }

        @Override
        public void unwanted(Stream stream) {
            output.post(stream, Stream.CLOSE);
        }
    }

    /** From now on SYNs to where nobody listens go to {@code queue}, rather than be answered by RST. */
    void forward(FlowQueue queue) {
        int limit = layer.sysctls().getInt(Sysctl.TCP_MAX_SYN_BACKLOG);
        int buffer = (int) layer.sysctls().get(Sysctl.TCP_RMEM, 1);
        forwarding = new Listener(layer, new Backlog(limit), buffer, (gone, now) -> {});
        flows = queue;
    }

    /** What a listener makes of a SYN; null: it is dropped, and that is counted. */
    private HalfOpen halfOpen(
            Listener listener,
            Frame in,
            FourTuple tuple,
            TimeWait previous,
            Flow flow,
            long nowNs) {
        Route route = routes.lookup(tuple.remoteAddress());
        if (route == null) { // no answer would arrive
            counters.increment(Counter.TCP_NO_ENDPOINTS);
            return null;
        }
        HalfOpen halfOpen;
        try {
            HalfOpen crowdedOut = listener.makeRoom();
            if (crowdedOut != null) after(crowdedOut, nowNs);
            int mss = route.mtu() - HEADERS;
            halfOpen = listener.onSyn(tuple, in, mss, previous, flow, nowNs);
        } catch (Throwable t) {
            counters.increment(Counter.TCP_ENDPOINT_FAILURES);
            events.add("no connection " + tuple + " was made", t);
            return null;
        }
        if (halfOpen != null) counters.increment(Counter.TCP_IN_DELIVERS);
        return halfOpen;
    }

    // -- what ICMP and the neighbours say

    /** An ICMP error about a segment; true if it was one of ours. */
    boolean unreachable(int code, int mtu, int src, int dst, int ports, int seq, long nowNs) {
        Endpoint endpoint = table.find(src, ports >>> 16, dst, ports & 0xFFFF);
        if (endpoint == null) return false;
        try {
            if (code == Icmp4.FRAGMENTATION_NEEDED) {
                endpoint.onPathMtu(Math.max(mtu, MIN_PATH_MTU), seq, nowNs);
            } else {
                endpoint.onUnreachable(meaning(code), seq, nowNs);
            }
        } catch (Throwable t) {
            fail(endpoint, t, nowNs);
            return true;
        }
        after(endpoint, nowNs);
        return true;
    }

    /** RFC 1122 section 3.2.2.1. */
    private static Unreachable meaning(int code) {
        return switch (code) {
            case Icmp4.NET_UNREACHABLE, 6, 11 -> Unreachable.NET;
            case Icmp4.PROTOCOL_UNREACHABLE -> Unreachable.PROTOCOL;
            case Icmp4.PORT_UNREACHABLE -> Unreachable.PORT;
            case Icmp4.NET_PROHIBITED, Icmp4.HOST_PROHIBITED, Icmp4.ADMIN_PROHIBITED ->
                    Unreachable.PROHIBITED;
            default -> Unreachable.HOST;
        };
    }

    // -- commands

    /**
     * @throws BindException "Address already in use" or "Cannot assign requested address"
     */
    Binding bind(int address, int port, Reuse reuse) throws BindException {
        if (address != 0 && !addresses.isLocal(address)) throw notAssignable();
        return ports.bind(address, port, reuse);
    }

    Binding connect(Stream stream, Binding binding, int remoteAddress, int remotePort, long nowNs)
            throws IOException {
        int bound = binding == null ? 0 : binding.address();
        int remote = remoteAddress;
        // As on Linux: the wildcard as a destination means this host.
        if (remote == 0) remote = bound != 0 ? bound : Ipv4Address.LOOPBACK;
        boolean unicast = Ipv4Address.isUnicast(remote) && !addresses.isBroadcast(remote);
        Route route = unicast ? routes.lookup(remote) : null;
        if (route == null) {
            throw new SocketException(CloseCause.NET_UNREACHABLE.message());
        }
        if (!route.loopback() && Ipv4Address.isLoopback(bound)) {
            throw new SocketException("Invalid argument"); // EINVAL, as on Linux
        }
        int local = bound != 0 ? bound : route.source();
        if (local == 0) throw notAssignable(); // we have no address on that link
        int to = remote;
        Binding from = binding;
        if (from == null) {
            from =
                    ports.ephemeral(
                            local,
                            remote,
                            remotePort,
                            p -> isFree(local, p, to, remotePort, nowNs));
            if (from == null) throw notAssignable();
        } else if (!isFree(local, from.port(), to, remotePort, nowNs)) {
            throw notAssignable();
        }
        Endpoint rest = table.find(local, from.port(), to, remotePort);
        if (rest != null) {
            ((TimeWait) rest).end();
            after(rest, nowNs);
        }
        FourTuple tuple = new FourTuple(local, from.port(), to, remotePort);
        Connection connection;
        try {
            connection = new Connection(layer, tuple, stream, route.mtu() - HEADERS, nowNs);
        } catch (Throwable t) {
            if (binding == null) ports.release(from);
            throw t;
        }
        attach(connection, from);
        after(connection, nowNs);
        return from;
    }

    /** Whether a tuple is new, or rests long enough; the latter on the loopback alone, as on Linux. */
    private boolean isFree(int local, int localPort, int remote, int remotePort, long nowNs) {
        Endpoint there = table.find(local, localPort, remote, remotePort);
        if (there == null) return true;
        return there instanceof TimeWait rest
                && addresses.isLocal(remote)
                && rest.isReusable(nowNs);
    }

    private static BindException notAssignable() {
        return new BindException("Cannot assign requested address");
    }

    /**
     * @throws BindException "Address already in use"
     */
    Backlog listen(Binding binding, int backlog, int receiveBuffer) throws BindException {
        int wanted = backlog < 1 ? DEFAULT_BACKLOG : backlog;
        int limit = Math.min(wanted, layer.sysctls().getInt(Sysctl.SOMAXCONN));
        int buffer =
                receiveBuffer > 0 ? receiveBuffer : (int) layer.sysctls().get(Sysctl.TCP_RMEM, 1);
        Backlog waiting = new Backlog(limit);
        Listener listener =
                new Listener(layer, waiting, buffer, (gone, now) -> closed(gone, binding, now));
        ports.listen(binding, listener);
        return waiting;
    }

    private void closed(Listener listener, Binding binding, long nowNs) {
        ports.unlisten(binding);
        for (Endpoint endpoint : table.toArray()) {
            if (endpoint instanceof HalfOpen h && h.listener() == listener) {
                h.end();
                after(h, nowNs);
            }
        }
        // Nobody will ever accept these (RFC 1122 section 4.2.2.13 asks for a reset).
        Backlog backlog = listener.backlog();
        for (Stream stream = backlog.poll(); stream != null; stream = backlog.poll()) {
            abort(stream.connection(), CloseCause.LOCAL, nowNs);
            stream.connection().abandon();
        }
    }

    private void abort(Connection connection, CloseCause cause, long nowNs) {
        try {
            connection.abort(cause);
        } catch (Throwable t) {
            fail(connection, t, nowNs);
            return;
        }
        after(connection, nowNs);
    }

    /** A stream's post is due: its connection does what was requested. */
    void posted(Stream stream, long nowNs) {
        Connection connection = stream.connection();
        try {
            stream.perform(nowNs);
        } catch (Throwable t) {
            if (connection == null) throw t;
            fail(connection, t, nowNs);
            return;
        }
        if (connection != null) after(connection, nowNs);
    }

    // -- time

    /** An endpoint's entry in the wheel is due; it may have been armed for earlier than needed. */
    void onTimer(Endpoint endpoint, long nowNs) {
        if (!endpoint.attached) return;
        try {
            if (endpoint.nextDeadlineNs() <= nowNs) endpoint.onTimeout(nowNs);
        } catch (Throwable t) {
            fail(endpoint, t, nowNs);
            return;
        }
        after(endpoint, nowNs);
    }

    // -- segments out

    /**
     * Polls endpoints for segments, in turns, until all are served or {@code budget} segments went out.
     *
     * @return whether some could send more now
     */
    boolean transmit(int budget, long nowNs) {
        for (int link = 0; link < parked.length; link++) {
            if (!output.isBlocked(link)) dirty.addAll(parked[link]);
        }
        int left = budget;
        while (left > 0 && !dirty.isEmpty()) {
            Endpoint endpoint = dirty.remove();
            if (!endpoint.attached) continue;
            Route route = routes.lookup(endpoint.tuple().remoteAddress());
            int link = route == null ? Route.LOOPBACK : route.link();
            if (mustWait(link)) parked[link].add(endpoint);
            else left -= poll(endpoint, Math.min(ROUND, left), link, nowNs);
        }
        return !dirty.isEmpty();
    }

    private boolean mustWait(int link) {
        return link != Route.LOOPBACK && output.isBlocked(link);
    }

    /** At the end of a turn: tells writers that wait for memory if there is some. */
    void feedStarved() {
        layer.feedStarved();
    }

    private int poll(Endpoint endpoint, int most, int link, long nowNs) {
        int sent = 0;
        boolean more = true;
        while (more && sent < most && !mustWait(link)) {
            Frame out = frames.take();
            out.begin();
            try {
                more = endpoint.pollTransmit(out, nowNs);
            } catch (Throwable t) {
                out.release();
                fail(endpoint, t, nowNs);
                return sent;
            }
            if (!more) {
                out.release();
                break;
            }
            FourTuple t = endpoint.tuple();
            output.transmit(out, t.localAddress(), t.remoteAddress(), endpoint.trafficClass());
            sent++;
        }
        settle(endpoint, nowNs);
        if (more && endpoint.attached) markDirty(endpoint);
        return sent;
    }

    private void markDirty(Endpoint endpoint) {
        if (!endpoint.dirty) dirty.add(endpoint);
    }

    // -- the owner's duties

    /** After each input and command: see {@link Endpoint}. */
    private void after(Endpoint endpoint, long nowNs) {
        Endpoint now = settle(endpoint, nowNs);
        if (now != null) markDirty(now);
    }

    /**
     * Puts the successor in an endpoint's place and keeps its deadline.
     *
     * @return who stands there now, or null
     */
    private Endpoint settle(Endpoint endpoint, long nowNs) {
        if (!endpoint.attached) return null;
        Endpoint now = endpoint.successor();
        if (now != endpoint) now = succeed(endpoint, now, nowNs);
        if (now == null) return null;
        // The wheel's entry may be early: it fires, finds that nothing is due, and is set again.
        long deadline = now.nextDeadlineNs();
        boolean later = now.timer.isScheduled() && now.timer.deadlineNs() <= deadline;
        if (deadline != TimerWheel.NEVER && !later) wheel.schedule(now.timer, deadline);
        return now;
    }

    private Endpoint succeed(Endpoint endpoint, Endpoint successor, long nowNs) {
        sendLastWords(endpoint, nowNs);
        if (successor instanceof TimeWait rest) {
            if (timeWaits >= maxTimeWaits) {
                counters.increment(Counter.TCP_TW_OVERFLOWS);
                rest.end();
            } else {
                counters.increment(Counter.TCP_TW);
                timeWaits++;
            }
        }
        Endpoint next = successor == null ? null : successor.successor();
        if (next == null) {
            detach(endpoint);
            return null;
        }
        wheel.cancel(endpoint.timer);
        endpoint.attached = false;
        table.replace(endpoint, next);
        next.attached = true;
        return next;
    }

    /** Who has a successor may still have a reset, or the last ACK, to send. */
    private void sendLastWords(Endpoint gone, long nowNs) {
        boolean more = true;
        for (int n = 0; more && n < ROUND; n++) {
            Frame out = frames.take();
            out.begin();
            try {
                more = gone.pollTransmit(out, nowNs);
            } catch (Throwable t) {
                counters.increment(Counter.TCP_ENDPOINT_FAILURES);
                events.add("connection " + gone.tuple() + " failed at its end", t);
                more = false;
            }
            FourTuple t = gone.tuple();
            if (more)
                output.transmit(out, t.localAddress(), t.remoteAddress(), gone.trafficClass());
            else out.release();
        }
    }

    private void attach(Endpoint endpoint, Binding binding) {
        table.add(endpoint, binding);
        ports.use(binding);
        endpoint.attached = true;
    }

    private void detach(Endpoint endpoint) {
        wheel.cancel(endpoint.timer);
        endpoint.attached = false;
        if (endpoint instanceof TimeWait) timeWaits--;
        ports.unuse(table.remove(endpoint));
    }

    /** Something went wrong inside an endpoint: it ends, and nothing else does. */
    private void fail(Endpoint endpoint, Throwable failure, long nowNs) {
        counters.increment(Counter.TCP_ENDPOINT_FAILURES);
        events.add("connection " + endpoint.tuple() + " failed", failure);
        Endpoint broken = endpoint.successor();
        if (broken == null) broken = endpoint;
        try {
            if (broken instanceof Connection c) c.abort(CloseCause.FAILED);
            else if (broken instanceof HalfOpen h) h.end();
            else if (broken instanceof TimeWait w) w.end();
        } catch (Throwable again) {
            failure.addSuppressed(again);
        }
        if (broken instanceof Connection c) c.stream().fail(layer.wakeups());
        if (!endpoint.attached) return;
        sendLastWords(broken, nowNs);
        detach(endpoint);
    }

    // -- views, and the end

    /** Listeners and endpoints, as views, in no order. */
    void view(List<SocketView> into) {
        ports.forEach(
                binding -> {
                    if (binding.listener != null) into.add(Views.listener(binding));
                });
        table.forEach(endpoint -> into.add(Views.endpoint(endpoint)));
    }

    void forEach(Consumer<Endpoint> action) {
        table.forEach(action);
    }

    int size() {
        return table.size();
    }

    Ports ports() {
        return ports;
    }

    void closeListeners(long nowNs) {
        ports.forEachListener(listener -> listener.close(nowNs));
    }

    /** Ends all endpoints at once; resets go out as far as the link takes them. */
    void close(long nowNs) {
        closeListeners(nowNs);
        for (Endpoint endpoint : table.toArray()) {
            if (endpoint instanceof Connection c) abort(c, CloseCause.STACK_CLOSED, nowNs);
            else if (endpoint instanceof HalfOpen h) h.end();
            else if (endpoint instanceof TimeWait w) w.end();
            after(endpoint, nowNs);
        }
        transmit(Integer.MAX_VALUE, nowNs);
        for (Endpoint endpoint : table.toArray()) detach(endpoint);
        dirty.clear();
        for (Dirty waiting : parked) waiting.clear();
    }
}
