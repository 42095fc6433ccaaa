package io.usernet.tcp;

/** SO_KEEPALIVE of one connection: when to probe, and when to give up (RFC 9293 section 3.8.4). */
final class KeepAlive {
    private static final long NS_PER_S = 1_000_000_000L;

    /** What is to be done when the timer expires. */
    enum Action {
        WAIT,
        PROBE,
        GIVE_UP
    }

    private final Stream stream;
    private final TcpSettings settings;
    private long lastHeardNs;
    private int probes; // since then

    KeepAlive(Stream stream, TcpSettings settings, long nowNs) {
        this.stream = stream;
        this.settings = settings;
        this.lastHeardNs = nowNs;
    }

    boolean isOn() {
        return stream.keepAlive;
    }

    /** The peer is alive. */
    void heard(long nowNs) {
        lastHeardNs = nowNs;
        probes = 0;
    }

    /**
     * The timer expired.
     *
     * @param busy whether something is unacknowledged or unsent: then other timers find a dead peer
     */
    Action onTimeout(boolean busy, long nowNs) {
        if (busy) heard(nowNs); // begins anew when it is idle again
        if (probes == 0 && nowNs < lastHeardNs + idleNs()) return Action.WAIT;
        int most = stream.keepCount > 0 ? stream.keepCount : settings.keepProbes;
        if (probes >= most) return Action.GIVE_UP;
        probes++;
        return Action.PROBE;
    }

    /** When the timer is to expire next. */
    long deadlineNs(long nowNs) {
        if (probes == 0) return Math.max(nowNs, lastHeardNs + idleNs());
        int seconds = stream.keepInterval > 0 ? stream.keepInterval : settings.keepIntervalSeconds;
        return nowNs + seconds * NS_PER_S;
    }

    private long idleNs() {
        return (stream.keepIdle > 0 ? stream.keepIdle : settings.keepIdleSeconds) * NS_PER_S;
    }
}
