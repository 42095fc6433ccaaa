package io.usernet.tcp;

import io.usernet.buffer.Wakeups;
import io.usernet.config.Sysctls;
import io.usernet.frame.Memory;
import io.usernet.metrics.Counters;

/**
 * What all TCP endpoints of a stack share.
 *
 * @param sysctls settings; looked up when an endpoint is made, not per segment
 * @param counters written in the loop
 * @param memory for the queues
 * @param wakeups whoever a turn made ready
 * @param isn initial sequence numbers
 */
public record TcpLayer(
        Sysctls sysctls, Counters counters, Memory memory, Wakeups wakeups, InitialSequence isn) {}
