package io.usernet.neighbor;

import io.usernet.frame.Frame;
import io.usernet.time.TimerWheel;

/** What is known of one neighbour. Fields belong to its {@link NeighborTable}; confined to the loop. */
public final class Neighbor extends TimerWheel.Alarm {
    /** States as in RFC 4861 section 7.3.2, which Linux uses for ARP too, and FAILED. */
    public enum State {
        /** Asked for by broadcast; frames wait. */
        INCOMPLETE,
        /** Confirmed lately. */
        REACHABLE,
        /** Confirmed some time ago, and not used since. */
        STALE,
        /** Used since it was stale: a higher layer may still confirm it. */
        DELAY,
        /** Asked for by unicast; frames go out meanwhile. */
        PROBE,
        /** It does not answer. */
        FAILED
    }

    private final NeighborTable table;
    final int address;
    State state = State.STALE;
    long mac;
    long confirmedNs; // when it was last known to be reachable
    long reachableNs; // for how long that holds
    long usedNs;
    long updatedNs; // when `mac` was last set
    int probes; // sent in this state

    Frame waitingFirst, waitingLast; // IP datagrams, oldest first
    int waiting;

    Neighbor nextInSlot;

    Neighbor(NeighborTable table, int address) {
        this.table = table;
        this.address = address;
    }

    @Override
    public void expire(long nowNs) {
        table.onTimeout(this, nowNs);
    }

    public int address() {
        return address;
    }

    /** Its hardware address; 0 while it is not known. */
    public long mac() {
        return mac;
    }

    /** REACHABLE ends by itself, without an event: so time is an argument here too. */
    public State state(long nowNs) {
        return state == State.REACHABLE && nowNs - confirmedNs >= reachableNs ? State.STALE : state;
    }

    /** Whether it may be forgotten to make room. */
    boolean isIdle(long nowNs) {
        return state == State.FAILED || state(nowNs) == State.STALE;
    }
}
