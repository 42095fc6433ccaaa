package io.usernet.tcp;

import io.usernet.frame.Frame;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.wire.Tcp;
import java.nio.ByteBuffer;

/** Resets (RFC 9293 section 3.5.2). */
public final class Reset {
    private Reset() {}

    /**
     * Answers a segment that has no endpoint (RFC 9293 section 3.10.7.1).
     *
     * @param in begins with its TCP header
     * @param out on which {@link Frame#begin} was called; gets the header of the reset
     * @return false if there is no answer, since {@code in} is a reset itself
     */
    public static boolean answer(Frame in, Frame out, Counters counters) {
        ByteBuffer b = in.bytes();
        int at = in.start();
        int flags = Tcp.flags(b, at);
        if ((flags & Tcp.RST) != 0) return false;
        int length = in.length() - Tcp.headerLength(b, at); // SEG.LEN
        if ((flags & Tcp.SYN) != 0) length++;
        if ((flags & Tcp.FIN) != 0) length++;
        boolean acks = (flags & Tcp.ACK) != 0;
        write(
                out,
                Tcp.dstPort(b, at),
                Tcp.srcPort(b, at),
                acks ? Tcp.ack(b, at) : 0,
                acks ? 0 : Tcp.seq(b, at) + length,
                acks ? Tcp.RST : Tcp.RST | Tcp.ACK,
                counters);
        return true;
    }

    static void write(
            Frame out,
            int localPort,
            int remotePort,
            int seq,
            int ack,
            int flags,
            Counters counters) {
        int to = out.prepend(Tcp.HEADER);
        Tcp.write(out.bytes(), to, localPort, remotePort, seq, ack, Tcp.HEADER, flags, 0);
        counters.increment(Counter.TCP_OUT_RSTS);
        counters.increment(Counter.TCP_OUT_SEGS);
    }
}
