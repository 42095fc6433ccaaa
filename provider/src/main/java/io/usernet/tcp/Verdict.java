package io.usernet.tcp;

/** What a step of RFC 9293 section 3.10.7 says of a segment. */
enum Verdict {
    /** The next step looks at it. */
    CONTINUE,
    /** Processed as far as it goes. */
    DONE,
    /** Goes no further; the step has counted why. */
    DROP,
    /** Goes no further, and is answered with an ACK. */
    ACK,
    /** Goes no further, and is answered with an ACK unless there were too many (RFC 5961). */
    CHALLENGE_ACK,
    /** Goes no further, and is answered with {@code <SEQ=SEG.ACK><CTL=RST>}. */
    RESET,
    /** A reset that counts: the connection ends. */
    PEER_RESET
}
