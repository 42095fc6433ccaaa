package io.usernet.tcp;

/**
 * Proportional rate reduction (RFC 6937, as RFC 9937 revises it): what fast recovery may send, in
 * proportion to what arrives. Less than a window is in flight at its end, without a pause at its
 * beginning and without bursts in between. Bytes.
 */
final class Prr {
    private long recoverFs; // RecoverFS: in flight when recovery began, what is lost included
    private int ssthresh;
    private long delivered; // prr_delivered
    private long out; // prr_out
    private long sndCnt; // what is left of SndCnt

    /**
     * @param recoverFs in flight when recovery begins, what is lost and what just arrived included
     */
    void begin(long recoverFs, int ssthresh) {
        this.recoverFs = Math.max(1, recoverFs);
        this.ssthresh = ssthresh;
        delivered = out = sndCnt = 0;
    }

    /** What may be sent now. */
    long budget() {
        return sndCnt;
    }

    /**
     * @param bytes that the ACK newly reports, cumulatively or by SACK; 0: it allows nothing
     * @param pipe in the network, after it
     * @param safe SND.UNA advanced and no further loss was found: then it may catch up (SafeACK)
     */
    void onAck(long bytes, int pipe, boolean safe, int mss) {
        if (bytes <= 0) return;
        delivered += bytes;
        if (pipe > ssthresh) {
            sndCnt = (delivered * ssthresh + recoverFs - 1) / recoverFs - out;
        } else {
            long most = Math.max(delivered - out, bytes) + (safe ? mss : 0);
            sndCnt = Math.min(ssthresh - pipe, most);
        }
        sndCnt = Math.max(0, sndCnt);
    }

    void onSent(long bytes) {
        out += bytes;
        sndCnt = Math.max(0, sndCnt - bytes);
    }
}
