package io.usernet.tcp;

/** Where the sequence numbers of a connection begin (RFC 6528), and its timestamps' offset. */
public interface InitialSequence {
    /** The initial sequence number of a new connection. */
    int iss(FourTuple tuple, long nowNs);

    /** What is added to the millisecond clock in this connection's TSval (RFC 7323 section 5.4). */
    int timestampOffset(FourTuple tuple);
}
