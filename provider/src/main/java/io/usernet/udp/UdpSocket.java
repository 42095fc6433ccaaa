package io.usernet.udp;

import io.usernet.buffer.DatagramReceiveQueue;
import io.usernet.buffer.DatagramSendQueue;
import io.usernet.buffer.Post;
import io.usernet.buffer.Signals;
import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Memory;
import io.usernet.igmp.SocketGroups;
import io.usernet.wire.Ipv4Address;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * What an application's threads and the loop share of one UDP socket: a queue of datagrams in each
 * direction, the pending error, and those who wait. Readiness is computed from these and never stored.
 *
 * <p>Application side: at most one thread receives and one sends at a time.
 */
public final class UdpSocket extends Post {
    /** Requests: datagrams were queued; the socket is closed for good. */
    public static final int TRANSMIT = 1, CLOSE = 2;

    /** Request: the application has received, and the loop waits for that: {@link #shouldAnnounce}. */
    public static final int RECEIVED = 4;

    /** Request: nobody wants the datagram that the socket was made for; then as {@link #CLOSE}. */
    public static final int REJECT = 16;

    /** Request: tell the sender when there is memory again ({@link #isStarved}). */
    public static final int STARVED = 8;

    /** Most bytes of a datagram: 65,535 without the headers of IP and UDP. */
    public static final int MAX_PAYLOAD = 65_507;

    /** What {@link #receive} answers if there is no datagram. */
    public static final long NONE = DatagramReceiveQueue.NONE;

    private static final int MIN_BUFFER = 2_048;

    /** Beside the TOS, in how a datagram is to be sent. */
    static final int DONT_FRAGMENT = 1 << 8;

    /** The same for multicasts: that they are looped back, the TTL, and 3 + {@link #multicastLink}. */
    static final int LOOP = 1 << 9;

    static final int TTL_SHIFT = 10, LINK_SHIFT = 18, LINK_BIAS = 3;

    /** {@link #multicastLink}: what the route says; as if not said, but whatever the socket is bound to. */
    public static final int LINK_OF_ROUTE = -2;

    /** {@link #multicastLink}: it was not said. */
    public static final int LINK_UNSAID = -3;

    private static final VarHandle ERROR;

