package io.usernet.tcp;

import io.usernet.frame.Frame;
import io.usernet.time.TimerWheel;

/**
 * What the demultiplexer finds for a segment: a half-open connection, a connection, or what is left of
 * one in TIME-WAIT. No thread, no clock, no I/O: time comes in, segments are polled
 * out.
 *
 * <p>Whoever calls an input or command then does three things, always: marks the endpoint dirty, so
 * that it is polled for segments at the end of the batch; looks at {@link #nextDeadlineNs}; and, if
 * {@link #successor} is another endpoint (or null), puts that in its place (or nothing). Confined to
 * the loop.
 */
public abstract class Endpoint {
    /** What ICMP says of a destination. */
    public enum Unreachable {
        NET,
        HOST,
        PROTOCOL,
        PORT,
        PROHIBITED
    }

    private final FourTuple tuple;

    /** The owner's: link of its list of dirty endpoints, and whether this is in it. */
    public Endpoint nextDirty;

    public boolean dirty;

    /** The owner's: whether segments with this tuple come here. */
    public boolean attached;

    /** The owner's one entry in the wheel for this endpoint. */
    public final DeadlineTimer timer = new DeadlineTimer(this);

    /** An entry of the wheel that knows its endpoint. */
    public static final class DeadlineTimer extends TimerWheel.Timer {
        private final Endpoint endpoint;

        DeadlineTimer(Endpoint endpoint) {
            this.endpoint = endpoint;
        }

        public Endpoint endpoint() {
            return endpoint;
        }
    }

    protected Endpoint(FourTuple tuple) {
        this.tuple = tuple;
    }

    public final FourTuple tuple() {
        return tuple;
    }

    // -- inputs: never send, only change state

    /**
     * A segment arrived.
     *
     * @param in begins with the TCP header, which {@code Tcp.check} has passed and whose checksum is
     *     right; ends where the IP datagram ended. Stays the caller's.
     */
    public abstract void onSegment(Frame in, long nowNs);

    /** The time of {@link #nextDeadlineNs} has come; a spurious call is a no-op. */
    public abstract void onTimeout(long nowNs);

    /**
     * ICMP about a segment that we sent (RFC 5927: only if {@code seq} is in flight, and hard errors
     * are soft once established).
     */
    public abstract void onUnreachable(Unreachable what, int seq, long nowNs);

    /** The path takes IP packets of at most {@code mtu} bytes; {@code seq} as above. */
    public abstract void onPathMtu(int mtu, int seq, long nowNs);

    // -- outputs

    /**
     * Fills in one segment, if there is one to send now: TCP header (checksum 0) and payload slices.
     *
     * @param out a frame on which {@link Frame#begin} was called
     * @return false if there is nothing to send now; {@code out} is unchanged
     */
    public abstract boolean pollTransmit(Frame out, long nowNs);

    /** When {@link #onTimeout} wants to be called, or {@link TimerWheel#NEVER}. */
    public abstract long nextDeadlineNs();

    /** Who stands in this endpoint's place from now on: itself, another one, or null: nobody. */
    public abstract Endpoint successor();

    /** IP_TOS of what it sends. */
    public abstract int trafficClass();
}
