package io.usernet.tcp;

import io.usernet.buffer.Wakeups;
import io.usernet.config.Sysctls;
import io.usernet.frame.Memory;
import io.usernet.metrics.Counters;
import java.util.ArrayDeque;

/** What all TCP endpoints of a stack share. Confined to the loop. */
public final class TcpLayer {
    private final Sysctls sysctls;
    private final Counters counters;
    private final Memory memory;
    private final Wakeups wakeups;
    private final InitialSequence isn;

    /** The settings of TCP, read once. */
    final TcpSettings settings;

    /** The header of the segment that is being processed. */
    final Segment segment = new Segment();

    private final ArrayDeque<Stream> starved = new ArrayDeque<>(); // their writers wait for memory

    private long challengeSecond = -1;
    private int challenges; // in that second

    /**
     * @param sysctls settings; read when the layer is made
     * @param counters written in the loop
     * @param memory for the queues
     * @param wakeups whoever a turn made ready
     * @param isn initial sequence numbers
     */
    public TcpLayer(
            Sysctls sysctls,
            Counters counters,
            Memory memory,
            Wakeups wakeups,
            InitialSequence isn) {
        this.sysctls = sysctls;
        this.counters = counters;
        this.memory = memory;
        this.wakeups = wakeups;
        this.isn = isn;
        this.settings = new TcpSettings(sysctls);
    }

    public Sysctls sysctls() {
        return sysctls;
    }

    public Counters counters() {
        return counters;
    }

    public Memory memory() {
        return memory;
    }

    public Wakeups wakeups() {
        return wakeups;
    }

    public InitialSequence isn() {
        return isn;
    }

    /** The stream's writer had room and no memory. */
    void starved(Stream stream) {
        if (stream.awaitsMemory) return;
        stream.awaitsMemory = true;
        starved.add(stream);
    }

    /**
     * At the end of a turn, for only turns give memory back: tells writers that wait for memory, and
     * have a share of it now. Each is told until it got some: it may look when others have taken what
     * there was.
     */
    public void feedStarved() {
        if (starved.isEmpty() || memory.freeForWriting() == 0) return;
        for (int n = starved.size(); n > 0; n--) {
            Stream stream = starved.poll();
            if (stream.isWritable()) stream.signals().writable(wakeups);
            stream.awaitsMemory = stream.sendQueue().isStarved() && !stream.isTerminated();
            if (stream.awaitsMemory) starved.add(stream);
        }
    }

    /** Whether another challenge ACK may be sent; if so, it is counted (RFC 5961 section 7). */
    boolean mayChallenge(long nowNs) {
        long second = nowNs / 1_000_000_000L;
        if (second != challengeSecond) {
            challengeSecond = second;
            challenges = 0;
        }
        if (challenges >= settings.challengeAckLimit) return false;
        challenges++;
        return true;
    }
}