    static {
        try {
            ERROR = MethodHandles.lookup().findVarHandle(UdpSocket.class, "error", UdpError.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final DatagramSendQueue send;
    private final DatagramReceiveQueue receive;
    private final Signals signals = new Signals();
    private final int sendMax, receiveMax;

    // -- options: written by the application

    /** IP_DONTFRAGMENT: what is sent from now on is not cut on its way; it must fit the route's MTU. */
    public volatile boolean dontFragment;

    /**
     * IP_MULTICAST_IF: the link by which multicasts leave, by its place among the stack's; -1: the
     * loopback; or one of the constants.
     */
    public volatile int multicastLink = LINK_UNSAID;

    /** IP_MULTICAST_TTL: 0 to 255. */
    public volatile int multicastTtl = 1;

    /** IP_MULTICAST_LOOP: whether sockets of this stack, which listen on that link, get a copy. */
    public volatile boolean multicastLoop = true;

    // -- published by the loop

    private volatile UdpError error; // set by the loop, taken by the application
    private volatile boolean closed;
    private volatile boolean announce; // memory is scarce, and some that was received is still held

    // -- the loop's

    private UdpEndpoint endpoint; // null: not bound
    private SocketGroups groups; // null: never listened to any

    /** A socket that isn't bound; {@code memory} is for what waits in its queues. */
    public UdpSocket(Memory memory, Sysctls sysctls) {
        send = new DatagramSendQueue(memory, sysctls.getInt(Sysctl.WMEM_DEFAULT));
        receive = new DatagramReceiveQueue(memory, sysctls.getInt(Sysctl.RMEM_DEFAULT));
        sendMax = sysctls.getInt(Sysctl.WMEM_MAX);
        receiveMax = sysctls.getInt(Sysctl.RMEM_MAX);
    }

    public Signals signals() {
        return signals;
    }

    // -- the application's side: receiving

    /** Whether a receive would not block: a datagram waits, or an error, or the socket is closed. */
    public boolean isReadable() {
        return !receive.isEmpty() || error != null || closed;
    }

    /**
     * Copies the oldest datagram to the buffers in turn, as far as it fits; what doesn't is dropped.
     * The caller then posts {@link #RECEIVED} if {@link #shouldAnnounce}.
     *
     * @return the sender's address &lt;&lt; 16 | its port, at least 0; or {@link #NONE}
     */
    public long receive(ByteBuffer[] dsts, int offset, int length) {
        return receive.receive(dsts, offset, length);
    }

    /** The same with one buffer. */
    public long receive(ByteBuffer dst) {
        return receive.receive(dst);
    }

    /** After a receive: whether to post {@link #RECEIVED}, because memory is scarce. Reader only. */
    public boolean shouldAnnounce() {
        if (!announce) return false;
        announce = false;
        return true;
    }

    /** Takes the pending error, or null: thrown by the next receive or send. Any thread. */
    public UdpError takeError() {
        return error == null ? null : (UdpError) ERROR.getAndSet(this, null);
    }

    /** Whether nothing is sent or received any more: {@link #CLOSE} was done, or the stack is dead. */
    public boolean isClosed() {
        return closed;
    }

    // -- the application's side: sending

    /** Whether a send would not block: a third of the send buffer is free, or there is an error. */
    public boolean isWritable() {
        return closed || error != null || send.isWritable();
    }

    /**
     * Queues one datagram of what the buffers hold, all of it or nothing. The caller then posts {@link
     * #TRANSMIT}; if nothing was queued and {@link #isStarved}, {@link #STARVED}.
     *
     * @param srcAddress the sender's: of the binding, or of the route
     * @param dstAddress unicast, multicast or broadcast; 0: this host
     * @param tos 0 to 255
     * @return false, and the buffers are as they were, if there is no room or no memory now, or the
     *     socket is closed
     * @throws IllegalArgumentException above {@link #MAX_PAYLOAD} bytes
     */
    public boolean send(
            ByteBuffer[] srcs,
            int offset,
            int length,
            int srcAddress,
            int dstAddress,
            int dstPort,
            int tos) {
        int bytes = 0;
        for (int i = 0; i < length; i++) bytes += checked(srcs[offset + i].remaining());
        checked(bytes);
        long peer = peer(dstAddress == 0 ? srcAddress : dstAddress, dstPort);
        long how = how(srcAddress, dstAddress, tos);
        return !closed && send.offer(srcs, offset, length, peer, how);
    }

    /** The same with one buffer. */
    public boolean send(ByteBuffer src, int srcAddress, int dstAddress, int dstPort, int tos) {
        checked(src.remaining());
        long peer = peer(dstAddress == 0 ? srcAddress : dstAddress, dstPort);
        return !closed && send.offer(src, peer, how(srcAddress, dstAddress, tos));
    }

    /** Whether the last send had room and no memory. */
    public boolean isStarved() {
        return send.isStarved();
    }

    // -- options; any thread

    /** SO_SNDBUF, bytes: half of what is queued at most, 256 for each datagram included. */
    public int sendBuffer() {
        return send.limit() / 2;
    }

    /** Sets SO_SNDBUF: as with Linux twice that is held, 2,048 bytes to net.core.wmem_max. */
    public void sendBuffer(int bytes) {
        send.limit(doubled(bytes, sendMax));
    }

    /** SO_RCVBUF, bytes: half of what waits to be received at most, 256 for each datagram included. */
    public int receiveBuffer() {
        return receive.limit() / 2;
    }

    /** Sets SO_RCVBUF: as with Linux twice that is held, 2,048 bytes to net.core.rmem_max. */
    public void receiveBuffer(int bytes) {
        receive.limit(doubled(bytes, receiveMax));
    }

    private static int doubled(int bytes, int most) {
        return (int) Math.max(MIN_BUFFER, Math.min(2L * bytes, most));
    }

    private static int checked(int bytes) {
        if (bytes > MAX_PAYLOAD) {
            throw new IllegalArgumentException(
                    bytes + " bytes do not fit into a datagram; at most " + MAX_PAYLOAD + " do");
        }
        return bytes;
    }

    static long peer(int address, int port) {
        return (address & 0xFFFF_FFFFL) << 16 | port;
    }

    private long how(int source, int dst, int tos) {
        long how = (long) source << 32 | (dontFragment ? DONT_FRAGMENT : 0) | tos & 0xFF;
        return Ipv4Address.isMulticast(dst) ? how | howToGroup() : how;
    }

    private int howToGroup() {
        int loop = multicastLoop ? LOOP : 0;
        return loop | multicastTtl << TTL_SHIFT | multicastLink + LINK_BIAS << LINK_SHIFT;
    }

    /**
     * Drops what had been received when the socket was connected; for whoever may receive now.
     *
     * @param position {@link UdpEndpoint#received} at that moment
     */
    public void dropBefore(long position) {
        receive.skipTo(position);
    }

    // -- the loop's side

    /** What serves this socket, or null if it was never bound. */
    public UdpEndpoint endpoint() {
        return endpoint;
    }

    /** The groups that it listens to; null: none so far. */
    public SocketGroups groups() {
        return groups;
    }

    /** It begins to listen to groups. */
    public void groups(SocketGroups none) {
        groups = none;
    }

    /** Whether it receives what came from a source, on a link, to a group. */
    public boolean listens(int link, int group, int source) {
        return groups != null && groups.accepts(link, group, source);
    }

    void attach(UdpEndpoint endpoint) {
        this.endpoint = endpoint;
    }

    DatagramSendQueue sendQueue() {
        return send;
    }

    DatagramReceiveQueue receiveQueue() {
        return receive;
    }

    void publishError(UdpError what) {
        error = what;
    }

    void publishClosed() {
        closed = true;
    }

    void wantAnnouncement() {
        announce = true;
        VarHandle.fullFence(); // the loop then looks at what was received, in acquire mode
    }

    @Override
    protected void act(int what, long nowNs) {
        if (endpoint != null) {
            endpoint.posted(what, nowNs);
        } else if ((what & CLOSE) != 0) { // nothing was ever received
            if (groups != null) groups.leaveAll();
            closed = true;
            receive.close();
            send.close();
        }
    }
}
