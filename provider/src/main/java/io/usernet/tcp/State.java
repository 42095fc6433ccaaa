package io.usernet.tcp;

import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;

/** The states of a connection (RFC 9293 section 3.3.2), with one door between them. */
public enum State {
    CLOSED,
    LISTEN,
    SYN_SENT,
    SYN_RECEIVED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    CLOSE_WAIT,
    CLOSING,
    LAST_ACK,
    TIME_WAIT;

    /** RFC 9293 figure 5, as a set of successors for each state; any state may become CLOSED. */
    private static final int[] LEGAL = new int[values().length];

    static {
        allow(CLOSED, LISTEN, SYN_SENT);
        allow(LISTEN, SYN_SENT, SYN_RECEIVED);
        allow(SYN_SENT, SYN_RECEIVED, ESTABLISHED);
        allow(SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, LISTEN);
        allow(ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT);
        allow(FIN_WAIT_1, FIN_WAIT_2, CLOSING, TIME_WAIT);
        allow(FIN_WAIT_2, TIME_WAIT);
        allow(CLOSE_WAIT, LAST_ACK);
        allow(CLOSING, TIME_WAIT);
        allow(LAST_ACK);
        allow(TIME_WAIT);
    }

    private static void allow(State from, State... to) {
        LEGAL[from.ordinal()] = 1 << CLOSED.ordinal();
        for (State state : to) LEGAL[from.ordinal()] |= 1 << state.ordinal();
    }

    boolean mayBecome(State next) {
        return (LEGAL[ordinal()] & 1 << next.ordinal()) != 0;
    }

    /** Whether the handshake is over and the connection not: sequence numbers are agreed on. */
    boolean isSynchronized() {
        return compareTo(ESTABLISHED) >= 0;
    }

    /** Whether the application may still send: no FIN was asked for. */
    boolean maySend() {
        return this == ESTABLISHED || this == CLOSE_WAIT;
    }

    /** Whether the peer may still send: its FIN has not come. */
    boolean mayReceive() {
        return this == ESTABLISHED || this == FIN_WAIT_1 || this == FIN_WAIT_2;
    }

    /**
     * The door: every endpoint changes its state through here.
     *
     * @return {@code to}
     */
    static State transition(State from, State to, FourTuple tuple, Counters counters) {
        assert from.mayBecome(to) : tuple + ": " + from + " -> " + to;
        if (from == CLOSED && to == SYN_SENT) counters.increment(Counter.TCP_ACTIVE_OPENS);
        if (from == LISTEN && to == SYN_RECEIVED) counters.increment(Counter.TCP_PASSIVE_OPENS);
        boolean opening = from == SYN_SENT || from == SYN_RECEIVED;
        if (opening && (to == CLOSED || to == LISTEN)) {
            counters.increment(Counter.TCP_ATTEMPT_FAILS);
        }
        if ((from == ESTABLISHED || from == CLOSE_WAIT) && to == CLOSED) {
            counters.increment(Counter.TCP_ESTAB_RESETS);
        }
        return to;
    }
}
