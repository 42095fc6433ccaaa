package io.usernet.udp;

import io.usernet.buffer.DatagramReceiveQueue;
import io.usernet.buffer.DatagramSendQueue;
import io.usernet.buffer.Wakeups;
import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Udp;
import java.nio.ByteBuffer;

/**
 * The loop's half of a bound UDP socket: its two ends, and what happens with datagrams in, errors, and
 * datagrams out. Confined to the loop.
 */
public final class UdpEndpoint {
    /** Who has the endpoints. */
    public interface Owner {
        /** The application has posted requests of {@link UdpSocket}. */
        void posted(UdpEndpoint endpoint, int what, long nowNs);
    }

    private final UdpSocket socket;
    private final DatagramReceiveQueue receive;
    private final DatagramSendQueue send;
    private final Owner owner;
    private final Counters counters;
    private final Wakeups wakeups;
    private final int boundAddress, localPort;
    private int localAddress;
    private int remoteAddress, remotePort;
    private boolean connected;
    private boolean closed;

    /** The owner's: whether this is in its queue of those with something to send. */
    public boolean dirty;

    /** The owner's: whether this is among those that hold memory for their readers. */
    public boolean holding;

    /** The owner's: whether this is among those whose writers wait for memory. */
    public boolean starved;

    /** The owner's: link of those that are connected. */
    public UdpEndpoint nextFlow;

    /** The loop's half of {@code socket}, bound to an address (0: all) and port. */
    public UdpEndpoint(
            UdpSocket socket,
            int boundAddress,
            int localPort,
            Owner owner,
            Counters counters,
            Wakeups wakeups) {
        this.socket = socket;
        this.receive = socket.receiveQueue();
        this.send = socket.sendQueue();
        this.boundAddress = boundAddress;
        this.localAddress = boundAddress;
        this.localPort = localPort;
        this.owner = owner;
        this.counters = counters;
        this.wakeups = wakeups;
        socket.attach(this);
    }

    public UdpSocket socket() {
        return socket;
    }

    /** What the application bound it to; 0: all. */
    public int boundAddress() {
        return boundAddress;
    }

    /** Where it receives: {@link #boundAddress}, or the one it is connected from. */
    public int localAddress() {
        return localAddress;
    }

    public int localPort() {
        return localPort;
    }

    /** The peer's; 0 unless connected. */
    public int remoteAddress() {
        return remoteAddress;
    }

    /** The peer's; 0 unless connected. */
    public int remotePort() {
        return remotePort;
    }

    public boolean isConnected() {
        return connected;
    }

    /** Whether it is closed, and only sends what was queued. */
    public boolean isClosed() {
        return closed;
    }

    /** Bytes that wait to be received, with overhead: the Recv-Q of {@code ss}. */
    public int receiveQueued() {
        return receive.queued();
    }

    /** Bytes that wait to be sent, with overhead: the Send-Q of {@code ss}. */
    public int sendQueued() {
        return send.queued();
    }

    /** The position behind all datagrams received so far, for {@link UdpSocket#dropBefore}. */
    public long received() {
        return receive.added();
    }

    /** Only that peer's datagrams come here from now on. */
    public void connect(int local, int remote, int port) {
        localAddress = local;
        remoteAddress = remote;
        remotePort = port;
        connected = true;
    }

    /** Everybody's do, at {@link #boundAddress}. */
    public void disconnect() {
        localAddress = boundAddress;
        remoteAddress = remotePort = 0;
        connected = false;
    }

    void posted(int what, long nowNs) {
        owner.posted(this, what, nowNs);
    }

    // -- in

    /**
     * A datagram for this socket.
     *
     * @param in begins with the UDP header, ends with the payload; stays the caller's
     */
    public void onDatagram(Frame in, int src) {
        int port = Udp.srcPort(in.bytes(), in.start());
        int length = in.length() - Udp.HEADER;
        switch (receive.offer(in, Udp.HEADER, length, UdpSocket.peer(src, port))) {
            case FULL -> counters.increment(Counter.UDP_RCVBUF_ERRORS);
            case NO_MEMORY -> counters.increment(Counter.UDP_MEM_ERRORS);
            case TAKEN -> {
                counters.increment(Counter.UDP_IN_DATAGRAMS);
                socket.signals().readable(wakeups);
            }
        }
    }

