package io.usernet.tcp;

import io.usernet.frame.Frame;
import io.usernet.wire.Tcp;
import io.usernet.wire.TcpOptions;
import java.nio.ByteBuffer;

/** The header fields of the segment that is being processed; one instance per loop is reused. */
final class Segment {
    final TcpOptions options = new TcpOptions();

    /** SEG.SEQ, SEG.ACK, control bits, and SEG.WND as it stands in the header. */
    int seq, ack, flags, window;

    /** SEG.UP: the urgent byte is the one before it, counted from SEG.SEQ; 0: there is none. */
    int urgent;

    /** Where the text begins in the frame, and how many bytes it has. */
    int textAt, textLength;

    /** Whether it had a SYN, even if that was trimmed: then SEG.WND is not scaled. */
    boolean opens;

    /** A segment whose header {@code Tcp.check} has passed. */
    void read(Frame in) {
        ByteBuffer b = in.bytes();
        int at = in.start();
        seq = Tcp.seq(b, at);
        ack = Tcp.ack(b, at);
        flags = Tcp.flags(b, at);
        window = Tcp.window(b, at);
        urgent = has(Tcp.URG) ? Tcp.urgent(b, at) : 0;
        opens = has(Tcp.SYN);
        textAt = Tcp.headerLength(b, at);
        textLength = in.length() - textAt;
        options.parse(b, at + Tcp.HEADER, at + textAt);
    }

    boolean has(int bit) {
        return (flags & bit) != 0;
    }

    /** SEG.LEN: text, and SYN and FIN count as an octet each. */
    int length() {
        return textLength + (flags & 1) + (flags >> 1 & 1);
    }

    /** Takes the SYN away, as if the segment had begun behind it. */
    void trimSyn() {
        flags &= ~Tcp.SYN;
        seq++;
    }
}
