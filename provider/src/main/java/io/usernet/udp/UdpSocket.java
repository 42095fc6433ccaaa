package io.usernet.udp;

import io.usernet.buffer.Post;
import io.usernet.buffer.Signals;
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

    /** Request: tell the sender when there is memory again ({@link #isStarved}). */
    public static final int STARVED = 8;

    /** Most bytes of a datagram: 65,535 without the headers of IP and UDP. */
    public static final int MAX_PAYLOAD = 65_507;

    /** What {@link #receive} answers if there is no datagram. */
    public static final long NONE = -1;

    private final Signals signals = new Signals();

    public Signals signals() {
        return signals;
    }

    // -- the application's side: receiving

    /** Whether a receive would not block: a datagram waits, or an error, or the socket is closed. */
    public boolean isReadable() {
        throw new UnsupportedOperationException();
    }

    /**
     * Copies the oldest datagram to the buffers in turn, as far as it fits; what doesn't is dropped.
     * The caller then posts {@link #RECEIVED} if {@link #shouldAnnounce}.
     *
     * @return the sender's address &lt;&lt; 16 | its port, at least 0; or {@link #NONE}
     */
    public long receive(ByteBuffer[] dsts, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    /** The same with one buffer. */
    public long receive(ByteBuffer dst) {
        throw new UnsupportedOperationException();
    }

    /** After a receive: whether to post {@link #RECEIVED}, because memory is scarce. Reader only. */
    public boolean shouldAnnounce() {
        throw new UnsupportedOperationException();
    }

    /** Takes the pending error, or null: thrown by the next receive or send. Any thread. */
    public UdpError takeError() {
        throw new UnsupportedOperationException();
    }

    /** Whether nothing is sent or received any more: {@link #CLOSE} was done, or the stack is dead. */
    public boolean isClosed() {
        throw new UnsupportedOperationException();
    }

    // -- the application's side: sending

    /** Whether a send would not block: a third of the send buffer is free, or there is an error. */
    public boolean isWritable() {
        throw new UnsupportedOperationException();
    }

    /**
     * Queues one datagram of what the buffers hold, all of it or nothing. The caller then posts {@link
     * #TRANSMIT}; if nothing was queued and {@link #isStarved}, {@link #STARVED}.
     *
     * @param srcAddress the sender's: of the binding, or of the route
     * @param dstAddress unicast or broadcast; 0: this host
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
        throw new UnsupportedOperationException();
    }

    /** The same with one buffer. */
    public boolean send(ByteBuffer src, int srcAddress, int dstAddress, int dstPort, int tos) {
        throw new UnsupportedOperationException();
    }

    /** Whether the last send had room and no memory. */
    public boolean isStarved() {
        throw new UnsupportedOperationException();
    }

    // -- options; any thread

    /** SO_SNDBUF, bytes: most that is queued, 256 bytes for each datagram included. */
    public int sendBuffer() {
        throw new UnsupportedOperationException();
    }

    /** Sets SO_SNDBUF, within 2,048 bytes to net.core.wmem_max. */
    public void sendBuffer(int bytes) {
        throw new UnsupportedOperationException();
    }

    /** SO_RCVBUF, bytes: most that waits to be received, 256 bytes for each datagram included. */
    public int receiveBuffer() {
        throw new UnsupportedOperationException();
    }

    /** Sets SO_RCVBUF, within 2,048 bytes to net.core.rmem_max. */
    public void receiveBuffer(int bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    protected void act(int what, long nowNs) {
        throw new UnsupportedOperationException();
    }
}