    /**
     * An ICMP error about a datagram that this socket has sent. As on Linux without IP_RECVERR, those
     * that are not connected don't hear of it, nor of what may go away by itself.
     *
     * @param code of Icmp4.UNREACHABLE
     */
    public void onUnreachable(int code) {
        UdpError what = connected ? meaning(code) : null;
        if (what == null) return;
        socket.publishError(what);
        socket.signals().all(wakeups);
    }

    /** RFC 1122 section 3.2.2.1; null: not a hard error. */
    private UdpError meaning(int code) {
        return switch (code) {
            case Icmp4.FRAGMENTATION_NEEDED ->
                    socket.dontFragment ? UdpError.MESSAGE_TOO_LONG : null;
            case Icmp4.PROTOCOL_UNREACHABLE -> UdpError.PROTOCOL_UNREACHABLE;
            case Icmp4.PORT_UNREACHABLE -> UdpError.PORT_UNREACHABLE;
            case Icmp4.NET_UNKNOWN, Icmp4.NET_PROHIBITED -> UdpError.NET_UNREACHABLE;
            case Icmp4.HOST_UNKNOWN -> UdpError.HOST_DOWN;
            case Icmp4.HOST_PROHIBITED, Icmp4.ADMIN_PROHIBITED -> UdpError.HOST_UNREACHABLE;
            default -> null;
        };
    }

    // -- out; all about the oldest datagram that waits

    /** Whether there is one. */
    public boolean hasOutput() {
        return !send.isEmpty() && !send.isClosed();
    }

    public int source() {
        return (int) (send.how() >>> 32);
    }

    public int destination() {
        return (int) (send.peer() >>> 16);
    }

    public int trafficClass() {
        return (int) send.how() & 0xFF;
    }

    /** Whether routers must not cut it, nor we. */
    public boolean dontFragment() {
        return (send.how() & UdpSocket.DONT_FRAGMENT) != 0;
    }

    /** Of a multicast: by which link, as {@link UdpSocket#multicastLink} was when it was sent. */
    public int multicastLink() {
        return ((int) send.how() >>> UdpSocket.LINK_SHIFT) - UdpSocket.LINK_BIAS;
    }

    /** Of a multicast: its time to live. */
    public int multicastTtl() {
        return (int) send.how() >>> UdpSocket.TTL_SHIFT & 0xFF;
    }

    /** Of a multicast: whether sockets of this stack get a copy. */
    public boolean multicastLoop() {
        return (send.how() & UdpSocket.LOOP) != 0;
    }

    /**
     * Makes it a frame: the UDP header, with checksum 0, and slices of the payload.
     *
     * @param out a frame on which {@link Frame#begin} was called
     */
    public void fill(Frame out) {
        int at = out.prepend(Udp.HEADER);
        int port = (int) send.peer() & 0xFFFF;
        ByteBuffer b = out.bytes();
        send.gather(out);
        Udp.write(b, at, localPort, port, out.length());
    }

    /** It was sent, or never will be: makes room for another one. */
    public void sent() {
        if (send.remove()) socket.signals().writable(wakeups);
        if (closed && send.isEmpty()) send.close();
    }

    // -- memory

    /**
     * Lets go of what the application has received.
     *
     * @return whether nothing is held any more
     */
    public boolean reap() {
        return closed ? receive.settle() & send.settle() : receive.reap();
    }

    /** Memory is scarce: the next receive is to be announced, so that a turn lets go. */
    public void wantAnnouncement() {
        socket.wantAnnouncement();
    }

    /** Whether the last datagram was refused for lack of memory, and there still isn't enough. */
    public boolean isHungry() {
        return !closed && send.isStarved() && !send.isWritable();
    }

    /**
     * There is memory again: tells a writer that waits for it.
     *
     * @return whether it still waits
     */
    public boolean feed() {
        if (closed || !send.isStarved()) return false;
        if (send.isWritable()) socket.signals().writable(wakeups);
        return true;
    }

    // -- the end

    /** Nothing is received any more; what is queued is still sent. The application is told. */
    public void close() {
        closed = true;
        receive.close();
        if (send.isEmpty()) send.close();
        socket.publishClosed();
        socket.signals().all(wakeups);
    }

    /** The same, and what is queued is dropped. */
    public void abort() {
        close();
        send.close();
    }
}
