package io.usernet.tcp;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import java.util.concurrent.TimeUnit;

/** The settings that TCP looks at, in its units. */
final class TcpSettings {
    final boolean sack, timestamps, windowScaling, rack, lossProbes;
    final long minRtoNs, delayedAckNs, finTimeoutNs;
    final int retries, synRetries, orphanRetries;
    final int keepIdleSeconds, keepIntervalSeconds, keepProbes;
    final int reordering;
    final int initialSegments, challengeAckLimit, maxReceiveBuffer;

    TcpSettings(Sysctls sysctls) {
        sack = sysctls.isOn(Sysctl.TCP_SACK);
        timestamps = sysctls.isOn(Sysctl.TCP_TIMESTAMPS);
        windowScaling = sysctls.isOn(Sysctl.TCP_WINDOW_SCALING);
        rack = sysctls.isOn(Sysctl.TCP_RECOVERY);
        lossProbes = sysctls.get(Sysctl.TCP_EARLY_RETRANS) >= 3;
        reordering = sysctls.getInt(Sysctl.TCP_REORDERING);
        minRtoNs = TimeUnit.MICROSECONDS.toNanos(sysctls.get(Sysctl.TCP_RTO_MIN_US));
        delayedAckNs = TimeUnit.MICROSECONDS.toNanos(sysctls.get(Sysctl.TCP_DELACK_US));
        finTimeoutNs = TimeUnit.SECONDS.toNanos(sysctls.get(Sysctl.TCP_FIN_TIMEOUT));
        retries = sysctls.getInt(Sysctl.TCP_RETRIES2);
        synRetries = sysctls.getInt(Sysctl.TCP_SYN_RETRIES);
        orphanRetries = sysctls.getInt(Sysctl.TCP_ORPHAN_RETRIES);
        keepIdleSeconds = sysctls.getInt(Sysctl.TCP_KEEPALIVE_TIME);
        keepIntervalSeconds = sysctls.getInt(Sysctl.TCP_KEEPALIVE_INTVL);
        keepProbes = sysctls.getInt(Sysctl.TCP_KEEPALIVE_PROBES);
        initialSegments = sysctls.getInt(Sysctl.TCP_INITCWND);
        challengeAckLimit = sysctls.getInt(Sysctl.TCP_CHALLENGE_ACK_LIMIT);
        maxReceiveBuffer = (int) sysctls.get(Sysctl.TCP_RMEM, 2);
    }
}
