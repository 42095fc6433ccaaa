package io.usernet.view;

import java.net.InetSocketAddress;
import java.util.Comparator;

/**
 * One socket, as {@code ss} sees it.
 *
 * @param recvQ of a listener, connections that wait to be accepted; else received bytes that the
 *     application has not read (a FIN is not counted), of UDP with what each datagram costs
 * @param sendQ of a listener, how many connections may wait; else bytes that were written and not
 *     acknowledged, or not sent; our SYN and FIN count as one byte each. Of UDP, bytes that wait to be
 *     sent, with what each datagram costs
 * @param local the wildcard where the socket has not chosen an address
 * @param peer null if it has none
 * @param info details of a connection; null of all others, TIME-WAIT and SYN-RECV included
 */
public record SocketView(
        Protocol protocol,
        State state,
        int recvQ,
        int sendQ,
        InetSocketAddress local,
        InetSocketAddress peer,
        TcpInfo info) {
    /** What {@code ss} calls Netid. */
    public enum Protocol {
        /** TCP (RFC 9293). */
        TCP("tcp"),
        /** UDP (RFC 768). */
        UDP("udp");

        private final String label;

        Protocol(String label) {
            this.label = label;
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /** The states of RFC 9293, with the names of {@code ss}. */
    public enum State {
        /** A UDP socket without a peer; of TCP, one that ends just now. */
        UNCONN("UNCONN"),
        /** Waits for connections. */
        LISTEN("LISTEN"),
        /** Our SYN is out; nothing came back yet. */
        SYN_SENT("SYN-SENT"),
        /** A peer's SYN was answered, and its ACK is awaited. */
        SYN_RECV("SYN-RECV"),
        /** Also a UDP socket with a peer. */
        ESTAB("ESTAB"),
        /** Our FIN is out, and not acknowledged. */
        FIN_WAIT_1("FIN-WAIT-1"),
        /** Our FIN was acknowledged; the peer may still send. */
        FIN_WAIT_2("FIN-WAIT-2"),
        /** The peer sends no more; the application hasn't closed yet. */
        CLOSE_WAIT("CLOSE-WAIT"),
        /** Both FINs are out; ours is not acknowledged. */
        CLOSING("CLOSING"),
        /** The peer was first to close; our FIN is not acknowledged. */
        LAST_ACK("LAST-ACK"),
        /** Over: late segments are waited for, so that no new connection gets them. */
        TIME_WAIT("TIME-WAIT");

        private final String label;

        State(String label) {
            this.label = label;
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /** By protocol; those without a peer first; then by local port, peer and local address. */
    public static final Comparator<SocketView> ORDER =
            Comparator.comparing(SocketView::protocol)
                    .thenComparing(s -> s.peer != null)
                    .thenComparing(s -> s.local.getPort())
                    .thenComparing(s -> s.peer == null ? 0 : s.peer.getPort())
                    .thenComparing(SocketView::peerHost)
                    .thenComparing(SocketView::localHost);

    String localHost() {
        return local.getAddress().getHostAddress();
    }

    String peerHost() {
        return peer == null ? "0.0.0.0" : peer.getAddress().getHostAddress();
    }

    String peerPort() {
        return peer == null ? "*" : Integer.toString(peer.getPort());
    }

    /** As a line of {@code ss -tan} or {@code ss -uan}, with single blanks. */
    @Override
    public String toString() {
        return state
                + " "
                + recvQ
                + " "
                + sendQ
                + " "
                + localHost()
                + ":"
                + local.getPort()
                + " "
                + peerHost()
                + ":"
                + peerPort();
    }
}
