package io.usernet.view;

import java.math.BigDecimal;

/**
 * What {@code ss -i} tells of a TCP connection.
 *
 * @param congestion the congestion control, by Linux's name
 * @param sndWscale how far the peer's windows are shifted (RFC 7323); -1 if they are not scaled
 * @param rcvWscale how far ours are; -1 likewise
 * @param rtoUs retransmission timeout, microseconds, back-off included
 * @param backoff timeouts since a round trip was measured
 * @param rttUs smoothed round trip time, microseconds; -1 if none was measured
 * @param rttvarUs its mean deviation, microseconds
 * @param mss most payload of a segment, bytes; 0 before the handshake is over
 * @param cwnd congestion window, bytes; 0 before the handshake is over
 * @param ssthresh slow start threshold, bytes; Integer.MAX_VALUE before the first loss
 * @param sndWnd the window that the peer allows, bytes
 * @param bytesAcked bytes of text that the peer has acknowledged; Linux adds SYN and FIN
 * @param bytesReceived bytes of text that came, in order; Linux adds the FIN
 * @param bytesRetransmitted bytes of text that were sent again
 * @param retransmits segments that were sent again, SYN and FIN included
 */
public record TcpInfo(
        String congestion,
        int sndWscale,
        int rcvWscale,
        long rtoUs,
        int backoff,
        long rttUs,
        long rttvarUs,
        int mss,
        int cwnd,
        int ssthresh,
        int sndWnd,
        long bytesAcked,
        long bytesReceived,
        long bytesRetransmitted,
        long retransmits) {
    /**
     * As the second line of {@code ss -ti}: times in milliseconds, cwnd and ssthresh in segments; what
     * is 0 or unknown is left out.
     */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder(congestion);
        if (sndWscale >= 0) s.append(" wscale:").append(sndWscale).append(',').append(rcvWscale);
        s.append(" rto:").append(ms(rtoUs));
        if (backoff > 0) s.append(" backoff:").append(backoff);
        if (rttUs >= 0) s.append(" rtt:").append(ms(rttUs)).append('/').append(ms(rttvarUs));
        if (mss > 0) {
            s.append(" mss:").append(mss).append(" cwnd:").append(Math.max(1, cwnd / mss));
            if (ssthresh != Integer.MAX_VALUE) s.append(" ssthresh:").append(ssthresh / mss);
        }
        add(s, "bytes_retrans", bytesRetransmitted);
        add(s, "bytes_acked", bytesAcked);
        add(s, "bytes_received", bytesReceived);
        add(s, "snd_wnd", sndWnd);
        return s.toString();
    }

    private static void add(StringBuilder s, String name, long value) {
        if (value != 0) s.append(' ').append(name).append(':').append(value);
    }

    private static String ms(long us) {
        return BigDecimal.valueOf(us, 3).stripTrailingZeros().toPlainString();
    }
}
